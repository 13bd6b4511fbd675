import base64
import io

from odoo import api, models

from ..tools.import_files import TemplateColumn, TemplateTexts, write_template

_KINDS = {
    "integer": "integer",
    "float": "decimal",
    "date": "date",
    "datetime": "datetime",
}


class ImportTemplate(models.AbstractModel):
    """The empty file that a target hands out: headers, examples, drop-downs."""

    _inherit = "crm.suite.import.target"

    @api.model
    def _import_template(self):
        """:return: name of the file and its content in base64"""
        columns = self._import_columns()
        output = io.BytesIO()
        write_template(
            output,
            [self._import_template_column(column) for column in columns],
            [
                [values.get(column.name) for column in columns]
                for values in self._import_example_rows()
            ],
            self._import_template_texts(),
        )
        name = self.env._("Template %(what)s.xlsx", what=self._import_title())
        return name, base64.b64encode(output.getvalue())

    @api.model
    def _import_template_column(self, column):
        choices = [choice[1] for choice in column.choices]
        if column.kind == "choice" and column.comodel != "res.country.state":
            # A column of this kind is a short list.  pylint: disable-next=no-search-all
            choices = self.env[column.comodel].search([]).mapped("display_name")
        return TemplateColumn(
            label=column.label,
            kind=_KINDS.get(column.kind, "text"),
            required=column.required and "/" not in column.name,
            choices=tuple(choices),
            # Names in another language, codes and new names are read as well.
            strict=column.kind == "selection",
            example=column.example,
            help=self._import_column_help(column),
        )

    @api.model
    def _import_column_help(self, column):
        _ = self.env._
        if column.kind == "record" and column.comodel == "res.users":
            return _("Login, name or e-mail of a user.")
        if column.kind == "choice":
            return _("Name or code.")
        if column.kind == "tags":
            return _("Several tags are separated by semicolons.")
        if column.kind in ("date", "datetime"):
            return _("Best written as year-month-day: 2026-03-05.")
        if "/" in column.name:
            return _("One of the columns that name the same record is enough.")
        return ""

    @api.model
    def _import_template_texts(self):
        _ = self.env._
        return TemplateTexts(
            data_sheet=_("Data"),
            help_sheet=_("Instructions"),
            list_sheet=_("Lists"),
            column=_("Column"),
            required=_("Required"),
            yes=_("yes"),
            meaning=_("What to enter"),
            choices=_("Allowed values"),
            example=_("Example"),
            not_allowed_title=_("Value not in the list"),
            not_allowed=_("Choose one of the values from the list."),
            intro=(
                _(
                    "Enter one record per row on the first sheet. Columns marked * are required."
                ),
                _("The grey example row is not imported as long as it stays as it is."),
            ),
        )

import re
from datetime import timezone

from odoo import api, fields, models

from ..tools.convert import (
    parse_bool,
    parse_code,
    parse_date,
    parse_datetime,
    parse_decimal,
    parse_integer,
    parse_selection,
    to_text,
)
from ..tools.import_types import Column
from ..tools.normalize import normalize_email, normalize_name, normalize_phone

UTC = timezone.utc
# Cells per column whose values a worker keeps.
REMEMBERED = 20_000
# Relations to lists that fit into memory; all others are looked up per chunk.
SHORT_LISTS = {
    "crm.stage",
    "crm.suite.lifecycle.stage",
    "crm.team",
    "res.country",
    "res.country.state",
    "res.currency",
    "res.partner.category",
    "res.partner.industry",
    "utm.campaign",
    "utm.medium",
    "utm.source",
}
_TAG_SEPARATOR = re.compile(r"[,;|，；、\n]+")
# What others are read by comes first.
_FIRST = ("country_id", "state_id")


class ImportValue(models.AbstractModel):
    """From the text in a cell to the value of a field."""

    _inherit = "crm.suite.import.target"

    @api.model
    def _import_field_column(self, name, **values):
        """A column for a field of the target's model, described by the field.

        :param values: what differs, see :class:`Column`
        """
        field = self.env[self._import_model]._fields[name]
        kind = field.type
        if kind == "many2one":
            kind = "choice" if field.comodel_name in SHORT_LISTS else "record"
        elif kind in ("monetary", "float"):
            kind = "float"
        choices = ()
        if kind == "selection":
            choices = self._import_selection_choices(field)
        return Column(
            **{
                "name": name,
                "label": field._description_string(self.env),
                "kind": kind,
                "comodel": field.comodel_name if field.relational else None,
                "choices": choices,
                "size": getattr(field, "size", None),
                **values,
            }
        )

    @api.model
    def _import_selection_choices(self, field):
        """Values of a selection with their labels in the user's language and English."""
        english = dict(
            field._description_selection(self.env(context={"lang": "en_US"}))
        )
        return tuple(
            (value, label, english.get(value, label))
            for value, label in field._description_selection(self.env)
        )

    @api.model
    def _import_converters(self, plan):
        """Tuples of mapped column, its name, function from cell to value, and what is
        known already: values by the text of the cell.

        The function gets the cell and the values of the columns before it, and
        raises ``ValueError`` with a sentence for the user.
        """
        if "converters" not in plan.memory:
            order = {name: position for position, name in enumerate(_FIRST)}
            mapped = sorted(
                plan.mapped, key=lambda entry: order.get(entry.column.name, len(order))
            )
            plan.memory["converters"] = [
                (entry, entry.column.name, *self._import_converter(plan, entry))
                for entry in mapped
            ]
        return plan.memory["converters"]

    @api.model
    def _import_converter(self, plan, entry):
        """The function that reads the cells of one column; by the column's kind.

        :return: the function and what it remembers; cells repeat: dates, amounts,
            cities
        """
        column = entry.column
        # What somebody chose for the file counts more than what the column looks like.
        chosen = {name: value for name, value in plan.reading.items() if value}
        reading = {**entry.options, **chosen}
        method = getattr(self, f"_import_convert_{column.kind}")
        known = {}
        if column.comodel == "res.country.state":
            return lambda cell, vals: method(plan, column, reading, cell, vals), known

        def convert(cell, vals):
            key = cell if cell.__class__ is str else (cell.__class__, cell)
            if key in known:
                return known[key]
            value = method(plan, column, reading, cell, vals)
            if len(known) >= REMEMBERED:
                known.clear()
            if "notes" not in plan.memory:
                known[key] = value
            return value

        return convert, known

    def _import_convert_char(self, plan, column, reading, cell, vals):
        return " ".join(parse_code(cell).split())

    def _import_convert_text(self, plan, column, reading, cell, vals):
        return to_text(cell)

    _import_convert_html = _import_convert_text

    def _import_convert_record(self, plan, column, reading, cell, vals):
        """What a record is looked up by, in the spelling in which it is stored."""
        text = " ".join(parse_code(cell).split())
        if column.by == "email":
            return normalize_email(text)
        if column.by == "phone":
            country_id = plan.defaults.get("country_id")
            return normalize_phone(text, self._import_country_code(plan, country_id))[0]
        return normalize_name(text) if column.by == "name" else text

    def _import_convert_integer(self, plan, column, reading, cell, vals):
        return parse_integer(cell, reading.get("separator"))

    def _import_convert_float(self, plan, column, reading, cell, vals):
        return float(parse_decimal(cell, reading.get("separator")))

    def _import_convert_boolean(self, plan, column, reading, cell, vals):
        return parse_bool(cell)

    def _import_convert_date(self, plan, column, reading, cell, vals):
        return parse_date(cell, reading.get("date_order")).isoformat()

    def _import_convert_datetime(self, plan, column, reading, cell, vals):
        """In UTC; a time without a zone is one of the user's zone."""
        moment = parse_datetime(cell, reading.get("date_order"))
        if moment.tzinfo is None:
            moment = self.env.tz.localize(moment)
        return fields.Datetime.to_string(moment.astimezone(UTC).replace(tzinfo=None))

    def _import_convert_selection(self, plan, column, reading, cell, vals):
        return parse_selection(cell, column.choices)

    def _import_convert_tags(self, plan, column, reading, cell, vals):
        texts = _TAG_SEPARATOR.split(to_text(cell))
        return [text.strip() for text in texts if text.strip()] or None

    def _import_convert_choice(self, plan, column, reading, cell, vals):
        text = to_text(cell)
        if column.comodel == "res.country.state":
            return self._import_choose_state(plan, column, text, vals)
        try:
            return self._import_choose(plan, column, text)
        except ValueError:
            slip = self._import_slip(plan, column, text)
            if slip is None:
                raise
            self._import_note_slip(plan, column, text, slip)
            return slip

    def _import_note_slip(self, plan, column, text, record_id):
        note = self.env._(
            "“%(value)s” was read as “%(record)s”.",
            value=text,
            record=self.env[column.comodel].browse(record_id).display_name,
        )
        plan.memory.setdefault("notes", []).append(note)

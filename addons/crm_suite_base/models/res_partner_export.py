import base64

from odoo import api, models

# What a customer list in a spreadsheet needs; fields that another addon removed or
# the user may not read are left out.
COLUMNS = (
    "name",
    "is_company",
    "parent_id",
    "function",
    "vat",
    "phone",
    "email",
    "website",
    "street",
    "street2",
    "zip",
    "city",
    "state_id",
    "country_id",
    "industry_id",
    "crm_suite_size",
    "category_id",
    "crm_suite_lifecycle_id",
    "user_id",
    "crm_suite_team_id",
    "crm_suite_source_id",
    "lang",
    "create_date",
)


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _crm_suite_export_paths(self):
        """Columns of an export of customers nobody chose columns for. Hook."""
        return [name for name in COLUMNS if name in self._fields]

    @api.model
    def _crm_suite_export_labels(self):
        """Names of columns that the screens of customers call otherwise. Hook.

        :rtype: dict[str, str]
        """
        return {"user_id": self.env._("Owner")}

    @api.model
    def crm_suite_export(
        self, domain=None, field_names=None, file_format="xlsx", reimport=False
    ):
        """Export customers for a program.

        :param list domain: which customers; all that the user sees by default
        :param list field_names: columns (``name``, ``country_id/code``, ``.id``, …);
            those of the export on the screen by default
        :param str file_format: ``xlsx`` or ``csv``
        :param bool reimport: technical headers and database ids instead of names
        :return: ``{"id", "state", "rows", "filename", "content"}``; ``content`` is
            the file in base64. A big export comes back with the state ``queued`` and
            without content: its files are attachments of ``crm.suite.export`` ``id``
            (``res_model``/``res_id``) once its state is ``done``.
        :rtype: dict
        """
        export = self.env["crm.suite.export"]._prepare_export(
            self._name,
            domain or [],
            field_names,
            file_format,
            reimport=bool(reimport),
            origin="api",
        )
        if export.state == "queued":
            export._queue()
            return {"id": export.id, "state": "queued", "rows": 0}
        name = export._file_name()
        with export._download() as output:
            content = base64.b64encode(output.read()).decode()
        return {
            "id": export.id,
            "state": "done",
            "rows": export.row_count,
            "filename": name,
            "content": content,
        }

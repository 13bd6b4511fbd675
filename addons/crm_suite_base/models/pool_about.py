from odoo import api, fields, models

from ..tools.labelled import labelled


class PoolAbout(models.AbstractModel):
    """Rows about a customer or lead: its name is shown to those who may read it.

    The model has a selection ``kind``.
    """

    _name = "crm.suite.pool.about"
    _description = "About a Record of a Pool"

    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    record_name = fields.Char(
        string="Customer or Lead", compute="_compute_record_name", compute_sudo=False
    )

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_record_name(self):
        for model, rows in self.grouped("res_model").items():
            records = self.env[model].browse(set(rows.mapped("res_id")))
            names = {
                record.id: record.display_name
                for record in records.exists()._filtered_access("read")
            }
            for row in rows:
                row.record_name = names.get(row.res_id, "–")

    @api.depends("kind", "record_name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for row in self:
            row.display_name = labelled(row.env, kinds.get(row.kind), row.record_name)

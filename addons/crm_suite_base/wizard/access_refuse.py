from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.arguments import check_ids

# What can be refused; each says by itself who may.
MODELS = ("crm.suite.access.request", "crm.suite.absence", "crm.suite.pool.request")


class AccessRefuse(models.TransientModel):
    """Refuse what colleagues asked for, with a reason for who asked."""

    _name = "crm.suite.access.refuse"
    _description = "Refuse Requests"

    res_model = fields.Char(readonly=True)
    res_ids = fields.Json(readonly=True)
    names = fields.Char(string="Requests", compute="_compute_names")
    reason = fields.Char(help="Who asked reads it.")

    @api.depends("res_model", "res_ids")
    def _compute_names(self):
        for window in self:
            readable = window._get_requests()._filtered_access("read")
            window.names = ", ".join(readable.mapped("display_name"))

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        context = self.env.context
        values["res_model"] = context.get("active_model")
        # A form hands over all records of its list: its button names the one.
        values.setdefault("res_ids", context.get("active_ids") or [])
        return values

    def action_refuse(self):
        """Refuse all of them for the same reason.

        :rtype: dict
        """
        self.ensure_one()
        self._get_requests().action_refuse(self.reason or "")
        return {"type": "ir.actions.act_window_close"}

    def _get_requests(self):
        ids = check_ids(self.env, self.res_ids or [])
        if self.res_model not in MODELS or not ids:
            raise UserError(self.env._("Choose the requests in the list first."))
        return self.env[self.res_model].browse(ids)

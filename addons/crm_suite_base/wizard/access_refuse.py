from odoo import Command, api, fields, models


class AccessRefuse(models.TransientModel):
    """Refuse requests for access with a reason for who asked."""

    _name = "crm.suite.access.refuse"
    _description = "Refuse Requests"

    request_ids = fields.Many2many(
        "crm.suite.access.request", string="Requests", required=True
    )
    reason = fields.Char(help="Who asked reads it.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        context = self.env.context
        if context.get("active_model") == "crm.suite.access.request":
            ids = context.get("active_ids") or []
            values.setdefault("request_ids", [Command.set(ids)])
        return values

    def action_refuse(self):
        """Refuse all of them for the same reason.

        :rtype: dict
        """
        self.ensure_one()
        self.request_ids.action_refuse(self.reason or "")
        return {"type": "ir.actions.act_window_close"}

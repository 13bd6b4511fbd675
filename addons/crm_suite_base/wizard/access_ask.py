from odoo import fields, models


class AccessAsk(models.TransientModel):
    """Ask for a customer of somebody else: to see it, or to take it over; for a lead: to
    take it over."""

    _name = "crm.suite.access.ask"
    _description = "Ask for Access"

    res_model = fields.Char(required=True, default="res.partner")
    res_id = fields.Integer(string="Customer or Lead", required=True)
    kind = fields.Selection(
        [("access", "See it"), ("claim", "Take it over")],
        string="I Want To",
        required=True,
        default="access",
    )
    access = fields.Selection(
        [("read", "See only"), ("write", "See and change")],
        required=True,
        default="read",
    )
    note = fields.Text(string="Why")

    def action_ask(self):
        """Send the request to who decides, and say to whom.

        :rtype: dict
        """
        self.ensure_one()
        asked = self.env["crm.suite.access.request"]
        ids = asked.request_access(
            self.res_model, [self.res_id], self.kind, self.note or "", self.access
        )
        # Who asks learns whom he waits for: his own request says so.
        decider = asked.browse(ids).decider_id.sudo().name
        message = (
            self.env._("%(user)s has been asked.", user=decider)
            if decider
            else self.env._("The sales managers have been asked.")
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

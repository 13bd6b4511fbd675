from odoo import fields, models
from odoo.exceptions import UserError


class WebhookReplay(models.TransientModel):
    """Asks since when events are sent again."""

    _name = "crm.suite.webhook.replay"
    _description = "Send Events Again"

    webhook_id = fields.Many2one(
        "crm.suite.webhook", required=True, ondelete="cascade", index=True
    )
    since = fields.Datetime(
        required=True,
        default=lambda self: fields.Datetime.subtract(fields.Datetime.now(), days=1),
    )
    dead = fields.Boolean(string="Given Up", default=True)
    sent = fields.Boolean(string="Sent Already")
    skipped = fields.Boolean(help="What could not be read then; it is looked at again.")

    def action_replay(self):
        """Send again what was chosen, and say how many.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("write")
        states = [name for name in ("dead", "sent", "skipped") if self[name]]
        if not states:
            raise UserError(self.env._("Choose at least one kind of deliveries."))
        count = self.webhook_id.action_replay(self.since, states)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if count else "warning",
                "message": self.env._(
                    "%(count)s deliveries are sent again.", count=count
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

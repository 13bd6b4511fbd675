from datetime import timedelta

from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_crm_suite_follow_up(self):
        """Plan to get in touch with these customers tomorrow, for oneself."""
        self._crm_suite_check_role()
        self.check_access("read")
        kind = self.env.ref("mail.mail_activity_data_call", raise_if_not_found=False)
        kind = kind or self.env.ref("mail.mail_activity_data_todo")
        tomorrow = fields.Date.context_today(self) + timedelta(days=1)
        model_id = self.env["ir.model"]._get_id("res.partner")
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": kind.id,
                    "res_model_id": model_id,
                    "res_id": customer.id,
                    "user_id": self.env.uid,
                    "summary": self.env._("Get in touch"),
                    "date_deadline": tomorrow,
                }
                for customer in self
            ]
        )

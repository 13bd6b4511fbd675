from datetime import timedelta

from odoo import fields, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    def action_crm_suite_tomorrow(self):
        """Put off to the day after today, whenever it was due."""
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("write")
        tomorrow = fields.Date.context_today(self) + timedelta(days=1)
        self.write({"date_deadline": tomorrow})

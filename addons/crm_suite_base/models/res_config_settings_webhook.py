from odoo import fields, models
from odoo.exceptions import UserError

from .webhook_delivery import DAYS_PARAMETER, KEPT_DAYS
from .webhook_send import MOST_TRIES, PAUSE_HOURS, PAUSE_PARAMETER, TRIES_PARAMETER


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_suite_webhook_tries = fields.Integer(
        string="Tries", config_parameter=TRIES_PARAMETER, default=MOST_TRIES
    )
    crm_suite_webhook_pause_hours = fields.Integer(
        string="Pause After (Hours)",
        config_parameter=PAUSE_PARAMETER,
        default=PAUSE_HOURS,
    )
    crm_suite_webhook_days = fields.Integer(
        string="Keep (Days)", config_parameter=DAYS_PARAMETER, default=KEPT_DAYS
    )

    def set_values(self):
        numbers = (
            self.crm_suite_webhook_tries,
            self.crm_suite_webhook_pause_hours,
            self.crm_suite_webhook_days,
        )
        if min(numbers) < 1:
            raise UserError(
                self.env._("Tries, hours and days of webhooks are at least 1.")
            )
        return super().set_values()

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from . import api_key, api_log, api_meter


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_suite_api_requests = fields.Integer(
        string="Requests per Minute",
        config_parameter="crm_suite_base.api_requests",
        default=api_meter.DEFAULT_REQUESTS,
        help="How many requests an API key may send in a minute; 0: no limit.",
    )
    crm_suite_api_rows = fields.Integer(
        string="Rows per Minute",
        config_parameter="crm_suite_base.api_rows",
        default=api_meter.DEFAULT_ROWS,
        help="How many rows an API key may send in a minute; 0: no limit.",
    )
    crm_suite_api_key_days = fields.Integer(
        string="Validity of API Keys",
        config_parameter="crm_suite_base.api_key_days",
        default=api_key.DEFAULT_DAYS,
        help="For how many days an API key can be made valid at most.",
    )
    crm_suite_api_log_days = fields.Integer(
        string="Log of API Calls",
        config_parameter="crm_suite_base.api_log_days",
        default=api_log.DEFAULT_DAYS,
        help="For how many days calls are listed.",
    )
    crm_suite_api_key_admins_only = fields.Boolean(
        string="Administrators Make API Keys",
        config_parameter="crm_suite_base.api_key_admins_only",
        help="Otherwise everybody with a role can make a key for his own account.",
    )

    @api.constrains("crm_suite_api_requests", "crm_suite_api_rows")
    def _check_crm_suite_api_limits(self):
        for settings in self:
            if min(settings.crm_suite_api_requests, settings.crm_suite_api_rows) < 0:
                raise ValidationError(
                    self.env._("Enter a number per minute, or 0 for no limit.")
                )

    @api.constrains("crm_suite_api_key_days", "crm_suite_api_log_days")
    def _check_crm_suite_api_days(self):
        for settings in self:
            days = (settings.crm_suite_api_key_days, settings.crm_suite_api_log_days)
            if not all(1 <= number <= 3650 for number in days):
                raise ValidationError(
                    self.env._("Enter a number of days from 1 to 3650.")
                )

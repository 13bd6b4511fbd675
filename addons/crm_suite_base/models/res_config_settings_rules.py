from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .res_partner_rule_facts import DEFAULT_INTERVAL
from .rule_match import DEFAULT_HOLD


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_suite_usual_interval_days = fields.Integer(
        string="Usual Interval",
        config_parameter="crm_suite_base.usual_interval_days",
        default=DEFAULT_INTERVAL,
    )
    crm_suite_override_days = fields.Integer(
        string="Hold For",
        config_parameter="crm_suite_base.override_days",
        default=DEFAULT_HOLD,
    )

    @api.constrains("crm_suite_usual_interval_days", "crm_suite_override_days")
    def _check_crm_suite_rule_days(self):
        for settings in self:
            if (
                min(
                    settings.crm_suite_usual_interval_days,
                    settings.crm_suite_override_days,
                )
                < 1
            ):
                raise ValidationError(
                    self.env._("Enter at least one day for the lifecycle settings.")
                )

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .duplicate_query import DEFAULT_LIMIT


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_suite_conflict_check_limit = fields.Integer(
        string="Conflict Checks per Day",
        config_parameter="crm_suite_base.conflict_check_limit",
        default=DEFAULT_LIMIT,
        help="How often one person may ask on a day whose a customer is; 0: no limit.",
    )

    @api.constrains("crm_suite_conflict_check_limit")
    def _check_crm_suite_conflict_check_limit(self):
        for settings in self:
            if settings.crm_suite_conflict_check_limit < 0:
                raise ValidationError(
                    self.env._(
                        "Enter a number of conflict checks per day, or 0 for no limit."
                    )
                )

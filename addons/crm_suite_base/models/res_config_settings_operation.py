from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_suite_undo_days = fields.Integer(
        string="Undo For",
        config_parameter="crm_suite_base.undo_days",
        default=30,
        help="Bulk operations from now on can be undone for so many days.",
    )

    @api.constrains("crm_suite_undo_days")
    def _check_crm_suite_undo_days(self):
        for settings in self:
            if settings.crm_suite_undo_days < 1:
                raise ValidationError(
                    self.env._("Keep bulk operations for undo for one day at least.")
                )

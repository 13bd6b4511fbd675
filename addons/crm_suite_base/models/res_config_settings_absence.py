from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_suite_absence_approval = fields.Boolean(
        string="Absences Need Approval",
        config_parameter="crm_suite_base.absence_approval",
        help="A lead agrees before somebody's work goes to the person who covers.",
    )

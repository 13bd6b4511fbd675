from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_suite_automation_days = fields.Integer(
        string="Days to Keep the Log of Rules",
        config_parameter="crm_suite_base.automation_days",
        default=90,
    )
    crm_suite_no_contact_days = fields.Integer(
        string="No Contact For",
        config_parameter="crm_suite_base.no_contact_days",
        default=30,
        help="Customers with whom nobody was in touch for so many days are found by the filter “No contact for long”.",
    )

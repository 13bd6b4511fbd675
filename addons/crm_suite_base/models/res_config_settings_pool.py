from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_suite_pool_max_overall = fields.Integer(
        string="Most from All Pools",
        config_parameter="crm_suite_base.pool_max_overall",
        default=0,
    )

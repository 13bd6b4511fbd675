import json

from odoo import api, fields, models

from .access_request import DAILY
from .res_users_visibility import EVERYONE, OTHERS, PARAMETER, ROLES
from .todo import QUALITY_BELOW

PREFIX = "crm_suite_visibility_"


def _mode(label):
    return fields.Selection(
        [
            ("everyone", "All customers"),
            ("team", "Of their teams and below"),
            ("own", "Their own and shared ones"),
        ],
        string=label,
        required=True,
        default=EVERYONE,
    )


class ResConfigSettings(models.TransientModel):
    """Which customers each role sees."""

    _inherit = "res.config.settings"

    crm_suite_visibility_sales_rep = _mode("Sales representatives see")
    crm_suite_visibility_sales_lead = _mode("Sales leads see")
    crm_suite_visibility_sales_manager = _mode("Sales managers see")
    crm_suite_visibility_marketer = _mode("Marketers see")
    crm_suite_visibility_marketing_manager = _mode("Marketing managers see")
    crm_suite_visibility_agent = _mode("Service agents see")
    crm_suite_visibility_service_manager = _mode("Service managers see")
    crm_suite_visibility_analyst = _mode("Analysts see")
    crm_suite_visibility_data_steward = _mode("Data stewards see")
    crm_suite_visibility_privacy_officer = _mode("Privacy officers see")
    crm_suite_visibility_others = _mode("Colleagues without a role see")

    crm_suite_todo_quality_below = fields.Integer(
        string="Data to Complete Below",
        config_parameter="crm_suite_base.todo_quality_below",
        default=QUALITY_BELOW,
    )
    crm_suite_access_requests_daily = fields.Integer(
        string="Requests a Day",
        config_parameter="crm_suite_base.access_requests_daily",
        default=DAILY,
    )

    @api.model
    def get_values(self):
        values = super().get_values()
        modes = self.env["ir.config_parameter"]._crm_suite_visibility_modes()
        for role in (*ROLES, OTHERS):
            values[PREFIX + role] = modes.get(role, EVERYONE)
        return values

    def set_values(self):
        result = super().set_values()
        modes = {role: self[PREFIX + role] for role in (*ROLES, OTHERS)}
        modes = {role: mode for role, mode in modes.items() if mode != EVERYONE}
        parameters = self.env["ir.config_parameter"].sudo()
        if modes != parameters._crm_suite_visibility_modes():
            parameters.set_param(PARAMETER, json.dumps(modes) if modes else False)
        return result

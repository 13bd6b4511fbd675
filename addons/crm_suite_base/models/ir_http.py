from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Tell the web client at its start whether to offer the quick log and to-dos."""
        info = super().session_info()
        info["crm_suite_todo"] = self.env["crm.suite.todo"].has_access("read")
        info["crm_suite_can_log"] = self.env["crm.suite.call"].has_access("create")
        return info

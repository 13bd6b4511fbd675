from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Tell the web client in which lists an edit of several records can be undone."""
        info = super().session_info()
        if self.env.user.has_group("crm_suite_base.group_crm_suite_user"):
            operations = self.env["crm.suite.operation"]
            info["crm_suite_mass_edit_models"] = sorted(
                operations._get_mass_edit_models()
            )
        return info

from odoo import api, models
from odoo.fields import Domain


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _crm_suite_customer_clauses(self, operation="read"):
        """Members see what lies in their pools, where visibility is restricted."""
        clauses = super()._crm_suite_customer_clauses(operation)
        if operation == "read":
            ids = self.env["crm.suite.pool"]._get_ids_of(self.env.user)
            clauses.append(Domain("crm_suite_pool_id", "in", ids))
        return clauses

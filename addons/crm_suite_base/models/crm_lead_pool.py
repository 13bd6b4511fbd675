from odoo import api, models
from odoo.fields import Domain


class CrmLead(models.Model):
    """Leads and deals lie in pools."""

    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.suite.pool.mixin"]

    @api.model
    def _pool_won_domain(self):
        return Domain("won_status", "=", "won")

    def _pool_owner_values(self, user):
        return {"team_id": user.sale_team_id.id} if user.sale_team_id else {}

    @api.model
    def _assignable_domain(self):
        # What lies in a pool is handed out by its rules.
        return super()._assignable_domain() & Domain("crm_suite_pool_id", "=", False)

    def _claim_state(self):
        return self._pool_tell_states(super()._claim_state())

from odoo import api, models
from odoo.fields import Domain

# Stages of those who bought at least once.
WON_CODES = ("first", "repeat", "loyal", "at_risk", "dormant", "won_back")


class ResPartner(models.Model):
    """Customers lie in pools; their contacts go with them."""

    _name = "res.partner"
    _inherit = ["res.partner", "crm.suite.pool.mixin"]

    def _pool_managed(self):
        # As superuser: whoever changes an owner, with or without a role of the suite,
        # the pool is told.
        return self.sudo().filtered(
            lambda partner: (
                partner.crm_suite_lifecycle_id
                and partner.commercial_partner_id == partner
            )
        )

    @api.model
    def _pool_won_domain(self):
        return Domain("crm_suite_lifecycle_id.code", "in", WON_CODES)

    def _pool_owner_values(self, user):
        return {"crm_suite_team_id": user.sale_team_id.id}

    def _pool_followers(self):
        """The contacts that have nobody, or whom the customer has."""
        contacts = (
            self.sudo()
            .with_context(active_test=False)
            .search([("id", "child_of", self.ids), ("id", "not in", self.ids)])
        )
        return contacts.filtered(
            lambda contact: (
                not contact.user_id
                or contact.user_id == contact.commercial_partner_id.user_id
            )
        )

    def _claim_state(self):
        return self._pool_tell_states(super()._claim_state())

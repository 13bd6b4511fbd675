from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


def _in_pool_sql(model, alias, _query):
    model.flush_model(["crm_suite_pool_id"])
    return SQL("%s IS NOT NULL", SQL.identifier(alias, "crm_suite_pool_id"))


class CrmTeam(models.Model):
    """Odoo's own lead assignment and the policies never work on the same lead.

    What a pool holds is left alone by it: pools have members, limits and clocks.
    """

    _inherit = "crm.team"

    def _action_assign_leads(self, force_quota=False, creation_delta_days=7):
        if self._get_crm_suite_policies("instead"):
            return {}, {}
        return super()._action_assign_leads(
            force_quota=force_quota, creation_delta_days=creation_delta_days
        )

    def _action_assign_leads_logs(self, teams_data, members_data):
        policies = self._get_crm_suite_policies("instead")
        if policies and not teams_data and not members_data:
            return [
                self.env._(
                    "Leads are assigned by “%(policy)s” (Customers, Assignment).",
                    policy=policies[0].name,
                )
            ]
        return super()._action_assign_leads_logs(teams_data, members_data)

    def _allocate_leads(self, creation_delta_days=7):
        teams = self.with_context(crm_suite_leave_ours=True)
        return super(CrmTeam, teams)._allocate_leads(
            creation_delta_days=creation_delta_days
        )

    def _get_lead_to_assign_domain(self):
        domain = Domain(super()._get_lead_to_assign_domain())
        return domain & self._get_crm_suite_leave()

    @api.model
    def _get_crm_suite_policies(self, mode):
        """Policies for leads that are switched on, as superuser."""
        policies = self.env["crm.suite.assignment.policy"].sudo()
        return policies.browse(policies._get_of_host_mode().get(mode, ()))

    @api.model
    def _get_crm_suite_leave(self):
        """The leads that no policy assigns and no pool holds.

        :rtype: Domain
        """
        # Whoever starts the assignment may have no role in the suite, and so no right to
        # a condition on the pool.
        ours = [Domain.custom(to_sql=_in_pool_sql)]
        for policy in self._get_crm_suite_policies("beside"):
            of_policy = Domain.TRUE
            if policy.company_id:
                of_policy = Domain("company_id", "in", [policy.company_id.id, False])
            for rule in policy._get_rules():
                text = rule.record.published["domain"]
                ours.append(of_policy & rule.record._parse_domain(text))
        return ~Domain.OR(ours)

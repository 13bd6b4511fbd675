from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmLead(models.Model):
    """Leads and deals find their owner by policies."""

    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.suite.assignable.mixin"]

    _assignable_closing = frozenset({"active", "probability", "stage_id", "user_id"})

    @api.model
    def _assignable_domain(self):
        return Domain("won_status", "=", "pending") & Domain("active", "=", True)

    @api.model
    def _assignable_places(self):
        return {
            "country": "country_id",
            "state": "state_id",
            "zip": "zip",
            "industry": "partner_id.commercial_partner_id.industry_id",
        }

    def _assignable_worth(self, company):
        rates = self._assignable_rates(self.company_id.currency_id, company)
        worth = {}
        for owner, leads in self.grouped("company_id").items():
            # What belongs to no company is in the currency of who looks at it.
            rate = rates.get(owner.currency_id.id, 1.0)
            worth.update((lead.id, lead.expected_revenue * rate) for lead in leads)
        return worth

    def _assignable_give(self, user):
        """Write owner and team together.

        The host would look for the team of the owner for each lead; it is the same for
        all leads of a kind and a company.
        """
        alike = self.grouped(lambda lead: (lead.type, lead.company_id))
        for (kind, company), leads in alike.items():
            default = self._assignable_team(user, kind, company)
            others = leads.browse()
            for team, same in leads.grouped("team_id").items():
                # A team that stays is written, too: the host looks for another where
                # none is given.
                if not default or user in (team.member_ids | team.user_id):
                    same._pool_give({"user_id": user.id, "team_id": team.id})
                else:
                    others |= same
            others = others.with_prefetch(self._prefetch_ids)
            others._pool_give({"user_id": user.id, "team_id": default.id})

    @api.model
    def _assignable_team(self, user, kind, company):
        """The team in which a person works on leads of a company.

        Of that company or shared, whatever companies who is at work has: a lead goes
        to the company of its team.

        :param str kind: type of the leads
        :param company: of the leads; empty: any company of the person
        :return: empty where there is none
        :rtype: crm.team
        """
        use = "use_leads" if kind == "lead" else "use_opportunities"
        companies = company or user.company_ids
        # pylint: disable-next=context-overridden
        teams = self.env["crm.team"].with_context(allowed_company_ids=companies.ids)
        team = teams._get_default_team_id(user_id=user.id, domain=[(use, "=", True)])
        # The host answers with the default of the screen as well, of any company.
        return team if team.company_id <= companies else teams

    def _assignable_previous_owners(self):
        """The owner of the customer, or of its last lead where it has none."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT l.id, COALESCE(c.user_id, former.user_id)
                  FROM crm_lead l
                  JOIN res_partner p ON p.id = l.partner_id
                  JOIN res_partner c ON c.id = p.commercial_partner_id
             LEFT JOIN LATERAL (
                    SELECT o.user_id
                      FROM res_partner q JOIN crm_lead o ON o.partner_id = q.id
                     WHERE q.commercial_partner_id = c.id AND c.user_id IS NULL
                       AND o.user_id IS NOT NULL AND o.id != l.id
                  ORDER BY o.id DESC LIMIT 1
                ) former ON TRUE
                 WHERE l.id = ANY(%s)
                """,
                list(self.ids),
            )
        )
        return {lead_id: user_id for lead_id, user_id in rows if user_id}

    @api.model
    def search(self, domain, offset=0, limit=None, order=None):
        """Odoo's own assignment does not see the leads that a policy assigns or a
        pool holds."""
        if self.env.context.get("crm_suite_leave_ours"):
            domain = Domain(domain) & self.env["crm.team"]._get_crm_suite_leave()
        return super().search(domain, offset, limit, order)

from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class ResPartner(models.Model):
    """Customers find their owner by policies."""

    _name = "res.partner"
    _inherit = ["res.partner", "crm.suite.assignable.mixin"]

    _assignable_closing = frozenset({"active", "crm_suite_lifecycle_id", "user_id"})

    @api.model
    def _assignable_domain(self):
        return self._crm_suite_managed_domain() & Domain("active", "=", True)

    @api.model
    def _assignable_places(self):
        return {
            "country": "country_id",
            "state": "state_id",
            "zip": "zip",
            "industry": "industry_id",
        }

    def _assignable_worth(self, company):
        """What the customers bought in twelve months, in all companies."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, currency_id, sum(revenue_12m)
                  FROM crm_suite_customer_metric
                 WHERE partner_id = ANY(%s) AND revenue_12m != 0
              GROUP BY partner_id, currency_id
                """,
                list(self.ids),
            )
        )
        currencies = self.env["res.currency"].browse({row[1] for row in rows})
        rates = self._assignable_rates(currencies, company)
        worth = defaultdict(float)
        for partner_id, currency_id, amount in rows:
            worth[partner_id] += float(amount) * rates[currency_id]
        return worth

    def _assignable_previous_owners(self):
        """Who had the last lead of the customer."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (q.commercial_partner_id)
                       q.commercial_partner_id, l.user_id
                  FROM res_partner q JOIN crm_lead l ON l.partner_id = q.id
                 WHERE q.commercial_partner_id = ANY(%s) AND l.user_id IS NOT NULL
              ORDER BY q.commercial_partner_id, l.id DESC
                """,
                list(self.ids),
            )
        )
        return dict(rows)

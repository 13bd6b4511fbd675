from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.counted_search import compare_counted, counted_domain
from .res_partner import ROLE


class ResPartner(models.Model):
    """Complaints of a customer, wherever they come from: facts for rules and segments."""

    _inherit = "res.partner"

    crm_suite_open_complaints = fields.Integer(
        string="Open Complaints",
        compute="_compute_crm_suite_complaints",
        search="_search_crm_suite_open_complaints",
        groups=ROLE,
        aggregator=None,
        help="Complaints of the customer that nobody has settled yet.",
    )
    crm_suite_complaints_12m = fields.Integer(
        string="Complaints of 12 Months",
        compute="_compute_crm_suite_complaints",
        search="_search_crm_suite_complaints_12m",
        groups=ROLE,
        aggregator=None,
        help="Complaints of the customer in the last 12 months, settled or not.",
    )

    @api.model
    def _crm_suite_complaint_sources(self):
        """List where complaints come from. Hook: addons add their tickets.

        An entry is a dict: ``model``; ``customer``, its stored column with the
        commercial partner; ``date``, its stored moment; ``domain`` of what is a
        complaint, and ``open`` of those that nobody has settled. The model has a
        ``company_id``.

        :rtype: list[dict]
        """
        return [
            {
                "model": "crm.suite.call",
                "customer": "commercial_partner_id",
                "date": "date",
                "domain": Domain("outcome", "=", "complaint"),
                "open": Domain("is_solved", "=", False),
            }
        ]

    @api.model
    def _crm_suite_complaint_rows(self, only_open=False, since=None, ids=None):
        """The complaints that the user may read, a row each, with the customer.

        :param bool only_open: those that nobody has settled
        :param datetime since: those of that moment or later
        :param list ids: those of these customers
        :return: ``SELECT commercial_partner_id``
        :rtype: SQL
        :raise AccessError: when one source is closed to the user: what one may not
            read must not count as "no complaint"
        """
        parts = []
        for source in self._crm_suite_complaint_sources():
            domain = source["domain"] & Domain(
                "company_id", "in", [False, *self.env.companies.ids]
            )
            if only_open:
                domain &= source["open"]
            if since:
                domain &= Domain(source["date"], ">=", since)
            model = self.env[source["model"]]
            query = model._search(domain)
            if query.is_empty():
                continue
            query.order = None
            customer = model._field_to_sql(query.table, source["customer"], query)
            query.add_where(SQL("%s IS NOT NULL", customer))
            if ids is not None:
                query.add_where(SQL("%s = ANY(%s)", customer, list(ids)))
            parts.append(query.select(SQL("%s AS commercial_partner_id", customer)))
        if not parts:
            return SQL("SELECT NULL::int4 AS commercial_partner_id WHERE FALSE")
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _crm_suite_complaint_facts(self):
        """What of the complaints each fact counts."""
        year_ago = fields.Datetime.now() - relativedelta(years=1)
        return {
            "crm_suite_open_complaints": {"only_open": True},
            "crm_suite_complaints_12m": {"since": year_ago},
        }

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_suite_complaints(self):
        customers = self.commercial_partner_id.ids
        for name, kind in self._crm_suite_complaint_facts().items():
            rows = self._crm_suite_complaint_rows(**kind, ids=customers)
            counts = dict(
                self.env.execute_query(
                    SQL(
                        "SELECT commercial_partner_id, count(*) FROM (%s) complaint"
                        " GROUP BY commercial_partner_id",
                        rows,
                    )
                )
            )
            for partner in self:
                partner[name] = counts.get(partner.commercial_partner_id.id, 0)

    def _search_crm_suite_open_complaints(self, operator, value):
        return self._crm_suite_search_complaints(
            "crm_suite_open_complaints", operator, value
        )

    def _search_crm_suite_complaints_12m(self, operator, value):
        return self._crm_suite_search_complaints(
            "crm_suite_complaints_12m", operator, value
        )

    @api.model
    def _crm_suite_search_complaints(self, name, operator, value):
        self._crm_suite_check_role()
        comparison = compare_counted(SQL("count(*)"), operator, value)
        if comparison is None:
            return NotImplemented
        none_fits, condition = comparison
        found = SQL(
            "SELECT commercial_partner_id FROM (%s) complaint"
            " GROUP BY commercial_partner_id HAVING %s",
            self._crm_suite_complaint_rows(**self._crm_suite_complaint_facts()[name]),
            condition,
        )
        return counted_domain("commercial_partner_id", none_fits, found)

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .customer_metric import RECEIVABLE, ROLE

# Fields of the partner and the columns of the figures that they show.
FIELDS = {
    "crm_suite_revenue": "revenue",
    "crm_suite_revenue_12m": "revenue_12m",
    "crm_suite_purchase_count": "purchase_count",
    "crm_suite_purchase_count_12m": "purchase_count_12m",
    "crm_suite_average_purchase": "average_purchase",
    "crm_suite_first_purchase": "first_purchase",
    "crm_suite_last_purchase": "last_purchase",
    "crm_suite_interval": "interval_mean",
    "crm_suite_expected_next": "expected_next_purchase",
    "crm_suite_open_receivable": "receivable_open",
    "crm_suite_overdue": "receivable_overdue",
    "crm_suite_overdue_since": "overdue_since",
}


class ResPartner(models.Model):
    """The figures of a customer in the current company, in lists and searches.

    They are read from :class:`crm.suite.customer.metric` through the viewer's rights:
    one query for a page, one subselect for a search, one join for a sort. Contacts
    show what their company has.
    """

    _inherit = "res.partner"

    crm_suite_metric_ids = fields.One2many(
        "crm.suite.customer.metric",
        "partner_id",
        string="Figures",
        groups=ROLE,
        readonly=True,
    )
    crm_suite_revenue = fields.Monetary(
        string="Revenue",
        currency_field="currency_id",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_revenue",
        groups=ROLE,
        help="Bought so far, untaxed, less returns and credit notes.",
    )
    crm_suite_revenue_12m = fields.Monetary(
        string="Revenue (12 Months)",
        currency_field="currency_id",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_revenue_12m",
        groups=ROLE,
    )
    crm_suite_purchase_count = fields.Integer(
        string="Purchases",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_purchase_count",
        groups=ROLE,
    )
    crm_suite_purchase_count_12m = fields.Integer(
        string="Purchases (12 Months)",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_purchase_count_12m",
        groups=ROLE,
    )
    crm_suite_average_purchase = fields.Monetary(
        string="Average Purchase",
        currency_field="currency_id",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_average_purchase",
        groups=ROLE,
    )
    crm_suite_first_purchase = fields.Date(
        string="First Purchase",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_first_purchase",
        groups=ROLE,
    )
    crm_suite_last_purchase = fields.Date(
        string="Last Purchase",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_last_purchase",
        groups=ROLE,
    )
    crm_suite_interval = fields.Float(
        string="Usual Interval (Days)",
        digits=(16, 2),
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_interval",
        groups=ROLE,
        help="Days between two days of purchase, on average.",
    )
    crm_suite_expected_next = fields.Date(
        string="Next Purchase Expected",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_expected_next",
        groups=ROLE,
        help="The last purchase plus the usual interval; known after purchases on three days.",
    )
    crm_suite_open_receivable = fields.Monetary(
        string="Open Receivable",
        currency_field="currency_id",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_open_receivable",
        groups=RECEIVABLE,
    )
    crm_suite_overdue = fields.Monetary(
        string="Overdue Amount",
        currency_field="currency_id",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_overdue",
        groups=RECEIVABLE,
        help="Overdue as of the last calculation of the figures.",
    )
    crm_suite_overdue_since = fields.Date(
        string="Overdue Since",
        compute="_compute_crm_suite_figures",
        search="_search_crm_suite_overdue_since",
        groups=RECEIVABLE,
    )

    @api.model
    def _crm_suite_invalidate_figures(self):
        self.invalidate_model([*FIELDS, "crm_suite_metric_ids"], flush=False)

    def _crm_suite_figures(self):
        """The rows of figures of the partners' customers in the current company.

        :return: rows by the id of the commercial partner
        :rtype: dict[int, models.Model]
        """
        metrics = self.env["crm.suite.customer.metric"]
        if not metrics.has_access("read"):
            return {}
        rows = metrics.search_fetch(
            [
                ("partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "=", self.env.company.id),
            ],
            order="id",
        )
        return {row.partner_id.id: row for row in rows}

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_crm_suite_figures(self):
        rows = self._crm_suite_figures()
        metrics = self.env["crm.suite.customer.metric"]
        shown = {
            name: column
            for name, column in FIELDS.items()
            if self._has_field_access(self._fields[name], "read")
        }
        hidden = FIELDS.keys() - shown.keys()
        for partner in self:
            row = rows.get(partner.commercial_partner_id.id, metrics)
            for name, column in shown.items():
                partner[name] = row[column]
            for name in hidden:
                partner[name] = False

    # ------------------------------------------------------------------
    # Searching
    # ------------------------------------------------------------------

    def _crm_suite_search_figure(self, name, operator, value):
        """Customers by a column of their figures, as one subselect.

        Who has no row has bought nothing and owes nothing: where the condition holds
        for nothing, the customers are those without a row that fails it.
        """
        self._crm_suite_check_role()
        column = FIELDS[name]
        metrics = self.env["crm.suite.customer.metric"]
        condition = Domain(column, operator, value)
        empty = metrics.new({}).filtered_domain(condition)
        here = Domain("company_id", "=", self.env.company.id)
        query = metrics._search(here & (~condition if empty else condition))
        if query.is_empty():
            return Domain.TRUE if empty else Domain.FALSE
        found = query.subselect(SQL.identifier(query.table, "partner_id"))
        return Domain.custom(
            to_sql=lambda model, alias, _query: SQL(
                "%s %s %s",
                SQL.identifier(alias, "commercial_partner_id"),
                SQL("NOT IN") if empty else SQL("IN"),
                found,
            )
        )

    def _search_crm_suite_revenue(self, operator, value):
        return self._crm_suite_search_figure("crm_suite_revenue", operator, value)

    def _search_crm_suite_revenue_12m(self, operator, value):
        return self._crm_suite_search_figure("crm_suite_revenue_12m", operator, value)

    def _search_crm_suite_purchase_count(self, operator, value):
        return self._crm_suite_search_figure(
            "crm_suite_purchase_count", operator, value
        )

    def _search_crm_suite_purchase_count_12m(self, operator, value):
        return self._crm_suite_search_figure(
            "crm_suite_purchase_count_12m", operator, value
        )

    def _search_crm_suite_average_purchase(self, operator, value):
        return self._crm_suite_search_figure(
            "crm_suite_average_purchase", operator, value
        )

    def _search_crm_suite_first_purchase(self, operator, value):
        return self._crm_suite_search_figure(
            "crm_suite_first_purchase", operator, value
        )

    def _search_crm_suite_last_purchase(self, operator, value):
        return self._crm_suite_search_figure("crm_suite_last_purchase", operator, value)

    def _search_crm_suite_interval(self, operator, value):
        return self._crm_suite_search_figure("crm_suite_interval", operator, value)

    def _search_crm_suite_expected_next(self, operator, value):
        return self._crm_suite_search_figure("crm_suite_expected_next", operator, value)

    def _search_crm_suite_open_receivable(self, operator, value):
        return self._crm_suite_search_figure(
            "crm_suite_open_receivable", operator, value
        )

    def _search_crm_suite_overdue(self, operator, value):
        return self._crm_suite_search_figure("crm_suite_overdue", operator, value)

    def _search_crm_suite_overdue_since(self, operator, value):
        return self._crm_suite_search_figure("crm_suite_overdue_since", operator, value)

    # ------------------------------------------------------------------
    # Sorting
    # ------------------------------------------------------------------

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        column = FIELDS.get(field_name)
        if column is None:
            return super()._order_field_to_sql(
                alias, field_name, direction, nulls, query
            )
        self._check_field_access(self._fields[field_name], "read")
        metrics = self.env["crm.suite.customer.metric"]
        metric = query.make_alias(alias, "crm_suite_metric")
        metrics.flush_model()
        query.add_join(
            "LEFT JOIN",
            metric,
            metrics._table,
            SQL(
                "%s = %s AND %s = %s",
                SQL.identifier(metric, "partner_id"),
                SQL.identifier(alias, "commercial_partner_id"),
                SQL.identifier(metric, "company_id"),
                self.env.company.id,
            ),
        )
        value = SQL.identifier(metric, column)
        if self._fields[field_name].type != "date":
            value = SQL("COALESCE(%s, 0)", value)
        elif not nulls.code:
            nulls = SQL("NULLS LAST")
        return SQL("%s %s %s", value, direction, nulls)

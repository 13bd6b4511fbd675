from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..tools.loose_many2one import LooseMany2one
from .arguments import check_records

ROLE = "crm_suite_base.group_crm_suite_user"
# Who may know what a customer owes: the host's readers of all invoices, and those who
# answer for the data of customers.
RECEIVABLE = (
    "account.group_account_readonly,account.group_account_invoice,"
    "sales_team.group_sale_salesman_all_leads,"
    "crm_suite_base.group_crm_suite_data_steward"
)
REFRESHERS = (
    "crm_suite_base.group_crm_suite_data_steward",
    "crm_suite_base.group_crm_suite_sales_manager",
    "crm_suite_base.group_crm_suite_marketing_manager",
    "crm_suite_base.group_crm_suite_service_manager",
)


class CustomerMetric(models.Model):
    """What a customer is worth to one of our companies: a row of plain columns.

    Written by SQL alone, see :meth:`_refresh`; a partner has a row in each company in
    which there is something to tell. Days are those of the company's clock, amounts
    are untaxed and in its currency.
    """

    _name = "crm.suite.customer.metric"
    _description = "Customer Figures"
    _order = "revenue desc, id"
    _rec_name = "partner_id"
    _log_access = False

    # Foreign keys took most of the time of a first fill; see ``reference_loose.py``. Who
    # adds rows locks the customers as a foreign key would.
    partner_id = LooseMany2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = LooseMany2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = LooseMany2one("res.currency", required=True, readonly=True)

    # To group and filter by. They are read from the customer: nothing is written when
    # those change, and nothing can differ.
    grade_id = fields.Many2one(related="partner_id.crm_suite_grade_id", string="Grade")
    lifecycle_id = fields.Many2one(
        related="partner_id.crm_suite_lifecycle_id", string="Lifecycle"
    )
    owner_id = fields.Many2one(related="partner_id.user_id", string="Owner")
    industry_id = fields.Many2one(related="partner_id.industry_id")
    state_id = fields.Many2one(related="partner_id.state_id", string="Region")
    country_id = fields.Many2one(related="partner_id.country_id")
    # Through the viewer's own rights: not everybody sees all segments.
    segment_ids = fields.Many2many(
        related="partner_id.crm_suite_segment_ids", related_sudo=False
    )

    first_purchase = fields.Date(readonly=True)
    last_purchase = fields.Date(readonly=True)
    purchase_count = fields.Integer(string="Purchases", readonly=True)
    revenue = fields.Monetary(
        readonly=True, help="Untaxed, less returns and credit notes."
    )
    average_purchase = fields.Monetary(readonly=True, aggregator="avg")
    interval_mean = fields.Float(
        string="Usual Interval (Days)",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Days between two days of purchase, on average.",
    )
    interval_deviation = fields.Float(
        string="Spread of Intervals (Days)",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Standard deviation of the days between purchases.",
    )
    expected_next_purchase = fields.Date(
        string="Next Purchase Expected",
        readonly=True,
        help="The last purchase plus the usual interval; known after purchases on three days.",
    )
    purchase_count_12m = fields.Integer(string="Purchases (12 Months)", readonly=True)
    revenue_12m = fields.Monetary(string="Revenue (12 Months)", readonly=True)

    category_shares = fields.Json(
        readonly=True, help="Share of the revenue by product category."
    )
    category_text = fields.Char(
        string="Categories",
        compute="_compute_category_text",
        help="Share of the revenue by product category, the greatest first.",
    )
    # Thousands of customers share each of them: reading the narrow table is as quick as
    # an index, which every new row would pay for.
    preferred_product_id = LooseMany2one(
        "product.product", readonly=True, ondelete="set null"
    )
    preferred_category_id = LooseMany2one(
        "product.category", readonly=True, ondelete="set null"
    )
    preferred_channel = fields.Selection(
        # The customer has a preferred channel, too: that by which to reach it.
        string="Preferred Purchase Channel",
        selection=lambda self: self._selection_channel(),
        readonly=True,
    )
    preferred_weekday = fields.Selection(
        [
            ("1", "Monday"),
            ("2", "Tuesday"),
            ("3", "Wednesday"),
            ("4", "Thursday"),
            ("5", "Friday"),
            ("6", "Saturday"),
            ("7", "Sunday"),
        ],
        readonly=True,
    )
    trend = fields.Json(
        readonly=True, help="Revenue by month, the last twelve calendar months."
    )

    receivable_open = fields.Monetary(
        string="Open", readonly=True, groups=RECEIVABLE, help="On posted invoices."
    )
    receivable_overdue = fields.Monetary(
        string="Overdue", readonly=True, groups=RECEIVABLE
    )
    overdue_since = fields.Date(readonly=True, groups=RECEIVABLE)
    average_days_to_pay = fields.Float(
        string="Days to Pay",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        groups=RECEIVABLE,
        help="From the invoice to its last payment, on average.",
    )

    last_interaction = fields.Datetime(readonly=True)
    next_activity = fields.Date(readonly=True)
    calculated_at = fields.Datetime(readonly=True)

    _partner_company_unique = models.UniqueIndex(
        "(partner_id, company_id)", "A customer has one row of figures per company."
    )
    # Cheap: rows of one company come one after the other. An index by a figure would be
    # paid for by every row of a rebuild and by every change of that figure: filters, and
    # the order of the list, read the table in less than a tenth of a second.
    _company_idx = models.Index("(company_id)")

    @api.model
    def _selection_channel(self):
        return self.env["crm.suite.purchase.fact"]._fields["channel"].selection

    # ------------------------------------------------------------------
    # What they buy
    # ------------------------------------------------------------------

    @api.depends("category_shares")
    def _compute_category_text(self):
        names = self._get_category_names()
        for row in self:
            row.category_text = ", ".join(
                f"{names[id_]} {share:.0%}"
                for id_, share in self._sort_shares(row._get_shares())
                if id_ in names
            )

    def _get_shares(self):
        """Share of the revenue by id of the category; JSON has texts as keys."""
        return {int(id_): share for id_, share in (self.category_shares or {}).items()}

    @api.model
    def _sort_shares(self, shares):
        return sorted(shares.items(), key=lambda item: (-item[1], item[0]))

    def _get_category_names(self):
        """Names of the categories of these rows that still exist. Who may see the
        figures knows what they are about.
        """
        ids = {id_ for row in self for id_ in row._get_shares()}
        categories = self.env["product.category"].sudo()
        found = categories.search_fetch([("id", "in", list(ids))], ["name"])
        return {category.id: category.name for category in found}

    # ------------------------------------------------------------------
    # Who sees which rows: those of customers that he may read
    # ------------------------------------------------------------------

    @api.model
    def _search(self, domain, *args, **kwargs):
        query = super()._search(domain, *args, **kwargs)
        if not self.env.su and not query.is_empty():
            partners = self.env["res.partner"].with_context(active_test=False)
            readable = partners._search([])
            if readable.where_clause:
                column = SQL.identifier(query.table, "partner_id")
                query.add_where(SQL("%s IN %s", column, readable.subselect()))
        return query

    def _read_group_groupby(self, alias, groupby_spec, query):
        """By segment: those in which the customer is now, of those that one sees; who
        is in several counts in each.
        """
        if groupby_spec != "segment_ids":
            return super()._read_group_groupby(alias, groupby_spec, query)
        members = self.env["crm.suite.segment.member"]._search(
            [("left_at", "=", False)]
        )
        member = query.make_alias(alias, "segment")
        columns = [
            SQL.identifier(members.table, name) for name in ("partner_id", "segment_id")
        ]
        query.add_join(
            "LEFT JOIN",
            member,
            members.subselect(*columns),
            SQL(
                "%s = %s",
                SQL.identifier(alias, "partner_id"),
                SQL.identifier(member, "partner_id"),
            ),
        )
        return SQL.identifier(member, "segment_id")

    def _check_access(self, operation):
        refused = super()._check_access(operation)
        if refused or self.env.su or not self.ids:
            return refused
        partners = self.sudo().partner_id.with_env(self.env)
        hidden = partners - partners._crm_suite_filtered_visible()
        if not hidden:
            return None
        records = self.filtered(lambda row: row.sudo().partner_id in hidden)
        rules = self.env["ir.rule"]
        return records, lambda: rules._make_access_error(operation, records)

    # ------------------------------------------------------------------
    # Refreshing
    # ------------------------------------------------------------------

    def action_refresh(self):
        """Calculate the figures of these customers anew, or all without records.

        :return: how many rows changed
        :rtype: int
        """
        if not self.env.su and not any(map(self.env.user.has_group, REFRESHERS)):
            raise AccessError(
                self.env._(
                    "Figures are calculated by themselves every few minutes. "
                    "Only data stewards and managers start it by hand."
                )
            )
        check_records(self)
        self.check_access("read")
        ids = self.partner_id.ids if self.ids else None
        return len(self.sudo()._refresh(ids))

    @api.model
    def _recalculate(self, partner_ids):
        """The step of :meth:`crm.suite.recalculation._run`."""
        self._refresh(partner_ids)

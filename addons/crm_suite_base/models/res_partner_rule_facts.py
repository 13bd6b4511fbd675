from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.counted_search import COMPARISONS, compare_counted, counted_domain
from .res_partner import ROLE

# Fewer purchases say nothing about a rhythm.
MIN_PURCHASES = 3
# Whoever buys every day is not lost after a long weekend.
MIN_INTERVAL = 7
DEFAULT_INTERVAL = 180
LEADS = {
    "crm_suite_open_deals": [("active", "=", True), ("won_status", "=", "pending")],
    "crm_suite_lost_deals": [("active", "=", False), ("won_status", "=", "lost")],
}


class ResPartner(models.Model):
    """Facts about a customer for the conditions of rules.

    Each is found for all customers by one subselect; as a value it is for the
    explanation and for lists.
    """

    _inherit = "res.partner"

    crm_suite_silence = fields.Float(
        string="Silence (× Usual Interval)",
        digits=(16, 1),
        compute="_compute_crm_suite_silence",
        search="_search_crm_suite_silence",
        groups=ROLE,
        aggregator=None,
        help="Days since the last purchase, measured by the customer's own usual "
        "interval: 1 is as usual, 2 is twice as long. With fewer than three purchases "
        "the interval from the settings counts; an interval below a week counts as a "
        "week.",
    )
    crm_suite_bought_in_stage = fields.Boolean(
        string="Bought Since It Is in Its Stage",
        compute="_compute_crm_suite_bought_in_stage",
        search="_search_crm_suite_bought_in_stage",
        groups=ROLE,
    )
    crm_suite_open_deals = fields.Integer(
        string="Open Deals",
        compute="_compute_crm_suite_deals",
        search="_search_crm_suite_open_deals",
        groups=ROLE,
        aggregator=None,
    )
    crm_suite_lost_deals = fields.Integer(
        string="Lost Deals",
        compute="_compute_crm_suite_deals",
        search="_search_crm_suite_lost_deals",
        groups=ROLE,
        aggregator=None,
    )
    crm_suite_shares_identity = fields.Boolean(
        string="Same E-mail, Phone or Tax Number as Another Customer",
        compute="_compute_crm_suite_shares_identity",
        search="_search_crm_suite_shares_identity",
        groups=ROLE,
    )

    # Who else has the same address or number: asked for every customer at night, and
    # of all partners by programs that name a customer so.
    _crm_suite_same_email_idx = models.Index(
        "(email_normalized) WHERE email_normalized IS NOT NULL"
    )
    _crm_suite_same_phone_idx = models.Index(
        "(phone_sanitized) WHERE phone_sanitized IS NOT NULL"
    )

    # === SILENCE === #

    @api.model
    def _crm_suite_usual_interval(self):
        """The interval that counts for who has bought too rarely to have an own one."""
        days = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("crm_suite_base.usual_interval_days")
        )
        return int(days) if (days or "").isdigit() and int(days) else DEFAULT_INTERVAL

    @api.model
    def _crm_suite_compose_silence(self, alias):
        """Silence as an expression over a row of figures."""
        return SQL(
            """
            (%(today)s::date - %(m)s.last_purchase)::numeric
            / CASE WHEN %(m)s.purchase_count >= %(least)s AND %(m)s.interval_mean > 0
                   THEN greatest(%(m)s.interval_mean, %(shortest)s)
                   ELSE %(usual)s END::numeric
            """,
            today=fields.Date.context_today(self),
            m=SQL.identifier(alias),
            least=MIN_PURCHASES,
            shortest=MIN_INTERVAL,
            usual=self._crm_suite_usual_interval(),
        )

    @api.depends_context("company", "allowed_company_ids", "tz", "uid")
    def _compute_crm_suite_silence(self):
        rows = self._crm_suite_read_figures(self._crm_suite_compose_silence("m"))
        for partner in self:
            silence = rows.get(partner.commercial_partner_id.id)
            partner.crm_suite_silence = float(silence or 0)

    def _crm_suite_read_figures(self, expression):
        """Read an expression over the figures of the partners in this company."""
        self.env["crm.suite.customer.metric"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT m.partner_id, %s
                      FROM crm_suite_customer_metric m
                     WHERE m.partner_id = ANY(%s) AND m.company_id = %s
                    """,
                    expression,
                    self.commercial_partner_id.ids,
                    self.env.company.id,
                )
            )
        )

    def _search_crm_suite_silence(self, operator, value):
        """Who never bought is not silent, so neither search finds him."""
        self._crm_suite_check_role()
        if operator not in COMPARISONS:
            return NotImplemented
        return self._crm_suite_in_figures(
            SQL(
                "%s %s %s",
                self._crm_suite_compose_silence("m"),
                COMPARISONS[operator][1],
                value,
            )
        )

    @api.model
    def _crm_suite_in_figures(self, condition):
        """Customers whose figures in this company meet a condition over ``m``.

        :param SQL condition:
        :rtype: Domain
        """
        self.env["crm.suite.customer.metric"].flush_model()
        company_id = self.env.company.id
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN (SELECT m.partner_id FROM crm_suite_customer_metric m"
                " WHERE m.company_id = %s AND %s)",
                SQL.identifier(alias, "commercial_partner_id"),
                company_id,
                condition,
            )
        )

    # === BOUGHT SINCE === #

    @api.depends("crm_suite_lifecycle_date")
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_crm_suite_bought_in_stage(self):
        rows = self._crm_suite_read_figures(self._crm_suite_compose_bought_in_stage())
        for partner in self:
            bought = rows.get(partner.commercial_partner_id.id)
            partner.crm_suite_bought_in_stage = bool(bought)

    @api.model
    def _crm_suite_compose_bought_in_stage(self):
        """Whether a customer bought since it is in its stage, over a row ``m`` of the
        figures of this company.

        The last purchase is a day by the clock of the company, so the stage began on a
        day by the same clock.
        """
        return SQL(
            """
            m.last_purchase >= (
                SELECT (COALESCE(c.crm_suite_lifecycle_date, c.create_date)
                        AT TIME ZONE 'UTC' AT TIME ZONE (
                            SELECT f.tz FROM %s f WHERE f.id = %s))::date
                  FROM res_partner c WHERE c.id = m.partner_id)
            """,
            self.env["crm.suite.purchase.fact"]._purchase_companies(),
            self.env.company.id,
            to_flush=self._fields["crm_suite_lifecycle_date"],
        )

    def _search_crm_suite_bought_in_stage(self, operator, value):
        self._crm_suite_check_role()
        if operator != "in":
            return NotImplemented
        bought = self._crm_suite_in_figures(self._crm_suite_compose_bought_in_stage())
        return self._crm_suite_either(bought, value)

    @api.model
    def _crm_suite_either(self, domain, value):
        """What a search for yes, no or both in a boolean field finds."""
        result = Domain.FALSE
        if True in value:
            result |= domain
        if False in value:
            result |= ~domain
        return result

    # === DEALS === #

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_suite_deals(self):
        for name in LEADS:
            counts = self._crm_suite_count_deals(name)
            for partner in self:
                partner[name] = counts.get(partner.commercial_partner_id.id, 0)

    def _crm_suite_count_deals(self, name):
        query = self._crm_suite_deals_query(name)
        if query is None or not self:
            return {}
        partner = SQL.identifier(query.table + "__customer", "commercial_partner_id")
        query.add_where(SQL("%s = ANY(%s)", partner, self.commercial_partner_id.ids))
        query.groupby = partner
        return dict(self.env.execute_query(query.select(partner, SQL("count(*)"))))

    @api.model
    def _crm_suite_deals_query(self, name):
        """Open or lost deals through the viewer's rights, joined with their customers.

        :return: ``None`` for who may not read deals
        """
        leads = self.env["crm.lead"].with_context(active_test=False)
        if not leads.has_access("read"):
            return None
        query = leads._search(
            Domain("type", "=", "opportunity")
            & Domain("partner_id", "!=", False)
            & Domain("company_id", "in", [False, *self.env.companies.ids])
            & Domain(LEADS[name])
        )
        if query.is_empty():
            return None
        alias = query.table + "__customer"
        query.add_join(
            "JOIN",
            alias,
            "res_partner",
            SQL(
                "%s = %s",
                SQL.identifier(alias, "id"),
                SQL.identifier(query.table, "partner_id"),
            ),
        )
        return query

    def _search_crm_suite_open_deals(self, operator, value):
        return self._crm_suite_search_deals("crm_suite_open_deals", operator, value)

    def _search_crm_suite_lost_deals(self, operator, value):
        return self._crm_suite_search_deals("crm_suite_lost_deals", operator, value)

    def _crm_suite_search_deals(self, name, operator, value):
        self._crm_suite_check_role()
        comparison = compare_counted(SQL("count(*)"), operator, value)
        if comparison is None:
            return NotImplemented
        inverse, condition = comparison
        query = self._crm_suite_deals_query(name)
        if query is None:
            return Domain.TRUE if inverse else Domain.FALSE
        partner = SQL.identifier(query.table + "__customer", "commercial_partner_id")
        query.groupby = partner
        query.having = condition
        return counted_domain("commercial_partner_id", inverse, query.select(partner))

    # === THE SAME CUSTOMER TWICE === #

    def _compute_crm_suite_shares_identity(self):
        domain = Domain("crm_suite_shares_identity", "=", True)
        found = set(
            self.browse(self._search(domain & Domain("id", "in", self.ids))).ids
        )
        for partner in self:
            partner.crm_suite_shares_identity = partner.id in found

    def _search_crm_suite_shares_identity(self, operator, value):
        """Customers with the address or a number of another customer.

        Looks at all customers: that somebody else's is the same tells no more than the
        name check when one is entered.
        """
        self._crm_suite_check_role()
        if operator != "in":
            return NotImplemented
        shares = Domain.custom(to_sql=self._crm_suite_compose_shares)
        return self._crm_suite_either(shares, value)

    def _crm_suite_compose_shares(self, model, alias, query):
        return SQL(
            "(%s)",
            SQL(" OR ").join(
                SQL(
                    """
                    EXISTS (SELECT 1 FROM res_partner o
                             WHERE o.%(name)s = %(own)s AND o.%(name)s IS NOT NULL
                               AND o.crm_suite_lifecycle_id IS NOT NULL AND o.active
                               AND o.id != %(id)s)
                    """,
                    name=SQL.identifier(name),
                    own=SQL.identifier(alias, name),
                    id=SQL.identifier(alias, "id"),
                )
                for name in ("email_normalized", "phone_sanitized", "vat")
            ),
        )

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .purchase_fact import PEOPLE

INVOICE_TYPES = ("out_invoice", "out_refund", "out_receipt")
YEAR = relativedelta(months=12)
MONTHS = 12
# The columns that are calculated, in the order of the statement.
FIGURES = (
    "currency_id",
    "first_purchase",
    "last_purchase",
    "purchase_count",
    "revenue",
    "average_purchase",
    "interval_mean",
    "interval_deviation",
    "expected_next_purchase",
    "purchase_count_12m",
    "revenue_12m",
    "category_shares",
    "preferred_product_id",
    "preferred_category_id",
    "preferred_channel",
    "preferred_weekday",
    "trend",
    "receivable_open",
    "receivable_overdue",
    "overdue_since",
    "average_days_to_pay",
    "last_interaction",
    "next_activity",
)


def month_before(day, months):
    """The first day of the month so many months before that of ``day``."""
    return day.replace(day=1) - relativedelta(months=months)


def month_starts(day):
    """Where the twelve months of the trend begin and the last ends, as an array."""
    starts = (month_before(day, back) for back in range(MONTHS - 1, -2, -1))
    return f"{{{','.join(map(str, starts))}}}"


class CustomerMetric(models.Model):
    """How the figures are calculated: one statement for one customer or for all."""

    _inherit = "crm.suite.customer.metric"

    @api.model
    def _refresh(self, partner_ids=None):
        """Calculate figures from the documents and write what differs.

        A full rebuild and a refresh of some customers run the same statements; only
        the documents that they read differ.

        :param partner_ids: ids of commercial partners; ``None``: all
        :return: ids of the partners of whom something changed
        :rtype: list[int]
        """
        if partner_ids is not None and not partner_ids:
            return []
        self.env.flush_all()
        ids = None if partner_ids is None else sorted(set(partner_ids))
        figures = self.sudo()
        figures._refresh_collect(ids)
        changed = figures._refresh_write(ids)
        figures._refresh_drop()
        if changed:
            self.invalidate_model(flush=False)
            self.env["res.partner"]._crm_suite_invalidate_figures()
        return sorted(changed)

    def _refresh_settings(self):
        """Let the planner know the machine and the statements, until the commit:
        compiling them takes longer than running them, what they read is in memory,
        and sorting a million purchases should not go through files.
        """
        self.env.cr.execute(
            "SET LOCAL jit = off; SET LOCAL random_page_cost = 1.1;"
            " SET LOCAL work_mem = '64MB'"
        )

    def _refresh_drop(self):
        self.env.cr.execute(
            "DROP TABLE IF EXISTS crm_suite_metric_fact, crm_suite_metric_new"
        )

    def _refresh_collect(self, ids):
        """Put the rows as they should be into a temporary table.

        The facts go through a temporary table of their own: several aggregates read
        them, and with its statistics the planner knows how many groups to expect.
        """
        self._refresh_drop()
        self._refresh_settings()
        facts = self.env["crm.suite.purchase.fact"]
        people = None
        if ids is not None:
            people = self._refresh_people(ids)
            facts = facts.with_context(**{PEOPLE: people})
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE crm_suite_metric_fact ON COMMIT DROP AS
                SELECT partner_id, company_id, day, channel, document_model,
                       document_id, product_id, category_id, amount
                  FROM (%s) fact
                 WHERE partner_id IS NOT NULL
                """,
                facts._purchase_union(),
            )
        )
        self.env.cr.execute(
            "ANALYZE crm_suite_metric_fact (partner_id, company_id, document_id)"
        )
        self.env.cr.execute(
            SQL(
                "CREATE TEMP TABLE crm_suite_metric_new ON COMMIT DROP AS %s",
                self._refresh_statement(ids, people),
            )
        )
        self.env.cr.execute("ANALYZE crm_suite_metric_new (partner_id, company_id)")

    def _refresh_people(self, ids):
        """The customers themselves and their contacts."""
        rows = self.env.execute_query(
            SQL("SELECT id FROM res_partner WHERE commercial_partner_id = ANY(%s)", ids)
        )
        return [id_ for (id_,) in rows]

    # ------------------------------------------------------------------
    # The statement
    # ------------------------------------------------------------------

    def _refresh_statement(self, ids, people):
        """All figures of the customers, one row per customer and company."""
        return SQL(
            """
            WITH company AS (%(company)s),
            touch AS (%(touch)s)
            %(result)s
            """,
            company=self._refresh_companies(),
            touch=self._refresh_touch(ids, people),
            result=self._refresh_result(
                bought=self._refresh_bought(),
                favourite=self._refresh_favourites(),
                owed=self._refresh_owed(people),
                paid=self._refresh_paid(people),
                met=self._refresh_met(),
            ),
        )

    def _refresh_companies(self):
        """The companies with their day of today."""
        return SQL(
            """
            SELECT c.*, (%s AT TIME ZONE 'UTC' AT TIME ZONE c.tz)::date AS today
              FROM %s c
            """,
            fields.Datetime.now(),
            self.env["crm.suite.purchase.fact"]._purchase_companies(),
        )

    def _refresh_days(self):
        """What day it is in each company.

        :rtype: dict[int, date]
        """
        return dict(
            self.env.execute_query(
                SQL("SELECT id, today FROM (%s) c", self._refresh_companies())
            )
        )

    def _refresh_by_company(self, days, value):
        """A value that depends on the day of the company: nearly always one constant,
        for companies at the ends of the world a choice of two.

        :param value: function of a day
        :rtype: SQL
        """
        values = {company: value(today) for company, today in days.items()}
        if len(set(values.values())) == 1:
            return SQL("%s", next(iter(values.values())))
        cases = [SQL("WHEN %s THEN %s", *pair) for pair in values.items()]
        return SQL("CASE company_id %s END", SQL(" ").join(cases))

    def _refresh_purchases(self, days):
        """One row per purchase, in the order of customers and days. Day 1 of the week
        is a Monday, as the first of January 2001 was; month 1 is the oldest of twelve.

        What is worth less than nothing (a credit note of its own) lowers the revenue
        and is no purchase; neither is what was taken back altogether.
        """
        return SQL(
            """
            SELECT partner_id, company_id, day, amount, is_purchase,
                   CASE WHEN is_purchase
                        THEN 1 + ((day - DATE '2001-01-01') %% 7 + 7) %% 7
                    END AS weekday,
                   width_bucket(day, %s::date[]) AS month,
                   CASE WHEN is_purchase THEN channel END AS channel,
                   CASE WHEN is_purchase THEN day - lag(day) OVER (
                       PARTITION BY partner_id, company_id, is_purchase ORDER BY day
                   ) END AS gap
              FROM (
                SELECT partner_id, company_id, min(day) AS day,
                       min(channel) AS channel, sum(amount) AS amount,
                       sum(amount) > 0 OR sum(amount) = 0 AND min(amount) >= 0
                           AS is_purchase
                  FROM crm_suite_metric_fact
              GROUP BY partner_id, company_id, document_id, document_model
              ) document
            """,
            self._refresh_by_company(
                days,
                month_starts,
            ),
        )

    def _refresh_bought(self):
        """Sums, first and last day, and the intervals between days of purchase."""
        days = self._refresh_days()
        return SQL(
            """
            SELECT partner_id, company_id,
                   min(day) FILTER (WHERE is_purchase) AS first,
                   max(day) FILTER (WHERE is_purchase) AS last,
                   count(*) FILTER (WHERE is_purchase) AS count,
                   sum(amount) AS revenue,
                   count(*) FILTER (WHERE gap > 0) AS gaps,
                   sum(gap * gap) FILTER (WHERE gap > 0) AS squares,
                   count(*) FILTER (WHERE is_purchase AND day > %(year)s) AS count_12m,
                   sum(amount) FILTER (WHERE day > %(year)s) AS revenue_12m,
                   %(trend)s AS trend,
                   %(channel)s AS channel,
                   %(weekday)s AS weekday
              FROM (%(purchases)s) purchase
          GROUP BY partner_id, company_id
            """,
            year=self._refresh_by_company(days, lambda today: today - YEAR),
            trend=self._refresh_trend(days),
            channel=self._refresh_most_frequent("channel", self._refresh_channels()),
            weekday=self._refresh_most_frequent("weekday", range(1, 8)),
            purchases=self._refresh_purchases(days),
        )

    def _refresh_trend(self, days):
        """Revenue by calendar month; months without a purchase are left out."""

        months = []
        for number, back in enumerate(reversed(range(MONTHS)), 1):
            name = self._refresh_by_company(
                days, lambda day, b=back: f"{month_before(day, b):%Y-%m}"
            )
            total = SQL("sum(amount) FILTER (WHERE month = %s)", number)
            months.append(SQL("%s::text, %s", name, total))
        return SQL(
            "NULLIF(jsonb_strip_nulls(jsonb_build_object(%s)), '{}'::jsonb)",
            SQL(", ").join(months),
        )

    @api.model
    def _refresh_channels(self):
        return [code for code, _label in self._selection_channel()]

    def _refresh_most_frequent(self, column, values):
        """The value with the most purchases, the first of equals.

        Counting each value in turn is several times as fast as ``mode()``, which
        sorts the rows of each group.
        """
        counts = [
            SQL("count(*) FILTER (WHERE %s = %s)", SQL.identifier(column), value)
            for value in values
        ]
        most = SQL("greatest(%s)", SQL(", ").join(counts))
        cases = [
            SQL("WHEN %s = %s THEN %s", count, most, str(value))
            for count, value in zip(counts, values, strict=True)
        ]
        return SQL("CASE WHEN %s > 0 THEN CASE %s END END", most, SQL(" ").join(cases))

    def _refresh_favourites(self):
        """The product and the category that earned most, and the categories' shares.

        The greatest amount comes with its id in one array, of equal ones the lowest
        id; sorting the rows of each customer would take several times as long.
        """
        return SQL(
            """
            SELECT partner_id, company_id,
                   -(max(best))[2]::int AS product_id,
                   -(max(ARRAY[amount, -category_id]))[2]::int AS category_id,
                   jsonb_object_agg(category_id, round(amount / total, 4))
                       FILTER (WHERE category_id IS NOT NULL) AS shares
              FROM (
                SELECT partner_id, company_id, category_id, sum(amount) AS amount,
                       max(ARRAY[amount, -product_id]) AS best,
                       sum(sum(amount)) OVER (PARTITION BY partner_id, company_id)
                           AS total
                  FROM (
                    SELECT partner_id, company_id, category_id, product_id,
                           sum(amount) AS amount
                      FROM crm_suite_metric_fact
                     WHERE product_id IS NOT NULL
                  GROUP BY partner_id, company_id, category_id, product_id
                    HAVING sum(amount) > 0
                  ) item
              GROUP BY partner_id, company_id, category_id
              ) category
          GROUP BY partner_id, company_id
            """
        )

    def _refresh_owed(self, people):
        """Open items of posted invoices. A credit note past its day lowers what is
        open, but nobody is late with it.
        """
        late = SQL("l.amount_residual > 0 AND l.date_maturity < c.today")
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id, l.company_id,
                   sum(l.amount_residual) AS open,
                   COALESCE(sum(l.amount_residual) FILTER (WHERE %(late)s), 0)
                       AS overdue,
                   min(l.date_maturity) FILTER (WHERE %(late)s) AS since
              FROM account_move_line l
              JOIN account_move m ON m.id = l.move_id
              JOIN account_account a ON a.id = l.account_id
              JOIN res_partner p ON p.id = l.partner_id
              JOIN company c ON c.id = l.company_id
             WHERE a.account_type = 'asset_receivable'
               AND l.parent_state = 'posted'
               AND l.reconciled IS NOT TRUE
               AND l.amount_residual <> 0
               AND m.move_type IN %(types)s
               AND %(people)s
          GROUP BY p.commercial_partner_id, l.company_id
            """,
            late=late,
            types=INVOICE_TYPES,
            people=self._refresh_of(SQL("l.partner_id"), people),
        )

    def _refresh_paid(self, people):
        """How long paid invoices were open, up to what settled them last."""
        return SQL(
            """
            SELECT partner_id, company_id, avg(settled - invoice_date) AS days
              FROM (
                SELECT p.commercial_partner_id AS partner_id, m.company_id,
                       m.invoice_date, max(s.max_date) AS settled
                  FROM account_move m
                  JOIN res_partner p ON p.id = m.partner_id
                  JOIN account_move_line l ON l.move_id = m.id
                  JOIN account_partial_reconcile s ON s.debit_move_id = l.id
                 WHERE m.move_type IN ('out_invoice', 'out_receipt')
                   AND m.state = 'posted'
                   AND m.payment_state IN ('paid', 'in_payment')
                   AND %s
              GROUP BY m.id, p.commercial_partner_id
              ) invoice
          GROUP BY partner_id, company_id
            """,
            self._refresh_of(SQL("m.partner_id"), people),
        )

    def _refresh_touch(self, ids, people):
        """When we were last in touch and what is planned next, in any company."""
        where = [] if ids is None else [SQL("commercial_partner_id = ANY(%s)", ids)]
        contacts = self.env["crm.suite.interaction"]._interaction_contacts(where)
        return SQL(
            """
            SELECT partner_id, max(last) AS last, min(next) AS next
              FROM (
                SELECT commercial_partner_id AS partner_id, max(date) AS last,
                       NULL::date AS next
                  FROM (%(contacts)s) contact
                 WHERE commercial_partner_id IS NOT NULL
              GROUP BY commercial_partner_id
             UNION ALL
                SELECT p.commercial_partner_id, NULL, min(a.date_deadline)
                  FROM mail_activity a
                  JOIN res_partner p ON p.id = a.res_id
                 WHERE a.res_model = 'res.partner' AND a.active
                   AND p.commercial_partner_id IS NOT NULL AND %(people)s
              GROUP BY p.commercial_partner_id
              ) either
          GROUP BY partner_id
            """,
            contacts=contacts,
            people=self._refresh_of(SQL("p.id"), people),
        )

    def _refresh_met(self):
        """Customers that are only talked to have a row in one company: their own, or
        the first where they belong to all.
        """
        return SQL(
            """
            SELECT t.partner_id,
                   COALESCE(p.company_id, (SELECT min(id) FROM company)) AS company_id
              FROM touch t
              JOIN res_partner p ON p.id = t.partner_id
             WHERE p.crm_suite_lifecycle_id IS NOT NULL
            """
        )

    def _refresh_of(self, column, people):
        return SQL("TRUE") if people is None else SQL("%s = ANY(%s)", column, people)

    def _refresh_result(self, **parts):
        return SQL(
            """
            SELECT partner_id, company_id, c.currency_id,
                   b.first AS first_purchase, b.last AS last_purchase,
                   COALESCE(b.count, 0)::int AS purchase_count,
                   COALESCE(b.revenue, 0) AS revenue,
                   CASE WHEN b.count > 0 THEN round(b.revenue / b.count, c.decimals)
                        ELSE 0 END AS average_purchase,
                   round((b.last - b.first)::numeric / NULLIF(b.gaps, 0), 2)
                       AS interval_mean,
                   %(deviation)s AS interval_deviation,
                   CASE WHEN b.gaps >= 2
                        THEN b.last + round((b.last - b.first)::numeric / b.gaps)::int
                    END AS expected_next_purchase,
                   COALESCE(b.count_12m, 0)::int AS purchase_count_12m,
                   COALESCE(b.revenue_12m, 0) AS revenue_12m,
                   f.shares AS category_shares,
                   f.product_id AS preferred_product_id,
                   f.category_id AS preferred_category_id,
                   b.channel::varchar AS preferred_channel,
                   b.weekday::varchar AS preferred_weekday,
                   b.trend,
                   COALESCE(o.open, 0) AS receivable_open,
                   COALESCE(o.overdue, 0) AS receivable_overdue,
                   o.since AS overdue_since,
                   round(d.days, 1) AS average_days_to_pay,
                   x.last AS last_interaction, x.next AS next_activity
              FROM (%(bought)s) b
         FULL JOIN (%(owed)s) o USING (partner_id, company_id)
         FULL JOIN (%(paid)s) d USING (partner_id, company_id)
         FULL JOIN (%(met)s) m USING (partner_id, company_id)
         LEFT JOIN (%(favourite)s) f USING (partner_id, company_id)
         LEFT JOIN touch x USING (partner_id)
              JOIN company c ON c.id = company_id
            """,
            deviation=self._refresh_deviation(),
            **parts,
        )

    def _refresh_deviation(self):
        """The standard deviation of the days between purchases, from whole numbers:
        ``stddev()`` of the rows takes a multiple of the time.
        """
        return SQL(
            """
            CASE WHEN b.gaps >= 2 THEN round(sqrt(
                (b.gaps * b.squares - (b.last - b.first)::bigint ^ 2)::float8
                / (b.gaps * (b.gaps - 1))
            )::numeric, 2) END
            """
        )

    # ------------------------------------------------------------------
    # Writing what differs
    # ------------------------------------------------------------------

    def _refresh_write(self, ids):
        """Bring the table in line with the temporary one, touching no other row.

        :return: ids of the partners concerned
        :rtype: set[int]
        """
        columns = SQL(", ").join(map(SQL.identifier, FIGURES))
        old = SQL(", ").join(SQL.identifier("m", name) for name in FIGURES)
        new = SQL(", ").join(SQL.identifier("n", name) for name in FIGURES)
        same = SQL("n.partner_id = m.partner_id AND n.company_id = m.company_id")
        # The start of the transaction: rows of one run can be told by it.
        now = self.env.cr.now()
        statements = [
            SQL(
                """
                UPDATE crm_suite_customer_metric m
                   SET (%(columns)s, calculated_at) = ROW(%(new)s, %(now)s)
                  FROM crm_suite_metric_new n
                 WHERE %(same)s AND (%(old)s) IS DISTINCT FROM (%(new)s)
             RETURNING m.partner_id
                """,
                columns=columns,
                old=old,
                new=new,
                now=now,
                same=same,
            ),
            SQL(
                """
                INSERT INTO crm_suite_customer_metric
                       (partner_id, company_id, calculated_at, %(columns)s)
                SELECT n.partner_id, n.company_id, %(now)s, %(new)s
                  FROM crm_suite_metric_new n
             LEFT JOIN crm_suite_customer_metric m ON %(same)s
                 WHERE m.id IS NULL
              ORDER BY n.partner_id
             RETURNING partner_id
                """,
                columns=columns,
                new=new,
                now=now,
                same=same,
            ),
            SQL(
                """
                DELETE FROM crm_suite_customer_metric m
                 WHERE %(scope)s
                   AND NOT EXISTS (SELECT 1 FROM crm_suite_metric_new n WHERE %(same)s)
             RETURNING partner_id
                """,
                scope=self._refresh_of(SQL("m.partner_id"), ids),
                same=same,
            ),
        ]
        # Right after a first fill nothing is known of the table: joining all its rows
        # one by one would take minutes.
        self.env.cr.execute(
            "SET LOCAL enable_nestloop = off"
            if ids is None
            else "SET LOCAL enable_nestloop = on"
        )
        changed = set()
        for statement in statements:
            changed.update(id_ for (id_,) in self.env.execute_query(statement))
        self.env.cr.execute("SET LOCAL enable_nestloop = on")
        return changed

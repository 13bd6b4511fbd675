from odoo import api, models
from odoo.tools import SQL

from .purchase_fact import PEOPLE

INVOICE_TYPES = ("out_invoice", "out_refund", "out_receipt")
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
        statement = figures._refresh_collect(ids)
        changed = figures._refresh_write(ids, statement)
        figures._refresh_drop()
        if changed:
            self.invalidate_model(flush=False)
            self.env["res.partner"]._crm_suite_invalidate_figures()
        return sorted(changed)

    def _refresh_settings(self):
        """Let the planner know the machine and the statements, until the commit:
        compiling them takes longer than running them, what they read is in memory,
        sorting a million purchases should not go through files, and how many groups
        there are is seen well enough in a few thousand rows.
        """
        self.env.cr.execute(
            "SET LOCAL jit = off; SET LOCAL random_page_cost = 1.1;"
            " SET LOCAL work_mem = '64MB'; SET LOCAL default_statistics_target = 10"
        )

    def _refresh_settings_full(self):
        """The same for what is done with the facts of everybody.

        Nobody knows beforehand how many customers the aggregates give: joining them one
        by one would take minutes, sorting them for a join longer than hashing them. The
        facts themselves are as many groups as rows: hashing those outgrows the memory,
        and sorted once they serve the groups of groups, too.
        """
        self.env.cr.execute(
            "SET LOCAL work_mem = '256MB'; SET LOCAL enable_nestloop = off;"
            " SET LOCAL enable_mergejoin = off; SET LOCAL enable_hashagg = off"
        )

    def _refresh_drop(self):
        names = ("company", "fact", "touch", "other", "rest", "new")
        self.env.cr.execute(
            SQL(
                "DROP TABLE IF EXISTS %s; SET LOCAL enable_nestloop = on;"
                " SET LOCAL enable_mergejoin = on; SET LOCAL enable_hashagg = on",
                SQL(", ").join(self._refresh_table(name) for name in names),
            )
        )

    def _refresh_table(self, name):
        return SQL.identifier(f"crm_suite_metric_{name}")

    def _refresh_keep(self, name, statement, everybody, analyze):
        """Put what a statement gives into a table.

        That of everybody is one that several processes can read; it is gone before the
        commit, and only one full rebuild at a time has it.

        :param analyze: columns for whose sake the planner looks at it
        """
        table = self._refresh_table(name)
        self.env.cr.execute(
            SQL(
                "CREATE %s TABLE %s AS %s",
                SQL("UNLOGGED" if everybody else "TEMP"),
                table,
                statement,
            )
        )
        columns = SQL(", ").join(map(SQL.identifier, analyze))
        self.env.cr.execute(SQL("ANALYZE %s (%s)", table, columns))

    def _refresh_collect(self, ids):
        """Put the facts into a table and compose what follows from them.

        Several aggregates read the facts, and with the statistics of a table the
        planner knows how many groups to expect.

        :return: statement that gives the rows as they should be
        :rtype: SQL
        """
        self._refresh_drop()
        facts = self.env["crm.suite.purchase.fact"]
        people, everybody = None, ids is None
        if not everybody:
            people = self._refresh_people(ids)
            facts = facts.with_context(**{PEOPLE: people})
        self._refresh_settings()
        self._refresh_keep("company", self._refresh_companies(), everybody, ["id"])
        self._refresh_keep(
            "fact",
            self._refresh_facts(facts),
            everybody,
            ["partner_id", "company_id", "document_id"],
        )
        beside = {
            "touch": self._refresh_touch(ids),
            "other": self._refresh_other(people),
            "rest": self._refresh_rest(),
        }
        if not everybody:
            names = [
                SQL("%s AS (%s)", self._refresh_table(name), statement)
                for name, statement in beside.items()
            ]
            statement = self._refresh_statement(self._refresh_in_one)
            return SQL("WITH %s %s", SQL(", ").join(names), statement)
        # Few rows as a rule, and read by indexes: before nested loops are off.
        for name, statement in beside.items():
            self._refresh_keep(name, statement, everybody, ["partner_id"])
        self._refresh_settings_full()
        return self._refresh_statement(self._refresh_in_parts)

    def _refresh_people(self, ids):
        """The customers themselves and their contacts."""
        rows = self.env.execute_query(
            SQL("SELECT id FROM res_partner WHERE commercial_partner_id = ANY(%s)", ids)
        )
        return [id_ for (id_,) in rows]

    # ------------------------------------------------------------------
    # The statement
    # ------------------------------------------------------------------

    def _refresh_statement(self, in_parts):
        """All figures of the customers, one row per customer and company.

        Whole branches, down to the columns as they are kept, so that processes can
        share them; but for what needs a subquery: with it PostgreSQL would not.

        :param in_parts: method that puts together the statements for parts of the facts
        """
        late = {
            "interval_deviation": self._refresh_deviation_of_many(),
            "category_shares": self._refresh_shares(),
        }
        columns = [
            SQL("%s AS %s", late.get(name, SQL.identifier(name)), SQL.identifier(name))
            for name in ("partner_id", "company_id", *FIGURES)
        ]
        return SQL(
            "SELECT %s FROM (%s UNION ALL %s) b",
            SQL(", ").join(columns),
            in_parts(self._refresh_buyers),
            self._refresh_not_buyers(),
        )

    def _refresh_buyers(self, part):
        """The figures of who bought.

        :param SQL part: condition on the facts
        """
        return self._refresh_result(
            SQL(
                """
                (%s) b LEFT JOIN crm_suite_metric_other o
                                 USING (partner_id, company_id)
                """,
                self._refresh_part(part),
            )
        )

    def _refresh_not_buyers(self):
        """The figures of customers of whom something else is known."""
        return self._refresh_result(
            SQL(
                """
                crm_suite_metric_rest o LEFT JOIN (%s) b
                                        USING (partner_id, company_id)
                """,
                self._refresh_part(SQL("FALSE")),
            )
        )

    def _refresh_other(self, people):
        """What is not bought, one row per customer and company."""
        return SQL(
            """
            SELECT *
              FROM (%s) owed
         FULL JOIN (%s) paid USING (partner_id, company_id)
         FULL JOIN (%s) met USING (partner_id, company_id)
            """,
            self._refresh_owed(people),
            self._refresh_paid(people),
            self._refresh_met(),
        )

    def _refresh_rest(self):
        """The same of who never bought. As a rule they are few beside the facts: it
        looks at the facts of those only of whom something else is known.
        """
        return SQL(
            """
            SELECT *
              FROM crm_suite_metric_other o
             WHERE NOT EXISTS (
                   SELECT
                     FROM crm_suite_metric_fact f
                    WHERE f.partner_id = o.partner_id AND f.company_id = o.company_id
                      AND f.partner_id IN (
                          SELECT partner_id FROM crm_suite_metric_other
                      )
               )
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
              JOIN crm_suite_metric_company c ON c.id = l.company_id
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

    def _refresh_touch(self, ids):
        """When we were last in touch and what is planned next, in any company."""
        where = [] if ids is None else [SQL("commercial_partner_id = ANY(%s)", ids)]
        interactions = self.env["crm.suite.interaction"]
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
                SELECT commercial_partner_id, NULL, min(date)::date
                  FROM (%(planned)s) planned
                 WHERE commercial_partner_id IS NOT NULL
              GROUP BY commercial_partner_id
              ) either
          GROUP BY partner_id
            """,
            contacts=interactions._interaction_contacts(where),
            planned=interactions._interaction_planned(where),
        )

    def _refresh_met(self):
        """Customers that are only talked to have a row in one company: their own, or
        the first where they belong to all.
        """
        return SQL(
            """
            SELECT t.partner_id,
                   COALESCE(
                       p.company_id, (SELECT min(id) FROM crm_suite_metric_company)
                   ) AS company_id
              FROM crm_suite_metric_touch t
              JOIN res_partner p ON p.id = t.partner_id
             WHERE p.crm_suite_lifecycle_id IS NOT NULL
            """
        )

    def _refresh_of(self, column, people):
        return SQL("TRUE") if people is None else SQL("%s = ANY(%s)", column, people)

    def _refresh_result(self, source):
        """The columns as they are kept.

        :param SQL source: what was bought as ``b``, and what else is known as ``o``
        """
        return SQL(
            """
            SELECT partner_id, company_id, c.currency_id,
                   b.first AS first_purchase, b.last AS last_purchase,
                   COALESCE(b.count, 0)::int AS purchase_count,
                   COALESCE(b.revenue, 0) AS revenue,
                   COALESCE(b.average, 0) AS average_purchase,
                   b.interval_mean, b.deviation, b.first, b.last, b.days,
                   b.expected AS expected_next_purchase,
                   COALESCE(b.count_12m, 0)::int AS purchase_count_12m,
                   COALESCE(b.revenue_12m, 0) AS revenue_12m,
                   b.categories, b.amounts, b.total, w.whole,
                   b.product_id AS preferred_product_id,
                   b.category_id AS preferred_category_id,
                   b.channel::varchar AS preferred_channel,
                   b.weekday::varchar AS preferred_weekday,
                   b.trend,
                   COALESCE(o.open, 0) AS receivable_open,
                   COALESCE(o.overdue, 0) AS receivable_overdue,
                   o.since AS overdue_since,
                   round(o.days, 1) AS average_days_to_pay,
                   x.last AS last_interaction, x.next AS next_activity
              FROM %(source)s
         LEFT JOIN (%(whole)s) w ON w.id = b.categories[1]
         LEFT JOIN crm_suite_metric_touch x USING (partner_id)
              JOIN crm_suite_metric_company c ON c.id = company_id
            """,
            source=source,
            whole=self._refresh_whole(),
        )

    # ------------------------------------------------------------------
    # Writing what differs
    # ------------------------------------------------------------------

    def _refresh_write(self, ids, statement):
        """Bring the table in line with a statement, touching no other row.

        :return: ids of the partners concerned
        :rtype: set[int]
        """
        self._refresh_keep("new", statement, False, ["partner_id", "company_id"])
        changed = set()
        self._refresh_lock()
        # Deleting looks at all rows: first, as long as there are few.
        for query in (
            self._refresh_delete(ids),
            self._refresh_update(),
            self._refresh_insert(),
        ):
            changed.update(id_ for (id_,) in self.env.execute_query(query))
        return changed

    def _refresh_update(self):
        # The start of the transaction: rows of one run can be told by it.
        return SQL(
            """
            UPDATE crm_suite_customer_metric m
               SET (%(columns)s, calculated_at) = ROW(%(new)s, %(now)s)
              FROM crm_suite_metric_new n
             WHERE n.partner_id = m.partner_id AND n.company_id = m.company_id
               AND (%(old)s) IS DISTINCT FROM (%(new)s)
         RETURNING m.partner_id
            """,
            columns=SQL(", ").join(map(SQL.identifier, FIGURES)),
            old=SQL(", ").join(SQL.identifier("m", name) for name in FIGURES),
            new=SQL(", ").join(SQL.identifier("n", name) for name in FIGURES),
            now=self.env.cr.now(),
        )

    def _refresh_insert(self):
        return SQL(
            """
            INSERT INTO crm_suite_customer_metric
                   (partner_id, company_id, calculated_at, %(columns)s)
            SELECT n.partner_id, n.company_id, %(now)s, %(new)s %(missing)s
         RETURNING partner_id
            """,
            columns=SQL(", ").join(map(SQL.identifier, FIGURES)),
            new=SQL(", ").join(SQL.identifier("n", name) for name in FIGURES),
            now=self.env.cr.now(),
            missing=self._refresh_missing(),
        )

    def _refresh_missing(self):
        return SQL(
            """
              FROM crm_suite_metric_new n
             WHERE NOT EXISTS (
                   SELECT 1 FROM crm_suite_customer_metric m
                    WHERE n.partner_id = m.partner_id AND n.company_id = m.company_id
               )
            """
        )

    def _refresh_lock(self):
        """Keep the customers who get a row from being deleted until the commit, as a
        foreign key would; with this isolation who is gone already makes the run start
        over. By itself: a statement that locks carries whole rows along.
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT count(*) FROM (
                    SELECT FROM res_partner
                     WHERE id IN (SELECT n.partner_id %s)
                       FOR KEY SHARE
                ) locked
                """,
                self._refresh_missing(),
            )
        )

    def _refresh_delete(self, ids):
        return SQL(
            """
            DELETE FROM crm_suite_customer_metric m
             WHERE %s
               AND NOT EXISTS (
                   SELECT 1 FROM crm_suite_metric_new n
                    WHERE n.partner_id = m.partner_id AND n.company_id = m.company_id
               )
         RETURNING partner_id
            """,
            self._refresh_of(SQL("m.partner_id"), ids),
        )

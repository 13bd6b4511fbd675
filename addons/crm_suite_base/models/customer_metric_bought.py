"""What a customer bought: the aggregates over the facts.

The facts are millions of rows, so what is done for each of them counts: amounts are
whole numbers of the smallest unit of the company's currency, channels are numbers, and
nothing is sorted twice.
"""

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

YEAR = relativedelta(months=12)
MONTHS = 12
# So many intervals are added up by a sum written out, which takes a tenth of the time of
# a subquery; most customers have no more.
FEW = 7
# Amounts beyond nine trillions are no amounts; their sum would leave the numbers.
LARGEST = 9 * 10**12


def month_before(day, months):
    """The first day of the month so many months before that of ``day``."""
    return day.replace(day=1) - relativedelta(months=months)


def month_starts(day):
    """Where the twelve months of the trend begin and the last ends, as an array."""
    starts = (month_before(day, back) for back in range(MONTHS - 1, -2, -1))
    return f"{{{','.join(map(str, starts))}}}"


def compose_is_purchase(amount):
    """Whether the lines of a document are a purchase, as a condition on their group.

    What is worth less than nothing (a credit note of its own) is none; neither is what
    was taken back altogether.

    :param SQL amount: the amount of a line
    """
    return SQL(
        "(sum(%(amount)s) > 0 OR sum(%(amount)s) = 0 AND min(%(amount)s) >= 0)",
        amount=amount,
    )


class CustomerMetric(models.Model):
    _inherit = "crm.suite.customer.metric"

    # ------------------------------------------------------------------
    # Companies: their day, their currency
    # ------------------------------------------------------------------

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
                SQL("SELECT id, today FROM crm_suite_metric_company")
            )
        )

    def _refresh_decimals(self):
        """How many decimals the currency of each company has.

        :rtype: dict[int, int]
        """
        return dict(
            self.env.execute_query(
                SQL("SELECT id, decimals FROM crm_suite_metric_company")
            )
        )

    def _refresh_by_company(self, by_company, value):
        """A value that depends on the company: nearly always one constant, for
        companies at the ends of the world a choice of two.

        :param dict by_company: what the value is made of, by id of the company
        :param value: function of that
        :rtype: SQL
        """
        values = {company: value(item) for company, item in by_company.items()}
        if len(set(values.values())) == 1:
            return SQL("%s", next(iter(values.values())))
        cases = [SQL("WHEN %s THEN %s", *pair) for pair in values.items()]
        return SQL("CASE company_id %s END", SQL(" ").join(cases))

    # ------------------------------------------------------------------
    # The facts as they are counted
    # ------------------------------------------------------------------

    def _refresh_facts(self, facts):
        """The facts with numbers in the place of words and fractions.

        Each source by itself: so the processes that share the reading of a large one
        share this, too.

        :param facts: the model of facts, with the people wanted
        """
        sources = facts._purchase_sources() or [facts._purchase_union()]
        units = self._refresh_by_company(
            self._refresh_decimals(), lambda decimals: 10**decimals
        )
        channels = SQL(" ").join(
            SQL("WHEN %s THEN %s", code, number)
            for number, code in enumerate(self._refresh_channels())
        )
        return SQL(" UNION ALL ").join(
            SQL("(%s)", self._refresh_source(source, units, channels))
            for source in sources
        )

    def _refresh_source(self, source, units, channels):
        return SQL(
            """
            SELECT partner_id, company_id, day, document_id, product_id, category_id,
                   (least(greatest(amount, %(least)s), %(most)s) * %(units)s)::bigint
                       AS amount,
                   (CASE channel %(channels)s END)::smallint AS channel,
                   hashtext(document_model) AS document_kind
              FROM (%(source)s) fact
             WHERE partner_id IS NOT NULL
            """,
            least=-LARGEST,
            most=LARGEST,
            units=units,
            channels=channels,
            source=source,
        )

    @api.model
    def _refresh_channels(self):
        return [code for code, _label in self._selection_channel()]

    # ------------------------------------------------------------------
    # Purchases and their sums
    # ------------------------------------------------------------------

    def _refresh_purchases(self, days, part):
        """One row per purchase, in the order of customers. Day 1 of the week is a
        Monday, as the first of January 2001 was; month 1 is the oldest of twelve.

        What is worth less than nothing lowers the revenue, but is no purchase.

        Two dozen sums ask for these columns: all are made where the rows are grouped.
        In a statement around it PostgreSQL would make them again for each sum.
        """
        is_purchase = compose_is_purchase(SQL("amount"))
        return SQL(
            """
            SELECT partner_id, company_id, min(day) AS day,
                   sum(amount)::bigint AS amount,
                   %(is_purchase)s AS is_purchase,
                   CASE WHEN %(is_purchase)s
                        THEN 1 + ((min(day) - DATE '2001-01-01') %% 7 + 7) %% 7
                    END AS weekday,
                   CASE WHEN min(day) >= %(oldest)s
                        THEN width_bucket(min(day), %(months)s::date[]) END AS month,
                   CASE WHEN %(is_purchase)s THEN min(channel) END AS channel
              FROM crm_suite_metric_fact
             WHERE %(part)s
          GROUP BY partner_id, company_id, document_id, document_kind
            """,
            is_purchase=is_purchase,
            part=part,
            oldest=self._refresh_by_company(
                days, lambda day: month_before(day, MONTHS - 1)
            ),
            months=self._refresh_by_company(days, month_starts),
        )

    def _refresh_in_one(self, compose):
        return compose(SQL("TRUE"))

    def _refresh_in_parts(self, compose):
        """Both halves of the customers, so that two processes can share the work.

        :param compose: method that gives the statement for a condition on the facts
        :rtype: SQL
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT histogram_bounds::text::int[]
                  FROM pg_stats
                 WHERE schemaname = current_schema
                   AND tablename = 'crm_suite_metric_fact'
                   AND attname = 'partner_id'
                   AND histogram_bounds IS NOT NULL
                """
            )
        )
        if not rows:
            # Few customers, or all of them buy as often.
            return self._refresh_in_one(compose)
        [[bounds]] = rows
        middle = bounds[len(bounds) // 2]
        return SQL(
            "%s UNION ALL %s",
            compose(SQL("partner_id <= %s", middle)),
            compose(SQL("partner_id > %s", middle)),
        )

    def _refresh_part(self, part):
        """All that is told of what the customers of a part bought.

        :param SQL part: condition on the facts
        """
        return SQL(
            "SELECT * FROM (%s) b LEFT JOIN (%s) f USING (partner_id, company_id)",
            self._refresh_bought(part),
            self._refresh_favourites(part),
        )

    def _refresh_bought(self, part):
        """What follows from the sums of a customer: in money, on average, how often.

        What needs a window or a subquery comes later, see
        ``_refresh_deviation_of_many``: with it PostgreSQL would not share the halves
        among processes.

        :param SQL part: condition on the facts
        """
        return SQL(
            """
            SELECT partner_id, company_id, first, last, count, count_12m,
                   revenue * %(unit)s AS revenue,
                   revenue_12m * %(unit)s AS revenue_12m,
                   CASE WHEN count > 0
                        THEN round(revenue * %(unit)s / count, %(decimals)s)
                    END AS average,
                   round((last - first)::numeric / NULLIF(gaps, 0), 2) AS interval_mean,
                   CASE WHEN gaps >= 2
                        THEN last + (2 * (last - first) + gaps) / (2 * gaps)
                    END AS expected,
                   CASE WHEN gaps BETWEEN 2 AND %(few)s THEN %(deviation)s END
                       AS deviation,
                   CASE WHEN gaps > %(few)s THEN days END AS days,
                   trend, channel, weekday
              FROM (SELECT *, cardinality(days) - 1 AS gaps FROM (%(sums)s) s) sums
            """,
            unit=self._refresh_unit(),
            decimals=self._refresh_by_company(self._refresh_decimals(), int),
            few=FEW,
            deviation=self._refresh_deviation(self._refresh_squares_of_few()),
            sums=self._refresh_sums(part),
        )

    def _refresh_sums(self, part):
        """Sums of the purchases of a customer, and the days of purchase in order."""
        days = self._refresh_days()
        return SQL(
            """
            SELECT partner_id, company_id,
                   min(day) FILTER (WHERE is_purchase) AS first,
                   max(day) FILTER (WHERE is_purchase) AS last,
                   array_agg(DISTINCT day) FILTER (WHERE is_purchase) AS days,
                   count(*) FILTER (WHERE is_purchase) AS count,
                   sum(amount) AS revenue,
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
            channel=self._refresh_most_frequent(
                "channel", dict(enumerate(self._refresh_channels()))
            ),
            weekday=self._refresh_most_frequent(
                "weekday", {day: str(day) for day in range(1, 8)}
            ),
            purchases=self._refresh_purchases(days, part),
        )

    def _refresh_trend(self, days):
        """Revenue by calendar month; months without a purchase are left out.

        Put together as text: functions that build JSON take several times as long.
        """
        unit = self._refresh_unit()
        months = []
        for number, back in enumerate(reversed(range(MONTHS)), 1):
            name = self._refresh_by_company(
                days, lambda day, b=back: f'"{month_before(day, b):%Y-%m}": '
            )
            months.append(
                SQL(
                    "%s || sum(amount) FILTER (WHERE month = %s) * %s",
                    name,
                    number,
                    unit,
                )
            )
        return SQL(
            "NULLIF('{' || concat_ws(', ', %s) || '}', '{}')::jsonb",
            SQL(", ").join(months),
        )

    def _refresh_unit(self):
        """What one of the smallest unit is worth, as a number without rounding."""
        return SQL(
            "%s::numeric",
            self._refresh_by_company(
                self._refresh_decimals(), lambda decimals: format(10**-decimals, ".10g")
            ),
        )

    def _refresh_most_frequent(self, column, values):
        """The value with the most purchases, the first of equals.

        Counting each value in turn is several times as fast as ``mode()``, which
        sorts the rows of each group.

        :param dict values: what is told of each value of the column
        """
        counts = [
            SQL("count(*) FILTER (WHERE %s = %s)", SQL.identifier(column), value)
            for value in values
        ]
        most = SQL("greatest(%s)", SQL(", ").join(counts))
        cases = [
            SQL("WHEN %s = %s THEN %s", count, most, name)
            for count, name in zip(counts, values.values(), strict=True)
        ]
        return SQL("CASE WHEN %s > 0 THEN CASE %s END END", most, SQL(" ").join(cases))

    def _refresh_deviation(self, squares):
        """The standard deviation of the days between purchases, from whole numbers:
        ``stddev()`` of the rows takes a multiple of the time.

        :param SQL squares: the sum of the squares of the days between purchases
        :return: expression of ``first``, ``last`` and ``gaps``, at least two
        :rtype: SQL
        """
        return SQL(
            """
            round(sqrt(
                (gaps * (%s) - (last - first)::bigint ^ 2)::float8 / (gaps * (gaps - 1))
            )::numeric, 2)
            """,
            squares,
        )

    def _refresh_squares_of_few(self):
        return SQL(" + ").join(
            SQL(
                "COALESCE((days[%(n)s] - days[%(n)s - 1])::bigint"
                " * (days[%(n)s] - days[%(n)s - 1]), 0)",
                n=number,
            )
            for number in range(2, FEW + 2)
        )

    def _refresh_deviation_of_many(self):
        """The deviation of the row ``b``; it has its ``days`` only where they are many.

        :rtype: SQL
        """
        squares = SQL("sum((later - earlier)::bigint * (later - earlier))")
        return SQL(
            """
            CASE WHEN b.days IS NULL THEN b.deviation ELSE (
                SELECT %s
                  FROM (
                    SELECT cardinality(b.days) - 1 AS gaps, %s AS squares,
                           b.first, b.last
                      FROM unnest(b.days[2:], b.days) pair(later, earlier)
                  ) gap
            ) END
            """,
            self._refresh_deviation(SQL("squares")),
            squares,
        )

    # ------------------------------------------------------------------
    # What they like best
    # ------------------------------------------------------------------

    def _refresh_favourites(self, part):
        """The product and the category that earned most, and what each category earned.

        The greatest amount comes with its id in one array, of equal ones the lowest
        id; sorting the rows of each customer would take several times as long.

        :param SQL part: condition on the facts
        """
        return SQL(
            """
            SELECT partner_id, company_id,
                   -(max(best))[2]::int AS product_id,
                   -(max(ARRAY[amount, -category_id]) FILTER (
                       WHERE category_id IS NOT NULL
                   ))[2]::int AS category_id,
                   array_agg(category_id) AS categories,
                   array_agg(amount) AS amounts,
                   sum(amount) AS total
              FROM (
                SELECT partner_id, company_id, category_id,
                       sum(amount)::bigint AS amount,
                       max(ARRAY[amount, -product_id]) AS best
                  FROM (
                    SELECT partner_id, company_id, category_id, product_id,
                           sum(amount)::bigint AS amount
                      FROM crm_suite_metric_fact
                     WHERE product_id IS NOT NULL AND %s
                  GROUP BY partner_id, company_id, category_id, product_id
                    HAVING sum(amount) > 0
                  ) item
              GROUP BY partner_id, company_id, category_id
              ) category
          GROUP BY partner_id, company_id
            """,
            part,
        )

    def _refresh_shares(self):
        """The categories with their shares, of the row ``b``, with what
        :meth:`_refresh_whole` gives for the first one.

        :rtype: SQL
        """
        return SQL(
            """
            CASE WHEN cardinality(b.categories) = 1 THEN b.whole
                 ELSE (
                    SELECT jsonb_object_agg(id, round(amount::numeric / b.total, 4))
                      FROM unnest(b.categories, b.amounts) share(id, amount)
                     WHERE id IS NOT NULL
                 ) END
            """
        )

    def _refresh_whole(self):
        """For each category the shares of who buys nothing else: a text becomes JSON
        once for all of them.

        :rtype: SQL
        """
        return SQL(
            """
            SELECT id, ('{"' || id || '": 1.0000}')::jsonb AS whole
              FROM product_category
            """
        )

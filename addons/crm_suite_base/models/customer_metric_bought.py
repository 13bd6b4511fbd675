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
# So many days of purchase are added up by a sum written out, which takes a tenth of the
# time of a subquery; most customers have no more.
FEW = 8
# Amounts beyond nine trillions are no amounts; their sum would leave the numbers.
LARGEST = 9 * 10**12


def month_before(day, months):
    """The first day of the month so many months before that of ``day``."""
    return day.replace(day=1) - relativedelta(months=months)


def month_starts(day):
    """Where the twelve months of the trend begin and the last ends, as an array."""
    starts = (month_before(day, back) for back in range(MONTHS - 1, -2, -1))
    return f"{{{','.join(map(str, starts))}}}"


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
                SQL("SELECT id, today FROM (%s) c", self._refresh_companies())
            )
        )

    def _refresh_units(self):
        """How many of the smallest unit of its currency make one, for each company.

        :rtype: dict[int, int]
        """
        rows = self.env.execute_query(
            SQL("SELECT id, decimals FROM (%s) c", self._refresh_companies())
        )
        return {company: 10**decimals for company, decimals in rows}

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

        :param SQL facts: union of the sources
        """
        channels = [
            SQL("WHEN %s THEN %s", code, number)
            for number, code in enumerate(self._refresh_channels())
        ]
        return SQL(
            """
            SELECT partner_id, company_id, day, document_id, product_id, category_id,
                   (least(greatest(amount, %(least)s), %(most)s) * %(units)s)::bigint
                       AS amount,
                   (CASE channel %(channels)s END)::smallint AS channel,
                   document_model
              FROM (%(facts)s) fact
             WHERE partner_id IS NOT NULL
            """,
            least=-LARGEST,
            most=LARGEST,
            units=self._refresh_by_company(self._refresh_units(), int),
            channels=SQL(" ").join(channels),
            facts=facts,
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

        What is worth less than nothing (a credit note of its own) lowers the revenue
        and is no purchase; neither is what was taken back altogether.
        """
        return SQL(
            """
            SELECT partner_id, company_id, day, amount, is_purchase,
                   CASE WHEN is_purchase
                        THEN 1 + ((day - DATE '2001-01-01') %% 7 + 7) %% 7
                    END AS weekday,
                   CASE WHEN day >= %(oldest)s
                        THEN width_bucket(day, %(months)s::date[]) END AS month,
                   CASE WHEN is_purchase THEN channel END AS channel
              FROM (
                SELECT partner_id, company_id, min(day) AS day,
                       min(channel) AS channel, sum(amount)::bigint AS amount,
                       sum(amount) > 0 OR sum(amount) = 0 AND min(amount) >= 0
                           AS is_purchase
                  FROM crm_suite_metric_fact
                 WHERE %(part)s
              GROUP BY partner_id, company_id, document_id, document_model
              ) document
            """,
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
                SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY partner_id)
                  FROM crm_suite_metric_fact TABLESAMPLE SYSTEM (2)
                """
            )
        )
        middle = rows[0][0]
        if middle is None:
            return self._refresh_in_one(compose)
        return SQL(
            "%s UNION ALL %s",
            compose(SQL("partner_id <= %s", middle)),
            compose(SQL("partner_id > %s", middle)),
        )

    def _refresh_bought(self, part):
        """Sums, and the days of purchase in order.

        What needs a window or a subquery comes later, see ``_refresh_intervals``: with
        it PostgreSQL would not share the halves among processes.

        :param SQL part: condition on the facts
        """
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
                self._refresh_units(), lambda units: format(1 / units, ".10g")
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

    def _refresh_intervals(self):
        """The days between purchases: how many there are, and their squares summed up.

        :return: columns ``gaps`` and ``squares``, of the row ``b`` with its ``days``
        :rtype: SQL
        """
        few = SQL(" + ").join(
            SQL(
                "COALESCE((b.days[%(n)s] - b.days[%(n)s - 1])::bigint"
                " * (b.days[%(n)s] - b.days[%(n)s - 1]), 0)",
                n=number,
            )
            for number in range(2, FEW + 1)
        )
        return SQL(
            """
            cardinality(b.days) - 1 AS gaps,
            CASE WHEN cardinality(b.days) <= %s THEN %s ELSE (
                SELECT sum((later - earlier)::bigint * (later - earlier))
                  FROM unnest(b.days[2:], b.days) pair(later, earlier)
            ) END AS squares
            """,
            FEW,
            few,
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
                   -(max(ARRAY[amount, -category_id]))[2]::int AS category_id,
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
        """The categories with their shares, of the row ``f`` of favourites; ``w`` is the
        row of the first one in :meth:`_refresh_whole`.

        :rtype: SQL
        """
        return SQL(
            """
            CASE WHEN cardinality(f.categories) = 1 THEN w.whole
                 ELSE (
                    SELECT jsonb_object_agg(id, round(amount::numeric / f.total, 4))
                      FROM unnest(f.categories, f.amounts) share(id, amount)
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

from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from .import_common import ImportHelpers
from .shared_data import shared_data

CENT = Decimal("0.01")


@tagged("-standard", "crm_suite_cdnow", "post_install", "-at_install")
class TestFiguresCdnow(ImportHelpers, TransactionCase):
    """The purchases of 23,570 customers of a record shop, through the import, beside a
    plain computation over the raw file. Takes a minute or two: run it by its tag.
    """

    def test_all_customers(self):
        path = shared_data("cdnow", "CDNOW_master.txt")
        expected = self._compute(path.read_text())
        self.assertEqual(len(expected), 23_570)
        batch = self._batch(
            path.read_bytes(), target="purchase", file_name="CDNOW_master.txt"
        )
        self._map(batch, "partner_id/ref", "date", "quantity", "amount")
        batch.action_run()
        self._work(batch)
        self.assertEqual(batch.created_count, 69_659, batch.state)
        self.env["crm.suite.customer.metric"]._refresh()
        found = self._read(set(expected))
        self.assertEqual(len(found), len(expected))
        wrong = {
            ref: (found[ref], row) for ref, row in expected.items() if found[ref] != row
        }
        self.assertFalse(dict(list(wrong.items())[:3]), f"{len(wrong)} differ")

    def _compute(self, text):
        """Number, revenue, first and last day and mean interval by customer."""
        days, revenue = defaultdict(list), defaultdict(Decimal)
        for line in text.splitlines()[1:]:
            if not line.strip():
                continue
            customer, day, _discs, amount = line.split()
            days[customer].append(date.fromisoformat(day))
            revenue[customer] += Decimal(amount)
        return {
            customer: (
                len(found),
                revenue[customer],
                min(found),
                max(found),
                self._mean_interval(sorted(set(found))),
            )
            for customer, found in days.items()
        }

    def _mean_interval(self, days):
        if len(days) < 2:
            return None
        mean = Decimal((days[-1] - days[0]).days) / (len(days) - 1)
        return mean.quantize(CENT, rounding=ROUND_HALF_UP)

    def _read(self, refs):
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT p.ref, m.purchase_count, m.revenue::text, m.first_purchase,
                       m.last_purchase, m.interval_mean::text
                  FROM crm_suite_customer_metric m
                  JOIN res_partner p ON p.id = m.partner_id
                 WHERE p.ref = ANY(%s)
                """,
                list(refs),
            )
        )
        return {
            row["ref"]: (
                row["purchase_count"],
                Decimal(row["revenue"]),
                row["first_purchase"],
                row["last_purchase"],
                Decimal(row["interval_mean"]) if row["interval_mean"] else None,
            )
            for row in rows
        }

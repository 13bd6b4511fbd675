from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from .import_common import ImportHelpers
from .shared_data import shared_data

CENT = Decimal("0.01")


# What an import of purchases writes, apart from its own journal.
TABLES = (
    "res_partner",
    "crm_suite_purchase",
    "crm_suite_customer_metric",
    "mail_message",
    "mail_followers",
)


@tagged("post_install", "-at_install")
class TestFiguresCdnow(ImportHelpers, TransactionCase):
    """The purchases of 23,570 customers of a record shop, through the import, beside a
    plain computation over the raw file; then undone.
    """

    def test_all_customers(self):
        path = shared_data("cdnow", "CDNOW_master.txt")
        expected = self._compute(path.read_text())
        self.assertEqual(len(expected), 23_570)
        before = self._trace()
        batch = self._batch(
            path.read_bytes(), target="purchase", file_name="CDNOW_master.txt"
        )
        self._map(batch, "partner_id/ref", "date", "quantity", "amount")
        batch.action_run()
        self._work(batch)
        self.assertEqual(batch.created_count, 69_659, batch.state)
        brought = self._trace()["crm_suite_purchase"][0]
        self.assertEqual(brought - before["crm_suite_purchase"][0], 69_659)
        self.assertEqual(
            self._revenue(),
            before["revenue"] + sum(row[1] for row in expected.values()),
        )
        self.env["crm.suite.customer.metric"]._refresh()
        found = self._read(set(expected))
        self.assertEqual(len(found), len(expected))
        wrong = {
            ref: (found[ref], row) for ref, row in expected.items() if found[ref] != row
        }
        self.assertFalse(dict(list(wrong.items())[:3]), f"{len(wrong)} differ")
        self._undo(batch)
        self.env["crm.suite.customer.metric"]._refresh()
        self.assertEqual(self._trace(), before)

    def _undo(self, batch):
        """So many rows are undone by the scheduled action."""
        undo = self.env["crm.suite.operation"].browse(
            batch.action_undo()["operation_id"]
        )
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["crm.suite.operation"]._cron_undo()
        self.env.invalidate_all()
        self.assertEqual((undo.state, undo.kept_count), ("done", 0))

    def _trace(self):
        """Number of rows and sum of their ids by table, and the revenue."""
        self.env.flush_all()
        found = {
            table: self.env.execute_query(
                SQL("SELECT count(*), sum(id) FROM %s", SQL.identifier(table))
            )[0]
            for table in TABLES
        }
        return {**found, "revenue": self._revenue()}

    def _revenue(self):
        [[total]] = self.env.execute_query(
            SQL("SELECT coalesce(sum(amount), 0)::text FROM crm_suite_purchase")
        )
        return Decimal(total)

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

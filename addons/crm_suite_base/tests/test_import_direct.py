from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import import_load_ahead
from ..tools.tabular import csv_source
from .import_common import ImportCommon

PAGE = 4
# Twelve lines: the third says the same as the first, the last as the seventh; the
# fifth is of nobody that we know, the ninth has no such day.
LINES = (
    ("P1", "2026-01-01", "10.5"),
    ("P2", "2026-01-02", "20"),
    ("P1", "2026-01-01", "10.5"),
    ("P1", "2026-01-04", "-3.25"),
    ("New", "2026-01-05", "7"),
    ("P2", "2026-01-06", "1"),
    ("P1", "2026-01-07", "2"),
    ("P2", "2026-01-08", "3"),
    ("P1", "31.02.2026", "4"),
    ("P2", "2026-01-10", "5"),
    ("P1", "2026-01-11", "6"),
    ("P1", "2026-01-07", "2"),
)
FILE = "客户编号,日期,金额\n" + "".join(",".join(line) + "\n" for line in LINES)
TOTAL = 63.75
DONE = {"created": 11, "rejected": 1}


@tagged("post_install", "-at_install")
class TestImportDirect(ImportCommon):
    """Lines that become records while the file is read."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(import_load_ahead, "PAGE", PAGE))
        self.customers = self._customer(name="甲", ref="P1")
        self.customers |= self._customer(name="乙", ref="P2")
        self.purchases = self.env["crm.suite.purchase"]
        # The demo company has a history of its own.
        self.purchases.sudo().search([]).unlink()

    def _run(self, text=FILE):
        with self._large():
            batch = self._batch(text, target="purchase")
            batch.action_run()
        return batch

    def _values(self):
        names = ["partner_id", "date", "quantity", "amount", "currency_id"]
        names += ["company_id", "import_key", "product_id", "reference"]
        lines = self.purchases.search([], order="date, import_key")
        return [
            {name: line[name] for name in names}
            for line in lines.filtered(lambda line: line.partner_id.ref != "New")
        ]

    def assertDone(self, batch):
        self.assertCounts(batch.progress(), **DONE)
        self.assertEqual(len(self.purchases.search([])), DONE["created"])
        self.assertAlmostEqual(sum(self.purchases.search([]).mapped("amount")), TOTAL)

    def test_records_are_there_before_the_file_is_read(self):
        batch = self._run()
        memory = {}
        batch._as_worker()._step(memory)
        self.assertEqual((batch.phase, batch.loaded), ("load", PAGE))
        answer = batch.progress()
        self.assertCounts(answer, created=3, pending=1)
        self.assertGreater(answer["percent"], 0)
        while batch._as_worker()._step(memory):
            continue
        self.assertDone(batch)
        self.assertEqual(batch.operation_id.created_count, DONE["created"] + 1)
        batch.action_undo()
        self.assertFalse(self.purchases.search([]))

    def test_same_values_by_either_way(self):
        """Once out of the table of rows, once out of the file."""
        batch = self._batch(FILE, target="purchase")
        batch.action_dry_run()
        batch.action_run()
        self.assertDone(batch)
        checked = self._values()
        batch.action_undo()
        batch = self._run()
        self._work(batch)
        self.assertDone(batch)
        self.assertEqual(self._values(), checked)
        _batch, answer = self._import(FILE, target="purchase")
        self.assertCounts(answer, unchanged=11, rejected=1)

    def test_cancelled_in_the_middle_goes_on(self):
        batch = self._run()
        batch._as_worker()._step({})
        self.assertEqual(batch.action_cancel()["state"], "cancelled")
        self.assertEqual(len(self.purchases.search([])), 3)
        batch.action_run()
        self._work(batch)
        self.assertDone(batch)
        batch.action_undo()
        self.assertFalse(self.purchases.search([]), "both parts of the run are undone")

    def test_another_worker_takes_over(self):
        """It knows which lines were there from the table of rows."""
        batch = self._run()
        while batch.phase == "load":
            batch._as_worker()._step({})
        self._work(batch)
        self.assertDone(batch)
        keys = self.purchases.search([]).mapped("import_key")
        self.assertEqual(len([key for key in keys if key.endswith(":1")]), 2)

    def test_pages_are_read_ahead(self):
        """What is beside is never lost, twice there or read from the database."""
        ahead = import_load_ahead.Ahead
        with patch.object(import_load_ahead, "Ahead", side_effect=ahead) as begun:
            batch = self._run()
            self._work(batch)
        self.assertEqual(begun.call_count, 3)
        self.assertDone(batch)

    def test_error_of_the_page_ahead_comes_in_its_turn(self):
        batch, memory = self._run(), {}
        batch._as_worker()._step(memory)
        memory["ahead"].take()

        def fail():
            raise ValueError("beside")

        memory["ahead"] = import_load_ahead.Ahead(fail)
        with self.assertRaisesRegex(ValueError, "beside"):
            batch._as_worker()._step(memory)
        self.assertEqual(batch.loaded, PAGE, "the page before stays")
        # Whoever goes on reads from there.
        self._work(batch)
        self.assertDone(batch)

    def test_lines_that_are_known(self):
        """The index tells the first of them; the others are looked up."""
        self._work(self._run("".join(FILE.splitlines(keepends=True)[:7])))
        self.assertEqual(len(self.purchases.search([])), 6)
        batch = self._run()
        with mute_logger("odoo.sql_db"):
            self._work(batch)
        self.assertCounts(batch.progress(), created=5, unchanged=6, rejected=1)
        self.assertAlmostEqual(sum(self.purchases.search([]).mapped("amount")), TOTAL)

    def test_what_is_changed_since_is_kept(self):
        batch = self._run()
        self._work(batch)
        line = self.purchases.search([("amount", "=", 6)])
        line.amount = 60
        answer = batch.action_undo()
        self.assertEqual(self.purchases.search([]), line)
        self.assertEqual([kept["res_id"] for kept in answer["kept"]], [line.id])

    def test_calls_are_undone(self):
        """A moment is journalled as it is stored."""
        text = (
            "客户编号,时间,内容\nP1,2026-03-05 14:30,看样品\nP2,2026-03-06 09:00,价格\n"
        )
        with self._large():
            batch = self._batch(text, target="interaction")
            batch.action_run()
        batch._as_worker()._step({})
        calls = self.env["crm.suite.call"].search(
            [("partner_id", "in", self.customers.ids)]
        )
        self.assertEqual(len(calls), 2)
        self._work(batch)
        answer = batch.action_undo()
        self.assertFalse(answer["kept"])
        self.assertFalse(calls.exists())

    @mute_logger("odoo.addons.crm_suite_base.models.import_work")
    def test_file_that_breaks_off_leaves_nothing(self):
        text = FILE + "P1,2026-02-01," + "9" * 99 + "\n"
        batch = self._run(text)
        with patch.object(csv_source, "_MAX_LINE", 90):
            with self.assertRaisesRegex(UserError, "Line 14 "):
                batch._as_worker()._step({})
        self.assertFalse(self.purchases.search([]))

    def test_rows_go_with_their_batch(self):
        batch = self._run()
        self._work(batch)
        rows, operation = batch.row_ids, batch.operation_id.sudo()
        changes = self.env["crm.suite.operation.change"].sudo()
        changes = changes.search([("operation_id", "=", operation.id)])
        self.assertTrue(rows and changes)
        batch.sudo().unlink()
        self.assertFalse(rows.exists())
        operation.unlink()
        self.assertFalse(changes.exists())

    def test_company_and_currency_of_lines_stay(self):
        self._work(self._run())
        company = self.env.company.sudo()
        with self.assertRaisesRegex(UserError, "11 records"):
            company.unlink()
        with self.assertRaisesRegex(UserError, "11 records"):
            company.currency_id.unlink()

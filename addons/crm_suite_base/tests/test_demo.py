from datetime import timedelta

from stdnum.cn import uscc

from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..demo.demo_data_work import FILE_NAME


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demo company looks like a real one, on the day it was made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["crm.suite.demo"]._demo_customers()

    def setUp(self):
        super().setUp()
        if not self.customers:
            self.skipTest("This database has no demo data.")

    def test_customers_of_many_kinds(self):
        self.assertGreaterEqual(len(self.customers), 60)
        chinese = self.customers.filtered(lambda c: c.country_id.code == "CN")
        self.assertGreater(len(chinese), 30)
        self.assertGreater(len(self.customers - chinese), 20)
        self.assertIn(False, self.customers.mapped("is_company"))
        stages = self.env["crm.suite.lifecycle.stage"].search([])
        self.assertEqual(self.customers.crm_suite_lifecycle_id, stages)
        for company in chinese.filtered("is_company"):
            self.assertTrue(uscc.is_valid(company.vat), company.name)

    def test_subsidiaries_keep_their_own_address(self):
        subsidiary = self.env.ref("crm_suite_base.customer_nordvik_de_demo")
        self.assertEqual(subsidiary.city, "Kiel")
        self.assertEqual(subsidiary.commercial_partner_id, subsidiary)

    def test_two_years_of_orders_and_none_from_tomorrow(self):
        orders = self.env["sale.order"].search(
            [("partner_id", "in", self.customers.ids)], order="date_order"
        )
        self.assertGreater(len(orders), 120)
        span = orders[-1].date_order - orders[0].date_order
        self.assertGreater(span, timedelta(days=600))
        self.assertLessEqual(orders[-1].date_order, fields.Datetime.now())
        self.assertEqual(set(orders.mapped("state")), {"draft", "sent", "sale"})

    def test_money_is_open_paid_and_overdue(self):
        if not self.env.ref("base.main_company").chart_template:
            self.skipTest("The company has no chart of accounts.")
        invoices = self.env["account.move"].search(
            [
                ("commercial_partner_id", "in", self.customers.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
            ]
        )
        self.assertLessEqual(
            {"paid", "not_paid"}, set(invoices.mapped("payment_state"))
        )
        today = fields.Date.context_today(self.customers)
        overdue = invoices.filtered(
            lambda move: move.amount_residual and move.invoice_date_due < today
        )
        self.assertTrue(overdue)
        self.assertLess(len(overdue), len(invoices) / 5)

    def test_goods_have_left_and_are_on_their_way(self):
        deliveries = self.env["stock.picking"].search(
            [
                ("partner_id", "child_of", self.customers.ids),
                ("picking_type_code", "=", "outgoing"),
            ]
        )
        done = deliveries.filtered(lambda picking: picking.state == "done")
        self.assertGreater(len(done), 50)
        self.assertTrue(deliveries - done)
        self.assertGreater(
            max(done.mapped("date_done")) - min(done.mapped("date_done")),
            timedelta(days=500),
        )

    def test_calls_were_made_and_received(self):
        calls = self.env["crm.suite.call"].search(
            [("partner_id", "child_of", self.customers.ids)]
        )
        self.assertGreater(len(calls), 30)
        self.assertEqual(set(calls.mapped("direction")), {"in", "out"})
        self.assertLessEqual(max(calls.mapped("date")), fields.Datetime.now())

    def test_meetings_were_held_and_are_planned(self):
        people = self.customers | self.customers.child_ids
        meetings = self.env["calendar.event"].search(
            [("partner_ids", "in", people.ids)]
        )
        now = fields.Datetime.now()
        past = meetings.filtered(lambda meeting: meeting.start < now)
        self.assertGreater(len(past), 20)
        self.assertTrue(meetings - past)

    def test_building_again_changes_nothing(self):
        builder = self.env["crm.suite.demo"]
        self.assertFalse(builder._build_demo())
        self.assertFalse(builder._build_data_work())

    def test_an_import_shows_its_refused_row(self):
        batch = self._fair()
        counts = (batch.read_count, batch.created_count, batch.rejected_count)
        self.assertEqual((batch.state, *counts), ("done", 6, 5, 1))
        refused = batch.row_ids.filtered(lambda row: row.state == "rejected")
        self.assertIn("xinyue.example", refused.message)

    def test_every_kind_of_work_with_many_records_is_there(self):
        """And each was done by somebody who may undo it."""
        imported = self._fair().row_ids.filtered("res_id").mapped("res_id")
        changes = self.env["crm.suite.operation.change"].search(
            [("model", "=", "res.partner"), ("res_id", "in", imported)]
        )
        operations = changes.operation_id
        kinds = set(operations.mapped("kind"))
        self.assertLessEqual({"import", "mass_edit", "reassign"}, kinds)
        for operation in operations:
            with self.subTest(operation=operation.name):
                self.assertEqual(operation.state, "done")
                self.assertTrue(operation.with_user(operation.user_id).can_undo)
        people = self.env["res.partner"].browse(imported)
        self.assertEqual(len(people.user_id), 1)

    def test_an_export_was_written_down(self):
        exports = self.env["crm.suite.export"].search(
            [("origin", "=", "suite"), ("state", "=", "done")]
        )
        self.assertIn(5, exports.mapped("row_count"))

    def _fair(self):
        return self.env["crm.suite.import.batch"].search(
            [("file_name", "=", FILE_NAME)]
        )

    def test_no_mail_left_the_building(self):
        people = self.customers | self.customers.child_ids
        self.assertFalse(
            self.env["mail.mail"].search_count(
                [("recipient_ids", "in", people.ids)], limit=1
            )
        )

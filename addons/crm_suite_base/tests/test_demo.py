from datetime import timedelta

from stdnum.cn import uscc

from odoo import fields
from odoo.tests import TransactionCase, tagged


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

    def test_building_again_changes_nothing(self):
        self.assertFalse(self.env["crm.suite.demo"]._build_demo())

    def test_no_mail_left_the_building(self):
        people = self.customers | self.customers.child_ids
        self.assertFalse(
            self.env["mail.mail"].search_count(
                [("recipient_ids", "in", people.ids)], limit=1
            )
        )

import runpy
from datetime import datetime, time, timedelta
from itertools import pairwise
from statistics import mean, stdev

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import file_path

from .test_figures import FiguresCase


@tagged("-at_install", "post_install")
class TestFiguresEdges(FiguresCase):
    """What came back, was credited, is paid in other money or sold by others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.category = cls.env["product.category"].create({"name": "Chairs"})
        cls.chair = cls.env["product.product"].create(
            {
                "name": "Chair",
                "type": "consu",
                "invoice_policy": "order",
                "categ_id": cls.category.id,
                "taxes_id": [Command.clear()],
            }
        )
        # Accounts and a journal, where the database has no chart of accounts.
        cls._create_invoice(cls._create_customer(name="Accounts"))
        cls.other_currency = cls.env["res.currency"].create(
            {
                "name": "XTS",
                "symbol": "x",
                "rate_ids": [
                    Command.create({"rate": 4, "name": "2020-01-01"}),
                    Command.create({"rate": 5, "name": cls.today - timedelta(days=30)}),
                ],
            }
        )

    def chairs(self, quantity=10, price=20.0, days_ago=10, **values):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.chair.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                        }
                    )
                ],
                **values,
            }
        )
        order.action_confirm()
        order.date_order = fields.Datetime.now() - timedelta(days=days_ago)
        return order

    def deliver(self, order):
        picking = order.picking_ids.filtered(
            lambda p: p.state not in ("done", "cancel")
        )
        for move in picking.move_ids:
            move.quantity = move.product_uom_qty
            move.picked = True
        picking._action_done()
        return picking

    def send_back(self, picking, quantity, refund=True):
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=picking.id, active_model="stock.picking")
            .create({"picking_id": picking.id})
        )
        wizard.product_return_moves.quantity = quantity
        wizard.product_return_moves.to_refund = refund
        back = wizard._create_return()
        back.move_ids.quantity = quantity
        back.move_ids.picked = True
        back._action_done()
        return back

    def invoice(self, order):
        income = self.env["account.account"].search(
            [("account_type", "=", "income")], limit=1
        )
        self.chair.property_account_income_id = income
        receivable = self.env["account.account"].search(
            [("account_type", "=", "asset_receivable")], limit=1
        )
        self.customer.property_account_receivable_id = receivable
        invoice = order._create_invoices()
        invoice.invoice_date = self.today - timedelta(days=5)
        invoice.action_post()
        return invoice

    def credit(self, invoice, quantity=None):
        refund = invoice._reverse_moves(
            [{"invoice_date": invoice.invoice_date + timedelta(days=1)}]
        )
        if quantity:
            refund.invoice_line_ids.quantity = quantity
        refund.action_post()
        return refund

    def assertWorth(self, count, revenue):
        row = self.figures()
        self.assertEqual((row.purchase_count, row.revenue), (count, revenue))

    # === WHAT CAME BACK === #

    def test_part_of_the_goods_comes_back(self):
        order = self.chairs()
        self.send_back(self.deliver(order), 3)
        self.assertWorth(1, 140)
        self.assertEqual(self.facts().quantity, 7)

    def test_wholly_returned_order_is_no_purchase(self):
        order = self.chairs()
        self.send_back(self.deliver(order), 10)
        self.assertFalse(self.facts())
        row = self.figures()
        self.assertEqual((row.purchase_count, row.revenue), (0, 0))

    def test_goods_back_and_credit_note_are_one_loss(self):
        order = self.chairs()
        picking = self.deliver(order)
        invoice = self.invoice(order)
        self.send_back(picking, 4)
        self.credit(invoice, 4)
        self.assertWorth(1, 120)

    def test_exchange_is_no_loss(self):
        order = self.chairs()
        picking = self.deliver(order)
        self.send_back(picking, 2)
        again = picking.move_ids[0].copy(
            {"sale_line_id": order.order_line.id, "product_uom_qty": 2}
        )
        again._action_confirm()
        again.quantity = 2
        again.picked = True
        again._action_done()
        self.assertEqual(order.order_line.qty_delivered, 10)
        self.assertWorth(1, 200)

    def test_return_that_is_not_refunded_is_no_loss(self):
        order = self.chairs()
        self.send_back(self.deliver(order), 2, refund=False)
        self.assertWorth(1, 200)

    # === WHAT WAS CREDITED === #

    def test_credit_note_alone(self):
        invoice = self.invoice(self.chairs())
        self.credit(invoice, 1)
        self.assertWorth(1, 180)

    def with_discount(self):
        """An order of 1000, of which the host's window takes off a tenth."""
        order = self.chairs(quantity=10, price=100)
        self.env["sale.order.discount"].create(
            {
                "sale_order_id": order.id,
                "discount_type": "so_discount",
                "discount_percentage": 0.1,
            }
        ).action_apply_discount()
        self.assertEqual(order.amount_untaxed, 900)
        return order

    def test_discount_of_the_order_is_credited_with_it(self):
        order = self.with_discount()
        self.deliver(order)
        self.credit(self.invoice(order))
        self.assertWorth(0, 0)
        self.assertFalse(self.facts())

    def test_credited_discounts_from_before_an_upgrade(self):
        self.credit(self.invoice(self.with_discount()))
        self.env.flush_all()
        dirty = self.env["crm.suite.metric.dirty"]
        dirty.search([]).unlink()
        path = "crm_suite_base/migrations/19.0.1.4.0/post-figures.py"
        runpy.run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.2.0")
        self.assertIn(self.customer.id, dirty.search([]).mapped("partner_id"))

    def test_half_of_an_order_with_a_discount_is_credited(self):
        refund = self.invoice(self.with_discount())._reverse_moves(
            [{"invoice_date": self.today}]
        )
        for line in refund.invoice_line_ids:
            line.price_unit /= 2
        refund.action_post()
        self.assertWorth(1, 450)

    def test_discount_that_is_credited_and_invoiced_again(self):
        order = self.with_discount()
        self.credit(self.invoice(order))
        order.order_line.invalidate_recordset()
        self.invoice(order)
        self.assertWorth(1, 900)

    def test_discount_credited_in_other_money(self):
        order = self.with_discount()
        refund = self.invoice(order)._reverse_moves([{"invoice_date": self.today}])
        refund.currency_id = self.other_currency
        refund.action_post()
        lines = refund.invoice_line_ids
        self.assertEqual(set(lines.currency_id), {self.other_currency})
        self.assertWorth(1, 900 + sum(lines.mapped("balance")) * -1)

    def test_invoice_that_is_credited_and_made_again(self):
        order = self.chairs()
        self.credit(self.invoice(order))
        self.assertWorth(0, 0)
        order.order_line.invalidate_recordset()
        self.invoice(order)
        self.assertWorth(1, 200)

    def test_invoice_of_an_order_is_the_same_purchase(self):
        invoice = self.invoice(self.chairs())
        self.assertEqual(invoice.payment_state, "not_paid")
        self.assertWorth(1, 200)

    def test_freight_added_to_the_invoice_belongs_to_the_order(self):
        order = self.chairs()
        invoice = self.invoice(order)
        invoice.button_draft()
        invoice.invoice_line_ids = [
            Command.create(
                {
                    "name": "Freight",
                    "quantity": 1,
                    "price_unit": 15,
                    "account_id": invoice.invoice_line_ids.account_id[:1].id,
                    "tax_ids": [Command.clear()],
                }
            )
        ]
        invoice.action_post()
        self.assertWorth(1, 215)
        self.assertEqual(set(self.facts().mapped("document_model")), {"sale.order"})

    def test_invoice_without_order_and_its_credit_note(self):
        invoice = self._create_invoice(
            self.customer, 300, invoice_date=self.today - timedelta(days=40)
        )
        self.assertWorth(1, 300)
        refund = invoice._reverse_moves([{"invoice_date": self.today}])
        refund.invoice_line_ids.price_unit = 100
        refund.action_post()
        self.assertWorth(1, 200)
        self.assertEqual(set(self.facts().mapped("day")), {invoice.invoice_date})
        second = invoice._reverse_moves([{"invoice_date": self.today}])
        second.invoice_line_ids.price_unit = 200
        second.action_post()
        self.assertWorth(0, 0)

    def test_down_payments_are_not_counted_beside_the_order(self):
        order = self.chairs()
        self.env["sale.order.line"].create(
            {
                "order_id": order.id,
                "name": "Down payment",
                "is_downpayment": True,
                "product_uom_qty": 0,
                "price_unit": 50,
            }
        )
        self.assertWorth(1, 200)

    # === OTHER MONEY, OTHER COMPANIES === #

    def test_order_at_the_rate_of_its_day(self):
        pricelist = self.env["product.pricelist"].create(
            {"name": "X", "currency_id": self.other_currency.id}
        )
        self.chairs(pricelist_id=pricelist.id, days_ago=0)
        self.assertWorth(1, 40)
        self.other_currency.rate_ids.filtered(
            lambda rate: rate.rate == 5
        ).company_rate = 50
        self.assertWorth(1, 40)

    def test_earlier_purchase_at_the_rate_of_its_day(self):
        currency = {"currency_id": self.other_currency.id}
        self.purchase(10, 100, **currency)
        self.purchase(60, 100, **currency)
        self.purchase(9000, 100, **currency)
        self.assertWorth(3, 70)
        for fact, record in zip(
            self.facts(),
            self.env["crm.suite.purchase"].search(
                [("partner_id", "=", self.customer.id)], order="date"
            ),
            strict=True,
        ):
            right = self.other_currency._convert(
                record.amount, self.env.company.currency_id, date=record.date
            )
            self.assertEqual(fact.amount, right)

    def test_rows_of_each_company(self):
        company = self._other_company()
        company.currency_id = self.other_currency
        self.purchase(10, 100)
        self.purchase(20, 40, company_id=company.id, currency_id=self.other_currency.id)
        self.metrics._refresh([self.customer.id])
        mine, other = self.row(), self.row(company=company)
        self.assertEqual((mine.revenue, other.revenue), (100, 40))
        self.assertEqual(other.currency_id, self.other_currency)
        rows = self.metrics.with_user(self.agent).search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(rows, mine, "the agent does not work for the other company")
        partner = self.customer.with_company(company).with_context(
            allowed_company_ids=company.ids
        )
        self.assertEqual(partner.crm_suite_revenue, 40)

    def test_day_by_the_clock_of_the_company(self):
        order = self.chairs()
        order.date_order = "2026-03-31 17:00:00"
        self.assertEqual(str(self.facts().day), "2026-04-01")
        self.env.company.partner_id.tz = "America/New_York"
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(str(self.facts().day), "2026-03-31")

    # === SMALLER THINGS === #

    def test_lines_with_one_number_are_one_purchase(self):
        for amount in (10, 20):
            self.purchase(10, amount, reference="S1", source="Shop")
        self.purchase(10, 30, reference="S1", source="Fair")
        self.purchase(10, 40)
        self.assertWorth(3, 100)

    def test_free_purchase_counts_and_loss_does_not(self):
        self.purchase(10, 0)
        self.purchase(5, -20)
        row = self.figures()
        self.assertEqual((row.purchase_count, row.revenue), (1, -20))
        self.assertEqual(row.last_purchase, self.today - timedelta(days=10))

    def test_two_purchases_of_a_day_are_no_interval(self):
        for days_ago in (30, 30, 20, 10):
            self.purchase(days_ago)
        row = self.figures()
        self.assertEqual((row.interval_mean, row.interval_deviation), (10, 0))
        self.assertEqual(row.expected_next_purchase, self.today)

    def test_spread_of_few_and_of_many_intervals(self):
        """Up to seven intervals are added up in another way than more of them."""
        days = [0]
        for number in range(12):
            self.purchase(days[-1])
            gaps = [later - earlier for earlier, later in pairwise(days)]
            if len(gaps) >= 2:
                row = self.figures()
                self.assertAlmostEqual(row.interval_mean, mean(gaps), 2)
                self.assertAlmostEqual(row.interval_deviation, stdev(gaps), 2)
            days.append(days[-1] + 3 + number * 7 % 5)
        self.assertNotIn(
            self.customer.id, self.metrics._refresh(), "all at once give something else"
        )

    def test_preferences(self):
        self.chairs(days_ago=10)
        self.order(price=50)
        row = self.figures()
        self.assertEqual(row.preferred_product_id, self.chair)
        self.assertEqual(row.preferred_category_id, self.category)
        self.assertEqual(row.category_shares[str(self.category.id)], 0.8)

    def test_products_without_a_category(self):
        """They earn most and are still no category that anybody prefers."""
        chairs = self.env["product.category"].create({"name": "Chairs"})
        plain, chair = self.env["product.product"].create(
            [{"name": "Plain", "categ_id": False}, {"name": "Chair"}]
        )
        chair.categ_id = chairs
        self.purchase(amount=75, product_id=plain.id)
        self.purchase(amount=25, product_id=chair.id)
        row = self.figures()
        self.assertEqual(row.preferred_category_id, chairs)
        self.assertEqual(row.preferred_product_id, plain)
        self.assertEqual(row.category_shares, {str(chairs.id): 0.25})

    def test_receivable_and_payment(self):
        invoice = self._create_invoice(
            self.customer,
            500,
            invoice_date=self.today - timedelta(days=40),
            invoice_date_due=self.today - timedelta(days=10),
            invoice_payment_term_id=False,
        )
        row = self.figures()
        self.assertEqual((row.receivable_open, row.receivable_overdue), (500, 500))
        self.assertEqual(row.overdue_since, self.today - timedelta(days=10))
        refund = invoice._reverse_moves([{"invoice_date": self.today}])
        refund.action_post()
        row = self.figures()
        self.assertEqual((row.receivable_open, row.receivable_overdue), (0, 0))
        self.assertFalse(row.overdue_since)

    def test_talk_and_plans(self):
        self.env["crm.suite.call"].create(
            {"partner_id": self.customer.id, "kind": "call", "date": "2026-03-01"}
        )
        self.customer.activity_schedule(
            "mail.mail_activity_data_call", self.today + timedelta(days=3)
        )
        row = self.figures()
        self.assertEqual(str(row.last_interaction), "2026-03-01 00:00:00")
        self.assertEqual(row.next_activity, self.today + timedelta(days=3))

    def test_plans_on_deals_and_orders_and_meetings(self):
        def plan(record, days):
            record.activity_schedule(
                "mail.mail_activity_data_call", self.today + timedelta(days=days)
            )
            return self.figures().next_activity - self.today

        deal = self.env["crm.lead"].create(
            {"name": "Chairs", "partner_id": self.person.id}
        )
        self.assertEqual(plan(deal, 9).days, 9)
        self.assertEqual(plan(self._create_order(self.customer), 7).days, 7)
        leader = self.rep.partner_id
        leader.tz = "Asia/Shanghai"
        day = self.today + timedelta(days=5)
        # Early in the morning there, the day before by the clock of the database.
        start = datetime.combine(day, time(2)) - timedelta(hours=8)
        event = self.env["calendar.event"].create(
            {
                "name": "Fair",
                "user_id": self.rep.id,
                "start": start,
                "stop": start + timedelta(hours=1),
                "partner_ids": [Command.set(self.person.ids)],
            }
        )
        self.assertEqual(self.figures().next_activity, day)
        event.write(
            {"allday": True, "start_date": day, "stop_date": day + timedelta(days=1)}
        )
        self.assertEqual(self.figures().next_activity, day)
        event.active = False
        self.assertEqual(self.figures().next_activity, self.today + timedelta(days=7))
        deal.activity_ids.action_feedback()
        self.env["mail.activity"].search([("res_model", "=", "sale.order")]).unlink()
        self.assertFalse(self.figures().next_activity)

    def test_vendors_and_bills_are_left_out(self):
        vendor = self.env["res.partner"].create({"name": "Vendor"})
        self.assertFalse(self.figures(vendor))

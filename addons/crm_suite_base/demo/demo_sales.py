from collections import defaultdict
from datetime import timedelta

from odoo import Command, api, fields, models

# stage: (fewest orders, most orders, days since the first, days since the last)
ORDER_PATTERN = {
    "loyal": (6, 8, 715, 10),
    "repeat": (2, 3, 610, 45),
    "first": (1, 1, 75, 6),
    "at_risk": (4, 5, 690, 190),
    "dormant": (3, 3, 725, 340),
    "won_back": (4, 4, 720, 20),
    "lost": (1, 1, 560, 520),
}
# product: (relative frequency, most pieces in one order)
BASKET = {
    "product_scope_handheld_demo": (8, 4),
    "product_scope_bench_demo": (4, 2),
    "product_power_supply_demo": (7, 6),
    "product_thermal_camera_demo": (4, 2),
    "product_test_chamber_demo": (2, 1),
    "product_distance_sensor_demo": (6, 8),
    "product_data_logger_demo": (6, 4),
    "product_probe_set_demo": (12, 10),
    "product_weight_set_demo": (4, 3),
    "product_filter_pack_demo": (12, 20),
    "product_sensor_cable_demo": (10, 40),
    "product_calibration_demo": (7, 3),
    "product_maintenance_demo": (4, 1),
    "product_training_demo": (3, 2),
}
FOR_PEOPLE = (
    "product_scope_handheld_demo",
    "product_power_supply_demo",
    "product_probe_set_demo",
    "product_sensor_cable_demo",
    "product_calibration_demo",
)
SLOW_PAYERS = (
    "xinghan_chengdu",
    "tuolan",
    "lanjia",
    "lanjia_dg",
    "langyu",
    "boyu",
    "jialan",
    "shuowang",
    "nordvik",
    "straits",
    "luting",
)
DELIVERED_AFTER = 11  # days; younger orders are still under way
INVOICED_AFTER = 5
PAYMENT_TERM = 30


class CrmSuiteDemo(models.AbstractModel):
    _inherit = "crm.suite.demo"

    @api.model
    def _build_sales(self, customers):
        """Quotes, orders, deliveries, invoices and payments of all customers."""
        customers.property_payment_term_id = self.env.ref(
            "account.account_payment_term_30days"
        )
        plan = self._plan_orders(customers)
        orders = self.env["sale.order"].create([row["values"] for row in plan])
        dates = {
            order.id: row["moment"] for order, row in zip(orders, plan, strict=True)
        }
        confirmed = orders.browse(
            [
                order.id
                for order, row in zip(orders, plan, strict=True)
                if row["confirmed"]
            ]
        )
        self._stock_up(confirmed)
        confirmed.action_confirm()
        self._shift(
            "sale.order",
            {
                id_: {"date_order": when, "create_date": when}
                for id_, when in dates.items()
            },
        )
        self._finish_quotes(orders - confirmed)
        self._shift_messages(orders)
        self._deliver(confirmed)
        self._invoice(confirmed)
        return orders

    # === ORDERS ===

    @api.model
    def _plan_orders(self, customers):
        """Return what is ordered and quoted when, oldest first."""
        plan = []
        for customer in customers:
            rng = self._rng(customer, "orders")
            stage = customer.crm_suite_lifecycle_id.code
            for days_ago in self._order_days(stage, rng):
                plan.append(self._plan_order(customer, days_ago, rng, True))
            if stage == "opportunity" or (
                stage in ("loyal", "repeat") and rng.random() < 0.4
            ):
                plan.append(self._plan_order(customer, rng.randint(1, 24), rng, False))
        return sorted(
            plan, key=lambda row: (row["moment"], row["values"]["partner_id"])
        )

    @api.model
    def _order_days(self, stage, rng):
        """Return how many days ago a customer of this stage ordered."""
        if stage not in ORDER_PATTERN:
            return []
        fewest, most, first, last = ORDER_PATTERN[stage]
        count = rng.randint(fewest, most)
        if count == 1:
            return [rng.randint(last, first)]
        if stage == "won_back":
            return [first, first - 95, first - 190, last]
        first -= rng.randint(0, first // 4)
        last += rng.randint(-last // 2, last // 2)
        step = (first - last) / (count - 1)
        wobble = max(int(step * 0.2), 1)
        inner = [
            int(first - step * index) + rng.randint(-wobble, wobble)
            for index in range(1, count - 1)
        ]
        return [first, *inner, last]

    @api.model
    def _plan_order(self, customer, days_ago, rng, confirmed):
        moment = self._moment(self._day(days_ago), rng)
        contacts = customer.child_ids.filtered(lambda child: not child.is_company)
        buyer = contacts[:1] or customer
        return {
            "moment": moment,
            "confirmed": confirmed,
            "values": {
                "partner_id": customer.id,
                "partner_shipping_id": buyer.id,
                "user_id": customer.user_id.id,
                "team_id": customer.crm_suite_team_id.id,
                "date_order": moment,
                "validity_date": moment.date() + timedelta(days=30),
                "commitment_date": moment + timedelta(days=rng.randint(8, 13)),
                "client_order_ref": f"PO-{moment:%y%m}-{rng.randint(100, 999)}",
                "order_line": self._plan_lines(customer, rng),
            },
        }

    @api.model
    def _plan_lines(self, customer, rng):
        names = list(BASKET) if customer.is_company else list(FOR_PEOPLE)
        weights = [BASKET[name][0] for name in names]
        chosen = []
        for name in rng.choices(names, weights, k=rng.randint(1, 4)):
            if name not in chosen:
                chosen.append(name)
        key_account = self.env.ref("crm_suite_base.partner_category_key_demo")
        discount = rng.choice((5, 8)) if key_account in customer.category_id else 0
        return [
            Command.create(
                {
                    "product_id": self.env.ref(f"crm_suite_base.{name}").id,
                    "product_uom_qty": rng.randint(1, BASKET[name][1])
                    if customer.is_company
                    else 1,
                    "discount": discount,
                }
            )
            for name in chosen
        ]

    @api.model
    def _finish_quotes(self, quotes):
        """Most quotes are with the customer, the newest is still being written."""
        sent = quotes.sorted("date_order", reverse=True)[2:]
        sent.write({"state": "sent"})

    # === DELIVERIES ===

    @api.model
    def _stock_up(self, orders):
        """Put on the shelf what the orders need and a little more."""
        needed = defaultdict(float)
        for line in orders.order_line:
            if line.product_id.is_storable:
                needed[line.product_id] += line.product_uom_qty
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        )
        if not warehouse or not needed:
            return
        self.env["stock.quant"].with_context(inventory_mode=True).create(
            [
                {
                    "product_id": product.id,
                    "location_id": warehouse.lot_stock_id.id,
                    "inventory_quantity": quantity + 12,
                }
                for product, quantity in needed.items()
            ]
        ).action_apply_inventory()

    @api.model
    def _deliver(self, orders):
        limit = fields.Datetime.now() - timedelta(days=DELIVERED_AFTER)
        due = orders.filtered(lambda order: order.date_order < limit)
        pickings = due.picking_ids.filtered(lambda picking: picking.state == "assigned")
        pickings.move_ids.picked = True
        pickings._action_done()
        dates, moves = {}, {}
        for picking in orders.picking_ids:
            order = picking.sale_id
            rng = self._rng(order.partner_id, f"delivery {order.client_order_ref}")
            done = self._moment(
                order.date_order.date() + timedelta(days=rng.randint(4, 10)), rng
            )
            if picking in pickings:
                dates[picking.id] = {
                    "create_date": order.date_order,
                    "scheduled_date": order.commitment_date,
                    "date_done": done,
                }
                moves.update({move.id: {"date": done} for move in picking.move_ids})
        self._shift("stock.picking", dates)
        self._shift("stock.move", moves)
        self._shift_messages(orders.picking_ids)

    # === INVOICES AND PAYMENTS ===

    @api.model
    def _invoice(self, orders):
        """Invoice and collect, where the company has a chart of accounts."""
        if not self.env.company.chart_template:
            return
        limit = fields.Datetime.now() - timedelta(days=INVOICED_AFTER)
        due = orders.filtered(lambda order: order.date_order < limit)
        invoices = due._create_invoices(grouped=True)
        today = fields.Date.context_today(self)
        for invoice in invoices:
            order = invoice.line_ids.sale_line_ids.order_id[:1]
            rng = self._rng(order.partner_id, f"invoice {order.client_order_ref}")
            day = order.date_order.date() + timedelta(days=rng.randint(1, 6))
            invoice.invoice_date = min(day, today)
        invoices.sorted(
            lambda invoice: (invoice.invoice_date, invoice.id)
        ).action_post()
        self._shift(
            "account.move",
            {
                invoice.id: {
                    "create_date": fields.Datetime.to_datetime(invoice.invoice_date)
                }
                for invoice in invoices
            },
        )
        self._shift_messages(invoices)
        self._collect(invoices)

    @api.model
    def _collect(self, invoices):
        """Pay what its customer would have paid by now."""
        slow = self.env["res.partner"].union(
            *(
                self.env.ref(f"crm_suite_base.customer_{name}_demo")
                for name in SLOW_PAYERS
            )
        )
        today = fields.Date.context_today(self)
        paid, partly = [], []
        for invoice in invoices:
            rng = self._rng(invoice.commercial_partner_id, f"pay {invoice.ref}")
            late = invoice.commercial_partner_id in slow
            delay = rng.randint(35, 80) if late else rng.randint(-9, 4)
            day = invoice.invoice_date_due + timedelta(days=delay)
            # Paid in one run a week, as an accounts department does.
            day += timedelta(days=3 - day.weekday())
            if invoice.invoice_date <= day <= today:
                paid.append((invoice, day, 1))
            elif late and invoice.invoice_date_due < today and not partly:
                # One slow payer has sent a part of what is overdue.
                partly = [(invoice, invoice.invoice_date_due, 0.6)]
        self._pay(sorted(paid + partly, key=lambda row: (row[1], row[0].id)))

    @api.model
    def _pay(self, paid):
        """Register one payment per invoice; all of them in one go, for speed.

        :param list paid: tuples (invoice, day, share of the amount)
        """
        journal = self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(self.env.company),
                ("type", "=", "bank"),
            ],
            limit=1,
        )
        receivable = [
            invoice.line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
            for invoice, _day, _share in paid
        ]
        payments = self.env["account.payment"].create(
            [
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": invoice.commercial_partner_id.id,
                    "amount": invoice.currency_id.round(invoice.amount_total * share),
                    "currency_id": invoice.currency_id.id,
                    "date": day,
                    "memo": invoice.payment_reference or invoice.name,
                    "journal_id": journal.id,
                    "destination_account_id": lines.account_id[:1].id,
                }
                for (invoice, day, share), lines in zip(paid, receivable, strict=True)
            ]
        )
        payments.action_post()
        plan = []
        for payment, lines in zip(payments, receivable, strict=True):
            counterpart = payment.move_id.line_ids.filtered(
                lambda line, a=lines.account_id: line.account_id in a
            )
            plan.append(lines | counterpart)
            lines.move_id.matched_payment_ids += payment
        self.env["account.move.line"]._reconcile_plan(plan)
        self._shift(
            "account.payment",
            {
                payment.id: {
                    "create_date": fields.Datetime.to_datetime(payment.date)
                    + timedelta(hours=6)
                }
                for payment in payments
            },
        )
        self._shift_messages(payments)

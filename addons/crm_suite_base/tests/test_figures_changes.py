from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import ConcurrencyError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger
from odoo.tools.sql import table_exists

from ..models import metric_nightly
from ..models.customer_metric_refresh import FIGURES
from .test_figures import FiguresCase

TABLES = (
    "account_move",
    "calendar_event",
    "crm_lead",
    "crm_suite_call",
    "crm_suite_purchase",
    "mail_activity",
    "res_currency_rate",
    "pos_order",
    "res_partner",
    "sale_order",
    "sale_order_line",
)


class ChangesCase(FiguresCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.runs = cls.env["crm.suite.metric.run"]
        cls.watermarks = cls.env["crm.suite.metric.watermark"]
        cls.dirty = cls.env["crm.suite.metric.dirty"]
        cls.neighbour = cls._create_customer(name="Neighbour")

    def settle(self):
        """Let everything be calculated and nothing be changed since.

        In a test all is one transaction, so its own rows are dated back by hand.
        """
        self.env.flush_all()
        for table in TABLES:
            if not table_exists(self.env.cr, table):
                continue
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET write_date = %s WHERE write_date >= %s",
                    SQL.identifier(table),
                    self.env.cr.now() - timedelta(days=1),
                    self.env.cr.now(),
                )
            )
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = write_date WHERE create_date > write_date"
        )
        self.env.invalidate_all()
        self.env.cr.execute("DELETE FROM crm_suite_metric_dirty")
        position = self.watermarks._message_position()
        position[0] = self.env.cr.now().isoformat()
        self.watermarks._set("changes", self.env.cr.now(), [position])
        mine = [self.customer.id, self.neighbour.id]
        self.metrics._refresh(mine)

    def collect(self):
        """The customers whom the next run would calculate, of ours."""
        self.env.flush_all()
        self.runs._collect(None)
        rows = self.dirty.search([]).mapped("partner_id")
        return set(rows) & {self.customer.id, self.neighbour.id}

    def run_changes(self):
        self.env.flush_all()
        self.runs._collect(None)
        while self.runs._run_chunk():
            pass

    def assertConcerns(self, *partners):
        self.assertEqual(self.collect(), {partner.id for partner in partners})


@tagged("-at_install", "post_install")
class TestFiguresChanges(ChangesCase):
    """Whatever happens, the customers concerned are found, and only those."""

    def test_nothing_happened(self):
        self.order()
        self.settle()
        self.assertConcerns()

    def test_order_is_confirmed_and_cancelled(self):
        self.settle()
        order = self.order(partner=self.person)
        self.assertConcerns(self.customer)
        self.settle()
        order._action_cancel()
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertFalse(self.row().purchase_count)

    def test_order_passes_to_another_customer(self):
        order = self.order()
        self.settle()
        order.partner_id = self.neighbour
        self.assertConcerns(self.customer, self.neighbour)
        self.run_changes()
        self.assertFalse(self.row().purchase_count)
        self.assertEqual(self.row(self.neighbour).purchase_count, 1)

    def test_cancelled_order_is_deleted(self):
        order = self.order()
        self.settle()
        order._action_cancel()
        order.unlink()
        self.assertConcerns(self.customer)

    def test_line_changes(self):
        order = self.order()
        self.settle()
        order.order_line.price_unit = 120
        self.assertConcerns(self.customer)

    def test_goods_come_back(self):
        order = self.order()
        picking = order.picking_ids
        if not picking:
            self.skipTest("the test product is not delivered")
        picking.move_ids.quantity = 1
        picking.move_ids.picked = True
        picking._action_done()
        self.settle()
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = 1
        back = wizard._create_return()
        back.move_ids.quantity = 1
        back.move_ids.picked = True
        back._action_done()
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertFalse(self.row().purchase_count)

    def test_invoice_is_posted_and_reset(self):
        self.settle()
        invoice = self._create_invoice(self.customer)
        self.assertConcerns(self.customer)
        self.settle()
        invoice.button_draft()
        self.assertConcerns(self.customer)

    def test_invoice_is_settled(self):
        invoice = self._create_invoice(self.customer)
        refund = self._create_invoice(self.customer, move_type="out_refund")
        self.settle()
        lines = (invoice | refund).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        lines.reconcile()
        self.assertConcerns(self.customer)

    def test_invoice_is_paid(self):
        """By the host's own window: what is open goes, how long it took comes."""
        invoice = self._create_invoice(
            self.customer, invoice_date=self.today - timedelta(days=4)
        )
        self.settle()
        self.assertEqual(self.row().receivable_open, 100)
        account = self.env["account.account"].create(
            {"name": "Bank", "code": "SUITE9", "account_type": "asset_current"}
        )
        journal = self.env["account.journal"].create(
            {"name": "Bank", "code": "SUIB", "type": "bank"}
        )
        journal.inbound_payment_method_line_ids.payment_account_id = account
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create(
            {"journal_id": journal.id, "payment_date": self.today}
        ).action_create_payments()
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertEqual(self.row().receivable_open, 0)
        self.assertEqual(self.row().average_days_to_pay, 4)

    def test_product_passes_to_another_category(self):
        chairs, tables = self.env["product.category"].create(
            [{"name": "Chairs"}, {"name": "Tables"}]
        )
        order = self.order()
        product = order.order_line.product_id
        product.categ_id = chairs
        bystander = self.env["product.product"].create({"name": "Not bought"})
        self.settle()
        self.assertEqual(self.row().category_shares, {str(chairs.id): 1})
        product.product_tmpl_id.write({"categ_id": chairs.id, "name": "Renamed"})
        bystander.categ_id = tables
        self.assertConcerns()
        product.categ_id = tables
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertEqual(self.row().category_shares, {str(tables.id): 1})
        self.assertEqual(self.row().category_text, "Tables 100%")
        elsewhere = self.purchase(partner=self.neighbour, product_id=product.id)
        self.settle()
        with self.env["crm.suite.operation"].record("other", "Test") as operation:
            product.categ_id = chairs
        self.assertConcerns(self.customer, self.neighbour)
        self.settle()
        operation.action_undo()
        self.assertEqual(elsewhere.product_id.categ_id, tables)
        self.assertConcerns(self.customer, self.neighbour)

    def test_earlier_purchase_comes_and_goes(self):
        self.settle()
        purchase = self.purchase()
        self.assertConcerns(self.customer)
        self.settle()
        purchase.partner_id = self.neighbour
        self.assertConcerns(self.customer, self.neighbour)
        self.settle()
        purchase.unlink()
        self.assertConcerns(self.neighbour)

    def test_undone_and_redone_deletion_of_purchases(self):
        purchase = self.purchase()
        self.settle()
        with self.env["crm.suite.operation"].record("other", "Test") as operation:
            purchase.unlink()
        self.run_changes()
        self.assertFalse(self.row().purchase_count)
        self.settle()
        operation.action_undo()
        self.assertTrue(purchase.exists())
        self.assertLess(purchase.write_date, self.env.cr.now(), "with its old date")
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertEqual(self.row().purchase_count, 1)

    def test_undone_change_of_the_customer(self):
        purchase = self.purchase()
        with self.env["crm.suite.operation"].record("other", "Test") as operation:
            purchase.partner_id = self.neighbour
        self.settle()
        operation.action_undo()
        self.assertEqual(purchase.partner_id, self.customer)
        self.assertConcerns(self.customer, self.neighbour)

    def test_contact_moves_to_another_company(self):
        self.order(partner=self.person, price=70)
        self.settle()
        self.person.parent_id = self.neighbour
        self.assertConcerns(self.customer, self.neighbour)
        self.run_changes()
        self.assertFalse(self.row().revenue)
        self.assertEqual(self.row(self.neighbour).revenue, 70)

    def test_undone_move_of_a_contact(self):
        self.order(partner=self.person)
        with self.env["crm.suite.operation"].record("other", "Test") as operation:
            self.person.parent_id = self.neighbour
        self.settle()
        operation.action_undo()
        self.assertEqual(self.person.commercial_partner_id, self.customer)
        self.assertConcerns(self.customer, self.neighbour)

    def test_company_becomes_a_contact(self):
        self.order(partner=self.neighbour, price=30)
        self.settle()
        self.neighbour.write({"is_company": False, "parent_id": self.customer.id})
        self.assertEqual(self.neighbour.commercial_partner_id, self.customer)
        self.run_changes()
        self.assertFalse(self.row(self.neighbour))
        self.assertEqual(self.row().revenue, 30)

    def test_partners_are_merged(self):
        self.order(price=30)
        other = self._create_customer(name="Twin")
        self.order(partner=other, price=50)
        self.settle()
        self.metrics._refresh([other.id])
        self.env["base.partner.merge.automatic.wizard"]._merge(
            [self.customer.id, other.id], self.customer, extra_checks=False
        )
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertEqual(self.row().revenue, 80)

    def test_activity_call_and_meeting(self):
        self.settle()
        activity = self.customer.activity_schedule("mail.mail_activity_data_call")
        self.assertConcerns(self.customer)
        self.settle()
        activity.unlink()
        self.assertConcerns(self.customer)
        self.settle()
        call = self.env["crm.suite.call"].create(
            {"partner_id": self.customer.id, "kind": "call"}
        )
        self.assertConcerns(self.customer)
        self.settle()
        call.unlink()
        self.assertConcerns(self.customer)
        self.settle()
        event = self.env["calendar.event"].create(
            {
                "name": "Visit",
                "start": "2026-03-01 08:00:00",
                "stop": "2026-03-01 09:00:00",
                "partner_ids": [Command.link(self.person.id)],
            }
        )
        self.assertConcerns(self.customer)
        self.settle()
        event.unlink()
        self.assertConcerns(self.customer)

    def test_activity_on_a_deal_and_an_order(self):
        deal, other = self.env["crm.lead"].create(
            [
                {"name": "Chairs", "partner_id": partner.id}
                for partner in (self.customer, self.neighbour)
            ]
        )
        for record in (deal, self.order()):
            self.settle()
            activity = record.activity_schedule("mail.mail_activity_data_call")
            self.assertConcerns(self.customer)
            self.settle()
            activity.date_deadline += timedelta(days=3)
            self.assertConcerns(self.customer)
            self.settle()
            activity.unlink()
            self.assertConcerns(self.customer)
        activity = deal.activity_schedule("mail.mail_activity_data_call")
        self.settle()
        activity.res_id = other.id
        self.assertConcerns(self.customer, self.neighbour)

    def test_meeting_is_moved_and_loses_a_guest(self):
        event = self.env["calendar.event"].create(
            {
                "name": "Visit",
                "start": fields.Datetime.now() + timedelta(days=3),
                "stop": fields.Datetime.now() + timedelta(days=3, hours=1),
                "partner_ids": [Command.set([self.person.id, self.neighbour.id])],
            }
        )
        self.settle()
        event.start += timedelta(days=1)
        self.assertConcerns(self.customer, self.neighbour)
        self.settle()
        event.partner_ids = [Command.unlink(self.neighbour.id)]
        self.assertIn(self.neighbour.id, self.collect(), "not invited any more")

    def test_messages(self):
        order = self.order()
        self.settle()
        self.neighbour.message_post(body="Hello", message_type="email")
        self.assertConcerns(self.neighbour)
        self.settle()
        order.message_post(body="Hello", message_type="comment")
        self.assertConcerns(self.customer)

    def test_rate_is_corrected(self):
        currency = self.env["res.currency"].create(
            {
                "name": "XTS",
                "symbol": "x",
                "rate_ids": [
                    Command.create({"rate": 4, "name": "2020-01-01"}),
                    Command.create(
                        {"rate": 5, "name": self.today - timedelta(days=30)}
                    ),
                ],
            }
        )
        self.purchase(10, 100, currency_id=currency.id)
        self.purchase(60, 100, partner=self.neighbour, currency_id=currency.id)
        self.settle()
        late = currency.rate_ids.filtered(lambda rate: rate.rate == 5)
        late.rate = 10
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertEqual(self.row().revenue, 10)
        self.assertEqual(self.row(self.neighbour).revenue, 25)
        self.settle()
        late.unlink()
        self.assertIn(self.customer.id, self.collect())
        self.run_changes()
        self.assertEqual(self.row().revenue, 25)

    def test_first_rate_of_a_company(self):
        """What another company has entered for an earlier day is not ours."""
        other = self._other_company()
        day = self.today - timedelta(days=30)
        currency = self.env["res.currency"].create(
            {
                "name": "XTS",
                "symbol": "x",
                "rate_ids": [
                    Command.create(
                        {"rate": 4, "name": "2020-01-01", "company_id": other.id}
                    ),
                    Command.create({"rate": 5, "name": day}),
                ],
            }
        )
        self.purchase(60, 100, currency_id=currency.id)
        self.settle()
        ours = currency.rate_ids.filtered(lambda rate: rate.rate == 5)
        ours.rate = 10
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertEqual(self.row().revenue, 10)
        self.settle()
        ours.company_id = other
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertEqual(self.row().revenue, 100)

    def test_a_step_that_fails_leaves_the_figures(self):
        self.order()
        self.settle()
        self.order()
        rules = type(self.env["crm.suite.grade.rule"])
        failing = patch.object(rules, "_recalculate", side_effect=ValueError("broken"))
        logger = "odoo.addons.crm_suite_base.models.recalculation"
        with failing, mute_logger(logger):
            self.run_changes()
        self.assertEqual(self.row().purchase_count, 2)
        run = self.runs.search([], limit=1)
        self.assertEqual(run.failed_count, 1)
        self.assertIn("broken", run.note)
        checks = self.env["crm.suite.health.check"]
        self.assertEqual(checks._health_sources()["steps"].find()[0], "warning")

    def test_a_step_in_the_way_of_others_runs_again(self):
        self.order()
        self.settle()
        self.order()
        rules = type(self.env["crm.suite.grade.rule"])
        with (
            patch.object(rules, "_recalculate", side_effect=ConcurrencyError("taken")),
            self.assertRaises(ConcurrencyError),
        ):
            self.run_changes()

    def test_only_those_concerned_are_written(self):
        self.order()
        self.order(partner=self.neighbour)
        self.settle()
        self.env.cr.execute(
            "UPDATE crm_suite_customer_metric SET calculated_at = '2020-01-01'"
        )
        self.metrics.invalidate_model()
        self.order(price=5)
        self.run_changes()
        self.assertGreater(self.row().calculated_at.year, 2020)
        self.assertEqual(self.row(self.neighbour).calculated_at.year, 2020)


@tagged("-at_install", "post_install")
class TestFiguresTime(ChangesCase):
    """What passes of itself, and what the check finds."""

    def test_twelve_months_and_due_days_pass(self):
        self.purchase(364)
        self.purchase(10, partner=self.neighbour)
        self._create_invoice(
            self.neighbour,
            invoice_date=self.today,
            invoice_date_due=self.today + timedelta(days=20),
            invoice_payment_term_id=False,
        )
        self.settle()
        self.watermarks._set("nightly", fields.Datetime.now())
        self.assertEqual(self.row().revenue_12m, 100)
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            self.runs._note_time_passed()
            noted = set(self.dirty.search([]).mapped("partner_id"))
            self.assertIn(self.customer.id, noted)
            self.assertNotIn(self.neighbour.id, noted)
            self.runs._run_chunk()
            self.assertEqual(self.row().revenue_12m, 0)
        with freeze_time(fields.Datetime.now() + timedelta(days=22)):
            self.runs._note_time_passed()
            self.assertIn(self.neighbour.id, self.dirty.search([]).mapped("partner_id"))
            while self.runs._run_chunk():
                pass
            self.assertEqual(self.row(self.neighbour).receivable_overdue, 100)

    def test_a_meeting_takes_place(self):
        day = fields.Datetime.now() + timedelta(days=2)
        self.env["calendar.event"].create(
            {
                "name": "Visit",
                "start": day,
                "stop": day + timedelta(hours=1),
                "partner_ids": [Command.set([self.customer.id])],
            }
        )
        self.settle()
        self.watermarks._set("nightly", fields.Datetime.now())
        self.assertTrue(self.row().next_activity)
        self.assertFalse(self.row().last_interaction)
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            self.runs._note_time_passed()
            self.assertEqual(self.collect(), {self.customer.id})
            while self.runs._run_chunk():
                pass
            self.assertFalse(self.row().next_activity)
            self.assertTrue(self.row().last_interaction)

    def test_the_check_agrees_with_sql(self):
        for days_ago, amount in ((300, 10.1), (200, 20.25), (150, 3), (10, 0), (5, -1)):
            self.purchase(days_ago, amount)
        self.order(price=99.99)
        self._create_invoice(self.customer, 70)
        self.settle()
        run = self.runs._check_sample([self.customer.id, self.neighbour.id])
        self.assertEqual(run.drift_count, 0, run.note)
        self.assertEqual(run.kind, "check")

    def test_the_check_rounds_as_the_currency_of_the_company(self):
        for name, rounding, average in (("XTA", 1, 100), ("XTB", 0.001, 100.333)):
            company = self.env["res.company"].create(
                {
                    "name": name,
                    "currency_id": self.env["res.currency"]
                    .create({"name": name, "symbol": name, "rounding": rounding})
                    .id,
                }
            )
            for days_ago, amount in ((30, 100), (20, 100), (10, 101)):
                self.purchase(
                    days_ago,
                    amount,
                    company_id=company.id,
                    currency_id=company.currency_id.id,
                )
            self.settle()
            self.assertEqual(self.row(company=company).average_purchase, average)
            self.assertFalse(self.runs._check_compare([self.customer.id]))

    def test_a_month_ahead_comes(self):
        """What is dated ahead is in the trend when its month has begun."""
        with freeze_time("2026-03-20 12:00:00"):
            self.env["crm.suite.purchase"].create(
                {"partner_id": self.customer.id, "date": "2026-04-10", "amount": 100}
            )
            self.settle()
            self.watermarks._set("nightly", fields.Datetime.now())
            self.assertFalse(self.row().trend)
        with freeze_time("2026-03-25 12:00:00"):
            self.runs._note_time_passed()
            self.assertNotIn(
                self.customer.id, self.dirty.search([]).mapped("partner_id")
            )
        with freeze_time("2026-04-02 12:00:00"):
            self.runs._note_time_passed()
            self.assertIn(self.customer.id, self.dirty.search([]).mapped("partner_id"))
            while self.runs._run_chunk():
                pass
            self.assertEqual(self.row().trend, {"2026-04": 100})
            self.assertFalse(self.runs._check_compare([self.customer.id]))

    def test_the_check_agrees_with_the_demo_company(self):
        self.metrics._refresh()
        ids = self.metrics.search([]).partner_id.ids
        run = self.runs._check_sample(ids)
        self.assertEqual(run.drift_count, 0, run.note)

    def test_the_check_compares_every_figure(self):
        """What is calculated is checked, each column for itself."""
        self.assertEqual(
            set(self.runs._check_columns()), set(FIGURES) - {"currency_id"}
        )
        product = self.order().order_line.product_id
        product.categ_id = self.env["product.category"].create({"name": "Chairs"})
        self.purchase(100)
        self._create_invoice(self.customer)
        self.customer.activity_schedule("mail.mail_activity_data_call")
        self.settle()
        mine = [self.customer.id, self.neighbour.id]
        self.assertFalse(self.runs._check_compare(mine))
        for name, value in (
            ("category_shares", "{}"),
            ("trend", "{}"),
            ("preferred_category_id", None),
            ("preferred_product_id", None),
            ("preferred_channel", None),
            ("preferred_weekday", "8"),
            ("overdue_since", "2020-01-01"),
            ("average_days_to_pay", 3),
            ("last_interaction", "2020-01-01"),
            ("next_activity", None),
        ):
            with self.subTest(name), self.cr.savepoint(flush=False) as savepoint:
                self.env.cr.execute(
                    SQL(
                        "UPDATE crm_suite_customer_metric SET %s = %s"
                        " WHERE partner_id = %s",
                        SQL.identifier(name),
                        value,
                        self.customer.id,
                    )
                )
                found = self.runs._check_compare(mine)
                self.assertEqual(set(found[self.customer.id]), {name})
                savepoint.rollback()

    def test_every_night(self):
        """Time that passed, then the rules for everybody, then a check."""
        self.purchase(364)
        self.settle()
        self.metrics._refresh()
        self.watermarks._set("nightly", fields.Datetime.now())
        day = fields.Datetime.now() - timedelta(days=40)
        old, found = self.runs.create(
            [
                {"kind": "changes", "date": day},
                {"kind": "check", "date": day, "drift_count": 1},
            ]
        )
        moment = fields.Datetime.now() + timedelta(days=3)
        rules = type(self.env["crm.suite.grade.rule"])
        with (
            freeze_time(moment),
            self.enter_registry_test_mode(),
            patch.object(rules, "_recalculate", autospec=True) as recalculate,
        ):
            self.env.ref(
                "crm_suite_base.ir_cron_figures_nightly"
            ).method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self.row().revenue_12m, 0)
        chosen = [call.args[1] for call in recalculate.call_args_list]
        self.assertEqual(chosen.count(None), 1, "once for everybody")
        self.assertEqual(self.watermarks._get("nightly")[0].date(), moment.date())
        check = self.runs.search([("kind", "=", "check")], limit=1)
        self.assertEqual(check.drift_count, 0, check.note)
        self.assertNotEqual(check, found)
        self.assertFalse(old.exists())
        self.assertTrue(found.exists(), "it found something")

    def test_rules_for_everybody(self):
        """What is decided from the calendar runs without the figures, in its order."""
        ran = []

        def step(name):
            def recalculate(model, partner_ids):
                ran.append((model._name, partner_ids))

            return patch.object(type(self.env[name]), "_recalculate", recalculate)

        names = (
            "crm.suite.quality.criterion",
            "crm.suite.grade.rule",
            "crm.suite.lifecycle.rule",
        )
        with (
            step(names[0]),
            step(names[1]),
            step(names[2]),
            patch.object(type(self.metrics), "_recalculate") as figures,
        ):
            for recalculate in self.runs._time_driven_steps():
                recalculate(None)
        self.assertEqual(ran[:3], [(name, None) for name in names])
        figures.assert_not_called()

    # === A NIGHT THAT MEETS OTHERS === #

    def night(self, parts=None):
        """Let the scheduled action run; ``parts(runs)`` is what it does, if given.

        :return: the moments at which it is to come again
        """
        cron = self.env.ref("crm_suite_base.ir_cron_figures_nightly")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        triggers.unlink()
        instead = patch.object(type(self.runs), "_nightly_parts", parts)
        with (
            self.enter_registry_test_mode(),
            patch(f"{metric_nightly.__name__}.PAUSE", 0),
            instead if parts else nullcontext(),
            mute_logger(metric_nightly.__name__, "odoo.addons.base.models.ir_cron"),
        ):
            cron.method_direct_trigger()
        self.env.invalidate_all()
        return triggers.search([("cron_id", "=", cron.id)]).mapped("call_at")

    def test_night_while_another_run_is_at_it(self):
        """It does nothing then, and comes again soon, not the next night."""
        with patch.object(type(self.runs), "_lock", lambda runs: False):
            again = self.night()
        self.assertEqual(len(again), 1)
        self.assertLess(again[0], fields.Datetime.now() + timedelta(minutes=15))
        self.assertFalse(self.night(lambda runs: [lambda: None]), "done is done")

    def test_night_loses_only_the_part_that_fails(self):
        tries = []

        def parts(runs):
            def note(name, error=None, times=99):
                def part():
                    tries.append(name)
                    runs.env["crm.suite.metric.watermark"]._set(
                        name, fields.Datetime.now()
                    )
                    if error and tries.count(name) <= times:
                        raise error

                return part

            return [
                note("lost once", ConcurrencyError("taken"), 1),
                note("lost always", ConcurrencyError("taken")),
                note("broken", ValueError("broken")),
                note("last"),
            ]

        again = self.night(parts)
        self.assertEqual(
            tries,
            ["lost once"] * 2 + ["lost always"] * 3 + ["broken", "last"],
        )
        self.assertEqual(len(again), 1, "for what was in the way of others")
        kept = {name: bool(self.watermarks._get(name)[0]) for name in tries}
        self.assertEqual(
            kept,
            {"lost once": True, "lost always": False, "broken": False, "last": True},
        )
        cron = self.env.ref("crm_suite_base.ir_cron_figures_nightly")
        self.assertTrue(cron.failure_count, "the scheduler knows of what is broken")

    def test_the_night_does_everything(self):
        names = [
            getattr(part, "func", part).__qualname__
            for part in self.runs._nightly_parts()
        ]
        self.assertTrue(names[0].endswith("_note_time_passed"))
        self.assertTrue(names[-2].endswith("_check_sample"))
        self.assertGreaterEqual(sum("_recalculate" in name for name in names), 3)

    def test_the_check_finds_and_repairs_drift(self):
        self.order()
        self.settle()
        self.env.cr.execute(
            "UPDATE crm_suite_customer_metric SET revenue = 1 WHERE partner_id = %s",
            [self.customer.id],
        )
        with self.assertLogs("odoo.addons.crm_suite_base", "WARNING"):
            run = self.runs._check_sample([self.customer.id, self.neighbour.id])
        self.assertEqual(run.drift_count, 1)
        self.assertIn(self.customer.name, run.note)
        self.metrics.invalidate_model()
        self.assertEqual(self.row().revenue, 100)

    def test_waiting_changes_are_no_drift(self):
        self.order()
        self.settle()
        self.order(price=7)
        self.env.flush_all()
        self.assertNotIn(self.customer.id, self.runs._check_choose())

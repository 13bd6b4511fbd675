from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .pool_common import PoolCase


@tagged("post_install", "-at_install")
class TestPoolReturn(PoolCase):
    def setUp(self):
        super().setUp()
        self.claim(self.rep)

    def judge(self):
        self.env.invalidate_all()
        [verdict] = self.pool._judge(self.customer.sudo())
        return verdict

    def due(self):
        verdict = self.judge()
        return bool(verdict.due and verdict.due <= fields.Datetime.now())

    def log(self, days, **values):
        return self.env["crm.suite.call"].create(
            {
                "partner_id": self.customer.id,
                "user_id": self.rep.id,
                "date": fields.Datetime.now() - timedelta(days=days),
                "duration": 5,
                **values,
            }
        )

    def test_neglected_is_due_and_followed_up_is_not(self):
        self.age(5)
        self.assertFalse(self.due())
        self.age(40)
        self.assertTrue(self.due())
        self.log(3, outcome="no_answer")
        self.log(3, duration=0)
        self.assertTrue(self.due())
        self.log(3)
        self.assertFalse(self.due())

    def test_notes_count_partly_and_copies_not_at_all(self):
        self.age(40)
        start = self.judge().start

        def note(text):
            message = self.customer.with_user(self.rep).message_post(
                body=text, message_type="comment", subtype_xmlid="mail.mt_note"
            )
            message.sudo().date = fields.Datetime.now() - timedelta(minutes=5)

        note("Asked for the drawings")
        once = self.judge().start
        self.assertAlmostEqual(once, start + timedelta(days=10), delta=timedelta(1))
        note("Asked for  the drawings")
        self.assertEqual(self.judge().start, once)

    def test_reply_restarts(self):
        self.age(40)
        self.customer.message_post(
            body="Yes please", message_type="email", author_id=self.person.id
        )
        self.assertFalse(self.due())

    def test_leave_stops_the_clock(self):
        self.age(40)
        self.assertTrue(self.due())
        now = fields.Datetime.now()
        self.env["crm.suite.absence"].sudo().create(
            {
                "user_id": self.rep.id,
                "date_from": now - timedelta(days=39),
                "date_to": now + timedelta(days=1),
            }
        ).write({"state": "approved"})
        self.assertFalse(self.due())

    def test_quotes_count_when_sent_and_when_opened(self):
        self.pool.deal_days = 0
        order = self._create_order(self.customer, confirm=False)
        order.date_order = fields.Datetime.now() - timedelta(days=35)
        self.age(40)
        self.assertTrue(self.due())
        order.write({"state": "sent"})
        self.env.flush_all()
        self.env.cr.flush()
        opened = order.message_post(
            body="Quotation viewed by customer",
            message_type="notification",
            subtype_xmlid="sale.mt_order_viewed",
        )
        opened.date = fields.Datetime.now() - timedelta(days=1)
        self.assertFalse(self.due())

    def test_purchases_elsewhere_are_deals(self):
        self.pool.write({"idle_days": 0, "deal_days": 10})
        self.age(40)
        self.env["crm.suite.purchase"].create(
            {
                "partner_id": self.customer.id,
                "date": fields.Date.today() - timedelta(days=2),
                "amount": 100,
                "product_name": "Cable",
            }
        )
        self.assertFalse(self.due())

    def test_simulation_tells_and_changes_nothing(self):
        self.age(40)
        result = self.as_(self.lead).simulate_return()
        self.assertEqual((result["taken"], result["kept"]), (1, 0))
        self.assertEqual(result["owners"][0]["name"], self.rep.name)
        self.assertEqual(result["lines"][0]["id"], self.customer.id)
        self.env.invalidate_all()
        self.assertEqual(self.customer.user_id, self.rep)

    def test_nothing_with_a_quote_is_taken(self):
        self.age(40)
        order = self._create_order(self.customer, confirm=False)
        result = self.as_(self.lead).simulate_return()
        self.assertEqual((result["taken"], result["kept"]), (0, 1))
        self.assertTrue(result["reasons"])
        self.as_(self.lead).action_return_now()
        self.assertEqual(self.customer.user_id, self.rep)
        order.action_cancel()
        self.as_(self.lead).action_return_now()
        self.assertFalse(self.customer.user_id)

    def test_locked_protected_extended_stay(self):
        self.age(40)
        admin = self.as_(self.lead)
        admin.action_lock(self.customer.ids)
        self.assertEqual(admin.simulate_return()["taken"], 0)
        admin.action_lock(self.customer.ids, False)
        self.assertEqual(admin.simulate_return()["taken"], 1)
        admin.action_extend(self.customer.ids, 5, "Trade fair")
        self.assertEqual(admin.simulate_return()["taken"], 0)

    def test_without_a_deal(self):
        self.pool.write({"idle_days": 0, "deal_days": 10})
        self.age(40)
        self.assertTrue(self.due())
        self._create_order(self.customer)
        self.assertFalse(self.due())

    def test_run_takes_back_with_reason_cool_down_and_undo(self):
        self.age(40)
        self.pool.auto_return = True
        self.pool.sudo()._run_return()
        self.env.invalidate_all()
        self.assertFalse(self.customer.user_id)
        self.assertIn("10", self.customer.crm_suite_pool_reason)
        self.assertFalse(self.claim(self.rep)[0]["ok"])
        operation = self.env["crm.suite.operation"].search(
            [("kind", "=", "pool")], order="id desc", limit=1
        )
        operation.action_undo()
        self.env.invalidate_all()
        self.assertEqual(self.customer.user_id, self.rep)

    def test_owner_is_warned_once_before(self):
        self.pool.write({"warn_days": 60, "auto_return": True})
        kind = self.env.ref("crm_suite_base.mail_activity_type_pool")
        for _night in range(2):
            self.pool.sudo()._run_return()
        activities = self.env["mail.activity"].search(
            [("res_id", "=", self.customer.id), ("activity_type_id", "=", kind.id)]
        )
        self.assertEqual(activities.user_id, self.rep)
        self.assertEqual(len(activities), 1)
        self.assertTrue(self.customer.crm_suite_return_on)

    def test_off_means_off(self):
        self.age(40)
        self.pool.sudo()._run_return()
        self.assertEqual(self.customer.user_id, self.rep)
        self.assertTrue(self.customer.crm_suite_return_on)

    def test_take_in_watches_what_members_own(self):
        mine = self._create_customer(name="Outside", user_id=self.rep.id)
        self.pool.write({"take_in": True, "domain": f"[('id', '=', {mine.id})]"})
        self.pool.sudo()._run_return()
        self.assertEqual((mine.crm_suite_pool_id, mine.user_id), (self.pool, self.rep))

    def test_why(self):
        self.age(40)
        answer = self.customer.with_user(self.rep).explain("pool")
        self.assertIn(self.pool.name, answer["sentence"])
        self.assertTrue(answer["note"])
        self.as_(self.rep).action_return(self.customer.ids, "No budget")
        answer = self.customer.with_user(self.rep).explain("pool")
        self.assertIn("No budget", answer["sentence"])

    def test_first_follow_up_of_a_lead(self):
        pool = self.Pool.create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "admin_ids": [Command.set(self.lead.ids)],
                "user_ids": [Command.set(self.rep.ids)],
                "idle_days": 0,
                "followup_hours": 8,
                "auto_return": True,
            }
        )
        leads = self.env["crm.lead"].create(
            [{"name": f"Lead {n}", "user_id": self.rep.id} for n in range(2)]
        )
        self._as_pool(pool.action_add(leads.ids))
        self.age(10, leads)
        leads[0].message_post(
            body="Hello?", message_type="email", author_id=self.person.id
        )
        pool.sudo()._run_return()
        self.env.invalidate_all()
        self.assertEqual(leads[0].user_id, self.rep)
        self.assertFalse(leads[1].user_id)

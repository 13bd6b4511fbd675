from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import SQL, format_date

from ..models.rule_match import get_today
from .common import ROLE
from .pool_common import PoolCase

RETURN = "odoo.addons.crm_suite_base.models.pool_return"


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
        self.assertIn("No proven follow-up", activities.note)
        self.assertTrue(self.customer.crm_suite_return_on)

    def test_the_warning_goes_with_its_reason(self):
        """After a follow-up, while it is kept, and with another owner."""
        self.pool.write({"warn_days": 7, "auto_return": True, "idle_days": 20})
        kind = self.env.ref("crm_suite_base.mail_activity_type_pool")

        def run(warned):
            self.pool.sudo()._run_return()
            self.env.invalidate_all()
            activities = self.customer.activity_ids
            activities = activities.filtered(lambda a: a.activity_type_id == kind)
            self.assertEqual(bool(activities), warned)
            self.assertEqual(bool(self.customer.crm_suite_pool_warned_on), warned)

        self.age(25)
        run(True)
        order = self._create_order(self.customer, confirm=False)
        run(False)
        order.action_cancel()
        order.unlink()
        run(True)
        call = self.log(0)
        run(False)
        self.assertTrue(self.customer.crm_suite_return_on, "later, but it does")
        call.unlink()
        run(True)
        self.pool.auto_return = False
        run(False)
        self.pool.auto_return = True
        run(True)
        self.customer.with_user(self.lead).user_id = self.rival
        self.age(0)
        run(False)

    def get_warnings(self):
        kind = self.env.ref("crm_suite_base.mail_activity_type_pool")
        self.env.invalidate_all()
        return self.customer.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
        )

    def test_nothing_is_taken_of_which_nobody_was_warned(self):
        """What kept it ends after it was due: its owner has the days of a warning."""
        self.pool.write({"warn_days": 3, "auto_return": True})
        self.age(40)
        today = get_today(self.env.company)
        order = self._create_order(self.customer, confirm=False)
        order.validity_date = today
        self.pool.sudo()._run_return()
        self.assertFalse(self.get_warnings(), "an open quote keeps it")
        order.validity_date = today - timedelta(days=1)
        day = today + timedelta(days=3)
        why = self.customer.with_user(self.rep).explain("pool")
        self.assertIn(format_date(self.env, day), why["sentence"])
        for _hour in range(2):
            self.pool.sudo()._run_return()
            warning = self.get_warnings()
            self.assertRecordValues(
                warning, [{"user_id": self.rep.id, "date_deadline": day}]
            )
            self.assertEqual(self.customer.user_id, self.rep)
            self.assertEqual(self.customer.crm_suite_return_on, day)
        self.assertFalse(self.due())
        self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 0)
        why = self.customer.with_user(self.rep).explain("pool")
        self.assertIn(format_date(self.env, day), why["sentence"])
        # The day is over.
        self.customer.sudo().crm_suite_pool_warned_on = today - timedelta(days=1)
        self.pool.sudo()._run_return()
        self.assertFalse(self.get_warnings())
        self.assertFalse(self.customer.user_id)

    def test_what_is_taken_by_hand_waits_for_no_warning(self):
        self.pool.write({"warn_days": 3, "auto_return": True})
        self.age(40)
        self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 1)
        self.as_(self.lead).action_return_now()
        self.assertFalse(self.customer.user_id)

    def test_a_follow_up_ends_the_last_warning(self):
        self.pool.write({"warn_days": 3, "auto_return": True})
        self.age(40)
        self.pool.sudo()._run_return()
        self.assertTrue(self.get_warnings())
        self.log(0)
        self.pool.sudo()._run_return()
        self.assertFalse(self.get_warnings())
        self.assertEqual(self.customer.user_id, self.rep)

    def test_first_follow_up_is_not_put_off(self):
        pool, leads = self._lead_pool(1)
        pool.write({"warn_days": 3, "idle_days": 0, "followup_hours": 8})
        pool.sudo()._run_return()
        self.env.invalidate_all()
        self.assertFalse(leads.user_id)

    def test_quotes_and_visits_of_today_keep_by_the_day_of_the_company(self):
        """In the evening of that day it is the next one elsewhere."""
        self.age(40)
        day = date(2030, 5, 31)
        self._create_order(self.customer, confirm=False, validity_date=day)
        self.others[0].activity_schedule(
            "mail.mail_activity_data_meeting", day, user_id=self.rep.id
        )
        records = (self.customer | self.others[0]).sudo()
        company = self.pool.company_id
        company.resource_calendar_id.tz = "America/New_York"
        for moment, kept in (
            (datetime(2030, 6, 1, 3), True),
            (datetime(2030, 6, 1, 5), False),
        ):
            with patch.object(fields.Datetime, "now", return_value=moment):
                vetoes = records._pool_find_vetoes(self.pool)
            self.assertEqual(
                [bool(vetoes[record.id]) for record in records], [kept] * 2, moment
            )

    # === WORKING DAYS === #

    def set_hours(self, hours, days=5):
        """Working hours of the company; how long a day of the owner is by them."""
        calendar = self.env["resource.calendar"].create(
            {"name": "Other Hours", "company_id": self.env.company.id, "tz": "UTC"}
        )
        calendar.attendance_ids = [Command.clear()] + [
            Command.create(
                {
                    "name": "Work",
                    "dayofweek": str(day),
                    "hour_from": 6,
                    "hour_to": 6 + hours,
                    "day_period": "morning",
                }
            )
            for day in range(days)
        ]
        self.env.company.resource_calendar_id = calendar
        return calendar

    def test_days_are_as_long_as_those_of_the_owner(self):
        """Two weeks of five days and of four, whatever their hours."""
        self.env["resource.calendar.leaves"].search([]).unlink()
        self.env["crm.suite.makeup.day"].search([]).active = False
        monday = datetime(2026, 3, 2)
        for hours, days in ((7, 5), (8, 5), (10, 4)):
            self.set_hours(hours, days)
            self.pool.idle_days = 2 * days
            self.customer.sudo().crm_suite_owned_since = monday
            last = monday + timedelta(days=6 + days, hours=6 + hours)
            self.assertEqual(self.judge().due, last, hours)

    def test_who_works_at_any_time_has_days_of_twenty_four_hours(self):
        self.env["resource.resource"].create(
            {
                "name": "Flexible",
                "user_id": self.rep.id,
                "company_id": self.rep.company_id.id,
                "calendar_id": False,
            }
        )
        start = datetime(2026, 3, 2)
        self.customer.sudo().crm_suite_owned_since = start
        self.assertEqual(self.judge().due, start + timedelta(days=10))

    def test_nobody_is_warned_of_what_will_not_happen(self):
        self.pool.write({"warn_days": 60, "auto_return": False})
        self.pool.sudo()._run_return()
        kind = self.env.ref("crm_suite_base.mail_activity_type_pool")
        self.assertFalse(
            self.env["mail.activity"].search(
                [("res_id", "=", self.customer.id), ("activity_type_id", "=", kind.id)]
            )
        )

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

    def test_grade_shortens_the_first_follow_up(self):
        """Who is promised an answer sooner is taken back sooner; never later."""
        quick = self.env["crm.suite.grade"].create(
            {"name": "Quick", "code": "XQ", "sla_hours": 0.5}
        )
        slow = self.env["crm.suite.grade"].create(
            {"name": "Slow", "code": "XS", "sla_hours": 500}
        )
        other = self._create_customer(name="Slow")
        pool = self.Pool.create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "admin_ids": [Command.set(self.lead.ids)],
                "user_ids": [Command.set(self.rep.ids)],
                "idle_days": 0,
                "followup_hours": 100,
                "auto_return": True,
            }
        )
        leads = self.env["crm.lead"].create(
            [
                {"name": "Lead", "user_id": self.rep.id, "partner_id": partner.id}
                for partner in (self.person, other, self.env["res.partner"])
            ]
        )
        self.customer.crm_suite_grade_id = quick
        other.crm_suite_grade_id = slow
        self._as_pool(pool.action_add(leads.ids))
        self.age(10, leads)
        verdicts = pool.sudo()._judge(leads)
        self.assertEqual([v.hours for v in verdicts], [0.5, 100, 100])
        self.assertLess(verdicts[0].due, fields.Datetime.now())
        self.assertEqual(verdicts[1].due, verdicts[2].due)
        told = leads[0].with_user(self.rep).explain("pool")
        self.assertIn("within 0.5 working hours", told["sentence"])
        pool.sudo()._run_return()
        self.env.invalidate_all()
        self.assertFalse(leads[0].user_id)
        self.assertEqual(leads[1:].user_id, self.rep)

    def test_meetings_of_a_lead_without_a_customer(self):
        """One held is its first follow-up, one ahead keeps it; a note is neither."""
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
        held, ahead, noted = leads = self.env["crm.lead"].create(
            [{"name": f"Lead {n}", "user_id": self.rep.id} for n in range(3)]
        )
        self._as_pool(pool.action_add(leads.ids))
        self.age(10, leads)
        now = fields.Datetime.now()
        for lead, days in ((held, -2), (ahead, 2)):
            self.env["calendar.event"].create(
                {
                    "name": "Meeting",
                    "start": now + timedelta(days=days),
                    "stop": now + timedelta(days=days, hours=1),
                    "user_id": self.rep.id,
                    "opportunity_id": lead.id,
                }
            )
        noted.message_post(
            body="Looked at it",
            message_type="comment",
            author_id=self.rep.partner_id.id,
        )
        pool.sudo()._run_return()
        self.env.invalidate_all()
        self.assertEqual((held + ahead).user_id, self.rep)
        self.assertFalse(noted.user_id)

    def _lead_pool(self, count):
        pool = self.Pool.create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "admin_ids": [Command.set(self.lead.ids)],
                "user_ids": [Command.set(self.rep.ids)],
                "idle_days": 10,
                "warn_days": 0,
                "auto_return": True,
            }
        )
        leads = self.env["crm.lead"].create(
            [{"name": f"Lead {n}", "user_id": self.rep.id} for n in range(count)]
        )
        self._as_pool(pool.action_add(leads.ids))
        self.age(40, leads)
        return pool, leads

    def test_calls_and_quotes_of_a_lead_without_a_customer(self):
        """What was done for the lead itself counts, whoever the quote went to."""
        pool, leads = self._lead_pool(5)
        called, missed, sent, ordered, left = leads
        calls = self.env["crm.suite.call"].with_user(self.rep)
        for lead, outcome in ((called, "reached"), (missed, "no_answer")):
            calls.create({"lead_id": lead.id, "outcome": outcome, "duration": 5})
        for lead, state in ((sent, "sent"), (ordered, "sale")):
            order = self.env["sale.order"].create(
                {"partner_id": self.others[0].id, "opportunity_id": lead.id}
            )
            order.write({"state": state, "validity_date": "2020-01-01"})
        self.env.flush_all()
        found = {
            verdict.record_id: bool(
                verdict.due and verdict.due <= fields.Datetime.now()
            )
            for verdict in pool._judge(leads.sudo())
        }
        self.assertEqual(
            found,
            {
                called.id: False,
                missed.id: True,
                sent.id: False,
                ordered.id: False,
                left.id: True,
            },
        )

    def test_why_of_won_and_lost_leads(self):
        _pool, (won, lost, open_) = self._lead_pool(3)
        won.action_set_won()
        reason = self.env["crm.lost.reason"].create({"name": "Too dear"})
        lost.action_set_lost(lost_reason_id=reason.id)
        self.assertIn("won", won.with_user(self.lead).explain("pool")["sentence"])
        sentence = lost.with_user(self.lead).explain("pool")["sentence"]
        self.assertIn("Too dear", sentence)
        self.assertNotIn("goes back", sentence)
        sentence = open_.with_user(self.lead).explain("pool")["sentence"]
        self.assertIn("goes back", sentence)

    def test_an_open_quote_of_a_lead_keeps_it(self):
        pool, leads = self._lead_pool(2)
        self.env["sale.order"].create(
            {"partner_id": self.others[0].id, "opportunity_id": leads[0].id}
        )
        pool.sudo()._run_return()
        self.env.invalidate_all()
        self.assertEqual(leads.mapped("user_id"), self.rep)
        self.assertFalse(leads[1].user_id)

    # === CONTACTS === #

    def test_follow_up_of_a_contact_that_is_held_itself(self):
        """Of one that came into the pool before it was a contact of a company."""
        person = self._create_customer(name="Li Wei", is_company=False)
        self._as_pool(self.pool.action_add(person.ids))
        self.claim(self.rep, person)
        self.age(40, person)
        person.sudo().parent_id = self.others[1]
        person.sudo().crm_suite_pool_id = self.pool
        self.env.flush_all()
        [verdict] = self.pool._judge(person.sudo())
        self.assertLess(verdict.due, fields.Datetime.now())
        self._create_order(person, confirm=False)
        self.log(3, partner_id=person.id)
        [verdict] = self.pool._judge(person.sudo())
        self.assertGreater(verdict.due, fields.Datetime.now())
        self.assertIn("an open quote", verdict.kept)

    def test_who_becomes_a_contact_leaves_the_pool(self):
        person = self._create_customer(name="Li Wei", is_company=False)
        self._as_pool(self.pool.action_add(person.ids))
        self.claim(self.rep, person)
        self.as_(self.rep).action_protect(person.ids, 5, "Big offer")
        company = self._create_customer(name="Works", user_id=self.rep.id)
        person.with_user(self.rep).parent_id = company
        self.assertFalse(person.crm_suite_pool_id)
        self.assertFalse(person.crm_suite_protected_until)
        self.assertEqual(person.user_id, self.rep)
        move = self.env["crm.suite.pool.move"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", person.id)],
            order="id desc",
            limit=1,
        )
        self.assertEqual((move.pool_id, move.kind), (self.pool, "transfer"))
        self.assertIn("contact of a company", move.reason)
        self.assertRefused(self.pool.action_add(person.ids), "customers and open")

    def test_contacts_are_not_taken_in(self):
        contact = self._create_contact(
            self.customer, user_id=self.rep.id, crm_suite_lifecycle_id=self.stage.id
        )
        below = self._create_customer(
            name="Below", parent_id=self.customer.id, user_id=self.rep.id
        )
        self.pool.take_in = True
        self.pool.sudo()._take_in()
        self.assertFalse(contact.crm_suite_pool_id)
        self.assertEqual(below.crm_suite_pool_id, self.pool)

    # === DEALS === #

    def test_won_deals_are_deals(self):
        self.pool.write({"idle_days": 0, "deal_days": 10})
        self.age(40)
        won, before = self.env["crm.lead"].create(
            [
                {"name": "Deal", "partner_id": self.person.id, "user_id": self.rep.id}
                for _number in range(2)
            ]
        )
        before.action_set_won()
        before.date_closed = fields.Datetime.now() - timedelta(days=50)
        self.assertTrue(self.due())
        won.action_set_won()
        self.assertFalse(self.due())

    def test_orders_are_deals_though_they_do_not_count_as_follow_up(self):
        self.pool.write({"idle_days": 0, "deal_days": 10, "weight_order": 0})
        self.age(40)
        self.assertTrue(self.due())
        order = self._create_order(self.customer)
        self.assertFalse(self.due())
        self.pool.idle_days = 10
        self.assertTrue(self.due())
        self.assertEqual(self.judge().rule, "idle")
        self.pool.write({"idle_days": 0, "deal_days": 0})
        self.pool.return_after_protection = True
        day = get_today(self.env.company) - timedelta(days=2)
        self.customer.sudo().crm_suite_protected_until = day
        self.assertFalse(self.due())
        order.date_order = fields.Datetime.now() - timedelta(days=50)
        self.assertTrue(self.due())

    def test_purchases_of_the_day_of_the_claim_count(self):
        """A day is all that is known of them, and it is one of the company."""
        self.env.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.pool.write({"idle_days": 0, "deal_days": 10})
        claimed = datetime(2026, 3, 2, 1)  # nine o'clock there
        self.customer.sudo().crm_suite_owned_since = claimed
        purchase = self.env["crm.suite.purchase"].create(
            {
                "partner_id": self.customer.id,
                "date": date(2026, 3, 1),
                "amount": 100,
                "product_name": "Cable",
            }
        )
        self.assertTrue(self.due(), "the day before")
        purchase.date = date(2026, 3, 2)
        self.assertFalse(self.due())
        self.pool.idle_days = 10
        self.assertEqual(self.judge().start, datetime(2026, 3, 2, 16))
        self.age(1)
        purchase.date = get_today(self.env.company)
        now = fields.Datetime.now()
        self.assertAlmostEqual(self.judge().start, now, delta=timedelta(minutes=5))
        purchase.date += timedelta(days=1)
        self.assertLess(self.judge().start, now - timedelta(hours=20))

    # === REPLIES AND QUOTES === #

    def test_what_customers_write_in_the_portal_is_a_reply(self):
        self.age(40)
        order = self._create_order(self.customer, confirm=False)
        order.message_post(
            body="From us", message_type="comment", author_id=self.rep.partner_id.id
        )
        self.assertTrue(self.due())
        order.message_post(
            body="Too dear", message_type="comment", author_id=self.person.id
        )
        self.assertFalse(self.due())

    def test_a_quote_stays_sent_whatever_becomes_of_it(self):
        self.age(40)
        self.pool.weight_note = 0
        for act in ("action_cancel", "action_draft"):
            order = self._create_order(self.customer, confirm=False)
            order.date_order = fields.Datetime.now() - timedelta(days=50)
            self.assertTrue(self.due())
            self.cr.flush()  # from its creation on the host notes no change
            order.action_quotation_sent()
            self.cr.flush()
            self.assertFalse(self.due())
            getattr(order, act)()
            self.cr.flush()
            self.assertFalse(self.due())
            order.message_ids.unlink()

    def test_a_quote_that_was_mailed_is_sent(self):
        """The host marks it as sent without a trace of when."""
        self.age(40)
        self.pool.weight_note = 0
        order = self._create_order(self.customer, confirm=False)
        order.date_order = fields.Datetime.now() - timedelta(days=50)
        order = order.with_context(mark_so_as_sent=True)
        paper = [("Quote.pdf", b"Quote")]
        mail = {"body": "Our quote", "message_type": "comment"}
        author = {"author_id": self.rep.partner_id.id}
        order.message_post(
            **mail,
            **author,
            partner_ids=self.lead.partner_id.ids,
            attachments=paper,
        )
        self.assertEqual(order.state, "sent")
        self.assertTrue(self.due(), "to a colleague only")
        order.message_post(**mail, **author, partner_ids=self.person.ids)
        self.assertTrue(self.due(), "without the quote")
        order.message_post(
            **mail, **author, partner_ids=self.person.ids, attachments=paper
        )
        self.assertFalse(self.due())
        order.action_cancel()
        self.assertFalse(self.due())

    # === SIMULATED BEFORE IT IS SWITCHED ON === #

    def test_the_form_asks_for_a_simulation(self):
        self.age(40)
        pool = self.as_(self.lead)
        self.assertFalse(pool.needs_simulation, "it takes nothing back")
        with Form(pool) as form:
            form.auto_return = True
            self.assertTrue(form.needs_simulation, "before it is saved")
            self.assertIn(
                "Of the 1 looked at, they would take back 1", form.simulation_hint
            )
            form.idle_days = 400
            self.assertIn("take back 0", form.simulation_hint)
            form.idle_days = 10
        self.assertTrue(pool.needs_simulation)
        self.assertFalse(self.as_(self.rep).needs_simulation, "not for members")
        self.assertEqual(self.customer.user_id, self.rep, "looking takes nothing")
        pool.simulate_return()
        self.assertFalse(pool.needs_simulation)
        self.assertTrue(pool.simulated_at)
        pool.warn_days = 1
        self.assertFalse(pool.needs_simulation, "takes nobody")
        pool.weight_call = 0.5
        self.assertTrue(pool.needs_simulation, "a changed rule")
        pool.auto_return = False
        self.assertFalse(pool.needs_simulation)

    def test_the_simulation_is_not_entered_by_hand(self):
        for values in ({"simulated": {}}, {"simulated_at": "2026-01-01 00:00:00"}):
            with self.assertRaises(AccessError):
                self.as_(self.lead).write(values)

    # === WHAT ELSE COUNTS AND KEEPS === #

    def meet(self, start, state="accepted"):
        event = self.env["calendar.event"].create(
            {
                "name": "Meeting",
                "start": start,
                "stop": start + timedelta(hours=1),
                "user_id": self.rep.id,
                "partner_ids": [Command.set((self.person | self.rep.partner_id).ids)],
            }
        )
        event.attendee_ids.state = state
        return event

    def test_meetings_held_and_visits_count(self):
        self.age(40)
        declined = fields.Datetime.now() - timedelta(days=3)
        self.meet(declined, "declined")
        self.assertTrue(self.due())
        self.meet(declined)
        self.assertFalse(self.due())

    def test_visits_count_without_a_duration(self):
        self.age(40)
        self.assertTrue(self.due())
        self.log(3, kind="visit", duration=0)
        self.assertFalse(self.due())

    def test_what_counts_is_a_setting(self):
        self.age(40)
        self.log(3)
        self.pool.weight_call = 0
        self.assertTrue(self.due())
        self.pool.weight_call = 1
        self.pool.call_seconds = 3600
        self.assertTrue(self.due())

    def test_nothing_with_a_meeting_ahead_is_taken(self):
        self.age(40)
        event = self.meet(fields.Datetime.now() + timedelta(days=3))
        result = self.as_(self.lead).simulate_return()
        self.assertEqual((result["taken"], result["kept"]), (0, 1))
        event.unlink()
        self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 1)

    def test_nothing_with_a_visit_planned_is_taken(self):
        """On the customer, a contact of it or one of its deals; what is overdue or of
        another kind keeps nothing."""
        self.age(40)
        deal = self.env["crm.lead"].create(
            {"name": "Deal", "partner_id": self.customer.id, "user_id": self.rep.id}
        )
        soon = fields.Date.today() + timedelta(days=3)
        for record in (self.customer, self.person, deal):
            visit = record.activity_schedule(
                "mail.mail_activity_data_meeting", soon, user_id=self.rep.id
            )
            result = self.as_(self.lead).simulate_return()
            self.assertEqual((result["taken"], result["kept"]), (0, 1), record)
            self.assertIn("visit", result["reasons"][0]["reason"])
            visit.date_deadline = fields.Date.today() - timedelta(days=1)
            self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 1)
            visit.date_deadline = soon
            visit.active = False
            self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 1)
        self.customer.activity_schedule(
            "mail.mail_activity_data_todo", soon, user_id=self.rep.id
        )
        self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 1)

    def test_nothing_that_waits_for_a_decision_is_taken(self):
        self.age(40)
        Request = self.env["crm.suite.pool.request"].with_user(self.rep)
        request = Request._request(
            self.customer.with_user(self.rep), "extend", "Trial", 5
        )
        self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 0)
        request.with_user(self.lead).action_refuse("No")
        self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 1)

    def test_addons_name_further_reasons_to_keep(self):
        """Tickets and approvals of other addons come in by the hook."""
        self.age(40)
        model = type(self.Partner)
        original = model._pool_vetoes

        def vetoes(records, pool):
            query = SQL("SELECT %s::int", self.customer.id)
            return [*original(records, pool), ("an open ticket", query)]

        with patch.object(model, "_pool_vetoes", vetoes):
            result = self.as_(self.lead).simulate_return()
        self.assertEqual((result["taken"], result["kept"]), (0, 1))
        self.assertEqual(result["reasons"], [{"reason": "an open ticket", "count": 1}])

    def test_grades_that_are_never_taken(self):
        self.age(40)
        grade = self.env["crm.suite.grade"].search([], limit=1)
        self.customer.sudo().crm_suite_grade_id = grade
        self.pool.immune_grade_ids = grade
        self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 0)

    def test_the_grade_says_that_it_is_never_taken(self):
        self.age(40)
        grade = self.env["crm.suite.grade"].search([], limit=1)
        grade.pool_immune = True
        self.customer.sudo().crm_suite_grade_id = grade
        self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 0)
        why = self.customer.with_user(self.rep).explain("pool")
        self.assertIn("stays with its owner", why["sentence"])
        grade.pool_immune = False
        self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 1)

    def test_expired_protection(self):
        self.pool.write({"idle_days": 0, "return_after_protection": True})
        self.age(5)
        today = get_today(self.env.company)
        self.customer.sudo().crm_suite_protected_until = today + timedelta(days=2)
        self.assertFalse(self.due())
        self.customer.sudo().crm_suite_protected_until = today - timedelta(days=2)
        self.assertTrue(self.due())
        self._create_order(self.customer)
        self.assertFalse(self.due())

    def test_more_time_counts_after_the_protection_too(self):
        self.pool.write(
            {"idle_days": 0, "return_after_protection": True, "auto_return": True}
        )
        today = fields.Date.context_today(self.pool.with_user(self.lead))
        self.customer.sudo().crm_suite_protected_until = today - timedelta(days=2)
        self.assertTrue(self.due())
        request = self.env["crm.suite.pool.request"].with_user(self.rep)
        request = request._request(self.customer, "extend", "Trade fair", 7)
        request.with_user(self.lead).action_grant()
        until = today + timedelta(days=7)
        self.assertEqual(self.customer.crm_suite_extended_until, until)
        self.assertFalse(self.due())
        self.assertEqual(self.as_(self.lead).simulate_return()["taken"], 0)
        self.pool.sudo()._run_return()
        self.env.invalidate_all()
        self.assertEqual(self.customer.user_id, self.rep)
        back = until + timedelta(days=1)
        self.assertEqual(self.customer.crm_suite_return_on, back)
        why = self.customer.with_user(self.rep).explain("pool")
        shown = {row["name"]: row["text"] for row in why["inputs"]}
        self.assertIn(format_date(self.env, back), why["sentence"])
        self.assertEqual(
            shown["crm_suite_extended_until"], format_date(self.env, until)
        )
        self.customer.sudo().crm_suite_extended_until = today - timedelta(days=1)
        self.assertTrue(self.due())

    def test_protected_is_kept_until_the_end(self):
        self.age(40)
        self.as_(self.rep).action_protect(self.customer.ids, 5, "Big offer")
        self.assertFalse(self.due())
        today = get_today(self.env.company)
        self.customer.sudo().crm_suite_protected_until = today - timedelta(days=1)
        self.assertTrue(self.due())

    def test_days_end_by_the_clock_of_the_company(self):
        company = self.pool.company_id or self.env.company
        for zone, end in (
            ("America/New_York", datetime(2030, 6, 1, 4)),
            ("Asia/Shanghai", datetime(2030, 5, 31, 16)),
        ):
            company.resource_calendar_id.tz = zone
            self.assertEqual(self.pool._end_of(date(2030, 5, 31)), end)

    def test_holidays_stop_the_clock(self):
        self.age(40)
        self.assertTrue(self.due())
        now = fields.Datetime.now()
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holidays",
                "calendar_id": self.rep.resource_calendar_id.id,
                "resource_id": False,
                "date_from": now - timedelta(days=41),
                "date_to": now + timedelta(days=1),
            }
        )
        self.assertFalse(self.due())

    def test_taken_back_into_the_pool_behind(self):
        behind = self.Pool.create({"name": "Behind"})
        self.pool.target_id = behind
        self.age(40)
        self.as_(self.lead).action_return_now()
        self.assertEqual(self.customer.crm_suite_pool_id, behind)
        self.assertFalse(self.customer.user_id)

    def test_screen_of_the_simulation(self):
        self.age(40)
        action = self.as_(self.lead).action_simulate_return()
        preview = self.env[action["res_model"]].browse(action["res_id"])
        mine = preview.with_user(self.lead)
        self.assertEqual((mine.taken_count, mine.kept_count), (1, 0))
        self.assertEqual(mine.line_ids.user_id, self.rep)
        self.assertEqual(mine.owner_ids.name, self.rep.name)
        self.assertEqual(mine.action_again()["res_model"], preview._name)
        manager = new_test_user(self.env, "suite_manager", f"{ROLE}sales_manager")
        with self.assertRaises(AccessError):
            preview.with_user(manager).summary  # noqa: B018
        mine.action_return_now()
        self.assertFalse(self.customer.user_id)

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.pool_return_cron").method_direct_trigger()
        self.env.invalidate_all()

    def test_a_record_that_refuses_does_not_hold_up_others(self):
        self.pool.max_person = 0
        self.claim(self.rep, self.others)
        self.age(40, self.everybody)
        self.pool.auto_return = True
        good = self.others
        for size in (500, 1):
            with (
                self.subTest(size=size),
                patch(f"{RETURN}.BATCH", size),
                self.refusing(self.customer),
                self.assertLogs(RETURN, "ERROR") as logs,
            ):
                self._run_cron()
            self.assertIn(str(self.customer.id), logs.output[0])
            self.assertEqual(self.customer.user_id, self.rep)
            self.assertFalse(good.user_id)
            [told] = self.customer.activity_ids
            self.assertEqual(told.user_id, self.lead)
            self.assertIn("Not this one", told.note)
            self.claim(self.rival, good)
            self.age(40, good)
        # What became of it is seen by who was told.
        self._run_cron()
        self.assertFalse(self.customer.user_id)
        self.assertFalse(self.customer.activity_ids)

    def test_what_cannot_be_taken_in_does_not_hold_up_others(self):
        new, bad = (
            self._create_customer(name=name, user_id=self.rep.id)
            for name in ("New", "Bad")
        )
        self.pool.write({"take_in": True, "auto_return": True})
        self.age(40)
        with (
            self.refusing(bad, "crm_suite_pool_id"),
            self.assertLogs(RETURN, "ERROR") as logs,
        ):
            self._run_cron()
        self.assertIn(str(bad.id), logs.output[0])
        self.assertEqual(new.crm_suite_pool_id, self.pool)
        self.assertFalse(bad.crm_suite_pool_id)
        self.assertFalse(self.customer.user_id)

    def test_scheduled_run(self):
        self.age(40)
        self.pool.auto_return = True
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.pool_return_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(self.customer.user_id)
        operation = self.get_operation()
        self.assertTrue(operation.can_undo)

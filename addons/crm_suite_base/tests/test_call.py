from datetime import date

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import ROLE, CustomerCase


@tagged("-at_install", "post_install")
class TestCall(CustomerCase):
    def log(self, user=None, **values):
        calls = self.env["crm.suite.call"].with_user(user or self.rep)
        return calls.quick_log({"partner_id": self.customer.id, **values})

    @freeze_time("2026-11-21 04:00:00")
    def test_one_line_is_enough(self):
        answer = self.log(
            text="谈了价格，下一步：周五前寄样品", partner_id=self.person.id
        )
        call = self.env["crm.suite.call"].browse(answer["id"])
        self.assertRecordValues(
            call,
            [
                {
                    "summary": "谈了价格",
                    "next_step": "寄样品",
                    "next_date": date(2026, 11, 27),
                    "contact_id": self.person.id,
                    "commercial_partner_id": self.customer.id,
                    "user_id": self.rep.id,
                }
            ],
        )
        self.assertRecordValues(
            call.activity_id,
            [
                {
                    "res_model": "res.partner",
                    "res_id": self.person.id,
                    "summary": "寄样品",
                    "date_deadline": date(2026, 11, 27),
                    "user_id": self.rep.id,
                }
            ],
        )
        self.assertEqual(answer["next_date"], "2026-11-27")

    @freeze_time("2026-11-21 17:30:00")
    def test_today_is_the_day_of_the_user(self):
        """Half past one in the night of Sunday in Shanghai."""
        self.rep.tz = "Asia/Shanghai"
        answer = self.log(next_step="call back tomorrow 3pm")
        call = self.env["crm.suite.call"].browse(answer["id"])
        self.assertEqual(call.next_date, date(2026, 11, 23))
        self.assertEqual(call.next_step, "15:00 call back")
        self.assertEqual(
            call.activity_id.activity_type_id,
            self.env.ref("mail.mail_activity_data_call"),
        )

    def test_a_given_day_is_not_read_again(self):
        answer = self.log(next_step="bring tomorrow's paper", next_date="2026-12-24")
        self.assertEqual(answer["next_date"], "2026-12-24")
        self.assertEqual(answer["next_step"], "bring tomorrow's paper")

    def test_without_next_step_there_is_no_activity(self):
        answer = self.log(summary="nobody there", outcome="no_answer")
        self.assertFalse(answer["activity_id"])

    def test_preview_writes_nothing(self):
        before = self.env["crm.suite.call"].search_count([])
        calls = self.env["crm.suite.call"].with_user(self.rep)
        found = calls.understand("agreed → send offer on 24 Dec at 3pm")
        self.assertEqual(found["summary"], "agreed")
        self.assertEqual(found["next_step"], "send offer")
        self.assertEqual(found["next_date"][5:], "12-24")
        self.assertEqual(found["time"], "15:00")
        self.assertEqual(self.env["crm.suite.call"].search_count([]), before)

    def test_bad_input(self):
        with self.assertRaises(UserError):
            self.log(partner_id=False)
        with self.assertRaisesRegex(UserError, "nofield"):
            self.log(nofield=1)
        for partner_id in ("x", [1], {"a": 1}):
            with self.assertRaises(UserError):
                self.log(partner_id=partner_id)
        stranger = self._create_customer(name="Stranger")
        with self.assertRaises(ValidationError):
            self.log(contact_id=stranger.id)

    def test_who_may_read_and_change(self):
        call = self.env["crm.suite.call"].browse(self.log(summary="mine")["id"])
        for user in (self.plain, self.clerk):
            with self.assertRaises(AccessError):
                call.with_user(user).read(["summary"])
            with self.assertRaises(AccessError):
                self.log(user=user)
        for user in (self.agent, self.marketer, self.analyst):
            self.assertEqual(call.with_user(user).summary, "mine")
            with self.assertRaises(AccessError):
                call.with_user(user).write({"summary": "yours"})
        with self.assertRaises(AccessError):
            self.log(user=self.analyst)
        call.with_user(self.rep).summary = "changed"
        with self.assertRaises(AccessError):
            call.with_user(self.rep).user_id = self.lead
        call.with_user(self.lead).summary = "changed by the lead"
        call.with_user(self.steward).unlink()

    def test_calls_stay_in_their_company(self):
        other = self._other_company()
        call = self.env["crm.suite.call"].create(
            {"partner_id": self.customer.id, "company_id": other.id}
        )
        self.assertFalse(
            self.env["crm.suite.call"]
            .with_user(self.lead)
            .search([("id", "=", call.id)])
        )
        with self.assertRaises(AccessError):
            call.with_user(self.lead).read(["summary"])


@tagged("-at_install", "post_install")
class TestCallOnLead(CustomerCase):
    """What is logged on a lead, with and without a customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls.env["crm.lead"].create(
            {"name": "From the fair", "contact_name": "Lu", "user_id": cls.rep.id}
        )

    def _log(self, user=None, lead=None, **values):
        calls = self.env["crm.suite.call"].with_user(user or self.rep)
        answer = calls.quick_log({"lead_id": (lead or self.deal).id, **values})
        return self.env["crm.suite.call"].browse(answer["id"])

    def test_without_a_customer(self):
        call = self._log(text="Wants a price, next: send it tomorrow")
        self.assertFalse(call.partner_id)
        self.assertIn("From the fair", call.display_name)
        activity = call.activity_id
        self.assertEqual(
            (activity.res_model, activity.res_id), ("crm.lead", self.deal.id)
        )
        self.assertEqual(self.deal.with_user(self.rep).crm_suite_call_count, 1)
        action = self.deal.with_user(self.rep).action_crm_suite_log_call()
        self.assertEqual(action["context"]["default_lead_id"], self.deal.id)

    def test_about_nobody_is_refused(self):
        with self.assertRaisesRegex(UserError, "choose a customer"):
            self.env["crm.suite.call"].with_user(self.rep).quick_log({"summary": "x"})
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.env["crm.suite.call"].create({"summary": "x"}).flush_recordset()

    def test_the_customer_takes_over_what_was_logged(self):
        call, other = self._log(), self._log(lead=self.deal.copy())
        self.deal.with_user(self.rep).partner_id = self.person
        self.assertEqual(call.partner_id, self.person)
        self.assertEqual(call.commercial_partner_id, self.customer)
        self.assertFalse(other.partner_id)
        self.assertEqual(self._log().partner_id, self.person)

    def test_naming_the_customer_asks_once_for_all_leads(self):
        """The host converts leads one by one; most were never called about."""
        leads = self.env["crm.lead"].create(
            [{"name": f"{n}", "user_id": self.rep.id} for n in range(4)]
        )
        call = self._log(lead=leads[3])
        for lead in leads[:2]:
            lead.partner_id = self.customer
        with self.assertQueryCount(0, flush=False):
            leads[2]._adopt_calls(self.customer.id)
        leads[3].partner_id = self.customer
        self.assertEqual(call.partner_id, self.customer)

    def test_who_does_not_see_the_lead(self):
        """Neither reads what was said about it nor restarts its clock."""
        call = self._log(summary="Secret price")
        rival = new_test_user(self.env, "suite_rival", f"{ROLE}sales_rep")
        calls = self.env["crm.suite.call"]
        for user in (rival, self.agent):
            self.assertFalse(calls.with_user(user).search([("id", "=", call.id)]))
            with self.assertRaises(AccessError):
                call.with_user(user).read(["summary"])
            with self.assertRaises(AccessError):
                self._log(user)
        self.assertTrue(calls.with_user(self.rep).search([("id", "=", call.id)]))
        self.assertTrue(calls.with_user(self.lead).search([("id", "=", call.id)]))

    def test_merged_and_deleted_leads(self):
        second = self.deal.copy()
        calls = self._log() | self._log(lead=second)
        kept = self.deal.with_user(self.lead)
        merged = (kept | second.with_user(self.lead)).merge_opportunity()
        self.assertEqual(calls.lead_id.ids, merged.ids)
        with_customer = self.env["crm.suite.call"].create(
            {"lead_id": merged.id, "partner_id": self.customer.id}
        )
        merged.sudo().unlink()
        self.assertFalse(calls.exists(), "about nobody any more")
        self.assertFalse(with_customer.lead_id)

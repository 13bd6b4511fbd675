from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import CustomerCase


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

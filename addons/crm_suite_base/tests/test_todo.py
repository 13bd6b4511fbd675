from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .test_access_request import AccessRequestCase


@tagged("post_install", "-at_install")
class TestTodo(AccessRequestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.customer.user_id = cls.rep

    def plan(self, days=0, user=None, record=None):
        record = record or self.customer
        return record.with_user(user or self.rep).activity_schedule(
            "mail.mail_activity_data_call",
            self.today + timedelta(days=days),
            summary="Call back",
            user_id=(user or self.rep).id,
        )

    def todo(self, user=None):
        return self.env["crm.suite.todo"].with_user(user or self.rep)

    def rows(self, key, user=None):
        (source,) = self.todo(user).crm_suite_todo(key, 0, 200)["sources"]
        return {row["id"]: row for row in source["rows"]}

    def act(self, key, method, records, reason="", user=None):
        result = call_kw(self.todo(user), "act", [key, method, records.ids, reason], {})
        return {row["id"]: row["reason"] for row in result["results"]}, result

    def test_activities(self):
        late, due, later = self.plan(-2), self.plan(), self.plan(5)
        rows = self.rows("activities")
        self.assertTrue(rows[late.id]["overdue"])
        self.assertFalse(rows[due.id]["overdue"])
        self.assertNotIn(later.id, rows)
        self.assertEqual(rows[late.id]["title"], "Call back")
        self.assertEqual(rows[late.id]["subtitle"][0]["text"], self.customer.name)
        self.assertEqual(
            rows[late.id]["open"], {"model": "res.partner", "id": self.customer.id}
        )
        self.assertNotIn(late.id, self.rows("activities", self.lead))

    def test_done(self):
        late, due = self.plan(-2), self.plan()
        results, _result = self.act("activities", "action_done", late | due)
        self.assertEqual(results, {late.id: "", due.id: ""})
        self.assertFalse(self.rows("activities").keys() & {late.id, due.id})

    def test_put_off_and_undo(self):
        late = self.plan(-2)
        _results, result = self.act("activities", "action_crm_suite_tomorrow", late)
        self.assertEqual(late.date_deadline, self.today + timedelta(days=1))
        self.env["crm.suite.operation"].browse(result["operation"]).action_undo()
        self.assertEqual(late.date_deadline, self.today - timedelta(days=2))

    def test_not_in_ones_list(self):
        """Other people's rows, and rows done meanwhile, are left out with a word."""
        mine, others = self.plan(), self.plan(user=self.lead)
        results, _result = self.act("activities", "action_done", mine | others)
        self.assertEqual(results[mine.id], "")
        self.assertIn("not in your list", results[others.id])
        self.assertTrue(others.active)

    def test_one_failure_does_not_stop_the_rest(self):
        """Each row has its own answer; what works is done."""
        self.customer.user_id = self.owner
        gone = self._create_customer(name="Gone", user_id=self.owner.id)
        requests = self.env["crm.suite.access.request"].with_user(self.rep)
        one = requests._request(self.customer, "claim")
        two = requests._request(gone, "claim")
        gone.unlink()
        results, _result = self.act(
            "access_requests", "action_grant", one | two, user=self.owner
        )
        self.assertEqual(results[one.id], "")
        self.assertIn("does not exist any more", results[two.id])
        self.assertEqual(self.customer.user_id, self.rep)

    def test_reason_is_required(self):
        self.customer.user_id = self.owner
        request = self.ask()
        with self.assertRaisesRegex(UserError, "Say why"):
            self.act("access_requests", "action_refuse", request, user=self.owner)
        results, _result = self.act(
            "access_requests", "action_refuse", request, "No", user=self.owner
        )
        self.assertEqual(results, {request.id: ""})
        self.assertEqual(request.sudo().reason, "No")

    def test_follow_ups(self):
        self.assertIn(self.customer.id, self.rows("follow_ups"))
        self.assertNotIn(self.customer.id, self.rows("follow_ups", self.lead))
        results, _result = self.act(
            "follow_ups", "action_crm_suite_follow_up", self.customer
        )
        self.assertEqual(results, {self.customer.id: ""})
        self.assertNotIn(self.customer.id, self.rows("follow_ups"))
        activity = self.customer.activity_ids
        self.assertEqual(activity.user_id, self.rep)
        self.assertEqual(activity.date_deadline, self.today + timedelta(days=1))

    def test_grade_says_how_often_to_follow_up(self):
        """A call of three weeks ago is enough by the settings, not for this grade."""
        grade = self.env["crm.suite.grade"].create(
            {"name": "Weekly", "code": "XW", "visit_interval_days": 7}
        )
        self.env["crm.suite.call"].create(
            {
                "partner_id": self.customer.id,
                "date": fields.Datetime.subtract(fields.Datetime.now(), days=21),
            }
        )
        self.env["crm.suite.customer.metric"]._refresh(self.customer.ids)
        found = [("id", "=", self.customer.id), ("crm_suite_no_contact", "=", True)]
        customers = self.env["res.partner"].with_user(self.rep)
        self.assertNotIn(self.customer.id, self.rows("follow_ups"))
        self.assertFalse(customers.search(found))
        self.assertFalse(self.customer.crm_suite_no_contact)
        self.customer.crm_suite_grade_id = grade
        self.assertIn(self.customer.id, self.rows("follow_ups"))
        self.assertTrue(customers.search(found))
        self.customer.invalidate_recordset()
        self.assertTrue(self.customer.crm_suite_no_contact)
        told = self.customer.with_user(self.rep).explain("grade")
        self.assertIn("Contact Every (Days): 7", told["sentence"])
        grade.visit_interval_days = 30
        self.customer.invalidate_recordset()
        self.assertNotIn(self.customer.id, self.rows("follow_ups"))
        self.assertFalse(customers.search(found))
        self.assertFalse(self.customer.crm_suite_no_contact)

    def test_in_touch_is_no_follow_up(self):
        self.env["crm.suite.call"].with_user(self.rep).quick_log(
            {
                "partner_id": self.customer.id,
                "kind": "call",
                "direction": "out",
                "outcome": "reached",
                "summary": "All well",
            }
        )
        self.env["crm.suite.customer.metric"]._refresh(self.customer.ids)
        self.assertNotIn(self.customer.id, self.rows("follow_ups"))

    def test_quality(self):
        self.customer.crm_suite_quality = 20
        rows = self.rows("quality")
        self.assertEqual(rows[self.customer.id]["subtitle"][0]["text"], "20")
        self.act("quality", "action_crm_suite_reviewed", self.customer)
        self.assertNotIn(self.customer.id, self.rows("quality"))

    def test_counts(self):
        before = self.todo().crm_suite_todo_counts()
        self.plan(-2)
        self.plan()
        after = self.todo().crm_suite_todo_counts()
        # The customer that has an activity now is no longer without one.
        counts = {row["key"]: row for row in after["sources"]}
        former = {row["key"]: row for row in before["sources"]}
        self.assertEqual(
            counts["activities"]["count"], former["activities"]["count"] + 2
        )
        self.assertEqual(after["overdue"], before["overdue"] + 1)
        self.assertEqual(after["total"], sum(r["count"] for r in after["sources"]))

    def test_queries_do_not_grow(self):
        """The screen costs the same with one customer and with thirty."""
        todo = self.todo()

        def cost():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            todo.crm_suite_todo(limit=50)
            return self.env.cr.sql_log_count - before

        def add(numbers):
            for number in numbers:
                busy = self._create_customer(name=f"C{number}", user_id=self.rep.id)
                self.plan(-1, record=busy)
                silent = self._create_customer(name=f"D{number}", user_id=self.rep.id)
                silent.crm_suite_quality = 10

        add(range(5))
        cost()
        few = cost()
        add(range(5, 40))
        cost()
        self.assertLessEqual(cost(), few)

    def test_wrong_questions(self):
        todo = self.todo()
        for method, arguments in (
            ("crm_suite_todo", ["nothing"]),
            ("crm_suite_todo", [False, "x"]),
            ("act", ["activities", "unlink", [1]]),
            ("act", ["activities", "action_done", "all"]),
            ("act", ["activities", "action_done", [True]]),
            ("act", ["activities", "action_done", list(range(1, 500))]),
            ("act", [{}, "action_done", [1]]),
        ):
            with self.subTest(method=method, arguments=arguments):
                with self.assertRaises(UserError):
                    call_kw(todo, method, arguments, {})
        with self.assertRaises(AccessError):
            self.todo(self.plain).crm_suite_todo()

    def test_every_role(self):
        """Each role has its centre; no source breaks for lack of a right."""
        for name in ("rep", "lead", "agent", "marketer", "analyst", "steward"):
            with self.subTest(role=name):
                result = self.todo(getattr(self, name)).crm_suite_todo()
                self.assertEqual(
                    result["total"], sum(row["count"] for row in result["sources"])
                )

    def test_it_has_no_rows(self):
        self.assertFalse(self.todo().search([]))

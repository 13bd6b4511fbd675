from odoo.tests import HttpCase, tagged

from .api_common import ApiCase
from .approval_common import ApprovalCase


@tagged("post_install", "-at_install")
class TestApiApproval(ApiCase, ApprovalCase, HttpCase):
    """An office system reads what waits, and decides."""

    def setUp(self):
        super().setUp()
        self.order, self.request = self.held()
        self.ours = self.task(self.request, self.lead).sudo()

    def decide(self, key=None, headers=None, **data):
        path = f"approvals/tasks/{self.ours.id}/decision"
        return self.call(path, data, key=key, headers=headers)

    def test_tasks(self):
        page = self.call("approvals/tasks?limit=100")
        self.assertEqual(page.status_code, 200, page.text)
        [task] = [t for t in page.data["tasks"] if t["id"] == self.ours.id]
        self.assertEqual(task["document"]["model"], "sale.order")
        self.assertEqual(task["document"]["id"], self.order.id)
        self.assertEqual(task["for"]["id"], self.lead.id)
        self.assertTrue(task["since"].endswith("Z"))
        for _number in range(2):
            self.held()
        first = self.call("approvals/tasks?limit=1").data
        second = self.call(f"approvals/tasks?limit=1&after={first['next']}").data
        self.assertLess(first["tasks"][0]["id"], second["tasks"][0]["id"])
        _key, text = self.make_key(self.agent)
        self.assertEqual(self.call("approvals/tasks", key=text).data["tasks"], [])

    def test_request(self):
        data = self.call(f"approvals/requests/{self.request.id}").data
        self.assertEqual(data["state"], "running", data)
        self.assertEqual([t["id"] for t in data["tasks"]], [self.ours.id])
        self.assertIn("agree", data["tasks"][0]["decisions"])
        self.assertTrue(data["events"])
        self.assertTrue(any(node["who"] for node in data["nodes"]))

    def test_request_of_others(self):
        _key, text = self.make_key(self.agent)
        for id_ in (self.request.id, 2**31 - 1, 0, 10**30):
            response = self.call(f"approvals/requests/{id_}", key=text)
            self.assertProblem(response, 404, "not_found")
        response = self.decide(key=text, decision="agree")
        self.assertProblem(response, 404, "not_found")
        self.assertEqual(self.ours.state, "open")

    def test_decide_once(self):
        response = self.decide(decision="agree", comment="From the office system")
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.data["result"], "decided")
        self.assertEqual(self.ours.state, "agreed")
        self.assertEqual(self.ours.decided_by_id, self.lead)
        again = self.decide(decision="agree", comment="From the office system")
        self.assertEqual(again.data["result"], "unchanged")
        self.assertProblem(self.decide(decision="reject", comment="No"), 409, "decided")

    def test_decide_again_with_the_same_key(self):
        headers = {"Idempotency-Key": "vote-1"}
        first = self.decide(headers=headers, decision="agree")
        again = self.decide(headers=headers, decision="agree")
        self.assertEqual(again.data, first.data)
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")

    def test_bad_decisions(self):
        for data in (
            {},
            {"decision": "maybe"},
            {"decision": "reject"},
            {"decision": "agree", "comment": 5},
            {"decision": "agree", "comment": "a\0b"},
            {"decision": "agree", "user_ids": ["x"]},
            {"decision": "agree", "more": 1},
            {"decision": "transfer", "user_ids": [2**31 - 1]},
            {"decision": "transfer", "user_ids": [self.plain.id]},
        ):
            with self.subTest(data=data):
                self.assertProblem(self.decide(**data), 422, "invalid")
        self.assertEqual(self.ours.state, "open")
        response = self.call(f"approvals/tasks/{self.ours.id}/decision", raw=b"[]")
        self.assertProblem(response, 422, "invalid")

import json
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mail.models import mail_thread

from .approval_common import ApprovalCase


@tagged("post_install", "-at_install")
class TestApprovalPush(ApprovalCase):
    """What waits for somebody reaches the browsers in which he allowed it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.push.device"].get_web_push_vapid_public_key()
        for user in (cls.lead, cls.finance):
            cls.env["mail.push.device"].create(
                {
                    "endpoint": f"https://push.example/{user.login}",
                    "expiration_time": False,
                    "keys": '{"p256dh": "x", "auth": "y"}',
                    "partner_id": user.partner_id.id,
                }
            )

    def tell(self):
        """Let the notices go; what each browser got."""
        with patch.object(mail_thread, "push_to_end_point") as push:
            self.run_cron("ir_cron_approval_notices")
        return [
            (call.kwargs["device"]["endpoint"], json.loads(call.kwargs["payload"]))
            for call in push.call_args_list
        ]

    def test_new_task(self):
        _order, request = self.held()
        [(endpoint, payload)] = self.tell()
        self.assertEqual(endpoint, "https://push.example/suite_lead")
        self.assertIn(request.name, payload["title"])
        self.assertIn(self.rep.name, payload["title"] + payload["options"]["body"])
        data = payload["options"]["data"]
        self.assertEqual(data["model"], "crm.suite.approval.request")
        self.assertEqual(data["res_id"], request.id)
        self.assertEqual(self.tell(), [], "Once")
        self.decide(request, self.lead)
        [(endpoint, _payload)] = self.tell()
        self.assertEqual(endpoint, "https://push.example/suite_finance")

    def test_reminder(self):
        _order, request = self.held()
        self.tell()
        task = request.task_ids.filtered(lambda task: task.state == "open")
        request._remind({"kind": "remind", "task": task.key})
        [(endpoint, payload)] = self.tell()
        self.assertEqual(endpoint, "https://push.example/suite_lead")
        self.assertIn(request.name, payload["title"])

    def test_whom_it_concerns_no_more(self):
        """Decided before the notice went: no browser rings."""
        _order, request = self.held()
        self.decide(request, self.lead, "reject", "No")
        told = [endpoint for endpoint, _payload in self.tell()]
        self.assertNotIn("https://push.example/suite_lead", told)

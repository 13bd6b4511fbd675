import json
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mail.models import mail_thread

from .automation_common import AutomationCase


@tagged("post_install", "-at_install")
class TestAutomationPush(AutomationCase):
    """Whom a rule notifies hears it in the browsers in which he allowed it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        devices = cls.env["mail.push.device"]
        devices.get_web_push_vapid_public_key()
        cls.rep.notification_type = "email"
        cls.customer.user_id = cls.rep
        cls.device = devices.create(
            {
                "endpoint": "https://push.example/rep",
                "expiration_time": False,
                "keys": '{"p256dh": "x", "auth": "y"}',
                "partner_id": cls.rep.partner_id.id,
            }
        )
        cls.notify = {
            "kind": "notify",
            "who": "owner",
            "subject": "Look at {name}",
            "body": "It changed",
        }

    def queued(self):
        rows = (
            self.env["mail.push"]
            .sudo()
            .search([("mail_push_device_id", "=", self.device.id)])
        )
        return [json.loads(row.payload) for row in rows]

    def test_the_owner_is_told_by_the_queue(self):
        self._create_rule(self.notify)
        with patch.object(mail_thread, "push_to_end_point") as push:
            self.customer.with_user(self.lead).ref = "A1"
            self.env.flush_all()
        push.assert_not_called()
        [payload] = self.queued()
        self.assertIn("Huaqiang", payload["title"] + payload["options"]["body"])

    def test_a_trial_tells_nobody(self):
        rule = self._create_rule(
            self.notify, on=False, domain=f"[('id', '=', {self.customer.id})]"
        )
        with patch.object(mail_thread, "push_to_end_point") as push:
            result = rule.simulate()
        self.assertEqual((result["total"], result["failed"]), (1, 0))
        push.assert_not_called()
        self.assertFalse(self.queued())

    def test_who_allowed_no_browser_is_not_pushed(self):
        self.device.unlink()
        self._create_rule(self.notify)
        self.customer.with_user(self.lead).ref = "A1"
        self.assertFalse(self.queued())

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mail.models import mail_thread

from ..models.rule_dry_run import dry_run, is_dry_run
from .automation_common import AutomationCase

CHANNELS = "bus.bus.channels"


@tagged("post_install", "-at_install")
class TestAutomationTrial(AutomationCase):
    """What the host sends within the transaction, a trial does not send."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.push.device"].get_web_push_vapid_public_key()
        cls.device = cls.env["mail.push.device"].create(
            {
                "endpoint": "https://push.example/rep",
                "expiration_time": False,
                "keys": '{"p256dh": "x", "auth": "y"}',
                "partner_id": cls.rep.partner_id.id,
            }
        )
        cls.customer.write(
            {
                "email": "a@customer.example",
                "phone": "+8613800138000",
                "user_id": cls.rep.id,
            }
        )
        cls.loud = [
            {"kind": "mail", "subject": "Hello {name}", "body": "Text"},
            {"kind": "notify", "body": "{name}", "who": "owner"},
            {"kind": "activity", "subject": "Call {name}", "who": "owner"},
            {"kind": "webhook"},
        ]

    def setUp(self):
        super().setUp()
        self.sent = []
        self._catch(mail_thread, "push_to_end_point", "push")
        self._catch(type(self.env["mail.mail"]), "_send", "mail")
        self.with_sms = "sms.sms" in self.env
        if self.with_sms:
            from odoo.addons.sms.tools.sms_api import SmsApi

            self._catch(SmsApi, "_send_sms_batch", "sms", [])

    def _catch(self, owner, name, kind, result=None):
        def send(*_args, **_kwargs):
            self.sent.append(kind)
            return result

        self.startPatcher(patch.object(owner, name, send))

    def _rule(self, *actions, **values):
        return self._create_rule(
            *actions, domain=f"[('id', '=', {self.customer.id})]", **values
        )

    def test_a_trial_is_silent(self):
        kinds = [{"kind": "sms", "body": "Hi {name}"}] if self.with_sms else []
        rule = self._rule(*self.loud, *kinds, on=False)
        self.env["bus.bus"]._sendone("before", "before", {})
        self.env.cr.flush()
        channels = set(self.env.cr.postcommit.data[CHANNELS])
        last = self.env["bus.bus"]._bus_last_id()
        result = rule.simulate()
        self.assertEqual((result["tried"], result["failed"]), (1, 0), result["lines"])
        self.env.cr.flush()
        self.assertEqual(self.env["bus.bus"]._bus_last_id(), last)
        self.assertEqual(set(self.env.cr.postcommit.data[CHANNELS]), channels)
        self.assertFalse(self.sent)
        self.assertFalse(is_dry_run(self.env.cr))

    def test_the_real_thing_is_not(self):
        self._rule(*self.loud)
        self.customer.ref = "A"
        self.assertIn("push", self.sent)

    def test_text_messages_wait_in_the_queue(self):
        if not self.with_sms:
            self.skipTest("text messages are not installed")
        rule = self._rule({"kind": "sms", "body": "Hi {name}"})
        cron = self.env.ref("sms.ir_cron_sms_scheduler_action")
        triggers = self.env["ir.cron.trigger"]
        domain = [("cron_id", "=", cron.id)]
        before = triggers.search_count(domain)
        self.customer.ref = "A"
        self.assertEqual(self.runs(rule).state, "done", self.runs(rule).error)
        self.assertNotIn("sms", self.sent)
        sms = self.env["sms.sms"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(
            (sms.state, sms.body), ("outgoing", f"Hi {self.customer.name}")
        )
        self.assertGreater(triggers.search_count(domain), before, "sent by itself")

    def test_what_others_send_at_once(self):
        mail = {"subject": "Now", "email_to": "b@customer.example"}
        with dry_run(self.env):
            self.assertTrue(self.env["mail.mail"].create(mail).send())
            if self.with_sms:
                self.customer._message_sms("Now", partner_ids=self.customer.ids)
        self.assertFalse(self.sent)
        self.env["mail.mail"].create(mail).send()
        self.assertIn("mail", self.sent)
        if self.with_sms:
            self.customer._message_sms("Now", partner_ids=self.customer.ids)
            self.assertIn("sms", self.sent)

    def test_collections_of_before_are_not_added_to(self):
        """Others keep lists there, to which what a trial does adds."""
        data = self.env.cr.postcommit.data
        data["suite.test"] = kept = {"list": [1], "set": {1}}
        self.addCleanup(data.pop, "suite.test", None)
        with dry_run(self.env):
            inside = self.env.cr.postcommit.data["suite.test"]
            inside["list"].append(2)
            inside["set"].add(2)
            inside["more"] = 1
        self.assertIs(data["suite.test"], kept)
        self.assertEqual(kept, {"list": [1], "set": {1}})

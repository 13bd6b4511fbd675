import json
import time
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..tools import webhook_sign
from .common import ROLE


@tagged("post_install", "-at_install")
class TestAutomationWebhook(HttpCase):
    """Calls of another system: signed, fresh, taken once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "hook_manager", f"{ROLE}sales_manager")
        template = cls.env.ref("crm_suite_base.automation_template_webhook_customer")
        cls.rule = (
            cls.env["crm.suite.automation"]
            .with_user(cls.manager)
            .create({"template_id": template.id})
        )
        cls.rule.action_switch_on()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.env["base.automation"]._unregister_hook)
        self.registry.registry_invalidated = False

    def call(
        self,
        payload,
        at=None,
        secret=None,
        url=None,
        body=None,
        call_id=None,
        **headers,
    ):
        body = body if body is not None else json.dumps(payload).encode()
        at = int(time.time()) if at is None else at
        secret = self.rule.webhook_secret if secret is None else secret
        signed = webhook_sign.make_headers(
            [secret], call_id or str(uuid4()), at, body, "customer"
        )
        path = url or self.rule.webhook_url.split("/", 3)[3]
        return self.url_open(f"/{path}", data=body, headers={**signed, **headers})

    def runs(self):
        return self.env["crm.suite.automation.run"].search(
            [("automation_id", "=", self.rule.id)], order="id"
        )

    def work(self):
        for run in self.runs().filtered(lambda r: r.state == "queued"):
            run._work()

    def test_signed_call_makes_a_customer(self):
        payload = {
            "customer": {"name": "Fair Visitor", "email": "visitor@fair.example"},
            "source": "Canton Fair",
            "note": "<b>wants</b> a catalogue",
        }
        answer = self.call(payload)
        self.assertEqual(answer.status_code, 202)
        self.work()
        partner = self.env["res.partner"].search(
            [("email", "=", "visitor@fair.example")]
        )
        self.assertEqual(partner.name, "Fair Visitor")
        note = partner.message_ids.filtered(lambda m: "Canton Fair" in m.body)
        self.assertIn("&lt;b&gt;", note.body, "what others send is no HTML")
        self.assertEqual(self.runs().state, "done")
        payload["customer"]["name"] = "Fair Visitor Ltd."
        self.call(payload)
        self.work()
        self.assertEqual(partner.name, "Fair Visitor Ltd.")

    def test_the_same_call_again_is_known(self):
        payload = {"customer": {"name": "Twice", "email": "twice@fair.example"}}
        self.assertEqual(self.call(payload, call_id="call-1").status_code, 202)
        # Tried again later, as senders do who did not get the answer.
        later = int(time.time()) + 60
        self.assertEqual(
            self.call(payload, at=later, call_id="call-1").status_code, 200
        )
        self.assertEqual(len(self.runs()), 1)

    @mute_logger("odoo.http")
    def test_refused_calls(self):
        payload = {"customer": {"name": "Evil", "email": "evil@fair.example"}}
        wrong = webhook_sign.make_secret()
        self.assertEqual(self.call(payload, secret=wrong).status_code, 401)
        self.assertEqual(self.call(payload, at=int(time.time()) - 900).status_code, 401)
        for headers in (
            {"webhook-signature": "v1,00"},
            {"webhook-timestamp": "soon"},
            {"webhook-id": "another"},
            {"webhook-id": "x" * 300},
        ):
            self.assertEqual(self.call(payload, **headers).status_code, 401, headers)
        elsewhere = self.call(payload, url="crm_suite/automation/nowhere")
        self.assertEqual(elsewhere.status_code, 404)
        self.assertFalse(self.runs())
        path = self.rule.webhook_url.split("/", 3)[3]
        self.assertEqual(self.url_open(f"/{path}").status_code, 405, "GET does nothing")

    @mute_logger("odoo.http")
    def test_bodies_that_cannot_be_kept(self):
        for body in (
            b"[1]",
            b"{",
            b"\xff",
            b'{"customer": []}',
            b'{"customer": {"name": "A"}, "note": NaN}',
            b'{"customer": {"name": "A"}, "note": 1e999}',
            b'{"customer": {"name": "A"}, "customer": {}}',
            b'{"customer": {"name": "A"}, "note": %s}' % (b"[" * 90 + b"]" * 90),
            b'{"customer": {"name": "A"}, "note": "\\u0000"}',
            b'{"customer": {"name": "\\ud800"}}',
            b'{"customer": {"name": "A"}, "\\uDFFF": 1}',
        ):
            answer = self.call(None, body=body)
            self.assertEqual(answer.status_code, 422, body)
            self.assertNotIn("run", answer.json())
        self.assertFalse(self.runs())
        # A whole pair is one character, which is kept.
        whole = b'{"customer": {"name": "\\ud83d\\ude00", "email": "p@fair.example"}}'
        self.assertEqual(self.call(None, body=whole).status_code, 202)

    @mute_logger("odoo.http")
    def test_too_many_calls_wait(self):
        self.startPatcher(
            patch("odoo.addons.crm_suite_base.models.automation_webhook.PER_MINUTE", 2)
        )
        payload = {"customer": {"name": "Often", "email": "often@fair.example"}}
        for name in ("one", "two"):
            self.assertEqual(self.call(payload, call_id=name).status_code, 202)
        first = self.runs()[0]
        first.at = fields.Datetime.now() - timedelta(seconds=40)
        answer = self.call(payload, call_id="three")
        self.assertEqual(answer.status_code, 429)
        self.assertIn(int(answer.headers["Retry-After"]), range(1, 22))
        self.assertEqual(len(self.runs()), 2)
        self.assertEqual(self.call(payload, call_id="two").status_code, 200, "known")
        first.at -= timedelta(seconds=30)
        self.assertEqual(self.call(payload, call_id="three").status_code, 202)

    @mute_logger("odoo.http", "odoo.addons.base_automation.models.base_automation")
    def test_the_address_of_the_host_does_nothing(self):
        host = self.rule.sudo().host_rule_id
        answer = self.url_open(f"/web/hook/{host.webhook_uuid}")
        self.assertEqual(answer.status_code, 500)
        self.assertFalse(self.runs())

    @mute_logger("odoo.http")
    def test_switched_off_and_renewed(self):
        payload = {"customer": {"name": "Late", "email": "late@fair.example"}}
        path, secret = self.rule.webhook_url.split("/", 3)[3], self.rule.webhook_secret
        self.rule.action_new_secret()
        self.assertNotEqual(self.rule.webhook_secret, secret)
        self.assertEqual(self.call(payload, secret=secret, url=path).status_code, 404)
        self.rule.action_switch_off()
        self.assertEqual(self.call(payload).status_code, 404)

    def test_unknown_customers_where_none_is_to_be_made(self):
        self.rule.webhook_create = False
        self.call({"customer": {"name": "New", "email": "new@fair.example"}})
        with self.assertRaisesRegex(UserError, "no such customer"):
            self.runs()._work()

    def test_condition_and_once(self):
        self.rule.write({"domain": "[('country_id.code', '=', 'CN')]", "once": True})
        answers = []
        for email, country in (
            ("a@fair.example", "CN"),
            ("a@fair.example", "CN"),
            ("b@fair.example", "DE"),
        ):
            values = {"name": "Visitor", "email": email}
            values["country_id"] = self.env.ref(f"base.{country.lower()}").id
            self.call({"customer": values})
            self.work()
            run = self.runs()[-1]
            answers.append((run.state, run.effect_text))
            self.assertEqual(run._get_records().email, email)
        self.assertEqual(
            [state for state, _text in answers], ["done"] + ["skipped"] * 2
        )
        self.assertIn("Never a second time", answers[1][1])
        self.assertIn("condition", answers[2][1])

    def test_the_secret_is_for_who_may_change_the_rule(self):
        agent = new_test_user(self.env, "hook_rep", f"{ROLE}sales_rep")
        self.assertTrue(self.rule.webhook_secret)
        with self.assertRaises(AccessError):
            self.rule.with_user(agent).read(["webhook_secret"])
        secret = self.rule.webhook_secret
        other = new_test_user(self.env, "hook_other", f"{ROLE}service_manager")
        taken = self.rule.with_user(other)
        self.assertFalse(taken.webhook_secret, "calls work with the rights of another")
        taken.action_take_over()
        self.assertTrue(taken.webhook_secret)
        self.assertNotEqual(taken.webhook_secret, secret)

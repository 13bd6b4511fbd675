import json
import time
from collections import Counter
from concurrent.futures import Future
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import (
    AccessError,
    ConcurrencyError,
    UserError,
    ValidationError,
)
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..models import webhook_send
from ..models.webhook_send import Outcome, post
from ..tools.guarded_address import Policy, RequestFailed, parse_internal
from ..tools.guarded_http import Answer
from ..tools.webhook_sign import get_wait, make_secret, read_retry_after, sign, verify
from .common import ROLE, CustomerCase
from .test_guarded_http import serve


class WebhookCase(CustomerCase):
    """A subscription to events of customers, read by a sales lead."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Those of the demo data hear nothing of the tests.
        cls.env["crm.suite.webhook"].search([]).write({"state": "draft"})
        cls.env["crm.suite.webhook.delivery"].search([]).unlink()
        cls.env["crm.suite.webhook.event"].search([]).write({"spread": True})
        cls.webhook = cls._create_webhook("customer.owner_changed", "webhook.test")

    @classmethod
    def _create_webhook(cls, *codes, **values):
        types = cls.env["crm.suite.webhook.type"].search([("code", "in", codes)])
        webhook = cls.env["crm.suite.webhook"].create(
            {
                "name": "Receiver",
                "url": "https://receiver.example/hook",
                "type_ids": types.ids,
                "run_as_id": cls.lead.id,
                "owner_id": cls.lead.id,
                "company_id": cls.env.company.id,
                **values,
            }
        )
        webhook.sudo().write({"secret": make_secret(), "state": "on"})
        cls.env["crm.suite.webhook.seen"]._prepare()
        return webhook

    def emit(self, *records, code="customer.owner_changed", data=None):
        """Emit one event per record, in order, and give the deliveries."""
        for record in records:
            payload = {record.id: data} if data else None
            self.env["crm.suite.webhook"]._emit(code, record, payload)
        self.env["crm.suite.webhook"]._spread()
        return self.webhook.delivery_ids.sorted("id")

    def claim(self, webhook=None, limit=10):
        deliveries = self.env["crm.suite.webhook.delivery"]
        return deliveries._claim((webhook or self.webhook).id, limit)

    def answer(self, delivery, status=200, **headers):
        found = {name.replace("_", "-"): value for name, value in headers.items()}
        delivery._mark(Outcome(Answer(status, found, b"said"), None, 0.1))

    def later(self, delivery):
        delivery.next_try = fields.Datetime.now() - timedelta(seconds=1)


@tagged("post_install", "-at_install")
class TestWebhookSign(CustomerCase):
    """Signatures and waits, as a receiver sees them."""

    def test_example_of_the_standard(self):
        """The published example of Standard Webhooks."""
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105
        signature = sign(
            secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
        )
        self.assertEqual(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")

    def test_verify(self):
        secret, other = make_secret(), make_secret()
        headers = {
            "webhook-id": "1",
            "webhook-timestamp": "1000",
            "webhook-signature": f"{sign(other, '1', 1000, b'x')} {sign(secret, '1', 1000, b'x')}",
        }
        self.assertTrue(verify(secret, headers, b"x", 1100))
        self.assertTrue(verify(other, headers, b"x", 1100))
        self.assertFalse(verify(make_secret(), headers, b"x", 1100))
        self.assertFalse(verify(secret, headers, b"y", 1100))
        self.assertFalse(verify(secret, headers, b"x", 2000), "too old")
        for name in headers:
            with self.subTest(name=name):
                self.assertFalse(verify(secret, {**headers, name: "9"}, b"x", 1100))
                rest = {key: v for key, v in headers.items() if key != name}
                self.assertFalse(verify(secret, rest, b"x", 1100))

    def test_waits(self):
        self.assertEqual([get_wait(n, 0.5) for n in (1, 2, 3)], [30, 60, 120])
        self.assertEqual(get_wait(50, 0.5), 6 * 3600)
        self.assertLess(get_wait(3, 0), get_wait(3, 1))
        self.assertEqual(get_wait(1, 0.5, 500), 500)
        self.assertEqual(get_wait(1, 0.5, 10**9), 24 * 3600)
        self.assertEqual(read_retry_after("120", 0), 120)
        self.assertEqual(read_retry_after("Thu, 01 Jan 1970 00:01:40 GMT", 40), 60)
        for value in (None, "", "soon", "-5", "²"):
            with self.subTest(value=value):
                self.assertIsNone(read_retry_after(value, 0))


@tagged("post_install", "-at_install")
class TestWebhook(WebhookCase):
    """Events, the outbox and what receivers answer."""

    def test_body(self):
        self.customer.write({"ref": "C-1", "email": "secret@example.com"})
        delivery = self.emit(self.customer, data={"to_id": 5})
        body = json.loads(delivery.body)
        self.assertEqual(body["type"], "customer.owner_changed")
        self.assertTrue(body["timestamp"].endswith("Z"))
        data = body["data"]
        self.assertEqual((data["model"], data["id"]), ("res.partner", self.customer.id))
        self.assertEqual(data["to_id"], 5)
        self.assertEqual(data["record"]["name"], "Huaqiang Electronics")
        self.assertEqual(data["record"]["ref"], "C-1")
        self.assertEqual(
            data["record"]["crm_suite_lifecycle_id"],
            {"id": self.stage.id, "name": self.stage.name},
        )
        self.assertIsNone(data["record"]["crm_suite_grade_id"])
        self.assertNotIn("secret@example.com", delivery.body)

    def test_nothing_sensitive_is_listed(self):
        from ..tools.sensitive import is_sensitive

        found = self.env["crm.suite.webhook.event"]._record_fields()
        for model, names in found.items():
            for name in names:
                with self.subTest(model=model, name=name):
                    self.assertFalse(is_sensitive(model, name))
        for name in ("email", "phone", "street", "vat", "comment", "bank_ids"):
            self.assertTrue(is_sensitive("res.partner", name))

    def test_only_what_the_person_may_read(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = self._create_customer(name="Elsewhere", company_id=company.id)
        deliveries = self.emit(self.customer, other)
        self.assertEqual(deliveries.mapped("state"), ["pending", "skipped"])
        self.assertFalse(deliveries[1].body)
        self.assertIn(self.lead.name, deliveries[1].error)
        plain = self._create_webhook("customer.owner_changed", run_as_id=self.plain.id)
        self.emit(self.customer)
        record = json.loads(plain.delivery_ids.body)["data"]["record"]
        self.assertNotIn("crm_suite_lifecycle_id", record, "has no role of the suite")

    def test_the_row_that_tells_it_is_to_be_read_too(self):
        segment = self.env["crm.suite.segment"].create(
            {
                "name": "Private",
                "kind": "static",
                "is_shared": False,
                "user_id": self.rep.id,
            }
        )
        event = self.env["crm.suite.segment.event"].create(
            {
                "segment_id": segment.id,
                "partner_id": self.customer.id,
                "kind": "enter",
                "at": fields.Datetime.now(),
            }
        )
        hooks = {
            user: self._create_webhook("segment.entered", run_as_id=user.id)
            for user in (self.rep, self.agent)
        }
        self.customer.user_id = self.rep
        self.env["crm.suite.webhook.event"]._insert_rows(
            SQL(
                "SELECT * FROM (%s) r WHERE source_id = %s",
                self.env["crm.suite.webhook.cursor"]._select_segments(),
                event.id,
            )
        )
        self.env["crm.suite.webhook"]._spread()
        self.assertEqual(hooks[self.rep].delivery_ids.state, "pending")
        self.assertEqual(hooks[self.agent].delivery_ids.state, "skipped")

    def test_only_what_was_subscribed(self):
        self.emit(self.customer, code="pool.claimed")
        self.assertFalse(self.webhook.delivery_ids)
        with self.assertRaises(ValueError):
            self.emit(self.customer, code="no.such")
        with self.assertRaises(TypeError):
            self.emit(self.customer, data={"x": object()})

    def test_sent(self):
        delivery = self.emit(self.customer)
        claimed = self.claim()
        self.assertEqual(claimed, delivery)
        self.assertEqual((delivery.state, delivery.attempts), ("sending", 1))
        self.assertFalse(self.claim(), "nobody else gets it")
        self.answer(delivery, 204)
        self.assertEqual((delivery.state, delivery.status_code), ("sent", 204))
        self.assertEqual(delivery.answer, "said")
        self.assertTrue(self.webhook.last_success)

    def test_order_of_a_record(self):
        other = self._create_customer(name="Other")
        first, second, third = self.emit(self.customer, self.customer, other)
        self.assertEqual(self.claim(), first | third)
        self.answer(third)
        self.answer(first, 500)
        self.assertEqual(first.state, "failed")
        self.assertFalse(self.claim(), "the second waits for the first")
        self.later(first)
        self.assertEqual(self.claim(), first)
        self.answer(first)
        self.assertEqual(self.claim(), second)

    def test_dead_letter_frees_the_next(self):
        self.env["ir.config_parameter"].set_param("crm_suite_base.webhook_tries", "2")
        first, second = self.emit(self.customer, self.customer)
        for _try in range(2):
            self.later(first)
            self.assertEqual(self.claim(), first)
            self.answer(first, 503)
        self.assertEqual(first.state, "dead")
        self.assertEqual(self.claim(), second)
        uuid = first.event_id.uuid
        self.assertEqual(first.with_user(self.env.user).action_replay(), 1)
        self.assertEqual((first.state, first.attempts), ("pending", 0))
        self.assertEqual(first.event_id.uuid, uuid)

    def test_who_waits_for_another_wakes_nobody(self):
        """The scheduled action comes back for the first one, not in a circle."""
        first, second = self.emit(self.customer, self.customer)
        self.claim()
        self.answer(first, 500)
        triggers = self.env["ir.cron.trigger"]
        known = triggers.search([])
        first._plan_next()
        self.env.flush_all()
        woken = triggers.search([]) - known
        self.assertEqual(len(woken), 1)
        self.assertGreaterEqual(woken.call_at, first.next_try)
        self.assertLess(second.next_try, first.next_try)

    def _pile(self, count, state="pending", same_record=False, hours=0):
        """Put many deliveries into the outbox, of records that need not be there."""
        self.env.flush_all()
        next_try = fields.Datetime.now() + timedelta(hours=hours, seconds=-1)
        self.env.cr.execute(
            SQL(
                """
                WITH event AS (
                    INSERT INTO crm_suite_webhook_event
                           (uuid, type, res_model, res_id, occurred_at, spread)
                    SELECT gen_random_uuid()::text, 'customer.owner_changed',
                           'res.partner', CASE WHEN %s THEN 1 ELSE n END, now(), TRUE
                      FROM generate_series(1000000, 1000000 + %s - 1) n
                 RETURNING id, type, res_model, res_id)
                INSERT INTO crm_suite_webhook_delivery
                       (webhook_id, event_id, event_type, res_model, res_id, state,
                        next_try, body, is_test)
                SELECT %s, id, type, res_model, res_id, %s, %s, '{}', FALSE
                  FROM event ORDER BY id
                """,
                same_record,
                count,
                self.webhook.id,
                state,
                next_try,
            )
        )
        self.env.invalidate_all()

    def _find_woken(self):
        """When the scheduled action comes back, if it does."""
        triggers = self.env["ir.cron.trigger"]
        known = triggers.search([])
        self.env["crm.suite.webhook.delivery"]._plan_next()
        return (triggers.search([]) - known).mapped("call_at")

    def test_a_test_passes_all_that_waits(self):
        """And while paused nobody comes back for what waits."""
        self.webhook.action_pause()
        self._pile(5100)
        with patch.object(
            type(self.env["crm.suite.http"]), "_check_url", lambda *a, **k: None
        ):
            self.webhook.action_test()
        test = self.webhook.delivery_ids.filtered("is_test")
        deliveries = self.env["crm.suite.webhook.delivery"]
        self.assertEqual(deliveries._find_due_webhooks(), self.webhook.ids)
        self.assertEqual(len(self._find_woken()), 1)
        self.assertEqual(self.claim(), test)
        self.answer(test)
        self.assertFalse(deliveries._find_due_webhooks())
        self.assertFalse(self._find_woken())

    def test_what_is_due_passes_what_is_to_be_tried_later(self):
        self._pile(5100, "failed", hours=3)
        self.assertFalse(self.claim())
        self.assertGreater(
            self._find_woken()[0], fields.Datetime.now() + timedelta(hours=2)
        )
        self.emit(self.customer)
        delivery = self.webhook.delivery_ids.filtered(
            lambda d: d.res_id == self.customer.id
        )
        self.assertEqual(self.claim(), delivery)
        self.answer(delivery)
        self.assertFalse(self.claim())

    def test_what_is_due_passes_what_waits_for_another(self):
        self._pile(1, "failed", same_record=True, hours=3)
        self._pile(5100, same_record=True)
        self.emit(self.customer)
        self.assertEqual(self.claim().res_id, self.customer.id)
        self.assertFalse(self.claim())
        self.assertGreater(
            self._find_woken()[0], fields.Datetime.now() + timedelta(hours=2)
        )

    def test_archived_readers_read_nothing(self):
        self.lead.active = False
        self.assertEqual(self.emit(self.customer).state, "skipped")

    def _count_notices(self, webhook):
        return self.env["mail.message"].search_count(
            [("model", "=", webhook._name), ("res_id", "=", webhook.id)]
        )

    def test_one_that_cannot_be_read_stops_nobody(self):
        """The company was archived, or its reader does not work there any more."""
        company = self.env["res.company"].create({"name": "Other"})
        self.lead.company_ids |= company
        bad = self._create_webhook("customer.owner_changed", company_id=company.id)

        def leave():
            self.lead.company_ids -= company

        def archive():
            company.active = False

        for step, break_it in enumerate((leave, archive), 1):
            with self.subTest(step=step):
                break_it()
                self.emit(self.customer)
                self.assertEqual(len(self.claim()), 1, "the other one goes on")
                self.webhook.delivery_ids.write({"state": "sent"})
                self.assertEqual(set(bad.delivery_ids.mapped("state")), {"skipped"})
                self.assertEqual(bad.state, "paused")
                self.assertIn("Other", bad.pause_reason)
                self.emit(self.customer)
                self.webhook.delivery_ids.write({"state": "sent"})
                self.assertEqual(self._count_notices(bad), step, "told once")
                self.assertEqual(bad.delivery_ids.action_replay(), 0)
                for method in (bad.action_start, bad.action_test):
                    with self.assertRaisesRegex(UserError, "Other"):
                        method()
                # As if somebody had set it right.
                self.lead.company_ids |= company
                bad.write({"state": "on", "pause_reason": False})
        self.assertEqual(self.webhook.state, "on")
        company.active = True
        self.assertEqual(bad.delivery_ids.action_replay(), 4)

    @mute_logger("odoo.addons.crm_suite_base.models.webhook_event")
    def test_one_that_fails_stops_nobody(self):
        bad = self._create_webhook("customer.owner_changed")
        events = type(self.env["crm.suite.webhook.event"])
        original = events._get_bodies

        def break_for(error):
            def get_bodies(records, webhook):
                if webhook == bad:
                    raise error
                return original(records, webhook)

            return patch.object(events, "_get_bodies", get_bodies)

        with break_for(ValueError("broken field")):
            self.assertEqual(self.emit(self.customer).state, "pending")
        self.assertEqual((bad.state, bad.delivery_ids.state), ("paused", "skipped"))
        self.assertIn("broken field", bad.pause_reason)
        self.assertEqual(self._count_notices(bad), 1)
        self.assertEqual(bad.delivery_ids.action_replay(), 1)
        # Lost against another worker: the whole round is done again.
        with (
            break_for(ConcurrencyError("again")),
            self.assertRaises(ConcurrencyError),
        ):
            self.emit(self.customer)

    def test_retry_after(self):
        delivery = self.emit(self.customer)
        self.claim()
        self.answer(delivery, 429, retry_after="3600")
        wait = delivery.next_try - fields.Datetime.now()
        self.assertGreater(wait, timedelta(minutes=59))

    def test_gone(self):
        first, second = self.emit(self.customer, self.person.commercial_partner_id)
        self.claim()
        self.answer(first, 410)
        self.assertEqual((self.webhook.state, first.state), ("gone", "dead"))
        self.assertFalse(self.claim())
        self.emit(self.customer)
        self.assertEqual(self.webhook.delivery_ids, first | second, "nothing new")

    def test_pause_keeps(self):
        self.webhook.action_pause()
        delivery = self.emit(self.customer)
        self.assertEqual(delivery.state, "pending")
        self.assertFalse(self.claim())
        with patch.object(
            type(self.env["crm.suite.http"]), "_check_url", lambda *a, **k: None
        ):
            self.webhook.action_start()
        self.assertEqual(self.claim(), delivery)

    def test_pause_by_itself(self):
        deliveries = self.emit(*(self._create_customer() for _n in range(6)))
        self.claim()
        for delivery in deliveries[:5]:
            self.answer(delivery, 500)
        self.assertEqual((self.webhook.state, self.webhook.failure_count), ("on", 5))
        self.webhook.failing_since = fields.Datetime.now() - timedelta(hours=80)
        messages = self.env["mail.message"]
        before = messages.search_count([("model", "=", "crm.suite.webhook")])
        self.answer(deliveries[5], 500)
        self.assertEqual(self.webhook.state, "paused")
        self.assertIn("500", self.webhook.pause_reason)
        after = messages.search([("model", "=", "crm.suite.webhook")])
        self.assertEqual(len(after) - before, 1)
        self.assertIn(self.lead.partner_id, after.notified_partner_ids)

    def test_success_ends_the_row_of_failures(self):
        first = self.emit(self.customer)
        self.claim()
        self.answer(first, 500)
        self.assertTrue(self.webhook.failing_since)
        self.later(first)
        self.claim()
        self.answer(first)
        self.assertFalse(self.webhook.failing_since)
        self.assertEqual(self.webhook.failure_count, 0)

    def test_lost_claims_come_back(self):
        delivery = self.emit(self.customer)
        self.claim()
        self.assertFalse(delivery._release_lost())
        delivery.claimed_at = fields.Datetime.now() - timedelta(minutes=11)
        self.assertEqual(delivery._release_lost(), delivery)
        self.assertEqual(self.claim(), delivery)
        self.assertEqual(delivery.attempts, 2)

    def test_error_of_the_client(self):
        delivery = self.emit(self.customer)
        self.claim()
        error = RequestFailed("connect", host="x", reason="Connection refused")
        delivery._mark(Outcome(None, error, 0.2))
        self.assertEqual(delivery.state, "failed")
        self.assertIn("Connection refused", delivery.error)

    def test_rotation(self):
        old = self.webhook.sudo().secret
        answer = self.webhook.rotate_secret()
        self.assertNotEqual(answer["secret"], old)
        self.assertTrue(answer["old_until"])
        delivery = self.emit(self.customer)
        self.claim()
        self.assertEqual(delivery._make_letter().secrets, (answer["secret"], old))
        self.webhook.sudo().secret_old_until = fields.Datetime.now() - timedelta(
            hours=1
        )
        self.assertEqual(delivery._make_letter().secrets, (answer["secret"],))

    def test_secret_is_closed(self):
        admin = new_test_user(self.env, "suite_hook_admin", f"{ROLE}admin")
        webhook = self.webhook.with_user(admin)
        self.assertTrue(webhook.has_secret)
        with self.assertRaises(AccessError):
            webhook.read(["secret"])
        with self.assertRaises(AccessError):
            webhook.search([("secret", "like", "whsec_A%")])
        with self.assertRaises(UserError):
            webhook.write({"secret": make_secret()})
        self.assertNotIn(
            self.webhook.sudo().secret, str(webhook.export_data(["name", "url"]))
        )

    def test_rights(self):
        self.emit(self.customer)
        for user in (self.plain, self.rep, self.lead, self.steward):
            for name in (
                "webhook",
                "webhook.event",
                "webhook.delivery",
                "webhook.type",
            ):
                with self.subTest(user=user.login, model=name):
                    with self.assertRaises(AccessError):
                        self.env[f"crm.suite.{name}"].with_user(user).search_count([])
            webhook = self.webhook.with_user(user)
            for method in ("action_start", "action_pause", "action_test"):
                with self.subTest(method=method), self.assertRaises(AccessError):
                    getattr(webhook, method)()
            with self.assertRaises(AccessError):
                webhook.rotate_secret()
            with self.assertRaises(AccessError):
                webhook.action_replay()
            with self.assertRaises(AccessError):
                self.webhook.delivery_ids.with_user(user).action_replay()

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        admin = new_test_user(
            self.env,
            "suite_hook_other",
            f"{ROLE}admin",
            company_id=company.id,
            company_ids=[company.id],
        )
        self.emit(self.customer)
        for name in ("webhook", "webhook.event", "webhook.delivery"):
            with self.subTest(model=name):
                found = self.env[f"crm.suite.{name}"].with_user(admin).search([])
                self.assertFalse(found)
        with self.assertRaises(ValidationError):
            self.webhook.run_as_id = admin

    def test_addresses(self):
        for url in ("http//x", "ftp://x.example/", "https://u:p@x.example/"):
            with self.subTest(url=url), self.assertRaises(ValidationError):
                self.webhook.url = url
        self.webhook.url = "https://127.0.0.1/hook"
        with self.assertRaisesRegex(UserError, "127.0.0.1"):
            self.webhook.action_start()

    def test_start_needs_secret_and_events(self):
        webhook = self.env["crm.suite.webhook"].create(
            {"name": "New", "url": "https://x.example/"}
        )
        with self.assertRaisesRegex(UserError, "secret"):
            webhook.action_start()
        webhook.rotate_secret()
        with self.assertRaisesRegex(UserError, "events"):
            webhook.action_start()

    def test_replay_since(self):
        deliveries = self.emit(
            self.customer, self._create_customer(), self._create_customer()
        )
        deliveries.write({"state": "dead"})
        deliveries[2].state = "sent"
        self.assertEqual(self.webhook.action_replay("2000-01-01 00:00:00"), 2)
        self.assertEqual(self.webhook.action_replay(False, ["sent"]), 1)
        self.assertEqual(self.webhook.action_replay("2999-01-01 00:00:00", ["dead"]), 0)
        for arguments in (("x",), (False, "dead"), (False, ["pending"])):
            with self.subTest(arguments=arguments), self.assertRaises(UserError):
                self.webhook.action_replay(*arguments)

    def test_skipped_is_looked_at_again(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = self._create_customer(name="Elsewhere", company_id=company.id)
        delivery = self.emit(other)
        self.assertEqual(delivery.action_replay(), 0)
        other.company_id = False
        self.assertEqual(delivery.action_replay(), 1)
        self.assertIn("Elsewhere", delivery.body)

    def test_trimming(self):
        old, new = self.emit(self.customer, self._create_customer())
        old.state = "sent"
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE crm_suite_webhook_delivery SET create_date ="
                " create_date - interval '40 days' WHERE id = ANY(%s)",
                (old | new).ids,
            )
        )
        self.env.invalidate_all()
        event = old.event_id
        event.occurred_at = fields.Datetime.now() - timedelta(days=40)
        self.env["crm.suite.webhook.delivery"]._gc_deliveries()
        self.assertFalse(old.exists() or event.exists())
        self.assertTrue(new.exists(), "still to be sent")

    def test_neutralized(self):
        from odoo.modules.neutralize import get_neutralization_queries

        self.emit(self.customer)
        self.env.flush_all()
        for query in get_neutralization_queries(["crm_suite_base"]):
            # A file of the addon.  pylint: disable-next=sql-injection
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertEqual(self.webhook.state, "paused")
        self.assertFalse(self.webhook.sudo().secret)
        self.assertEqual(self.webhook.delivery_ids.state, "dead")
        self.assertFalse(self.claim())


@tagged("post_install", "-at_install")
class TestWebhookSend(WebhookCase):
    """Sending to real servers, with commits replaced by a counter."""

    def setUp(self):
        super().setUp()
        self.server = serve(self)
        self.allow(self.server)
        self.webhook.url = self.server.url("ok")

    def allow(self, *servers):
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.http_internal",
            " ".join(f"127.0.0.1:{server.port}" for server in servers),
        )

    def send(self, seconds=100):
        """Run the sender for as long as it takes."""
        policy = self.env["crm.suite.http"]._get_policy()
        self.env["crm.suite.webhook.delivery"]._send_due(policy, lambda done: seconds)

    def test_request(self):
        delivery = self.emit(self.customer)
        self.send()
        self.assertEqual(delivery.state, "sent")
        path, headers, body = self.server.seen[0]
        found = {name.lower(): value for name, value in headers.items()}
        self.assertEqual(found["webhook-id"], delivery.event_id.uuid)
        self.assertEqual(found["webhook-type"], "customer.owner_changed")
        self.assertEqual(found["content-type"], "application/json; charset=utf-8")
        secret = self.webhook.sudo().secret
        self.assertTrue(verify(secret, found, body, time.time()))
        self.assertFalse(verify(make_secret(), found, body, time.time()))

    def test_both_signatures_during_the_overlap(self):
        old = self.webhook.sudo().secret
        new = self.webhook.rotate_secret()["secret"]
        self.emit(self.customer)
        self.send()
        _path, headers, body = self.server.seen[0]
        found = {name.lower(): value for name, value in headers.items()}
        for secret in (old, new):
            self.assertTrue(verify(secret, found, body, time.time()))

    def test_many_in_order(self):
        customers = [self._create_customer(name=f"N{n}") for n in range(5)]
        self.emit(*(customers * 4))
        self.send()
        self.assertEqual(set(self.webhook.delivery_ids.mapped("state")), {"sent"})
        ids = {}
        for _path, headers, body in self.server.seen:
            res_id = json.loads(body)["data"]["id"]
            ids.setdefault(res_id, []).append(headers["webhook-id"])
        for customer in customers:
            expected = self.webhook.delivery_ids.sorted("id").filtered(
                lambda d, c=customer: d.res_id == c.id
            )
            self.assertEqual(ids[customer.id], expected.mapped("event_id.uuid"))

    def test_a_slow_receiver_holds_up_nobody(self):
        """The quick one has everything before the slow one has answered once."""
        slow = self._create_webhook(
            "customer.owner_changed", url=self.server.url("silent")
        )
        self.emit(*(self._create_customer() for _n in range(10)))
        order = []

        def noted(letter, policy, lookup=None):
            outcome = post(letter, policy, lookup)
            order.append(letter.webhook_id)
            return outcome

        with patch.object(webhook_send, "post", noted):
            seconds = iter([100] * 40)
            policy = self.env["crm.suite.http"]._get_policy()
            self.env["crm.suite.webhook.delivery"]._send_due(
                policy, lambda done: next(seconds, 0)
            )
        self.assertEqual(order[:10], [self.webhook.id] * 10)
        self.assertIn(slow.id, order)

    def test_everybody_has_a_turn(self):
        """Many subscriptions share the lanes; none waits for the end of another."""
        hooks = self.webhook
        for number in range(8):
            url = self.server.url(f"ok/{number}")
            hooks |= self._create_webhook("customer.owner_changed", url=url)
        self.emit(*(self._create_customer() for _n in range(8)))
        desk = webhook_send._Desk()
        self.env["crm.suite.webhook.delivery"]._claim_letters(desk, 100)
        self.assertEqual(len(desk.unsent()), 72)
        turns = Counter(letter.webhook_id for letter in desk.next_letters())
        self.assertEqual(turns, dict.fromkeys(hooks.ids, 2))
        desk.served[hooks[0].id] = 50
        self.assertEqual(list(desk.next_letters())[-1].webhook_id, hooks[0].id)
        desk.slow.add(hooks[1].id)
        turns = Counter(letter.webhook_id for letter in desk.next_letters())
        self.assertEqual(turns[hooks[1].id], 1)

    def test_who_has_nothing_to_claim_rests(self):
        """Until one of its own comes back; what waits is not looked at each time."""
        self.emit(self.customer, self.customer)
        deliveries = self.env["crm.suite.webhook.delivery"]
        desk = webhook_send._Desk()
        self.assertTrue(deliveries._claim_letters(desk, 100))
        [letter] = desk.next_letters()
        self.assertFalse(deliveries._claim_letters(desk, 100))
        self.assertTrue(desk.is_resting(self.webhook.id))
        future = Future()
        future.set_result(Outcome(Answer(200, {}, b""), None, 0.1))
        desk.running[future] = letter
        _letter, outcome = desk.take_back(future)
        deliveries.browse(letter.delivery_id)._mark(outcome)
        self.assertTrue(deliveries._claim_letters(desk, 100))

    def test_what_did_not_leave_is_given_back(self):
        deliveries = self.emit(*(self._create_customer() for _n in range(20)))
        policy = self.env["crm.suite.http"]._get_policy()
        seconds = iter([100, 100])
        self.env["crm.suite.webhook.delivery"]._send_due(
            policy, lambda done: next(seconds, 0)
        )
        states = Counter(deliveries.mapped("state"))
        self.assertEqual(states["sent"], len(self.server.seen))
        self.assertEqual(states["sent"] + states["pending"], 20)
        self.assertGreater(states["pending"], 0)
        waiting = deliveries.filtered(lambda d: d.state == "pending")
        self.assertEqual(set(waiting.mapped("attempts")), {0})

    def test_redirect_is_a_failure(self):
        self.webhook.url = self.server.url("redirect")
        delivery = self.emit(self.customer)
        self.send()
        self.assertEqual((delivery.state, delivery.status_code), ("failed", 302))
        self.assertEqual(len(self.server.seen), 1)

    def test_not_on_the_list(self):
        self.env["ir.config_parameter"].set_param("crm_suite_base.http_internal", "")
        delivery = self.emit(self.customer)
        self.send()
        self.assertEqual(delivery.state, "failed")
        self.assertIn("127.0.0.1", delivery.error)
        self.assertFalse(self.server.seen)

    def test_test_button(self):
        self.webhook.action_pause()
        self.webhook.action_test()
        delivery = self.webhook.delivery_ids
        self.assertTrue(delivery.is_test)
        self.send()
        self.assertEqual(delivery.state, "sent")
        body = json.loads(self.server.seen[0][2])
        self.assertEqual(body["type"], "webhook.test")

    def test_job(self):
        delivery = self.emit(self.customer)
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.ir_cron_webhook").method_direct_trigger()
        self.assertEqual(delivery.state, "sent")

    @mute_logger("odoo.addons.crm_suite_base.models.webhook_send")
    def test_nothing_leaves_a_copy(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "True")
        delivery = self.emit(self.customer)
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.ir_cron_webhook").method_direct_trigger()
        self.assertEqual(delivery.state, "pending")
        self.assertFalse(self.server.seen)

    def test_policy_alone_decides(self):
        """The letter carries no rights of its own."""
        delivery = self.emit(self.customer)
        self.claim()
        letter = delivery._make_letter()
        self.assertIsNotNone(post(letter, Policy()).error)
        policy = Policy(internal=parse_internal(f"127.0.0.1:{self.server.port}"))
        self.assertEqual(post(letter, policy).answer.status, 200)

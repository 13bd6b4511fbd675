import json
import os
import time
from collections import Counter

import odoo
from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..tools.webhook_sign import make_secret
from .concurrency_common import ConcurrencyCase
from .test_guarded_http import serve

INTERNAL = "crm_suite_base.http_internal"


@tagged("post_install", "-at_install")
class TestWebhookConcurrency(ConcurrencyCase):
    """Workers that send at once, and one that dies; what is committed goes by hand."""

    def setUp(self):
        super().setUp()
        self.server = serve(self)
        with self.committing() as env:
            webhooks = env["crm.suite.webhook"]
            self.others = webhooks.search([("state", "!=", "draft")]).ids
            states = webhooks.browse(self.others).mapped("state")
            self.states = dict(zip(self.others, states, strict=True))
            webhooks.browse(self.others).write({"state": "draft"})
            env["crm.suite.webhook.event"].search([("spread", "=", False)]).write(
                {"spread": True}
            )
            parameters = env["ir.config_parameter"]
            self.internal = parameters.get_param(INTERNAL)
            parameters.set_param(INTERNAL, f"127.0.0.1:{self.server.port}")
            types = env["crm.suite.webhook.type"].search(
                [("code", "in", ("customer.owner_changed", "pool.claimed"))]
            )
            webhook = webhooks.create(
                {
                    "name": "Concurrent",
                    "url": self.server.url("ok"),
                    "type_ids": types.ids,
                    # The superuser of these transactions is archived.
                    "run_as_id": env.ref("base.user_admin").id,
                }
            )
            webhook.write({"secret": make_secret(), "state": "on"})
            self.webhook_id = webhook.id
            self.partner_ids = (
                env["res.partner"].create([{"name": f"Hook {n}"} for n in range(6)]).ids
            )
        self.addCleanup(self._remove)

    def _remove(self):
        with self.committing() as env:
            events = self.webhook(env).delivery_ids.event_id
            self.webhook(env).unlink()
            events.unlink()
            env["crm.suite.webhook.event"].search(
                [("res_model", "=", "res.partner"), ("res_id", "in", self.partner_ids)]
            ).unlink()
            env["crm.suite.webhook.cursor"].search([]).unlink()
            env["crm.suite.pool.move"].invalidate_model()
            env.cr.execute(
                SQL(
                    "DELETE FROM crm_suite_pool_move WHERE res_model = 'res.partner'"
                    " AND res_id = ANY(%s)",
                    self.partner_ids,
                )
            )
            env["res.partner"].browse(self.partner_ids).unlink()
            env["ir.config_parameter"].set_param(INTERNAL, self.internal)
            for id_, state in self.states.items():
                env["crm.suite.webhook"].browse(id_).state = state
            env["crm.suite.webhook.seen"]._prepare()

    def webhook(self, env):
        return env["crm.suite.webhook"].browse(self.webhook_id)

    def emit(self, rounds):
        with self.committing() as env:
            partners = env["res.partner"].browse(self.partner_ids)
            for _round in range(rounds):
                env["crm.suite.webhook"]._emit("customer.owner_changed", partners)
        with self.committing() as env:
            env["crm.suite.webhook"]._spread()

    def send(self, env):
        policy = env["crm.suite.http"]._get_policy()

        def commit(done):
            # As the job does.
            env["ir.cron"]._commit_progress(done)
            return 100

        env["crm.suite.webhook.delivery"]._send_due(policy, commit)

    def _start_worker(self, start, die=False):
        """A process that sends what is due, or dies with what it has claimed."""
        odoo.sql_db.close_all()
        pid = os.fork()
        if pid:
            return pid
        try:
            time.sleep(max(start - time.time(), 0))
            with self.committing() as env:
                if die:
                    claimed = env["crm.suite.webhook.delivery"]._claim(
                        self.webhook_id, 3
                    )
                    env["ir.cron"]._commit_progress()
                    os._exit(len(claimed))
                self.send(env)
        except BaseException:
            os._exit(1)
        os._exit(0)

    @mute_logger("odoo.sql_db")
    def test_workers_send_each_event_once_and_in_order(self):
        self.emit(5)
        start = time.time() + 0.3
        pids = [self._start_worker(start) for _worker in range(3)]
        for pid in pids:
            _pid, status = os.waitpid(pid, 0)
            self.assertEqual(status, 0)
        with self.committing() as env:
            # Who lost every race leaves the rest to the next run.
            self.send(env)
        with self.committing() as env:
            deliveries = self.webhook(env).delivery_ids.sorted("id")
            self.assertEqual(Counter(deliveries.mapped("state")), {"sent": 30})
            got = {}
            for _path, headers, body in self.server.seen:
                res_id = json.loads(body)["data"]["id"]
                got.setdefault(res_id, []).append(headers["webhook-id"])
            self.assertEqual(len(self.server.seen), 30)
            for partner_id in self.partner_ids:
                wanted = deliveries.filtered(lambda d, p=partner_id: d.res_id == p)
                self.assertEqual(got[partner_id], wanted.mapped("event_id.uuid"))

    @mute_logger("odoo.sql_db")
    def test_death_between_claim_and_mark(self):
        self.emit(1)
        _pid, status = os.waitpid(self._start_worker(0, die=True), 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 3)
        with self.committing() as env:
            self.send(env)
        with self.committing() as env:
            deliveries = self.webhook(env).delivery_ids.sorted("id")
            lost = deliveries.filtered(lambda d: d.state == "sending")
            self.assertEqual((len(lost), len(self.server.seen)), (3, 3))
            lost.claimed_at = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        with self.committing() as env:
            self.assertEqual(len(env["crm.suite.webhook.delivery"]._release_lost()), 3)
        with self.committing() as env:
            self.send(env)
        with self.committing() as env:
            deliveries = self.webhook(env).delivery_ids
            self.assertEqual(Counter(deliveries.mapped("state")), {"sent": 6})
            uuids = {headers["webhook-id"] for _p, headers, _b in self.server.seen}
            self.assertEqual(uuids, set(deliveries.mapped("event_id.uuid")))

    def test_events_of_a_transaction_that_is_rolled_back(self):
        with self.assertRaises(ZeroDivisionError), self.committing() as env:
            partners = env["res.partner"].browse(self.partner_ids)
            env["crm.suite.webhook"]._emit("customer.owner_changed", partners)
            _boom = 1 / 0
        with self.committing() as env:
            env["crm.suite.webhook"]._spread()
            self.assertFalse(self.webhook(env).delivery_ids)

    # === FOLDING === #

    def _claim_from_pool(self, env, position):
        env["crm.suite.pool.move"]._note(
            env["res.partner"],
            "claim",
            [(self.partner_ids[position], None, None, None, env.uid, {})],
        )

    def _fold(self):
        """One run, with the horizon of a transaction before, as the job does it."""
        with self.committing() as env:
            horizon = env["crm.suite.metric.watermark"]._horizon()
        with self.committing() as env:
            env["crm.suite.webhook.cursor"]._fold(horizon)

    def _folded(self):
        with self.committing() as env:
            events = env["crm.suite.webhook.event"].search(
                [("type", "=", "pool.claimed"), ("res_id", "in", self.partner_ids)],
                order="id",
            )
            return [self.partner_ids.index(event.res_id) for event in events]

    def _age_positions(self):
        """As if the noted positions were a minute old; their order stays."""
        with self.committing() as env:
            for cursor in env["crm.suite.webhook.cursor"].search([]):
                cursor.next_at = fields.Datetime.subtract(cursor.next_at, seconds=60)

    def test_transactions_that_commit_late(self):
        """A row with a small id that appears late is neither lost nor overtaken."""
        self._fold()  # notes where to begin
        self._age_positions()
        self._fold()
        with self.registry.cursor() as cr:
            late = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
            self._claim_from_pool(late, 0)
            with self.committing() as env:
                self._claim_from_pool(env, 1)
            # The position is noted while the small id is still invisible.
            self._age_positions()
            self._fold()
            for _run in range(2):
                self._fold()
            self.assertEqual(self._folded(), [], "one that is open may come before")
            # The late one.  pylint: disable-next=invalid-commit
            cr.commit()  # nosemgrep: odoo-cr-commit
        self._age_positions()
        self._fold()
        self.assertEqual(self._folded(), [0, 1])
        for _run in range(2):
            self._age_positions()
            self._fold()
        self.assertEqual(self._folded(), [0, 1], "each once")

    def test_two_runs_at_once(self):
        with self.committing() as env:
            self.assertTrue(env["crm.suite.webhook.cursor"]._lock())
            with self.committing() as other:
                self.assertFalse(other["crm.suite.webhook.cursor"]._lock())

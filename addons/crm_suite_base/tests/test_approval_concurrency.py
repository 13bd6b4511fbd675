from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .approval_common import chain
from .common import ROLE
from .concurrency_common import ConcurrencyCase


@tagged("post_install", "-at_install")
class TestApprovalConcurrency(ConcurrencyCase):
    """Two real transactions at once: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        with self.committing() as env:
            self.off = (
                env["crm.suite.approval.flow"]
                .search([("res_model", "=", "sale.order"), ("state", "=", "published")])
                .ids
            )
            env["crm.suite.approval.flow"].browse(self.off).action_switch_off()
            self._build(env)
        self.addCleanup(self._remove)

    def _build(self, env):
        people = [
            new_test_user(env, f"conc_appr_{name}", f"{ROLE}sales_lead")
            for name in ("rep", "one", "two")
        ]
        self.user_ids = [user.id for user in people]
        node = {
            "id": "both",
            "type": "approval",
            "name": "Both",
            "mode": "all",
            "approvers": [{"by": "users", "user_ids": self.user_ids[1:]}],
        }
        flow = env["crm.suite.approval.flow"].create(
            {
                "name": "Concurrent",
                "model_id": env["ir.model"]._get("sale.order").id,
                "company_id": False,
                "start": "method",
                "start_method": "action_confirm",
                "start_domain": "[('client_order_ref', '=', 'CONC')]",
                "graph": chain(node),
            }
        )
        flow.action_publish()
        self.flow_id = flow.id
        partner = env["res.partner"].create({"name": "Concurrent approval"})
        product = env["product.product"].create(
            {"name": "Concurrent approval", "type": "service"}
        )
        self.partner_id, self.product_id = partner.id, product.id
        order = env["sale.order"].create(
            {
                "partner_id": partner.id,
                "client_order_ref": "CONC",
                "user_id": self.user_ids[0],
                "order_line": [Command.create({"product_id": product.id})],
            }
        )
        order.with_user(self.user_ids[0]).action_confirm()
        self.order_id = order.id

    def _remove(self):
        with self.committing() as env:
            order = env["sale.order"].browse(self.order_id)
            order._action_cancel()
            order.unlink()
            flow = env["crm.suite.approval.flow"].browse(self.flow_id)
            env["crm.suite.approval.request"].search(
                [("flow_id", "=", flow.id)]
            ).unlink()
            flow.unlink()
            env["product.product"].browse(self.product_id).unlink()
            env["res.partner"].browse(self.partner_id).unlink()
            users = env["res.users"].browse(self.user_ids)
            users.active = False
            for user in users:
                user.login = f"gone_{user.id}"
            for back in env["crm.suite.approval.flow"].browse(self.off):
                back.state = "published"

    def task(self, env, user_id):
        return (
            env["crm.suite.approval.task"]
            .search(
                [("res_id", "=", self.order_id), ("user_id", "=", user_id)],
                order="id desc",
                limit=1,
            )
            .with_user(user_id)
        )

    def request(self, env):
        return env["sale.order"].browse(self.order_id).crm_suite_approval_id

    @mute_logger("odoo.sql_db")
    def test_two_votes_at_once_are_both_counted(self):
        _rep, one, two = self.user_ids
        with self.registry.cursor() as cr:
            second = api.Environment(cr, SUPERUSER_ID, {})
            self.assertEqual(self.task(second, two).state, "open")
            with self.committing() as first:
                self.task(first, one).action_decide("agree", "one")
            with self.assertRaises(SerializationFailure):
                self.task(second, two).action_decide("agree", "two")
            cr.rollback()
            # What the server does with such a failure: it runs the request again.
            second = api.Environment(cr, SUPERUSER_ID, {})
            self.task(second, two).action_decide("agree", "two")
        with self.committing() as env:
            request = self.request(env)
            self.assertEqual(request.state, "agreed")
            self.assertEqual(len(request.event_ids.filtered("is_vote")), 2)
            self.assertEqual(env["sale.order"].browse(self.order_id).state, "sale")
            effects = request.event_ids.filtered(lambda e: e.kind == "effect")
            self.assertEqual(len(effects), 1)

    @mute_logger("odoo.sql_db")
    def test_mail_and_button_decide_one_task_once(self):
        _rep, one, _two = self.user_ids
        with self.registry.cursor() as cr:
            button = api.Environment(cr, SUPERUSER_ID, {})
            self.assertEqual(self.task(button, one).state, "open")
            with self.committing() as mail:
                task = self.task(mail, one)
                task._decide("agree", "mail", note={"channel": "mail"})
            with self.assertRaises(SerializationFailure):
                self.task(button, one).action_decide("reject", "button")
            cr.rollback()
            button = api.Environment(cr, SUPERUSER_ID, {})
            with self.assertRaisesRegex(UserError, "has decided"):
                self.task(button, one).action_decide("reject", "button")
            cr.rollback()
        with self.committing() as env:
            votes = self.request(env).event_ids.filtered("is_vote")
            self.assertEqual(votes.mapped("channel"), ["mail"])

    @mute_logger("odoo.sql_db", "odoo.addons.crm_suite_base.models.approval_effect")
    def test_vote_stays_when_the_worker_dies_before_the_effect(self):
        _rep, one, two = self.user_ids
        with self.committing() as env:
            self.task(env, one).action_decide("agree")
        with self.committing() as env:
            request = self.request(env)
            # What a crash between the vote and the effect would leave behind.
            with patch.object(type(request), "_try_effect", lambda self: None):
                self.task(env, two).action_decide("agree")
        with self.committing() as env:
            self.assertEqual(self.request(env).effect_state, "pending")
            self.assertNotEqual(env["sale.order"].browse(self.order_id).state, "sale")
        with self.committing() as env:
            env["crm.suite.approval.request"]._cron_effects()
        with self.committing() as env:
            self.assertEqual(self.request(env).effect_state, "done")
            self.assertEqual(env["sale.order"].browse(self.order_id).state, "sale")

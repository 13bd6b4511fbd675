import json
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ROLE
from .pool_common import PoolCase


@tagged("post_install", "-at_install")
class TestPoolRequest(PoolCase):
    """Who decides what members ask of a pool, and who may ask."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Request = cls.env["crm.suite.pool.request"]
        cls.cover = new_test_user(cls.env, "suite_cover", f"{ROLE}sales_rep")
        cls.elsewhere = cls.Pool.create(
            {
                "name": "Pool of Others",
                "company_id": cls.env.company.id,
                "admin_ids": [Command.set(cls.agent.ids)],
                "user_ids": [Command.set(cls.stranger.ids)],
            }
        )

    def ask(self, kind="extend", user=None, days=5):
        user = user or self.rep
        return self.Request.with_user(user)._request(
            self.customer.with_user(user), kind, "Was ill", days
        )

    def away(self, user, cover, **values):
        now = fields.Datetime.now()
        absence = self.env["crm.suite.absence"].create(
            {
                "user_id": user.id,
                "cover_approvals_id": cover.id,
                "date_from": now - timedelta(days=1),
                "date_to": now + timedelta(days=1),
                **values,
            }
        )
        absence.action_request()
        return absence

    def todo(self, user):
        todo = self.env["crm.suite.todo"].with_user(user)
        return todo.crm_suite_todo("pool_requests")["sources"][0]["count"]

    # === WHO DECIDES === #

    def test_who_stands_in_for_the_admin_decides(self):
        self.claim(self.rep)
        request = self.ask()
        mine = request.with_user(self.cover)
        self.assertFalse(self.todo(self.cover))
        self.assertFalse(mine.search([("id", "=", request.id)]))
        self.assertFalse(mine.sudo().with_user(self.cover).can_decide)
        absence = self.away(self.lead, self.cover)
        self.assertEqual(self.todo(self.cover), 1)
        self.assertEqual(self.todo(self.lead), 1, "he may decide all the same")
        self.assertFalse(self.todo(self.rival))
        self.env.invalidate_all()
        self.assertTrue(mine.can_decide)
        mine.action_grant()
        self.assertTrue(self.customer.crm_suite_extended_until)
        self.assertEqual(request.sudo().decided_by_id, self.cover)
        self.assertEqual(self.get_operation().user_id, self.cover)
        absence.sudo().action_return()
        request = self.ask()
        with self.assertRaises(AccessError):
            request.with_user(self.cover).action_grant()

    def test_who_stands_in_gets_nothing_else_of_the_pool(self):
        self.claim(self.rep)
        self.away(self.lead, self.cover)
        for act in ("action_lock", "action_claim"):
            with self.assertRaises(AccessError):
                getattr(self.as_(self.cover), act)(self.customer.ids)

    def test_nobody_decides_for_himself_as_a_cover(self):
        self.claim(self.rep)
        request = self.ask()
        self.away(self.lead, self.rep)
        self.assertFalse(request.with_user(self.rep).can_decide)
        with self.assertRaisesRegex(AccessError, "Only an admin"):
            request.with_user(self.rep).action_grant()

    def test_another_kind_of_cover_decides_nothing(self):
        self.claim(self.rep)
        request = self.ask()
        self.away(self.lead, self.rival, cover_followups_id=self.cover.id)
        with self.assertRaises(AccessError):
            request.with_user(self.cover).action_grant()

    def test_refusing_says_why(self):
        self.claim(self.rep)
        request = self.ask()
        for nothing in ("", " ", None):
            with self.assertRaisesRegex(UserError, "Say why"):
                request.with_user(self.lead).action_refuse(nothing)
        window = self.env["crm.suite.access.refuse"].with_user(self.lead)
        window.with_context(active_model=request._name, active_ids=request.ids).create(
            {"reason": "We need it"}
        ).action_refuse()
        self.assertRecordValues(
            request.sudo(), [{"state": "refused", "reason": "We need it"}]
        )

    def test_what_is_gone_is_refused(self):
        self.claim(self.rep, self.others[:1])
        mine = self.others[:1].with_user(self.rep)
        request = self.Request.with_user(self.rep)._request(mine, "extend", "Ill", 5)
        self.claim(self.rep)
        self.as_(self.lead).action_return(self.customer.ids, "Too slow")
        appeal = self.ask("appeal")
        self.assertEqual(self.todo(self.lead), 2)
        (self.others[:1] | self.customer).sudo().unlink()
        for asked in (request, appeal):
            with self.assertRaisesRegex(UserError, "does not exist any more"):
                asked.with_user(self.lead).action_grant()
            asked.with_user(self.lead).action_refuse("It is gone")
            self.assertEqual(asked.sudo().state, "refused")
        self.assertFalse(self.todo(self.lead))

    # === TO HAVE IT BACK === #

    def lose(self):
        """The customer of a member goes back, to a pool in which he has no part."""
        self.pool.target_id = self.elsewhere
        self.claim(self.rep)
        self.as_(self.lead).action_return(self.customer.ids, "Too slow")
        self.assertEqual(self.customer.crm_suite_pool_id, self.elsewhere)

    def test_who_had_it_has_it_back_out_of_a_pool_of_others(self):
        self.lose()
        appeal = self.ask("appeal")
        self.assertEqual(appeal.sudo().pool_id, self.elsewhere)
        with self.assertRaises(AccessError):
            appeal.with_user(self.lead).sudo(False).action_grant()
        appeal.with_user(self.agent).action_grant()
        self.assertRecordValues(
            self.customer,
            [{"user_id": self.rep.id, "crm_suite_pool_id": self.pool.id}],
        )

    def test_limits_hold_for_what_comes_back(self):
        self.lose()
        appeal = self.ask("appeal")
        self.claim(self.rep, self.others[:2])
        with self.assertRaisesRegex(UserError, "2 of at most 2"), self.cr.savepoint():
            appeal.with_user(self.agent).action_grant()
        self.assertEqual(self.customer.crm_suite_pool_id, self.elsewhere)

    def test_who_had_it_asks_also_for_what_he_sees_no_more(self):
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.visibility", json.dumps({"sales_rep": "own"})
        )
        self.lose()
        with self.assertRaises(AccessError):
            self.customer.with_user(self.rep).read(["name"])
        move = self.env["crm.suite.pool.move"].with_user(self.rep)
        move = move.search([("from_user_id", "=", self.rep.id)], limit=1)
        action = move.action_appeal()
        window = self.env["crm.suite.pool.act"].with_user(self.rep)
        window = window.with_context(**action["context"]).create({"reason": "Was ill"})
        told = window.action_apply()
        self.assertNotIn("Huaqiang", repr(told))
        appeal = self.Request.search([("requester_id", "=", self.rep.id)])
        self.assertEqual(appeal.with_user(self.rep).record_name, "–")
        appeal.with_user(self.agent).action_grant()
        self.assertEqual(self.customer.user_id, self.rep)
        with self.assertRaises(AccessError):
            self.ask("appeal", self.rival)

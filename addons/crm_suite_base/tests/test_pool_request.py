from datetime import timedelta

from odoo import fields
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

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from .api_common import EVERYTHING, ApiCase


@tagged("post_install", "-at_install")
class TestApiKey(ApiCase, TransactionCase):
    """Who makes, sees and ends keys, and what is kept of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = new_test_user(
            cls.env, "suite_admin", "crm_suite_base.group_crm_suite_admin"
        )

    def make(self, maker, user, scopes=EVERYTHING, days=30, company=None):
        keys = self.env["crm.suite.api.key"].with_user(maker)
        expires = fields.Datetime.now() + timedelta(days=days)
        return keys._make(user, "Test", scopes, expires, company)

    def test_only_a_digest_is_kept(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT to_jsonb(k)::text FROM crm_suite_api_key k WHERE id = %s",
            (self.key.id,),
        )
        [(row,)] = self.env.cr.fetchall()
        secret = self.text.rsplit("_", 1)[1]
        self.assertNotIn(secret, row)
        self.assertEqual(self.env["crm.suite.api.key"]._find(self.text), self.key)

    def test_digest_is_for_nobody(self):
        for user in (self.lead, self.admin):
            with self.assertRaises(AccessError):
                self.key.with_user(user).read(["digest"])
            with self.assertRaises(AccessError):
                self.env["crm.suite.api.key"].with_user(user).search(
                    [("digest", "=like", "a%")]
                )

    def test_people_make_their_own(self):
        for maker in (self.rep, self.admin):
            with self.assertRaises(AccessError):
                self.make(maker, self.lead)
        with self.assertRaises(AccessError):
            self.make(self.plain, self.plain)
        system = new_test_user(
            self.env,
            "suite_system",
            "crm_suite_base.group_crm_suite_admin,base.group_system",
        )
        self.make(system, self.lead)
        self.make(self.rep, self.rep)
        self.env["ir.config_parameter"].sudo().set_param(
            "crm_suite_base.api_key_admins_only", "True"
        )
        with self.assertRaises(AccessError):
            self.make(self.rep, self.rep)
        self.make(self.admin, self.admin)

    def test_what_cannot_be(self):
        other = self._other_company()
        for options in (
            {"scopes": ()},
            {"days": -1},
            {"days": 366},
            {"company": other},
        ):
            with self.assertRaises(UserError):
                self.make(self.rep, self.rep, **options)
        self.env["ir.config_parameter"].sudo().set_param(
            "crm_suite_base.api_key_days", 10
        )
        with self.assertRaises(UserError):
            self.make(self.rep, self.rep, days=11)

    def test_who_sees_and_ends_keys(self):
        keys = self.env["crm.suite.api.key"]
        self.assertIn(self.key, keys.with_user(self.lead).search([]))
        self.assertNotIn(self.key, keys.with_user(self.rep).search([]))
        self.assertIn(self.key, keys.with_user(self.admin).search([]))
        with self.assertRaises(AccessError):
            self.key.with_user(self.rep).action_revoke()
        for user in (self.lead, self.admin):
            with self.assertRaises(AccessError):
                self.key.with_user(user).write({"expires": fields.Datetime.now()})
            with self.assertRaises(AccessError):
                self.key.with_user(user).unlink()
            with self.assertRaises(AccessError):
                keys.with_user(user).create({"name": "Mine", "user_id": user.id})
        self.key.with_user(self.admin).action_revoke()
        self.assertEqual(
            (self.key.state, self.key.revoked_by_id), ("revoked", self.admin)
        )
        self.assertFalse(keys._find(self.text))

    def test_state_can_be_searched(self):
        keys = self.env["crm.suite.api.key"]
        mine = [("id", "=", self.key.id)]
        self.assertTrue(keys.search([*mine, ("state", "=", "valid")]))
        self.key.expires = fields.Datetime.now() - timedelta(days=1)
        self.assertTrue(keys.search([*mine, ("state", "=", "expired")]))
        self.assertTrue(keys.search([*mine, ("state", "!=", "valid")]))
        self.key.with_user(self.lead).action_revoke()
        self.assertTrue(keys.search([*mine, ("state", "in", ["revoked"])]))
        self.assertFalse(keys.search([*mine, ("state", "in", ["valid", "expired"])]))

    def test_company_that_the_user_left(self):
        other = self._other_company()
        self.lead.company_ids += other
        key, text = self.make(self.lead, self.lead, company=other)
        keys = self.env["crm.suite.api.key"]
        self.assertEqual(keys._find(text), key.sudo())
        self.lead.company_ids -= other
        self.assertFalse(keys._find(text))

    def test_window(self):
        window = (
            self.env["crm.suite.api.key.new"]
            .with_user(self.rep)
            .create({"name": "Shop", "may_customer": True})
        )
        action = window._make()
        text = action["context"]["default_key"]
        key = self.env["crm.suite.api.key"]._find(text)
        self.assertEqual((key.user_id, key.scopes), (self.rep, "customer:write"))
        window.expires = fields.Date.today() + timedelta(days=365)
        window._make()
        window.user_id = self.lead
        with self.assertRaises(AccessError):
            window._make()
        with self.assertRaises(UserError):
            window.action_make()

    def test_nothing_of_it_is_for_people_without_a_role(self):
        for name in ("key", "log", "meter", "request"):
            with self.assertRaises(AccessError):
                self.env[f"crm.suite.api.{name}"].with_user(self.plain).search_count([])
        with self.assertRaises(AccessError):
            self.env["crm.suite.api.key.new"].with_user(self.plain).create(
                {"name": "X"}
            )

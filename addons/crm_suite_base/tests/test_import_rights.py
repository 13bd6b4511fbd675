from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .import_common import ImportCommon

FILE = "名称,编号\n甲,A1\n"
IMPORTERS = ("sales_lead", "marketing_manager", "service_manager", "data_steward")
OTHERS = ("sales_rep", "marketer", "agent", "analyst", "privacy_officer")


@tagged("post_install", "-at_install")
class TestImportRights(ImportCommon):
    def _user(self, role, login=None, **values):
        groups = "base.group_user"
        if role:
            groups += f",crm_suite_base.group_crm_suite_{role}"
        return new_test_user(
            self.env(su=True),
            login or f"u.{role}",
            groups=groups,
            lang="en_US",
            **values,
        )

    def _as(self, user):
        """The records of the test as another user."""
        self.env = self.env(user=user)
        return self

    def test_who_may_import(self):
        for role in IMPORTERS:
            with self.subTest(role):
                self._as(self._user(role))
                _batch, answer = self._import(FILE.replace("A1", role))
                self.assertCounts(answer, created=1)
                self.assertEqual(self._by_ref(role).create_uid, self.env.user)

    def test_who_may_not(self):
        batch, _answer = self._import(FILE)
        for role in (*OTHERS, None):
            with self.subTest(role):
                user = self._user(role)
                with self.assertRaises(AccessError):
                    self._as(user)._batch(FILE)
                for method in ("progress", "action_dry_run", "action_undo"):
                    with self.assertRaises(AccessError):
                        getattr(batch.with_user(user), method)()
                with self.assertRaises(AccessError):
                    batch.row_ids.with_user(user).read(["raw"])
                with self.assertRaises(AccessError):
                    batch.get_columns.__self__.with_user(user).get_columns("customer")

    def test_import_of_somebody_else(self):
        batch, _answer = self._import(FILE)
        lead = self._user("sales_lead")
        theirs = batch.with_user(lead)
        self.assertFalse(theirs.search([("id", "=", batch.id)]))
        for method in (
            "progress",
            "action_undo",
            "action_error_file",
            "action_open_rows",
        ):
            with self.assertRaises(AccessError):
                getattr(theirs, method)()
        with self.assertRaises(AccessError):
            theirs.read(["file", "error_file"])
        with self.assertRaises(AccessError):
            batch.row_ids.with_user(lead).write({"raw": ["x"]})
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", batch._name),
                    ("res_field", "=", "file"),
                    ("res_id", "=", batch.id),
                ]
            )
        )
        with self.assertRaises(AccessError):
            attachment.with_user(lead).read(["datas"])

    def test_steward_sees_those_of_all(self):
        self._as(self._user("sales_lead"))
        batch, _answer = self._import(FILE)
        answer = batch.with_user(self.steward).progress()
        self.assertEqual(answer["state"], "done")

    def test_other_company(self):
        company = self.env(su=True)["res.company"].create({"name": "Other"})
        stranger = self._user(
            "data_steward", company_id=company.id, company_ids=[(6, 0, company.ids)]
        )
        batch, _answer = self._import(FILE)
        with self.assertRaises(AccessError):
            batch.with_user(stranger).progress()
        with self.assertRaises(AccessError):
            batch.row_ids.with_user(stranger).read(["raw"])

    def test_nobody_says_as_whom_an_import_runs(self):
        admin = self.env.ref("base.user_admin")
        batch = self._batch(FILE)
        for values in (
            {"user_id": admin.id},
            {"state": "done"},
            {"operation_id": 1},
            {"totals": {}},
        ):
            with self.subTest(values):
                with self.assertRaises(AccessError):
                    batch.write(values)
                with self.assertRaises(AccessError):
                    self._batch(FILE, **values)

    def test_rows_are_written_by_the_import_only(self):
        batch = self._batch(FILE)
        batch.action_dry_run()
        with self.assertRaises(AccessError):
            batch.row_ids.write({"state": "created"})
        with self.assertRaises(AccessError):
            batch.row_ids.write({"vals": {"name": "x"}, "raw": ["x"]})
        with self.assertRaises(AccessError):
            self.env["crm.suite.import.row"].create({"batch_id": batch.id})

    def test_colleagues_are_out_of_reach(self):
        """Whoever could change a colleague's e-mail could take the account over."""
        colleague = self._user(None, login="boss", email="boss@company.example")
        text = "名称,邮箱,电话\nBoss,boss@company.example,13800138000\n"
        _batch, answer = self._import(text, key="email")
        self.assertCounts(answer, created=1)
        self.assertFalse(colleague.partner_id.phone)

    def test_other_owner_than_oneself_of_calls(self):
        """A user who may not write what a file says is refused, not served."""
        self._customer(name="甲", ref="P1")
        with self.assertRaises(UserError):
            self._batch("客户编号\nP1\n", target="interaction").action_run()

    def test_shared_and_own_profiles(self):
        lead, other = self._user("sales_lead"), self._user("sales_lead", login="u2")
        profiles = self.env["crm.suite.import.profile"]
        own = profiles.with_user(lead).create({"name": "Mine"})
        self.assertNotIn(own, profiles.with_user(other).search([]))
        shared = self.env.ref("crm_suite_base.import_profile_customer")
        self.assertIn(shared, profiles.with_user(other).search([]))
        with self.assertRaises(AccessError):
            shared.with_user(lead).write({"name": "x"})

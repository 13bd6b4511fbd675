import xmlrpc.client

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ROLE
from .merge_common import MergeCase


@tagged("post_install", "-at_install")
class TestMergeAccess(MergeCase):
    """Who may merge what; what is refused says why."""

    def test_roles_without_the_right_are_refused(self):
        for user in (
            self.rep,
            self.agent,
            self.marketer,
            self.analyst,
            self.clerk,
            self.plain,
        ):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.merge(user=user)
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.preview(user=user)

    def test_sales_lead_may(self):
        self.merge(user=self.lead)
        self.assertEqual(self.goes.crm_suite_merged_into_id, self.stays)

    def test_customers_out_of_sight_are_refused(self):
        self.goes.company_id = self._other_company()
        with self.assertRaises(AccessError):
            self.merge()

    def test_across_companies_is_refused(self):
        other = self._other_company()
        self.steward.company_ids = [Command.link(other.id)]
        self.goes.company_id = other
        self.stays.company_id = self.env.company
        both = (self.stays | self.goes).with_context(
            allowed_company_ids=(self.env.company | other).ids
        )
        with self.assertRaisesRegex(UserError, "different companies"):
            self.merge(both)

    def test_two_logins_are_refused(self):
        for number, partner in enumerate((self.stays, self.goes)):
            new_test_user(
                self.env,
                f"portal_merge_{number}",
                "base.group_portal",
                partner_id=partner.id,
            )
        with self.assertRaisesRegex(UserError, "portal_merge_0, portal_merge_1|log in"):
            self.merge()

    def test_one_portal_login_goes_along(self):
        user = new_test_user(
            self.env, "portal_merge", "base.group_portal", partner_id=self.goes.id
        )
        operation = self.merge()
        self.assertEqual(user.partner_id, self.stays)
        self.undo(operation)
        self.assertEqual(user.partner_id, self.goes)

    def test_the_login_of_a_colleague_needs_the_right_to_users(self):
        with self.assertRaisesRegex(UserError, "manage users"):
            self.merge(self.stays | self.rep.partner_id)
        # As survivor too: the merge would change the colleague's address.
        with self.assertRaisesRegex(UserError, "manage users"):
            self.merge(self.stays | self.rep.partner_id, survivor=self.rep.partner_id)

    def test_the_own_company_is_refused(self):
        with self.assertRaisesRegex(UserError, "your own company"):
            self.merge(self.stays | self.env.company.partner_id)

    def test_own_contact_is_refused(self):
        with self.assertRaisesRegex(UserError, "own contact"):
            self.merge(self.goes | self.buyer, survivor=self.goes)

    def test_merged_already_names_who(self):
        self.merge()
        with self.assertRaisesRegex(UserError, "already, by suite_steward"):
            self.merge(self.other | self.goes, survivor=self.other)

    def test_bad_input_of_programs(self):
        merge = self.env["res.partner"].with_user(self.steward)
        pair = (self.stays | self.goes).with_user(self.steward)
        for call in (
            lambda: merge.browse(self.stays.id).crm_suite_merge(),
            lambda: merge.crm_suite_merge(),
            lambda: pair.crm_suite_merge(self.other.id),
            lambda: pair.crm_suite_merge("first"),
            lambda: pair.crm_suite_merge(True),
            lambda: pair.crm_suite_merge(self.stays.id, ["name"]),
            lambda: pair.crm_suite_merge(self.stays.id, {"name": self.other.id}),
            lambda: pair.crm_suite_merge(self.stays.id, {"name": "x"}),
            lambda: pair.crm_suite_merge(self.stays.id, {"id": self.goes.id}),
            lambda: pair.crm_suite_merge(self.stays.id, {"no such": self.goes.id}),
            lambda: pair.crm_suite_merge(
                self.stays.id, {"crm_suite_merged_into_id": self.goes.id}
            ),
            lambda: merge.browse([self.stays.id, 2**30]).crm_suite_merge(),
        ):
            with self.assertRaises(UserError):
                call()

    def test_nobody_writes_by_hand_who_was_merged(self):
        goes = self.goes.with_user(self.lead)
        for values in (
            {"crm_suite_merged_into_id": self.stays.id},
            {"crm_suite_merge_id": False},
        ):
            with self.assertRaises(UserError):
                goes.write(values)
        with self.assertRaises(UserError):
            goes.create({"name": "x", "crm_suite_merged_into_id": self.stays.id})

    def test_undo_by_who_did_not_merge(self):
        operation = self.merge()
        with self.assertRaises(AccessError):
            self.undo(operation, user=self.rep)

    def test_undo_moves_back_what_the_user_may_not_write(self):
        invoice = self._create_invoice(self.goes)
        operation = self.merge()
        self.assertFalse(self.steward.has_group("account.group_account_invoice"))
        self.undo(operation)
        self.assertEqual(invoice.partner_id, self.goes)

    def moves_of(self, **kwargs):
        moves = self.preview(survivor=self.stays, **kwargs)["moves"]
        return {row["model"]: row["count"] for row in moves}

    def test_preview_tells_only_what_the_viewer_may_know(self):
        self._create_invoice(self.goes)
        self.assertIs(self.moves_of()["account.move"], False)
        accountant = new_test_user(
            self.env,
            "merge_accountant",
            f"{ROLE}data_steward,account.group_account_manager",
        )
        self.assertEqual(self.moves_of(user=accountant)["account.move"], 1)

    def test_preview_changes_nothing_and_says_what_comes(self):
        before = self.snapshot()
        preview = self.preview(survivor=self.stays)
        lines = {line["key"]: line for line in preview["lines"]}
        self.assertEqual(lines["name"]["chosen"], self.stays.id)
        self.assertEqual(lines["crm_suite_needs"]["chosen"], self.goes.id)
        self.assertEqual(lines["crm_suite_needs"]["by"], "filled")
        self.assertEqual(
            lines["address"]["values"][str(self.goes.id)][:21],
            "8 Keji Road · Shenzhen"[:21],
        )
        self.assertEqual(len(preview["kept"]), 2)
        self.assertTrue(preview["can_merge"])
        self.assertEqual(self.snapshot(), before)

    def test_answers_travel_over_xml_rpc(self):
        self._create_invoice(self.goes)
        preview = self.preview(survivor=self.stays)
        self.merge()
        for answer in (
            preview,
            self.preview(self.stays | self.other),
            self.preview(self.env["res.partner"]),
            self.goes.with_user(self.rep).crm_suite_merge_info(),
            self.stays.with_user(self.steward).crm_suite_merge_info(),
        ):
            xmlrpc.client.dumps((answer,))

    def test_preview_of_one_asks_for_another(self):
        preview = self.preview(self.stays)
        self.assertFalse(preview["can_merge"])
        self.assertIn("at least two", preview["problems"][0])

    def test_preview_says_who_may_not_be_changed(self):
        self.env["ir.rule"].create(
            {
                "name": "No writing",
                "model_id": self.env.ref("base.model_res_partner").id,
                "domain_force": f"[('id', '!=', {self.goes.id})]",
                "perm_read": False,
            }
        )
        preview = self.preview()
        self.assertIn("You may not change", preview["problems"][-1])
        with self.assertRaises(AccessError):
            self.merge()

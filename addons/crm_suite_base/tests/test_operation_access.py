import re
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .operation_common import OperationCase


@tagged("post_install", "-at_install")
class TestOperationAccess(OperationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = cls._new_user("ops_plain", None)
        cls.manager = cls._new_user("ops_manager", "group_crm_suite_sales_manager")
        cls.analyst = cls._new_user("ops_analyst", "group_crm_suite_analyst")
        cls.partner_manager = cls.env.ref("base.group_partner_manager")

    def _edit_as_rep(self):
        self.rep.group_ids += self.partner_manager
        with self.record(self.rep) as operation:
            self.partners.with_user(self.rep).write({"ref": "REP"})
        return operation

    def test_own_operations_only(self):
        operation = self._edit_as_rep()
        Operation = self.env["crm.suite.operation"]
        self.assertIn(operation.id, Operation.with_user(self.rep).search([]).ids)
        self.assertNotIn(
            operation.id, Operation.with_user(self.other_rep).search([]).ids
        )
        for user in (self.steward, self.manager):
            self.assertIn(operation.id, Operation.with_user(user).search([]).ids)
        with self.assertRaises(AccessError):
            operation.with_user(self.other_rep).action_undo()
        with self.assertRaises(AccessError):
            operation.with_user(self.other_rep).undo_preview()

    def test_changes_follow_their_operation(self):
        operation = self._edit_as_rep()
        changes = self.changes(operation)
        Change = self.env["crm.suite.operation.change"]
        self.assertTrue(Change.with_user(self.rep).search([("id", "in", changes.ids)]))
        self.assertFalse(
            Change.with_user(self.other_rep).search([("id", "in", changes.ids)])
        )

    def test_user_without_a_role_sees_nothing(self):
        operation = self._edit_as_rep().with_user(self.plain)
        for act in (operation.undo_preview, operation.action_undo):
            with self.assertRaises(AccessError):
                act()
        with self.assertRaises(AccessError):
            operation.search([])
        with self.assertRaises(AccessError):
            self.env["crm.suite.operation.change"].with_user(self.plain).search([])
        with self.assertRaises(AccessError):
            self.env["crm.suite.reassign"].with_user(self.plain).create(
                {"res_model": "res.partner"}
            )

    def test_nobody_writes_the_journal(self):
        operation = self._edit_as_rep()
        change = self.changes(operation)[0]
        for user in (self.rep, self.steward, self.manager):
            with self.assertRaises(AccessError):
                operation.with_user(user).write({"state": "done"})
            with self.assertRaises(AccessError):
                operation.with_user(user).create({"name": "x", "user_id": user.id})
            with self.assertRaises(AccessError):
                change.with_user(user).write({"undone": True})
            with self.assertRaises(AccessError):
                change.with_user(user).unlink()

    def test_images_are_closed(self):
        change = self.changes(self._edit_as_rep())[0].with_user(self.steward)
        with self.assertRaises(AccessError):
            change.read(["before"])
        with self.assertRaises(AccessError):
            change.search([("after", "!=", False)])

    def test_other_company(self):
        other = self.env["res.company"].create({"name": "Operation company"})
        with self.record(self.steward, company_id=other.id) as operation:
            self.partners[0].ref = "X"
        mine = operation.with_user(self.steward)
        self.assertFalse(mine.search([("id", "=", operation.id)]))
        with self.assertRaises(AccessError):
            mine.action_undo()

    def test_undo_uses_the_rights_of_the_user(self):
        self.analyst.group_ids += self.partner_manager
        with self.record(self.analyst) as operation:
            self.partners.with_user(self.analyst).write({"ref": "X"})
        self.analyst.group_ids -= self.partner_manager
        preview = operation.with_user(self.analyst).undo_preview()
        result = operation.with_user(self.analyst).action_undo()
        self.assertEqual(result["restored"], 0)
        self.assertEqual(result["kept"], preview["keep"])
        self.assertEqual(len(result["kept"]), 5)
        self.assertIn("may not change", result["kept"][0]["reason"])
        self.assertEqual(self.partners[0].ref, "X")
        result = operation.with_user(self.steward).action_undo()
        self.assertEqual(result["restored"], 5)
        self.assertFalse(self.partners[0].ref)

    def test_who_may_import_may_take_back_what_was_created(self):
        """Undo runs with the user's rights: an import creates, its undo deletes."""
        for role in (
            "sales_lead",
            "sales_manager",
            "marketing_manager",
            "service_manager",
            "data_steward",
        ):
            with self.subTest(role=role):
                user = self._new_user(f"ops_{role}_import", f"group_crm_suite_{role}")
                with self.record(user) as operation:
                    customer = self.env["res.partner"].with_user(user)
                    customer = customer.create({"name": f"Imported by a {role}"})
                operation.with_user(user).action_undo()
                self.assertFalse(customer.exists())

    def test_deletion_and_return_need_the_right_too(self):
        with self.record(self.rep) as operation:
            created = self.env["res.partner"].create({"name": "New"})
            self.partners[0].unlink()
        self.assertFalse(created.with_user(self.rep).has_access("unlink"))
        result = operation.with_user(self.rep).action_undo()
        self.assertEqual([(entry["res_id"]) for entry in result["kept"]], created.ids)
        self.assertTrue(created.exists())
        self.assertTrue(self.partners[0].exists())
        plain_rights = operation.with_user(self.steward).action_undo()
        self.assertEqual(plain_rights["kept"], [])
        self.assertFalse(created.exists())

    def test_records_out_of_reach_are_kept_without_a_name(self):
        leads = self.env["crm.lead"].create(
            [
                {"name": "Mine", "user_id": self.rep.id},
                {"name": "Secret", "user_id": self.rep.id},
            ]
        )
        with self.record(self.rep) as operation:
            leads.with_user(self.rep).write({"phone": "1"})
        leads[1].user_id = self.other_rep
        self.env.flush_all()
        result = operation.with_user(self.rep).action_undo()
        self.assertEqual(result["restored"], 1)
        kept = result["kept"]
        self.assertEqual([entry["res_id"] for entry in kept], leads[1].ids)
        self.assertNotIn("Secret", str(kept))
        self.assertEqual(leads[1].phone, "1")

    def test_what_the_reader_may_not_see_is_not_shown(self):
        with self.record(self.steward) as operation:
            lead = self.env["crm.lead"].create(
                {"name": "Secret", "user_id": self.rep.id}
            )
            self.env.flush_all()
            self.env.cr.precommit.run()
            lead.user_id = self.other_rep
        change = self.changes(operation).filtered(lambda c: c.model == "crm.lead")[0]
        shown = change.with_user(self.steward)
        self.assertNotIn("Secret", shown.record_name)

    def test_selection_must_name_records(self):
        operation = self._edit_as_rep()
        for selection in ([1, 2], {"res.partner": 3}, {"res.partner": ["x"]}):
            with self.assertRaises(UserError):
                operation.action_undo(selection)

    # === TIME === #

    def test_undo_after_its_time(self):
        operation = self._edit_as_rep()
        operation.sudo().undo_until = fields.Datetime.now() - timedelta(minutes=1)
        self.assertFalse(operation.can_undo)
        with self.assertRaisesRegex(UserError, "30 days"):
            operation.action_undo()

    def test_trim_in_batches(self):
        operation = self._edit_as_rep()
        other = self._edit_as_rep()
        self.Operation.search([("id", "not in", (operation + other).ids)]).sudo().write(
            {"trimmed": True}
        )
        operation.sudo().undo_until = fields.Datetime.now() - timedelta(minutes=1)
        self.assertEqual(operation.sudo()._trim(2), 2)
        self.assertFalse(operation.sudo().trimmed)
        done, remaining = self.Operation._gc_journal()
        self.assertEqual((done, remaining), (3, 0))
        self.assertTrue(operation.sudo().trimmed)
        self.assertFalse(self.changes(operation))
        self.assertTrue(operation.exists())
        self.assertFalse(other.sudo().trimmed)
        with self.assertRaises(UserError):
            operation.action_undo()

    def test_time_for_undo_is_set_by_the_administrator(self):
        settings = self.env["res.config.settings"].create({"crm_suite_undo_days": 3})
        settings.execute()
        operation = self._edit_as_rep().sudo()
        self.assertEqual((operation.undo_until - operation.date_end).days, 3)
        with self.assertRaises(ValidationError):
            self.env["res.config.settings"].create({"crm_suite_undo_days": 0})

    def test_undone_twice_tells_by_whom(self):
        operation = self._edit_as_rep()
        operation.with_user(self.rep).action_undo()
        with self.assertRaisesRegex(UserError, re.escape(self.rep.name)):
            operation.with_user(self.steward).action_undo()

    def test_search_for_what_can_be_undone(self):
        operation = self._edit_as_rep()
        found = self.Operation.search([("can_undo", "=", True)])
        self.assertIn(operation, found)
        operation.action_undo()
        found = self.Operation.search([("can_undo", "=", True)])
        self.assertNotIn(operation, found)
        self.assertIn(operation, self.Operation.search([("can_undo", "=", False)]))

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models import operation_undo
from .merge_common import MergeCase


@tagged("post_install", "-at_install")
class TestMergeUndo(MergeCase):
    """Undo has everybody back, under the same id, with what was theirs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._create_order(cls.goes)
        cls.invoice = cls._create_invoice(cls.goes)
        cls.lead_of = cls.env["crm.lead"].create(
            {"name": "Boards", "partner_id": cls.goes.id}
        )
        cls.activity = cls.create_activity(cls.goes)
        cls.note = cls.goes.message_post(body="Hello")
        cls.event = cls.env["calendar.event"].create(
            {
                "name": "Visit",
                "start": fields.Datetime.now(),
                "stop": fields.Datetime.now(),
                "partner_ids": [Command.set((cls.goes | cls.stays).ids)],
            }
        )
        cls.tag = cls.env["res.partner.category"].create({"name": "Fair"})
        cls.goes.category_id = cls.tag
        cls.order.message_subscribe((cls.goes | cls.stays).ids)
        cls.env["ir.model.data"].create(
            {"module": "__erp__", "name": "c17", "model": "res.partner"}
            | {"res_id": cls.goes.id}
        )
        cls.env.flush_all()

    def test_undo_is_exact(self):
        partners = self.stays | self.goes | self.buyer
        before, rows = self.snapshot(), self.table_rows(partners)
        operation = self.merge(choices={"name": self.goes.id})
        self.assertNotEqual(self.table_rows(partners), rows)
        result = self.undo(operation)
        self.assertEqual((result["restored"], result["kept_count"]), (2, 0))
        self.assertEqual(self.table_rows(partners), rows)
        after = self.snapshot()
        for key in before.keys() | after.keys():
            self.assertEqual(after.get(key), before.get(key), key)

    def test_undo_of_the_undo_merges_again(self):
        operation = self.merge()
        merged = self.snapshot()
        undo_id = self.undo(operation)["operation_id"]
        again = self.undo(self.env["crm.suite.operation"].browse(undo_id))
        self.assertEqual(again["kept_count"], 0)
        after = self.snapshot()
        for key in merged.keys() | after.keys():
            self.assertEqual(after.get(key), merged.get(key), key)
        self.assertEqual(self.goes.crm_suite_merged_into_id, self.stays)
        self.assertEqual(self.note.res_id, self.stays.id)

    def test_what_was_changed_since_is_kept_and_listed(self):
        operation = self.merge()
        self.stays.crm_suite_needs = "Better boards"
        self.lead_of.partner_id = self.customer
        result = self.undo(operation)
        self.assertEqual(
            {entry["res_id"] for entry in result["kept"]},
            {self.stays.id, self.lead_of.id},
        )
        self.assertEqual(self.lead_of.partner_id, self.customer)
        self.assertEqual(self.stays.crm_suite_needs, "Better boards")
        self.assertEqual(self.order.partner_id, self.goes)
        self.assertTrue(self.goes.active)

    def test_new_documents_stay_with_the_survivor(self):
        operation = self.merge()
        new = self._create_order(self.stays, confirm=False)
        message = self.stays.message_post(body="After")
        self.undo(operation)
        self.assertEqual(new.partner_id, self.stays)
        self.assertEqual(message.res_id, self.stays.id)
        self.assertEqual(self.note.res_id, self.goes.id)

    def test_deleted_since_is_no_obstacle(self):
        operation = self.merge()
        self.activity.unlink()
        result = self.undo(operation)
        self.assertTrue(self.goes.active)
        self.assertEqual(self.order.partner_id, self.goes)
        self.assertEqual(result["restored"], 2)

    def test_one_of_several_can_be_taken_back_alone(self):
        theirs = self._create_order(self.other)
        operation = self.merge(self.stays | self.goes | self.other)
        part = operation.child_ids.filtered(lambda o: self.other.id in o._get_merged())
        self.undo(part)
        self.assertTrue(self.other.active)
        self.assertEqual(theirs.partner_id, self.other)
        self.assertEqual(self.order.partner_id, self.stays)
        self.assertEqual(operation.state, "partly_undone")
        self.undo(operation)
        self.assertEqual(self.order.partner_id, self.goes)
        self.assertEqual(operation.state, "undone")

    def test_a_merge_on_which_another_is_built_waits(self):
        first = self.merge()
        second = self.merge(self.stays | self.other, survivor=self.other)
        with self.assertRaisesRegex(UserError, "Undo that merge first"):
            self.undo(first)
        self.undo(second)
        self.assertEqual(self.goes.crm_suite_merged_into_id, self.stays)
        self.undo(first)
        self.assertEqual(self.order.partner_id, self.goes)

    def test_a_merge_is_undone_whole(self):
        operation = self.merge().with_user(self.steward)
        with self.assertRaisesRegex(UserError, "as a whole"):
            operation.action_undo({"res.partner": self.stays.ids})
        operation.action_undo({"res.partner": (self.stays | self.goes).ids})
        self.assertEqual(self.order.partner_id, self.goes)

    def test_a_big_one_is_undone_in_the_background(self):
        before = self.snapshot()
        operation = self.merge()
        self.patch(operation_undo, "IMMEDIATE_LIMIT", 1)
        result = operation.with_user(self.steward).action_undo()
        self.assertTrue(result["background"])
        self.assertEqual(self.order.partner_id, self.stays)
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.operation_undo_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(operation.state, "undone")
        after = self.snapshot()
        for key in before.keys() | after.keys():
            self.assertEqual(after.get(key), before.get(key), key)

    def test_preview_of_the_undo_counts_customers(self):
        operation = self.merge()
        preview = operation.with_user(self.steward).undo_preview()
        self.assertEqual((preview["restore"], preview["keep_count"]), (2, 0))

    def test_further_numbers_of_the_merge_go_with_it(self):
        operation = self.merge()
        self.assertEqual(len(self.stays.crm_suite_contact_point_ids), 2)
        self.undo(operation)
        self.assertFalse(self.stays.crm_suite_contact_point_ids)

    def test_a_merged_one_cannot_be_unarchived_by_hand(self):
        self.merge()
        with self.assertRaisesRegex(UserError, "undo the merge"):
            self.goes.with_user(self.steward).action_unarchive()

    def test_both_histories_tell_of_the_undo(self):
        operation = self.merge()
        self.undo(operation)
        for partner in self.stays | self.goes:
            self.assertIn("undone", partner.message_ids[0].body)

    def test_crash_in_the_middle_leaves_nothing(self):
        before = self.snapshot()
        operations = self.env["crm.suite.operation"].search_count([])
        partner_class = type(self.env["res.partner"])

        def crash(*_args):
            raise RuntimeError("power failure")

        self.patch(partner_class, "_crm_suite_merge_done", crash)
        with self.assertRaises(RuntimeError), self.env.cr.savepoint():
            self.merge()
        self.env.invalidate_all()
        self.assertEqual(self.snapshot(), before)
        self.assertEqual(self.env["crm.suite.operation"].search_count([]), operations)

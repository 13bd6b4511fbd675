from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .import_common import ImportCommon

FILE = "Name,Reference\nNanfang,SEG-1\nBeifang,SEG-2\n"


@tagged("post_install", "-at_install")
class TestImportSegment(ImportCommon):
    """An import that fills a list."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.segment = cls.env["crm.suite.segment"].create(
            {"name": "Autumn fair", "kind": "static"}
        )

    def test_customers_of_the_rows_are_in_the_list(self):
        known = self._customer(name="Nanfang", ref="SEG-1")
        batch, answer = self._import(FILE, key="ref", segment_id=self.segment.id)
        self.assertEqual(answer["state"], "done")
        customers = self._by_ref("SEG-1", "SEG-2")
        self.assertEqual(customers[0], known)
        self.assertEqual(self.segment.member_ids, customers)
        member = self.segment.membership_ids[:1]
        self.assertIn("customers.csv", member.reason_text)
        events = self.segment.sudo()._consume("test")
        self.assertEqual(events.mapped("kind"), ["enter", "enter"])
        self.assertIn(batch.operation_id, batch.operation_id.child_ids.parent_id)

    def test_undo_takes_them_out_again(self):
        known = self._customer(name="Nanfang", ref="SEG-1")
        batch, _answer = self._import(FILE, key="ref", segment_id=self.segment.id)
        self.segment.sudo()._consume("test")
        batch.action_undo()
        self.assertFalse(self.segment.member_ids)
        self.assertEqual(self.segment.member_count, 0)
        self.assertTrue(known.exists())
        left = self.segment.sudo()._consume("test")
        self.assertIn((known, "leave"), [(e.partner_id, e.kind) for e in left])

    def test_workers_fill_it_at_the_end(self):
        with self._large():
            batch, _answer = self._import(FILE, segment_id=self.segment.id)
            self.assertFalse(self.segment.member_ids)
            self._work(batch)
        self.assertEqual(batch.state, "done")
        self.assertEqual(self.segment.member_ids, self._by_ref("SEG-1", "SEG-2"))

    def test_a_dry_run_leaves_the_list_alone(self):
        batch = self._batch(FILE, segment_id=self.segment.id)
        batch.action_dry_run()
        self.assertFalse(self.segment.member_ids)

    def test_only_lists_by_hand_that_one_may_change(self):
        dynamic = self.env["crm.suite.segment"].create({"name": "All"})
        batch = self._batch(FILE, segment_id=dynamic.id)
        with self.assertRaises(UserError):
            batch.action_run()
        self.assertFalse(self._by_ref("SEG-1", "SEG-2"))
        agent = new_test_user(
            self.env(su=True),
            "import.agent",
            groups="base.group_user,crm_suite_base.group_crm_suite_agent",
        )
        batch.segment_id = self.segment
        with self.assertRaises(AccessError):
            batch.segment_id.with_user(agent)._check_static()

    def test_a_list_that_went_away_is_told(self):
        with self._large():
            batch, _answer = self._import(FILE, segment_id=self.segment.id)
            self.segment.kind = "dynamic"
            self._work(batch)
        self.assertEqual(batch.state, "done")
        self.assertEqual(len(self._by_ref("SEG-1", "SEG-2")), 2)
        self.assertIn("not added to the list", batch.message)

    def test_a_profile_remembers_the_list(self):
        profile = self.env["crm.suite.import.profile"].create(
            {"name": "Fair", "segment_id": self.segment.id}
        )
        batch = self._batch(FILE, profile_id=profile.id)
        self.assertEqual(batch.segment_id, self.segment)

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import operation_restore, operation_undo
from .segment_common import SegmentCase

COMPLAINT = {"kind": "complaint", "operator": "none"}


@tagged("post_install", "-at_install")
class TestSegment(SegmentCase):
    def test_enters_and_leaves_with_reason(self):
        segment = self._segment(self._in(self.shanghai), COMPLAINT)
        self.assertEqual(segment.member_ids, self.customer | self.other)
        self.assertEqual(segment.member_count, 2)
        self.far.state_id = self.shanghai
        call = self.env["crm.suite.call"].create(
            {"partner_id": self.person.id, "outcome": "complaint"}
        )
        self._run(self.customer, self.far)
        self.assertEqual(segment.member_ids, self.other | self.far)
        self.assertEqual(segment.member_count, 2)
        gone = self._left(segment)
        self.assertEqual(gone.partner_id, self.customer)
        self.assertEqual(gone.left_text, "has no open complaint")
        new = segment.membership_ids.filtered(lambda m: m.partner_id == self.far)
        self.assertIn("State is", new.reason_text)
        call.with_user(self.agent).sudo().action_solve()
        self._run(self.customer)
        self.assertIn(self.customer, segment.member_ids)
        self.assertEqual(len(self._left(segment)), 1, "the first stay is kept")

    def test_reason_of_the_first_filling_names_the_conditions(self):
        segment = self._segment(self._in(self.shanghai), COMPLAINT)
        reason = segment.membership_ids[0].reason_text
        self.assertIn("filled for the first time", reason)
        self.assertIn(f"State is {self.shanghai.display_name}", reason)
        self.assertIn("has no open complaint", reason)
        segment.definition = self._tree(self._in(self.beijing))
        new = segment.membership_ids.filtered(lambda m: m.partner_id == self.far)
        self.assertIn("conditions were changed (version 2)", new.reason_text)
        self.assertIn(f"State is {self.beijing.display_name}", new.reason_text)
        gone = self._left(segment)[0]
        self.assertIn(
            self.shanghai.display_name, gone.reason_text, "by what it came in"
        )
        self.assertEqual(gone.left_text, "The conditions were changed (version 2).")

    def test_reason_of_the_first_filling_names_what_each_met_of_several(self):
        """Of "at least one of" and of "none of all", each meets his own."""
        self.other.ref = "R1"
        by_ref = {"kind": "attribute", "field": "ref", "operator": "is", "text": "R1"}
        segment = self._segment(self._in(self.beijing), by_ref, op="any")
        reasons = {m.partner_id: m.reason_text for m in segment.membership_ids}
        self.assertEqual(set(reasons), {self.other, self.far})
        self.assertIn("R1", reasons[self.other])
        self.assertNotIn("State is", reasons[self.other])
        self.assertIn("State is", reasons[self.far])
        self.assertNotIn("R1", reasons[self.far])
        either = {"op": "all", "items": [self._in(self.shanghai), by_ref]}
        segment = self._segment(either, op="none")
        reasons = {m.partner_id: m.reason_text for m in segment.membership_ids}
        self.assertEqual(set(reasons), {self.customer, self.far})
        self.assertIn("not: Reference is exactly “R1”", reasons[self.customer])
        self.assertNotIn("not: State", reasons[self.customer])
        self.assertIn("not: State", reasons[self.far])

    def test_a_run_for_some_leaves_others_alone(self):
        segment = self._segment(self._in(self.shanghai))
        (self.customer | self.other).state_id = self.beijing
        self._run(self.customer)
        self.assertEqual(segment.member_ids, self.other)
        self._run()
        self.assertFalse(segment.member_ids)

    def test_running_again_writes_nothing(self):
        segment = self._segment(self._in(self.shanghai))
        before = segment.refreshed_at, segment.sudo().event_ids.ids
        self._run(self.customer, self.other)
        self.assertEqual((segment.refreshed_at, segment.sudo().event_ids.ids), before)

    def test_contacts_and_non_customers_stay_out(self):
        self.person.write(self._here())
        self.env["res.partner"].create({"name": "No Customer", **self._here()})
        segment = self._segment()
        self.assertEqual(segment.member_ids, self.customer | self.other | self.far)
        self.far.active = False
        self._run(self.far)
        self.assertNotIn(self.far, segment.with_context(active_test=False).member_ids)
        self.assertIn("no customer any more", self._left(segment).left_text)

    def test_nested_segments_follow_in_order(self):
        inner = self._segment(self._in(self.shanghai), name="Inner")
        outer = self._segment(
            {"kind": "segment", "operator": "not_in", "segments": inner.ids}
        )
        self.assertEqual(outer.member_ids, self.far)
        self.customer.state_id = self.beijing
        self._run(self.customer)
        self.assertEqual(outer.member_ids, self.far | self.customer)
        inner.definition = self._tree(self._in(self.beijing))
        self.assertEqual(outer.member_ids, self.other, "saved: those above follow")

    def test_circles_are_refused_with_the_path(self):
        one = self._segment(name="One")
        two = self._segment(
            {"kind": "segment", "operator": "in", "segments": one.ids}, name="Two"
        )
        three = self._segment(
            {"kind": "segment", "operator": "in", "segments": two.ids}, name="Three"
        )
        with self.assertRaisesRegex(ValidationError, "One → Three → Two → One"):
            one.definition = self._tree(
                {"kind": "segment", "operator": "in", "segments": three.ids}
            )
        with self.assertRaisesRegex(ValidationError, "“Two”"):
            one.unlink()

    def test_by_hand_and_back(self):
        """What a segment names goes by its kind, too."""

        def within(segment):
            return {"kind": "segment", "operator": "in", "segments": segment.ids}

        inner = self._segment(self._in(self.shanghai), name="Inner")
        outer = self._segment(within(inner), name="Outer")
        outer.kind = "static"
        self.assertFalse(outer.used_segment_ids)
        inner.definition = self._tree(within(outer))
        with self.assertRaisesRegex(ValidationError, "Outer → Inner → Outer"):
            outer.kind = "dynamic"
        inner.definition = self._tree(self._in(self.beijing))
        outer.kind = "dynamic"
        self.assertEqual(outer.used_segment_ids, inner)
        self.assertEqual(outer.member_ids, self.far)
        inner.definition = self._tree(self._in(self.shanghai))
        self.assertEqual(outer.member_ids, self.customer | self.other)
        outer.write({"kind": "static", "definition": outer.definition})
        inner.unlink()

    def test_archived_ones_are_no_segments_of_a_customer(self):
        inner = self._segment(self._in(self.shanghai), name="Inner")
        outer = self._segment(
            {"kind": "segment", "operator": "not_in", "segments": inner.ids}
        )
        with self.assertRaisesRegex(ValidationError, "“Inner” is part of"):
            inner.action_archive()
        outer.unlink()
        customer = self.customer.with_user(self.marketer)
        none = [("id", "=", customer.id), ("crm_suite_segment_ids", "=", False)]

        def shown():
            blocks = customer.browse().crm_suite_360(customer.id)["blocks"]
            return {row["name"] for row in blocks["segments"]}

        self.assertIn("Inner", shown())
        self.assertFalse(customer.search(none))
        inner.action_archive()
        self.env.invalidate_all()
        self.assertFalse(shown())
        self.assertFalse(customer.crm_suite_segment_ids)
        self.assertEqual(customer.search(none), customer)

    def test_changed_conditions_count_versions(self):
        segment = self._segment(self._in(self.shanghai))
        self.assertEqual(segment.version, 1)
        segment.name = "Renamed"
        segment.definition = segment.definition
        self.assertEqual(segment.version, 1)
        segment.definition = self._tree(self._in(self.beijing))
        self.assertEqual(segment.version, 2)
        gone = self._left(segment)
        self.assertEqual(
            set(gone.mapped("left_text")), {"The conditions were changed (version 2)."}
        )

    def test_bad_conditions_are_refused_in_words(self):
        text = {"kind": "attribute", "field": "city", "operator": "contains"}
        bad = {
            "not complete: enter a text": self._tree(text),
            "no condition “nonsense”": self._tree({"kind": "nonsense"}),
            "no condition “attribute password”": self._tree(
                {"kind": "attribute", "field": "password"}
            ),
            "does not exist any more": self._tree(
                {"kind": "segment", "operator": "not_in", "segments": [2**30]}
            ),
            "no conditions of a segment": {"op": "xor", "items": []},
            "at least one, at most": self._tree(
                {"kind": "attribute", "field": "state_id", "records": ["1); DROP"]}
            ),
            "within the limits": self._tree(
                {"kind": "complaint"},
                {
                    "kind": "purchase",
                    "count": 1,
                    "window": "last",
                    "number": 10**9,
                    "unit": "year",
                },
            ),
        }
        for words, definition in bad.items():
            with (
                self.subTest(words=words),
                self.assertRaisesRegex(ValidationError, words),
            ):
                self.Segment.create({"name": "Bad", "definition": definition})
        deep = self._tree()
        for _level in range(8):
            deep = self._tree(COMPLAINT, deep)
        with self.assertRaisesRegex(ValidationError, "six times"):
            self.Segment.create({"name": "Deep", "definition": deep})

    def test_one_bad_segment_does_not_stop_the_others(self):
        broken = self._segment(self._in(self.shanghai), name="Broken")
        fine = self._segment(self._in(self.shanghai), name="Fine")
        self.env.cr.execute(
            """UPDATE crm_suite_segment SET definition = '{"op": "all", "items":
               [{"kind": "uninstalled"}]}' WHERE id = %s""",
            [broken.id],
        )
        self.env.invalidate_all()
        self.other.state_id = self.beijing
        with self.assertLogs("odoo.addons.crm_suite_base", "WARNING"):
            self._run()
        self.assertIn("does not exist any more", broken.problem)
        self.assertEqual(broken.member_count, 2, "members stay as they were")
        self.assertEqual(fine.member_ids, self.customer)
        broken.definition = self._tree(self._in(self.beijing))
        self.assertFalse(broken.problem)

    def test_a_crash_in_the_middle_leaves_all_as_it_was(self):
        segment = self._segment(self._in(self.shanghai))
        self.customer.state_id = self.beijing
        self.env.flush_all()
        events = segment.sudo().event_ids.ids
        Size = type(self.env["crm.suite.segment.size"])
        with (
            mute_logger("odoo.addons.crm_suite_base.models.recalculation"),
            patch.object(Size, "_note", side_effect=RuntimeError("power cut")),
        ):
            self._run(self.customer)
        self.env.invalidate_all()
        self.assertEqual(segment.member_count, 2)
        self.assertEqual(segment.sudo().event_ids.ids, events)
        self._run(self.customer)
        self.assertEqual(segment.member_count, 1)

    def test_growth_is_written_day_by_day(self):
        segment = self._segment(self._in(self.shanghai))
        self.customer.state_id = self.beijing
        self._run(self.customer)
        size = self.env["crm.suite.segment.size"].search(
            [("segment_id", "=", segment.id)]
        )
        self.assertEqual(
            (size.member_count, size.entered_count, size.left_count), (1, 2, 1)
        )
        self.env.cr.execute(
            "UPDATE crm_suite_segment_size SET date = date - 3, member_count = 7"
            " WHERE segment_id = %s",
            [segment.id],
        )
        self.env.invalidate_all()
        self._run()
        growth = segment.get_growth()
        self.assertEqual([day["count"] for day in growth], [7, 7, 7, 1])

    def test_deleted_customer_is_counted_out(self):
        segment = self._segment(self._in(self.shanghai))
        self.other.unlink()
        self._run()
        self.assertEqual(segment.member_count, 1)

    def test_overlap(self):
        one = self._segment(self._in(self.shanghai), name="One")
        two = self._segment(name="Two")
        preview = self.Segment.preview(one.definition, overlap_ids=two.ids)
        self.assertEqual(preview["overlap"][0]["count"], 2)
        row = self.env["crm.suite.segment.overlap"].search(
            [("segment_id", "=", two.id), ("other_segment_id", "=", one.id)]
        )
        self.assertEqual(row.member_count, 2)
        self.assertAlmostEqual(row.share, 66.7, 1)


@tagged("post_install", "-at_install")
class TestSegmentEvents(SegmentCase):
    def test_in_order_and_once_for_each_consumer(self):
        segment = self._segment(self._in(self.shanghai))
        self.assertEqual(len(segment._consume("a", limit=1)), 1)
        self.customer.state_id = self.beijing
        self._run(self.customer)
        rest = segment._consume("a")
        self.assertEqual(rest.mapped("kind"), ["enter", "leave"])
        self.assertEqual(rest.ids, sorted(rest.ids))
        self.assertEqual(rest[-1].partner_id, self.customer)
        self.assertFalse(segment._consume("a"))
        self.assertEqual(len(segment._consume("b")), 3, "each has its own position")

    def test_rolled_back_work_gets_them_again(self):
        segment = self._segment(self._in(self.shanghai))
        with self.assertRaises(RuntimeError), self.env.cr.savepoint():
            self.assertEqual(len(segment._consume("a")), 2)
            raise RuntimeError
        self.assertEqual(len(segment._consume("a")), 2)

    def test_subscribing_begins_now(self):
        segment = self._segment(self._in(self.shanghai))
        segment._subscribe("late")
        self.assertFalse(segment._consume("late"))
        self.far.state_id = self.shanghai
        self._run(self.far)
        self.assertEqual(segment._consume("late").partner_id, self.far)
        with self.assertRaises(UserError):
            segment._subscribe("")

    def test_old_events_wait_for_slow_consumers(self):
        segment = self._segment(self._in(self.shanghai))
        segment._consume("fast")
        segment._consume("slow", limit=1)
        self.env.cr.execute(
            "UPDATE crm_suite_segment_event SET at = at - interval '2 years'"
            " WHERE segment_id = %s",
            [segment.id],
        )
        self.env["crm.suite.segment.event"]._gc_events()
        self.assertEqual(len(segment._consume("slow")), 1)
        self.env["crm.suite.segment.event"]._gc_events()
        self.env.invalidate_all()
        self.assertFalse(segment.sudo().event_ids)


@tagged("post_install", "-at_install")
class TestStaticSegment(SegmentCase):
    def _list(self, **values):
        return self.Segment.create({"name": "List", "kind": "static", **values})

    def _kinds(self, segment):
        return segment.sudo().event_ids.sorted("id").mapped("kind")

    def test_add_remove_and_undo(self):
        segment = self._list()
        added = segment.action_add([self.person.id, self.customer.id, self.far.id])
        self.assertEqual(added["added"], 2, "a contact stands for its company")
        self.assertEqual(
            segment.action_add(self.far.ids), {"added": 0, "operation_id": False}
        )
        removed = segment.action_remove(self.far.ids)
        self.assertEqual(segment.member_ids, self.customer)
        operations = self.env["crm.suite.operation"].with_user(self.marketer)
        operations.browse(removed["operation_id"]).action_undo()
        self.assertEqual(segment.member_ids, self.customer | self.far)
        self.assertEqual(segment.member_count, 2)
        operations.browse(added["operation_id"]).action_undo()
        self.assertFalse(segment.member_ids)
        self.assertEqual(
            self._kinds(segment), ["enter", "enter", "leave", "enter", "leave", "leave"]
        )
        self.assertEqual(segment.member_count, 0)

    def test_undo_in_the_background_tells_of_all(self):
        segment = self._list()
        segment.action_add((self.customer | self.far).ids)
        removed = segment.action_remove((self.customer | self.far).ids)
        operation = self.env["crm.suite.operation"].browse(removed["operation_id"])
        with patch.object(operation_undo, "IMMEDIATE_LIMIT", 1):
            result = operation.with_user(self.marketer).action_undo()
        undo = operation.browse(result["operation_id"])
        # A first run, which has time for one of the two.
        clock = iter([0, 10, 10, 51])
        with (
            patch.object(operation_restore, "BATCH", 1),
            patch.object(operation_undo, "monotonic", lambda: next(clock)),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=0),
        ):
            self.assertFalse(undo._run_undo_job())
        self.assertEqual((undo.state, undo.progress_done), ("open", 1))
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.operation_undo_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(segment.member_count, 2)
        self.assertEqual(
            self._kinds(segment), ["enter", "enter", "leave", "leave", "enter", "enter"]
        )

    def test_undo_of_an_undo_brings_them_back(self):
        segment = self._list()
        added = segment.action_add(self.far.ids)
        operations = self.env["crm.suite.operation"].with_user(self.marketer)
        undo = operations.browse(added["operation_id"]).action_undo()
        operations.browse(undo["operation_id"]).action_undo()
        self.assertEqual(segment.member_ids, self.far)
        self.assertEqual(self._kinds(segment), ["enter", "leave", "enter"])

    def test_who_entered_before_the_oldest_event_leaves_as_well(self):
        segment = self._list()
        segment.action_add(self.far.ids)
        long_ago = fields.Datetime.subtract(fields.Datetime.now(), years=2)
        for table, column in (("member", "entered_at"), ("event", "at")):
            self.env.cr.execute(
                f"UPDATE crm_suite_segment_{table} SET {column} = %s"
                " WHERE segment_id = %s",
                [long_ago, segment.id],
            )
        self.env["crm.suite.segment.event"]._gc_events()
        self.env.invalidate_all()
        self.assertFalse(segment.sudo().event_ids)
        segment.sudo().membership_ids._announce()
        self.assertFalse(segment.sudo().event_ids, "nothing happened")
        segment.action_remove(self.far.ids)
        self.assertEqual(self._kinds(segment), ["leave"])
        self.assertEqual(segment.member_count, 0)

    def test_dynamic_ones_that_name_it_follow(self):
        segment = self._list()
        outer = self._segment(
            {"kind": "segment", "operator": "in", "segments": segment.ids}
        )
        segment.action_add(self.far.ids)
        self.assertEqual(outer.member_ids, self.far)

    def test_from_selection_import_and_segment(self):
        source = self._segment(self._in(self.shanghai), name="Source")
        window = self.env["crm.suite.segment.add"].with_user(self.marketer)
        of_segment = window.with_context(
            active_model="crm.suite.segment", active_ids=source.ids
        ).create({})
        self.assertEqual(of_segment.record_count, 2)
        of_segment.name = "Frozen"
        action = of_segment.action_add()
        self.assertEqual(action["tag"], "crm_suite_operation_done")
        frozen = self.Segment.search([("name", "=", "Frozen")])
        self.assertEqual(frozen.member_ids, source.member_ids)
        self.assertIn("Source", frozen.membership_ids[0].reason_text)
        of_selection = window.with_context(
            active_model="res.partner", active_ids=self.far.ids
        ).create({"mode": "existing", "segment_id": frozen.id})
        of_selection.action_add()
        self.assertIn(self.far, frozen.member_ids)
        with self.assertRaisesRegex(UserError, "Nobody was added"):
            of_selection.action_add()
        out = self.env["crm.suite.segment.remove"].with_user(self.marketer)
        member = frozen.membership_ids.filtered(lambda m: m.partner_id == self.far)
        out.with_context(
            active_model="crm.suite.segment.member", active_ids=member.ids
        ).create({}).action_remove()
        self.assertNotIn(self.far, frozen.member_ids)

    def test_rows_are_not_written_by_hand(self):
        segment = self._list()
        segment.action_add(self.far.ids)
        member = segment.membership_ids
        with self.assertRaises(UserError):
            member.write({"left_at": fields.Datetime.now()})
        with self.assertRaises(UserError):
            member.create(
                {
                    "segment_id": segment.id,
                    "partner_id": self.other.id,
                    "entered_at": fields.Datetime.now(),
                }
            )
        dynamic = self._segment(self._in(self.shanghai))
        with self.assertRaises(UserError):
            dynamic.action_add(self.far.ids)
        with self.assertRaises(AccessError):
            dynamic.membership_ids.unlink()
        with self.assertRaises(UserError):
            segment.action_add("all")

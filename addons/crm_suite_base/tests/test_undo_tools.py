from odoo.tests import BaseCase

from ..tools.undo import (
    diff_images,
    edited_fields,
    merge_updates,
    plan_restore,
    sort_by_reference,
)


class TestUndoTools(BaseCase):
    def test_diff_keeps_what_differs(self):
        before = {"a": 1, "b": "x", "c": {"en_US": "A", "zh_CN": "甲"}}
        after = {"a": 2, "b": "x", "c": {"en_US": "B", "zh_CN": "甲"}}
        self.assertEqual(
            diff_images(before, after, {"c"}),
            ({"a": 1, "c": {"en_US": "A"}}, {"a": 2, "c": {"en_US": "B"}}),
        )
        self.assertEqual(diff_images(after, after), ({}, {}))

    def test_diff_of_a_key_that_came_or_went(self):
        self.assertEqual(
            diff_images({"c": None}, {"c": {"1": 5}}, {"c"}),
            ({"c": {"1": None}}, {"c": {"1": 5}}),
        )
        self.assertEqual(
            diff_images({"c": {"1": 5}}, {"c": None}, {"c"}),
            ({"c": {"1": 5}}, {"c": {"1": None}}),
        )

    def test_merge_takes_the_first_before_and_the_last_after(self):
        updates = [({"a": 1}, {"a": 2}), ({"a": 2, "b": 0}, {"a": 3, "b": 9})]
        self.assertEqual(merge_updates(updates), ({"a": 1, "b": 0}, {"a": 3, "b": 9}))
        keyed = [
            ({"c": {"1": 1}}, {"c": {"1": 2}}),
            ({"c": {"1": 2, "2": 7}}, {"c": {"1": 3, "2": 8}}),
        ]
        self.assertEqual(
            merge_updates(keyed, {"c"}),
            ({"c": {"1": 1, "2": 7}}, {"c": {"1": 3, "2": 8}}),
        )

    def test_restore_value_by_value(self):
        values, kept = plan_restore(
            current={"same": 2, "other": 7, "back": 1},
            before={"same": 1, "other": 1, "back": 1},
            after={"same": 2, "other": 2, "back": 2},
        )
        self.assertEqual(values, {"same": 1})
        self.assertEqual(kept, [("other", 2, 7)])

    def test_restore_key_by_key(self):
        values, kept = plan_restore(
            current={"c": {"1": 5, "2": 6}},
            before={"c": {"1": None}},
            after={"c": {"1": 5}},
            keyed={"c"},
        )
        self.assertEqual((values, kept), ({"c": {"2": 6}}, []))
        values, kept = plan_restore(
            current={"c": {"1": 9}},
            before={"c": {"1": 4}},
            after={"c": {"1": 5}},
            keyed={"c"},
        )
        self.assertEqual((values, kept), ({}, [("c", {"1": 5}, {"1": 9})]))

    def test_empty_reads_alike(self):
        self.assertEqual(
            edited_fields({"a": 1}, {"a": 1, "b": False, "c": 0, "d": None}, "abcd"), []
        )
        self.assertEqual(
            edited_fields({"a": 1}, {"a": 1, "b": 3}, "ab"), [("b", None, 3)]
        )

    def test_order_by_reference(self):
        references = {("line", "order"), ("order", "partner"), ("partner", "partner")}
        self.assertEqual(
            sort_by_reference(["partner", "order", "line"], references),
            ["line", "order", "partner"],
        )
        cycle = {("a", "b"), ("b", "a"), ("c", "a")}
        self.assertEqual(sort_by_reference(["a", "b", "c"], cycle), ["c", "a", "b"])

from datetime import datetime

from odoo.tests import BaseCase, tagged

from ..tools.merge_values import (
    choose_block,
    choose_first,
    choose_furthest,
    decide_opt_out,
)


@tagged("post_install", "-at_install")
class TestMergeTools(BaseCase):
    """Whose value counts, without a database."""

    def test_survivor_first_then_the_first_who_has_one(self):
        self.assertEqual(choose_first({1: "a", 2: "b"}, [1, 2]), 1)
        self.assertEqual(choose_first({1: "", 2: False, 3: "c"}, [1, 2, 3]), 3)
        self.assertEqual(choose_first({1: "", 2: ""}, [1, 2]), 1)

    def test_block_of_who_says_the_same_and_more(self):
        half = {"city": "Shenzhen", "street": ""}
        whole = {"city": "Shenzhen", "street": "8 Keji Road"}
        elsewhere = {"city": "Beijing", "street": "1 Chang'an Avenue"}
        self.assertEqual(choose_block({1: half, 2: whole}, [1, 2]), 2)
        self.assertEqual(choose_block({1: half, 2: elsewhere}, [1, 2]), 1)
        self.assertEqual(choose_block({1: {}, 2: elsewhere}, [1, 2]), 2)
        self.assertEqual(choose_block({1: whole, 2: half}, [1, 2]), 1)

    def test_furthest_stage(self):
        codes = {1: "lead", 2: "loyal", 3: "lost", 4: None}
        self.assertEqual(choose_furthest(codes, [1, 2, 3, 4]), 2)
        self.assertEqual(choose_furthest({1: "lost", 2: "lead"}, [1, 2]), 2)
        self.assertEqual(choose_furthest({1: None, 2: None}, [1, 2]), 1)
        self.assertEqual(choose_furthest({1: "first", 2: "first"}, [2, 1]), 2)

    def test_last_word(self):
        old, new = datetime(2026, 1, 1), datetime(2026, 2, 1)
        self.assertFalse(decide_opt_out([]))
        self.assertTrue(decide_opt_out([(old, False), (new, True)]))
        self.assertFalse(decide_opt_out([(old, True), (new, False)]))
        self.assertTrue(decide_opt_out([(new, False), (new, True)]))

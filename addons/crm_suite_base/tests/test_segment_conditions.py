from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extras import Json

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged

from ..tools.segment_definition import find_cycle, sort_by_use, walk
from .fuzzing import fuzz
from .segment_common import SegmentCase

CHAIRS = {
    "kind": "purchase",
    "what": "category",
    "window": "last",
    "number": 12,
    "unit": "month",
}


@tagged("post_install", "-at_install")
class TestSegmentTree(BaseCase):
    def test_cycle_and_order(self):
        uses = {1: [2], 2: [3], 3: [1], 4: [1], 5: []}
        self.assertEqual(find_cycle(1, uses), [1, 2, 3, 1])
        self.assertIsNone(find_cycle(4, uses))
        self.assertEqual(find_cycle(6, {6: [6]}), [6, 6])
        self.assertEqual(sort_by_use([9, 8, 7], {8: [9], 7: [8]}), [9, 8, 7])

    def test_none_turns_the_sign_each_time(self):
        a, b = {"kind": "a"}, {"kind": "b"}
        tree = {"op": "none", "items": [a, {"op": "none", "items": [b]}]}
        self.assertEqual(list(walk(tree)), [(a, True), (b, False)])


@tagged("post_install", "-at_install")
class TestSegmentConditions(SegmentCase):
    """Every kind of condition, by who meets it."""

    def _field(self, field, **values):
        return {"kind": "attribute", "field": field, **values}

    def _figure(self, field, **values):
        return {"kind": "figure", "field": field, **values}

    def test_attributes(self):
        self.other.write({"city": "100% Pudong", "crm_suite_employees": 50})
        cases = [
            (self._in(self.beijing), {"Beijing Trading"}),
            (
                self._field("city", operator="contains", text="0% pu"),
                {"Pudong Trading"},
            ),
            (self._field("city", operator="is", text="100_ pudong"), set()),
            (self._field("city", operator="starts", text="100%"), {"Pudong Trading"}),
            (self._field("city", operator="set"), {"Pudong Trading"}),
            (
                self._field(
                    "crm_suite_employees", operator="between", value=40, until=60
                ),
                {"Pudong Trading"},
            ),
            (
                self._field("company_type", choices=["person"]),
                set(),
            ),
            (self._field("create_date", operator="older", number=1), set()),
        ]
        for condition, names in cases:
            with self.subTest(condition=condition):
                self.assertEqual(self._found(condition), names)
        everybody = {"Huaqiang Electronics", "Pudong Trading", "Beijing Trading"}
        negative = self._field("city", operator="not_contains", text="Pudong")
        self.assertEqual(self._found(negative), everybody - {"Pudong Trading"})
        self.assertEqual(
            self._found(self._field("create_date", operator="last", number=1)),
            everybody,
        )

    def test_groups(self):
        here, there = self._in(self.shanghai), self._in(self.beijing)
        self.assertEqual(len(self._found(here, there, op="any")), 3)
        self.assertFalse(self._found(here, there, op="none"))
        self.assertFalse(self._found(here, there))
        self.assertEqual(len(self._found({"op": "any", "items": []})), 3)

    def test_purchases(self):
        for days in (5, 40):
            self._buy(self.person, days, quantity=3)
        self._buy(self.other, 500)
        chairs = {**CHAIRS, "categories": self.furniture.ids}
        cases = [
            ({"frequency": "at_least", "count": 2}, {"Huaqiang Electronics"}),
            ({"frequency": "at_least", "count": 3}, set()),
            ({"frequency": "none"}, {"Pudong Trading", "Beijing Trading"}),
            (
                {"frequency": "at_most", "count": 1},
                {"Pudong Trading", "Beijing Trading"},
            ),
            (
                {"frequency": "at_least", "count": 6, "measure": "quantity"},
                {"Huaqiang Electronics"},
            ),
            ({"frequency": "at_least", "count": 601, "measure": "amount"}, set()),
            ({"window": "before", "count": 1}, {"Pudong Trading"}),
            (
                {"window": "ever", "count": 1},
                {"Huaqiang Electronics", "Pudong Trading"},
            ),
        ]
        for values, names in cases:
            with self.subTest(values=values):
                self.assertEqual(self._found({**chairs, **values}), names)
        gone = self.furniture.create({"name": "Gone"})
        chairs["categories"] = gone.ids
        gone.unlink()
        self.assertFalse(self._found({**chairs, "count": 1}))
        self.assertEqual(len(self._found({**chairs, "frequency": "none"})), 3)
        product = {"kind": "purchase", "what": "product", "products": self.chair.ids}
        self.assertEqual(self._found({**product, "count": 1}), {"Huaqiang Electronics"})

    def test_credited_purchases_are_none(self):
        """Counted is what the figures count."""
        self._create_invoice(self.customer)
        for partner in (self.customer, self.other, self.far):
            self._create_invoice(partner)._reverse_moves([{}]).action_post()
        self.far.crm_suite_lifecycle_id = self.stage
        self._create_invoice(self.far, 0)
        bought = {"kind": "purchase", "what": "any", "window": "ever"}
        found = {
            number: self._found({**bought, "frequency": "at_least", "count": number})
            for number in (1, 2)
        }
        self.assertEqual(found[1], {"Huaqiang Electronics", "Beijing Trading"})
        self.assertFalse(found[2])
        self.assertEqual(
            self._found({**bought, "frequency": "none"}), {"Pudong Trading"}
        )
        self.assertEqual(
            self._found({**bought, "frequency": "at_most", "count": 0}),
            {"Pudong Trading"},
        )
        segments = self.Segment
        condition = {**bought, "frequency": "at_least", "count": 1}
        counts = [
            segments._value_purchase(condition, None, partner)
            for partner in (self.customer, self.other, self.far)
        ]
        self.assertEqual(counts, [1, 0, 1])
        self._run(self.customer, self.other, self.far)
        metrics = self.env["crm.suite.customer.metric"]
        for partner, count in zip(
            (self.customer, self.other, self.far), counts, strict=True
        ):
            row = metrics.search([("partner_id", "=", partner.id)])
            self.assertEqual(row.purchase_count, count)

    def test_figures_and_silence(self):
        for days in (200, 190, 180):
            self._buy(self.customer, days)
        # Far from even, whichever side of a change to summer time they fall on.
        for days in (60, 20, 1):
            self._buy(self.other, days)
        self._run(self.customer, self.other, self.far)
        silent = {"kind": "silence"}
        self.assertEqual(self._found(silent), {"Huaqiang Electronics"})
        self.assertEqual(self._found({**silent, "operator": "not"}), {"Pudong Trading"})
        far_off = {**silent, "operator": "by", "number": 300, "unit": "day"}
        self.assertFalse(self._found(far_off))
        bought = {"Huaqiang Electronics", "Pudong Trading"}
        cases = [
            (self._figure("revenue", operator="at_least", value=300), bought),
            (self._figure("revenue", operator="at_most", value=0), {"Beijing Trading"}),
            (
                self._figure("purchase_count", operator="between", value=0, until=3),
                bought | {"Beijing Trading"},
            ),
            (
                self._figure("interval_mean", operator="at_most", value=15),
                {"Huaqiang Electronics"},
            ),
            (
                self._figure("last_purchase", operator="last", number=30),
                {"Pudong Trading"},
            ),
            (self._figure("last_purchase", operator="unset"), {"Beijing Trading"}),
            (self._figure("preferred_category_id", records=self.chairs.ids), bought),
            (
                self._figure("interval_deviation", operator="at_most", value=0.2),
                {"Huaqiang Electronics"},
            ),
        ]
        for condition, names in cases:
            with self.subTest(condition=condition):
                self.assertEqual(self._found(condition), names)

    def test_what_lies_ahead_is_not_in_the_last_days(self):
        for days in (401, 201, 1):
            self._buy(self.customer, days)
        for partner, days in ((self.customer, 3), (self.other, -3)):
            partner.activity_schedule(
                "mail.mail_activity_data_todo",
                fields.Date.add(fields.Date.today(), days=days),
            )
        self._run(self.customer, self.other, self.far)
        expected = self._figure("expected_next_purchase", number=30)
        self.assertTrue(self._found({**expected, "operator": "set"}))
        self.assertFalse(self._found({**expected, "operator": "last"}))
        planned = self._figure("next_activity", operator="last", number=7)
        self.assertEqual(self._found(planned), {"Pudong Trading"})
        reviewed = fields.Date.add(fields.Date.today(), days=1)
        days = {"operator": "last", "number": 30, "unit": "day"}
        found = self.Segment._compile_date("crm_suite_reviewed_on", days, "date")
        mine = fields.Domain("id", "=", self.far.id) & found
        self.far.crm_suite_reviewed_on = reviewed
        self.assertFalse(self.env["res.partner"].search(mine))
        self.far.crm_suite_reviewed_on = fields.Date.today()
        self.assertTrue(self.env["res.partner"].search(mine))

    def test_who_never_bought_has_no_average(self):
        """Whether somebody talked to him or not."""
        self._buy(self.customer)
        self.env["crm.suite.call"].create({"partner_id": self.other.id})
        self._run(self.customer, self.other, self.far)
        average = self._figure("average_purchase", operator="at_most", value=100)
        self.assertEqual(self._found(average), {"Huaqiang Electronics"})
        segment = self._segment(average)
        step = segment.explain_member(self.other.id)["steps"][-1]
        self.assertFalse(step["met"])
        self.assertNotIn("0.00", step["text"])

    def test_first_and_last_day_that_there_is(self):
        everybody = {"Huaqiang Electronics", "Pudong Trading", "Beijing Trading"}
        self._buy(self.customer)
        self._run(self.customer)
        for zone in ("Asia/Shanghai", "America/New_York"):
            self.marketer.tz = zone
            for operator, day in (("until", "9999-12-31"), ("from", "0001-01-01")):
                with self.subTest(zone=zone, day=day):
                    condition = {"operator": operator, "date": day}
                    found = self._found(self._field("create_date", **condition))
                    self.assertEqual(found, everybody)
                    found = self._found(self._figure("last_purchase", **condition))
                    self.assertEqual(found, {"Huaqiang Electronics"})
            never = self._field("create_date", operator="from", date="9999-12-31")
            self.assertFalse(self._found(never))

    def test_share_of_categories(self):
        """Of the revenue, with the categories below; who bought nothing has none."""
        lamps = self.env["product.category"].create({"name": "Lamps"})
        self._buy(self.person, 5)
        self._buy(self.other, 5)
        self._run(self.customer, self.other, self.far)
        cases = [
            (self.furniture, "at_least", 50, {"Huaqiang Electronics"}),
            (self.furniture, "at_least", 80.5, set()),
            (
                self.furniture | lamps,
                "at_least",
                100,
                {"Huaqiang Electronics", "Pudong Trading"},
            ),
            (lamps, "at_most", 20, {"Huaqiang Electronics"}),
            (lamps, "at_least", 100, {"Pudong Trading"}),
        ]
        shares = {
            self.customer: {self.chairs.id: 0.8, lamps.id: 0.2},
            self.other: {lamps.id: 1},
        }
        for partner, share in shares.items():
            self.env.cr.execute(
                "UPDATE crm_suite_customer_metric SET category_shares = %s"
                " WHERE partner_id = %s",
                [Json(share), partner.id],
            )
        self.env.invalidate_all()
        for categories, operator, share, names in cases:
            condition = {
                "kind": "category_share",
                "categories": categories.ids,
                "operator": operator,
                "share": share,
            }
            with self.subTest(condition=condition):
                self.assertEqual(self._found(condition), names)

    def test_standing(self):
        grade = self.env["crm.suite.grade"].search([], limit=1)
        self.other.sudo().write({"crm_suite_grade_id": grade.id})
        self.far.sudo().write(
            {
                "crm_suite_lifecycle_date": fields.Datetime.subtract(
                    fields.Datetime.now(), days=90
                )
            }
        )
        graded = {"kind": "grade", "operator": "in", "records": grade.ids}
        self.assertEqual(self._found(graded), {"Pudong Trading"})
        stage = {"kind": "lifecycle", "records": self.far.crm_suite_lifecycle_id.ids}
        held = {**stage, "held": "at_least", "number": 60, "unit": "day"}
        self.assertEqual(self._found(held), {"Beijing Trading"})

    def test_behaviour(self):
        for days in (3, 200):
            self.env["crm.suite.call"].create(
                {
                    "partner_id": self.person.id,
                    "date": fields.Datetime.subtract(fields.Datetime.now(), days=days),
                }
            )
        calls = {"kind": "behaviour", "kinds": ["call"], "number": 30, "unit": "day"}
        self.assertEqual(self._found({**calls, "count": 1}), {"Huaqiang Electronics"})
        self.assertFalse(self._found({**calls, "count": 2}))
        ever = {**calls, "count": 2, "window": "ever"}
        self.assertEqual(self._found(ever), {"Huaqiang Electronics"})
        never = {**calls, "frequency": "none"}
        self.assertEqual(self._found(never), {"Pudong Trading", "Beijing Trading"})

    def test_complaints(self):
        call = self.env["crm.suite.call"].create(
            {"partner_id": self.person.id, "outcome": "complaint"}
        )
        is_open = {"kind": "complaint", "operator": "open"}
        self.assertEqual(self._found(is_open), {"Huaqiang Electronics"})
        self.assertTrue(call.is_open_complaint)
        call.action_solve()
        self.assertFalse(self._found(is_open))
        self.assertEqual(call.solved_user_id, self.env.user)
        call.action_reopen()
        self.assertEqual(self._found(is_open), {"Huaqiang Electronics"})

    def test_complained_counts_in_a_window(self):
        """Settled or not: how often somebody complained."""
        for days in (3, 200):
            self.env["crm.suite.call"].create(
                {
                    "partner_id": self.person.id,
                    "outcome": "complaint",
                    "date": fields.Datetime.subtract(fields.Datetime.now(), days=days),
                }
            ).action_solve()
        lately = {"kind": "complained", "number": 30, "unit": "day"}
        self.assertEqual(self._found({**lately, "count": 1}), {"Huaqiang Electronics"})
        self.assertFalse(self._found({**lately, "count": 2}))
        ever = {**lately, "count": 2, "window": "ever"}
        self.assertEqual(self._found(ever), {"Huaqiang Electronics"})
        others = {"Pudong Trading", "Beijing Trading"}
        self.assertEqual(self._found({**lately, "frequency": "none"}), others)
        at_most = {**lately, "window": "ever", "frequency": "at_most", "count": 1}
        self.assertEqual(self._found(at_most), others)
        segment = self._segment(ever)
        answer = segment.explain_member(self.customer.id)
        self.assertIn(
            "complained at least 2 times at any time – now 2",
            [step["text"] for step in answer["steps"]],
        )

    def test_complaints_of_another_source_count_too(self):
        """An addon adds its tickets by the hook; here meetings stand for them."""
        partners = self.registry["res.partner"]
        calls = partners._crm_suite_complaint_sources
        ticket = {
            "model": "crm.suite.purchase",
            "customer": "partner_id",
            "date": "date",
            "domain": fields.Domain("reference", "=", "ticket"),
            "open": fields.Domain.TRUE,
        }
        self.env["crm.suite.purchase"].create(
            {
                "partner_id": self.far.id,
                "date": fields.Date.today(),
                "reference": "ticket",
                "product_name": "Ticket",
            }
        )
        is_open = {"kind": "complaint", "operator": "open"}
        self.assertFalse(self._found(is_open))
        with patch.object(
            partners,
            "_crm_suite_complaint_sources",
            lambda self: [*calls(self), ticket],
        ):
            self.assertEqual(self._found(is_open), {"Beijing Trading"})
            self.assertEqual(self.far.crm_suite_open_complaints, 1)

    def test_scoped_and_whole_runs_agree(self):
        """The run for changed customers compiles the same conditions narrower."""
        self._buy(self.customer)
        self._run(self.customer)
        every = self.customer | self.other | self.far
        for entry in self.Segment._segment_conditions():
            condition = self._fill(entry)
            with self.subTest(condition=condition):
                tree = self.Segment._clean_definition(self._tree(condition))
                search = self.Segment._search_customers
                whole = set(search(tree).get_result_ids())
                narrow = search(tree, every.ids).get_result_ids()
                self.assertEqual(whole & set(every.ids), set(narrow))

    def _fill(self, entry):
        """A condition of that kind with some value everywhere."""
        values = {"kind": entry["kind"], "field": entry.get("field")}
        for name, spec in entry["params"].items():
            if spec["type"] == "records":
                values[name] = self.env[spec["model"]].search([], limit=2).ids or [1]
            elif spec["type"] == "choices":
                values[name] = [spec["choices"][0][0]]
            else:
                samples = {"number": 1, "text": "a", "date": "2026-01-31"}
                values[name] = spec.get("default", samples.get(spec["type"]))
        return values

    def test_every_condition_is_said_and_explained(self):
        """Also in Chinese, where the words stand in another order."""
        entries = self.Segment._segment_conditions()
        self._segment(name="To be named in conditions")
        segment = self._segment(*[self._fill(entry) for entry in entries], op="any")
        answer = segment.explain_member(self.customer.id)
        # The customer itself, the tag, the group, and a step for each.
        self.assertEqual(len(answer["steps"]), 3 + len(entries))
        for step in answer["steps"]:
            self.assertIsInstance(step["met"], bool, step)
            self.assertNotIn("%(", step["text"])
        chinese = segment.with_context(lang="zh_CN").definition_text
        self.assertNotIn("%(", chinese)
        self.assertEqual(len(chinese.split("\n")), 3 + len(entries))

    @fuzz(25)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "op",
                            "items",
                            "kind",
                            "field",
                            "operator",
                            "records",
                            "value",
                            "text",
                            "number",
                        ]
                    ),
                    inner
                    | st.sampled_from(
                        ["all", "attribute", "figure", "city", "in", "purchase"]
                    ),
                    max_size=6,
                )
            ),
            max_leaves=12,
        )
    )
    def test_whatever_comes_is_evaluated_or_refused(self, tree):
        try:
            definition = self.Segment._clean_definition(tree)
        except UserError:
            return
        self.Segment._search_customers(definition, self.far.ids).get_result_ids()

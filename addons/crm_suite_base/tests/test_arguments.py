import runpy

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools.misc import file_path

from .common import CustomerCase

# What no id is, in the types that come over RPC.
NO_ID = (True, -1, 0, 2**70, 1.5, "abc", "\x00", {"a": 1}, [[[]]], None)
NO_IDS = (True, -1, "abc", "\x00", {"a": 1}, [[[]]], [1, "a"], [-1])
CODE = '__import__("os")'


@tagged("post_install", "-at_install")
class TestArguments(CustomerCase):
    """A wrong argument of a public method is answered by a sentence."""

    def refuse(self, model, method, *args, by=None, ids=None):
        """The sentence; any other error fails the test, those of the database too."""
        records = (
            self.env[model].with_user(by or self.env.ref("base.user_admin")).browse(ids)
        )
        with self.subTest(model=model, method=method, args=args):
            with self.assertRaises(UserError) as caught, self.cr.savepoint():
                getattr(records, method)(*args)
                self.env.flush_all()
            self.assertNotRegex(str(caught.exception), r"<|Expected singleton|SQL")
            return str(caught.exception)
        return ""

    def test_ids_of_customers(self):
        segment = self.env["crm.suite.segment"].create({"name": "A"})
        for wrong in NO_ID:
            for method in (
                "crm_suite_360",
                "crm_suite_timeline",
                "crm_suite_structure",
            ):
                self.refuse("res.partner", method, wrong)
            sentence = self.refuse(
                segment._name, "explain_member", wrong, ids=segment.ids
            )
            self.assertIn("Name the customer", sentence)

    def test_timeline_takes_what_it_can(self):
        for filters in ({"search": "a\x00"}, {"kinds": ["\x00"]}, {"person_id": 2**70}):
            page = self.Partner.with_user(self.rep).crm_suite_timeline(
                self.customer.id, filters
            )
            self.assertFalse(page["next"])
        self.refuse(
            "res.partner", "crm_suite_timeline", self.customer.id, {}, False, 1e400
        )

    def test_preview_of_a_segment(self):
        segments = self.env["crm.suite.segment"].with_user(self.marketer)
        nobody = {"op": "all", "items": []}
        for wrong in (True, -1, 2**70, "abc", "\x00", {"a": 1}, [[[]]]):
            self.assertEqual(
                segments.preview(nobody, wrong),
                {"problem": "You do not work for this company."},
            )
        for wrong in NO_IDS:
            self.refuse(segments._name, "preview", nobody, False, wrong)
        for huge in (10**400, -(10**400), float("inf")):
            item = {"kind": "figure", "field": "revenue", "operator": "at_least"}
            found = segments.preview(
                {"op": "all", "items": [{**item, "number": huge, "value": huge}]}
            )
            self.assertTrue(found["problem"])

    def test_texts_and_names(self):
        for wrong in (5, True, [1], {"a": 1}):
            self.refuse("crm.suite.call", "understand", wrong)
        for wrong in ([], {}, 5, "res.users"):
            self.refuse("crm.suite.automation", "field_options", wrong, "watch")
        webhooks = "crm.suite.webhook"
        for wrong in ([[[]]], ["new"], "dead", [{}]):
            self.refuse(webhooks, "action_replay", "2026-01-01", wrong)

    def test_pages_of_the_to_do_centre(self):
        todo = self.env["crm.suite.todo"].with_user(self.rep)
        found = todo.crm_suite_todo(False, 2**70, 8)
        self.assertFalse(any(source["rows"] for source in found["sources"]))
        for wrong in ("abc", [1], {"a": 1}, 1e400):
            self.refuse(todo._name, "crm_suite_todo", False, wrong, by=self.rep)

    def test_questions_of_the_conflict_check(self):
        for query, position in ((True, 0), (1, True), (2**70, 0), ("a", 0), ([], 0)):
            for method in ("claim", "request_access"):
                self.refuse(
                    "crm.suite.duplicate.query", method, query, position, by=self.rep
                )

    def test_last_mass_edit(self):
        operations = self.env["crm.suite.operation"].with_user(self.rep)
        for wrong in ({}, "\x00", 5, [], "res.users"):
            self.assertIs(operations.get_last_mass_edit(wrong, [1]), False)
        for wrong in NO_IDS:
            self.refuse(operations._name, "get_last_mass_edit", "res.partner", wrong)

    def test_selection_to_undo(self):
        with self.env["crm.suite.operation"].record("other", name="A") as operation:
            self.customer.name = "B"
        for wrong in NO_IDS:
            self.refuse(
                operation._name,
                "undo_preview",
                {"res.partner": wrong},
                ids=operation.ids,
            )

    def test_one_record_is_chosen(self):
        several = [
            ("res.partner", "explain", "grade"),
            ("res.partner", "crm_suite_merge_info"),
            ("crm.suite.operation", "undo_preview"),
            ("crm.suite.operation", "action_undo"),
            ("crm.suite.segment", "explain_member", 1),
            ("crm.suite.segment", "get_growth"),
            ("crm.suite.segment", "action_add", [1]),
            ("crm.suite.segment", "action_remove", [1]),
            ("crm.suite.assignment.policy", "assign"),
            ("crm.suite.assignment.policy", "simulate"),
            ("crm.suite.pool", "action_claim", [1]),
            ("crm.suite.pool", "action_return", [1], "why"),
            ("crm.suite.pool", "simulate_return"),
            ("crm.suite.approval.flow", "check_graph"),
            ("crm.suite.approval.flow", "simulate"),
            ("crm.suite.approval.flow", "preview_migration"),
            ("crm.suite.approval.flow", "action_migrate"),
            ("crm.suite.approval.request", "trace"),
            ("crm.suite.approval.request", "get_choices"),
            ("crm.suite.approval.request", "action_choose", {}),
            ("crm.suite.approval.task", "get_options"),
            ("crm.suite.automation", "simulate"),
            ("crm.suite.duplicate.pair", "explain", "duplicate"),
            ("crm.suite.duplicate.pair", "get_comparison"),
            ("crm.suite.duplicate.pair", "action_compare"),
            ("crm.suite.import.batch", "action_dry_run"),
            ("crm.suite.import.batch", "action_run"),
            ("crm.suite.import.batch", "action_undo"),
            ("crm.suite.import.batch", "progress"),
            ("crm.suite.webhook", "rotate_secret"),
            ("crm.suite.webhook", "action_test"),
        ]
        for model, method, *args in several:
            for ids in ([], ["abc"], [1, 2]):
                sentence = self.refuse(model, method, *args, ids=ids)
                with self.subTest(model=model, method=method, ids=ids):
                    self.assertEqual(sentence, "Choose one record.")

    def test_ids_of_several_records(self):
        several = [
            ("res.partner", "crm_suite_merge_preview", 1, {}),
            ("res.partner", "crm_suite_merge", 1, {}),
            ("res.partner", "crm_suite_delete_preview"),
            ("crm.suite.customer.metric", "action_refresh"),
            ("crm.suite.segment", "action_refresh"),
            ("crm.suite.webhook", "action_replay"),
            ("crm.suite.webhook.delivery", "action_replay"),
            ("crm.suite.approval.task", "action_decide", "agree"),
            ("crm.suite.approval.request", "action_withdraw"),
        ]
        for model, method, *args in several:
            for ids in (["abc"], [1, "a"], ["\x00"]):
                sentence = self.refuse(model, method, *args, ids=ids)
                with self.subTest(model=model, method=method, ids=ids):
                    self.assertIn("by their ids", sentence)

    def test_conditions_are_no_code(self):
        grade = self.env["crm.suite.grade"].search([], limit=1)
        rule = self.env["crm.suite.grade.rule"].create(
            {"name": "A", "grade_id": grade.id}
        )
        for records, name in (
            (rule, "domain"),
            (self.env["crm.suite.quality.criterion"].search([], limit=1), "domain"),
            (self.env["crm.suite.pool"].create({"name": "P"}), "domain"),
            (
                self.env["crm.suite.approval.flow"].create(
                    {"name": "F", "res_model": "res.partner"}
                ),
                "start_domain",
            ),
        ):
            for text in (CODE, "[(1, 2", "{}", "[" * 500):
                with self.subTest(model=records._name, text=text[:20]):
                    with (
                        self.assertRaises(ValidationError) as caught,
                        self.cr.savepoint(),
                    ):
                        records[name] = text
                        self.env.flush_all()
                    self.assertRegex(
                        str(caught.exception), "a list of texts, numbers and dates"
                    )
                    self.assertNotIn("<", str(caught.exception))

    def test_every_field_of_pools_is_read(self):
        self.env["crm.suite.pool"].create({"name": "P", "user_ids": self.rep.ids})
        [*rows] = (
            self.env["crm.suite.pool"]
            .with_user(self.rep)
            .search_read([("name", "=", "P")])
        )
        self.assertEqual(len(rows), 1)
        self.assertNotIn("public_field_ids", rows[0])
        with self.assertRaises(AccessError):
            self.env["crm.suite.pool"].with_user(self.rep).search_read(
                [], ["public_field_ids"]
            )

    def test_conditions_of_segments_have_names_of_their_own(self):
        """Also where the database had the old labels: an update keeps them otherwise."""
        path = file_path("crm_suite_base/migrations/19.0.1.2.0/pre-labels.py")
        runpy.run_path(path)["migrate"](self.cr, "19.0.1.0.0")
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"]._load_module_terms(["crm_suite_base"], ["zh_CN"])
        self.env.registry.clear_all_caches()
        for lang in ("en_US", "zh_CN"):
            entries = (
                self.env["crm.suite.segment"]
                .with_user(self.marketer)
                .with_context(lang=lang)
                .get_conditions()
            )
            labels = [entry["label"] for entry in entries]
            self.assertFalse({one for one in labels if labels.count(one) > 1})

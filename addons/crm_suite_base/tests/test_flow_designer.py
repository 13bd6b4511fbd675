from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools.translate import code_translations

GRAPH = {
    "schema": 1,
    "nodes": [
        {"id": "n1", "type": "start", "name": "Start", "x": 0, "y": 0},
        {"id": "n2", "type": "condition", "name": "Large?", "x": 200, "y": 0},
        {"id": "n3", "type": "end", "name": "End", "x": 500, "y": 0},
        {"id": "n4", "type": "end", "name": "Small", "x": 500, "y": 99},
    ],
    "edges": [
        {"id": "e1", "from": "n1", "to": "n2"},
        {"id": "e2", "from": "n2", "to": "n3", "when": "no_such_field > 1"},
        {"id": "e3", "from": "n2", "to": "n4", "default": True},
    ],
}


@tagged("post_install", "-at_install")
class TestFlowDraft(TransactionCase):
    """What the designer is told about a graph that is being drawn."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = new_test_user(
            cls.env, "draft_admin", "crm_suite_base.group_crm_suite_admin"
        )
        cls.flows = cls.env["crm.suite.approval.flow"].with_user(cls.admin)

    def test_names_are_looked_up_in_the_documents(self):
        (problem,) = self.flows.check_draft("sale.order", GRAPH)
        self.assertEqual(problem["edge"], "e2")
        self.assertEqual(problem["field"], "when")
        self.assertIn("no_such_field", problem["message"])

    def test_without_documents_only_the_shape_is_checked(self):
        self.assertEqual(self.flows.check_draft(False, GRAPH), [])
        lost = {**GRAPH, "edges": GRAPH["edges"][:2]}
        codes = {problem["code"] for problem in self.flows.check_draft(False, lost)}
        self.assertIn("unreached", codes)

    def test_nothing_is_saved(self):
        before = self.flows.search_count([])
        self.flows.check_draft("sale.order", GRAPH)
        self.assertEqual(self.flows.search_count([]), before)

    def test_a_new_flow_speaks_the_language_of_who_draws(self):
        spoken = {"zh_CN": {"Start": "开始", "End": "结束"}}
        with patch.object(
            code_translations,
            "get_python_translations",
            lambda _module, lang: spoken.get(lang, {}),
        ):
            for lang, names in (
                ("en_US", ["Start", "End"]),
                ("zh_CN", ["开始", "结束"]),
            ):
                flows = self.flows.with_context(lang=lang)
                flow = flows.create({"name": lang, "res_model": "sale.order"})
                self.assertEqual([n["name"] for n in flow.graph["nodes"]], names)

    def test_a_flow_does_not_call_itself(self):
        flow = self.flows.create({"name": "Round", "res_model": "sale.order"})
        nodes = [
            GRAPH["nodes"][0],
            {"id": "s", "type": "subflow", "flow_id": flow.id},
            GRAPH["nodes"][2],
        ]
        edges = [
            {"id": "e1", "from": "n1", "to": "s"},
            {"id": "e2", "from": "s", "to": "n3"},
        ]
        graph = {"schema": 1, "nodes": nodes, "edges": edges}
        problems = self.flows.check_draft("sale.order", graph, flow.id)
        self.assertEqual([p["code"] for p in problems], ["subflow_circle"])

    def test_bad_questions_are_refused_in_words(self):
        for question in (
            ("res.users", GRAPH),
            ("sale.order", "nodes"),
            ("sale.order", GRAPH, "1"),
            (["sale.order"], GRAPH),
        ):
            with self.subTest(question=question), self.assertRaises(UserError):
                self.flows.check_draft(*question)

    def test_who_has_no_role_is_told_nothing(self):
        stranger = new_test_user(self.env, "draft_stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self.flows.with_user(stranger).check_draft("sale.order", GRAPH)


@tagged("post_install", "-at_install")
class TestFlowTour(HttpCase):
    """What the guide promises to who designs a flow, in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.designer = new_test_user(
            cls.env,
            "tour_designer",
            "crm_suite_base.group_crm_suite_admin",
            name="Tour Designer",
            email="tour.designer@example.com",
            lang="en_US",
        )
        cls.finance = new_test_user(
            cls.env,
            "tour_finance",
            "crm_suite_base.group_crm_suite_sales_manager",
            name="Tour Finance",
            email="tour.finance@example.com",
            lang="en_US",
        )

    def test_draw_and_publish(self):
        action = "crm_suite_base.approval_flow_action"
        self.start_tour(
            f"/odoo/action-{action}/new", "crm_suite_flow", login="tour_designer"
        )
        flow = self.env["crm.suite.approval.flow"].search(
            [("name", "=", "Tour: large orders")]
        )
        self.assertEqual(flow.state, "published")
        graph = flow.current_version_id.graph
        ids = {node["name"]: node["id"] for node in graph["nodes"]}
        nodes = {node["name"]: node for node in graph["nodes"]}
        self.assertEqual(
            nodes["Finance"]["approvers"],
            [{"by": "users", "user_ids": [self.finance.id]}],
        )
        self.assertEqual(nodes["Finance"]["limit"], {"hours": 8, "then": "remind"})
        self.assertEqual(nodes["Leader"]["approvers"], [{"by": "team_lead"}])
        ways = {(e["from"], e["to"]): e for e in graph["edges"]}
        self.assertEqual(
            set(ways),
            {
                (ids["Start"], ids["How large?"]),
                (ids["How large?"], ids["Finance"]),
                (ids["How large?"], ids["Leader"]),
                (ids["Finance"], ids["End"]),
                (ids["Leader"], ids["End"]),
            },
        )
        self.assertEqual(
            ways[ids["How large?"], ids["Finance"]]["when"], "amount_total > 50000"
        )
        self.assertTrue(ways[ids["How large?"], ids["Leader"]]["default"])

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools.translate import code_translations

from .approval_common import ApprovalCase, chain, make_story_order

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

    def _create_server_actions(self):
        return self.env["ir.actions.server"].create(
            [
                {
                    "name": f"Draft {model}",
                    "model_id": self.env["ir.model"]._get_id(model),
                    "state": "code",
                }
                for model in ("sale.order", "res.partner", "res.users")
            ]
        )

    def test_actions_of_the_documents_are_offered(self):
        ours, others, foreign = self._create_server_actions()
        self.assertFalse(ours.with_user(self.admin).has_access("read"))
        offered = dict(self.flows.get_server_actions("sale.order"))
        self.assertEqual(offered[ours.id], "Draft sale.order")
        self.assertNotIn(others.id, offered)
        everywhere = dict(self.flows.get_server_actions())
        self.assertLessEqual({ours.id, others.id}, everywhere.keys())
        self.assertNotIn(foreign.id, everywhere)
        for wrong in ("res.users", ["sale.order"], 1):
            with self.subTest(wrong=wrong), self.assertRaises(UserError):
                self.flows.get_server_actions(wrong)

    def test_actions_are_offered_to_who_draws(self):
        rep = new_test_user(
            self.env, "draft_rep", "crm_suite_base.group_crm_suite_sales_rep"
        )
        with self.assertRaises(AccessError):
            self.flows.with_user(rep).get_server_actions("sale.order")

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

    def _create_actions(self):
        models = {"note it": "sale.order", "sign it": "sale.order"}
        return self.env["ir.actions.server"].create(
            [
                {
                    "name": f"Tour: {name}",
                    "model_id": self.env["ir.model"]._get_id(model),
                    "state": "code",
                    "code": "record.write({'client_order_ref': 'noted'})",
                }
                for name, model in {**models, "elsewhere": "crm.lead"}.items()
            ]
        )

    def test_a_step_that_runs_a_server_action(self):
        """The flow is drawn and its requests open, though neither the administrator of
        the suite nor who asks may read server actions."""
        rep = new_test_user(
            self.env,
            "tour_flow_rep",
            "crm_suite_base.group_crm_suite_sales_rep",
            name="Tour Flow Rep",
            lang="en_US",
            odoobot_state="disabled",
        )
        note, sign, _elsewhere = actions = self._create_actions()
        for user in (self.designer, rep):
            self.assertFalse(actions.with_user(user).has_access("read"))
        flow = self.env["crm.suite.approval.flow"].create(
            {
                "name": "Tour: noted",
                "res_model": "sale.order",
                "company_id": False,
                "start": "button",
                "graph": chain(
                    {
                        "id": "note",
                        "type": "action",
                        "name": "Note",
                        "action": "server_action",
                        "server_action_id": note.id,
                    },
                    ApprovalCase.ask("finance", self.finance),
                ),
            }
        )
        flow.action_publish()
        order = make_story_order(self.env, rep)
        order.with_user(rep).crm_suite_request_approval(flow.id)
        request = order.crm_suite_approval_id
        self.assertEqual(request.state, "running")
        self.start_tour(
            f"/odoo/action-crm_suite_base.approval_request_action/{request.id}",
            "crm_suite_flow_action_asked",
            login="tour_flow_rep",
        )
        self.start_tour(
            f"/odoo/action-crm_suite_base.approval_flow_action/{flow.id}",
            "crm_suite_flow_action",
            login="tour_designer",
        )
        flow.invalidate_recordset()
        node = next(n for n in flow.graph["nodes"] if n["id"] == "note")
        self.assertEqual(node["server_action_id"], sign.id)

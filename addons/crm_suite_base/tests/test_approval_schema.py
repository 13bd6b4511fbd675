from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.approval_messages import MESSAGES
from ..tools.approval_schema import validate
from ..tools.expression import Signature
from .approval_plain import approval, edge, fork, graph, line, node
from .fuzzing import fuzz

SETTINGS = fuzz(200)
FIELDS = {
    "order": {
        "amount": {"type": "money"},
        "ref": {"type": "text"},
        "user_id": {"type": "record", "model": "res.users"},
        "team_id": {"type": "record", "model": "team"},
        "lines": {"type": "records", "model": "line"},
        "submitter": {"type": "record", "model": "res.users"},
    },
    "team": {"leader": {"type": "record", "model": "res.users"}},
    "line": {"discount": {"type": "number"}},
    "res.users": {"name": {"type": "text"}},
}


def describe(model):
    return FIELDS.get(model, {})


@tagged("-at_install", "post_install")
class TestApprovalSchema(BaseCase):
    """What is found wrong with a graph, and where."""

    def problems(self, graph, **kw):
        found = validate(graph, describe, "order", **kw)
        for item in found:
            self.assertEqual(item["message"], MESSAGES[item["code"]] % item["params"])
        return found

    def assertProblem(self, graph, code, node="", edge="", field="", **kw):
        found = self.problems(graph, **kw)
        self.assertIn(
            (code, node, edge, field),
            [(p["code"], p["node"], p["edge"], p["field"]) for p in found],
            found,
        )

    def step(self, **properties):
        return line(approval("a", 2, **properties))

    def test_good_graphs(self):
        rich = {"mode": "share", "share": 60, "reject_to": "previous"}
        rich["limit"] = {"hours": 8, "then": "escalate", "remind_every": 2.5}
        rich["limit"]["escalate_to"] = {"by": "manager", "level": 2}
        rich["watch"] = [{"field": "max(lines.discount)", "worse": "higher"}]
        rich["nobody"] = {"by": "group", "group": "base.group_system"}
        action = node("x", "action", action="set_field", field="ref", value='"done"')
        self.assertEqual(self.problems(line(approval("a", 2, **rich), action)), [])
        self.assertEqual(
            self.problems(fork([approval("a", 2)], [approval("b", 3)])), []
        )

    def test_outline(self):
        for bad in (None, [], {}, {"schema": 2}, {"schema": 1, "nodes": 5}):
            self.assertEqual([p["code"] for p in validate(bad)], ["schema"])
        self.assertProblem(graph([{}], []), "node_id")
        self.assertProblem(graph([node("a", "magic")], []), "type", "a", field="type")
        self.assertProblem(graph([node("a", "end")] * 2, []), "double", "a")
        flow = line(approval("a", 2))
        flow["edges"][0]["to"] = "nowhere"
        self.assertProblem(flow, "loose", edge="start-a", field="to")
        many = graph([node(f"n{n}", "copy") for n in range(300)], [])
        self.assertProblem(many, "size")

    def test_start_and_end(self):
        self.assertProblem(graph([node("e", "end")], []), "no_start")
        self.assertProblem(graph([node("s", "start")], []), "no_end")
        flow = line(approval("a", 2))
        flow["nodes"].append(node("s2", "start"))
        self.assertProblem(flow, "second_start", "s2")
        flow = line(approval("a", 2))
        flow["edges"].append(edge("end", "a"))
        self.assertProblem(flow, "out_of_end", "end")
        flow["edges"].append(edge("a", "start"))
        self.assertProblem(flow, "into_start", "start")

    def test_reachability(self):
        flow = line(approval("a", 2))
        flow["nodes"].append(approval("b", 3))
        self.assertProblem(flow, "unreached", "b")
        self.assertProblem(flow, "dead_end", "b")
        flow = line(approval("a", 2), approval("b", 3))
        flow["edges"] = [edge("start", "a"), edge("a", "b"), edge("b", "a")]
        self.assertProblem(flow, "no_way_out", "a")

    def test_circle(self):
        flow = line(approval("a", 2), node("if", "condition"), approval("b", 3))
        flow["edges"][2] = edge("if", "b", default=True)
        flow["edges"].append(edge("if", "a", when="amount > 1"))
        self.assertProblem(flow, "circle", "a")
        self.assertProblem(flow, "circle", "if")
        self.assertNotIn("b", [p["node"] for p in validate(flow)])

    def test_conditions(self):
        flow = line(node("if", "condition"))
        self.assertProblem(flow, "one_way", "if")
        self.assertProblem(flow, "no_default", "if")
        self.assertProblem(flow, "no_when", "if", "if-end", "when")
        flow["nodes"].append(approval("a", 2))
        flow["edges"][1:] = [
            edge("if", "a", when="amount > 5", default=True),
            edge("if", "end", default=True),
            edge("a", "end"),
        ]
        self.assertProblem(flow, "when_default", "if", "if-a", "when")
        self.assertProblem(flow, "second_default", "if", "if-end", "default")
        flow = line(approval("a", 2))
        flow["edges"][1]["when"] = "amount > 5"
        self.assertProblem(flow, "when_outside", "a", "a-end", "when")
        flow["edges"].append({**edge("a", "end"), "id": "twice"})
        self.assertProblem(flow, "several_ways", "a")

    def test_parallel_paths(self):
        flow = fork([approval("a", 2)], [approval("b", 3)])
        flow["edges"] = [e for e in flow["edges"] if e["id"] != "b-join"]
        flow["edges"].append(edge("b", "end"))
        self.assertProblem(flow, "end_in_branch", "end", "b-end")
        self.assertProblem(line(node("j", "join")), "join_alone", "j", "start-j")
        flow = fork([approval("a", 2)], [approval("b", 3)])
        flow["nodes"].append(node("j2", "join"))
        flow["edges"] = [e for e in flow["edges"] if e["id"] != "b-join"]
        flow["edges"] += [edge("b", "j2"), edge("j2", "end")]
        codes = {p["code"] for p in validate(flow)}
        self.assertIn("several_joins", codes)
        flow = fork([approval("a", 2)], [approval("b", 3)], approval("c", 4))
        flow["edges"] = [e for e in flow["edges"] if e["id"] != "b-join"]
        flow["edges"].append(edge("b", "c"))
        self.assertIn("crossed", {p["code"] for p in validate(flow)})

    def test_goals(self):
        steps = [approval("a", 2), node("c", "copy", approvers=[{"by": "chosen"}])]
        for goal, code in (
            ("zz", "goal_unknown"),
            ("d", "goal_ahead"),
            ("b", "goal_ahead"),
            ("c", "goal_kind"),
            ("a", None),
            ("start", None),
        ):
            flow = line(*steps, approval("b", 3, return_to=goal), approval("d", 4))
            if code:
                self.assertProblem(flow, code, "b", field="return_to")
            else:
                self.assertEqual(self.problems(flow), [])
        flow = fork([approval("a", 2)], [approval("b", 3, return_to="a")])
        self.assertProblem(flow, "goal_ahead", "b", field="return_to")

    def test_properties(self):
        for properties, code, field in (
            ({"colour": 1}, "property", "colour"),
            ({"mode": "most"}, "choice", "mode"),
            ({"mode": "share"}, "share", "share"),
            ({"mode": "share", "share": 101}, "share", "share"),
            ({"mode": "share", "share": True}, "share", "share"),
            ({"outrank": 1}, "shape", "outrank"),
            ({"approvers": []}, "no_approvers", "approvers"),
            ({"approvers": [{"by": "oracle"}]}, "shape", "approvers[0]"),
            (
                {"approvers": [{"by": "users", "user_ids": ["x"]}]},
                "rule_users",
                "approvers[0].user_ids",
            ),
            (
                {"approvers": [{"by": "manager", "level": 0}]},
                "rule_manager",
                "approvers[0].level",
            ),
            (
                {"approvers": [{"by": "group", "group": "x"}]},
                "rule_group",
                "approvers[0].group",
            ),
            (
                {"approvers": [{"by": "field"}]},
                "rule_field",
                "approvers[0].field",
            ),
            ({"nobody": "cry"}, "shape", "nobody"),
            ({"limit": {"hours": 0, "then": "agree"}}, "hours", "limit.hours"),
            ({"limit": {"hours": 8, "then": "sing"}}, "choice", "limit.then"),
            (
                {"limit": {"hours": 8, "then": "escalate"}},
                "shape",
                "limit.escalate_to",
            ),
            ({"limit": 8}, "shape", "limit"),
            (
                {"watch": [{"field": "amount", "worse": "odd"}]},
                "choice",
                "watch[0].worse",
            ),
            ({"watch": [{}]}, "shape", "watch[0]"),
        ):
            with self.subTest(properties=properties):
                self.assertProblem(self.step(**properties), code, "a", field=field)

    def test_other_nodes(self):
        people = [{"by": "users", "user_ids": [2]}]
        for item, code, field in (
            (node("a", "fill", approvers=people), "no_fields", "fields"),
            (
                node(
                    *("a", "fill"),
                    approvers=people,
                    fields=["ref"],
                    limit={"hours": 1, "then": "agree"},
                ),
                "limit_fill",
                "limit.then",
            ),
            (node("a", "action", action="rm"), "choice", "action"),
            (node("a", "action", action="set_field", value="1"), "missing", "field"),
            (node("a", "action", action="activity"), "missing", "summary"),
            (
                node("a", "action", action="server_action"),
                "missing",
                "server_action_id",
            ),
            (node("a", "subflow"), "missing", "flow_id"),
            (node("a", "copy"), "no_approvers", "approvers"),
        ):
            with self.subTest(item=item):
                self.assertProblem(line(item), code, "a", field=field)
        flow = line(approval("a", 2))
        flow["nodes"][-1]["result"] = "maybe"
        self.assertProblem(flow, "choice", "end", field="result")

    def test_fields_and_expressions(self):
        flow = graph(
            [
                node("s", "start"),
                node("if", "condition"),
                approval("a", 2),
                node("e", "end"),
            ],
            [
                edge("s", "if"),
                edge("if", "a", when="amout > 5"),
                edge("if", "e", default=True),
                edge("a", "e"),
            ],
        )
        (found,) = self.problems(flow)
        self.assertEqual((found["code"], found["edge"]), ("expression", "if-a"))
        self.assertEqual((found["position"], found["length"]), (0, 5))
        self.assertIn("amout", found["message"])
        flow["edges"][1]["when"] = "amount + 5"
        self.assertProblem(flow, "expression", "if", "if-a", "when")
        functions = {"boss": Signature(("record",), "boolean")}
        flow["edges"][1]["when"] = "boss(submitter)"
        self.assertEqual(self.problems(flow, functions=functions), [])
        for rule, code in (
            ("team_id.leader", None),
            ("user_id", None),
            ("team_id", "field_user"),
            ("boss_id", "field_unknown"),
        ):
            rules = [{"by": "field", "field": rule}]
            flow = self.step(approvers=rules)
            if code:
                self.assertProblem(flow, code, "a", field="approvers[0]")
            else:
                self.assertEqual(self.problems(flow), [])
        watch = [{"field": "lines.discount", "worse": "higher"}]
        self.assertProblem(self.step(watch=watch), "expression", "a", field="watch[0]")

    def test_flows_that_start_each_other(self):
        flow = line(node("x", "subflow", flow_id=5))
        calls = {5: [6], 6: [7], 7: []}
        self.assertEqual(self.problems(flow, subflows=calls.get, flow_id=1), [])
        calls[7] = [1]
        self.assertProblem(
            flow, "subflow_circle", "x", field="flow_id", subflows=calls.get, flow_id=1
        )
        self.assertProblem(flow, "subflow_circle", "x", field="flow_id", flow_id=5)
        self.assertProblem(
            flow, "subflow_unknown", "x", field="flow_id", subflows={}.get
        )


NAMES = st.sampled_from(
    ["id", "type", "from", "to", "when", "approvers", "by", "limit"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
    ),
    max_leaves=8,
)
PROPERTIES = st.dictionaries(
    st.sampled_from(
        ["approvers", "limit", "watch", "mode", "share", "nobody", "reject_to", "name"]
        + ["return_to", "fields", "action", "field", "value", "flow_id", "result", "x"]
    ),
    JSON
    | st.sampled_from(["all", "end", "a", "set_field", "amount"])
    | st.just([{"by": "field", "field": "user_id"}]),
    max_size=5,
)


@tagged("-at_install", "post_install")
class TestApprovalSchemaFuzz(BaseCase):
    """Whatever comes from outside gives problems, never a traceback."""

    @SETTINGS
    @given(JSON)
    def test_any_json(self, value):
        self.assertTrue(validate(value, describe, "order"))

    @SETTINGS
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["start", "end", "approval", "fill", "action", "copy"])
                | st.sampled_from(["parallel", "join", "condition", "subflow"]),
                PROPERTIES,
            ),
            max_size=6,
        ),
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 5), PROPERTIES), max_size=8
        ),
    )
    def test_any_graph(self, nodes, edges):
        flow = graph(
            [
                {**more, "id": f"n{n}", "type": kind}
                for n, (kind, more) in enumerate(nodes)
            ],
            [
                {**more, "id": f"e{n}", "from": f"n{one}", "to": f"n{two}"}
                for n, (one, two, more) in enumerate(edges)
            ],
        )
        for item in validate(flow, describe, "order"):
            self.assertTrue(item["message"])

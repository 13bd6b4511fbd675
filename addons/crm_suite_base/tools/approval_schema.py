"""What is wrong with the graph of a flow, node by node and field by field.

A graph with no problem can be walked by :mod:`approval_walk`: it starts at one place,
goes nowhere in circles, waits for nothing that cannot come, and each of its expressions
can be answered for the documents of its model.
"""

from .approval_graph import NODE_TYPES, Flow
from .approval_messages import MESSAGES
from .approval_shapes import check_edge_shape, check_node_shape
from .expression import ExpressionProblem, check_expression, compile_expression

MAX_NODES = 200
MAX_EDGES = 400
GOALS = ("end", "start", "previous", "choose")
# Types with one way on; from the others many lead on, or none.
ONE_WAY = ("start", "approval", "copy", "fill", "action", "subflow", "join")


def problem(code, node="", edge="", field="", **params):
    """One problem as data; ``MESSAGES[code] % params`` is its English text."""
    return {
        "node": node,
        "edge": edge,
        "field": field,
        "code": code,
        "params": params,
        "message": MESSAGES[code] % params,
    }


def validate(
    graph, describe=None, model=None, functions=None, subflows=None, flow_id=None
):
    """Check a graph.

    :param describe: function that gives the fields of a model for
        :func:`expression.compile_expression`; without it names of fields are not looked
        up and expressions are not checked
    :param model: name of the model of the documents
    :param functions: further functions of expressions, by name
    :param subflows: function that gives, for the id of a flow, the ids of the flows that
        it starts in turn, or None where there is no such flow
    :param flow_id: id of the flow to which the graph belongs, to find circles of flows
    :return: problems as ``{"node", "edge", "field", "code", "params", "message"}``,
        with an empty string where something does not apply; an empty list for a graph
        that can be published
    """
    found = _check_outline(graph)
    if found:
        return found
    flow = Flow(graph)
    for node in flow.nodes.values():
        found += [problem(**item) for item in check_node_shape(node, flow)]
    for edge in graph["edges"]:
        found += [problem(**item) for item in check_edge_shape(edge)]
    # What has no good form is not looked into.
    bad = {item["node"] or item["edge"] for item in found}
    found += _check_ways(flow)
    found += _check_structure(flow)
    found += _check_subflows(flow, subflows, flow_id)
    if describe:
        found += _check_expressions(flow, bad, describe, model, functions)
    return found


# === THE OUTLINE ===


def _check_outline(graph):
    """Problems after which nothing else can be looked at."""
    if not isinstance(graph, dict) or graph.get("schema") != 1:
        return [problem("schema")]
    nodes, edges = graph.get("nodes"), graph.get("edges")
    if not isinstance(nodes, list) or not isinstance(edges, list):
        return [problem("schema")]
    if len(nodes) > MAX_NODES or len(edges) > MAX_EDGES:
        return [problem("size", nodes=MAX_NODES, edges=MAX_EDGES)]
    found, seen = [], set()
    for node in nodes:
        if not isinstance(node, dict) or not _is_name(node.get("id")):
            return [problem("node_id")]
        if node["id"] in seen:
            found.append(problem("double", node["id"], id=node["id"]))
        if node.get("type") not in NODE_TYPES:
            kind = str(node.get("type"))[:40]
            found.append(problem("type", node["id"], field="type", type=kind))
        seen.add(node["id"])
    return found or _check_edges(edges, seen)


def _check_edges(edges, nodes):
    found, seen = [], set()
    for edge in edges:
        if not isinstance(edge, dict) or not _is_name(edge.get("id")):
            return [problem("edge_id")]
        if edge["id"] in seen:
            found.append(problem("double", edge=edge["id"], id=edge["id"]))
        seen.add(edge["id"])
        for end in ("from", "to"):
            if not _is_name(edge.get(end)) or edge[end] not in nodes:
                found.append(problem("loose", edge=edge["id"], field=end))
    return found


def _is_name(value):
    return isinstance(value, str) and 0 < len(value) <= 64


# === WAYS ===


def _check_ways(flow):
    """Each node has the ways in and out that its type asks for."""
    found = []
    starts = [key for key in flow.nodes if flow.node_type(key) == "start"]
    if not starts:
        found.append(problem("no_start"))
    found += [problem("second_start", key) for key in starts[1:]]
    if not any(flow.node_type(key) == "end" for key in flow.nodes):
        found.append(problem("no_end"))
    for key in flow.nodes:
        found += _check_node_ways(flow, key)
    return found


def _check_node_ways(flow, key):
    kind, out, into = flow.node_type(key), flow.out[key], flow.into[key]
    if kind == "start" and into:
        yield problem("into_start", key)
    if kind == "end":
        if out:
            yield problem("out_of_end", key)
        return
    if not out:
        yield problem("dead_end", key)
    elif kind in ONE_WAY and len(out) > 1:
        yield problem("several_ways", key)
    elif kind in ("condition", "parallel") and len(out) < 2:
        yield problem("one_way", key)
    if kind == "condition":
        yield from _check_condition(key, out)
    else:
        for edge in out:
            if edge.get("when") or edge.get("default"):
                yield problem("when_outside", key, edge["id"], "when")


def _check_condition(key, out):
    defaults = [edge for edge in out if edge.get("default")]
    if out and not defaults:
        yield problem("no_default", key)
    for edge in defaults[1:]:
        yield problem("second_default", key, edge["id"], "default")
    for edge in out:
        if edge.get("default") and edge.get("when"):
            yield problem("when_default", key, edge["id"], "when")
        elif not edge.get("default") and not edge.get("when"):
            yield problem("no_when", key, edge["id"], "when")


# === THE WHOLE ===


def _check_structure(flow):
    if flow.start is None:
        return []
    found = [problem("circle", key) for key in flow.circles()]
    reached = flow.reachable(flow.start)
    found += [problem("unreached", key) for key in flow.nodes if key not in reached]
    finishing = set()
    for key in flow.nodes:
        if flow.node_type(key) == "end":
            finishing |= flow.reachable(key, backwards=True)
    found += [
        problem("no_way_out", key)
        for key in flow.nodes
        if key in reached and key not in finishing and flow.out[key]
    ]
    if not found:
        found += [problem(code, node, edge) for code, node, edge in flow.crossings]
        found += _check_goals(flow)
    return found


def _check_goals(flow):
    """Returns lead back, to a node that the way has passed for certain or maybe."""
    for key, node in flow.nodes.items():
        for field in ("reject_to", "return_to"):
            goal = node.get(field)
            # The words come first, should a node be called by one.
            if not isinstance(goal, str) or goal in (*GOALS, flow.start):
                continue
            if goal not in flow.nodes:
                continue
            around, here = flow.inside.get(goal, ()), flow.inside.get(key, ())
            before = key in flow.reachable(goal) and goal != key
            if not before or here[: len(around)] != around:
                yield problem("goal_ahead", key, field=field)
            elif flow.node_type(goal) not in ("approval", "fill"):
                yield problem("goal_kind", key, field=field)


def _check_subflows(flow, subflows, flow_id):
    found = []
    for key, node in flow.nodes.items():
        if node.get("type") != "subflow" or type(node.get("flow_id")) is not int:
            continue
        if flow_id and node["flow_id"] == flow_id:
            found.append(problem("subflow_circle", key, field="flow_id"))
        elif subflows:
            code = _subflow_problem(node["flow_id"], subflows, flow_id)
            if code:
                found.append(problem(code, key, field="flow_id"))
    return found


def _subflow_problem(first, subflows, flow_id):
    """Follow the flows that a flow starts."""
    below = subflows(first)
    if below is None:
        return "subflow_unknown"
    seen, todo = {first}, list(below)
    while todo:
        current = todo.pop()
        if current in (flow_id, first):
            return "subflow_circle"
        if current not in seen:
            seen.add(current)
            todo += subflows(current) or ()
    return None


# === EXPRESSIONS AND FIELDS ===


def _check_expressions(flow, bad, describe, model, functions):
    fields = describe(model)
    for edge in flow.edges.values():
        if edge.get("when") and edge["id"] not in bad:
            yield from _check_one(
                edge["when"],
                "boolean",
                (edge["from"], edge["id"], "when"),
                (describe, model, functions),
            )
    for key, node in flow.nodes.items():
        if key in bad:
            continue
        for position, name, wanted in _named_fields(node):
            if _field_type(describe, model, name) is None:
                yield problem("field_unknown", key, field=position, name=name)
            elif wanted and _field_type(describe, model, name) != wanted:
                yield problem("field_user", key, field=position, name=name)
        for position, rule in _rules(node):
            if rule["by"] == "expression":
                place = (key, "", f"{position}.expression")
                compiler = (describe, model, functions)
                yield from _check_people(rule["expression"], place, compiler)
        for number, item in enumerate(node.get("watch") or ()):
            # A field or what is reckoned from fields, such as the greatest discount.
            yield from _check_one(
                item["field"],
                None,
                (key, "", f"watch[{number}]"),
                (describe, model, functions),
            )
        value = node.get("value")
        if node.get("action") == "set_field" and isinstance(value, str):
            wanted = fields.get(node.get("field"), {}).get("type")
            yield from _check_one(
                value, wanted, (key, "", "value"), (describe, model, functions)
            )


def _check_one(source, expect, place, compiler):
    describe, model, functions = compiler
    for error in check_expression(source, describe, model, functions, expect):
        yield _expression_problem(error, place)


def _expression_problem(error, place):
    node, edge, field = place
    params = {"position": error.position + 1, "text": error.text}
    return {
        **problem("expression", node, edge, field, **params),
        "position": error.position,
        "length": error.length,
        "expression_code": error.code,
        "expression_params": error.params,
    }


def _check_people(source, place, compiler):
    """An expression that says who is asked gives one user or several."""
    try:
        found = compile_expression(source, *compiler, many=True)
    except ExpressionProblem as error:
        yield _expression_problem(error, place)
        return
    # Where nobody said of which model a record is, the expression can be no field.
    if found.type != "record" or found.model != "res.users":
        node, edge, field = place
        yield problem("rule_people", node, edge, field)


def _named_fields(node):
    """Fields of the document that a node names: (place, name, wanted type)."""
    for number, name in enumerate(node.get("fields") or ()):
        yield f"fields[{number}]", name, None
    if node.get("action") == "set_field":
        yield "field", node["field"], None
    for place, rule in _rules(node):
        if rule["by"] == "field":
            yield place, rule["field"], "user"


def _rules(node):
    """The rules of a node that find people, with their places."""
    rules = [
        (f"approvers[{number}]", rule)
        for number, rule in enumerate(node.get("approvers") or ())
    ]
    if isinstance(node.get("nobody"), dict):
        rules.append(("nobody", node["nobody"]))
    if (node.get("limit") or {}).get("escalate_to"):
        rules.append(("limit.escalate_to", node["limit"]["escalate_to"]))
    return rules


def _field_type(describe, model, path):
    """Type at the end of a dotted path; "user" for users; None: no such field."""
    kind = None
    for name in path.split("."):
        entry = describe(model).get(name) if model else None
        if entry is None:
            return None
        kind, model = entry["type"], entry.get("model")
    if kind in ("record", "records") and model == "res.users":
        return "user"
    return kind

"""The properties of single nodes and edges: which there are and what they may say."""

MAX_PEOPLE = 100
MAX_RULES = 20
MAX_HOURS = 24 * 366
MAX_LEVEL = 20
MAX_EXPRESSION = 2000

MODES = ("any", "all", "share", "sequence")
THEN = ("remind", "escalate", "agree", "return")
WORSE = ("higher", "lower", "changed")
ACTIONS = ("set_field", "server_action", "activity", "webhook")
RESULTS = ("agreed", "rejected")

COMMON = {"id", "type", "name", "x", "y", "note", "width", "height"}
ASKING = {"approvers", "nobody", "limit", "return_to", "may_transfer", "watch"}
PROPERTIES = {
    "start": set(),
    "end": {"result"},
    "approval": ASKING
    | {"mode", "share", "merge_same", "outrank", "reject_to", "may_add"},
    "fill": ASKING | {"fields", "mode"},
    "copy": {"approvers"},
    "condition": set(),
    "parallel": set(),
    "join": set(),
    "action": {"action", "field", "value", "server_action_id", "event_name"}
    | {"summary", "approvers", "days", "activity_type_id"},
    "subflow": {"flow_id", "reject_to"},
}
EDGE_PROPERTIES = {"id", "from", "to", "when", "default", "label", "points"}
RULES = {
    "users": "user_ids",
    "group": "group",
    "manager": "level",
    "field": "field",
    "expression": "expression",
    "team_lead": None,
    "chosen": None,
}
# What else such a rule may say.
RULE_OPTIONS = {"manager": {"up_to"}}


def check_edge_shape(edge):
    for name in sorted(set(edge) - EDGE_PROPERTIES):
        yield _bad("property", edge=edge["id"], field=name[:64], name=name[:64])
    if not isinstance(edge.get("when") or "", str):
        yield _bad("shape", edge=edge["id"], field="when", what="when")
    if not isinstance(edge.get("default", False), bool):
        yield _bad("shape", edge=edge["id"], field="default", what="default")
    if not isinstance(edge.get("label") or "", str):
        yield _bad("shape", edge=edge["id"], field="label", what="label")


def _bad(code, node="", edge="", field="", **params):
    return {"code": code, "node": node, "edge": edge, "field": field, **params}


def _whole(value, low, high):
    return type(value) is int and low <= value <= high


def _hours(value):
    return type(value) in (int, float) and 0 < value <= MAX_HOURS


def _text(value, limit=200):
    return isinstance(value, str) and 0 < len(value) <= limit


def _users(value):
    return (
        isinstance(value, list)
        and 0 < len(value) <= MAX_PEOPLE
        and all(_whole(user, 1, 2**31 - 1) for user in value)
    )


def check_node_shape(node, flow):
    """Problems of one node by itself, as arguments of :func:`approval_schema.problem`."""
    key, kind = node["id"], node["type"]
    for name in sorted(set(node) - COMMON - PROPERTIES[kind]):
        yield _bad("property", key, field=name[:64], name=name[:64])
    if not isinstance(node.get("name") or "", str):
        yield _bad("shape", key, field="name", what="name")
    for name in ("x", "y"):
        if type(node.get(name, 0)) not in (int, float):
            yield _bad("shape", key, field=name, what=name)
    yield from CHECKS.get(kind, _nothing)(node, flow)


def _nothing(node, flow):
    return ()


def _is_goal(goal, words, flow):
    """Whether one can be sent there; an absent or empty goal is the default."""
    if not isinstance(goal, str):
        return goal in (None, False)
    return not goal or goal in words or goal in flow.nodes


# === WHO IS ASKED ===


def _check_asking(node, flow):
    yield from _check_approvers(node)
    yield from _check_nobody(node)
    yield from _check_limit(node)
    yield from _check_watch(node)
    for name in ("merge_same", "outrank", "may_add", "may_transfer"):
        if not isinstance(node.get(name, False), bool):
            yield _bad("shape", node["id"], field=name, what=name)
    for name, words in (
        ("reject_to", ("end", "start", "previous")),
        ("return_to", ("start", "previous", "choose")),
    ):
        if not _is_goal(node.get(name), words, flow):
            yield _bad("goal_unknown", node["id"], field=name)
    mode = node.get("mode", "all")
    if mode not in MODES:
        yield _bad("choice", node["id"], field="mode", choices=", ".join(MODES))
    if mode == "share" and not _whole(node.get("share"), 1, 100):
        yield _bad("share", node["id"], field="share")


def _check_approvers(node):
    rules = node.get("approvers")
    if not isinstance(rules, list) or not rules:
        yield _bad("no_approvers", node["id"], field="approvers")
        return
    if len(rules) > MAX_RULES:
        yield _bad("too_many", node["id"], field="approvers", limit=MAX_RULES)
    for number, rule in enumerate(rules[:MAX_RULES]):
        yield from _check_rule(node, rule, f"approvers[{number}]")


def _check_rule(node, rule, field):
    """One rule that names people."""
    by = rule.get("by") if isinstance(rule, dict) else None
    if not isinstance(by, str) or by not in RULES:
        yield _bad("shape", node["id"], field=field, what="by")
        return
    good = {
        "users": lambda: _users(rule.get("user_ids")),
        "group": lambda: _text(rule.get("group")) and rule["group"].count(".") == 1,
        "manager": lambda: _whole(rule.get("level", 1), 1, MAX_LEVEL),
        "field": lambda: _text(rule.get("field")),
        "expression": lambda: _text(rule.get("expression"), MAX_EXPRESSION),
    }.get(by)
    if good and not good():
        yield _bad(f"rule_{by}", node["id"], field=f"{field}.{RULES[by]}")
    if by == "manager":
        yield from _check_up_to(node, rule, field)
    for name in sorted(set(rule) - {"by", RULES[by]} - RULE_OPTIONS.get(by, set())):
        yield _bad("property", node["id"], field=f"{field}.{name[:64]}", name=name[:64])


def _check_up_to(node, rule, field):
    """Each superior in turn: of several people the way of deciding says how."""
    if not isinstance(rule.get("up_to", False), bool):
        yield _bad("shape", node["id"], field=field, what="up_to")
    elif rule.get("up_to") and node.get("mode", "all") != "sequence":
        if node["type"] in ("approval", "fill"):
            yield _bad("rule_up_to", node["id"], field="mode")


def _check_nobody(node):
    nobody = node.get("nobody")
    if isinstance(nobody, dict):
        yield from _check_rule(node, nobody, "nobody")
    elif nobody not in (None, False, "", "exception", "skip"):
        yield _bad("shape", node["id"], field="nobody", what="nobody")


def _check_limit(node):
    limit = node.get("limit")
    if not limit:
        return
    key = node["id"]
    if not isinstance(limit, dict):
        yield _bad("shape", key, field="limit", what="limit")
        return
    if not _hours(limit.get("hours")):
        yield _bad("hours", key, field="limit.hours", limit=MAX_HOURS)
    then = limit.get("then")
    if then not in THEN:
        yield _bad("choice", key, field="limit.then", choices=", ".join(THEN))
    elif then == "agree" and node["type"] == "fill":
        yield _bad("limit_fill", key, field="limit.then")
    every = limit.get("remind_every")
    if every and not _hours(every):
        yield _bad("hours", key, field="limit.remind_every", limit=MAX_HOURS)
    if then == "escalate":
        yield from _check_rule(node, limit.get("escalate_to"), "limit.escalate_to")
    for name in sorted(set(limit) - {"hours", "then", "remind_every", "escalate_to"}):
        yield _bad("property", key, field=f"limit.{name[:64]}", name=name[:64])


def _check_watch(node):
    watch = node.get("watch")
    if not watch:
        return
    if not isinstance(watch, list) or len(watch) > MAX_RULES:
        yield _bad("shape", node["id"], field="watch", what="watch")
        return
    for number, item in enumerate(watch):
        if not isinstance(item, dict) or not _text(item.get("field")):
            yield _bad("shape", node["id"], field=f"watch[{number}]", what="field")
        elif item.get("worse") not in WORSE:
            yield _bad(
                "choice",
                node["id"],
                field=f"watch[{number}].worse",
                choices=", ".join(WORSE),
            )


# === OTHER NODES ===


def _check_fill(node, flow):
    yield from _check_asking(node, flow)
    names = node.get("fields")
    if not isinstance(names, list) or not names or not all(map(_text, names)):
        yield _bad("no_fields", node["id"], field="fields")


def _check_copy(node, flow):
    return _check_approvers(node)


def _check_end(node, flow):
    if node.get("result") not in (None, "", *RESULTS):
        yield _bad("choice", node["id"], field="result", choices=", ".join(RESULTS))


def _check_action(node, flow):
    key, action = node["id"], node.get("action")
    if action not in ACTIONS:
        yield _bad("choice", key, field="action", choices=", ".join(ACTIONS))
    if action == "set_field":
        for name in ("field", "value"):
            if not _text(node.get(name), 2000):
                yield _bad("missing", key, field=name, name=name)
    name = "server_action_id"
    if action == "server_action" and not _whole(node.get(name), 1, 2**31 - 1):
        yield _bad("missing", key, field=name, name=name)
    if action == "webhook" and not _text(node.get("event_name")):
        yield _bad("missing", key, field="event_name", name="event_name")
    if action == "activity":
        if not _text(node.get("summary")):
            yield _bad("missing", key, field="summary", name="summary")
        # Without people it is for the submitter.
        if node.get("approvers"):
            yield from _check_approvers(node)


def _check_subflow(node, flow):
    if not _whole(node.get("flow_id"), 1, 2**31 - 1):
        yield _bad("missing", node["id"], field="flow_id", name="flow_id")
    if not _is_goal(node.get("reject_to"), ("end", "start", "previous"), flow):
        yield _bad("goal_unknown", node["id"], field="reject_to")


CHECKS = {
    "approval": _check_asking,
    "fill": _check_fill,
    "copy": _check_copy,
    "end": _check_end,
    "action": _check_action,
    "subflow": _check_subflow,
}

"""Showing where a request is."""

from .approval_graph import Flow
from .approval_state import FINAL, moment

STATES = {
    "done": "done",
    "skipped": "skipped",
    "open": "open",
    "recheck": "open",
    "waiting": "waiting",
    "held": "waiting",
    "exception": "exception",
}


def trace(graph, state, now, measure=None, events=()):
    """A running or finished request as an overlay over the diagram of its flow.

    :param now: naive datetime in UTC up to which the hours of open nodes are reckoned
    :param measure: function of two datetimes that gives hours; the clock's by default
    :param events: passed through, for the list beside the diagram
    :return: ``{"nodes": {node id: {"state": "done|open|waiting|skipped|exception",
        "who", "since", "until", "hours", "rounds", "tasks"}}, "walked": [edge ids],
        "events"}``. Nodes that the request has not reached are missing; once it is
        over they are skipped. Walked are the edges that it really took; those of
        visits that were undone are not.
    """
    measure = measure or _wall_hours
    nodes = {}
    for vid, visit in state["visits"].items():
        entry = nodes.setdefault(visit["node"], {"rounds": 0, "hours": 0.0})
        until = moment(visit["until"]) if visit["until"] else now
        entry["hours"] += measure(moment(visit["since"]), until)
        entry["rounds"] += 1
        tasks = [
            _shown_task(tid, task)
            for tid, task in state["tasks"].items()
            if task["visit"] == vid and task["told"]
        ]
        asked = [item["user"] for item in tasks if item["status"] == "open"]
        entry.update(
            # A visit that was undone is a step that is still, or again, to come.
            state=STATES.get(visit["status"], "undone"),
            visit=vid,
            who=asked or list(dict.fromkeys(item["user"] for item in tasks)),
            since=visit["since"],
            until=visit["until"],
            tasks=tasks,
            error=(visit.get("exception") or {}).get("code") or visit.get("trouble"),
        )
    return {
        "nodes": _settled(graph, state, nodes),
        "walked": walked(Flow.of(graph), state["visits"]),
        "events": list(events),
    }


def walked(flow, visits):
    """Ids of the edges that a request really took."""
    steps = {
        (visits[parent]["node"], visit["node"], visits[parent].get("edge"))
        for visit in visits.values()
        if visit["status"] != "cancelled"
        for parent in visit["parents"]
    }
    return [
        edge["id"]
        for edge in flow.edges.values()
        if any(
            (source, target) == (edge["from"], edge["to"])
            # A condition notes which of its edges it took; another version of the
            # flow may not have that one.
            and (chosen == edge["id"] or chosen not in flow.edges)
            for source, target, chosen in steps
        )
    ]


def _settled(graph, state, nodes):
    over = state["status"] in FINAL
    shown = {}
    for node_id in Flow.of(graph).nodes:
        entry = nodes.get(node_id)
        if entry and entry["state"] == "undone":
            entry["state"] = "skipped" if over else "waiting"
        if entry:
            entry["hours"] = round(entry["hours"], 2)
            entry["error"] = entry["error"] or ""
            entry["until"] = entry["until"] or ""
            shown[node_id] = entry
        elif over:
            shown[node_id] = {"state": "skipped", "who": [], "tasks": []}
    return shown


def _shown_task(tid, task):
    names = ("user", "kind", "status", "role", "since")
    shown = {name: task[name] for name in names}
    for name in ("until", "due", "auto"):
        shown[name] = task[name] or ""
    return {"task": tid, **shown}


def _wall_hours(since, until):
    return max(0.0, (until - since).total_seconds() / 3600)

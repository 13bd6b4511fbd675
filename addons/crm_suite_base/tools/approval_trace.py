"""Showing where a request is."""

from .approval_graph import Flow
from .approval_state import FINAL, LIVE, moment

STATES = {
    "done": "done",
    "skipped": "skipped",
    "open": "open",
    "recheck": "open",
    "waiting": "waiting",
    "held": "waiting",
    "exception": "exception",
}


def trace(graph, state, now, measure=None, events=(), parts=None):
    """A running or finished request as an overlay over the diagram of its flow.

    :param now: naive datetime in UTC up to which the hours of open nodes are reckoned
    :param measure: function of two datetimes that gives hours; the clock's by default
    :param events: passed through, for the list beside the diagram
    :param parts: the states of the flows within, by the visit that began them: who is
        asked there holds the node
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
        inside = (parts or {}).get(vid, ())
        tasks = _shown_tasks(vid, state, inside)
        stuck = visit["status"] in ("open", "recheck") and _trouble(inside)
        asked = [item["user"] for item in tasks if item["status"] == "open"]
        entry.update(
            # A visit that was undone is a step that is still, or again, to come.
            state="exception" if stuck else STATES.get(visit["status"], "undone"),
            visit=vid,
            who=list(dict.fromkeys(asked or [item["user"] for item in tasks])),
            since=visit["since"],
            until=visit["until"],
            tasks=tasks,
            error=_error(visit) or stuck or "",
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


def _shown_tasks(vid, state, inside):
    """What was asked at a visit, in the flows within it too."""
    own = [
        _shown_task(tid, task)
        for tid, task in state["tasks"].items()
        if task["visit"] == vid and task["told"]
    ]
    return own + [
        _shown_task(f"{vid}.{number}.{tid}", task)
        for number, part in enumerate(inside)
        for tid, task in part["tasks"].items()
        if task["told"]
    ]


def _error(visit):
    return (visit.get("exception") or {}).get("code") or visit.get("trouble")


def _trouble(inside):
    """Why a flow within stands still; nothing where none does."""
    errors = (
        _error(visit)
        for part in inside
        for visit in part["visits"].values()
        if visit["status"] in LIVE
    )
    return next(filter(None, errors), None)


def _shown_task(tid, task):
    names = ("user", "kind", "status", "role", "since")
    shown = {name: task[name] for name in names}
    for name in ("until", "due", "auto"):
        shown[name] = task[name] or ""
    return {"task": tid, **shown}


def _wall_hours(since, until):
    return max(0.0, (until - since).total_seconds() / 3600)

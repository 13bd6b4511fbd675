"""Where a request stands: its visits, tasks and forks, and what is to be done.

The *state* is a dict that can be stored as JSON. A *visit* is one stay at a node: a
node to which the walk comes back has several. Those that are not over are where the
request stands. A *task* is one question to one person; it is never asked again under
the same id. A *fork* is one passage through a parallel node; visits between it and its
join carry its id. It is *left* when a rescue led out of it before all paths had come.

An *effect* is something that the caller is to do, as data. See :mod:`approval_walk`.
"""

import json
from datetime import datetime

from .approval_graph import ASKING, Flow

SCHEMA = 1
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
# Visits at which the walk still is.
LIVE = ("open", "waiting", "held", "recheck", "exception")
FINAL = ("agreed", "rejected", "withdrawn", "cancelled")
# Tasks that were put in place of another or taken back count for nothing.
REPLACED = ("transferred", "escalated", "superseded", "retrieved")
MAX_ADDED = 20

MESSAGES = {
    "action": "The decision %(decision)s is not known.",
    "acted": "Somebody has acted on it since; the decision cannot be taken back any more.",
    "already": "%(user)s is already asked here.",
    "closed": "This task is done: it was decided or is not needed any more.",
    "effect": "The request has set off actions since; the decision cannot be taken back "
    "any more.",
    "finished": "This request is finished.",
    "fixed": "The flow says where it goes when it is returned from here; leave out the "
    "step.",
    "joint": "The decision is part of a joint signature and cannot be taken back.",
    "many": "Not more than %(limit)s people can be added at one step.",
    "mapping": "Not every step at which the request stands has its place in the other "
    "version.",
    "not_allowed": "This step does not allow the decision %(decision)s.",
    "not_open": "It is not yet this person's turn.",
    "own_request": "Who submitted the request cannot be asked to approve it.",
    "place": "The request cannot be sent to the step %(node)s from here.",
    "reason": "Please give a reason.",
    "unknown": "%(what)s is not part of this request.",
    "who": "Please name the person who is to decide.",
}


class WalkError(ValueError):
    """An act that is not possible now.

    :ivar code: key of :data:`MESSAGES`
    :ivar params: what the message names
    :ivar text: the message in English
    """

    def __init__(self, code, **params):
        self.code = code
        self.params = params
        self.text = MESSAGES[code] % params
        super().__init__(self.text)


def moment(text):
    """A stored moment as a naive datetime in UTC."""
    return datetime.strptime(text, TIME_FORMAT)


def stamp(value):
    return value.strftime(TIME_FORMAT)


class WalkState:
    """A copy of a state on which one step is made."""

    def __init__(self, graph, state, world=None):
        self.flow = Flow.of(graph)
        self.state = json.loads(json.dumps(state))
        self.world = world
        self.effects = []
        # Edges to follow, as (node, parents, forks, comes back): a queue instead of
        # recursion, because a long row of automatic nodes would exhaust the stack.
        self.queue = []
        # Tasks for people whom no rule has just named: they may have left meanwhile.
        self.renewed = []

    # === READING ===

    @property
    def visits(self):
        return self.state["visits"]

    @property
    def tasks(self):
        return self.state["tasks"]

    @property
    def over(self):
        return self.state["status"] in FINAL

    def now(self):
        return stamp(self.world.now)

    def node_of(self, vid):
        """The node of a visit; an empty dict when the version does not know it."""
        return self.flow.nodes.get(self.visits[vid]["node"], {})

    def tasks_of(self, vid):
        return {key: task for key, task in self.tasks.items() if task["visit"] == vid}

    def live(self, *statuses):
        wanted = statuses or LIVE
        return [key for key, visit in self.visits.items() if visit["status"] in wanted]

    def ancestors(self, vid):
        """Visits that led to a visit, nearest first, each once."""
        found, level = [], [vid]
        while level:
            level = [
                parent
                for key in level
                for parent in self.visits[key]["parents"]
                if parent not in found
            ]
            level = list(dict.fromkeys(level))
            found += level
        return found

    def descendants(self, vid):
        """Visits to which a visit led and which were not undone, oldest first."""
        children = {}
        for key, visit in self.visits.items():
            if visit["status"] != "cancelled":
                for parent in visit["parents"]:
                    children.setdefault(parent, []).append(key)
        found, todo = {vid}, [vid]
        while todo:
            for child in children.get(todo.pop(), ()):
                if child not in found:
                    found.add(child)
                    todo.append(child)
        return [key for key in self.visits if key in found and key != vid]

    def asked_before(self, vid):
        """Visits before this one at which people decided, nearest first."""
        return [
            key
            for key in self.ancestors(vid)
            if self.flow.node_type(self.visits[key]["node"]) in ASKING
            and self.visits[key]["status"] != "cancelled"
        ]

    def left_fork(self, vid):
        """The outermost passage around a visit that a rescue led out of; or None."""
        forks = self.state["forks"]
        found = (fork for fork in self.visits[vid]["forks"] if forks[fork].get("left"))
        return next(found, None)

    # === WRITING ===

    def new_id(self, prefix):
        number = self.state["next"]
        self.state["next"] = number + 1
        return f"{prefix}{number}"

    def tell(self, type_, **values):
        self.effects.append({"type": type_, **values})

    def event(self, name, vid=None, task=None, **values):
        visit = self.visits[vid] if vid else {}
        self.tell(
            "event",
            event=name,
            node=visit.get("node"),
            visit=vid,
            task=task,
            **{"user": None, "by": None, "comment": "", **values},
        )

    def new_visit(self, node_id, parents, forks, status="open"):
        vid = self.new_id("v")
        self.visits[vid] = {
            "node": node_id,
            "status": status,
            "parents": list(parents),
            "forks": list(forks),
            "since": self.now(),
            "until": None,
            "outcome": None,
        }
        self.event("entered", vid)
        return vid

    def end_visit(self, vid, status="done", outcome=None):
        self.visits[vid].update(status=status, until=self.now(), outcome=outcome)

    def new_task(self, vid, user, kind, **values):
        tid = self.new_id("t")
        self.tasks[tid] = {
            "visit": vid,
            "node": self.visits[vid]["node"],
            "user": user,
            "by": None,
            "kind": kind,
            "status": "waiting",
            "role": "signer",
            "of": None,
            "place": 0,
            "since": self.now(),
            "until": None,
            "due": None,
            "remind": None,
            "fired": False,
            "auto": None,
            "order": None,
            "basis": {},
            "told": False,
            **values,
        }
        return tid

    def announce(self, tid):
        """Tell the caller of a new task."""
        task = self.tasks[tid]
        task["told"] = True
        names = ("node", "visit", "user", "kind", "status", "due", "role", "of", "auto")
        fields = self.flow.nodes.get(task["node"], {}).get("fields", [])
        self.tell(
            "open_task",
            task=tid,
            fields=list(fields) if task["kind"] == "fill" else [],
            **{name: task[name] for name in names},
        )

    def close_task(self, tid, status, by=None, auto=None):
        task = self.tasks[tid]
        if not task["told"]:
            # Nobody heard of it: the node had its result before anybody was asked.
            del self.tasks[tid]
            return
        self.state["order"] += 1
        task.update(
            status=status,
            by=by,
            auto=auto or task["auto"],
            until=self.now(),
            order=self.state["order"],
        )
        self.tell(
            "close_task",
            task=tid,
            node=task["node"],
            visit=task["visit"],
            user=task["user"],
            status=status,
            by=by,
            auto=task["auto"],
        )

    def close_tasks(self, vid, status):
        """Close what is still asked at a visit."""
        for tid, task in self.tasks_of(vid).items():
            if task["status"] in ("open", "waiting"):
                self.close_task(tid, status)

    def fail(self, vid, code, error=""):
        """Put a visit into the exception queue, where an administrator finds it."""
        self.visits[vid].update(
            status="exception", exception={"code": code, "error": error}
        )
        self.tell(
            "exception",
            node=self.visits[vid]["node"],
            visit=vid,
            code=code,
            error=error,
        )
        self.event("exception", vid, comment=error, code=code)

    def finish(self, status, by=None, comment=""):
        """End the request: nothing is asked and nothing waits any more."""
        for vid in self.live():
            self.cancel_visit(vid, "finished")
        self.queue.clear()
        self.state.update(status=status, finished=self.now())
        self.event("finished", by=by, comment=comment, status=status)
        self.tell("finish", status=status)

    def cancel_visit(self, vid, why):
        """Undo a visit; ``why`` says later which of its votes may be kept."""
        visit = self.visits[vid]
        self.close_tasks(vid, "cancelled")
        if visit["status"] in LIVE and self.flow.node_type(visit["node"]) == "subflow":
            self.tell("cancel_subflow", node=visit["node"], visit=vid)
        visit.update(status="cancelled", undone=why, until=visit["until"] or self.now())

    def mark(self):
        """Bring the status of the request in line with its visits."""
        if not self.over:
            troubled = any(
                visit["status"] == "exception" or visit.get("trouble")
                for visit in self.visits.values()
                if visit["status"] in LIVE
            )
            self.state["status"] = "exception" if troubled else "running"

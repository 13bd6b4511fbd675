"""Playing a flow through before it is switched on, as if everybody agreed."""

from .approval_acts import Acts
from .approval_graph import ASKING, Flow
from .approval_state import FINAL
from .approval_trace import walked
from .approval_walk import act, finished, start

STEPS = 1000


def replay(graph, world, submitter, chosen=None, part=None):
    """Who would be asked if everybody agreed, without asking anybody.

    :param part: function that plays a flow within the flow: given its id, it returns
        what this function returns, or None where there is no such flow. Without it
        they agree, and nobody is asked there.
    :return: ``{"status", "asked": [{"node", "user", "auto"}], "nobody": [node ids],
        "open": [node ids], "copies": [{"node", "users"}], "actions": [{"node",
        "action"}], "visited": [node ids], "walked": [edge ids]}``; a node where nobody
        is found is passed, and so is one where the submitter would have to choose
        (``open``). Who is asked within a part is asked at the node that starts it.
    :rtype: dict
    """
    return _Replay(graph, world, part).play(submitter, chosen)


class _Replay:
    def __init__(self, graph, world, part):
        self.flow = Flow.of(graph)
        self.world = world
        self.part = part
        self.asked, self.nobody, self.open, self.effects = [], [], [], []

    def play(self, submitter, chosen):
        self._take(start(self.flow, self.world, submitter, chosen))
        for _count in range(STEPS):
            step = self._next(self.state)
            if step is None:
                break
            self._take(step)
        visits = self.state["visits"]
        visited = list(dict.fromkeys(row["node"] for row in visits.values()))
        for node_id in visited:
            if node_id in self.flow.choices and not (chosen or {}).get(node_id):
                self.open.append(node_id)
        return {
            "status": self.state["status"],
            "asked": self.asked,
            "nobody": self.nobody,
            "open": self.open,
            "visited": visited,
            "walked": walked(self.flow, visits),
            "copies": self._pick("copy", "node", "users"),
            "actions": self._pick("action", "node", "action"),
        }

    def _take(self, step):
        self.state = step.state
        self.effects += step.effects
        self.asked += [
            {key: effect[key] or "" for key in ("node", "user", "auto")}
            for effect in step.effects
            if effect["type"] == "open_task"
        ]

    def _pick(self, kind, *keys):
        return [
            {key: effect[key] or "" for key in keys}
            for effect in self.effects
            if effect["type"] == kind
        ]

    def _next(self, state):
        """What happens next when everybody agrees; None when it is over."""
        if state["status"] in FINAL:
            return None
        for tid, task in state["tasks"].items():
            if task["status"] == "open":
                return act(self.flow, state, self.world, tid, "agree")
        for vid, visit in state["visits"].items():
            kind = self.flow.node_type(visit["node"])
            if visit["status"] == "open" and kind in ("action", "subflow"):
                return self._finish(vid, visit["node"], kind)
            if visit["status"] == "exception":
                return self._pass_by(vid, visit["node"], kind)
        return None

    def _finish(self, vid, node_id, kind):
        outcome = "done" if kind == "action" else self._play_part(node_id)
        return finished(self.flow, self.state, self.world, vid, outcome)

    def _play_part(self, node_id):
        """What comes of a flow within the flow, and who is asked there."""
        if self.part is None:
            return "agreed"
        found = self.part(self.flow.nodes[node_id].get("flow_id"))
        if found is None:
            return "failed"
        self.asked += [{**row, "node": node_id} for row in found["asked"]]
        self.nobody += [node_id] * bool(found["nobody"])
        self.open += [node_id] * bool(found["open"])
        return "agreed" if found["status"] == "agreed" else "rejected"

    def _pass_by(self, vid, node_id, kind):
        if node_id not in self.flow.choices:
            self.nobody.append(node_id)
        if kind not in ASKING:
            return None
        walk = Acts(self.flow, self.state, self.world)
        walk.visits[vid].pop("exception", None)
        walk.leave(vid)
        walk.run()
        return walk

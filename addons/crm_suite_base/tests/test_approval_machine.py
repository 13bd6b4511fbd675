import json
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from odoo.tests import BaseCase, tagged

from ..tools import approval_walk as walk
from ..tools.approval_replay import replay
from ..tools.approval_schema import validate
from ..tools.approval_state import REPLACED
from ..tools.approval_trace import trace
from .approval_plain import Play, World, edge, graph, node
from .fuzzing import fuzz

SUBMITTER = 1
PEOPLE = list(range(1, 9))
DECISIONS = ("agree", "agree", "any", "any", "any", "reject", "add_before")
OTHERS = list(range(5, 15))
WATCH = [{"field": "amount", "worse": "higher"}]


@st.composite
def limits(draw):
    then = draw(st.sampled_from(["remind", "escalate", "agree", "return"]))
    limit = {"hours": draw(st.integers(1, 20)), "then": then}
    if draw(st.booleans()):
        limit["remind_every"] = 3
    if then == "escalate":
        limit["escalate_to"] = {"by": "users", "user_ids": draw(people())}
    return limit


def people(pool=PEOPLE):
    return st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique=True)


@st.composite
def askers(draw, key):
    """A step at which people decide, with anything it may say."""
    rules = [{"by": "users", "user_ids": draw(people())}]
    if draw(st.integers(0, 9)) == 0:
        rules = [{"by": "team_lead"}]
    mode = draw(st.sampled_from(["any", "all", "share", "sequence"]))
    step = node(key, "approval", approvers=rules, mode=mode)
    for name in ("merge_same", "outrank", "may_add", "may_transfer"):
        step[name] = draw(st.booleans())
    if mode == "share":
        step["share"] = draw(st.integers(1, 100))
    if draw(st.booleans()):
        step["watch"] = WATCH
    if draw(st.integers(0, 3)) == 0:
        step["limit"] = draw(limits())
    step["reject_to"] = draw(st.sampled_from(["end", "start", "previous"]))
    step["return_to"] = draw(st.sampled_from(["start", "previous", "choose"]))
    step["nobody"] = draw(st.sampled_from(["exception", "skip"]))
    return step


class Builder:
    """Draws a graph block by block, so that it is well nested."""

    def __init__(self, draw):
        self.draw = draw
        self.nodes = [node("start", "start")]
        self.edges = []
        self.number = 0

    def key(self, letter):
        self.number += 1
        return f"{letter}{self.number}"

    def add(self, item, after):
        self.nodes.append(item)
        self.edges.append(edge(after, item["id"]))
        return item["id"]

    def block(self, after, depth):
        kinds = ["ask"] * 4 + ["copy", "action", "subflow", "fill"]
        if depth < 2:
            kinds += ["parallel", "condition"] * 2
        kind = self.draw(st.sampled_from(kinds))
        if kind == "ask":
            return self.add(self.draw(askers(self.key("a"))), after)
        if kind in ("parallel", "condition"):
            return getattr(self, f"_{kind}")(after, depth)
        rules = [{"by": "users", "user_ids": self.draw(people())}]
        extra = {
            "copy": {"approvers": rules},
            "fill": {"approvers": rules, "fields": ["ref"]},
            "action": {"action": "activity", "summary": "x"},
            "subflow": {"flow_id": 7},
        }[kind]
        return self.add(node(self.key(kind[0]), kind, **extra), after)

    def row(self, after, depth):
        for _count in range(self.draw(st.integers(1, 2))):
            after = self.block(after, depth)
        return after

    def _parallel(self, after, depth):
        start = self.add(node(self.key("p"), "parallel"), after)
        ends = [self.row(start, depth + 1) for _count in range(2)]
        join = self.add(node(self.key("j"), "join"), ends[0])
        self.edges.append(edge(ends[1], join))
        return join

    def _condition(self, after, depth):
        start = self.add(node(self.key("c"), "condition"), after)
        ends = []
        for extra in ({"when": "amount > 50"}, {"default": True}):
            first = len(self.edges)
            ends.append(self.row(start, depth + 1))
            self.edges[first].update(extra)
        merge = self.add(
            node(self.key("m"), "copy", approvers=[{"by": "users", "user_ids": [9]}]),
            ends[0],
        )
        self.edges.append(edge(ends[1], merge))
        return merge

    def whole(self):
        after = "start"
        for _count in range(self.draw(st.integers(1, 4))):
            after = self.block(after, 0)
        self.add(node("end", "end"), after)
        return graph(self.nodes, self.edges)


@st.composite
def graphs(draw):
    return Builder(draw).whole()


class ApprovalMachine(RuleBasedStateMachine):
    """Anything that people, clocks and administrators may do, in any order."""

    @initialize(flow=graphs(), amount=st.integers(0, 100))
    def begin(self, flow, amount):
        assert validate(flow) == []
        world = World(amount=amount)
        world.above = {SUBMITTER: [7, 8]}
        self.asked = {}
        self.play = Play(flow, world, SUBMITTER)
        self.mirror()

    # === WHAT MAY HAPPEN ===

    def running(self):
        return hasattr(self, "play") and self.play.status not in walk.FINAL

    def attempt(self, function, *args, **kw):
        """A step that may be refused, and then changes nothing."""
        before = walk.as_json(self.play.state)
        try:
            function(*args, **kw)
        except walk.WalkError as refusal:
            assert refusal.text
            assert walk.as_json(self.play.state) == before
            return False
        self.mirror()
        return True

    def mirror(self):
        """Who is asked, as somebody knows who only follows the effects."""
        for effect in self.play.last:
            kind, task = effect["type"], effect.get("task")
            if kind == "open_task":
                assert task not in self.asked
                self.asked[task] = effect["status"]
            elif kind in ("wake_task", "hold_task"):
                self.asked[task] = "open" if kind == "wake_task" else "waiting"
            elif kind == "close_task":
                assert self.asked[task] in ("open", "waiting")
                self.asked[task] = effect["status"]

    @precondition(lambda self: self.running() and self.play.open_tasks())
    @rule(
        data=st.data(),
        decision=st.sampled_from(DECISIONS),
        users=people(pool=OTHERS),
        later=st.booleans(),
    )
    def decide(self, data, decision, users, later):
        tasks = [
            key for key, t in self.play.state["tasks"].items() if t["status"] == "open"
        ]
        task = data.draw(st.sampled_from(tasks))
        options = walk.return_options(self.play.graph, self.play.state, task)
        may = walk.allowed(self.play.graph, self.play.state, task)
        if decision == "any":
            decision = data.draw(st.sampled_from(may))
        users = self.play.world.able(users)
        if decision == "transfer":
            users = users[:1]
        step = self.play.graph.nodes[self.play.state["tasks"][task]["node"]]
        to = None
        if decision == "return" and step.get("return_to") == "choose":
            to = data.draw(st.sampled_from(options))
        done = self.attempt(
            self.play.do, "act", task, decision, users=users, to=to, later=later
        )
        assert decision in may or not done

    @precondition(lambda self: self.running())
    @rule(data=st.data())
    def work_of_the_flow(self, data):
        waiting = [
            key
            for key, visit in self.play.state["visits"].items()
            if visit["status"] == "open"
            and self.play.graph.node_type(visit["node"]) in ("action", "subflow")
        ]
        if waiting:
            visit = data.draw(st.sampled_from(waiting))
            kind = self.play.graph.node_type(self.play.state["visits"][visit]["node"])
            outcomes = (
                ["done", "failed"] if kind == "action" else ["agreed", "rejected"]
            )
            outcome = data.draw(st.sampled_from(outcomes))
            assert self.attempt(self.play.do, "finished", visit, outcome, "why")

    @precondition(lambda self: self.running())
    @rule(amount=st.integers(0, 100))
    def edit(self, amount):
        assert self.attempt(self.play.edit, amount=amount)

    @precondition(lambda self: self.running())
    @rule(hours=st.integers(1, 100))
    def tick(self, hours):
        self.play.world.now += timedelta(hours=hours)
        assert self.attempt(self.play.do, "tick")
        again = json.dumps(self.play.state)
        self.play.do("tick")
        assert json.dumps(self.play.state) == again, "a limit acted twice"

    @precondition(lambda self: self.running() and self.play.state["tasks"])
    @rule(data=st.data())
    def take_back(self, data):
        task = data.draw(st.sampled_from(sorted(self.play.state["tasks"])))
        may = walk.can_retrieve(self.play.graph, self.play.state, task)
        user = self.play.state["tasks"][task]["user"]
        if not self.play.world.able([user]):
            return
        assert self.attempt(self.play.do, "retrieve", task) == may
        if may:
            assert self.is_asked_or_behind_his_adder(user)

    def is_asked_or_behind_his_adder(self, user):
        """Who was added after another one comes when that one, asked again, has agreed."""
        tasks = self.play.state["tasks"]
        return any(
            task["status"] == "open"
            or (task["status"] == "waiting" and tasks[task["of"]]["status"] == "open")
            for task in tasks.values()
            if task["user"] == user and (task["status"] == "open" or task["of"])
        )

    @precondition(lambda self: self.running())
    @rule(data=st.data(), users=people())
    def rescue(self, data, users):
        visits = [
            key
            for key, visit in self.play.state["visits"].items()
            if visit["status"] in walk.LIVE
        ]
        users = self.play.world.able(users)
        visit = data.draw(st.sampled_from(visits))
        act = data.draw(st.sampled_from(["move", "put", "retry"]))
        to = data.draw(st.sampled_from(sorted(self.play.graph.nodes)))
        self.attempt(
            self.play.do, "rescue", 9, "help", act, visit=visit, to=to, users=users
        )

    @precondition(lambda self: self.running())
    @rule(users=people())
    def leave(self, users):
        """Somebody works here no more."""
        assert self.attempt(self.play.leave, *users)

    @precondition(lambda self: self.running())
    @rule(sure=st.integers(0, 20))
    def withdraw(self, sure):
        if not sure:
            assert self.attempt(self.play.do, "withdraw", by=SUBMITTER)

    @precondition(lambda self: not self.running())
    @rule()
    def nothing_after_the_end(self):
        assert not self.attempt(self.play.do, "edited")
        assert not self.attempt(self.play.do, "withdraw", by=SUBMITTER)
        self.play.do("tick")
        assert self.play.last == []

    # === WHAT ALWAYS HOLDS ===

    @invariant()
    def ends_or_waits_for_somebody(self):
        if not hasattr(self, "play"):
            return
        state = self.play.state
        open_tasks = [t for t in state["tasks"].values() if t["status"] == "open"]
        if state["status"] in walk.FINAL:
            assert not self.play.at()
            assert not any(
                t["status"] in ("open", "waiting") for t in state["tasks"].values()
            )
            assert state["finished"]
            return
        working = [
            visit
            for visit in state["visits"].values()
            if visit["status"] == "open"
            and self.play.graph.node_type(visit["node"]) in ("action", "subflow")
        ]
        assert (
            open_tasks
            or working
            or "exception" in [visit["status"] for visit in state["visits"].values()]
        )
        assert all(task["user"] for task in open_tasks)

    @invariant()
    def nobody_who_left_is_asked(self):
        if not hasattr(self, "play"):
            return
        state = self.play.state
        for task in state["tasks"].values():
            if task["user"] in self.play.world.left:
                visit = state["visits"][task["visit"]]
                asked = task["status"] in ("open", "waiting")
                assert not asked or visit.get("trouble") == "nobody", "for ever"

    @invariant()
    def votes_count_once(self):
        if not hasattr(self, "play"):
            return
        state = self.play.state
        for vid, visit in state["visits"].items():
            voters = [
                task["user"]
                for task in state["tasks"].values()
                if task["visit"] == vid
                and task["status"] not in (*REPLACED, "cancelled")
            ]
            assert len(voters) == len(set(voters)), voters
            if visit["status"] in ("cancelled", "done", "skipped"):
                assert not any(
                    task["visit"] == vid and task["status"] in ("open", "waiting")
                    for task in state["tasks"].values()
                )

    @invariant()
    def each_path_is_walked_once(self):
        """No two visits stand on one path, and a fork has no more than its paths."""
        if not hasattr(self, "play"):
            return
        state = self.play.state
        tokens = {}
        for visit in state["visits"].values():
            if visit["status"] in ("open", "held", "exception"):
                tokens.setdefault(tuple(visit["forks"]), []).append(visit["node"])
        assert len(tokens.get((), ())) <= 1, tokens
        for fork_id, fork in state["forks"].items():
            live = sum(
                len(nodes)
                for forks, nodes in tokens.items()
                if forks[-1:] == (fork_id,)
            )
            assert live <= fork["branches"], tokens

    @invariant()
    def effects_tell_it_all(self):
        if not hasattr(self, "play"):
            return
        for tid, task in self.play.state["tasks"].items():
            if task["status"] in ("open", "waiting"):
                assert self.asked.get(tid, "waiting") == task["status"], tid
            else:
                assert self.asked[tid] not in ("open", "waiting"), tid

    @invariant()
    def state_is_json(self):
        if hasattr(self, "play"):
            state = self.play.state
            assert json.loads(json.dumps(state)) == state
            json.dumps(self.play.last)

    def teardown(self):
        """Whoever still is asked agrees: it always comes to an end."""
        if not hasattr(self, "play"):
            return
        play = self.play
        trace(play.graph, play.state, play.world.now)
        play.world.facts["amount"] = 0
        for _count in range(300):
            if play.status in walk.FINAL:
                break
            self.go_on()
        assert play.status in walk.FINAL, play.at()
        assert replay(play.graph, play.world, SUBMITTER)["status"] == "agreed"

    def go_on(self):
        play = self.play
        tasks = play.open_tasks()
        if tasks:
            play.do("act", min(tasks.values(), key=lambda key: int(key[1:])), "agree")
            return
        for vid, visit in play.state["visits"].items():
            if visit["status"] in ("open", "exception"):
                kind = play.graph.node_type(visit["node"])
                if kind in ("action", "subflow"):
                    play.do("finished", vid, "done" if kind == "action" else "agreed")
                else:
                    play.do("rescue", 9, "help", "put", visit=vid, users=[6])
                return


@tagged("-at_install", "post_install")
class TestApprovalMachine(BaseCase):
    def test_any_sequence_of_acts(self):
        run_state_machine_as_test(
            ApprovalMachine,
            settings=fuzz(150, stateful_step_count=25),
        )

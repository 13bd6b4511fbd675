"""Graphs and a world for the tests of the engine, which needs no database."""

from datetime import datetime, timedelta

from ..tools import approval_walk as walk


def node(key, kind, **properties):
    return {"id": key, "type": kind, **properties}


def approval(key, *users, **properties):
    rules = [{"by": "users", "user_ids": list(users)}]
    return {"id": key, "type": "approval", "approvers": rules, **properties}


def edge(start, end, when=None, default=False):
    found = {"id": f"{start}-{end}", "from": start, "to": end}
    if when:
        found["when"] = when
    if default:
        found["default"] = True
    return found


def graph(nodes, edges):
    return {"schema": 1, "nodes": nodes, "edges": edges}


def line(*nodes):
    """A graph in which the nodes follow each other."""
    row = [node("start", "start"), *nodes, node("end", "end")]
    pairs = zip(row, row[1:], strict=False)
    return graph(row, [edge(one["id"], two["id"]) for one, two in pairs])


def fork(left, right, *after):
    """Two rows of nodes beside each other, then others."""
    rows = [list(left), list(right)]
    nodes = [node("start", "start"), node("fork", "parallel"), *left, *right]
    nodes += [node("join", "join"), *after, node("end", "end")]
    edges = [edge("start", "fork")]
    for row in rows:
        ids = ["fork", *(item["id"] for item in row), "join"]
        edges += [edge(*pair) for pair in zip(ids, ids[1:], strict=False)]
    ids = ["join", *(item["id"] for item in after), "end"]
    edges += [edge(*pair) for pair in zip(ids, ids[1:], strict=False)]
    return graph(nodes, edges)


class World:
    """A document with facts, people with superiors, a clock without nights."""

    def __init__(self, **facts):
        self.facts = facts
        self.now = datetime(2026, 11, 23, 9)
        self.above = {}
        self.rules = {}
        self.left = set()
        self.in_charge = None

    def condition(self, expression):
        name, limit = expression.split(" > ")
        return self.facts[name] > float(limit)

    def approvers(self, rule, state):
        by_name = rule["by"] == "users"
        return self.able(
            rule["user_ids"] if by_name else self.rules.get(rule["by"], [])
        )

    def able(self, users):
        return [user for user in users if user not in self.left]

    def reviser(self, submitter):
        return self.in_charge if submitter in self.left else submitter

    def due(self, hours, since, user):
        return since + timedelta(hours=hours)

    def outranks(self, submitter, user):
        return user in self.above.get(submitter, ())

    def fact(self, field):
        return self.facts.get(field)


class Play:
    """A request as it is played through in a test."""

    def __init__(self, graph, world=None, submitter=1, **kw):
        self.graph = walk.Flow(graph)
        self.world = world or World()
        self.effects = []
        self.take(walk.start(self.graph, self.world, submitter, **kw))

    def take(self, step):
        self.state = step.state
        self.last = step.effects
        self.effects += step.effects
        return self

    @property
    def status(self):
        return self.state["status"]

    def open(self):
        """Who is asked now, sorted."""
        return sorted(self.open_tasks())

    def open_tasks(self):
        return {
            task["user"]: key
            for key, task in self.state["tasks"].items()
            if task["status"] == "open"
        }

    def act(self, user, decision, **kw):
        task = self.open_tasks()[user]
        return self.take(
            walk.act(self.graph, self.state, self.world, task, decision, **kw)
        )

    def agree(self, *users):
        for user in users:
            self.act(user, "agree")
        return self

    def do(self, name, *args, **kw):
        function = getattr(walk, name)
        return self.take(function(self.graph, self.state, self.world, *args, **kw))

    def leave(self, *users):
        self.world.left.update(users)
        return self.do("relieve", users)

    def edit(self, **facts):
        self.world.facts.update(facts)
        return self.do("edited")

    def wait(self, **delta):
        self.world.now += timedelta(**delta)
        return self.do("tick")

    def told(self, kind):
        """Effects of one kind in the last step."""
        return [effect for effect in self.last if effect["type"] == kind]

    def events(self, name=None):
        return [
            effect
            for effect in self.last
            if effect["type"] == "event" and name in (None, effect["event"])
        ]

    def at(self, *statuses):
        """Nodes at which the request stands."""
        wanted = statuses or walk.LIVE
        return [
            visit["node"]
            for visit in self.state["visits"].values()
            if visit["status"] in wanted
        ]

    def visit_at(self, node_id):
        return next(
            key
            for key in reversed(self.state["visits"])
            if self.state["visits"][key]["node"] == node_id
        )

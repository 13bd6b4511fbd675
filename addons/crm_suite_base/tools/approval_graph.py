"""The graph of a flow, indexed: who follows whom, which paths run beside each other.

Plain Python without a database. The graph is a dict of the shape that the designer
writes: ``{"schema": 1, "nodes": [{"id", "type", …}], "edges": [{"id", "from", "to",
"when"?, "default"?}]}``. What makes a graph fit to be walked is checked by
:mod:`approval_schema`; here it is only arranged, so that it can be shown and checked
while it is still half drawn.
"""

NODE_TYPES = (
    "start",
    "end",
    "approval",
    "copy",
    "condition",
    "parallel",
    "join",
    "fill",
    "action",
    "subflow",
)
# Nodes at which people decide, and to which one can go back.
ASKING = ("approval", "fill")


class Flow:
    """An indexed graph; prepare it once for each version and use it many times.

    :ivar nodes: node by id, in the order of the graph
    :ivar out: list of edges that leave a node, in the order of the graph
    :ivar into: list of edges that enter a node
    :ivar start: id of the first start node, or None
    :ivar inside: for each node reached, the parallel nodes between which and whose
        joins it lies, outermost first
    :ivar joins: join that closes a parallel node
    :ivar crossings: what is wrong with the nesting, as tuples (code, node, edge)
    """

    def __init__(self, graph):
        self.graph = graph
        self.nodes = {node["id"]: node for node in graph.get("nodes", ())}
        self.edges = {}
        self.out = {node_id: [] for node_id in self.nodes}
        self.into = {node_id: [] for node_id in self.nodes}
        for edge in graph.get("edges", ()):
            if edge.get("from") in self.nodes and edge.get("to") in self.nodes:
                self.edges[edge["id"]] = edge
                self.out[edge["from"]].append(edge)
                self.into[edge["to"]].append(edge)
        self.start = next(
            (key for key, node in self.nodes.items() if node.get("type") == "start"),
            None,
        )
        self.inside, self.joins, self.crossings = {}, {}, []
        self._nest()

    @classmethod
    def of(cls, graph):
        return graph if isinstance(graph, cls) else cls(graph)

    def node_type(self, node_id):
        """Type of a node; None for one that is not in this graph (any more)."""
        return self.nodes.get(node_id, {}).get("type")

    def name(self, node_id):
        """What people call a node: its name, or its id while it has none."""
        return self.nodes.get(node_id, {}).get("name") or node_id

    @property
    def choices(self):
        """Ids of the nodes at which the submitter chooses who is asked."""
        return [
            key
            for key, node in self.nodes.items()
            if node.get("type") in ASKING
            and any(
                isinstance(rule, dict) and rule.get("by") == "chosen"
                for rule in node.get("approvers") or ()
            )
        ]

    def _nest(self):
        """Follow all paths from the start and note the parallels that are open."""
        if self.start is None:
            return
        self.inside[self.start] = ()
        todo = [self.start]
        while todo:
            node_id = todo.pop()
            around = self.inside[node_id]
            if self.node_type(node_id) == "parallel":
                around += (node_id,)
            for edge in self.out[node_id]:
                target = edge["to"]
                within = self._step_into(target, around, edge)
                if within is None:
                    continue
                if target not in self.inside:
                    self.inside[target] = within
                    todo.append(target)
                elif self.inside[target] != within:
                    self.crossings.append(("crossed", target, edge["id"]))

    def _step_into(self, target, around, edge):
        """The parallels around a node that is reached by an edge; None: impossible."""
        kind = self.node_type(target)
        if kind == "end" and around:
            self.crossings.append(("end_in_branch", target, edge["id"]))
            return None
        if kind != "join":
            return around
        if not around:
            self.crossings.append(("join_alone", target, edge["id"]))
            return None
        if self.joins.setdefault(around[-1], target) != target:
            self.crossings.append(("several_joins", around[-1], edge["id"]))
            return None
        return around[:-1]

    def reachable(self, node_id, backwards=False):
        """All nodes to which paths lead from a node (or from which), with itself."""
        edges, end = (self.into, "from") if backwards else (self.out, "to")
        found, todo = {node_id}, [node_id]
        while todo:
            for edge in edges[todo.pop()]:
                if edge[end] not in found:
                    found.add(edge[end])
                    todo.append(edge[end])
        return found

    def circles(self):
        """Ids of nodes that lie on a circle of edges, in the order of the graph."""
        left = {node_id: len(edges) for node_id, edges in self.into.items()}
        todo = [node_id for node_id, count in left.items() if not count]
        while todo:
            node_id = todo.pop()
            del left[node_id]
            for edge in self.out[node_id]:
                left[edge["to"]] -= 1
                if not left[edge["to"]]:
                    todo.append(edge["to"])
        # What hangs behind a circle is left as well, without lying on it.
        return [
            node_id
            for node_id in left
            if any(node_id in self.reachable(edge["to"]) for edge in self.out[node_id])
        ]

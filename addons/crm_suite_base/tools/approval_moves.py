"""Moving through the graph: entering and leaving nodes, going back, asking again."""

from .approval_state import WalkError
from .approval_votes import Votes, needed


class Moves(Votes):
    # === FORWARD ===

    def run(self):
        """Go on until everybody waits for somebody."""
        self.follow()
        # Whatever became of the question to somebody earlier, nobody waits for it now.
        while not self.over and not self.live("recheck") and self.live("held"):
            for vid in self.live("held"):
                self.leave(vid)
            self.follow()
        self._find_lost()
        self.mark()

    def follow(self):
        """Follow the queued edges; what is held stays so."""
        while self.queue and not self.over:
            node_id, parents, forks, back = self.queue.pop(0)
            if self.flow.node_type(node_id) == "join":
                self._arrive(node_id, parents, forks)
                continue
            vid = self.new_visit(node_id, parents, forks)
            self.stay(vid, back)

    def stay(self, vid, back=False):
        """Do what a node does with who has come to it.

        :param back: the visit is the goal of a return, nothing is taken over
        """
        kind = self.node_of(vid)["type"]
        if kind == "start":
            self._stay_start(vid, back)
        else:
            getattr(self, f"_stay_{kind}")(vid)

    def leave(self, vid):
        """Go on from a node that is done, unless somebody earlier is asked again."""
        if self.live("recheck"):
            self.visits[vid]["status"] = "held"
            return
        if self.flow.node_type(self.visits[vid]["node"]) == "end":
            self._stay_end(vid)
            return
        self.end_visit(vid, outcome=self.visits[vid]["outcome"])
        self.event("left", vid)
        visit = self.visits[vid]
        edges = self.flow.out[visit["node"]]
        if self.flow.node_type(visit["node"]) == "condition":
            # Another version of the flow may have lost the edge while this was held.
            edge = self.flow.edges.get(visit["edge"]) or self.choose(visit["node"])
        else:
            edge = edges[0] if edges else None
        if edge is None:
            self.fail(vid, "no_path")
        else:
            self.queue.append((edge["to"], [vid], visit["forks"], False))

    def complete(self, vid):
        visit = self.visits[vid]
        visit["outcome"] = "agreed"
        if visit["status"] == "recheck":
            self.end_visit(vid, outcome="agreed")
        else:
            self.leave(vid)

    def _stay_start(self, vid, back):
        visit = self.visits[vid]
        if not back and not visit.get("back"):
            self.leave(vid)
            return
        visit["back"] = True
        user = self.world.reviser(self.state["submitter"])
        if user is None:
            self.fail(vid, "nobody")
            return
        tid = self.new_task(vid, user, "revise")
        self.visits[vid]["signers"] = 1
        self.open_task(tid)

    def _stay_end(self, vid):
        self.end_visit(vid)
        self.finish(self.node_of(vid).get("result") or "agreed")

    def _stay_approval(self, vid):
        node = self.node_of(vid)
        users = self.people(node.get("approvers", ()), node["id"])
        if not users:
            users = self._instead(vid, node)
        if users and node.get("outrank") and self._outranked(users):
            self.visits[vid]["outcome"] = "agreed"
            self.event("outrank", vid, user=self.state["submitter"])
            self.leave(vid)
        elif users:
            self.ask(vid, users)

    _stay_fill = _stay_approval

    def _outranked(self, users):
        submitter = self.state["submitter"]
        return all(
            user == submitter or self.world.outranks(submitter, user) for user in users
        )

    def _instead(self, vid, node):
        """Whom to ask where the rules name nobody; nobody: the visit is dealt with."""
        # Whom the submitter chose has left: it is up to him once more.
        self.state["chosen"].pop(node["id"], None)
        nobody = node.get("nobody") or "exception"
        if nobody == "skip":
            self.event("skipped", vid)
            self.leave(vid)
            if self.visits[vid]["status"] == "done":
                self.visits[vid]["status"] = "skipped"
            return []
        users = [] if nobody == "exception" else self.people([nobody], node["id"])
        if not users:
            self.fail(vid, "nobody")
        return users

    def _stay_copy(self, vid):
        node = self.node_of(vid)
        users = self.people(node.get("approvers", ()), node["id"])
        if users:
            self.tell("copy", node=node["id"], visit=vid, users=users)
        self.leave(vid)

    def _stay_condition(self, vid):
        edge = self.choose(self.visits[vid]["node"])
        if edge is None:
            self.fail(vid, "no_path")
            return
        self.visits[vid]["edge"] = edge["id"]
        self.leave(vid)

    def choose(self, node_id):
        """The edge that a condition takes: the first that holds, else the default."""
        edges = self.flow.out[node_id]
        for edge in edges:
            if not edge.get("default") and edge.get("when"):
                if self.world.condition(edge["when"]):
                    return edge
        return next((edge for edge in edges if edge.get("default")), None)

    def _stay_parallel(self, vid):
        visit, edges = self.visits[vid], self.flow.out[self.visits[vid]["node"]]
        fork = self.new_id("f")
        self.state["forks"][fork] = {
            "visit": vid,
            "node": visit["node"],
            "branches": len(edges),
            "join": self.flow.joins.get(visit["node"]),
        }
        self.end_visit(vid)
        for edge in edges:
            self.queue.append((edge["to"], [vid], [*visit["forks"], fork], False))

    def _arrive(self, node_id, parents, forks):
        """Come to a join, which goes on when all paths of its parallel have come."""
        fork = forks[-1]
        waiting = [
            vid
            for vid in self.live("waiting")
            if self.visits[vid].get("fork") == fork
            and self.visits[vid]["node"] == node_id
        ]
        if waiting:
            vid = waiting[0]
            self.visits[vid]["parents"] += parents
        else:
            vid = self.new_visit(node_id, parents, forks[:-1], "waiting")
            self.visits[vid]["fork"] = fork
        if len(self.visits[vid]["parents"]) >= self.state["forks"][fork]["branches"]:
            self.leave(vid)

    def _find_lost(self):
        """Show joins to which nothing can come any more to an administrator."""
        for vid in self.live("waiting"):
            fork = self.visits[vid]["fork"]
            if not any(fork in self.visits[key]["forks"] for key in self.live()):
                self.fail(vid, "lost")

    def _stay_join(self, vid):
        """Walk the paths again of which some were lost."""
        self._go_to(self.state["forks"][self.visits[vid]["fork"]]["visit"], "returned")

    def _stay_action(self, vid):
        node = self.node_of(vid)
        shown = ("id", "type", "name", "x", "y", "action")
        self.tell(
            "action",
            node=node["id"],
            visit=vid,
            action=node.get("action"),
            params={key: value for key, value in node.items() if key not in shown},
        )

    def _stay_subflow(self, vid):
        node = self.node_of(vid)
        self.tell(
            "start_subflow", node=node["id"], visit=vid, flow_id=node.get("flow_id")
        )

    # === BACK ===

    def rejected(self, vid):
        """A node was rejected: the request ends or goes back, without its votes."""
        goal = self.node_of(vid).get("reject_to") or "end"
        self.visits[vid]["outcome"] = "rejected"
        if goal == "end":
            self.end_visit(vid, outcome="rejected")
            self.finish("rejected")
        else:
            self.go_back(vid, goal, "rejected")

    def goal(self, vid, goal):
        """The earlier visit that a return leads to.

        :param goal: "start", "previous" or the id of a node; a node that was not on
            the way of this request means the start, like a "previous" that is none
        """
        before = self.asked_before(vid)
        if goal == "previous" and before:
            return before[0]
        for key in self.ancestors(vid):
            if (
                self.visits[key]["node"] == goal
                and self.visits[key]["status"] != "cancelled"
            ):
                return key
        return next(
            key
            for key in reversed(self.visits)
            if self.flow.node_type(self.visits[key]["node"]) == "start"
            and self.visits[key]["status"] != "cancelled"
        )

    def go_back(self, vid, goal, why):
        """Go back to an earlier node; ``why`` decides whether votes may be kept.

        Paths that a rescue led out of were not walked to their join. One comes to a
        node between them by their parallel, so that none of them is missing there.
        """
        target = self.goal(vid, goal)
        fork = self.left_fork(target)
        if fork:
            target = self.state["forks"][fork]["visit"]
        users, node_id = [self.state["submitter"]], self.visits[target]["node"]
        self._go_to(target, why)
        self.tell("notify", kind="returned", task=None, node=node_id, users=users)

    def _go_to(self, vid, why):
        """Undo a visit and all that came after it, and walk on from its node."""
        visit = self.visits[vid]
        self.rewind(vid, why)
        self.cancel_visit(vid, "goal")
        self.queue.append((visit["node"], visit["parents"], visit["forks"], True))

    def rewind(self, vid, why):
        """Undo all that came after a visit.

        A join behind it at which other paths had arrived waits again: what they did
        stays.
        """
        gone = self.descendants(vid)
        inside = self.visits[vid]["forks"]
        lost = {vid, *gone}
        for key in gone:
            visit = self.visits[key]
            if visit.get("fork") in inside:
                stay = [parent for parent in visit["parents"] if parent not in lost]
                if stay:
                    visit.update(
                        parents=stay, status="waiting", until=None, outcome=None
                    )
                    continue
            self.cancel_visit(key, why)

    def take_back(self, tid, by):
        """Ask a person again what he had decided, as if he had not."""
        task = self.tasks[tid]
        vid = task["visit"]
        self.rewind(vid, "retrieved")
        task["status"] = "retrieved"
        self.visits[vid].update(status="open", until=None, outcome=None)
        self.event("retrieved", vid, tid, user=task["user"], by=by)
        for key in self._added(tid, "after"):
            if self.tasks[key]["status"] in ("open", "waiting"):
                self.close_task(key, "retrieved")
        self.again(tid)
        for key, other in self.tasks_of(vid).items():
            if other["status"] == "closed":
                other["status"] = "superseded"
                self.again(key)
            elif other["status"] == "open" and not self._its_turn(vid, key):
                self.hold(key)
        self.settle(vid)

    def again(self, tid):
        """A new task with the place of one that is closed."""
        task = self.tasks[tid]
        names = ("user", "kind", "role", "of", "place")
        new = self.new_task(task["visit"], **{name: task[name] for name in names})
        for other in self.tasks.values():
            if other["of"] == tid:
                other["of"] = new
        self.renewed.append(new)
        return new

    # === THE DOCUMENT CHANGED ===

    def reconsider(self, by, own=False, visit=None):
        """Take the path that the document now asks for, and ask again who must.

        :param own: a step of the flow itself changed the document: paths stay
        :param visit: of that step, where it is one of this request
        """
        if visit:
            self._judge_anew(visit)
        if not own:
            self._reroute(by)
            self.follow()
        if not self.over:
            for vid in list(self.visits):
                if self.visits[vid]["status"] in ("open", "held", "done", "recheck"):
                    self._recheck(vid, by)
            self.run()

    def _judge_anew(self, vid):
        """Who agreed at a step that changes the document agreed to that, too."""
        for task in self.tasks_of(vid).values():
            if task["status"] == "agreed":
                task["basis"] = self.basis(vid)

    def _reroute(self, by):
        """Go back to conditions that now choose another path, the earliest first.

        Between paths that a rescue led out of nothing is chosen any more.
        """
        for vid in list(self.visits):
            visit = self.visits[vid]
            if visit["status"] != "done" or visit.get("edge") not in self.flow.edges:
                continue
            if self.left_fork(vid):
                continue
            edge = self.choose(visit["node"])
            if edge is None or edge["id"] == visit["edge"]:
                continue
            self.event("rerouted", vid, by=by)
            self.rewind(vid, "rerouted")
            visit["edge"] = edge["id"]
            self.leave(vid)

    def _recheck(self, vid, by):
        """Ask again those at a visit whose criteria got worse."""
        found = self._to_ask_again(vid)
        if not found:
            return
        visit = self.visits[vid]
        if visit["status"] in ("done", "held"):
            visit.update(
                status="recheck" if visit["status"] == "done" else "open", until=None
            )
        users = []
        for tid, fields in found.items():
            task = self.tasks[tid]
            task["status"] = "superseded"
            new = self.again(tid)
            users.append(task["user"])
            self.event("asked_again", vid, new, user=task["user"], by=by, fields=fields)
        node_id = visit["node"]
        self.tell("notify", kind="asked_again", task=None, node=node_id, users=users)
        self.settle(vid)

    def _to_ask_again(self, vid):
        """Tasks whose agreement no longer holds, with the fields that got worse."""
        again = {
            task["user"] for task in self.tasks.values() if task["status"] == "open"
        }
        found = {
            tid: fields
            for tid, task in self.tasks_of(vid).items()
            if task["status"] == "agreed"
            # Who was spared a second question is asked where he was asked first.
            and not (task["auto"] == "same" and task["user"] in again)
            and (fields := self.worsened(task))
        }
        node = self.node_of(vid)
        if found and node.get("mode") == "share":
            # Enough others agreed to what it is now: nobody need be troubled.
            others = sum(
                1
                for tid in self.units(vid)
                if tid not in found and self.outcome(tid) == "agreed"
            )
            if others >= needed(node.get("share", 100), self.visits[vid]["signers"]):
                return {}
        return found

    def check_live(self, vid):
        """The visit, if the request still is there."""
        if self.over:
            raise WalkError("finished")
        if vid not in self.visits or self.visits[vid]["status"] in (
            "done",
            "skipped",
            "cancelled",
        ):
            raise WalkError("unknown", what=vid)
        return self.visits[vid]

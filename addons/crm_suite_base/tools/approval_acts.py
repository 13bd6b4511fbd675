"""What people do with the tasks they have, and what administrators do for them."""

from .approval_relief import Relief
from .approval_state import MAX_ADDED, REPLACED, WalkError

DECISIONS = ("agree", "reject", "return", "transfer", "add_before", "add_after")
# Of an action or a flow within that has not come to its end.
WORKING = ("open", "recheck", "exception")


class Acts(Relief):
    # === DECISIONS ===

    def allowed(self, tid):
        """Decisions that the person of a task may take now."""
        task = self.tasks[tid]
        if self.over or task["status"] != "open":
            return []
        if task["kind"] == "revise":
            return ["agree"]
        node = self.flow.nodes.get(task["node"], {})
        found = ["agree", "return"]
        if task["kind"] == "approve":
            found.insert(1, "reject")
        if node.get("may_transfer"):
            found.append("transfer")
        if node.get("may_add") and task["kind"] == "approve":
            found += ["add_before", "add_after"]
        return found

    def decide(self, tid, decision, by, comment, to, users, later):
        if decision not in DECISIONS:
            raise WalkError("action", decision=decision)
        task = self._open_task(tid)
        if decision not in self.allowed(tid):
            raise WalkError("not_allowed", decision=decision)
        by = by or task["user"]
        said = {"user": task["user"], "by": by, "comment": comment or ""}
        self.visits[task["visit"]].pop("trouble", None)
        if decision in ("agree", "reject"):
            self._vote(tid, decision, said)
        elif decision == "return":
            self._return(tid, to, said)
        elif decision == "transfer":
            self._transfer(tid, users, later, said)
        elif decision == "add_before":
            self._add_before(tid, users, said)
        else:
            self._add_after(tid, users, said)
        self.visits[task["visit"]]["touched"] = True

    def _open_task(self, tid):
        if self.over:
            raise WalkError("finished")
        task = self.tasks.get(tid)
        if not task:
            raise WalkError("unknown", what=tid)
        if task["status"] == "waiting":
            raise WalkError("not_open")
        if task["status"] != "open":
            raise WalkError("closed")
        return task

    def _vote(self, tid, decision, said):
        task = self.tasks[tid]
        if decision == "agree":
            task["basis"] = self.basis(task["visit"])
        status = "agreed" if decision == "agree" else "rejected"
        self.close_task(tid, status, by=said["by"])
        self.event("decided", task["visit"], tid, decision=decision, **said)
        self.settle(task["visit"])

    def return_options(self, vid):
        """Nodes to which a person may return where he may choose, nearest first; none
        where the flow says it."""
        if self.node_of(vid).get("return_to") != "choose":
            return []
        found = [self.visits[key]["node"] for key in self.asked_before(vid)]
        return list(dict.fromkeys([*found, self.flow.start]))

    def _return(self, tid, to, said):
        task = self.tasks[tid]
        vid = task["visit"]
        goal = self.node_of(vid).get("return_to") or "start"
        if goal == "choose":
            if to not in self.return_options(vid):
                raise WalkError("place", node=to)
            goal = to
        elif to and to not in (goal, self.visits[self.goal(vid, goal)]["node"]):
            # The flow has said where: another wish is not passed over in silence.
            raise WalkError("fixed")
        self.close_task(tid, "returned", by=said["by"])
        self.event("returned", vid, tid, decision="return", to=goal, **said)
        self.go_back(vid, goal, "returned")

    def _others(self, tid, users):
        """The people of a transfer or an addition, if they may be asked here."""
        task = self.tasks[tid]
        wanted = list(users) if isinstance(users, list | tuple) else []
        if not wanted or not all(type(user) is int for user in wanted):
            raise WalkError("who")
        wanted = list(dict.fromkeys(wanted))
        asked = self.asked_at(task["visit"])
        for user in wanted:
            if user == self.state["submitter"] and task["kind"] == "approve":
                raise WalkError("own_request")
            if user in asked:
                raise WalkError("already", user=user)
        return wanted

    def _transfer(self, tid, users, later, said):
        task = self.tasks[tid]
        wanted = self._others(tid, users)
        if len(wanted) != 1:
            raise WalkError("who")
        user = wanted[0]
        if later:
            handed = self.state["handed"]
            if self.standing_in(user) == task["user"]:
                del handed[str(user)]
            handed[str(task["user"])] = user
        self.replace(tid, user, "transferred", by=said["by"], due=task["due"])
        self.event(
            "transferred", task["visit"], tid, to=user, later=bool(later), **said
        )

    def _add(self, tid, users, role):
        task = self.tasks[tid]
        wanted = self._others(tid, users)
        added = [
            other
            for other in self.tasks_of(task["visit"]).values()
            if other["role"] != "signer"
        ]
        if len(added) + len(wanted) > MAX_ADDED:
            raise WalkError("many", limit=MAX_ADDED)
        return [
            self.new_task(task["visit"], user, "approve", role=role, of=tid)
            for user in wanted
        ]

    def _add_before(self, tid, users, said):
        task = self.tasks[tid]
        added = self._add(tid, users, "before")
        self.hold(tid)
        who = [self.tasks[key]["user"] for key in added]
        self.event("added", task["visit"], tid, how="before", users=who, **said)
        self.settle(task["visit"])

    def _add_after(self, tid, users, said):
        task = self.tasks[tid]
        added = self._add(tid, users, "after")
        who = [self.tasks[key]["user"] for key in added]
        self.event("added", task["visit"], tid, how="after", users=who, **said)
        self._vote(tid, "agree", said)

    # === TAKING BACK ===

    def check_retrieve(self, tid):
        """Refuse to take back what others have built upon."""
        if self.over:
            raise WalkError("finished")
        task = self.tasks.get(tid)
        if not task:
            raise WalkError("unknown", what=tid)
        vid = task["visit"]
        visit, node = self.visits[vid], self.node_of(vid)
        if (
            task["status"] != "agreed"
            or task["auto"]
            or task["kind"] == "revise"
            or not node
            or visit["status"] not in ("open", "held", "done")
        ):
            raise WalkError("closed")
        if node.get("mode") not in ("any", "sequence") and visit["signers"] > 1:
            raise WalkError("joint")
        if any(
            other["order"] and other["order"] > task["order"]
            for other in self.tasks_of(vid).values()
            if other["status"] not in ("closed", "retrieved")
        ):
            raise WalkError("acted")
        if self.left_fork(vid):
            # An administrator went on without these paths.
            raise WalkError("acted")
        for key in self.descendants(vid):
            if self.flow.node_type(self.visits[key]["node"]) in ("action", "subflow"):
                raise WalkError("effect")
            if self.visits[key].get("touched"):
                raise WalkError("acted")

    # === WORK OF THE FLOW ITSELF ===

    def can_finish(self, vid):
        """Whether an action or a flow within is waited for."""
        return not self.over and self.visits.get(vid, {}).get("status") in WORKING

    def finished(self, vid, outcome, error):
        """An action or a flow within the flow has come to its end."""
        visit = self.check_live(vid)
        kind = self.flow.node_type(visit["node"])
        if kind not in ("action", "subflow") or not self.can_finish(vid):
            raise WalkError("closed")
        if outcome in ("done", "agreed"):
            visit.pop("exception", None)
            visit["outcome"] = outcome
            if visit["status"] == "recheck":
                self.complete(vid)
            else:
                self.leave(vid)
        elif outcome == "rejected":
            visit.pop("exception", None)
            self.rejected(vid)
        else:
            self.fail(vid, kind, error)

    # === WHOM THE SUBMITTER CHOOSES ===

    def check_chosen(self, chosen):
        """Refuse that who asks decides about it himself."""
        for node_id, users in chosen.items():
            decides = self.flow.node_type(node_id) == "approval"
            if decides and self.state["submitter"] in users:
                raise WalkError("own_request")

    def name_people(self, chosen, by):
        """Remember whom the submitter chose; ask them where it waited for that."""
        self.check_chosen(chosen)
        for node_id, users in chosen.items():
            if node_id not in self.flow.choices:
                raise WalkError("place", node=node_id)
            if not users:
                raise WalkError("who")
            self.state["chosen"][node_id] = list(users)
        self.event("named", by=by)
        for vid in self.live():
            visit = self.visits[vid]
            if visit["status"] == "exception" and visit["node"] in chosen:
                self.rescue_retry(vid)

    # === RESCUE ===

    def rescue_move(self, vid, to):
        """Take a visit to another node, out of the paths beside it if need be."""
        visit = self.check_live(vid)
        if to not in self.flow.inside or visit["status"] not in (
            "open",
            "held",
            "exception",
        ):
            raise WalkError("place", node=to)
        forks = self._forks_for(visit, to)
        self.close_tasks(vid, "cancelled")
        if self.flow.node_type(visit["node"]) == "subflow":
            self.tell("cancel_subflow", node=visit["node"], visit=vid)
        self.end_visit(vid, "skipped", "moved")
        if len(forks) < len(visit["forks"]):
            self._leave_branches(visit["forks"][len(forks)])
        self.queue.append((to, [vid], forks, True))

    def _forks_for(self, visit, to):
        """The forks within which a visit stands once it was moved to a node."""
        have = [self.state["forks"][fork]["node"] for fork in visit["forks"]]
        if self.flow.node_type(to) == "join":
            # One comes to a join from within the parallel that it closes.
            for level, parallel in enumerate(have):
                if self.flow.joins.get(parallel) == to:
                    return visit["forks"][: level + 1]
            raise WalkError("place", node=to)
        want = list(self.flow.inside[to])
        if have[: len(want)] != want:
            raise WalkError("place", node=to)
        return visit["forks"][: len(want)]

    def _leave_branches(self, fork):
        """Undo what still goes on between a fork and its join; it is passed no more."""
        self.state["forks"][fork]["left"] = True
        for key in self.live():
            visit = self.visits[key]
            if fork in visit["forks"] or visit.get("fork") == fork:
                self.cancel_visit(key, "moved")

    def rescue_put(self, vid, users):
        """Ask other people at a node in place of those who are asked, or of nobody."""
        visit = self.check_live(vid)
        kind = self.flow.node_type(visit["node"])
        asks = visit["status"] in ("open", "exception", "recheck")
        revises = kind == "start" and visit.get("back")
        if not asks or not (revises or kind in ("approval", "fill")):
            raise WalkError("place", node=visit["node"])
        wanted = list(users) if isinstance(users, list | tuple) else []
        if not wanted or not all(type(user) is int for user in wanted):
            raise WalkError("who")
        # What was said here counts no more, neither now nor for a sequence.
        self.close_tasks(vid, "superseded")
        for task in self.tasks_of(vid).values():
            if task["status"] not in REPLACED:
                task["status"] = "superseded"
        if visit["status"] == "exception":
            visit["status"] = "open"
        visit.pop("exception", None)
        visit.pop("trouble", None)
        wanted = list(dict.fromkeys(wanted))
        visit["signers"] = len(wanted)
        task_kind = {"fill": "fill", "start": "revise"}.get(kind, "approve")
        for place, user in enumerate(wanted):
            self.new_task(vid, user, task_kind, place=place)
        self.settle(vid)
        self.announce_waiting(vid)

    def rescue_retry(self, vid):
        """Try a node again at which something went wrong."""
        visit = self.check_live(vid)
        if trouble := visit.pop("trouble", None):
            again = {"nobody": self.relieve_again}.get(trouble, self.escalate_again)
            again(vid)
            return
        if visit["status"] != "exception":
            raise WalkError("place", node=visit["node"])
        visit.pop("exception", None)
        visit.update(status="open", outcome=None)
        self.stay(vid)

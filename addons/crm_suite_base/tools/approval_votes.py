"""Asking people at a node and counting what they say.

The *signers* of a visit are those whom the node named. Each is a unit: with those whom
he added before himself (they are heard first, whatever they say) and after himself (he
agreed only together with them). So a threshold, which is a share of the signers, does
not change when somebody is added.
"""

from .approval_state import REPLACED, WalkState


def needed(share, signers):
    """How many of the signers must agree, at least one."""
    return max(1, -(-share * signers // 100))


def worse(how, before, now):
    """Whether a watched value is worse than when somebody judged by it.

    Values that cannot be compared count as worse when they differ: asking once too
    often is the smaller evil.
    """
    if how == "changed":
        return before != now
    low, high = (before or 0, now or 0) if how == "higher" else (now or 0, before or 0)
    try:
        return high > low
    except TypeError:
        return before != now


class Votes(WalkState):
    # === ASKING ===

    def people(self, rules, node_id):
        """Users whom the rules name, each once, after transfers of later tasks."""
        found = []
        for rule in rules:
            if rule.get("by") == "chosen":
                found += self.world.able(self.state["chosen"].get(node_id, []))
            else:
                found += self.world.approvers(rule, self.state)
        heirs = {user: self.standing_in(user) for user in found}
        others = [heir for user, heir in heirs.items() if heir != user]
        able = {*heirs, *self.world.able(others)}
        people = (heir if heir in able else user for user, heir in heirs.items())
        return list(dict.fromkeys(people))

    def standing_in(self, user):
        """Who decides in place of somebody who transferred his later tasks."""
        handed, seen = self.state["handed"], set()
        while str(user) in handed and user not in seen:
            seen.add(user)
            user = handed[str(user)]
        return user

    def ask(self, vid, users):
        """Put the question of a node to people, or take over what they said before."""
        visit, node = self.visits[vid], self.node_of(vid)
        kind = "fill" if node["type"] == "fill" else "approve"
        visit["signers"] = len(users)
        same = self._decided_right_before(vid) if kind == "approve" else {}
        asked = [
            (self.new_task(vid, user, kind, place=place), user)
            for place, user in enumerate(users)
        ]
        for tid, user in asked:
            kept = self._kept(vid, user)
            if kept:
                self._take_over(tid, "kept", kept["basis"])
                self._carry_added(tid, kept)
            elif user in same and node.get("merge_same"):
                self._take_over(tid, "same", self.basis(vid))
            else:
                self._carry_added(tid, self._earlier_task(vid, user))
        self.settle(vid)
        self.announce_waiting(vid)

    def announce_waiting(self, vid):
        """Tell of those whose turn comes later, who want to know."""
        for tid, task in self.tasks_of(vid).items():
            if task["status"] == "waiting" and not task["told"]:
                self.announce(tid)

    def _take_over(self, tid, auto, basis):
        self.state["order"] += 1
        task = self.tasks[tid]
        task.update(
            status="agreed",
            auto=auto,
            basis=dict(basis),
            until=self.now(),
            order=self.state["order"],
        )
        self.announce(tid)
        self.event(auto, task["visit"], tid, user=task["user"])

    def _decided_right_before(self, vid):
        """Who agreed, himself, at the step or steps right before a visit."""
        found, seen, level = {}, {vid}, [vid]
        while level:
            above = []
            for key in level:
                for parent in self.visits[key]["parents"]:
                    if parent in seen:
                        continue
                    seen.add(parent)
                    visit = self.visits[parent]
                    if self.flow.node_type(visit["node"]) == "approval":
                        found.update(self._agreed_at(parent))
                    else:
                        above.append(parent)
            level = above
        return found

    def _agreed_at(self, vid):
        if self.visits[vid]["status"] == "cancelled":
            return {}
        return {
            task["user"]: tid
            for tid, task in self.tasks_of(vid).items()
            if task["status"] == "agreed" and task["auto"] != "limit"
        }

    # === VOTES OF AN EARLIER ROUND ===

    def _earlier_visit(self, vid):
        """The last visit to the same node that was undone, if its votes may count."""
        node_id = self.visits[vid]["node"]
        earlier = [
            key
            for key, visit in self.visits.items()
            if visit["node"] == node_id and key != vid
        ]
        if not earlier or self.visits[earlier[-1]].get("undone") not in (
            "returned",
            "rerouted",
            "retrieved",
        ):
            return None
        return earlier[-1]

    def _earlier_task(self, vid, user):
        """The task that a signer had in the round before."""
        earlier = self._earlier_visit(vid)
        found = None
        for task in self.tasks_of(earlier).values() if earlier else ():
            if (
                task["user"] == user
                and task["role"] == "signer"
                and task["status"] not in REPLACED
            ):
                found = task
        return found

    def _kept(self, vid, user):
        """The earlier task whose agreement still holds, or None."""
        task = self._earlier_task(vid, user)
        return task if task and self._still_holds(vid, task) else None

    def _still_holds(self, vid, task):
        """Whether an agreement of the round before holds at this visit.

        Who is asked again after a return has reason to look again unless the node
        says by what he judged; after a mere edit only that reason counts.
        """
        undone = self.visits[task["visit"]].get("undone")
        return (
            task["status"] == "agreed"
            and (undone != "returned" or bool(self.node_of(vid).get("watch")))
            and not self.worsened(task)
        )

    def _carry_added(self, tid, earlier):
        """Ask, in a new round, those again who were added in the round before."""
        if not earlier:
            return
        was = next(key for key, task in self.tasks.items() if task is earlier)
        vid, kept = self.tasks[tid]["visit"], self.tasks[tid]["status"] == "agreed"
        for task in list(self.tasks_of(earlier["visit"]).values()):
            if task["of"] != was or task["status"] in REPLACED:
                continue
            if task["role"] == "after" and not kept:
                continue
            user = self.standing_in(task["user"])
            if user in self.asked_at(vid):
                # He signs by himself now: his word counts once.
                continue
            new = self.new_task(vid, user, "approve", role=task["role"], of=tid)
            if self._still_holds(vid, task):
                self._take_over(new, "kept", task["basis"])
            self.renewed.append(new)
            self._carry_added(new, task)

    def basis(self, vid):
        """The values by which somebody judges who agrees now."""
        watch = self.node_of(vid).get("watch") or ()
        return {item["field"]: self.world.fact(item["field"]) for item in watch}

    def worsened(self, task):
        """Watched fields that became worse since the agreement of a task."""
        watch = self.flow.nodes.get(task["node"], {}).get("watch") or ()
        return [
            item["field"]
            for item in watch
            if item["field"] in task["basis"]
            and worse(
                item["worse"],
                task["basis"][item["field"]],
                self.world.fact(item["field"]),
            )
        ]

    # === COUNTING ===

    def asked_at(self, vid):
        """Everybody whose word counts, or counted, at a visit."""
        return {
            task["user"]
            for task in self.tasks_of(vid).values()
            if task["status"] not in ("superseded", "retrieved")
        }

    def settle(self, vid):
        """Go on when the node has its result; otherwise ask whose turn has come."""
        result = self._result(vid)
        if result is None:
            if not self._open_next(vid) and self.ask_spared(vid):
                self._open_next(vid)
            return
        self.close_tasks(vid, "closed")
        if result == "agreed":
            self.complete(vid)
        else:
            self.rejected(vid)

    def _open_next(self, vid):
        """Ask whose turn has come.

        :return: whether somebody is asked at a visit
        """
        for tid, task in self.tasks_of(vid).items():
            if task["status"] == "waiting" and self._its_turn(vid, tid):
                self.open_task(tid)
        return any(task["status"] == "open" for task in self.tasks_of(vid).values())

    def ask_spared(self, vid):
        """Ask those whose word was not needed before.

        :return: whether there are any
        """
        found = [
            tid
            for tid, task in self.tasks_of(vid).items()
            if task["status"] == "closed"
            and (not task["of"] or self.tasks[task["of"]]["status"] not in REPLACED)
        ]
        for tid in found:
            self.tasks[tid]["status"] = "superseded"
            self.again(tid)
        return bool(found)

    def again(self, tid):
        """Ask a person anew; the file on moves does."""
        raise NotImplementedError

    def open_task(self, tid):
        task = self.tasks[tid]
        task.update(status="open", since=self.now())
        self.set_limit(tid)
        if task["told"]:
            self.tell("wake_task", task=tid, due=task["due"])
        else:
            self.announce(tid)

    def hold(self, tid):
        """It is not this person's turn any more: somebody comes before."""
        self.tasks[tid].update(status="waiting", due=None, remind=None)
        self.tell("hold_task", task=tid)

    def set_limit(self, tid):
        """Give a task its time limit; the file on limits does."""
        raise NotImplementedError

    def _its_turn(self, vid, tid):
        task = self.tasks[tid]
        befores = self._added(tid, "before")
        if any(self.outcome(key) is None for key in befores):
            return False
        if task["role"] == "after":
            return self.tasks[task["of"]]["status"] == "agreed"
        if task["role"] == "before" or self.node_of(vid).get("mode") != "sequence":
            return True
        return all(
            self.outcome(key) == "agreed"
            for key, other in self.units(vid).items()
            if other["place"] < task["place"]
        )

    def units(self, vid):
        """The tasks of the signers that count, by id."""
        return {
            tid: task
            for tid, task in self.tasks_of(vid).items()
            if task["role"] == "signer" and task["status"] not in REPLACED
        }

    def _added(self, tid, role):
        return [
            key
            for key, task in self.tasks.items()
            if task["of"] == tid
            and task["role"] == role
            and task["status"] not in REPLACED
        ]

    def outcome(self, tid):
        """What a person says together with those added after him; None: not yet."""
        status = self.tasks[tid]["status"]
        if status != "agreed":
            return "rejected" if status == "rejected" else None
        afters = [self.outcome(key) for key in self._added(tid, "after")]
        if "rejected" in afters:
            return "rejected"
        return None if None in afters else "agreed"

    def _result(self, vid):
        node, visit = self.node_of(vid), self.visits[vid]
        said = [self.outcome(tid) for tid in self.units(vid)]
        agreed, rejected = said.count("agreed"), said.count("rejected")
        mode = node.get("mode") or ("any" if node.get("type") == "fill" else "all")
        if mode == "share":
            need = needed(node.get("share", 100), visit["signers"])
            if agreed >= need:
                return "agreed"
            return "rejected" if visit["signers"] - rejected < need else None
        if mode == "any":
            return "agreed" if agreed else "rejected" if rejected else None
        if rejected:
            return "rejected"
        return "agreed" if agreed >= visit["signers"] else None

    def complete(self, vid):
        raise NotImplementedError

    def rejected(self, vid):
        raise NotImplementedError

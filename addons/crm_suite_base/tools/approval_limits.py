"""Time limits of tasks: reminders, escalation, what happens by itself.

A limit acts once for each task, however late the clock is looked at: after three days
without the server a person gets one reminder, not eighteen, and the next one is counted
from now.
"""

from .approval_moves import Moves
from .approval_state import moment, stamp


class Limits(Moves):
    def set_limit(self, tid):
        """Reckon until when a task that now is open is to be done."""
        task = self.tasks[tid]
        limit = self.flow.nodes.get(task["node"], {}).get("limit")
        if not limit or task["kind"] == "revise":
            return
        now = self.world.now
        if task["due"] is None and not task["fired"]:
            hours = limit["hours"]
            task["due"] = stamp(self.world.due(hours, now, task["user"]))
        if limit.get("then") != "remind" or task["fired"]:
            self._next_reminder(task, limit)

    def _next_reminder(self, task, limit):
        every = limit.get("remind_every")
        task["remind"] = (
            stamp(self.world.due(every, self.world.now, task["user"]))
            if every
            else None
        )

    def tick(self):
        """Do what is due by now."""
        now = self.now()
        for tid in list(self.tasks):
            task = self.tasks.get(tid)
            if not task or self.over or task["status"] != "open":
                continue
            limit = self.flow.nodes.get(task["node"], {}).get("limit") or {}
            if task["due"] and not task["fired"] and task["due"] <= now:
                task["fired"] = True
                getattr(self, f"_limit_{limit.get('then') or 'remind'}")(tid, limit)
                self.run()
            elif task["remind"] and task["remind"] <= now:
                self._remind(tid, limit)
        self.mark()

    def _remind(self, tid, limit):
        task = self.tasks[tid]
        users = [task["user"]]
        self.tell("notify", kind="remind", task=tid, node=task["node"], users=users)
        self.event("reminded", task["visit"], tid, user=task["user"])
        self._next_reminder(task, limit)

    _limit_remind = _remind

    def _limit_agree(self, tid, limit):
        task = self.tasks[tid]
        vid = task["visit"]
        self.visits[vid]["touched"] = True
        task["basis"] = self.basis(vid)
        self.close_task(tid, "agreed", auto="limit")
        self.event("limit", vid, tid, user=task["user"], decision="agree")
        self.settle(vid)

    def _limit_return(self, tid, limit):
        task = self.tasks[tid]
        vid = task["visit"]
        self.close_task(tid, "returned", auto="limit")
        self.event("limit", vid, tid, user=task["user"], decision="return")
        goal = self.node_of(vid).get("return_to") or "start"
        self.go_back(vid, "start" if goal == "choose" else goal, "returned")

    def _limit_escalate(self, tid, limit):
        """Hand the task to the first person found who is not asked here already."""
        task = self.tasks[tid]
        vid = task["visit"]
        rule = {**(limit.get("escalate_to") or {}), "holder": task["user"]}
        asked = self.asked_at(vid) | {self.state["submitter"]}
        people = self.people([rule], task["node"]) if "by" in rule else []
        heirs = [user for user in people if user not in asked]
        if not heirs:
            # The person keeps the task; an administrator sees that it stands still.
            self.visits[vid].setdefault("trouble", "escalate")
            self.tell(
                "exception", node=task["node"], visit=vid, code="escalate", error=""
            )
            self.event("exception", vid, tid, user=task["user"], code="escalate")
            self._next_reminder(task, limit)
            return
        self.visits[vid]["touched"] = True
        new = self.replace(tid, heirs[0], "escalated", fired=True)
        self.event("escalated", vid, new, user=task["user"], to=heirs[0])
        self.tell(
            "notify",
            kind="escalated",
            task=new,
            late=tid,
            node=task["node"],
            users=[task["user"], heirs[0]],
        )

    def escalate_again(self, vid):
        """Look once more for who takes over the tasks that are late."""
        limit = self.node_of(vid).get("limit") or {}
        for tid, task in list(self.tasks_of(vid).items()):
            if task["status"] == "open" and task["fired"]:
                self._limit_escalate(tid, limit)

    def replace(self, tid, user, status, by=None, **values):
        """Give a task to somebody else; its place among the others stays."""
        self.close_task(tid, status, by=by)
        new = self.again(tid)
        self.tasks[new].update(user=user, **values)
        self.open_task(new)
        return new


def next_tick(state):
    """When :func:`approval_walk.tick` has something to do next, or None.

    A moment may lie in the past. Moments sort as text.
    """
    moments = [
        at
        for task in state["tasks"].values()
        if task["status"] == "open"
        for at in (None if task["fired"] else task["due"], task["remind"])
        if at
    ]
    return min(moments, default=None)


def overdue(state, now):
    """Open tasks whose time has passed, as ids."""
    return [
        tid
        for tid, task in state["tasks"].items()
        if task["status"] == "open" and task["due"] and moment(task["due"]) < now
    ]

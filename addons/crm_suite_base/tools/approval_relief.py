"""People who have left while they are asked: others are asked in their place.

The rules of the step are read again, as if it were asked today. Whom they name now and
who is not asked there yet takes over. Where they name nobody else, the others at the
step decide alone; where there are none, the step goes its way for *nobody found*.
"""

from .approval_limits import Limits
from .approval_state import REPLACED

ASKED = ("open", "waiting")


class Relief(Limits):
    def run(self):
        super().run()
        asked = [self.tasks.get(tid) for tid in self.renewed]
        self.renewed = []
        users = {task["user"] for task in asked if task and task["status"] in ASKED}
        if users and not self.over:
            # Who said something before and is asked again may have left since.
            if left := users - set(self.world.able(sorted(users))):
                self.relieve(left)

    def relieve(self, users):
        """Ask others in the place of people who cannot decide any more."""
        gone = set(users)
        handed = self.state["handed"].items()
        # Who gave his later tasks to them is asked himself again.
        self.state["handed"] = {k: v for k, v in handed if v not in gone}
        for tid in list(self.tasks):
            task = self.tasks.get(tid)
            if not self.over and task and task["user"] in gone:
                if task["status"] in ASKED:
                    self._relieve(tid, gone)
                    self.run()
        self.mark()

    def can_hand_over(self, user, heir):
        """Whether somebody may take over all that a person is asked."""
        tids = [t for t, task in self.tasks.items() if task["user"] == user]
        return all(
            heir not in self.asked_at(self.tasks[tid]["visit"])
            and (heir != self.state["submitter"] or self.tasks[tid]["kind"] == "revise")
            for tid in tids
            if self.tasks[tid]["status"] in ASKED
        )

    def hand_over(self, user, heir, by):
        """Give another one all that a person is asked and would be asked later on."""
        handed = self.state["handed"]
        if self.standing_in(heir) == user:
            del handed[str(heir)]
        handed[str(user)] = heir
        for tid in list(self.tasks):
            task = self.tasks.get(tid)
            if task and task["user"] == user and task["status"] in ASKED:
                self.event("relieved", task["visit"], user=user, by=by)
                self._take_place(tid, heir)

    def _relieve(self, tid, gone):
        task = self.tasks[tid]
        vid = task["visit"]
        self.event("relieved", vid, user=task["user"])
        if task["role"] == "after" and self._ask_adder(tid, gone):
            return
        heirs = [user for user in self._heirs(tid) if user not in gone]
        if heirs:
            self._take_place(tid, heirs[0])
        elif task["role"] == "before" or self._others_at(vid, tid):
            self._drop(tid)
        else:
            self._nobody_left(tid)

    def _heirs(self, tid):
        """Who may take over a task and is not asked at its step, the first in question
        first."""
        task = self.tasks[tid]
        if task["kind"] == "revise":
            people = [self.world.reviser(self.state["submitter"])]
        elif task["role"] == "before":
            # Heard for the sake of who added him, whose turn it is then.
            people = []
        else:
            node = self.node_of(task["visit"])
            people = self.people(node.get("approvers", ()), node.get("id"))
        asked = {
            other["user"]
            for other in self.tasks_of(task["visit"]).values()
            if other["status"] not in REPLACED
        }
        return [user for user in people if user is not None and user not in asked]

    def _ask_adder(self, tid, gone):
        """Ask once more who agreed together with a person: whether he agrees alone.

        :return: whether he is still there
        """
        task = self.tasks[tid]
        adder = self.tasks[task["of"]]
        if adder["user"] in gone or not self.world.able([adder["user"]]):
            return False
        if adder["status"] == "agreed":
            adder["status"] = "superseded"
            self.again(task["of"])
        self.close_task(tid, "superseded")
        self.settle(task["visit"])
        return True

    def _others_at(self, vid, tid):
        """Whether others than the one of a task sign at a step."""
        return self.tasks[tid]["role"] == "signer" and len(self.units(vid)) > 1

    def _take_place(self, tid, user):
        """Give a task to somebody else, who gets its full time."""
        vid = self.tasks[tid]["visit"]
        new = self.again(tid)
        self.tasks[new]["user"] = user
        self.close_task(tid, "superseded")
        self.settle(vid)
        self.announce_waiting(vid)

    def _drop(self, tid):
        """The others at the step decide without a person, and whom he added."""
        vid = self.tasks[tid]["visit"]
        for key, other in list(self.tasks_of(vid).items()):
            if other["of"] == tid and other["status"] in ASKED:
                self.close_task(key, "superseded")
        self.close_task(tid, "superseded")
        self.visits[vid]["signers"] = len(self.units(vid))
        if self._result(vid) is None:
            # Whose word was not needed as long as he was there.
            self.ask_spared(vid)
        self.settle(vid)

    def _nobody_left(self, tid):
        """Nobody signs at a step any more: go the way of the step for that."""
        vid = self.tasks[tid]["visit"]
        visit, node = self.visits[vid], self.node_of(vid)
        if visit["status"] != "open":
            # A step that was passed is not asked once more: its question stays open.
            visit["trouble"] = "nobody"
            node_id = visit["node"]
            self.tell("exception", node=node_id, visit=vid, code="nobody", error="")
            self.event("exception", vid, tid, code="nobody")
            return
        self.close_tasks(vid, "superseded")
        for task in self.tasks_of(vid).values():
            if task["status"] not in REPLACED:
                task["status"] = "superseded"
        if node.get("type") not in ("approval", "fill"):
            self.fail(vid, "nobody")
        elif users := self._instead(vid, node):
            self.ask(vid, users)

    def relieve_again(self, vid):
        """Look once more for who takes over at a step that was passed."""
        for tid, task in list(self.tasks_of(vid).items()):
            if task["status"] in ASKED and not self.world.able([task["user"]]):
                self._relieve(tid, {task["user"]})

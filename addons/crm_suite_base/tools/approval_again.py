"""A flow within has agreed, and then the document changed: who judged there by what got
worse is asked again, as if the flows were one.
"""

from .approval_acts import Acts

WAITS = ("open", "recheck", "exception", "waiting")


class Again(Acts):
    def reopen(self, by, parts=(), own=False):
        """Go back, in a request that has agreed, to whom the change concerns.

        Its end is held meanwhile, as everything that comes after a step that is asked
        again.

        :param parts: visits of flows within in which somebody has to judge again
        :return: whether somebody has to judge again
        """
        ends = [
            vid
            for vid, visit in self.visits.items()
            if visit["status"] == "done" and self.flow.node_type(visit["node"]) == "end"
        ]
        if self.state["status"] != "agreed" or not ends:
            return False
        end = self.visits[ends[-1]]
        self.cancel_visit(ends[-1], "reopened")
        self.state.update(status="running", finished=None)
        self.new_visit(end["node"], end["parents"], end["forks"], "held")
        for vid in parts:
            self.recheck_part(vid)
        self.reconsider(by, own)
        return not self.over and bool(self.live(*WAITS))

    def can_recheck_part(self, vid):
        """Whether what a flow within said still counts here."""
        counts = self.state["status"] == "agreed" or not self.over
        visit = self.visits.get(vid, {})
        return counts and visit.get("status") in ("done", "held")

    def recheck_part(self, vid):
        """Wait once more for a flow within."""
        visit = self.visits[vid]
        again = "recheck" if visit["status"] == "done" else "open"
        visit.update(status=again, until=None, outcome=None)
        self.mark()

"""Who is asked, or asked himself, has left: others take his place, or an administrator
sees that nobody does."""

from odoo import api, fields, models

from ..tools import approval_walk as walk
from .approval_world import lock_requests

ASKED = ("open", "waiting")


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        leaving = vals.get("active") is False and self.filtered("active")
        result = super().write(vals)
        if leaving:
            # Whoever archives a colleague need not see what he was asked.
            self.env["crm.suite.approval.request"].sudo()._queue_relief(leaving)
        return result


class ApprovalRequest(models.Model):
    _inherit = "crm.suite.approval.request"

    def _get_in_charge(self):
        """Who answers for the request: who asked, as long as he works here.

        :rtype: res.users
        """
        self.ensure_one()
        if self.submitter_id.active:
            return self.submitter_id
        people = self.env["crm.suite.approval.people"]
        return people._find_in_charge(self.submitter_id, self._get_document())

    @api.model
    def _queue_relief(self, users):
        """Let the clock look soon after what waits for people who have left."""
        tasks = self.env["crm.suite.approval.task"].search(
            [("user_id", "in", users.ids), ("state", "in", ASKED)]
        )
        stuck = self.search(
            [("submitter_id", "in", users.ids), ("state", "=", "exception")]
        )
        asked = tasks.request_id.filtered("is_running") | stuck
        if asked:
            asked.next_tick = fields.Datetime.now()
            self.env["ir.cron"]._crm_suite_wake(
                "crm_suite_base.ir_cron_approval_limits"
            )

    def _relieve(self, desk):
        """Ask others in the place of people who have left."""
        if left := desk.left(self._get_asked_ids()):
            self._advance("relieve", left, desk=desk, note=self._note_left())
        elif self.state == "exception" and not self.submitter_id.active:
            if self._get_choices():
                # What he had to choose is now for others.
                self._tell_stuck()

    def _may_take_over(self, user, heir):
        """Whether somebody may decide all that a person is asked."""
        graph = self.version_id._prepare_graph()
        return self.is_running and walk.can_hand_over(
            graph, self.position, user.id, heir.id
        )

    def _hand_over(self, user, heir):
        """Give somebody else all that a person is asked and would be asked later on."""
        lock_requests(self)
        if self._may_take_over(user, heir):
            note = {"comment": self.env._("handed over to %(user)s", user=heir.name)}
            self._advance("hand_over", user.id, heir.id, by=self.env.uid, note=note)

    def _note_left(self):
        return {
            "channel": "clock",
            "comment": self.env._("has left; others are asked in this place"),
        }

    def _get_asked_ids(self):
        """Ids of the people whose turn it is or comes later at the same step."""
        tasks = self.position.get("tasks", {}).values()
        return {task["user"] for task in tasks if task["status"] in ASKED}

"""A return as people read it: who sent a request back, why, and where it may go."""

from odoo import api, fields, models

from ..tools import approval_walk as walk

# By these a request comes back to who asked.
BACK = ("return", "reject", "rescue")


class ApprovalEvent(models.Model):
    _inherit = "crm.suite.approval.event"

    def _describe_return(self):
        """Who returned it and what he said, in one sentence.

        :rtype: str
        """
        self.ensure_one()
        if self.channel == "system":
            return self.env._("it came back: a time limit has passed")
        return self.env._(
            "%(user)s returned it: %(comment)s",
            user=self.user_id.name or "–",
            comment=self.comment or "–",
        )


class ApprovalRequest(models.Model):
    _inherit = "crm.suite.approval.request"

    def _find_returns(self):
        """By what each request came back the last time; one query for all.

        :return: the event as superuser, by the id of the request
        :rtype: dict[int, event]
        """
        # What was said about a request is for whoever may see the request.
        events = self.env["crm.suite.approval.event"].sudo()
        found = events.search(
            [("request_id", "in", self.ids), ("kind", "in", BACK)], order="id"
        )
        return {event.request_id.id: event for event in found}


class ApprovalTask(models.Model):
    """What came back says so itself: nobody has to open a window to learn why."""

    _inherit = "crm.suite.approval.task"

    came_back = fields.Char(
        string="Why It Came Back", compute="_compute_came_back", compute_sudo=False
    )
    # The step, where it says more than that it came back.
    step_text = fields.Char(
        string="Step", compute="_compute_step_text", compute_sudo=False
    )

    @api.depends("kind", "state", "request_id.event_ids")
    @api.depends_context("lang")
    def _compute_came_back(self):
        self.came_back = False
        # Tasks are read with their request's history, which their rule opens too.
        tasks = self.sudo().filtered(lambda t: t.kind == "revise" and t.state == "open")
        if not tasks:
            return
        tasks.fetch(["request_id"])
        events = tasks.request_id._find_returns()
        for task in tasks.with_env(self.env):
            event = events.get(task.sudo().request_id.id)
            task.came_back = event and event._describe_return()

    @api.depends("kind", "node_name")
    @api.depends_context("lang")
    def _compute_step_text(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for task in self:
            task.step_text = (
                False
                if task.kind == "revise"
                else f"{task.node_name or ''} · {kinds[task.kind]}"
            )

    # === WHERE IT GOES === #

    def _get_goals(self):
        """Where the flow lets one choose to which step it goes back: ids and names,
        nearest first. Called as superuser.

        :rtype: list[tuple[str, str]]
        """
        request = self.request_id
        if self.state != "open" or not request.is_running or self.kind == "revise":
            return []
        flow = request.version_id._prepare_graph()
        who = request.submitter_id.name
        return [
            (
                goal,
                self.env._("%(user)s, who asked", user=who)
                if goal == flow.start
                else flow.name(goal),
            )
            for goal in walk.return_options(flow, request.position, self.key)
        ]

    def _get_goal(self, decision, to):
        """Where a return leads, as the engine wants it: to who asked, where the flow
        lets one choose and nothing was chosen."""
        if decision != "return" or to or not self._get_goals():
            return to
        return self.request_id.version_id._prepare_graph().start

from odoo import api, models
from odoo.fields import Domain

from ..tools.approval_state import LIVE as STANDING
from .approval_request import LIVE


class ApprovalRequest(models.Model):
    """Whom a request waits for: also those who are asked in a flow within it."""

    _inherit = "crm.suite.approval.request"

    # === FLOWS WITHIN === #

    def _with_parts(self):
        """The requests and the flows within them at any depth, the outer ones first."""
        parts = self.child_ids
        return self | parts._with_parts() if parts else self

    def _with_wholes(self):
        """The requests and those of which they are a part."""
        wholes = self.parent_id
        return self | wholes._with_wholes() if wholes else self

    def _get_proposed(self):
        """The values that wait: a flow within judges those of the request around it.

        :rtype: dict
        """
        self.ensure_one()
        whole = self.parent_id
        return (
            whole._get_proposed() if whole else (self.effect or {}).get("values") or {}
        )

    @api.depends("child_ids")
    def _compute_part_count(self):
        counts = dict(
            self.sudo()._read_group(
                [("parent_id", "in", self.ids)], ["parent_id"], ["__count"]
            )
        )
        for request in self:
            request.part_count = counts.get(request._origin, 0)

    def action_open_parts(self):
        """Open the flows within the request, as far as the user may see them.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sub-flows"),
            "res_model": self._name,
            "views": [(False, "list"), (False, "form")],
            "domain": [("parent_id", "=", self.id)],
        }

    # === WHO === #

    @api.depends("task_ids.state", "child_ids.holder_ids")
    def _compute_holders(self):
        # Only who it is leaves this method.
        places = {r: r._origin.sudo()._with_parts().ids for r in self}
        ids = [id_ for found in places.values() for id_ in found]
        rows = (
            self.env["crm.suite.approval.task"]
            .sudo()
            ._read_group(
                [("request_id", "in", ids), ("state", "=", "open")],
                ["request_id"],
                ["user_id:recordset"],
            )
        )
        users = {request.id: found for request, found in rows}
        nobody = self.env["res.users"]
        for request, found in places.items():
            request.holder_ids = nobody.union(*(users.get(i, nobody) for i in found))

    def _search_holders(self, operator, value):
        held = Domain(
            "task_ids", "any", [("state", "=", "open"), ("user_id", operator, value)]
        )
        # Whole requests are found by those who are asked within them.
        parts = self.sudo().search(held & Domain("parent_id", "!=", False))
        return held | Domain("id", "in", parts._with_wholes().ids)

    def _get_tasks_of(self, user):
        """The open tasks that a person may do, in flows within too: his own and those
        of people for whom he stands in."""
        tasks = self.env["crm.suite.approval.task"]
        inbox = tasks.with_user(user)._get_inbox_domain()
        places = Domain("request_id", "in", self.sudo()._with_parts().ids)
        # Of tasks only whose they are is asked.
        return tasks.sudo().search(inbox & places, order="id")

    # === IN WORDS === #

    def _describe_waiting(self):
        """For whom it waits since when, in one sentence; empty where it does not.

        :rtype: str
        """
        if not self or self.state not in LIVE:
            return ""
        request = self.sudo()
        places = request._with_parts()
        if any(place._waits_for_choice() for place in places):
            return self.env._(
                "%(person)s has to choose who decides",
                person=request._get_in_charge().name,
            )
        if stuck := places._get_stuck_codes():
            if "nobody" in stuck:
                return self.env._("nobody was found; an administrator looks after it")
            return self.env._("stands still; an administrator looks after it")
        tasks = places.task_ids.filtered(lambda t: t.state == "open")
        if back := tasks.filtered(lambda t: t.kind == "revise").request_id[:1]:
            event = back._find_returns().get(back.id)
            # Who tries to claim a customer hears whom it waits for, not what was said.
            if event and self.sudo(False).has_access("read"):
                return event._describe_return()
        return self._describe_tasks(tasks)

    def _describe_tasks(self, tasks):
        """Who has to decide at which step since when."""
        people = tasks.user_id
        if not people:
            return self.env._("on its way")
        names = ", ".join(people[:3].mapped("name"))
        if len(people) > 3:
            names = self.env._("%(names)s and others", names=names)
        places = tasks.request_id
        nodes = places.filtered("stage").mapped("stage")
        return self.env._(
            "waiting for %(people)s (%(node)s) since %(since)s",
            people=names,
            node=", ".join(dict.fromkeys(nodes)),
            since=self._explained_moment(
                min(place.since or place.started_at for place in places)
            ),
        )

    def _get_stuck_codes(self):
        """Why steps stand still at which nobody is asked.

        :rtype: set[str]
        """
        codes = set()
        for request in self:
            for visit in (request.position or {}).get("visits", {}).values():
                if visit["status"] == "exception":
                    codes.add(visit["exception"]["code"])
                elif visit["status"] in STANDING and visit.get("trouble") == "nobody":
                    codes.add("nobody")
        return codes

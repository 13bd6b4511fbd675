from odoo import models
from odoo.exceptions import UserError

from ..tools import approval_walk as walk
from .approval_request import LIVE
from .approval_world import lock_requests
from .arguments import check_one


class ApprovalFlow(models.Model):
    """Running requests move to the version in force, after a look at what maps."""

    _inherit = "crm.suite.approval.flow"

    def preview_migration(self, choices=None):
        """What would become of the running requests under the version in force.

        :param dict choices: nodes of the version in force by nodes that have no place
        :return: ``{"count", "ok", "requests": [{"id", "name", "ok", "version",
            "mapped": [{"visit", "node", "to"}], "unmapped": [{"visit", "node",
            "code", "params", "reason"}], "notes": [{"node", "to", "changed"}]}]}``
        :rtype: dict
        """
        check_one(self)
        plans = self._plan_migration(choices)
        words = self._get_reason_words()
        rows = [
            {
                "id": request.id,
                "name": request.name,
                "version": request.version_id.number,
                "ok": plan.ok,
                "mapped": plan.mapped,
                "unmapped": [
                    {**item, "reason": words[item["code"]] % item["params"]}
                    for item in plan.unmapped
                ],
                "notes": plan.notes,
            }
            for request, plan in plans
        ]
        return {
            "count": len(rows),
            "ok": sum(row["ok"] for row in rows),
            "requests": rows,
        }

    def action_migrate(self, choices=None):
        """Move the running requests whose places are known to the version in force.

        :return: ``{"moved", "kept"}``: how many
        :rtype: dict
        """
        check_one(self)
        plans = self._plan_migration(choices, lock=True)
        moved = 0
        for request, plan in plans:
            if not plan.ok:
                continue
            request.write(
                {"version_id": self.current_version_id.id, "position": plan.state}
            )
            request.write(request._get_row(plan.state))
            request._rename_tasks()
            request._note_event(
                "rescue",
                user_id=self.env.uid,
                comment=self.env._(
                    "Goes on by version %(number)s.",
                    number=self.current_version_id.number,
                ),
            )
            moved += 1
        return {"moved": moved, "kept": len(plans) - moved}

    def _plan_migration(self, choices, lock=False):
        self.check_access("write")
        if choices is not None and not isinstance(choices, dict):
            raise UserError(self.env._("Give the choices as {old node: new node}."))
        if not self.current_version_id:
            raise UserError(self.env._("Publish the flow first."))
        # Who may change the flow decides about all that runs by it.
        asked = (
            self.env["crm.suite.approval.request"]
            .sudo()
            .search(
                [
                    ("flow_id", "=", self.id),
                    ("state", "in", LIVE),
                    ("version_id", "!=", self.current_version_id.id),
                ]
            )
        )
        if lock and asked:
            lock_requests(asked)
            asked = asked.filtered("is_running")
        graph = self.current_version_id._prepare_graph()
        return [
            (
                request,
                walk.migrate(
                    request.version_id._prepare_graph(),
                    graph,
                    request.position,
                    choices or {},
                ),
            )
            for request in asked
        ]


class ApprovalRequest(models.Model):
    _inherit = "crm.suite.approval.request"

    def _rename_tasks(self):
        """What waits for people names its step as the version in force does."""
        graph, tasks = self.version_id._prepare_graph(), self.position["tasks"]
        for task in self.task_ids.filtered(lambda t: t.state in ("open", "waiting")):
            node = tasks[task.key]["node"]
            task.write(self._get_place_values(graph, node, task.kind))

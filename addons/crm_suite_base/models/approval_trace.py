from odoo import api, fields, models

from ..tools.approval_trace import trace
from .approval_world import Desk


class ApprovalRequest(models.Model):
    """Where a request is, as data and in words."""

    _inherit = "crm.suite.approval.request"

    def _make_trace(self):
        """See :meth:`trace`; rights were checked by the caller."""
        desk = Desk(self.env)
        graph = self.version_id.graph
        calendar = (self.company_id or self.env.company).resource_calendar_id
        start = self.started_at
        times = self.env["crm.suite.working.time"]._of_calendars(
            calendar, start, desk.now
        )
        time = times.get(calendar.id)

        def measure(since, until):
            if time is None:
                return (until - since).total_seconds() / 3600
            return time.measure(since, until) / 3600

        overlay = trace(
            self.version_id._prepare_graph(),
            self.position,
            desk.now,
            measure=measure,
            events=self._read_events(),
            parts=self._read_parts(),
        )
        return {
            "request": {
                "id": self.id,
                "name": self.name,
                "state": self.state,
                "flow": self.flow_id.name,
                "version": self.version_id.number,
                "submitter": self.submitter_id.name,
                "started": fields.Datetime.to_string(self.started_at),
                "finished": fields.Datetime.to_string(self.finished_at) or False,
                "waiting": self._describe_waiting(),
            },
            "graph": graph,
            **self._name_people(overlay),
        }

    def _read_parts(self):
        """The states of the flows within, by the visit that began them.

        :rtype: dict[str, list[dict]]
        """
        found = {}
        for part in self.child_ids.sorted("id"):
            states = part._with_parts().mapped("position")
            found.setdefault(part.parent_visit, []).extend(states)
        return found

    def _name_people(self, overlay):
        """Put names to the ids of people; nothing empty is left as None."""
        users = set()
        for node in overlay["nodes"].values():
            users.update(node.get("who") or ())
            users.update(task.get("user") or 0 for task in node.get("tasks") or ())
        people = self.env["res.users"].browse(users - {0}).exists()
        names = {user.id: user.name for user in people}

        def person(user_id):
            return {"id": user_id, "name": names.get(user_id, "–")}

        for node in overlay["nodes"].values():
            node["who"] = [person(user_id) for user_id in node.get("who") or ()]
            for task in node.get("tasks") or ():
                task["who"] = person(task.get("user") or 0)
            for key, value in node.items():
                if value is None:
                    node[key] = False
        return overlay

    def _read_events(self):
        """The history, oldest first.

        :rtype: list[dict]
        """
        kinds = dict(
            self.env["crm.suite.approval.event"]
            ._fields["kind"]
            ._description_selection(self.env)
        )
        return [
            {
                "kind": event.kind,
                "label": kinds[event.kind],
                "node": event.node or False,
                "node_name": event.node_name or "",
                "who": event.user_id.name or "",
                "for": event.principal_id.name or "",
                "at": fields.Datetime.to_string(event.at),
                "comment": event.remark or "",
                "channel": event.channel or "",
            }
            for event in self.event_ids
        ]

    # === WHY === #

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"waiting"}

    def _explain_waiting(self):
        """Why it waits for whom it waits, or how it ended."""
        request = self.sudo()
        states = dict(self._fields["state"]._description_selection(self.env))
        steps = [
            {
                "text": " · ".join(
                    part
                    for part in (
                        row["label"],
                        row["node_name"],
                        row["who"],
                        row["comment"],
                    )
                    if part
                ),
                "met": True if row["kind"] in ("agree", "finish", "effect") else None,
            }
            for row in request._read_events()
        ]
        figures = (request.figures_text or "").splitlines()
        return {
            "title": self.env._("Approval"),
            "sentence": request._describe_waiting() or states[request.state],
            "result": {"name": "state", "value": request.state},
            "rule": request.flow_id,
            "version": request.version_id.number,
            "inputs": [
                {
                    "name": "",
                    "label": line.partition(": ")[0],
                    "value": line.partition(": ")[2],
                }
                for line in figures
            ],
            "steps": steps,
            "at": request.finished_at or request.since or request.started_at,
        }


class ApprovalFlow(models.Model):
    """Why documents start a flow."""

    _name = "crm.suite.approval.flow"
    _inherit = ["crm.suite.approval.flow", "crm.suite.explain.mixin"]

    version = fields.Integer(
        related="current_version_id.number", string="Number of the Version"
    )

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"flow"}

    def _explain_flow(self):
        starts = dict(self._fields["start"]._description_selection(self.env))
        return {
            "title": self.env._("Approval Flow"),
            "sentence": self.env._(
                "%(documents)s: %(start)s. The first published flow that fits counts.",
                documents=dict(self._selection_res_model()).get(self.res_model, ""),
                start=starts[self.start],
            ),
            "result": {"name": "state", "value": self.state},
            "rule": self,
            "version": self.version,
            "inputs": [{"name": "start_domain", "value": self.start_domain or ""}],
            "steps": [
                {"text": node.get("name") or node["id"], "met": None}
                for node in (self.graph or {}).get("nodes", ())
                if node.get("type") in ("approval", "fill", "copy")
            ],
            "at": self.current_version_id.published_at,
        }

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.labelled import labelled


class ApprovalReplay(models.TransientModel):
    """What a draft would have done with the documents of the last days."""

    _name = "crm.suite.approval.replay"
    _description = "Replay of a Flow"

    flow_id = fields.Many2one(
        "crm.suite.approval.flow", required=True, readonly=True, ondelete="cascade"
    )
    days = fields.Integer(string="Days Back", default=90, required=True)
    is_done = fields.Boolean(readonly=True)
    documents = fields.Integer(string="Documents Looked At", readonly=True)
    matched = fields.Integer(string="Would Have Started It", readonly=True)
    asked = fields.Integer(string="Questions to People", readonly=True)
    people_text = fields.Text(string="Who Would Have Been Asked", readonly=True)
    nodes_text = fields.Text(string="By Node", readonly=True)
    nobody_text = fields.Text(string="Nobody Found", readonly=True)
    unknown_text = fields.Text(string="What It Cannot Know", readonly=True)
    # {"graph", "nodes": {id: {"count", "asked", "auto", "nobody", "open"}}, "walked":
    # [edge ids]}, for the drawing.
    result = fields.Json(string="In the Flow", readonly=True)
    rows_text = fields.Text(string="Documents", readonly=True)

    def action_replay(self):
        """Walk the draft over the documents and show what came of it.

        :rtype: dict
        """
        self.ensure_one()
        if not 1 <= self.days <= 3650:
            raise UserError(self.env._("Choose 1 to 3650 days."))
        flow = self.flow_id
        result = flow.simulate(flow._get_replay_domain(self.days))
        self.write(
            {
                "is_done": True,
                "documents": result["documents"],
                "matched": result["matched"],
                "asked": result["asked"],
                "unknown_text": "\n".join(result["unknown"]),
                "people_text": "\n".join(
                    labelled(self.env, row["name"], row["count"])
                    for row in result["people"]
                ),
                "nodes_text": self._describe_nodes(result["nodes"]),
                "result": {
                    "graph": flow.graph,
                    "nodes": {
                        row["id"]: self._get_overlay(row) for row in result["nodes"]
                    },
                    "walked": result["walked"],
                },
                "nobody_text": "\n".join(
                    labelled(self.env, row["name"], ", ".join(row["nodes"]))
                    for row in result["nobody"]
                ),
                "rows_text": "\n".join(
                    labelled(self.env, row["name"], row["who"] or "–")
                    for row in result["rows"]
                ),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Replay"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _describe_nodes(self, nodes):
        """A line for each node at which somebody is asked.

        :rtype: str
        """
        lines = []
        for row in nodes:
            if row["type"] not in ("approval", "fill", "subflow"):
                continue
            line = self.env._(
                "%(node)s: %(asked)s asked, %(auto)s by itself, %(nobody)s without anybody",
                node=row["name"],
                asked=row["asked"],
                auto=row["auto"],
                nobody=row["nobody"],
            )
            if row["open"]:
                line = self.env._(
                    "%(line)s, %(count)s chosen by the submitter",
                    line=line,
                    count=row["open"],
                )
            lines.append(line)
        return "\n".join(lines)

    @api.model
    def _get_overlay(self, row):
        """What the card of a node in the drawing says.

        :rtype: dict
        """
        names = ("asked", "auto", "nobody", "open")
        return {"count": row["documents"], **{name: row[name] for name in names}}

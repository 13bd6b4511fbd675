from odoo import fields, models
from odoo.exceptions import UserError


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
    # {"graph": …, "nodes": {id: {"count", "nobody"}}}, for the drawing.
    result = fields.Json(string="In the Flow", readonly=True)
    rows_text = fields.Text(string="Documents", readonly=True)

    def action_replay(self):
        """Walk the draft over the documents and show what came of it.

        :rtype: dict
        """
        self.ensure_one()
        if not 1 <= self.days <= 3650:
            raise UserError(self.env._("Choose 1 to 3650 days."))
        since = fields.Datetime.subtract(fields.Datetime.now(), days=self.days)
        result = self.flow_id.simulate([("create_date", ">=", since)])
        self.write(
            {
                "is_done": True,
                "documents": result["documents"],
                "matched": result["matched"],
                "asked": result["asked"],
                "people_text": "\n".join(
                    f"{row['name']}: {row['count']}" for row in result["people"]
                ),
                "nodes_text": "\n".join(
                    self.env._(
                        "%(node)s: %(asked)s asked, %(auto)s by itself, %(nobody)s without anybody",
                        node=row["name"],
                        asked=row["asked"],
                        auto=row["auto"],
                        nobody=row["nobody"],
                    )
                    for row in result["nodes"]
                ),
                "result": {
                    "graph": self.flow_id.graph,
                    "nodes": {
                        row["id"]: {
                            "count": row["asked"] + row["auto"],
                            "nobody": row["nobody"],
                        }
                        for row in result["nodes"]
                    },
                },
                "nobody_text": "\n".join(
                    f"{row['name']}: {', '.join(row['nodes'])}"
                    for row in result["nobody"]
                ),
                "rows_text": "\n".join(
                    f"{row['name']}: {row['who'] or '–'}" for row in result["rows"]
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

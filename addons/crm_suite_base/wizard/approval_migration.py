from odoo import Command, api, fields, models

from ..tools.approval_graph import Flow
from ..tools.labelled import labelled


class ApprovalMigration(models.TransientModel):
    """Running requests move to the version in force, after a look at what maps."""

    _name = "crm.suite.approval.migration"
    _description = "Moving Running Requests"

    flow_id = fields.Many2one(
        "crm.suite.approval.flow", required=True, readonly=True, ondelete="cascade"
    )
    line_ids = fields.One2many("crm.suite.approval.migration.line", "migration_id")
    to_choices = fields.Json(compute="_compute_to_choices")
    count = fields.Integer(string="Under Older Versions", readonly=True)
    ok = fields.Integer(string="Can Move", readonly=True)
    kept_text = fields.Text(string="Stay Where They Are", readonly=True)
    notes_text = fields.Text(string="Changed Since People Were Asked", readonly=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        flow = self.env["crm.suite.approval.flow"].browse(values.get("flow_id") or ())
        if flow:
            preview = flow.preview_migration()
            values.update(self._describe(flow, preview))
            values["line_ids"] = [
                Command.create(line) for line in self._get_lines(flow, preview)
            ]
        return values

    @api.depends("flow_id")
    def _compute_to_choices(self):
        """The steps of the version in force at which a request can stand."""
        for window in self:
            # The steps of a flow are no secret to who may change it.
            version = window.flow_id.sudo().current_version_id
            graph = version._prepare_graph() if version else Flow({})
            window.to_choices = [
                (key, graph.name(key))
                for key in graph.nodes
                if graph.node_type(key) not in ("start", "end")
            ]

    @api.model
    def _describe(self, flow, preview):
        # Names of steps, for who may change the flow.
        graph = flow.sudo().current_version_id._prepare_graph()
        kept, notes = [], {}
        for row in preview["requests"]:
            if row["unmapped"]:
                reasons = "; ".join(item["reason"] for item in row["unmapped"])
                kept.append(labelled(self.env, row["name"], reasons))
            for note in row["notes"]:
                notes[note["to"]] = graph.name(note["to"])
        return {
            "count": preview["count"],
            "ok": preview["ok"],
            "kept_text": "\n".join(kept),
            "notes_text": ", ".join(notes.values()),
        }

    @api.model
    def _get_lines(self, flow, preview):
        """A line for each step that has no place, with how many stand there."""
        counts, names = {}, {}
        for row in preview["requests"]:
            for item in row["unmapped"]:
                counts[item["node"]] = counts.get(item["node"], 0) + 1
                names[item["node"]] = item["params"]["node"]
        return [
            {"node": node, "name": names[node], "count": count}
            for node, count in counts.items()
        ]

    def _get_choices(self):
        return {line.node: line.to for line in self.line_ids if line.to}

    def action_preview(self):
        """Look again, with the steps that were chosen.

        :rtype: dict
        """
        self.ensure_one()
        preview = self.flow_id.preview_migration(self._get_choices())
        self.write(self._describe(self.flow_id, preview))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Move Running Requests"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_migrate(self):
        """Move the requests whose places are known.

        :rtype: dict
        """
        self.ensure_one()
        result = self.flow_id.action_migrate(self._get_choices())
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if result["moved"] else "warning",
                "message": self.env._(
                    "%(moved)s moved, %(kept)s stay under their version.", **result
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


class ApprovalMigrationLine(models.TransientModel):
    _name = "crm.suite.approval.migration.line"
    _description = "Place of One Step"

    migration_id = fields.Many2one(
        "crm.suite.approval.migration", required=True, index=True, ondelete="cascade"
    )
    node = fields.Char(required=True)
    name = fields.Char(string="Step of the Older Version")
    count = fields.Integer(string="Requests")
    to = fields.Char(string="Becomes")
    to_choices = fields.Json(related="migration_id.to_choices")

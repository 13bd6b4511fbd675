from odoo import api, fields, models

from ..tools.approval_graph import Flow

ACTS = [
    ("put", "Ask other people"),
    ("move", "Take it to another step"),
    ("retry", "Look for people again"),
    ("end", "End it"),
]


class ApprovalRescue(models.TransientModel):
    """An administrator helps a request that does not get on by itself."""

    _name = "crm.suite.approval.rescue"
    _description = "Help for a Request"

    request_id = fields.Many2one(
        "crm.suite.approval.request", required=True, readonly=True, ondelete="cascade"
    )
    act = fields.Selection(ACTS, string="What", required=True, default="put")
    visit = fields.Char(string="Where It Stands")
    visit_choices = fields.Json(compute="_compute_choices")
    to = fields.Char(string="To the Step")
    to_choices = fields.Json(compute="_compute_choices")
    user_ids = fields.Many2many(
        "res.users", string="Whom", domain=[("share", "=", False)]
    )
    result = fields.Selection(
        [("agreed", "Agreed"), ("rejected", "Rejected")], default="rejected"
    )
    reason = fields.Text(required=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        request = self.env["crm.suite.approval.request"].browse(
            values.get("request_id") or ()
        )
        if request and "visit" in fields:
            values["visit"] = request._get_stuck_visit()
        return values

    @api.depends("request_id")
    def _compute_choices(self):
        for window in self:
            request = window.request_id
            window.visit_choices = request._get_places() if request else []
            graph = request.version_id._prepare_graph() if request else Flow({})
            window.to_choices = [
                (key, graph.name(key))
                for key in graph.nodes
                if graph.node_type(key) != "start"
            ]

    def action_apply(self):
        """Do what was chosen.

        :rtype: dict
        """
        self.ensure_one()
        self.request_id.action_rescue(
            self.act,
            self.reason,
            visit=self.visit if self.act != "end" else False,
            to=self.to if self.act == "move" else False,
            user_ids=self.user_ids.ids if self.act == "put" else (),
            result=self.result,
        )
        return {"type": "ir.actions.client", "tag": "soft_reload"}

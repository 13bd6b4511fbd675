from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..tools.approval_graph import Flow


class ApprovalChoose(models.TransientModel):
    """The submitter chooses who decides."""

    _name = "crm.suite.approval.choose"
    _description = "Choice of People"

    request_id = fields.Many2one(
        "crm.suite.approval.request", required=True, readonly=True, ondelete="cascade"
    )
    line_ids = fields.One2many("crm.suite.approval.choose.line", "choose_id")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        request = self.env["crm.suite.approval.request"].browse(
            values.get("request_id") or ()
        )
        if request and "line_ids" in fields:
            values["line_ids"] = [
                Command.create({"node": row["id"], "name": row["name"]})
                for row in request.get_choices()
            ]
        return values

    def action_choose(self):
        """Ask the chosen people.

        :rtype: dict
        """
        self.ensure_one()
        chosen = {
            line.node: line.user_ids.ids for line in self.line_ids if line.user_ids
        }
        if not chosen:
            raise UserError(self.env._("Choose whom."))
        self.request_id.action_choose(chosen)
        return {"type": "ir.actions.client", "tag": "soft_reload"}


class ApprovalChooseLine(models.TransientModel):
    _name = "crm.suite.approval.choose.line"
    _description = "People for One Step"

    choose_id = fields.Many2one(
        "crm.suite.approval.choose", required=True, index=True, ondelete="cascade"
    )
    node = fields.Char(required=True)
    name = fields.Char(string="Step")
    # Of an approval who asked: about what is his own he does not decide.
    left_out_id = fields.Many2one(
        "res.users", string="Asked By", compute="_compute_left_out_id"
    )
    user_ids = fields.Many2many(
        "res.users",
        string="Who Decides",
        domain="[('share', '=', False), ('id', '!=', left_out_id)]",
    )

    @api.depends("node", "choose_id.request_id")
    def _compute_left_out_id(self):
        for line in self:
            # The kind of a step is no secret to who may read the request.
            request = line.choose_id.request_id.sudo()
            graph = request.version_id._prepare_graph() if request else Flow({})
            decides = graph.node_type(line.node) == "approval"
            line.left_out_id = decides and request.submitter_id

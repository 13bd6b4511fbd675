from odoo import Command, api, fields, models
from odoo.exceptions import UserError


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
    user_ids = fields.Many2many(
        "res.users", string="Who Decides", domain=[("share", "=", False)]
    )

from odoo import fields, models


class ApprovalComment(models.TransientModel):
    """Say something about a request without deciding."""

    _name = "crm.suite.approval.comment"
    _description = "Comment on a Request"

    request_id = fields.Many2one(
        "crm.suite.approval.request", required=True, readonly=True, ondelete="cascade"
    )
    comment = fields.Text(required=True)

    def action_comment(self):
        """Put it into the history and tell those who take part.

        :rtype: dict
        """
        self.ensure_one()
        self.request_id.action_comment(self.comment)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

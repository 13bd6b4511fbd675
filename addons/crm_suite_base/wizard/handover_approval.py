from odoo import api, fields, models

from ..models.approval_request import ADMIN

TASK = "crm.suite.approval.task"


class Handover(models.TransientModel):
    """The approvals that wait for who leaves; as every move of a request, they are for
    administrators of the suite."""

    _inherit = "crm.suite.handover"

    with_approvals = fields.Boolean(
        string="Approvals That Wait",
        default=True,
        help="Also what the same requests would ask later on. Undo does not bring them back.",
    )

    @api.depends("with_approvals")
    def _compute_preview(self):
        return super()._compute_preview()

    def _get_columns(self):
        columns = super()._get_columns()
        if self._hands_approvals():
            columns[TASK] = self.env._("Approvals")
        return columns

    def _hands_approvals(self):
        return self.with_approvals and self.env.user.has_group(ADMIN)

    def _make_plan(self):
        return {**super()._make_plan(), TASK: self._by_owner(self._share_approvals())}

    def _share_approvals(self):
        """Requests in turn to those of the recipients who may decide about them."""
        shared = {}
        by_request = self._find_approvals().grouped("request_id")
        for number, (request, tasks) in enumerate(by_request.items()):
            heirs = self._find_heirs(request, tasks)
            if heirs:
                heir = heirs[number % len(heirs)]
                shared.update(dict.fromkeys(tasks, heir))
        return shared

    def _find_approvals(self):
        """As superuser: an administrator of the suite moves any request."""
        tasks = self.env[TASK].sudo()
        if not self._hands_approvals():
            return tasks
        return tasks.search(
            [("user_id", "=", self.user_id.id), ("state", "in", ("open", "waiting"))],
            order="request_id, id",
        )

    def _find_heirs(self, request, tasks):
        """Those of the recipients whom the engine lets take over, and who can revise
        the document where that is asked."""
        recipients = self.recipient_ids._origin
        if not recipients:
            return self._get_recipients()
        people = self.env["crm.suite.approval.people"].sudo()
        document = request._get_document()
        able = people._able(recipients.sudo(), document)
        revises = "revise" in tasks.mapped("kind")
        return [
            user
            for user in recipients
            if user in able
            and request._may_take_over(self.user_id, user)
            and (not revises or document.with_user(user).has_access("write"))
        ]

    def _hand_over(self, plan):
        result = super()._hand_over(plan)
        for user, tasks in plan[TASK].items():
            for request in tasks.request_id:
                request._hand_over(self.user_id, user)
        return result

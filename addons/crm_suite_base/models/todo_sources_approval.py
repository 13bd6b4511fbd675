from odoo import api, models
from odoo.fields import Domain


class Todo(models.Model):
    """Approvals: what waits for a decision, what came back, what is stuck."""

    _inherit = "crm.suite.todo"

    @api.model
    def _todo_sources(self):
        sources = [*super()._todo_sources(), self._todo_source_approvals()]
        sources.append(self._todo_source_revise())
        if self.env.user.has_group("crm_suite_base.group_crm_suite_admin"):
            sources.append(self._todo_source_stuck())
        return sources

    def _todo_source_approvals(self):
        tasks = self.env["crm.suite.approval.task"]
        return {
            "key": "approvals",
            "label": self.env._("To approve"),
            "icon": "fa-check-square-o",
            "sequence": 10,
            "model": tasks._name,
            "domain": tasks._get_inbox_domain() & self._todo_approval_kind(True),
            "order": "due_at, id",
            "title": "name",
            "subtitle": ["about", "node_name", "submitter_id", "stands_for"],
            "deadline": "due_at",
            "empty": self.env._("Nothing waits for your decision."),
            "actions": [
                {
                    "method": "action_agree",
                    "label": self.env._("Agree"),
                    "primary": True,
                },
                {
                    "method": "action_return",
                    "label": self.env._("Return"),
                    "reason": True,
                    "hint": self.env._(
                        "Where the flow lets you choose the step, it goes back to who asked; to choose, open the line."
                    ),
                },
                {
                    "method": "action_reject",
                    "label": self.env._("Reject"),
                    "reason": True,
                },
            ],
        }

    def _todo_approval_kind(self, decide):
        return Domain("kind", "=" if decide else "!=", "approve")

    def _todo_source_revise(self):
        tasks = self.env["crm.suite.approval.task"]
        return {
            "key": "approval_revise",
            "label": self.env._("Came back or to fill in"),
            "icon": "fa-reply",
            "sequence": 12,
            "model": tasks._name,
            "domain": tasks._get_inbox_domain() & self._todo_approval_kind(False),
            "order": "due_at, id",
            "title": "name",
            "subtitle": ["about", "came_back", "step_text"],
            "deadline": "due_at",
            "open": ("res_model", "res_id"),
            "empty": self.env._("Nothing came back to you."),
            "actions": [
                {
                    "method": "action_agree",
                    "label": self.env._("Done, Ask Again"),
                    "primary": True,
                },
            ],
        }

    def _todo_source_stuck(self):
        return {
            "key": "approval_stuck",
            "label": self.env._("Stuck approvals"),
            "icon": "fa-exclamation-triangle",
            "sequence": 28,
            "model": "crm.suite.approval.request",
            "domain": Domain("state", "=", "exception"),
            "order": "id",
            "title": "display_name",
            "subtitle": ["stage", "submitter_id"],
            "deadline": False,
            "empty": self.env._("No approval is stuck."),
            "actions": [
                {
                    "method": "action_retry",
                    "label": self.env._("Try Again"),
                    "primary": True,
                },
            ],
        }

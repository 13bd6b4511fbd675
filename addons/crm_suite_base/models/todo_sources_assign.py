from odoo import api, fields, models
from odoo.fields import Domain


class Todo(models.Model):
    """Assignments to accept, records without an owner, absences to decide about."""

    _inherit = "crm.suite.todo"

    @api.model
    def _todo_sources(self):
        sources = [*super()._todo_sources(), self._todo_source_accept()]
        absences = self.env["crm.suite.absence"]
        if absences._is_approver():
            sources += [self._todo_source_absences(), self._todo_source_unowned()]
        return sources

    def _todo_source_accept(self):
        return {
            "key": "assignments",
            "label": self.env._("Assigned to you"),
            "icon": "fa-inbox",
            "sequence": 15,
            "model": "crm.suite.assignment.log",
            "domain": Domain("to_user_id", "=", self.env.uid)
            & Domain("state", "=", "pending"),
            "order": "accept_until, id",
            "title": "res_name",
            "subtitle": ["reason"],
            "deadline": "accept_until",
            "open": ("res_model", "res_id"),
            "empty": self.env._("Nothing waits to be accepted."),
            "actions": [
                {
                    "method": "action_accept",
                    "label": self.env._("Accept"),
                    "primary": True,
                },
                {
                    "method": "action_decline",
                    "label": self.env._("Decline"),
                    "reason": True,
                },
            ],
        }

    def _todo_source_absences(self):
        return {
            "key": "absences",
            "label": self.env._("Absences to approve"),
            "icon": "fa-plane",
            "sequence": 25,
            "model": "crm.suite.absence",
            "domain": Domain("state", "=", "approval")
            & Domain("user_id", "!=", self.env.uid)
            & Domain("date_to", ">", fields.Datetime.now()),
            "order": "date_from, id",
            "title": "display_name",
            "subtitle": ["date_from", "date_to", "cover_id"],
            "deadline": "date_from",
            "empty": self.env._("Nobody asks for leave."),
            "actions": [
                {
                    "method": "action_approve",
                    "label": self.env._("Approve"),
                    "primary": True,
                },
                {
                    "method": "action_refuse",
                    "label": self.env._("Refuse"),
                    "reason": True,
                },
            ],
        }

    def _todo_source_unowned(self):
        return {
            "key": "unowned",
            "label": self.env._("Nobody found"),
            "icon": "fa-user-times",
            "sequence": 30,
            "model": "crm.suite.assignment.log",
            "domain": Domain("state", "in", ("nobody", "overdue")),
            "order": "date, id",
            "title": "res_name",
            "subtitle": ["policy_id", "reason"],
            "deadline": False,
            "open": ("res_model", "res_id"),
            "empty": self.env._("Every record has found its owner."),
            "actions": [
                {
                    "method": "action_assign_again",
                    "label": self.env._("Try Again"),
                    "primary": True,
                },
            ],
        }

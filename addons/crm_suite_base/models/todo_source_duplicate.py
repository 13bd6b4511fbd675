from odoo import api, models


class TodoSourceDuplicate(models.Model):
    """Duplicates wait for those who decide about them."""

    _inherit = "crm.suite.todo"

    @api.model
    def _todo_sources(self):
        sources = super()._todo_sources()
        if self.env["crm.suite.duplicate.pair"]._may_decide():
            sources.append(self._todo_source_duplicates())
        return sources

    def _todo_source_duplicates(self):
        return {
            "key": "duplicates",
            "label": self.env._("Duplicates"),
            "icon": "fa-clone",
            "sequence": 70,
            "model": "crm.suite.duplicate.pair",
            "domain": [("state", "=", "new")],
            "order": "score desc, id",
            "title": "display_name",
            "subtitle": ["score", "reasons_text"],
            "deadline": False,
            "empty": self.env._("No duplicates to decide"),
            "actions": [
                {
                    "method": "action_not_duplicate",
                    "label": self.env._("Not a Duplicate"),
                    "reason": False,
                },
            ],
        }

from odoo import models


class OperationLifecycle(models.Model):
    _inherit = "crm.suite.operation"

    def _finish_undo(self, plan):
        """The steps that an operation made go with it.

        Undo writes stages back as they were, past the ORM: the steps of who is back
        where it was go, and what still does not fit becomes a step of its own.
        """
        result = super()._finish_undo(plan)
        steps = self.env["crm.suite.lifecycle.transition"].sudo()
        touched = steps._forget(self.undo_of_id._get_unit())
        restored = plan.updates.get("res.partner", [])
        if touched or restored:
            noted = steps._reconcile({*touched, *restored}, source="undo")
            steps._date_stages(noted)
        return result

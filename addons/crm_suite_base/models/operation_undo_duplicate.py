from odoo import api, models

KEYS = {"crm_suite_keys", "crm_suite_blocks"}
PAIR = "crm.suite.duplicate.pair"


class OperationDuplicate(models.Model):
    """The keys of duplicates follow the values from which they come, the groups of pairs
    what is still open.

    They are no edit of anybody, so they are not journalled; undo, which writes past the
    ORM, makes them anew.
    """

    _inherit = "crm.suite.operation"

    @api.model
    def _journal_volatile_fields(self, model_name):
        fields = super()._journal_volatile_fields(model_name)
        if model_name == PAIR:
            return fields | {"group_id"}
        model = self.env[model_name]
        return fields | KEYS if KEYS <= model._fields.keys() else fields

    def _finish_undo(self, plan):
        result = super()._finish_undo(plan)
        for part in (plan.inserts, plan.updates):
            for model_name, ids in part.items():
                # Users have the fields of their partner, but are not compared.
                if ids and hasattr(self.env[model_name], "_duplicate_fill"):
                    self.env[model_name]._duplicate_fill(ids)
        pairs = [*plan.inserts.get(PAIR, ()), *plan.updates.get(PAIR, ())]
        self.env[PAIR].browse(pairs).exists()._regroup()
        return result

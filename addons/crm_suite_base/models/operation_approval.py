from odoo import api, models
from odoo.exceptions import UserError

from .approval_mixin import REQUEST, passing

POINTER = "crm_suite_approval_id"


class Operation(models.Model):
    """Approvals are history: no undo takes back who was asked and what was decided.

    An undo asks nobody anew, for what it brings back was in force before. Whoever is
    asked about a document at the moment hears of it as of an edit.
    """

    _inherit = "crm.suite.operation"

    @api.model
    def _journal_volatile_fields(self, model_name):
        fields = super()._journal_volatile_fields(model_name)
        known = POINTER in self.env[model_name]._fields
        return fields | {POINTER} if known else fields

    def _finish_undo(self, plan):
        """Requests that a merge moved have gone back: the documents name them again."""
        result = super()._finish_undo(plan)
        for part in (plan.inserts, plan.updates):
            for model_name, ids in part.items():
                model = self.env[model_name].sudo()
                if hasattr(model, "_approval_point"):
                    model.browse(ids).exists()._approval_point()
        return result


class ApprovalMixin(models.AbstractModel):
    _inherit = "crm.suite.approval.mixin"

    def _approval_documents(self):
        """The documents to which records belong: themselves."""
        return self

    def _approval_point(self):
        """Let documents name the request that counts: what runs, what was agreed to and
        not done yet, or else the latest."""
        if not self.env["crm.suite.approval.flow"]._is_used(self._name):
            return
        rows = self.env[REQUEST].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("parent_id", "=", False),
            ]
        )
        # The last in the order is the one that stays.
        rows = rows.sorted(lambda r: (r.is_running, r._is_open(), r.id))
        latest = {request.res_id: request.id for request in rows}
        with passing(self.env):
            for document in self:
                request_id = latest.get(document.id, False)
                if document[POINTER].id != request_id:
                    document[POINTER] = request_id

    def _approval_check_restored(self, values):
        """Nothing brings about past the people what is put to them just now.

        :param dict values: former values by the id of the document
        :raise UserError: names the document and for whom it waits
        """
        for document in self:
            if not document._approval_is_pending():
                continue
            reached = document._approval_reached(values[document.id])
            for method, records in reached.items():
                asked = self.env[REQUEST].sudo()
                found = asked._find_standing(records, f"method:{method}")
                request = found.get(document.id)
                if request and request.is_running:
                    raise UserError(self._approval_refusal(document, request, method))


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _approval_documents(self):
        return self.order_id

"""What PostgreSQL would see to if large tables had foreign keys, see
``tools.loose_many2one``."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


def _remove_rows(model, field_name, ids):
    """Remove the rows that belong to records that are deleted."""
    model.env.cr.execute(
        SQL(
            "DELETE FROM %s WHERE %s = ANY(%s)",
            SQL.identifier(model._table),
            SQL.identifier(field_name),
            list(ids),
        )
    )
    model.invalidate_model(flush=False)


def _refuse_used(records, *fields):
    """Refuse to delete records that rows refer to.

    :param fields: pairs of model and field
    :raise UserError: says how many rows there are
    """
    for model_name, field_name in fields:
        # Whoever may delete a company may know that it is in use.
        model = records.env[model_name].sudo().with_context(active_test=False)
        count = model.search_count([(field_name, "in", records.ids)])
        if count:
            raise UserError(
                records.env._(
                    "%(count)s records of “%(model)s” refer to “%(name)s”. Delete them first.",
                    count=count,
                    model=records.env["ir.model"]._get(model_name).name,
                    name=records[:1].display_name,
                )
            )


class Company(models.Model):
    _inherit = "res.company"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_crm_suite_used(self):
        _refuse_used(
            self, ("crm.suite.purchase", "company_id"), ("crm.suite.call", "company_id")
        )


class Currency(models.Model):
    _inherit = "res.currency"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_crm_suite_used(self):
        _refuse_used(self, ("crm.suite.purchase", "currency_id"))


class ImportBatch(models.Model):
    _inherit = "crm.suite.import.batch"

    def unlink(self):
        ids = self.ids
        result = super().unlink()
        _remove_rows(self.env["crm.suite.import.row"], "batch_id", ids)
        return result


class Operation(models.Model):
    _inherit = "crm.suite.operation"

    def unlink(self):
        # The database deletes those that are nested.
        ids = self._get_unit().ids
        result = super().unlink()
        _remove_rows(self.env["crm.suite.operation.change"], "operation_id", ids)
        return result

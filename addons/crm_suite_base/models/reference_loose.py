"""What PostgreSQL would see to if large tables had foreign keys, see
``tools.loose_many2one``."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


def remove_rows(model, field_name, ids):
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


def _clear_rows(model, field_name, ids):
    """Empty the references to records that are deleted."""
    if not ids:
        return
    model.flush_model([field_name])
    column = SQL.identifier(field_name)
    model.env.cr.execute(
        SQL(
            "UPDATE %s SET %s = NULL WHERE %s = ANY(%s)",
            SQL.identifier(model._table),
            column,
            column,
            list(ids),
        )
    )
    model.invalidate_model([field_name], flush=False)


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
        remove_rows(self.env["crm.suite.customer.metric"], "company_id", self.ids)


class Currency(models.Model):
    _inherit = "res.currency"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_crm_suite_used(self):
        _refuse_used(
            self,
            ("crm.suite.purchase", "currency_id"),
            ("crm.suite.customer.metric", "currency_id"),
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.ondelete(at_uninstall=False)
    def _unlink_crm_suite_rows(self):
        """Figures go with their customer; see ``segment_transfer.py`` for segments."""
        remove_rows(self.env["crm.suite.customer.metric"], "partner_id", self.ids)


class LifecycleStage(models.Model):
    _inherit = "crm.suite.lifecycle.stage"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_history(self):
        history = "crm.suite.lifecycle.transition"
        _refuse_used(self, (history, "from_id"), (history, "to_id"))


class GradeRule(models.Model):
    _inherit = "crm.suite.grade.rule"

    @api.ondelete(at_uninstall=False)
    def _unlink_crm_suite_references(self):
        _clear_rows(self.env["res.partner"], "crm_suite_grade_rule_id", self.ids)


class LifecycleRule(models.Model):
    _inherit = "crm.suite.lifecycle.rule"

    @api.ondelete(at_uninstall=False)
    def _unlink_crm_suite_references(self):
        partners = self.env["res.partner"]
        _clear_rows(partners, "crm_suite_lifecycle_rule_id", self.ids)
        _clear_rows(self.env["crm.suite.lifecycle.transition"], "rule_id", self.ids)


class ProductTemplate(models.Model):
    _inherit = "product.template"

    @api.ondelete(at_uninstall=False)
    def _unlink_crm_suite_preferred(self):
        # The database deletes the variants that go with them.
        templates = self.with_context(active_test=False).sudo()
        _clear_rows(
            self.env["crm.suite.customer.metric"],
            "preferred_product_id",
            templates.product_variant_ids.ids,
        )


class ProductProduct(models.Model):
    _inherit = "product.product"

    @api.ondelete(at_uninstall=False)
    def _unlink_crm_suite_preferred(self):
        _clear_rows(
            self.env["crm.suite.customer.metric"], "preferred_product_id", self.ids
        )


class ProductCategory(models.Model):
    _inherit = "product.category"

    @api.ondelete(at_uninstall=False)
    def _unlink_crm_suite_preferred(self):
        # The database deletes those below them.
        below = self.sudo().search([("id", "child_of", self.ids)])
        _clear_rows(
            self.env["crm.suite.customer.metric"], "preferred_category_id", below.ids
        )


class ImportBatch(models.Model):
    _inherit = "crm.suite.import.batch"

    def unlink(self):
        ids = self.ids
        result = super().unlink()
        remove_rows(self.env["crm.suite.import.row"], "batch_id", ids)
        return result


class Operation(models.Model):
    _inherit = "crm.suite.operation"

    def unlink(self):
        # The database deletes those that are nested.
        ids = self._get_unit().ids
        result = super().unlink()
        remove_rows(self.env["crm.suite.operation.change"], "operation_id", ids)
        return result

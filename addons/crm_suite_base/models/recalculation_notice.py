"""Noting whose figures change where no date of writing tells it.

A row that is deleted, or that passes from one customer to another, leaves no trace
with the customer who lost it. These overrides are of rare acts only; each costs one
look into a dictionary when it has nothing to do.
"""

from odoo import models

from ..tools.field_value import get_given


class FigureSource(models.AbstractModel):
    """A model from whose rows figures of customers are computed.

    What changes is found by its date of writing, so that has an index.
    """

    _name = "crm.suite.figure.source"
    _description = "Source of Customer Figures"

    # What says whose a record is, beside its customer.
    _figure_owner = frozenset()

    def write(self, vals):
        if "partner_id" in vals:
            self.env["crm.suite.metric.dirty"]._note_losers(self, vals)
        if not self._figure_owner.isdisjoint(vals):
            self.env["crm.suite.metric.dirty"]._note_records(self)
        return super().write(vals)

    def unlink(self):
        self.env["crm.suite.metric.dirty"]._note_records(self)
        return super().unlink()


# Of addons that may be installed later or never: nothing can inherit their models.
ELSEWHERE = frozenset({"pos.order"})


class Base(models.AbstractModel):
    """The same for figure sources of addons that we do not depend on; any other model
    pays one look-up.
    """

    _inherit = "base"

    def write(self, vals):
        if self._name in ELSEWHERE and "partner_id" in vals:
            self.env["crm.suite.metric.dirty"]._note_losers(self, vals)
        return super().write(vals)

    def unlink(self):
        if self._name in ELSEWHERE:
            self.env["crm.suite.metric.dirty"]._note_records(self)
        return super().unlink()


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def write(self, vals):
        """The shares of the categories change for who bought products that pass to
        another one.
        """
        if "categ_id" in vals:
            new = get_given(self, "categ_id", vals)
            moved = self.filtered(lambda product: product.categ_id != new)
            self.env["crm.suite.metric.dirty"]._note_records(moved)
        return super().write(vals)


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "crm.suite.figure.source"]

    _crm_suite_write_date_idx = models.Index("(write_date)")


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "crm.suite.figure.source"]

    _crm_suite_write_date_idx = models.Index("(write_date)")


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "crm.suite.figure.source"]

    _crm_suite_write_date_idx = models.Index("(write_date)")


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.suite.figure.source"]

    _crm_suite_write_date_idx = models.Index("(write_date)")


class Purchase(models.Model):
    _name = "crm.suite.purchase"
    _inherit = ["crm.suite.purchase", "crm.suite.figure.source"]

    _write_date_idx = models.Index("(write_date)")


class Call(models.Model):
    _name = "crm.suite.call"
    _inherit = ["crm.suite.call", "crm.suite.figure.source"]

    _write_date_idx = models.Index("(write_date)")


class MailActivity(models.Model):
    _name = "mail.activity"
    _inherit = ["mail.activity", "crm.suite.figure.source"]
    _figure_owner = frozenset({"res_id", "res_model_id"})

    _crm_suite_write_date_idx = models.Index("(write_date)")


class CalendarEvent(models.Model):
    _name = "calendar.event"
    _inherit = ["calendar.event", "crm.suite.figure.source"]
    _figure_owner = frozenset({"partner_ids"})

    _crm_suite_write_date_idx = models.Index("(write_date)")

"""Noting whose figures change where no date of writing tells it.

A row that is deleted, or that passes from one customer to another, leaves no trace
with the customer who lost it. These overrides are of rare acts only; each costs one
look into a dictionary when it has nothing to do.
"""

from odoo import models


def note_rows(records):
    """Note the customers of records that go, or that change hands."""
    records.flush_recordset()
    records.env["crm.suite.metric.dirty"]._note_rows(records._name, records.ids)


def note_leaving(records, vals):
    """Note the customers who lose records to somebody else.

    A record that gets its first customer takes nothing from anybody: the usual case.
    """
    if "partner_id" in vals:
        new = vals["partner_id"] or False
        lost = records.filtered(lambda r: r.partner_id and r.partner_id.id != new)
        if lost:
            note_rows(lost)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    _crm_suite_write_date_idx = models.Index("(write_date)")

    def write(self, vals):
        note_leaving(self, vals)
        return super().write(vals)

    def unlink(self):
        note_rows(self)
        return super().unlink()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    _crm_suite_write_date_idx = models.Index("(write_date)")

    def unlink(self):
        note_rows(self)
        return super().unlink()


class AccountMove(models.Model):
    _inherit = "account.move"

    _crm_suite_write_date_idx = models.Index("(write_date)")

    def write(self, vals):
        note_leaving(self, vals)
        return super().write(vals)

    def unlink(self):
        note_rows(self)
        return super().unlink()


class CrmLead(models.Model):
    _inherit = "crm.lead"

    _crm_suite_write_date_idx = models.Index("(write_date)")

    def write(self, vals):
        note_leaving(self, vals)
        return super().write(vals)

    def unlink(self):
        note_rows(self)
        return super().unlink()


class Purchase(models.Model):
    _inherit = "crm.suite.purchase"

    _write_date_idx = models.Index("(write_date)")

    def write(self, vals):
        note_leaving(self, vals)
        return super().write(vals)

    def unlink(self):
        note_rows(self)
        return super().unlink()


class Call(models.Model):
    _inherit = "crm.suite.call"

    _write_date_idx = models.Index("(write_date)")

    def write(self, vals):
        note_leaving(self, vals)
        return super().write(vals)

    def unlink(self):
        note_rows(self)
        return super().unlink()


class MailActivity(models.Model):
    _inherit = "mail.activity"

    _crm_suite_write_date_idx = models.Index("(write_date)")

    def unlink(self):
        note_rows(self)
        return super().unlink()


class CalendarEvent(models.Model):
    _inherit = "calendar.event"

    _crm_suite_write_date_idx = models.Index("(write_date)")

    def unlink(self):
        note_rows(self)
        return super().unlink()

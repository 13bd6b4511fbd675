"""Documents do not open hidden customers to who writes them.

A document that one may read lets its customer be read (see
``res_partner_visibility.py``); so whoever writes one must see the customer that he
names, or reach it by another document.
"""

from odoo import api, models

from ..tools.field_value import get_given


class DocumentMixin(models.AbstractModel):
    """A document that opens a hidden customer to nobody who writes it."""

    _name = "crm.suite.document.mixin"
    _description = "Document about a Customer"

    # The fields with partners that make their customer readable.
    _crm_suite_partner_fields = ("partner_id",)

    @api.model_create_multi
    def create(self, vals_list):
        self.browse()._crm_suite_check_given(vals_list)
        documents = super().create(vals_list)
        # What the host does as superuser for the user is not the user's doing.
        if not self.env.su:
            self.env["res.partner"]._crm_suite_check_named(
                documents, self._crm_suite_partner_fields
            )
        return documents

    def write(self, vals):
        self._crm_suite_check_given([vals])
        result = super().write(vals)
        names = [name for name in self._crm_suite_partner_fields if name in vals]
        if names and not self.env.su:
            self.env["res.partner"]._crm_suite_check_named(self, names)
        return result

    def onchange(self, values, field_names, fields_spec):
        """The host answers with contact data of the customer, computed as superuser."""
        self._crm_suite_check_given([values])
        return super().onchange(values, field_names, fields_spec)

    def _crm_suite_check_given(self, vals_list):
        """Refuse hidden customers that these documents are about to name.

        Before they are there: of two that come one within the other, each would open
        the customer to who writes the other.
        """
        partners = self.env["res.partner"]
        if self.env.su or not partners._crm_suite_is_restricted():
            return
        names = self._crm_suite_partner_fields
        default = {} if self else self.default_get(names)
        for vals in vals_list:
            given = {**default, **vals}
            for name in names:
                # What a document names already was checked when it was written.
                partners |= get_given(self, name, given) - self.sudo()[name]
        partners._crm_suite_check_reached(self)


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "crm.suite.document.mixin"]

    _crm_suite_partner_fields = (
        "partner_id",
        "partner_invoice_id",
        "partner_shipping_id",
    )


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.suite.document.mixin"]


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "crm.suite.document.mixin"]

    _crm_suite_partner_fields = ("partner_id", "partner_shipping_id")


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", "crm.suite.document.mixin"]


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "crm.suite.document.mixin"]


class MailMessage(models.Model):
    """The chatter of a customer is for who sees the customer."""

    _inherit = "mail.message"

    def _filter_records_for_message_operation(self, doc_model, doc_res_ids, operation):
        if doc_model == "res.partner":
            self = self.with_context(crm_suite_strict=True)
        records = super()._filter_records_for_message_operation(
            doc_model, doc_res_ids, operation
        )
        return records


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _inaccessible_comodel_records(self, model_and_ids, operation):
        """Files of a customer are for who sees it; pictures go with the record."""
        if "res.partner" in model_and_ids:
            self = self.with_context(crm_suite_strict=True)
        return super()._inaccessible_comodel_records(model_and_ids, operation)

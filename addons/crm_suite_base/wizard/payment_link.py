from odoo import api, models

from ..models.pool_mask import check_given


class PaymentLinkWizard(models.TransientModel):
    """A link to pay shows the e-mail of any customer that one puts into it."""

    _name = "payment.link.wizard"
    _inherit = ["payment.link.wizard", "crm.suite.document.mixin"]

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        check_given(self, "partner_id", [values])
        return values

    @api.model_create_multi
    def create(self, vals_list):
        check_given(self, "partner_id", vals_list)
        return super().create(vals_list)

    def write(self, vals):
        check_given(self, "partner_id", [vals])
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        check_given(self, "partner_id", [values])
        return super().onchange(values, field_names, fields_spec)

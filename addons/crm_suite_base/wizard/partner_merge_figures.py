from odoo import models


class PartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """The host moves the documents by SQL and dates no change; rows of figures
        cannot be moved, for the customer who stays has its own.
        """
        companies = (src_partners | dst_partner).commercial_partner_id.ids
        self.env.cr.execute(
            "DELETE FROM crm_suite_customer_metric WHERE partner_id = ANY(%s)",
            [src_partners.ids],
        )
        self.env["crm.suite.customer.metric"].invalidate_model(flush=False)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        self.env["crm.suite.metric.dirty"]._note_ids(companies)
        return result

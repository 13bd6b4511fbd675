from odoo import models


class PartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Who stays has what the others had; those are deleted, which tells of them."""
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        left = self.env["res.partner"].sudo().browse(partner_ids).exists()
        self.env["crm.suite.segment.member"].sudo()._announce_customers(left.ids)
        return result

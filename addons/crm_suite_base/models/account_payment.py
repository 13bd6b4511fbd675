from odoo import models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    # The timeline reads the payments of one customer; the host has no index on them.
    _crm_suite_partner_idx = models.Index("(partner_id) WHERE partner_id IS NOT NULL")

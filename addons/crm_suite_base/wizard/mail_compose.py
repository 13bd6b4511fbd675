from odoo import models

from ..models.pool_mask_mail import RENDERED


class MailComposeMessage(models.TransientModel):
    """A mail to who waits in a pool is written by who has claimed him."""

    _inherit = "mail.compose.message"

    def _prepare_mail_values(self, res_ids):
        if self.model in RENDERED:
            self.env[self.model].browse(res_ids)._pool_check_claimed()
        return super()._prepare_mail_values(res_ids)

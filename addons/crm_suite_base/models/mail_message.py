from odoo import models


class MailMessage(models.Model):
    _inherit = "mail.message"

    # "No contact for thirty days" asks for the mails of thirty days; without an index
    # on their date it would read all that were ever written. The condition is that of
    # the timeline: log lines, which are most of the table, are not in it.
    _crm_suite_date_idx = models.Index(
        "(date) WHERE message_type IN"
        " ('email', 'comment', 'email_outgoing', 'auto_comment', 'sms')"
    )

from odoo import api, models
from odoo.exceptions import AccessError


class MailMessage(models.Model):
    _inherit = "mail.message"

    # "No contact for thirty days" asks for the mails of thirty days; without an index
    # on their date it would read all that were ever written. The condition is that of
    # the timeline: log lines, which are most of the table, are not in it.
    _crm_suite_date_idx = models.Index(
        "(date) WHERE message_type IN"
        " ('email', 'comment', 'email_outgoing', 'auto_comment', 'sms')"
    )

    @api.constrains("model", "parent_id", "res_id")
    def _check_channel_parent(self):
        """The host shows to everybody in a channel what a message there answers, whether
        they may read that or not."""
        for message in self:
            place, parent = (message.model, message.res_id), message.parent_id
            foreign = parent and (parent.model, parent.res_id) != place
            if foreign and message.model == "discuss.channel":
                raise AccessError(
                    self.env._("A message can only answer one of the same channel.")
                )

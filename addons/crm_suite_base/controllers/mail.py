from odoo.http import request

from odoo.addons.mail.controllers.thread import ThreadController
from odoo.addons.portal.controllers.mail import MailController


class MergedMailController(MailController):
    @classmethod
    def _redirect_to_record(cls, model, res_id, access_token=None, **kwargs):
        """A link in an old mail leads to who has taken over from a merged customer.

        The host goes by the id in the link; rights are checked of the record to which
        it leads.
        """
        if model == "res.partner" and res_id:
            # sudo: only the id of the survivor is read here.
            partner = request.env[model].sudo().browse(int(res_id)).exists()
            res_id = partner._crm_suite_survivors().id or res_id
        return super()._redirect_to_record(
            model, res_id, access_token=access_token, **kwargs
        )


class PooledThreadController(ThreadController):
    def _prepare_message_data(self, post_data, *, thread, **kwargs):
        """Refuse recipients whose address the user does not see.

        What comes from here is posted as superuser and told with the addresses.
        """
        values = super()._prepare_message_data(post_data, thread=thread, **kwargs)
        thread._pool_check_recipients(values.get("partner_ids"))
        return values

from odoo.http import request

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

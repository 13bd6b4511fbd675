from odoo import api, models


class IrCron(models.Model):
    _inherit = "ir.cron"

    @api.model
    def _crm_suite_wake(self, xmlid, at=None):
        """Let a scheduled action run as soon as this transaction is over, or at a time.

        While an application is installed or upgraded its action may not be there yet; it
        begins by itself.

        :param str xmlid: of the action
        :param at: a moment, or several, in UTC
        """
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(xmlid)
        if cron_id:
            # Waking is all that happens; people have no right to scheduled actions.
            self.sudo().browse(cron_id)._trigger(at=at)

from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_suite_keep_decisions(self, survivor):
        """What was said about the merged ones holds for the survivor."""
        self.env["crm.suite.duplicate.pair"]._keep_decisions(
            self._name, survivor.id, (self - survivor).ids
        )

    def _crm_suite_merge_done(self, survivor, losers, operation):
        """Their pairs are decided; undoing the merge opens them again."""
        result = super()._crm_suite_merge_done(survivor, losers, operation)
        pairs = self.env["crm.suite.duplicate.pair"]
        pairs._note_merged(self._name, survivor.id, losers.ids)
        return result

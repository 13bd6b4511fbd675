from odoo import models


class ResPartner(models.Model):
    """A merge changes customers as an edit does.

    A value that waits is put to the people, those who have agreed hear what became
    another one, and what runs about a merged customer goes on about who takes over.
    Where both are asked the same, the request about who takes over is the one.
    """

    _inherit = "res.partner"

    def _crm_suite_merge(self, survivor, choices, by_person=True):
        with self._approval_watching():
            return super()._crm_suite_merge(survivor, choices, by_person)

    def _crm_suite_merge_done(self, survivor, losers, operation):
        result = super()._crm_suite_merge_done(survivor, losers, operation)
        survivor.sudo()._approval_point()
        return result

    def _crm_suite_company_names(self):
        """Values that wait are not filled in silently: that of the company of the user
        is written as every other value, those of other companies stay behind."""
        held = self._approval_held_names()
        return [n for n in super()._crm_suite_company_names() if n not in held]

    def _approval_held_names(self):
        """The fields of which a new value waits for some flow.

        :rtype: set[str]
        """
        gates = self.env["crm.suite.approval.flow"]._get_gates(self._name)
        return {n for g in gates if g.start == "fields" and g.holds for n in g.fields}

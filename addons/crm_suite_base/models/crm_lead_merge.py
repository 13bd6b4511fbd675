from odoo import models


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def _merge_opportunity(self, *args, **kwargs):
        """The host merges leads by itself and deletes the others: as an operation
        they can be had back."""
        leads = self.exists()
        with self.env["crm.suite.operation"].record(
            "merge",
            name=self.env._(
                "Leads merged: %(names)s", names=", ".join(leads.mapped("display_name"))
            ),
            res_model=self._name,
            company_id=self.env.company.id,
        ):
            return super()._merge_opportunity(*args, **kwargs)

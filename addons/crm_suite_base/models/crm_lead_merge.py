from odoo import models


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def merge_opportunity(self, user_id=False, team_id=False, auto_unlink=True):
        """The host merges leads by itself and deletes the others: as an operation
        they can be had back.

        What the host's scheduled assignment merges does not pass here: nobody did it,
        and its leads would wait for the journal.
        """
        leads = self.exists()
        with self.env["crm.suite.operation"].record(
            "merge",
            name=self.env._(
                "Leads merged: %(names)s", names=", ".join(leads.mapped("display_name"))
            ),
            res_model=self._name,
            company_id=self.env.company.id,
        ):
            return super().merge_opportunity(
                user_id=user_id, team_id=team_id, auto_unlink=auto_unlink
            )

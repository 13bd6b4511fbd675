import logging

from odoo import api, models

from ..tools.retry import each_that_can
from .merge_move import MergeMover

_logger = logging.getLogger(__name__)

BATCH = 500
# The id of the record up to which a round came that had no time left.
POSITION = "crm_suite_base.merge_followed"


class ResPartner(models.Model):
    """What is written for a merged record after the merge follows it.

    Two ways lead there: a transaction that ran beside the merge and named the record
    before it could know, and programs that keep an old id.
    """

    _inherit = "res.partner"

    @api.model
    def _cron_follow_merged(self):
        """Move late references to the survivors, soon after each merge and daily.

        Where time runs out in a round, the next run goes on with it. A record whose
        references cannot be moved holds up no other.
        """
        progress = self.env["ir.cron"]._commit_progress
        domain = [("crm_suite_merged_into_id", "!=", False)]
        merged = self.sudo().with_context(active_test=False)
        # Only the program reads and writes this parameter.
        parameters = self.env["ir.config_parameter"].sudo()
        start = int(parameters.get_param(POSITION) or 0)
        while batch := merged.search(
            [*domain, ("id", ">", start)], order="id", limit=BATCH
        ):
            start = batch[-1].id
            for partner, error in each_that_can(
                self.env.cr, batch, lambda part: part._crm_suite_follow()
            ):
                _logger.error(
                    "What points to %s, merged, cannot follow: %s",
                    partner,
                    error,
                    exc_info=error,
                )
            if not progress(len(batch), remaining=0):
                parameters.set_param(POSITION, start)
                self.env["ir.cron"]._crm_suite_wake("crm_suite_base.merge_follow_cron")
                return
        if parameters.get_param(POSITION):
            parameters.set_param(POSITION, False)

    def _crm_suite_follow(self):
        """Move what points to merged records since, as part of their merges.

        :return: those of whom something was moved
        """
        engine = self.env["crm.suite.merge"].sudo()
        if not engine._count_references(self._name, self.ids):
            return self.browse()
        followed = self.browse()
        for partner in self:
            survivor = partner._crm_suite_survivors()
            if survivor != partner and partner._crm_suite_follow_one(survivor):
                followed |= partner
        return followed

    def _crm_suite_follow_one(self, survivor):
        merge = self.sudo().crm_suite_merge_id
        operations = self.env["crm.suite.operation"].sudo()
        operation = operations.begin(
            "merge",
            name=self.env._(
                "Late references of %(loser)s to %(survivor)s",
                loser=self.display_name,
                survivor=survivor.display_name,
            ),
            parent_id=merge.id if merge.state == "done" else False,
            user_id=merge.user_id.id or self.env.uid,
            res_model=self._name,
            company_id=merge.company_id.id,
        )
        with operation.journal():
            mover = MergeMover(operation, survivor, self)
            mover.run()
        if not any(mover.moved.values()):
            operation.sudo().unlink()
            return False
        operation.close()
        (self | survivor)._crm_suite_note_merge()
        return True

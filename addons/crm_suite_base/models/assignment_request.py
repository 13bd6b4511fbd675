from odoo import api, fields, models
from odoo.tools import SQL

PLANNED = "crm_suite_assignment_planned"


class AssignmentRequest(models.Model):
    """A record at which a policy shall look: it is new, or something changed.

    Written with the record itself and worked off by the scheduled action, so nobody who
    enters a lead waits for the decision or for others who enter leads.
    """

    _name = "crm.suite.assignment.request"
    _description = "Assignment Request"
    _order = "id"
    _log_access = False

    policy_id = fields.Many2one(
        "crm.suite.assignment.policy", required=True, index=True, ondelete="cascade"
    )
    res_id = fields.Integer(required=True)
    cause = fields.Selection(
        [("create", "New record"), ("change", "Changed record")], required=True
    )

    _record_uniq = models.UniqueIndex("(policy_id, res_id)", "Noted already.")

    @api.model
    def _note(self, records, policy_ids, cause):
        """Ask policies to look at records.

        :param records: of the model of the policies
        """
        if not records or not policy_ids:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_assignment_request (policy_id, res_id, cause)
                SELECT p, r, %s
                  FROM unnest(%s::int[]) AS p CROSS JOIN unnest(%s::int[]) AS r
           ON CONFLICT DO NOTHING
                """,
                cause,
                list(policy_ids),
                list(records.ids),
            )
        )
        self._plan()

    @api.model
    def _note_room(self, model_name):
        """Room may have become free: wake who looks for those that wait, if any do."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT 1 FROM crm_suite_assignment_log
                 WHERE state = 'nobody' AND res_model = %s LIMIT 1
                """,
                model_name,
            )
        )
        if rows:
            self._plan()

    @api.model
    def _plan(self):
        """Wake the scheduled action, once in a transaction."""
        data = self.env.cr.precommit.data
        if not data.get(PLANNED):
            data[PLANNED] = True
            self.env["crm.suite.assignment.policy"]._wake()

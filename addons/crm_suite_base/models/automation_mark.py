from odoo import api, fields, models
from odoo.tools import SQL


class AutomationMark(models.Model):
    """What a rule remembers of a record: that it worked for it, or that the record meets
    its condition now. One row each, so that two transactions cannot both be first.
    """

    _name = "crm.suite.automation.mark"
    _description = "Memory of an Automation Rule"
    _log_access = False
    _rec_name = "automation_id"

    automation_id = fields.Many2one(
        "crm.suite.automation", required=True, readonly=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [("once", "Worked for it"), ("inside", "Meets the condition")],
        required=True,
        readonly=True,
    )
    res_id = fields.Integer(string="Record ID", required=True, readonly=True)

    _mark_unique = models.UniqueIndex("(automation_id, kind, res_id)")

    @api.model
    def _add(self, rule, kind, ids):
        """Remember records.

        :return: those that were not remembered before
        :rtype: list[int]
        """
        if not ids:
            return []
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_suite_automation_mark (automation_id, kind, res_id)
                SELECT %s, %s, unnest(%s)
                ON CONFLICT DO NOTHING RETURNING res_id
                """,
                rule.id,
                kind,
                list(ids),
            )
        )
        return sorted(id_ for (id_,) in rows)

    @api.model
    def _forget(self, rule, kind, id_=None):
        """Forget what a rule remembers of one kind, of all records or of one."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_automation_mark
                 WHERE automation_id = %s AND kind = %s %s
                """,
                rule.id,
                kind,
                SQL("AND res_id = %s", id_) if id_ is not None else SQL(),
            )
        )

from odoo import fields, models
from odoo.tools import SQL


class AssignmentBoard(models.Model):
    """Who got how much, and how soon he took care of it: one row per assignment.

    The response is the first sign of work of the new owner: a message to the record, or
    a call or visit logged with the customer or on the lead. Hours are those on the wall.
    """

    _name = "crm.suite.assignment.board"
    _description = "Fair-share Board"
    _auto = False
    _order = "date desc"
    _rec_name = "user_id"

    date = fields.Datetime(readonly=True)
    user_id = fields.Many2one("res.users", string="Colleague", readonly=True)
    policy_id = fields.Many2one("crm.suite.assignment.policy", readonly=True)
    rule_id = fields.Many2one("crm.suite.assignment.rule", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    res_model = fields.Selection(
        lambda self: self.env["crm.suite.assignment.policy"]._selection_res_model(),
        string="Kind",
        readonly=True,
    )
    state = fields.Selection(
        lambda self: (
            self.env["crm.suite.assignment.log"]
            ._fields["state"]
            ._description_selection(self.env)
        ),
        readonly=True,
    )
    cause = fields.Selection(
        lambda self: (
            self.env["crm.suite.assignment.log"]
            ._fields["cause"]
            ._description_selection(self.env)
        ),
        readonly=True,
    )
    count = fields.Integer(string="Assigned", readonly=True)
    value = fields.Float(readonly=True, aggregator="sum")
    kept = fields.Integer(readonly=True, help="Not declined and not let lapse.")
    response_hours = fields.Float(
        string="Hours to Response", readonly=True, aggregator="avg"
    )
    answered = fields.Integer(string="Responded", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT l.id, l.date, l.to_user_id AS user_id, l.policy_id, l.rule_id,
                   l.company_id, l.res_model, l.state, l.cause, l.value,
                   1 AS count,
                   (l.state IN ('done', 'pending', 'accepted', 'settled'))::int AS kept,
                   EXTRACT(EPOCH FROM r.moment - l.date) / 3600 AS response_hours,
                   (r.moment IS NOT NULL)::int AS answered
              FROM crm_suite_assignment_log l
              JOIN res_users u ON u.id = l.to_user_id
         LEFT JOIN LATERAL (
                SELECT min(moment) AS moment FROM (%s) s
            ) r ON TRUE
            """,
            SQL(" UNION ALL ").join(self._response_sources()),
        )

    def _response_sources(self):
        """Where the first sign of work of the new owner is found.

        Hook: add to what ``super()`` returns. Each ``SELECT`` gives one ``moment`` and
        may name ``l`` (the assignment) and ``u`` (the new owner).

        :rtype: list[SQL]
        """
        return [
            SQL(
                """
                (SELECT m.date AS moment FROM mail_message m
                  WHERE m.model = l.res_model AND m.res_id = l.res_id
                    AND m.author_id = u.partner_id AND m.date >= l.date
                    AND m.message_type IN ('comment', 'email', 'email_outgoing')
               ORDER BY m.date LIMIT 1)
                """
            ),
            SQL(
                """
                (SELECT c.date FROM crm_suite_call c
                  WHERE c.user_id = l.to_user_id AND c.date >= l.date
                    AND c.commercial_partner_id = COALESCE(
                        (SELECT p.commercial_partner_id FROM crm_lead d
                           JOIN res_partner p ON p.id = d.partner_id
                          WHERE l.res_model = 'crm.lead' AND d.id = l.res_id),
                        CASE WHEN l.res_model = 'res.partner' THEN l.res_id END)
               ORDER BY c.date LIMIT 1)
                """
            ),
            # A lead may have no customer yet, or get another one later.
            SQL(
                """
                (SELECT c.date FROM crm_suite_call c
                  WHERE l.res_model = 'crm.lead' AND c.lead_id = l.res_id
                    AND c.user_id = l.to_user_id AND c.date >= l.date
               ORDER BY c.date LIMIT 1)
                """
            ),
        ]

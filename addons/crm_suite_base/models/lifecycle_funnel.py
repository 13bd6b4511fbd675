from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from .arguments import is_id

DAYS = "crm_suite_funnel_days"


class LifecycleFunnel(models.Model):
    """The stages as a funnel: who came in, who went on, and how long that took.

    A query over the steps of the customers that the viewer may read. The context key
    ``crm_suite_funnel_days`` leaves those who came into the stage in the last so many
    days, and what became of them since.
    """

    _name = "crm.suite.lifecycle.funnel"
    _description = "Lifecycle Funnel"
    _auto = False
    _order = "sequence, id"
    _rec_name = "stage_id"

    stage_id = fields.Many2one("crm.suite.lifecycle.stage", readonly=True)
    sequence = fields.Integer(readonly=True, aggregator=None)
    customers = fields.Integer(string="In It Now", readonly=True)
    entered = fields.Integer(string="Came In", readonly=True)
    onward = fields.Integer(
        string="Went On",
        readonly=True,
        help="To a better stage: towards Loyal, or back from At Risk, Dormant or Lost.",
    )
    back = fields.Integer(
        string="Fell Back",
        readonly=True,
        help="To an earlier stage, to At Risk, Dormant or Lost, or out.",
    )
    conversion = fields.Float(
        string="Went On (%)", readonly=True, aggregator="avg", digits=(16, 1)
    )
    days = fields.Float(
        string="Days in It",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Of those who left it, on average.",
    )

    @property
    def _table_query(self):
        readable = self.env["res.partner"].with_context(active_test=False)._search([])
        place = self.env["crm.suite.lifecycle.stage"]._compose_place
        return SQL(
            """
            WITH step AS (
                SELECT *, t.at - COALESCE(t.duration, 0) * interval '1 day' AS came
                  FROM crm_suite_lifecycle_transition t
                 WHERE t.partner_id IN %(readable)s AND t.at >= %(since)s
            )
            SELECT s.id, s.id AS stage_id, s.sequence,
                   COALESCE(c.customers, 0) AS customers,
                   COALESCE(i.entered, 0) AS entered,
                   COALESCE(o.onward, 0) AS onward,
                   COALESCE(o.away - o.onward, 0) AS back,
                   100.0 * o.onward / NULLIF(i.entered, 0) AS conversion,
                   o.days
              FROM crm_suite_lifecycle_stage s
         LEFT JOIN (SELECT crm_suite_lifecycle_id AS id, count(*) AS customers
                      FROM res_partner p
                     WHERE p.crm_suite_lifecycle_id IS NOT NULL AND p.active
                       AND p.id IN %(readable)s
                  GROUP BY 1) c ON c.id = s.id
         LEFT JOIN (SELECT to_id AS id, count(*) AS entered
                      FROM step GROUP BY 1) i ON i.id = s.id
         LEFT JOIN (SELECT t.from_id AS id, count(*) AS away, avg(t.duration) AS days,
                           count(*) FILTER (WHERE %(to)s > %(from)s) AS onward
                      FROM step t
                     WHERE t.from_id IS NOT NULL AND t.came >= %(since)s
                  GROUP BY 1) o ON o.id = s.id
             WHERE s.active
            """,
            readable=readable.subselect(),
            since=self._get_since(),
            **{"from": place(SQL("t.from_id")), "to": place(SQL("t.to_id"))},
        )

    def _get_since(self):
        """From when on customers who came into a stage count: all by default."""
        days = self.env.context.get(DAYS)
        if not is_id(days):
            return SQL("timestamp '-infinity'")
        return SQL("%s", fields.Datetime.now() - timedelta(days=min(days, 36500)))

    def action_show_customers(self):
        """Open the customers that are in the stage now.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.customer_action"
        )
        return {
            **action,
            "name": self.stage_id.name,
            "domain": [("crm_suite_lifecycle_id", "=", self.stage_id.id)],
        }

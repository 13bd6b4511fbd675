from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .rule_match import MATCH, compose_todays, fill_temporary

MOVE = SQL.identifier("crm_suite_lifecycle_move")
COLUMNS = (
    "crm_suite_lifecycle_id",
    "crm_suite_lifecycle_rule_id",
    "crm_suite_lifecycle_version",
    "crm_suite_lifecycle_date",
    "crm_suite_lifecycle_override_id",
    "crm_suite_lifecycle_override_reason",
    "crm_suite_lifecycle_override_until",
    "crm_suite_lifecycle_override_user_id",
    "crm_suite_lifecycle_override_ends",
)


class LifecycleRule(models.Model):
    """Which customers move to which stage: the first rule that fits decides.

    A rule fits a customer in one of the stages that it starts from, and moves it
    forward in the order of the stages, or stays; only a rule that says so moves it
    back. Whom no rule fits stays where it is. See ``crm.suite.rule.mixin`` for drafts,
    versions, simulation and undo.
    """

    _name = "crm.suite.lifecycle.rule"
    _description = "Lifecycle Rule"
    _inherit = ["crm.suite.rule.mixin"]
    _rule_prefix = "crm_suite_lifecycle"

    stage_id = fields.Many2one(
        "crm.suite.lifecycle.stage",
        string="Moves To",
        required=True,
        index=True,
        ondelete="restrict",
    )
    from_stage_ids = fields.Many2many(
        "crm.suite.lifecycle.stage",
        relation="crm_suite_lifecycle_rule_from",
        column1="rule_id",
        column2="stage_id",
        string="Only From",
        help="Empty: from any stage.",
    )
    backward = fields.Boolean(
        string="Also Backward",
        help="Without it customers only move forward in the order of the stages.",
    )

    @api.model
    def _rule_fields(self):
        return [*super()._rule_fields(), "stage_id", "from_stage_ids", "backward"]

    @api.model
    def _get_plural(self):
        return self.env._("lifecycle rules")

    @api.model
    def _get_result_field(self):
        return "stage_id"

    @api.model
    def _recalculate(self, partner_ids=None):
        """Note first what others did to the stages, then move on from there."""
        if partner_ids is not None and not partner_ids:
            return
        steps = self.env["crm.suite.lifecycle.transition"]
        noted = steps._reconcile(partner_ids)
        super()._recalculate(partner_ids)
        steps._date_stages(noted, MOVE)

    @api.model
    def _get_condition(self, rule):
        """From which stages the rule may move somebody, or leave him where he is."""
        values = rule.values
        stages = self.env["crm.suite.lifecycle.stage"].sudo()
        # A handful, by design.  pylint: disable-next=no-search-all
        stages = stages.with_context(active_test=False).search([])
        position = {stage.id: number for number, stage in enumerate(stages)}
        allowed = [
            stage.id
            for stage in stages
            if (not values["from_stage_ids"] or stage.id in values["from_stage_ids"])
            and (
                values["backward"]
                or position[stage.id] <= position.get(values["stage_id"], -1)
            )
        ]
        return Domain("crm_suite_lifecycle_id", "in", allowed)

    # === WRITING === #

    @api.model
    def _write_matches(self, rules):
        """Move whom a rule moves, and note each step with the figures behind it.

        First the moves, then the customers, then the steps: two runs at once meet at
        the customers, and the second one rolls back with what it would have noted.
        """
        now = fields.Datetime.now()
        fill_temporary(self.env, MOVE, self._compose_moves(rules))
        self._update_partners(
            SQL(
                """
                UPDATE res_partner p
                   SET crm_suite_lifecycle_id = n.to_id,
                       crm_suite_lifecycle_rule_id = n.rule_id,
                       crm_suite_lifecycle_version = n.version,
                       crm_suite_lifecycle_date = CASE WHEN n.to_id = n.from_id
                           THEN p.crm_suite_lifecycle_date ELSE %(now)s END,
                       crm_suite_lifecycle_override_id = CASE WHEN n.expired THEN NULL
                           ELSE p.crm_suite_lifecycle_override_id END,
                       crm_suite_lifecycle_override_reason = CASE WHEN n.expired
                           THEN NULL
                           ELSE p.crm_suite_lifecycle_override_reason END,
                       crm_suite_lifecycle_override_until = CASE WHEN n.expired
                           THEN NULL
                           ELSE p.crm_suite_lifecycle_override_until END,
                       crm_suite_lifecycle_override_user_id = CASE WHEN n.expired
                           THEN NULL
                           ELSE p.crm_suite_lifecycle_override_user_id END,
                       crm_suite_lifecycle_override_ends = CASE WHEN n.expired THEN NULL
                           ELSE p.crm_suite_lifecycle_override_ends END
                  FROM %(moves)s n
                 WHERE p.id = n.partner_id
                """,
                now=now,
                moves=MOVE,
            ),
            COLUMNS,
        )
        self.env["crm.suite.lifecycle.transition"]._note_moves(
            MOVE, now, self.env["crm.suite.operation"]._get_running()
        )

    def _compose_moves(self, rules):
        """Who moves where. Who stays is in it only to forget an expired override.

        A stage that a person set without deciding on it for a time ends early where
        newer facts move the customer on; see ``_crm_suite_hold_ends()`` of it. The day
        of a purchase is one by the clock of its company, so that of the choice is, too.
        """
        place = self.env["crm.suite.lifecycle.stage"]._compose_place
        return SQL(
            """
            SELECT *
              FROM (
                SELECT m.partner_id, m.company_id, e.expired,
                       p.crm_suite_lifecycle_id AS from_id,
                       COALESCE(p.crm_suite_lifecycle_date, p.create_date) AS since,
                       CASE WHEN o.kept THEN p.crm_suite_lifecycle_override_id
                            ELSE COALESCE(r.stage_id, p.crm_suite_lifecycle_id)
                        END AS to_id,
                       CASE WHEN o.kept THEN NULL
                            WHEN r.stage_id != p.crm_suite_lifecycle_id THEN r.rule_id
                            ELSE p.crm_suite_lifecycle_rule_id END AS rule_id,
                       CASE WHEN o.kept THEN 0
                            WHEN r.stage_id != p.crm_suite_lifecycle_id THEN r.version
                            ELSE p.crm_suite_lifecycle_version END AS version,
                       CASE WHEN o.kept THEN 'override' ELSE 'rule' END AS source
                  FROM %(match)s m
                  JOIN res_partner p ON p.id = m.partner_id
             LEFT JOIN %(todays)s ON d.company_id = m.company_id
             LEFT JOIN %(rules)s ON r.rank = m.rank
            CROSS JOIN LATERAL (
                    SELECT p.crm_suite_lifecycle_override_until < d.today
                           OR p.crm_suite_lifecycle_override_ends IS NOT NULL
                              AND %(aim)s > %(place)s
                              AND (p.crm_suite_lifecycle_override_ends = 'onward'
                                   OR EXISTS (
                                       SELECT FROM crm_suite_customer_metric f
                                         JOIN %(companies)s c ON c.id = f.company_id
                                        WHERE f.partner_id = p.id
                                          AND f.last_purchase > (
                                              p.crm_suite_lifecycle_date
                                              AT TIME ZONE 'UTC' AT TIME ZONE c.tz
                                          )::date
                                   )) AS expired
                ) e
            CROSS JOIN LATERAL (
                    SELECT p.crm_suite_lifecycle_override_id IS NOT NULL
                       AND e.expired IS NOT TRUE AS kept
                ) o
            ) n
             WHERE n.to_id != n.from_id OR n.expired
            """,
            match=MATCH,
            todays=compose_todays(self.env),
            companies=self.env["crm.suite.purchase.fact"]._purchase_companies(),
            rules=self._compose_rules(rules, "stage_id"),
            aim=place(SQL("r.stage_id")),
            place=place(SQL("p.crm_suite_lifecycle_id")),
        )

from collections import Counter

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .rule_match import (
    SCOPE,
    Condition,
    Move,
    check_readable,
    compose_branch,
    fill_temporary,
    match_each,
    open_scope,
    room_for_sets,
)

SCORE = SQL.identifier("crm_suite_quality_score")
DIMENSIONS = [
    ("completeness", "Completeness"),
    ("validity", "Validity"),
    ("freshness", "Freshness"),
    ("uniqueness", "Uniqueness"),
]
APPLIES = {
    "all": Domain.TRUE,
    "company": Domain("is_company", "=", True),
    "person": Domain("is_company", "=", False),
}
# A simulation counts customers by bands of the score; these stand for bands, smaller
# numbers for scores (one more than the score, for nothing has the number 0).
BAND = 1000
WIDTH = 20


def _get_band(move_value):
    if move_value is None:
        return None
    return BAND + min((move_value - 1) // WIDTH, 100 // WIDTH - 1)


class QualityCriterion(models.Model):
    """One thing that makes the record of a customer good, with its weight.

    The quality of a customer is the weight of the criteria that it meets, in percent
    of the weight of all that apply to it. Criteria are a rule set, of which not the
    first one decides, but all together: see ``crm.suite.rule.mixin`` for drafts,
    versions, simulation and undo.
    """

    _name = "crm.suite.quality.criterion"
    _description = "Data Quality Criterion"
    _inherit = ["crm.suite.rule.mixin"]
    _rule_prefix = "crm_suite_quality"

    dimension = fields.Selection(DIMENSIONS, required=True, default="completeness")
    applies_to = fields.Selection(
        [("all", "Everybody"), ("company", "Companies"), ("person", "People")],
        required=True,
        default="all",
    )
    weight = fields.Integer(default=10, required=True, aggregator="sum")
    domain = fields.Char(string="Good Is", help="Who meets the criterion.")
    sentence = fields.Char(string="Condition")
    hint = fields.Char(
        string="What to Do",
        translate=True,
        help="Shown where the criterion is not met.",
    )

    _weight_positive = models.Constraint(
        "CHECK(weight > 0)", "A weight is at least 1; switch the criterion off instead."
    )

    _general = models.Constraint(
        "CHECK(company_id IS NULL)",
        "The data quality of a customer is the same for all companies.",
    )

    def _check_author(self):
        """Refuse conditions over what their author may not read; see the rules."""
        for criterion in self:
            domain = criterion._parse_domain(criterion.domain)
            check_readable(criterion._get_subject(), domain)

    @api.model
    def _rule_fields(self):
        return ["sequence", "active", "domain", "applies_to", "weight"]

    @api.model
    def _get_plural(self):
        return self.env._("data quality criteria")

    @api.model
    def _get_conditions(self, rules):
        return [
            Condition(
                rank,
                self._parse_domain(rule.values["domain"])
                & APPLIES[rule.values["applies_to"]],
                company_id=False,
            )
            for rank, rule in enumerate(rules)
        ]

    # === RECALCULATING === #

    @api.model
    def _recalculate(self, partner_ids=None):
        """Bring the quality of customers up to date; write only what differs.

        :param partner_ids: ids of commercial partners; ``None``: all customers
        """
        if partner_ids is not None and not partner_ids:
            return
        rules = self._get_published()
        self.env.flush_all()
        with room_for_sets(self.env):
            open_scope(self.env, partner_ids)
            scores = self._compose_scores(rules, partner_ids)
            fill_temporary(self.env, SCORE, scores)
            self._update_partners(
                SQL(
                    """
                    UPDATE res_partner p SET crm_suite_quality = n.score
                      FROM %s n
                     WHERE p.id = n.partner_id
                    """,
                    SCORE,
                ),
                ("crm_suite_quality",),
            )

    @api.model
    def _compose_scores(self, rules, partner_ids):
        """Who has another score now, as one statement: the met weights, added up.

        :param list[PublishedRule] rules: the criteria in force
        """
        company_id = self.env.company.id
        branches = [
            SQL(
                "SELECT id, %s AS weight FROM (%s) b",
                rule.values["weight"],
                compose_branch(self.env, condition, company_id, partner_ids),
            )
            for rule, condition in zip(rules, self._get_conditions(rules), strict=True)
        ]
        met = SQL(" UNION ALL ").join(branches) or SQL("SELECT 0 AS id, 0 AS weight")
        companies, people = (
            sum(
                rule.values["weight"]
                for rule in rules
                if rule.values["applies_to"] in ("all", kind)
            )
            for kind in ("company", "person")
        )
        return SQL(
            """
            SELECT *
              FROM (
                SELECT s.partner_id, q.crm_suite_quality AS before,
                       COALESCE(round(100.0 * COALESCE(f.weight, 0) / NULLIF(
                           CASE WHEN q.is_company THEN %(companies)s
                                ELSE %(people)s END, 0)), 100)::int AS score
                  FROM %(scope)s s
                  JOIN res_partner q ON q.id = s.partner_id
             LEFT JOIN (SELECT id, sum(weight) AS weight FROM (%(met)s) m GROUP BY id) f
                    ON f.id = s.partner_id
            ) n
             WHERE before IS DISTINCT FROM score
            """,
            companies=companies,
            people=people,
            scope=SCOPE,
            met=met,
        )

    # === WHY === #

    @api.model
    def _find_met(self, partner):
        """Tell which criteria apply to a customer and which of them it meets.

        :return: two recordsets, in the language and with the names of the reader
        """
        kinds = ("all", "company" if partner.is_company else "person")
        rules = [
            rule for rule in self._get_published() if rule.values["applies_to"] in kinds
        ]
        met = match_each(
            self.env, self._get_conditions(rules), partner, self.env.company.id
        )
        criteria = self.sudo()
        return (
            criteria.browse(rule.id for rule in rules),
            criteria.browse(rule.id for rank, rule in enumerate(rules) if rank in met),
        )

    @api.model
    def _find_missing(self, partners):
        """What to do about each customer, the weightiest first. One query for each
        criterion in force, however many customers there are. Of criteria over what the
        reader may not read nothing is told.

        :rtype: dict[int, list[str]]
        """
        missing = {partner.id: [] for partner in partners}
        kept = partners.sudo().with_context(active_test=False)
        for rule in sorted(self._get_published(), key=lambda r: -r.values["weight"]):
            domain = self._parse_domain(rule.values["domain"])
            asked = APPLIES[rule.values["applies_to"]]
            criterion = self.sudo().browse(rule.id)
            if criterion._is_closed(self.env):
                continue
            for partner in kept.search(
                Domain("id", "in", partners.ids) & asked & ~domain
            ):
                missing[partner.id].append(criterion.hint or criterion.name)
        return missing

    def action_show_failing(self):
        """Open the customers that do not meet the criterion.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.quality_action"
        )
        domain = (
            Domain("crm_suite_lifecycle_id", "!=", False)
            & APPLIES[self.applies_to]
            & ~self._parse_domain(self.domain)
        )
        return {**action, "domain": list(domain), "name": self.name, "context": {}}

    def action_recalculate(self):
        """Bring the quality of all customers up to date now.

        :rtype: dict
        """
        self.browse().check_access("write")
        self._recalculate()
        # As of rules that are put into force: what reads the score follows.
        changed = SQL("SELECT partner_id FROM %s", SCORE)
        self.env["crm.suite.metric.dirty"]._note(changed)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === WHAT A SIMULATION TELLS === #

    @api.model
    def _read_moves(self, operation):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT c.res_id, p.user_id, (c.before ->> %(score)s)::int + 1,
                       (c.after ->> %(score)s)::int + 1, NULL::int
                  FROM crm_suite_operation_change c
                  JOIN res_partner p ON p.id = c.res_id
                 WHERE c.operation_id = %(operation)s AND c.model = 'res.partner'
                   AND c.after ? %(score)s
              ORDER BY c.res_id
                """,
                score="crm_suite_quality",
                operation=operation.id,
            )
        )
        return [Move(*row) for row in rows]

    @api.model
    def _count_moves(self, moves):
        return Counter(
            (_get_band(move.before), _get_band(move.after)) for move in moves
        ).most_common()

    @api.model
    def _get_result_names(self):
        bands = 100 // WIDTH
        return {
            None: "–",
            **{score + 1: f"{score} %" for score in range(101)},
            **{
                BAND + band: f"{band * WIDTH}–{band * WIDTH + WIDTH - 1} %"
                for band in range(bands - 1)
            },
            BAND + bands - 1: f"{100 - WIDTH}–100 %",
        }

    @api.model
    def _get_reasons(self, moves):
        """The score is of all criteria together; those that were edited are named."""
        changed = self._get_changed().mapped("name")
        if not changed:
            return {None: self.env._("By the criteria in force.")}
        return {
            None: self.env._(
                "Changed criteria: %(criteria)s", criteria=", ".join(changed)
            )
        }

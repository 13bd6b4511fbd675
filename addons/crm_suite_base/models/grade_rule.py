from odoo import api, fields, models
from odoo.tools import SQL

from .rule_match import MATCH, compose_todays

COLUMNS = (
    "crm_suite_grade_id",
    "crm_suite_grade_rule_id",
    "crm_suite_grade_version",
    "crm_suite_grade_date",
    "crm_suite_grade_override_id",
    "crm_suite_grade_override_reason",
    "crm_suite_grade_override_until",
    "crm_suite_grade_override_user_id",
)


class GradeRule(models.Model):
    """Which customers get which grade: the first rule that fits decides.

    Whom no rule fits has no grade. See ``crm.suite.rule.mixin`` for drafts, versions,
    simulation and undo.
    """

    _name = "crm.suite.grade.rule"
    _description = "Grade Rule"
    _inherit = ["crm.suite.rule.mixin"]
    _rule_prefix = "crm_suite_grade"

    grade_id = fields.Many2one(
        "crm.suite.grade", required=True, index=True, ondelete="restrict"
    )

    @api.model
    def _rule_fields(self):
        return [*super()._rule_fields(), "grade_id"]

    @api.model
    def _get_plural(self):
        return self.env._("grade rules")

    @api.model
    def _get_result_field(self):
        return "grade_id"

    @api.model
    def _write_matches(self, rules):
        """Give everybody the grade of the matched rule, or the one given by hand.

        An expired grade by hand is forgotten in the same statement.
        """
        self._update_partners(
            SQL(
                """
                UPDATE res_partner p
                   SET crm_suite_grade_id = n.grade_id,
                       crm_suite_grade_rule_id = n.rule_id,
                       crm_suite_grade_version = n.version,
                       crm_suite_grade_date = CASE
                           WHEN n.grade_id IS DISTINCT FROM p.crm_suite_grade_id
                           THEN %(now)s ELSE p.crm_suite_grade_date END,
                       crm_suite_grade_override_id = n.override_id,
                       crm_suite_grade_override_reason = n.override_reason,
                       crm_suite_grade_override_until = n.override_until,
                       crm_suite_grade_override_user_id = n.override_user_id
                  FROM (%(grades)s) n
                 WHERE p.id = n.partner_id
                   AND (n.grade_id, n.rule_id, n.version, n.override_id)
                       IS DISTINCT FROM
                       (p.crm_suite_grade_id, p.crm_suite_grade_rule_id,
                        COALESCE(p.crm_suite_grade_version, 0),
                        p.crm_suite_grade_override_id)
                """,
                now=fields.Datetime.now(),
                grades=self._compose_grades(rules),
            ),
            COLUMNS,
        )

    def _compose_grades(self, rules):
        """What each customer's grade is to be."""
        return SQL(
            """
            SELECT m.partner_id,
                   CASE WHEN o.kept THEN q.crm_suite_grade_override_id
                        ELSE r.grade_id END AS grade_id,
                   CASE WHEN o.kept THEN NULL ELSE r.rule_id END AS rule_id,
                   CASE WHEN o.kept THEN 0
                        ELSE COALESCE(r.version, 0) END AS version,
                   CASE WHEN o.kept THEN q.crm_suite_grade_override_id
                        END AS override_id,
                   CASE WHEN o.kept THEN q.crm_suite_grade_override_reason
                        END AS override_reason,
                   CASE WHEN o.kept THEN q.crm_suite_grade_override_until
                        END AS override_until,
                   CASE WHEN o.kept THEN q.crm_suite_grade_override_user_id
                        END AS override_user_id
              FROM %(match)s m
              JOIN res_partner q ON q.id = m.partner_id
         LEFT JOIN %(todays)s ON d.company_id = m.company_id
        CROSS JOIN LATERAL (
                SELECT q.crm_suite_grade_override_id IS NOT NULL
                   AND COALESCE(q.crm_suite_grade_override_until >= d.today, TRUE)
                    AS kept
            ) o
         LEFT JOIN %(rules)s ON r.rank = m.rank
            """,
            match=MATCH,
            todays=compose_todays(self.env),
            rules=self._compose_rules(rules, "grade_id"),
        )

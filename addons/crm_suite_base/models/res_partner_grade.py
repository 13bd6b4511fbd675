from odoo import fields, models

from .res_partner import ROLE


class ResPartner(models.Model):
    """What kind of customer it is, and its grade."""

    _name = "res.partner"
    _inherit = ["res.partner", "crm.suite.explain.mixin"]

    crm_suite_type = fields.Selection(
        [
            ("potential", "Potential customer"),
            ("existing", "Existing customer"),
            ("key", "Key customer"),
            ("partner", "Partner"),
            ("supplier", "Supplier"),
            ("competitor", "Competitor"),
            ("lost", "Lost customer"),
            ("other", "Other"),
        ],
        string="Customer Type",
        groups=ROLE,
    )
    crm_suite_grade_id = fields.Many2one(
        "crm.suite.grade",
        string="Grade",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        groups=ROLE,
        group_expand="_crm_suite_expand_grade",
        help="Given by the grade rules from figures and facts, or by a person.",
    )
    crm_suite_grade_date = fields.Datetime(
        string="Grade Since", readonly=True, copy=False, groups=ROLE
    )
    crm_suite_grade_rule_id = fields.Many2one(
        "crm.suite.grade.rule",
        string="Grade by Rule",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        copy=False,
        groups=ROLE,
    )
    crm_suite_grade_version = fields.Integer(
        string="Version of the Grade Rule",
        readonly=True,
        copy=False,
        groups=ROLE,
        aggregator=None,
    )
    crm_suite_grade_override_id = fields.Many2one(
        "crm.suite.grade",
        string="Grade by Hand",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        groups=ROLE,
        help="Given by a person; the rules leave it alone until it expires.",
    )
    crm_suite_grade_override_reason = fields.Char(
        string="Reason of the Grade", copy=False, groups=ROLE
    )
    crm_suite_grade_override_until = fields.Date(
        string="Grade by Hand Until",
        copy=False,
        groups=ROLE,
        help="The last day; empty: until somebody changes it.",
    )
    crm_suite_grade_override_user_id = fields.Many2one(
        "res.users",
        string="Grade Given By",
        index="btree_not_null",
        readonly=True,
        copy=False,
        groups=ROLE,
    )

    def _crm_suite_expand_grade(self, grades, domain):
        """All grades as columns of the kanban, also the empty ones."""
        # A handful, by design.  pylint: disable-next=no-search-all
        return grades.search([])

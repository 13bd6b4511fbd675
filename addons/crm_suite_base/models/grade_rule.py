from odoo import api, fields, models


class GradeRule(models.Model):
    """Which customers get which grade: the first rule that fits decides.

    See ``crm.suite.rule.mixin`` for drafts, versions, simulation and undo.
    """

    _name = "crm.suite.grade.rule"
    _description = "Grade Rule"
    _inherit = ["crm.suite.rule.mixin"]

    grade_id = fields.Many2one(
        "crm.suite.grade", required=True, index=True, ondelete="restrict"
    )

    @api.model
    def _rule_fields(self):
        return [*super()._rule_fields(), "grade_id"]

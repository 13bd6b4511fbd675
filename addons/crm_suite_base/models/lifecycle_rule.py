from odoo import api, fields, models


class LifecycleRule(models.Model):
    """Which customers move to which stage: the first rule that fits decides.

    A rule only moves forward, in the order of the stages, unless it says so.
    See ``crm.suite.rule.mixin`` for drafts, versions, simulation and undo.
    """

    _name = "crm.suite.lifecycle.rule"
    _description = "Lifecycle Rule"
    _inherit = ["crm.suite.rule.mixin"]

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

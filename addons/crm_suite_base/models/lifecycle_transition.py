from odoo import fields, models

SOURCES = [
    ("rule", "Rule"),
    ("person", "By hand"),
    ("import", "Import"),
    ("override", "Override"),
    ("undo", "Undo"),
    ("found", "Found changed"),
]


class LifecycleTransition(models.Model):
    """One step of a customer from stage to stage: when, why, by whom.

    Rows are only ever added, by whatever changes the stage; so the time in each stage
    and the conversion between stages are data.
    """

    _name = "crm.suite.lifecycle.transition"
    _description = "Lifecycle Step"
    _inherit = ["crm.suite.explain.mixin"]
    _order = "at desc, id desc"
    _log_access = False
    _rec_name = "partner_id"

    # Found by the index below, which begins with it.
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    from_id = fields.Many2one(
        "crm.suite.lifecycle.stage",
        string="From",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    to_id = fields.Many2one(
        "crm.suite.lifecycle.stage",
        string="To",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: the customer is no longer managed.",
    )
    at = fields.Datetime(string="Moved On", required=True, readonly=True, index=True)
    duration = fields.Float(
        string="Days in the Stage Before",
        readonly=True,
        aggregator="avg",
        help="Empty if it is not known since when the customer was in the stage before.",
    )
    source = fields.Selection(SOURCES, required=True, readonly=True)
    why = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    rule_id = fields.Many2one(
        "crm.suite.lifecycle.rule",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    version = fields.Integer(
        string="Version of the Rule", readonly=True, aggregator=None
    )
    done_by_id = fields.Many2one(
        "res.users", string="By", readonly=True, index="btree_not_null"
    )
    operation_id = fields.Many2one(
        "crm.suite.operation",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    _partner_idx = models.Index("(partner_id, at DESC, id DESC)")

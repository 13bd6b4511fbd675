from odoo import fields, models

DIMENSIONS = [
    ("completeness", "Completeness"),
    ("validity", "Validity"),
    ("freshness", "Freshness"),
    ("uniqueness", "Uniqueness"),
]


class QualityCriterion(models.Model):
    """One thing that makes the record of a customer good, with its weight.

    The quality of a customer is the weight of the criteria that it meets, in percent
    of the weight of all that apply to it.
    """

    _name = "crm.suite.quality.criterion"
    _description = "Data Quality Criterion"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    dimension = fields.Selection(DIMENSIONS, required=True, default="completeness")
    applies_to = fields.Selection(
        [("all", "Everybody"), ("company", "Companies"), ("person", "People")],
        required=True,
        default="all",
    )
    weight = fields.Integer(default=10, required=True)
    domain = fields.Char(
        string="Good Is", required=True, default="[]", help="Who meets the criterion."
    )
    hint = fields.Char(
        string="What to Do",
        translate=True,
        help="Shown where the criterion is not met.",
    )

    _weight_positive = models.Constraint(
        "CHECK(weight > 0)", "A weight is at least 1; switch the criterion off instead."
    )

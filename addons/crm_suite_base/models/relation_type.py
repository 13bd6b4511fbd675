from odoo import fields, models


class RelationType(models.Model):
    """A kind of tie between two partners, named from both ends."""

    _name = "crm.suite.relation.type"
    _description = "Relation Type"
    _order = "sequence, id"

    name = fields.Char(
        required=True,
        translate=True,
        help="What the first is to the second: “works at”.",
    )
    inverse_name = fields.Char(
        required=True,
        translate=True,
        help="What the second is to the first: “employs”.",
    )
    code = fields.Char(
        copy=False, help="For programs and imports; the names are yours to change."
    )
    category = fields.Selection(
        [
            ("employment", "Employment"),
            ("hierarchy", "Company hierarchy"),
            ("reports_to", "Reports to"),
            ("partner", "Partner"),
            ("competitor", "Competitor"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_unique = models.Constraint(
        "UNIQUE(code)", "There is already a relation type with this code."
    )

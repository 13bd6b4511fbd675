from odoo import fields, models


class LifecycleStage(models.Model):
    """Where a customer stands between first contact and loss.

    The stages are ordered; a partner becomes a *managed* customer by having one.
    """

    _name = "crm.suite.lifecycle.stage"
    _description = "Customer Lifecycle Stage"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    code = fields.Selection(
        [
            ("lead", "Lead"),
            ("qualified", "Qualified"),
            ("opportunity", "Opportunity"),
            ("first", "First purchase"),
            ("repeat", "Repeat"),
            ("loyal", "Loyal"),
            ("at_risk", "At risk"),
            ("dormant", "Dormant"),
            ("won_back", "Won back"),
            ("lost", "Lost"),
        ],
        required=True,
        help="The meaning of the stage for rules and programs; the name is yours.",
    )
    color = fields.Integer()
    fold = fields.Boolean(string="Folded in Kanban")
    active = fields.Boolean(default=True)

    _code_unique = models.Constraint(
        "UNIQUE(code)", "There is already a stage with this meaning."
    )

from odoo import fields, models


class Grade(models.Model):
    """How much a customer is worth to the company, and what follows from it.

    What a grade brings (visits, answering time, discounts, protection from the pool)
    is data, so that the programs which act on it ask the grade and no rule of theirs.
    """

    _name = "crm.suite.grade"
    _description = "Customer Grade"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True,
        help="A short name for programs and imports that stays when the name changes.",
    )
    sequence = fields.Integer(default=10, help="The best grade comes first.")
    color = fields.Integer()
    active = fields.Boolean(default=True)
    description = fields.Text(translate=True)
    visit_interval_days = fields.Integer(
        string="Contact Every (Days)",
        help="Be in touch at least this often. 0: no rule.",
    )
    sla_hours = fields.Float(
        string="Answer Within (Hours)",
        help="Working hours within which questions and complaints are answered. 0: no rule.",
    )
    discount_limit = fields.Float(
        string="Discount Up To (%)",
        help="Discounts above it need an approval.",
    )
    pool_immune = fields.Boolean(
        string="Never Returned to the Pool",
        help="Customers of this grade stay with their owner.",
    )

    _code_unique = models.Constraint(
        "UNIQUE(code)", "There is already a grade with this code."
    )
    _discount_valid = models.Constraint(
        "CHECK(discount_limit >= 0 AND discount_limit <= 100)",
        "A discount lies between 0 and 100 %.",
    )
    _days_valid = models.Constraint(
        "CHECK(visit_interval_days >= 0 AND sla_hours >= 0)",
        "Days and hours cannot be negative; use 0 for no rule.",
    )

from odoo import api, fields, models

EFFECTS = ("visit_interval_days", "sla_hours", "discount_limit", "pool_immune")


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
        help="Be in touch at least this often: with whom nobody was for longer is found "
        "by No Contact for Long and waits in the to-do centre. 0: by the settings.",
    )
    sla_hours = fields.Float(
        string="Answer Within (Hours)",
        help="Working hours within which this customer is answered: a new owner follows "
        "up first within them, where a pool with a first follow-up allows more. 0: no rule.",
    )
    discount_limit = fields.Float(
        string="Discount Up To (%)",
        help="Discounts above it should be agreed to: quotations say so, and approval "
        "flows can ask for “Discount Above the Grade's Limit”. 0: none without.",
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

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        self.env["crm.suite.grade.rule"]._check_not_in_force(self)

    def _describe_effects(self):
        """What follows from the grade, in words.

        :rtype: str
        """
        effects = [
            self.env._(
                "%(label)s: %(value)s",
                label=self._fields[name]._description_string(self.env),
                value=self.env._("yes") if self[name] is True else f"{self[name]:g}",
            )
            for name in EFFECTS
            if self[name]
        ]
        return self.env._("; ").join(effects)

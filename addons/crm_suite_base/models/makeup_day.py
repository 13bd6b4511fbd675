from odoo import api, fields, models

WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]


class MakeupDay(models.Model):
    """A day off on which people work after all, to make up for a bridge day (调休).

    The host's working hours know days off only. These days are known to every clock of
    the suite, see ``crm.suite.working.time``.
    """

    _name = "crm.suite.makeup.day"
    _description = "Make-up Working Day"
    _order = "date desc, id desc"

    name = fields.Char(required=True, help="What it makes up for: “Spring Festival”.")
    date = fields.Date(required=True, index=True)
    like_weekday = fields.Selection(
        WEEKDAYS,
        string="Hours Of",
        required=True,
        default="0",
        help="People work the hours of this weekday.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Hours",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for all working hours of the company.",
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for all companies.",
    )
    active = fields.Boolean(default=True)

    # NULL is like no other NULL, so three indexes' worth of rule in one expression.
    _day_uniq = models.UniqueIndex(
        "(date, COALESCE(calendar_id, 0), COALESCE(company_id, 0)) WHERE active",
        "This day is in the list already, for the same working hours.",
    )

    @api.depends("name", "date")
    def _compute_display_name(self):
        for day in self:
            day.display_name = (
                f"{day.name or ''} {fields.Date.to_string(day.date) or ''}"
            )

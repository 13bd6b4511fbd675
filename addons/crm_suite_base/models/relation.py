from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class Relation(models.Model):
    """A tie between two partners that the host's company field cannot say: a former
    employer, who reports to whom, who decides, partners, competitors.
    """

    _name = "crm.suite.relation"
    _description = "Customer Relation"
    _order = "date_to desc, date_from desc, id desc"

    partner_id = fields.Many2one(
        "res.partner", string="From", required=True, index=True, ondelete="cascade"
    )
    type_id = fields.Many2one(
        "crm.suite.relation.type",
        string="Relation",
        required=True,
        index=True,
        ondelete="restrict",
    )
    related_partner_id = fields.Many2one(
        "res.partner", string="To", required=True, index=True, ondelete="cascade"
    )
    category = fields.Selection(related="type_id.category")
    role = fields.Char(help="The position held or the part played.")
    decision_role = fields.Selection(
        [
            ("decider", "Decider"),
            ("influencer", "Influencer"),
            ("user", "User"),
            ("blocker", "Blocker"),
            ("champion", "Champion"),
        ],
        help="The part that this person plays in a buying decision.",
    )
    date_from = fields.Date(string="Since")
    date_to = fields.Date(string="Until")
    note = fields.Text()
    is_current = fields.Boolean(
        compute="_compute_is_current", search="_search_is_current"
    )
    company_id = fields.Many2one(
        related="partner_id.company_id", store=True, index="btree_not_null"
    )
    related_company_id = fields.Many2one(
        related="related_partner_id.company_id",
        string="Company of the Other",
        store=True,
        index="btree_not_null",
    )

    _open_unique = models.UniqueIndex(
        "(partner_id, related_partner_id, type_id) WHERE date_to IS NULL",
        "These two already have this relation. End the first one or change it.",
    )
    _two_partners = models.Constraint(
        "CHECK(partner_id != related_partner_id)",
        "A relation needs two different partners.",
    )
    _dates_in_order = models.Constraint(
        "CHECK(date_to >= date_from)",
        "A relation cannot end before it begins.",
    )

    @api.depends("partner_id.name", "related_partner_id.name", "type_id.name")
    def _compute_display_name(self):
        for relation in self:
            relation.display_name = self.env._(
                "%(one)s – %(relation)s – %(other)s",
                one=relation.partner_id.name or "",
                relation=relation.type_id.name or "",
                other=relation.related_partner_id.name or "",
            )

    @api.depends("date_from", "date_to")
    def _compute_is_current(self):
        today = fields.Date.context_today(self)
        for relation in self:
            relation.is_current = (
                not relation.date_from or relation.date_from <= today
            ) and (not relation.date_to or relation.date_to > today)

    def _search_is_current(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        current = (
            Domain("date_from", "=", False) | Domain("date_from", "<=", today)
        ) & (Domain("date_to", "=", False) | Domain("date_to", ">", today))
        result = Domain.FALSE
        if True in value:
            result |= current
        if False in value:
            result |= ~current
        return result

    @api.constrains("partner_id", "related_partner_id", "type_id", "date_to")
    def _check_reports_to_cycle(self):
        """Nobody can be his own superior, not even over several steps."""
        for relation in self.filtered(
            lambda row: row.type_id.category == "reports_to" and not row.date_to
        ):
            if relation._reaches(relation.related_partner_id, relation.partner_id):
                raise ValidationError(
                    self.env._(
                        "%(one)s already stands above %(other)s. End that relation first.",
                        one=relation.partner_id.display_name,
                        other=relation.related_partner_id.display_name,
                    )
                )

    def _seen_from(self, partner_ids):
        """The relation as data, from the end of one of ``partner_ids``."""
        forward = self.partner_id.id in partner_ids
        other = self.related_partner_id if forward else self.partner_id
        kind = self.type_id
        decisions = dict(self._fields["decision_role"]._description_selection(self.env))
        return {
            "id": self.id,
            "type": kind.name if forward else kind.inverse_name,
            "category": kind.category,
            "partner": {"id": other.id, "name": other.sudo().name or ""},
            "direction": "out" if forward else "in",
            "role": self.role or "",
            "decision_role": decisions.get(self.decision_role, ""),
            "date_from": fields.Date.to_string(self.date_from) or False,
            "date_to": fields.Date.to_string(self.date_to) or False,
            "is_current": self.is_current,
            "note": self.note or "",
        }

    def _reaches(self, start, goal):
        """Whether ``goal`` stands above ``start`` in the lines of command."""
        seen = start
        level = start
        while level:
            above = (
                self.sudo()
                .search(
                    [
                        ("partner_id", "in", level.ids),
                        ("type_id.category", "=", "reports_to"),
                        ("date_to", "=", False),
                    ]
                )
                .related_partner_id
            )
            if goal in above:
                return True
            level = above - seen
            seen |= level
        return False

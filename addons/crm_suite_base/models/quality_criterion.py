from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .arguments import read_domain
from .rule_match import (
    SCOPE,
    Condition,
    check_readable,
    compose_branch,
    match_each,
    open_scope,
    room_for_sets,
)
from .rule_words import describe_domain

DIMENSIONS = [
    ("completeness", "Completeness"),
    ("validity", "Validity"),
    ("freshness", "Freshness"),
    ("uniqueness", "Uniqueness"),
]
APPLIES = {
    "all": Domain.TRUE,
    "company": Domain("is_company", "=", True),
    "person": Domain("is_company", "=", False),
}


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
    weight = fields.Integer(default=10, required=True, aggregator="sum")
    domain = fields.Char(
        string="Good Is", required=True, default="[]", help="Who meets the criterion."
    )
    sentence = fields.Char(string="Condition", compute="_compute_sentence")
    hint = fields.Char(
        string="What to Do",
        translate=True,
        help="Shown where the criterion is not met.",
    )

    _weight_positive = models.Constraint(
        "CHECK(weight > 0)", "A weight is at least 1; switch the criterion off instead."
    )

    @api.depends("domain")
    @api.depends_context("lang", "uid")
    def _compute_sentence(self):
        partners = self.env["res.partner"]
        for criterion in self:
            try:
                criterion.sentence = describe_domain(partners, criterion._get_domain())
            except (ValueError, SyntaxError, TypeError):
                criterion.sentence = criterion.domain  # while somebody types it

    @api.constrains("domain")
    def _check_domain(self):
        """Search with it once."""
        for criterion in self:
            try:
                self.env["res.partner"].search(criterion._get_domain(), limit=1)
            except (SyntaxError, TypeError, UserError, ValueError) as error:
                raise ValidationError(
                    self.env._(
                        "The condition of “%(criterion)s” cannot be used: %(error)s",
                        criterion=criterion.name,
                        error=error,
                    )
                ) from error

    @api.model_create_multi
    def create(self, vals_list):
        criteria = super().create(vals_list)
        criteria._check_author()
        return criteria

    def write(self, vals):
        result = super().write(vals)
        if "domain" in vals:
            self._check_author()
        return result

    def _check_author(self):
        """Refuse conditions over what their author may not read; see the rules."""
        for criterion in self:
            check_readable(self.env["res.partner"], criterion._get_domain())

    def _get_domain(self):
        return read_domain(self.env, self.domain)

    def _get_condition(self, rank=0):
        return Condition(
            rank, self._get_domain() & APPLIES[self.applies_to], company_id=False
        )

    # === RECALCULATING === #

    @api.model
    def _recalculate(self, partner_ids=None):
        """Bring the quality of customers up to date; write only what differs.

        :param partner_ids: ids of commercial partners; ``None``: all customers
        """
        if partner_ids is not None and not partner_ids:
            return
        # A handful, by design.  pylint: disable-next=no-search-all
        criteria = self.sudo().search([])
        self.env.flush_all()
        with room_for_sets(self.env):
            open_scope(self.env, partner_ids)
            self.env["crm.suite.grade.rule"]._update_partners(
                criteria._compose_update(partner_ids), ("crm_suite_quality",)
            )

    def _compose_update(self, partner_ids):
        """The score of everybody as one statement: the met weights, added up."""
        company_id = self.env.company.id
        branches = [
            SQL(
                "SELECT id, %s AS weight FROM (%s) b",
                criterion.weight,
                compose_branch(
                    self.env, criterion._get_condition(), company_id, partner_ids
                ),
            )
            for criterion in self
        ]
        met = SQL(" UNION ALL ").join(branches) or SQL("SELECT 0 AS id, 0 AS weight")
        companies, people = (
            sum(
                self.filtered(lambda c, kind=kind: c.applies_to in kind).mapped(
                    "weight"
                )
            )
            for kind in (("all", "company"), ("all", "person"))
        )
        return SQL(
            """
            UPDATE res_partner p
               SET crm_suite_quality = n.score
              FROM (
                SELECT s.partner_id,
                       COALESCE(round(100.0 * COALESCE(f.weight, 0) / NULLIF(
                           CASE WHEN q.is_company THEN %(companies)s
                                ELSE %(people)s END, 0)), 100)::int AS score
                  FROM %(scope)s s
                  JOIN res_partner q ON q.id = s.partner_id
             LEFT JOIN (SELECT id, sum(weight) AS weight FROM (%(met)s) m GROUP BY id) f
                    ON f.id = s.partner_id
            ) n
             WHERE p.id = n.partner_id
               AND p.crm_suite_quality IS DISTINCT FROM n.score
            """,
            companies=companies,
            people=people,
            scope=SCOPE,
            met=met,
        )

    # === WHY === #

    @api.model
    def _find_met(self, partner):
        """Tell which criteria apply to a customer and which of them it meets.

        :return: two recordsets, in the language and with the names of the reader
        """
        # A handful, by design.  pylint: disable-next=no-search-all
        criteria = self.sudo().search([])
        applicable = criteria.filtered(
            lambda c: (
                c.applies_to == "all"
                or (c.applies_to == "company") == partner.is_company
            )
        )
        conditions = [c._get_condition(rank) for rank, c in enumerate(applicable)]
        met = match_each(self.env, conditions, partner, self.env.company.id)
        return applicable, applicable.browse(
            c.id for rank, c in enumerate(applicable) if rank in met
        )

    def action_show_failing(self):
        """Open the customers that do not meet the criterion.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.quality_action"
        )
        domain = (
            Domain("crm_suite_lifecycle_id", "!=", False)
            & APPLIES[self.applies_to]
            & ~self._get_domain()
        )
        return {**action, "domain": list(domain), "name": self.name, "context": {}}

    def action_recalculate(self):
        """Bring the quality of all customers up to date now.

        :rtype: dict
        """
        self.browse().check_access("write")
        self._recalculate()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

import ast

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

STATES = [
    ("draft", "Not applied yet"),
    ("changed", "Changed, not applied"),
    ("published", "Applied"),
    ("off", "Switched off"),
]
# Written by applying and undoing only: nobody slips a rule past its checks.
PUBLISHED_FIELDS = {"published", "version", "published_at", "published_by_id"}


class RuleMixin(models.AbstractModel):
    """Ordered rules about customers; of those that fit, the first one decides.

    *Drafts.* What people edit is a draft. Programs use what was published last, so
    nobody's half-finished edit moves a customer at night. :meth:`apply` publishes and
    recalculates as one operation; undoing it brings back both, the customers and what
    the rules said.

    *Companies.* A rule without a company counts for the customers of all companies. The
    figures in a condition are those of the customer's own company; a shared customer
    belongs to the company from which it buys most often.

    *Simulation.* :meth:`simulate` runs the very same code and takes all of it back.
    """

    _name = "crm.suite.rule.mixin"
    _description = "Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    domain = fields.Char(
        string="Customers", required=True, default="[]", help="Whom the rule fits."
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        help="Empty: for the customers of all companies.",
    )
    note = fields.Text(
        help="Why the rule is as it is, for those who change it after you."
    )
    version = fields.Integer(
        readonly=True, copy=False, help="How often the rule was applied in a new form."
    )
    published = fields.Json(readonly=True, copy=False)
    published_at = fields.Datetime(string="Applied On", readonly=True, copy=False)
    published_by_id = fields.Many2one(
        "res.users",
        string="Applied By",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    state = fields.Selection(STATES, compute="_compute_state")

    # === COMPUTES, CONSTRAINTS === #

    @api.depends(lambda self: (*self._rule_fields(), "published", "version"))
    def _compute_state(self):
        for rule in self:
            draft = rule._get_draft()
            if not rule.version:
                rule.state = "draft"
            elif rule.published != draft:
                rule.state = "changed"
            else:
                rule.state = "published" if rule.active else "off"

    @api.constrains("domain")
    def _check_domain(self):
        """Search with the domain once, with the rights of who writes it.

        The rules run for everybody later: a condition must not look into fields that
        its author may not read.
        """
        for rule in self:
            try:
                domain = self._parse_domain(rule.domain)
                self.env["res.partner"].search(domain, limit=1)
            except AccessError as error:
                raise ValidationError(
                    self.env._(
                        "“%(rule)s” looks at something that you may not read: %(error)s",
                        rule=rule.name,
                        error=error,
                    )
                ) from error
            except (ValueError, SyntaxError, TypeError, UserError) as error:
                raise ValidationError(
                    self.env._(
                        "The condition of “%(rule)s” cannot be understood: %(error)s. "
                        "Build it anew with the editor.",
                        rule=rule.name,
                        error=error,
                    )
                ) from error

    @api.ondelete(at_uninstall=False)
    def _unlink_except_applied(self):
        for rule in self:
            if rule.version and rule.published.get("active"):
                raise UserError(
                    self.env._(
                        "“%(rule)s” is in force. Switch it off and apply that first.",
                        rule=rule.name,
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_not_published(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_not_published(vals)
        return super().write(vals)

    def _check_not_published(self, vals):
        if not self.env.su and not PUBLISHED_FIELDS.isdisjoint(vals):
            raise AccessError(
                self.env._("A rule comes into force by “Apply”, not by an edit.")
            )

    # === DRAFTS === #

    @api.model
    def _rule_fields(self):
        """Name the fields that make a rule what it is; the rest is only about it.

        Hook: a rule adds its result and further conditions.

        :rtype: list[str]
        """
        return ["sequence", "active", "domain", "company_id"]

    def _get_draft(self):
        """What the rule says now, as it would be published.

        :rtype: dict
        """
        self.ensure_one()
        draft = {}
        for name in self._rule_fields():
            value = self[name]
            if isinstance(value, models.BaseModel):
                many = self._fields[name].type == "many2many"
                value = sorted(value.ids) if many else value.id
            draft[name] = value
        return draft

    @api.model
    def _parse_domain(self, text):
        """Read a stored condition: data only, no code.

        :rtype: Domain
        """
        return Domain(ast.literal_eval(text or "[]"))

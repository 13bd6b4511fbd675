import logging
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.field_use import IN_FORCE, Use
from .arguments import read_domain
from .rule_match import Condition, check_readable, match_first, room_for_sets
from .rule_words import describe_domain

_logger = logging.getLogger(__name__)

STATES = [
    ("draft", "Not applied yet"),
    ("changed", "Changed, not applied"),
    ("published", "Applied"),
    ("off", "Switched off"),
]
# Written by applying and undoing only: nobody slips a rule past its checks.
PUBLISHED_FIELDS = {"published", "version", "published_at", "published_by_id"}
# What a condition raises that cannot be understood.
NOT_UNDERSTOOD = (ValueError, SyntaxError, TypeError, UserError)


class PublishedRule(NamedTuple):
    """A rule in force, as programs use it."""

    id: int
    version: int
    values: dict  # see ``RuleMixin._rule_fields``


class RuleMixin(models.AbstractModel):
    """Ordered rules about customers; of those that fit, the first one decides.

    *Drafts.* What people edit is a draft. Programs use what was published last, so
    nobody's half-finished edit moves a customer at night. :meth:`apply` publishes and
    recalculates as one operation; undoing it brings back both, the customers and what
    the rules said.

    *Companies.* A rule without a company counts for the customers of all companies. The
    figures in a condition are those of the customer's own company; a shared customer
    belongs to the company from which it buys most often, see ``rule_match``.

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
    sentence = fields.Char(
        string="Fits", compute="_compute_sentence", help="The condition in words."
    )
    problem = fields.Char(
        compute="_compute_problem",
        help="Why the rule in force fits nobody: its condition cannot be read any more.",
    )

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

    @api.depends("domain")
    @api.depends_context("lang", "uid")
    def _compute_sentence(self):
        for rule in self:
            try:
                domain = self._parse_domain(rule.domain)
            except (ValueError, SyntaxError, TypeError):
                rule.sentence = rule.domain  # while somebody types it
            else:
                rule.sentence = describe_domain(rule._get_subject(), domain)

    @api.depends("published")
    @api.depends_context("lang")
    def _compute_problem(self):
        for rule in self:
            error = rule._is_in_force() and rule._find_error(rule.published["domain"])
            rule.problem = error and rule._describe_error(error)

    @api.constrains("domain")
    def _check_domain(self):
        """Search with the domain once, unless it is in force: a field of it may be gone
        since, and the rule must be mended or switched off nevertheless.
        """
        for rule in self:
            if rule.domain != (rule.published or {}).get("domain"):
                rule._try_domain()

    def _try_domain(self):
        try:
            domain = self._parse_domain(self.domain)
            self._get_subject().search(domain, limit=1)
        except NOT_UNDERSTOOD as error:
            raise ValidationError(self._describe_error(error)) from error

    def _find_error(self, text):
        """What is wrong with a stored condition, without searching with it.

        :rtype: Exception | None
        """
        try:
            self._get_subject().sudo()._search(self._parse_domain(text))
        except NOT_UNDERSTOOD as error:
            return error
        return None

    def _describe_error(self, error):
        return self.env._(
            "The condition of “%(rule)s” cannot be understood: %(error)s. "
            "Build it anew with the editor.",
            rule=self.name,
            error=error,
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_applied(self):
        for rule in self:
            if rule._is_in_force():
                raise UserError(
                    self.env._(
                        "“%(rule)s” is in force. Switch it off and apply that first.",
                        rule=rule.name,
                    )
                )

    @api.model
    def _check_not_in_force(self, records):
        """Refuse to delete what a rule in force gives or asks for.

        The database knows only what the drafts refer to.

        :param records: of a model to which fields of the rules lead
        """
        names = [
            name
            for name in self._rule_fields()
            if self._fields[name].comodel_name == records._name
        ]
        # Whoever may delete them need not see the rules.
        rules = self.sudo().with_context(active_test=False)
        for rule in rules.search([("version", ">", 0)]):
            if not rule._is_in_force():
                continue
            for name in names:
                if named := records & records.browse(rule.published.get(name)):
                    raise UserError(
                        self.env._(
                            "“%(record)s” is part of “%(rule)s”, which is in force. "
                            "Change the rule and apply that first.",
                            record=named[0].display_name,
                            rule=rule.name,
                        )
                    )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_not_published(vals)
        rules = super().create(vals_list)
        rules._check_author()
        return rules

    def write(self, vals):
        self._check_not_published(vals)
        result = super().write(vals)
        if "domain" in vals:
            self._check_author()
        return result

    def _check_author(self):
        """Refuse conditions over what their author may not read.

        The rules run for everybody later, and a simulation tells whom they fit. (A
        constraint would not do: the host runs it as superuser.)
        """
        for rule in self:
            try:
                check_readable(rule._get_subject(), self._parse_domain(rule.domain))
            except AccessError as error:
                raise ValidationError(
                    self.env._(
                        "“%(rule)s” looks at something that you may not read: %(error)s",
                        rule=rule.name,
                        error=error,
                    )
                ) from error

    def _check_not_published(self, vals):
        if not self.env.su and not PUBLISHED_FIELDS.isdisjoint(vals):
            raise AccessError(
                self.env._("A rule comes into force by “Apply”, not by an edit.")
            )

    # === DRAFTS === #

    def _get_subject(self):
        """What the conditions are about. Hook: customers unless a rule set says else.

        :return: empty recordset
        """
        return self.env["res.partner"]

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
    def _get_field_uses(self):
        """See ``_get_uses`` of custom fields."""
        # A handful, by design.  pylint: disable-next=no-search-all
        for rule in self.search([]):
            subject = rule._get_subject()._name
            yield Use(rule.name, subject, rule._get_draft())
            if rule.version and rule.published.get("active"):
                yield Use(rule.name, subject, rule.published, IN_FORCE)

    @api.model
    def _parse_domain(self, text):
        """Read a stored condition: data only, no code.

        :rtype: Domain
        """
        return read_domain(self.env, text)

    # === RECALCULATING === #

    def _is_in_force(self):
        return bool(self.version and self.published.get("active"))

    @api.model
    def _get_published(self):
        """The rules in force, in their order, without those that cannot be read.

        :rtype: list[PublishedRule]
        """
        rules = (
            self.sudo()
            .with_context(active_test=False)
            .search_fetch([("version", ">", 0)], ["version", "published"])
        )
        found = []
        for rule in rules.filtered(lambda rule: rule._is_in_force()):
            if rule.problem:
                _logger.warning("%s is left out: %s", rule, rule.problem)
            else:
                found.append(PublishedRule(rule.id, rule.version, rule.published))
        return sorted(found, key=lambda rule: (rule.values["sequence"], rule.id))

    @api.model
    def _get_conditions(self, rules):
        """Turn rules into what is matched; see :func:`match_first`.

        :param list[PublishedRule] rules:
        :rtype: list[Condition]
        """
        return [
            Condition(
                rank,
                self._parse_domain(rule.values["domain"]) & self._get_condition(rule),
                rule.values["company_id"],
            )
            for rank, rule in enumerate(rules)
        ]

    @api.model
    def _get_condition(self, rule):
        """Say what must hold beside the rule's own domain. Hook.

        :param PublishedRule rule:
        :rtype: Domain
        """
        return Domain.TRUE

    @api.model
    def _recalculate(self, partner_ids=None):
        """Bring what the rules decide up to date; write only what differs.

        :param partner_ids: ids of commercial partners; ``None``: all customers
        """
        if partner_ids is not None and not partner_ids:
            return
        rules = self._get_published()
        with room_for_sets(self.env):
            match_first(self.env, self._get_conditions(rules), partner_ids)
            self._write_matches(rules)

    @api.model
    def _write_matches(self, rules):
        """Write what follows from ``crm_suite_rule_match``. Each rule set has its own.

        :param list[PublishedRule] rules: the position of each is its rank
        """
        raise NotImplementedError

    @api.model
    def _compose_rules(self, rules, *names):
        """The rules as rows to join: rank, rule_id, version and the named values.

        :rtype: SQL
        """
        columns = [
            [rank for rank, _rule in enumerate(rules)],
            [rule.id for rule in rules],
            [rule.version for rule in rules],
            *([rule.values[name] for rule in rules] for name in names),
        ]
        return SQL(
            "unnest(%s) AS r(rank, rule_id, version, %s)",
            SQL(", ").join(SQL("%s::int[]", column) for column in columns),
            SQL(", ").join(SQL.identifier(name) for name in names),
        )

    @api.model
    def _update_partners(self, query, columns):
        """Run an ``UPDATE res_partner p …``, journalled where an operation runs.

        ``write_date`` stays: nobody edited these customers, and what looks for edited
        ones would otherwise start over with each run.

        :param SQL query:
        :param columns: the columns that it sets
        """
        if operation := self.env["crm.suite.operation"]._get_running():
            operation.log_sql("res.partner", query, alias="p", columns=columns)
        else:
            self.env.cr.execute(query)
        self.env["res.partner"].invalidate_model(columns, flush=False)

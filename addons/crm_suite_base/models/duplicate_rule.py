from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import ormcache

from ..tools.duplicate_keys import EXACT_BLOCKS
from ..tools.duplicate_score import Rule, Term, fits_kind
from .arguments import check_one

# The ways by which a record comes in; each rule has a reaction for each of them.
CHANNELS = ("form", "quick", "api", "import", "mail", "merge", "unarchive")
REACTIONS = [
    ("warn", "Warn"),
    ("block", "Refuse"),
    ("queue", "Note for the worklist"),
    ("off", "Nothing"),
]
MODELS = [("res.partner", "Customers and contacts"), ("crm.lead", "Leads")]
# Blocks by which records that are only alike are found, by key.
SIMILAR_BLOCKS = {
    "name": "nycs",
    "pinyin": "y",
    "phone": "p",
    "email": "e",
    "domain": "d",
    "vat": "v12",
    "street": "at",
    "city": "zt",
    "zip": "zt",
}
# Of rules whose conditions all hold, one of these is enough to find the records.
SELECTIVE = ("vat", "email", "phone")


class RuleSpec(NamedTuple):
    """A rule as the programs use it."""

    id: int
    version: int
    rule: Rule
    reactions: dict  # channel to reaction
    letters: frozenset  # first letters of the blocks that can find a match
    company_id: int
    with_customers: bool
    in_search: bool

    @property
    def keys(self):
        return {term.key for term in self.rule.terms}


class DuplicateRule(models.Model):
    """When two records are called the same, and what happens when one is entered.

    *Within* a rule all conditions hold together (mode *all conditions*), or the keys
    that both records have are weighed against each other (mode *weighed evidence*).
    *Between* rules it is "or": the first one that finds a duplicate gives the score,
    the strictest reaction of all that do counts.

    *Reactions* are per channel: ``warn`` tells who enters it and notes the pair for the
    worklist, ``block`` refuses, ``queue`` only notes the pair, ``off`` does nothing.
    Where nobody can be told (mail, programs), ``warn`` is as ``queue``.
    """

    _name = "crm.suite.duplicate.rule"
    _description = "Duplicate Rule"
    _order = "model_name, sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    model_name = fields.Selection(
        MODELS, string="Checks", required=True, default="res.partner"
    )
    kind = fields.Selection(
        [
            ("any", "Companies and people"),
            ("company", "Companies"),
            ("person", "People"),
        ],
        string="Companies or People",
        required=True,
        default="any",
    )
    with_customers = fields.Boolean(
        string="Also against Customers",
        default=True,
        help="Leads are compared with each other and with customers and their contacts.",
    )
    mode = fields.Selection(
        [("all", "All conditions hold"), ("score", "Weighed evidence")],
        required=True,
        default="all",
        help="Weighed evidence: the mean of how alike the records are in what both of them have.",
    )
    least = fields.Integer(
        string="Least Score (%)",
        default=80,
        help="From which score on two records are called the same.",
    )
    known = fields.Integer(
        string="Least Weight Known",
        default=2,
        help="So much weight must be known of both records. Otherwise they are not compared.",
    )
    term_ids = fields.One2many(
        "crm.suite.duplicate.rule.term", "rule_id", string="Conditions", copy=True
    )
    on_form = fields.Selection(REACTIONS, required=True, default="warn")
    on_quick = fields.Selection(
        REACTIONS, string="On Quick Creation", required=True, default="warn"
    )
    on_api = fields.Selection(
        REACTIONS, string="By Programs (API)", required=True, default="queue"
    )
    on_import = fields.Selection(REACTIONS, required=True, default="warn")
    on_mail = fields.Selection(
        REACTIONS, string="By Incoming Mail", required=True, default="queue"
    )
    on_merge = fields.Selection(REACTIONS, required=True, default="queue")
    on_unarchive = fields.Selection(REACTIONS, required=True, default="queue")
    in_search = fields.Boolean(
        string="Nightly Search",
        default=True,
        help="The rule is used when the whole database is searched for duplicates.",
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        help="Empty: for what is entered in any company.",
    )
    note = fields.Text(
        help="Why the rule is as it is, for those who change it after you."
    )
    version = fields.Integer(readonly=True, copy=False, default=1)
    sentence = fields.Char(string="In Words", compute="_compute_sentence")
    pair_count = fields.Integer(compute="_compute_pair_count")

    # === COMPUTES, CONSTRAINTS === #

    @api.depends(
        "mode", "least", "term_ids.key", "term_ids.comparison", "term_ids.threshold"
    )
    @api.depends_context("lang")
    def _compute_sentence(self):
        for rule in self:
            parts = [term._get_words(rule.mode) for term in rule.term_ids]
            text = self.env._(" and ").join(filter(None, parts))
            if rule.mode == "score" and parts:
                text = self.env._(
                    "%(keys)s together at least %(least)s %% alike",
                    keys=", ".join(filter(None, parts)),
                    least=rule.least,
                )
            rule.sentence = text

    def _compute_pair_count(self):
        counts = dict(
            self.env["crm.suite.duplicate.pair"]._read_group(
                [("rule_id", "in", self.ids), ("state", "=", "new")],
                ["rule_id"],
                ["__count"],
            )
        )
        for rule in self:
            rule.pair_count = counts.get(rule, 0)

    @api.constrains("term_ids", "mode", "least", "known", "kind")
    def _check_terms(self):
        for rule in self:
            if not rule.term_ids:
                raise ValidationError(
                    self.env._(
                        "“%(rule)s” has no condition: it would call everybody the same. Add one.",
                        rule=rule.name,
                    )
                )
            if not 1 <= rule.least <= 100:
                raise ValidationError(
                    self.env._("The least score is a percentage between 1 and 100.")
                )
            keys = rule.term_ids.mapped("key")
            if len(keys) != len(set(keys)):
                raise ValidationError(
                    self.env._(
                        "“%(rule)s” has two conditions for the same value. Keep one of them.",
                        rule=rule.name,
                    )
                )
            if set(keys) <= {"city", "zip"}:
                raise ValidationError(
                    self.env._(
                        "A place alone makes nobody the same. Add a name, a number or an address to “%(rule)s”.",
                        rule=rule.name,
                    )
                )
            if rule.kind != "person" and set(keys) <= {"street", "city", "zip"}:
                raise ValidationError(
                    self.env._(
                        "Companies with one address are many. Add a name or a number to “%(rule)s”, or let it speak of persons.",
                        rule=rule.name,
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        # The host checks constraints of fields that were given only.
        rules._check_terms()
        rules._note_changed()
        return rules

    def write(self, vals):
        result = super().write(vals)
        changed = set(vals) - {"version", "note", "sequence", "name"}
        if changed and "version" not in vals:
            self._count_version()
        self._note_changed()
        return result

    def unlink(self):
        result = super().unlink()
        self._note_changed()
        return result

    def _note_changed(self):
        self.env.registry.clear_cache()
        for model_name, _label in MODELS:
            self.env[model_name]._duplicate_rules_changed()

    def _count_version(self):
        for rule in self:
            rule.version += 1

    # === FOR PROGRAMS === #

    @api.model
    def _get_specs(self, model_name, company_id=False):
        """The active rules about a model, in their order.

        :param int company_id: leave out those of other companies
        :rtype: list[RuleSpec]
        """
        return [
            spec
            for spec in self._load_specs(model_name)
            if not spec.company_id or not company_id or spec.company_id == company_id
        ]

    @api.model
    @ormcache("model_name", "company_id", "kind")
    def _get_asked_keys(self, model_name, company_id, kind):
        """Of which keys a rule speaks, for records of a kind.

        :param str kind: ``company``, ``person``; an empty text may be any
        :rtype: frozenset[str]
        """
        return frozenset().union(
            *(
                spec.keys
                for spec in self._get_specs(model_name, company_id)
                if fits_kind(spec.rule, {"kind": kind}, {})
            )
        )

    @api.model
    @ormcache("model_name")
    def _load_specs(self, model_name):
        rules = self.sudo().search([("model_name", "=", model_name)])
        return tuple(rule._make_spec() for rule in rules)

    def _make_spec(self):
        rule = Rule(
            terms=tuple(term._make_term() for term in self.term_ids),
            mode=self.mode,
            kind=self.kind,
            least=self.least / 100,
            known=self.known,
        )
        return RuleSpec(
            id=self.id,
            version=self.version,
            rule=rule,
            reactions={channel: self[f"on_{channel}"] for channel in CHANNELS},
            letters=self._get_letters(rule),
            company_id=self.company_id.id,
            with_customers=self.model_name == "res.partner" or self.with_customers,
            in_search=self.in_search,
        )

    @api.model
    def _get_letters(self, rule):
        if rule.mode == "all":
            exact = {term.key for term in rule.terms if term.exact}
            for key in SELECTIVE:
                if key in exact:
                    return frozenset(EXACT_BLOCKS[key])
        return frozenset("".join(SIMILAR_BLOCKS[term.key] for term in rule.terms))

    # === ACTIONS === #

    def action_open_pairs(self):
        check_one(self).check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.duplicate_pair_action"
        )
        action["domain"] = [("rule_id", "=", self.id)]
        return action

    def action_try(self):
        """Count what this rule alone would find, without noting it.

        Of many records a sample is looked at, and all of them in the background.

        :return: client action that shows the figure or, of many records, what the sample
            says and then the trial with its progress
        :rtype: dict
        """
        check_one(self)
        self.check_access("write")
        if not isinstance(self.id, int):
            raise UserError(self.env._("Save the rule first."))
        runs = self.env["crm.suite.duplicate.run"]
        if runs._is_large(self.model_name):
            return self._try_later()
        return self._notify_trial(
            self.env._(
                "Alone, this rule calls %(count)s pairs of records the same.",
                count=runs._count_matches(self),
            )
        )

    def _try_later(self):
        runs = self.env["crm.suite.duplicate.run"]
        asked, found, names = runs._sample_trial(self)
        runs._start_trial(self)
        message = self.env._(
            "Of the newest %(asked)s records, %(found)s have a duplicate by this rule. All records are searched in the background; you are told when it is done.",
            asked=asked,
            found=found,
        )
        if names:
            message = self.env._(
                "%(message)s For example: %(names)s",
                message=message,
                names=", ".join(names),
            )
        follow = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.duplicate_run_action"
        )
        follow["domain"] = [("rule_id", "=", self.id)]
        return self._notify_trial(message, sticky=True, next=follow)

    def _notify_trial(self, message, **params):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "sticky": False,
                "title": self.name,
                "message": message,
                **params,
            },
        }

    def action_find(self):
        """Search the whole database for duplicates now.

        Called without a rule, all rules take part; with rules, the models of these.
        Large tables are searched in the background, and the worklist fills.

        :return: client action that opens the worklist, with what was found
        :rtype: dict
        """
        self.env["crm.suite.duplicate.pair"]._check_decider()
        models_ = set(self.mapped("model_name")) or {name for name, _label in MODELS}
        runs = self.env["crm.suite.duplicate.run"]
        large = {name for name in models_ if runs._is_large(name)}
        for name in large:
            runs._start_soon(name)
        found = sum(runs._find_now(name).found for name in sorted(models_ - large))
        message = self.env._("%(count)s pairs are open in the worklist.", count=found)
        if large:
            message = self.env._(
                "There are many records: the search goes on in the background, and the worklist fills while it runs."
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info" if large else "success",
                "message": message,
                "next": self.env["ir.actions.act_window"]._for_xml_id(
                    "crm_suite_base.duplicate_pair_action"
                ),
            },
        }


class DuplicateRuleTerm(models.Model):
    """One condition of a duplicate rule: a value that is the same or alike."""

    _name = "crm.suite.duplicate.rule.term"
    _description = "Condition of a Duplicate Rule"
    _order = "rule_id, sequence, id"

    rule_id = fields.Many2one(
        "crm.suite.duplicate.rule", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    key = fields.Selection(
        [
            ("name", "Name"),
            ("pinyin", "Sound of the name (pinyin)"),
            ("phone", "Phone"),
            ("email", "Email"),
            ("domain", "Domain"),
            ("vat", "Tax number or USCC"),
            ("street", "Street"),
            ("city", "City"),
            ("zip", "Postcode"),
        ],
        required=True,
        default="name",
    )
    comparison = fields.Selection(
        [("exact", "is the same"), ("similar", "is alike")],
        required=True,
        default="exact",
    )
    threshold = fields.Integer(
        string="At Least (%)",
        default=85,
        help="How alike the two values must be. Of weighed evidence: what is less alike than this speaks against the pair; 0: never.",
    )
    weight = fields.Float(
        default=1.0, digits=(6, 2), help="How much the value counts in the score."
    )

    _threshold_is_percent = models.Constraint(
        "CHECK (threshold BETWEEN 0 AND 100)",
        "“At least” is a percentage between 0 and 100.",
    )
    _weight_is_positive = models.Constraint(
        "CHECK (weight > 0)", "Give each condition a weight above zero."
    )

    @api.constrains("key")
    def _check_key(self):
        self.rule_id._check_terms()

    @api.model_create_multi
    def create(self, vals_list):
        terms = super().create(vals_list)
        terms.rule_id._count_version()
        return terms

    def write(self, vals):
        result = super().write(vals)
        self.rule_id._count_version()
        return result

    def unlink(self):
        rules = self.rule_id
        result = super().unlink()
        rules.exists()._count_version()
        return result

    def _make_term(self):
        return Term(
            key=self.key,
            exact=self.comparison == "exact",
            threshold=self.threshold / 100,
            weight=self.weight,
        )

    def _get_words(self, mode):
        """The condition as a part of a sentence."""
        self.ensure_one()
        label = dict(self._fields["key"]._description_selection(self.env)).get(self.key)
        if not label or mode == "score":
            return label or ""
        if self.comparison == "exact":
            return self.env._("%(value)s is the same", value=label)
        return self.env._(
            "%(value)s is at least %(threshold)s %% alike",
            value=label,
            threshold=self.threshold,
        )

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command

from ..tools.domain_text import read_literals
from ..tools.expression import ExpressionProblem, compile_expression
from ..tools.expression_records import describe_models
from .arguments import read_domain
from .automation_template import SIDES, TRIGGERS, UNITS
from .rule_match import check_readable
from .rule_words import describe_domain

STATES = [("draft", "Draft"), ("on", "On"), ("off", "Off")]
# Written by switching only.
PROTECTED = {"state", "version", "host_rule_id", "webhook_uuid"}
# A change of these is a change of what the rule does.
CONTENT = {
    "action_ids",
    "before_domain",
    "blocking",
    "company_id",
    "condition",
    "date_field",
    "date_offset",
    "date_side",
    "date_unit",
    "domain",
    "existing",
    "field_names",
    "model",
    "once",
    "params",
    "run_as",
    "timing",
    "trigger",
    "user_id",
    "webhook_create",
    "webhook_key",
}
SHOWN = {"active", "name", "sequence"}
ORM_TRIGGERS = ("created", "changed", "saved")
DATES = ("date", "datetime")
# An object that no program can send: with it in the context the rule itself writes its
# actions, and checks all of them in the end.
SAVING = object()


class Automation(models.Model):
    """A rule that works by itself: when something happens, it does something.

    *The host's mechanism.* While it is switched on it has a rule of the host
    (``base.automation``), through which it hears of records that are created and changed
    and of dates. What it says is kept here, for people who may not edit rules of the
    host: those hold Python. Conditions are domains of literals and expressions.

    *Rights.* A rule acts with the rights of who wrote it last, or of the person who
    set it off; in either case it leaves alone what its author may not read, and none
    can be written about fields that its author may not read.
    """

    _name = "crm.suite.automation"
    _description = "Automation Rule"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        default=10, help="Of several rules the one with the lowest number works first."
    )
    state = fields.Selection(
        STATES,
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    version = fields.Integer(
        default=1, readonly=True, copy=False, help="How often it was changed."
    )
    template_id = fields.Many2one(
        "crm.suite.automation.template",
        string="Made From",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    params = fields.Json(string="Settings")
    param_spec = fields.Json(compute="_compute_param_spec")
    summary = fields.Char(related="template_id.summary", string="What It Does")

    model = fields.Selection(
        selection="_get_models", string="About", required=True, default="res.partner"
    )
    trigger = fields.Selection(
        TRIGGERS, string="When It", required=True, default="changed"
    )
    # Names: the host's table of fields is for technical administrators.
    field_names = fields.Char(
        string="One of These Changes", help="Names of fields; empty: any change."
    )
    before_domain = fields.Char(
        string="Before", default="[]", help="What must have held before the change."
    )
    domain = fields.Char(
        string="Condition", default="[]", help="For which records it works."
    )
    condition = fields.Char(
        string="And",
        help="An expression, for what a condition cannot say: amount_total > 3 * "
        "partner_id.credit_limit",
    )
    date_field = fields.Char(string="Date")
    date_offset = fields.Integer(string="Distance")
    date_unit = fields.Selection(UNITS, default="day")
    date_side = fields.Selection(SIDES, default="after")
    existing = fields.Boolean(
        string="Also Those That Meet It Already",
        help="When it is switched on, it works for those at once.",
    )
    once = fields.Boolean(
        string="Only Once per Record", help="Never a second time for the same record."
    )
    blocking = fields.Boolean(
        string="Must Succeed",
        help="If it fails, what somebody wants to save is refused. Otherwise it is "
        "saved, and the rule is tried again later.",
    )
    timing = fields.Selection(
        [
            ("auto", "At once; for many records after saving"),
            ("now", "At once"),
            ("later", "After saving"),
        ],
        required=True,
        default="auto",
    )
    run_as = fields.Selection(
        [("author", "Of who manages it"), ("trigger", "Of who set it off")],
        string="With the Rights",
        required=True,
        default="author",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Managed By",
        required=True,
        default=lambda self: self.env.user,
        index=True,
        tracking=True,
        help="Whoever changes a rule manages it from then on; it never reaches more than "
        "this person does.",
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        default=lambda self: self.env.company,
        help="Empty: for records of all companies of who manages it.",
    )
    action_ids = fields.One2many(
        "crm.suite.automation.action", "automation_id", string="Does", copy=True
    )
    note = fields.Text(help="Why it is as it is, for those who change it after you.")
    host_rule_id = fields.Many2one(
        "base.automation",
        string="Rule of the Host",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_system",
    )
    sentence = fields.Char(string="Works For", compute="_compute_sentence")
    does = fields.Char(string="What It Does Then", compute="_compute_does")
    is_mine = fields.Boolean(compute="_compute_is_mine")

    _webhook_uuid_unique = models.UniqueIndex(
        "(webhook_uuid) WHERE webhook_uuid IS NOT NULL"
    )

    @api.model
    def _get_models(self):
        """What rules may be about. Hook: addons add theirs.

        :return: ``[(model, name)]``
        :rtype: list[tuple[str, str]]
        """
        customer = self.env._("Customer")
        lead = self.env._("Lead or deal")
        order = self.env._("Quotation or order")
        return [("res.partner", customer), ("crm.lead", lead), ("sale.order", order)]

    def _watched(self):
        """Names of the watched fields.

        :rtype: list[str]
        """
        return [n.strip() for n in (self.field_names or "").split(",") if n.strip()]

    @api.model
    @api.readonly
    def field_options(self, model, purpose):
        """Fields that rules about a model may name.

        :param str purpose: ``watch``, ``date`` or ``set``
        :return: ``[[name, label], …]`` by label, of those that the user may read
        :rtype: list
        """
        self.check_access("read")
        if not isinstance(model, str) or model not in dict(self._get_models()):
            raise UserError(self.env._("There are no rules about this."))
        subject = self.env[model]
        subject.check_access("read")
        found = [
            [name, field._description_string(self.env)]
            for name, field in subject._fields.items()
            if self._is_option(field, purpose)
            and subject._has_field_access(field, "read")
        ]
        return sorted(found, key=lambda option: (option[1].lower(), option[0]))

    @api.model
    def _is_option(self, field, purpose):
        if purpose == "date":
            return field.type in DATES and (field.store or bool(field.search))
        if purpose == "set":
            return self.env["crm.suite.automation.action"]._is_settable(field)
        return bool(field.store) and field.type not in ("one2many", "binary")

    # === COMPUTES === #

    @api.depends("template_id")
    @api.depends_context("lang", "uid")
    def _compute_param_spec(self):
        for rule in self:
            rule.param_spec = [
                param._get_spec() for param in rule.template_id.param_ids
            ]

    @api.depends("domain", "model")
    @api.depends_context("lang", "uid")
    def _compute_sentence(self):
        for rule in self:
            try:
                domain = read_domain(self.env, rule.domain)
                rule.sentence = describe_domain(self.env[rule.model], domain)
            except (ValueError, KeyError, TypeError):
                rule.sentence = rule.domain  # while somebody types it

    @api.depends("action_ids", "action_ids.sentence")
    @api.depends_context("lang")
    def _compute_does(self):
        for rule in self:
            rule.does = "; ".join(a.sentence for a in rule.action_ids if a.sentence)

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for rule in self:
            rule.is_mine = rule.user_id == self.env.user

    # === CRUD === #

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        template = self.env["crm.suite.automation.template"].browse(
            values.get("template_id")
        )
        if template:
            params = {p.code: p._convert(p._default()) for p in template.param_ids}
            known = {
                "name": template.name,
                "params": params,
                "model": template.model,
                "trigger": template.trigger,
            }
            values.update({k: v for k, v in known.items() if k in fields})
        return values

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_protected(vals)
            self.browse()._check_own_actions(vals)
            # Whatever the context says: a rule is switched on by its button.
            vals.setdefault("state", "draft")
        templates = self.env["crm.suite.automation.template"]
        complete = []
        for vals in vals_list:
            template = templates.browse(vals.get("template_id"))
            if template:
                params = template._complete(vals.get("params"))
                vals = {**template._get_values(params), **vals, "params": params}
                vals.setdefault("name", template.name)
            complete.append(vals)
        rules = super(Automation, self._saving()).create(complete).with_env(self.env)
        for rule, vals in zip(rules, complete, strict=True):
            if rule.template_id and not vals.get("action_ids"):
                rule._take_actions()
        rules._check_author()
        rules._check_definition()
        return rules

    def _saving(self):
        return self.with_context(crm_suite_automation_saving=SAVING)

    def _take_actions(self):
        """Copy the actions of the template, in all languages."""
        for action in self._saving().template_id.sudo().action_ids:
            action.copy({"template_id": False, "automation_id": self.id})
        template = self.template_id
        for code, _name in self.env["res.lang"].get_installed():
            own, there = self.with_context(lang=code), template.with_context(lang=code)
            if self.name == template.name:
                own.name = there.name
        self._fill_actions(template._complete(self.params))

    def _fill_actions(self, values):
        """Put parameters that are about actions into them.

        :param dict values: by code
        """
        for param in self.template_id.param_ids.filtered(lambda p: p.code in values):
            prefix, _dot, name = (param.target or "").partition(".")
            if prefix == "action":
                users = self._saving().action_ids
                users = users.filtered(lambda a, n=name: n in a._used_fields())
                users.write({name: values[param.code]})

    def write(self, vals):
        self._check_protected(vals)
        self._check_own_actions(vals)
        changed = not CONTENT.isdisjoint(vals)
        if changed and not self.env.su:
            self._check_user(vals)
            # Who changes what a rule does answers for it: it must not do with the rights
            # of somebody else what another person thought up.
            vals = {"user_id": self.env.uid, **vals}
        begun = {rule.id: rule._get_begun() for rule in self if rule.state == "on"}
        before = {rule.id: rule.params for rule in self}
        result = super(Automation, self._saving()).write(vals)
        if "params" in vals:
            for rule in self.filtered("template_id"):
                template = rule.template_id
                old = template._recall(before[rule.id])
                new = template._complete(rule.params)
                super(Automation, rule).write(template._refill(rule, old, new))
                rule._fill_actions({c: new[c] for c in new if new[c] != old[c]})
        if changed:
            self._definition_changed()
            self.sudo()._begin_anew(begun)
        elif not SHOWN.isdisjoint(vals):
            self._sync_host()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_on(self):
        if on := self.filtered(lambda rule: rule.state == "on")[:1]:
            raise UserError(
                self.env._(
                    "“%(rule)s” is switched on. Switch it off first.", rule=on.name
                )
            )

    def unlink(self):
        # Who may delete the rule may take away what only stands for it.
        hosts = self.sudo().host_rule_id
        result = super().unlink()
        hosts.unlink()
        return result

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for rule, vals in zip(self, vals_list, strict=True):
            vals.setdefault("user_id", self.env.uid)
            if "name" not in (default or {}):
                vals["name"] = self.env._("%(rule)s (copy)", rule=rule.name)
        return vals_list

    def _check_protected(self, vals):
        if not self.env.su and not PROTECTED.isdisjoint(vals):
            raise AccessError(
                self.env._(
                    "A rule is switched on and off by its buttons, not by an edit."
                )
            )

    def _check_own_actions(self, vals):
        """Refuse commands about actions of other rules.

        Who saves a rule answers for its actions; those of another rule would change
        while that rule goes on with the rights of somebody else.
        """
        named = set()
        for command in vals.get("action_ids") or ():
            if not isinstance(command, list | tuple):
                named.add(command)
            elif command[0] == Command.SET:
                named.update(command[2])
            elif command[0] in (
                Command.UPDATE,
                Command.DELETE,
                Command.UNLINK,
                Command.LINK,
            ):
                named.add(command[1])
        if not self.env.su and not named.issubset(self.action_ids.ids):
            raise AccessError(
                self.env._("An action stays with its rule; make a new one instead.")
            )

    def _check_user(self, vals):
        if vals.get("user_id", self.env.uid) != self.env.uid and not (
            self.env.user.has_group("base.group_system")
        ):
            raise AccessError(
                self.env._(
                    "You cannot let a rule work with the rights of somebody else. The "
                    "person has to save it."
                )
            )

    def _definition_changed(self):
        """After an edit of what rules do: check it, count it, hand it to the host."""
        self._check_author()
        self._check_definition()
        for rule in self.sudo():
            rule.write({"version": rule.version + 1})
        self._sync_host()

    # === WHAT A RULE MAY SAY === #

    def _check_author(self):
        """Refuse what the author may not read or who he may not act for."""
        for rule in self:
            if not self.env.su:
                rule._check_user({"user_id": rule.user_id.id})
            own = rule.with_user(rule.user_id)
            subject = own.env[rule.model]
            try:
                subject.check_access("read")
                for text in (rule.domain, rule.before_domain):
                    check_readable(subject, read_domain(self.env, text))
                for name in [*rule._watched(), *filter(None, [rule.date_field])]:
                    if field := subject._fields.get(name):
                        subject._check_field_access(field, "read")
            except AccessError as error:
                raise ValidationError(
                    self.env._(
                        "“%(rule)s” looks at something that %(person)s may not read: "
                        "%(error)s",
                        rule=rule.name,
                        person=rule.user_id.name,
                        error=error,
                    )
                ) from error
            except ValueError:
                continue  # not a condition at all, see :meth:`_check_definition`

    def _check_definition(self):
        for rule in self:
            rule._check_domains()
            rule._check_condition()
            rule._check_trigger()
            rule.action_ids._check_definition()

    def _check_domains(self):
        for name in ("domain", "before_domain"):
            try:
                domain = read_domain(self.env, self[name])
                # Once, as who wrote it: what cannot be searched is told now.
                self.env[self.model].with_user(self.user_id).search(domain, limit=1)
            except (ValueError, TypeError, KeyError, UserError) as error:
                raise ValidationError(
                    self.env._(
                        "The condition of “%(rule)s” cannot be understood: %(error)s. "
                        "Build it anew with the editor.",
                        rule=self.name,
                        error=error,
                    )
                ) from error

    def _compile(self, text, expect=None):
        """Read an expression about the records of this rule.

        :raise ExpressionProblem: with position and sentence
        """
        return compile_expression(
            text, describe_models(self.env(su=True)), self.model, expect=expect
        )

    def _check_condition(self):
        if not (self.condition or "").strip():
            return
        try:
            self._compile(self.condition, "boolean")
        except ExpressionProblem as problem:
            raise ValidationError(
                self.env._(
                    "The expression of “%(rule)s”, character %(position)s: %(problem)s",
                    rule=self.name,
                    position=problem.position + 1,
                    problem=problem.text,
                )
            ) from problem
        if self.trigger == "crossing":
            raise ValidationError(
                self.env._(
                    "“%(rule)s” waits until a condition is met: say it with the condition "
                    "alone, not with an expression.",
                    rule=self.name,
                )
            )

    def _check_trigger(self):
        problem = False
        subject = self.env[self.model]
        date = subject._fields.get(self.date_field or "")
        if self.trigger == "date" and (date is None or date.type not in DATES):
            problem = self.env._("Say which date it goes by.")
        elif self.trigger == "date" and self.date_offset < 0:
            problem = self.env._("The distance is 0 or more; choose before or after.")
        elif self.trigger == "crossing" and not read_literals(self.domain):
            problem = self.env._("Say which condition begins to be met.")
        elif self.trigger == "webhook" and self.model != "res.partner":
            problem = self.env._("Other systems call about customers only.")
        elif self.blocking and self.trigger not in ORM_TRIGGERS:
            problem = self.env._("Nobody waits for it, so nothing can be refused.")
        elif wrong := [n for n in self._watched() if not _is_stored(subject, n)]:
            problem = self.env._(
                "A change of “%(field)s” cannot be watched.", field=wrong[0]
            )
        if problem:
            raise ValidationError(
                self.env._("“%(rule)s”: %(problem)s", rule=self.name, problem=problem)
            )


def _is_stored(subject, name):
    field = subject._fields.get(name)
    return field is not None and bool(field.store)

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools.automation_text import find_places, wrong_places
from ..tools.expression import ExpressionProblem
from ..tools.expression_records import describe_models
from ..tools.labelled import labelled
from .automation import SAVING

KINDS = [
    ("activity", "Plan an activity"),
    ("notify", "Notify people"),
    ("mail", "Write to the customer"),
    ("note", "Leave a note"),
    ("set", "Set a field"),
    ("assign", "Assign by a policy"),
    ("approve", "Ask for approval"),
    ("segment", "Put on a list"),
    ("webhook", "Tell another system"),
    ("sms", "Send a text message"),
    ("refuse", "Refuse to save"),
]
USED = {
    "activity": {"activity_type_id", "days", "who", "user_id", "subject", "body"},
    "notify": {"who", "user_id", "subject", "body"},
    "mail": {"subject", "body"},
    "note": {"body"},
    "set": {"field_name", "value"},
    "assign": {"policy_id"},
    "approve": {"flow_id"},
    "segment": {"segment_id"},
    "webhook": {"event"},
    "sms": {"body"},
    "refuse": {"body"},
}
# Types of fields that a rule can set, and what is written for them.
SETTABLE = {
    "boolean",
    "char",
    "date",
    "datetime",
    "float",
    "integer",
    "many2one",
    "monetary",
    "selection",
    "text",
}
# Never set by a rule: they say who may reach what, or what a record belongs to.
CLOSED_MODELS = {"res.users", "res.groups", "ir.rule"}
CLOSED_FIELDS = {"company_id", "group_ids", "user_ids"}
# First names of places that are no fields.
EXTRA = {"old", "payload"}


class AutomationAction(models.Model):
    """One thing that a rule does, or that the rules made of a template will do.

    Texts have places such as ``{name}`` or ``{user_id.name}``; ``{old.email}`` is what
    a watched field said before, ``{payload.order}`` what another system sent.

    An addon adds a kind by extending the selection, :meth:`_get_used` and a method
    ``_do_<kind>(records, inputs)``.
    """

    _name = "crm.suite.automation.action"
    _description = "Action of an Automation Rule"
    _order = "sequence, id"
    _rec_name = "kind"

    automation_id = fields.Many2one(
        "crm.suite.automation", index="btree_not_null", ondelete="cascade"
    )
    template_id = fields.Many2one(
        "crm.suite.automation.template", index="btree_not_null", ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    kind = fields.Selection(KINDS, string="What", required=True, default="activity")
    subject = fields.Char(translate=True)
    body = fields.Text(
        string="Text",
        translate=True,
        help="{name} and the like stand for fields of the record.",
    )
    activity_type_id = fields.Many2one(
        "mail.activity.type",
        string="Activity",
        domain="[('res_model', '=', False)]",
        ondelete="set null",
        index="btree_not_null",
    )
    days = fields.Integer(string="Due After Days", default=1)
    who = fields.Selection(
        [
            ("owner", "Who looks after the record"),
            ("lead", "Leader of the team"),
            ("author", "Who manages the rule"),
            ("user", "One person"),
        ],
        string="For",
        default="owner",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        domain="[('share', '=', False)]",
        ondelete="set null",
        index="btree_not_null",
    )
    model = fields.Char(compute="_compute_model")
    field_name = fields.Char(string="Field")
    value = fields.Char(
        help="What to put there; the name of a related record. What begins with = is an "
        "expression: = amount_total * 2",
    )
    policy_id = fields.Many2one(
        "crm.suite.assignment.policy",
        domain="[('res_model', '=', model)]",
        ondelete="set null",
        index="btree_not_null",
    )
    flow_id = fields.Many2one(
        "crm.suite.approval.flow",
        domain="[('res_model', '=', model), ('state', '=', 'published')]",
        ondelete="set null",
        index="btree_not_null",
    )
    segment_id = fields.Many2one(
        "crm.suite.segment",
        string="List",
        domain="[('kind', '=', 'static')]",
        ondelete="set null",
        index="btree_not_null",
    )
    event = fields.Char(
        default="rule", help="The name by which the other system knows it."
    )
    sentence = fields.Char(compute="_compute_sentence")

    _one_owner = models.Constraint(
        "CHECK((automation_id IS NULL) != (template_id IS NULL))",
        "An action belongs to a rule or to a template.",
    )

    @api.depends("automation_id.model", "template_id.model")
    def _compute_model(self):
        for action in self:
            action.model = action.automation_id.model or action.template_id.model

    @api.depends("kind", "subject", "body", "value", "who", "field_name", "segment_id")
    @api.depends_context("lang")
    def _compute_sentence(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for action in self:
            detail = action._get_detail()
            label = kinds.get(action.kind, "")
            action.sentence = labelled(self.env, label, detail) if detail else label

    def _get_detail(self):
        if self.kind == "set":
            field = self.model and self.env[self.model]._fields.get(self.field_name)
            label = field._description_string(self.env) if field else self.field_name
            return f"{label or ''} = {self.value or ''}"
        named = {"assign": "policy_id", "approve": "flow_id", "segment": "segment_id"}
        if self.kind in named:
            return self[named[self.kind]].display_name or ""
        return self.subject or (self.body or "").partition("\n")[0][:80]

    @api.model
    def _get_used(self):
        """Which fields each kind of action uses. Hook for further kinds.

        :rtype: dict[str, set[str]]
        """
        return USED

    def _used_fields(self):
        return self._get_used().get(self.kind, set())

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        actions = super().create(vals_list)
        actions._tell_rule()
        return actions

    def write(self, vals):
        if not self.env.su and not {"automation_id", "template_id"}.isdisjoint(vals):
            raise AccessError(
                self.env._("An action stays with its rule; make a new one instead.")
            )
        result = super().write(vals)
        self._tell_rule()
        return result

    def _update_field_translations(self, field_name, translations, *args, **kwargs):
        """A text in another language is an edit like any other."""
        result = super()._update_field_translations(
            field_name, translations, *args, **kwargs
        )
        self._tell_rule()
        return result

    def unlink(self):
        rules = self.automation_id
        result = super().unlink()
        self._tell(rules)
        return result

    def _tell_rule(self):
        self._tell(self.automation_id)

    def _tell(self, rules):
        """Who changes what a rule does manages it from then on."""
        if self.env.context.get("crm_suite_automation_saving") is not SAVING:
            rules.exists().write({"user_id": self.env.uid})

    # === WHAT AN ACTION MAY SAY === #

    def _check_definition(self):
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        # What is wrong is told in the language of who reads it, where it is wrong there.
        languages.sort(key=lambda code: code != (self.env.lang or "en_US"))
        for action in self:
            problems = (
                action.with_context(lang=code)._find_problem() for code in languages
            )
            if problem := next(filter(None, problems), None):
                raise ValidationError(
                    self.env._(
                        "“%(rule)s”, %(action)s: %(problem)s",
                        rule=action.automation_id.name,
                        action=dict(
                            action._fields["kind"]._description_selection(self.env)
                        ).get(action.kind),
                        problem=problem,
                    )
                )

    def _find_problem(self):
        """What is wrong with this action as its rule is, or false."""
        check = getattr(self, f"_problem_{self.kind}", None)
        return (check and check()) or self._problem_places()

    def _problem_places(self):
        extra = (
            EXTRA if self.automation_id.trigger == "webhook" else EXTRA - {"payload"}
        )
        used = self._used_fields()
        # Whether its author may read them is asked below.
        describe = describe_models(self.env(su=True), allow=lambda field: True)
        wrong = [
            place
            for name in ("subject", "body")
            if name in used
            for place in wrong_places(self[name], describe, self.model, extra)
        ]
        if wrong:
            return self.env._(
                "There is no field {%(place)s} to fill in.", place=wrong[0]
            )
        return self._problem_hidden_places()

    def _problem_hidden_places(self):
        """A text must not tell what who manages the rule may not read."""
        own = self.env[self.model].with_user(self.automation_id.user_id)
        for name in ("subject", "body"):
            for path in find_places(self[name]):
                record = own
                for step in path if path[0] not in EXTRA else ():
                    field = record._fields[step]
                    try:
                        record.check_access("read")
                        record._check_field_access(field, "read")
                    except AccessError as error:
                        return str(error)
                    record = (
                        record.env[field.comodel_name] if field.relational else None
                    )
        return False

    def _problem_activity(self):
        if not self.subject:
            return self.env._("Say in a few words what is to be done.")
        return self._problem_person()

    def _problem_notify(self):
        if not self.body:
            return self.env._("Write what people are told.")
        return self._problem_person()

    def _problem_person(self):
        if self.who == "user" and not self.user_id:
            return self.env._("Choose the person.")
        return False

    def _problem_mail(self):
        if not self.subject or not self.body:
            return self.env._("A mail needs a subject and a text.")
        return False

    def _problem_note(self):
        return False if self.body else self.env._("Write what the note says.")

    _problem_sms = _problem_note

    def _problem_refuse(self):
        if not self.automation_id.blocking:
            return self.env._("Only a rule that must succeed can refuse.")
        return self._problem_note()

    def _problem_assign(self):
        return self._problem_missing(self.policy_id, self.env._("a policy"))

    def _problem_approve(self):
        return self._problem_missing(self.flow_id, self.env._("a published flow"))

    def _problem_segment(self):
        if self.model != "res.partner":
            return self.env._("Only customers can be put on a list.")
        return self._problem_missing(self.segment_id, self.env._("a list"))

    def _problem_missing(self, record, what):
        if not record:
            return self.env._("Choose %(what)s.", what=what)
        if not record.with_user(self.automation_id.user_id).has_access("read"):
            return self.env._("You may not use “%(name)s”.", name=record.sudo().name)
        return False

    def _problem_webhook(self):
        return False if self.event else self.env._("Give the event a name.")

    def _problem_set(self):
        target = self.env[self.model]._fields.get(self.field_name or "")
        if target is None:
            return self.env._("Choose a field.")
        if not self._is_settable(target):
            return self.env._("This field cannot be set by a rule.")
        own = self.env[self.model].with_user(self.automation_id.user_id)
        try:
            own.check_access("write")
            own._check_field_access(target, "write")
            self._read_value()
        except (AccessError, UserError) as error:
            return str(error)
        return False

    @api.model
    def _is_settable(self, field):
        closed = field.comodel_name in CLOSED_MODELS and field.name != "user_id"
        return bool(
            field.type in SETTABLE
            and (field.store or field.inverse)
            and not field.readonly
            and not closed
            and field.name not in CLOSED_FIELDS
        )

    def _read_value(self):
        """What is to be written, unless it is an expression.

        :return: ``(value, expression or None)``
        :raise UserError: when the text is no value of the field
        """
        field = self.env[self.model]._fields[self.field_name]
        text = (self.value or "").strip()
        if text.startswith("="):
            try:
                return None, self.automation_id._compile(text[1:])
            except ExpressionProblem as problem:
                raise UserError(problem.text) from problem
        if not text:
            return False, None
        try:
            return self._convert_value(field, text), None
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._(
                    "“%(value)s” is no value for “%(field)s”.",
                    value=text,
                    field=field._description_string(self.env),
                )
            ) from error

    def _convert_value(self, field, text):
        if field.type == "many2one":
            return self._find_named(field, text)
        if field.type == "selection":
            return self._find_choice(field, text)
        if field.type == "boolean":
            known = {"1": True, "true": True, "yes": True, "0": False, "false": False}
            known |= {"no": False, "是": True, "否": False}
            if text.lower() not in known:
                raise ValueError(text)
            return known[text.lower()]
        if field.type == "integer":
            return int(text)
        if field.type in ("float", "monetary"):
            return float(text)
        if field.type == "date":
            return fields.Date.to_date(text)
        if field.type == "datetime":
            return fields.Datetime.to_datetime(text)
        return text

    def _find_choice(self, field, text):
        options = {
            (value, label)
            for own in self._in_all_languages(self)
            for value, label in field._description_selection(own.env)
        }
        named = {value for value, label in options if label == text}
        coded = {value for value, _label in options if str(value) == text}
        return self._get_only(named or coded, text)

    def _find_named(self, field, text):
        own = self.env[field.comodel_name].with_user(self.automation_id.user_id)
        found = {
            id_
            for records in self._in_all_languages(own)
            for id_, _name in records.name_search(text, operator="=", limit=2)
        }
        return self._get_only(found, text)

    def _in_all_languages(self, records):
        """What is named is the same whoever sets the rule off, in whatever language."""
        for code, _name in self.env["res.lang"].get_installed():
            yield records.with_context(lang=code)

    def _get_only(self, found, text):
        if len(found) != 1:
            raise ValueError(text)
        return next(iter(found))

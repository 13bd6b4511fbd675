from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.automation_params import fill_domain, fill_text, refill_domain
from .arguments import read_domain

# Those who manage rules.
MANAGERS = (
    "crm_suite_base.group_crm_suite_sales_manager,"
    "crm_suite_base.group_crm_suite_marketing_manager,"
    "crm_suite_base.group_crm_suite_service_manager"
)
TRIGGERS = [
    ("created", "Is created"),
    ("changed", "Changes"),
    ("saved", "Is created or changes"),
    ("date", "A date comes near or has passed"),
    ("crossing", "Begins to meet the condition"),
    ("webhook", "Another system calls"),
]
CATEGORIES = [
    ("care", "Looking After Customers"),
    ("sales", "Sales"),
    ("money", "Money"),
    ("data", "Data Quality"),
    ("systems", "Other Systems"),
]
UNITS = [("hour", "Hours"), ("day", "Days"), ("month", "Months")]
SIDES = [("after", "After"), ("before", "Before")]
# What a rule takes over from its template as it stands.
TAKEN = (
    "model",
    "trigger",
    "field_names",
    "date_field",
    "date_offset",
    "date_unit",
    "date_side",
    "once",
    "existing",
    "blocking",
    "webhook_create",
    "webhook_key",
)
OPTIONS = 200


class AutomationTemplate(models.Model):
    """A rule of the gallery, ready to be switched on.

    Addons add their own by data records::

        <record id="…" model="crm.suite.automation.template">
            <field name="name">No contact for a long time</field>
            <field name="summary">Reminds the owner to call.</field>
            <field name="category">care</field>
            <field name="model">res.partner</field>
            <field name="trigger">crossing</field>
            <field name="domain">[("crm_suite_last_contact_date", "&lt;", "today -${days}d")]</field>
        </record>

    with parameters (:class:`AutomationParam`), of which ``$code`` stands in the domains
    and in the condition, and with actions (``crm.suite.automation.action``). Fields
    are those of ``crm.suite.automation``; ``field_names`` names the watched fields.
    A template of a model that is not installed is not shown.
    """

    _name = "crm.suite.automation.template"
    _description = "Rule Template"
    _order = "category, sequence, id"

    name = fields.Char(required=True, translate=True)
    summary = fields.Char(
        required=True, translate=True, help="What it does, in one sentence."
    )
    needs = fields.Char(translate=True, help="What must be there for it to be of use.")
    category = fields.Selection(CATEGORIES, required=True, default="care")
    icon = fields.Char(default="fa-magic", help="Name of a Font Awesome icon.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    model = fields.Char(required=True, default="res.partner")
    trigger = fields.Selection(TRIGGERS, required=True, default="changed")
    field_names = fields.Char(string="Watched Fields", help="Separated by commas.")
    before_domain = fields.Char(default="[]")
    domain = fields.Char(default="[]")
    condition = fields.Char()
    date_field = fields.Char()
    date_offset = fields.Integer()
    date_unit = fields.Selection(UNITS, default="day")
    date_side = fields.Selection(SIDES, default="after")
    once = fields.Boolean()
    existing = fields.Boolean()
    blocking = fields.Boolean()
    webhook_create = fields.Boolean()
    webhook_key = fields.Char(default="email")
    param_ids = fields.One2many(
        "crm.suite.automation.param", "template_id", string="Parameters"
    )
    action_ids = fields.One2many(
        "crm.suite.automation.action", "template_id", string="Actions"
    )
    automation_ids = fields.One2many(
        "crm.suite.automation", "template_id", string="Rules"
    )
    rule_count = fields.Integer(string="In Use", compute="_compute_rule_count")

    @api.depends("automation_ids.state")
    def _compute_rule_count(self):
        counts = dict(
            self.env["crm.suite.automation"]._read_group(
                [("template_id", "in", self.ids), ("state", "=", "on")],
                ["template_id"],
                ["__count"],
            )
        )
        for template in self:
            template.rule_count = counts.get(template, 0)

    @api.constrains("domain", "before_domain")
    def _check_domains(self):
        for template in self:
            try:
                read_domain(self.env, template.domain)
                read_domain(self.env, template.before_domain)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "The condition of “%(template)s” cannot be understood: %(error)s",
                        template=template.name,
                        error=error,
                    )
                ) from error

    @api.model
    def _search(self, domain, *args, **kwargs):
        # Templates for what is not installed are nothing to choose from.
        models_here = [
            name for name, _label in self.env["crm.suite.automation"]._get_models()
        ]
        return super()._search(
            fields.Domain(domain) & fields.Domain("model", "in", models_here),
            *args,
            **kwargs,
        )

    # === USING IT === #

    def action_use(self):
        """Open the small form with the few parameters of this template.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        self.env["crm.suite.automation"].check_access("create")
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "crm.suite.automation",
            "views": [
                (
                    self.env.ref("crm_suite_base.automation_view_form_use").id,
                    "form",
                )
            ],
            "target": "new",
            "context": {"default_template_id": self.id},
        }

    def _get_values(self, params):
        """The values of a rule made of this template.

        :param dict params: values of the parameters, by code
        :rtype: dict
        """
        self.ensure_one()
        values = {name: self[name] for name in TAKEN}
        return {**values, **self._fill(self._complete(params))}

    def _fill(self, values):
        """What of a rule follows from the parameters.

        :param dict values: of all parameters, by code
        :rtype: dict
        """
        optional = self.param_ids.filtered("optional").mapped("code")
        filled = {
            "domain": fill_domain(self.domain, values, optional),
            "before_domain": fill_domain(self.before_domain, values, optional),
            "condition": fill_text(self.condition, values) or False,
        }
        for param in self.param_ids.filtered(lambda p: p.target in self._targets()):
            filled[param.target] = values[param.code]
        return filled

    def _refill(self, rule, old, new):
        """What of a rule follows from parameters that were changed.

        :param dict old: values of all parameters as they were, by code
        :param dict new: the values as they are
        :rtype: dict
        :raise UserError: what was changed by hand has no place for them any more
        """
        before, after = self._fill(old), self._fill(new)
        values = {name: after[name] for name in after if after[name] != before[name]}
        for name in values.keys() - self._targets():
            if name != "condition":
                values[name] = refill_domain(rule[name], before[name], after[name])
            elif (rule[name] or False) not in (before[name], after[name]):
                values[name] = None
            if values[name] is None:
                raise UserError(
                    self.env._(
                        "“%(field)s” of “%(rule)s” was changed by hand, so that the "
                        "settings have no place in it any more: change it there.",
                        field=rule._fields[name]._description_string(self.env),
                        rule=rule.name,
                    )
                )
        return values

    def _targets(self):
        return {"date_offset", "webhook_key"}

    def _complete(self, params):
        """Values of all parameters: those that are given, else the defaults.

        :raise UserError: when a value is missing or out of its bounds
        """
        if not isinstance(params or {}, dict):
            raise UserError(self.env._("Give the parameters as {code: value}."))
        return {
            param.code: param._read(
                params[param.code] if param.code in (params or {}) else param._default()
            )
            for param in self.param_ids
        }

    def _recall(self, params):
        """Values of all parameters as they were once given: a record that is gone
        meanwhile is no mistake.

        :rtype: dict
        """
        return {
            param.code: param._recall((params or {}).get(param.code, param._default()))
            for param in self.param_ids
        }


class AutomationParam(models.Model):
    """Something that a template leaves open.

    Its value goes wherever the template says ``$code``, or to its ``target``:
    ``date_offset``, ``webhook_key``, or ``action.<field>`` for that field of the
    actions.
    """

    _name = "crm.suite.automation.param"
    _description = "Parameter of a Rule Template"
    _order = "sequence, id"

    template_id = fields.Many2one(
        "crm.suite.automation.template", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    help_text = fields.Char(string="Help", translate=True)
    kind = fields.Selection(
        [
            ("integer", "Whole number"),
            ("number", "Number"),
            ("text", "Text"),
            ("record", "Record"),
        ],
        required=True,
        default="integer",
    )
    default = fields.Char(help="A value, or the external id of a record.")
    minimum = fields.Float(digits=False)
    maximum = fields.Float(digits=False)
    comodel = fields.Char(string="Model")
    comodel_domain = fields.Char(default="[]")
    optional = fields.Boolean(help="May be left empty: its condition does not count.")
    target = fields.Char()

    _code_unique = models.Constraint(
        "UNIQUE(template_id, code)", "Each parameter of a template has its own code."
    )

    def _default(self):
        if self.kind != "record":
            return self.default or (0 if self.kind in ("integer", "number") else "")
        if not self.default:
            return False
        return self.env["ir.model.data"].sudo()._xmlid_to_res_id(self.default)

    def _read(self, value):
        """Check a value that somebody entered.

        :raise UserError: with what is wrong with it
        """
        self.ensure_one()
        try:
            value = self._convert(value)
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._(
                    "“%(value)s” is no value for “%(name)s”.",
                    value=value,
                    name=self.name,
                )
            ) from error
        if not value and value != 0 and not self.optional:
            raise UserError(self.env._("Fill in “%(name)s”.", name=self.name))
        bounded = self.minimum or self.maximum
        if (
            bounded
            and self.kind in ("integer", "number")
            and not (self.minimum <= value <= (self.maximum or value))
        ):
            raise UserError(
                self.env._(
                    "“%(name)s” is between %(least)g and %(most)g.",
                    name=self.name,
                    least=self.minimum,
                    most=self.maximum,
                )
            )
        return value

    def _convert(self, value):
        if self.kind == "integer":
            return int(value)
        if self.kind == "number":
            number = float(value)
            if number != number or abs(number) > 1e15:
                raise ValueError("no usable number")
            return number
        if self.kind == "record":
            return self._find_record(int(value or 0))
        return str(value or "").strip()[:500]

    def _recall(self, value):
        if self.kind == "record":
            return int(value or 0) or False
        return self._convert(value)

    def _find_record(self, id_):
        if not id_:
            return False
        domain = read_domain(self.env, self.comodel_domain) & fields.Domain(
            "id", "=", id_
        )
        return self.env[self.comodel].search(domain, limit=1).id

    def _get_spec(self):
        """What the client needs to ask for the value.

        :rtype: dict
        """
        spec = {
            "code": self.code,
            "label": self.name,
            "help": self.help_text or "",
            "kind": self.kind,
            "optional": self.optional,
            "default": self._convert(self._default()),
            "options": [],
        }
        if self.kind == "record" and self.comodel in self.env:
            records = self.env[self.comodel].search(
                read_domain(self.env, self.comodel_domain), limit=OPTIONS
            )
            spec["options"] = [[record.id, record.display_name] for record in records]
        return spec

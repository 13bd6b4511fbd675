import logging
import re
from datetime import timedelta

from pypinyin import lazy_pinyin

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

_logger = logging.getLogger(__name__)

PREFIX = "x_crm_"
KEPT_DAYS = 30
DELETED_AT_ONCE = 20
MAX_FIELDS = 150
KINDS = [
    ("text", "Text"),
    ("long_text", "Long text"),
    ("number", "Number"),
    ("money", "Amount of money"),
    ("date", "Date"),
    ("datetime", "Date and time"),
    ("boolean", "Yes or no"),
    ("selection", "Choice"),
    ("relation", "Another record"),
    ("computed", "Computed"),
]
TYPES = {
    "text": "char",
    "long_text": "text",
    "number": "float",
    "money": "monetary",
    "date": "date",
    "datetime": "datetime",
    "boolean": "boolean",
    "selection": "selection",
    "relation": "many2one",
}
# Types of expressions and of the fields that keep their results.
RESULTS = {
    "number": "float",
    "money": "monetary",
    "text": "char",
    "selection": "char",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
}
CURRENCIES = {"res.partner": "currency_id", "crm.lead": "company_currency"}


class CustomField(models.Model):
    """A field that the company added to a form, without a program.

    The data lie in a manual field of the host (``x_crm_…``), so that everything of the
    host that works with fields works with it: lists, filters, export, import. Here is
    what the host does not know: when it must be filled in, when it is shown, what makes
    a value valid, and that a removed field can be brought back for 30 days.
    """

    _name = "crm.suite.field"
    _description = "Custom Field"
    _order = "model, section_id, sequence, id"

    name = fields.Char(string="Label", required=True, translate=True)
    model = fields.Selection(
        selection="_selection_model",
        string="Form",
        required=True,
        index=True,
        default=lambda self: self._selection_model()[0][0],
    )
    kind = fields.Selection(KINDS, required=True, default="text")
    technical_name = fields.Char(
        readonly=True,
        copy=False,
        help="The name of the field for programs, imports and expressions.",
    )
    help = fields.Char(string="Hint", translate=True)
    section_id = fields.Many2one(
        "crm.suite.field.section",
        required=True,
        index=True,
        ondelete="restrict",
        group_expand="_group_expand_section",
        domain="[('model', '=', model)]",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    removed_at = fields.Datetime(readonly=True, copy=False)
    wide = fields.Boolean(string="Whole Width")
    option_ids = fields.One2many(
        "crm.suite.field.option", "custom_field_id", string="Choices", copy=True
    )
    relation_id = fields.Many2one(
        "ir.model", string="Model", index="btree_not_null", ondelete="cascade"
    )
    # Who adds fields need not be able to read the models of the host: he chooses by
    # the selection.
    relation_model = fields.Selection(
        "_selection_relation_model",
        string="Kind of Record",
        compute="_compute_relation_model",
        compute_sudo=True,
        readonly=False,
    )
    expression = fields.Char(
        help="What is computed, e.g. sum(sale_order_ids.amount_total)"
    )
    required_when = fields.Char(
        help='When it must be filled in, e.g. country_id.code == "CN"; “true” for always.',
    )
    visible_when = fields.Char(
        string="Shown When",
        help="When the form shows it, e.g. is_company; always if this is empty.",
    )
    rule = fields.Char(
        string="Valid When", help="What a value must meet, e.g. x_crm_budget <= 100000"
    )
    rule_message = fields.Char(
        string="Message", translate=True, help="What is said when a value is not valid."
    )
    field_id = fields.Many2one(
        "ir.model.fields", readonly=True, copy=False, ondelete="set null", index=True
    )
    stored = fields.Boolean(
        readonly=True,
        copy=False,
        default=True,
        help="Whether one can search, filter and group by it.",
    )
    value_count = fields.Integer(
        string="Records with a Value", compute="_compute_value_count"
    )

    _technical_name_uniq = models.UniqueIndex("(model, technical_name)")

    @api.model
    def _selection_model(self):
        """Forms to which fields can be added. Hook.

        :rtype: list[tuple[str, str]]
        """
        customers = self.env._("Customers")
        leads = self.env._("Leads and opportunities")
        return [("res.partner", customers), ("crm.lead", leads)]

    @api.model
    def _selection_relation_model(self):
        """The kinds of records that the user may read, and those in use.

        :rtype: list[tuple[str, str]]
        """
        # sudo: the name of a kind of record is no secret.
        sudo = self.sudo().with_context(active_test=False)
        allowed = self.env["ir.model.access"]._get_allowed_models("read")
        used = sudo.search([("relation_id", "!=", False)]).relation_id
        kinds = sudo.env["ir.model"].search([("model", "in", list(allowed))])
        kinds = kinds.filtered(lambda kind: self._is_kind_of_record(kind.model)) | used
        return sorted(((k.model, k.name) for k in kinds), key=lambda kind: kind[1])

    @api.model
    def _is_kind_of_record(self, name):
        """Whether a field can lead to records of a model."""
        model = self.env.get(name)
        return not (
            model is None or model._transient or model._abstract or not model._auto
        )

    @api.depends("relation_id")
    def _compute_relation_model(self):
        for field in self:
            field.relation_model = field.relation_id.model

    @api.model
    def _group_expand_section(self, sections, domain):
        """Empty sections are columns too, into which fields can be dragged."""
        model = self.env.context.get("default_model")
        return sections.search([("model", "=", model)]) if model else sections

    @api.depends("technical_name")
    def _compute_value_count(self):
        for field in self:
            model = self.env[field.model]
            name = field.technical_name
            counted = name in model._fields and field.stored
            field.value_count = (
                model.with_context(active_test=False).search_count(
                    [(name, "!=", False)]
                )
                if counted
                else 0
            )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_administrator()
        vals_list, taken = [dict(vals) for vals in vals_list], set()
        for vals in vals_list:
            vals.pop("field_id", None)
            vals.pop("stored", None)
            if relation := vals.pop("relation_model", None):
                # sudo: the name of a kind of record is no secret.
                vals["relation_id"] = self.env["ir.model"].sudo()._get_id(relation)
            vals["technical_name"] = self._free_name(vals, taken)
            taken.add(vals["technical_name"])
        found = super().create(vals_list)
        # A rule may speak of the field itself, so that comes first.
        found._make_fields()
        for field in found:
            field._check_definition()
        found._renew()
        return found

    def write(self, vals):
        self._check_administrator()
        if self.env.su and set(vals) <= {"field_id", "stored"}:
            return super().write(vals)
        fixed = {"model", "kind", "technical_name", "relation_id", "relation_model"}
        fixed = (fixed | {"field_id", "stored"}) & set(vals)
        for field in self:
            if any(field._differs(name, vals[name]) for name in fixed):
                raise UserError(
                    self.env._(
                        "“%(field)s” keeps its form and its kind: remove it and add another field.",
                        field=field.name,
                    )
                )
        if "active" in vals:
            # By its button or by the menu of the host.
            if not vals["active"]:
                self.filtered("active")._check_unused()
            removed_at = not vals["active"] and fields.Datetime.now()
            vals = {"removed_at": removed_at, **vals}
        result = super().write(vals)
        if set(vals) <= {"sequence", "section_id", "wide"}:
            self._renew_views(set(self.mapped("model")))
            return result
        for field in self:
            field._check_definition()
            field._update_field()
        self._renew()
        return result

    def _differs(self, name, value):
        current = self[name]
        return (
            current.id if isinstance(current, models.BaseModel) else current
        ) != value

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        if any(field.active for field in self):
            raise UserError(
                self.env._(
                    "Remove a field first; its data are kept for %(days)s days.",
                    days=KEPT_DAYS,
                )
            )
        self._check_unused()

    def unlink(self):
        self._check_administrator()
        models_, columns = set(self.mapped("model")), self._real_fields()
        result = super().unlink()
        self._renew_views(models_)
        columns.unlink()
        self.env.registry.clear_cache()
        return result

    def copy_data(self, default=None):
        found = super().copy_data(default)
        for field, vals in zip(self, found, strict=True):
            vals["name"] = self.env._("%(name)s (copy)", name=field.name)
        return found

    # === THE FIELD OF THE HOST === #

    def _check_administrator(self):
        """The host's own fields are made with more rights than an administrator of the
        suite has: the check stands before each of them."""
        if not self.env.su and not self.env.user.has_group(
            "crm_suite_base.group_crm_suite_admin"
        ):
            raise AccessError(
                self.env._("Only an administrator of the suite may change fields.")
            )

    @api.model
    def _free_name(self, vals, used=()):
        """A name for programs, made of the label; Chinese as it is spoken."""
        spoken = " ".join(lazy_pinyin(str(vals.get("name") or "")))
        word = re.sub(r"[^a-z0-9]+", "_", spoken.lower()).strip("_")[:40] or "field"
        wanted = vals.get("technical_name")
        if wanted and re.fullmatch(r"x_crm_[a-z0-9_]{1,50}", wanted):
            word = wanted[len(PREFIX) :]
        model = vals.get("model") or self.default_get(["model"])["model"]
        taken = (
            set(used)
            | set(self.env[model]._fields)
            | set(
                self.with_context(active_test=False)
                .search([("model", "=", model)])
                .mapped("technical_name")
            )
        )
        name, number = f"{PREFIX}{word}", 2
        while name in taken:
            name, number = f"{PREFIX}{word}_{number}", number + 1
        return name

    def _real_fields(self):
        """The host's fields; only those that were made here."""
        # sudo: an administrator of the suite need not be one of the system; what is
        # reached are only fields with our prefix on our models.
        return self.sudo().field_id.filtered(
            lambda f: f.state == "manual" and f.name.startswith(PREFIX)
        )

    def _make_fields(self):
        """Make the host's fields, all at once: each time it sets up its models anew."""
        for model in set(self.mapped("model")):
            if self.search_count([("model", "=", model)]) > MAX_FIELDS:
                raise UserError(
                    self.env._(
                        "A form takes %(count)s fields at most; remove some first.",
                        count=MAX_FIELDS,
                    )
                )
        # sudo: see _real_fields; the rights are checked in create().
        sudo = self.sudo()
        vals_list = [
            {
                "model_id": sudo.env["ir.model"]._get_id(field.model),
                "name": field.technical_name,
                "copied": field.kind != "computed",
                **field._field_values(),
            }
            for field in self
        ]
        reals = sudo.env["ir.model.fields"].create(vals_list)
        for field, real, values in zip(sudo, reals, vals_list, strict=True):
            field.write({"field_id": real.id, "stored": values.get("store", True)})
            field._update_translations()

    def _field_values(self):
        """What the host is told of the field."""
        values = {"field_description": self.name, "help": self.help or False}
        if self.kind == "computed":
            values.update(self._computed_values())
            ttype = values["ttype"]
        else:
            ttype = values["ttype"] = TYPES[self.kind]
        if ttype == "monetary":
            values["currency_field"] = CURRENCIES.get(self.model, "currency_id")
        if ttype == "selection":
            values["selection_ids"] = self._option_commands()
        if ttype == "many2one":
            # sudo: which kinds of records there are is no secret; the host shows each
            # record under its own rights.
            values["relation"] = self.sudo().relation_id.model
            values["on_delete"] = "set null"
            values["index"] = True
        return values

    def _option_commands(self):
        return [
            fields.Command.create(
                {"value": option.value, "name": option.name, "sequence": number}
            )
            for number, option in enumerate(self.option_ids)
        ]

    def _update_field(self):
        """Bring the host's field in line after a change."""
        real = self._real_fields()
        if not real:
            return
        values = {"field_description": self.name, "help": self.help or False}
        if self.kind == "computed":
            values.update(self._computed_values())
            if values.pop("ttype") != real.ttype or values["store"] != real.store:
                raise UserError(
                    self.env._(
                        "“%(field)s” would give another kind of result: remove it and add another field.",
                        field=self.name,
                    )
                )
        changed = {
            name: value
            for name, value in values.items()
            if (real[name] or False) != value
        }
        if changed:
            real.write(changed)
        if self.kind == "selection":
            self._update_options(real)
        self._update_translations()

    def _update_options(self, real):
        kept = {}
        for number, option in enumerate(self.option_ids):
            kept[option.value] = {"name": option.name, "sequence": number}
        for old in real.selection_ids:
            if old.value not in kept:
                old.unlink()
            elif (old.name, old.sequence) != tuple(kept[old.value].values()):
                old.write(kept[old.value])
        known = set(real.selection_ids.mapped("value"))
        commands = [
            fields.Command.create({"value": value, **values})
            for value, values in kept.items()
            if value not in known
        ]
        if commands:
            real.write({"selection_ids": commands})

    def _update_translations(self):
        """The label and the hint in each language."""
        real = self._real_fields()
        for code, _name in self.env["res.lang"].get_installed():
            spoken = self.with_context(lang=code)
            translated = real.with_context(lang=code)
            for mine, theirs in (("name", "field_description"), ("help", "help")):
                if (spoken[mine] or False) != (translated[theirs] or False):
                    translated[theirs] = spoken[mine]
            for option, theirs in zip(
                spoken.option_ids, translated.selection_ids, strict=False
            ):
                if option.value == theirs.value and option.name != theirs.name:
                    theirs.name = option.name

    # === CHECKS === #

    @api.constrains("option_ids", "kind")
    def _check_options(self):
        for field in self.filtered(lambda f: f.kind == "selection"):
            values = field.option_ids.mapped("value")
            if not values or len(set(values)) < len(values):
                raise ValidationError(
                    self.env._(
                        "Give “%(field)s” its choices, each of them once.",
                        field=field.name,
                    )
                )

    @api.constrains("name", "model", "active")
    def _check_label(self):
        for field in self.filtered("active"):
            others = self.search_count(
                [("model", "=", field.model), ("name", "=", field.name)], limit=2
            )
            if others > 1:
                raise ValidationError(
                    self.env._(
                        "This form has a field “%(field)s” already.", field=field.name
                    )
                )

    @api.constrains("section_id", "model")
    def _check_section(self):
        for field in self:
            if field.section_id.model != field.model:
                raise ValidationError(
                    self.env._("The section belongs to another form.")
                )

    @api.constrains("relation_id", "kind")
    def _check_relation(self):
        for field in self.filtered(lambda f: f.kind == "relation"):
            # sudo: the name of a kind of record is no secret.
            if not self._is_kind_of_record(field.sudo().relation_id.model):
                raise ValidationError(
                    self.env._(
                        "Say which kind of record “%(field)s” leads to.",
                        field=field.name,
                    )
                )

    # === REMOVING === #

    def action_remove(self):
        """Take fields off the form; their data are kept for 30 days."""
        self.write({"active": False})
        return True

    def action_restore(self):
        """Bring removed fields back, with their data."""
        self.write({"active": True})
        return True

    def action_delete(self):
        """Give the data up before the time."""
        self.unlink()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    @api.autovacuum
    def _gc_removed(self):
        """Delete what was removed 30 days ago, unless it is in use again."""
        limit = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        removed = self.with_context(active_test=False).search(
            [("active", "=", False), ("removed_at", "<", limit)]
        )
        unused = self.browse()
        for field in removed:
            if refusal := field._describe_use(field):
                _logger.warning("%s is kept: %s", field.technical_name, refusal)
            else:
                unused += field
        unused[:DELETED_AT_ONCE].unlink()

    @api.model
    def _remove_everything(self):
        """Leave nothing behind when the application is uninstalled."""
        self._remove_views()
        # sudo: run by the host while it uninstalls.
        self.env["ir.model.fields"].sudo().search(
            [
                ("state", "=", "manual"),
                ("name", "=like", r"x\_crm\_%"),
                ("model", "in", [name for name, _label in self._selection_model()]),
            ]
        ).unlink()

    def _renew(self):
        """After a change of what the forms show or the server checks."""
        self.env.registry.clear_cache()
        self._renew_views(set(self.mapped("model")))


class CustomFieldOption(models.Model):
    """One choice of a custom field."""

    _name = "crm.suite.field.option"
    _description = "Choice of a Custom Field"
    _order = "sequence, id"

    custom_field_id = fields.Many2one(
        "crm.suite.field", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(required=True, translate=True)
    value = fields.Char(
        required=True,
        compute="_compute_value",
        store=True,
        readonly=False,
        precompute=True,
        help="What is stored; it stays when the name changes.",
    )
    sequence = fields.Integer(default=10)

    _value_uniq = models.UniqueIndex("(custom_field_id, value)")

    @api.model_create_multi
    def create(self, vals_list):
        options = super().create(vals_list)
        options.custom_field_id._update_field()
        return options

    def write(self, vals):
        if "value" in vals and any(option.value != vals["value"] for option in self):
            raise UserError(
                self.env._(
                    "What is stored for a choice stays; add another choice instead."
                )
            )
        result = super().write(vals)
        self.custom_field_id._update_field()
        return result

    def unlink(self):
        owners = self.custom_field_id
        result = super().unlink()
        owners._check_options()
        owners._update_field()
        return result

    @api.depends("name")
    def _compute_value(self):
        for option in self.filtered(lambda o: not o.value and o.name):
            spoken = "_".join(lazy_pinyin(option.name)).lower()
            option.value = (
                re.sub(r"[^a-z0-9]+", "_", spoken).strip("_")[:60] or option.name
            )

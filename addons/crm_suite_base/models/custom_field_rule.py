import logging
from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ..tools.expression import (
    Expression,
    ExpressionProblem,
    check_expression,
    compile_expression,
)
from ..tools.expression_modifier import as_modifier
from ..tools.expression_records import RecordReader, describe_models, is_open
from .custom_field import RESULTS

_logger = logging.getLogger(__name__)

# An object that no program can send over the network: with it in the context, what must
# be filled in may be filled in later.
LATER = object()
# What changes by itself from day to day cannot be stored.
MOVING = ("today", "days_since", "days_until")
MAX_NAMED = 3


class Rule(NamedTuple):
    """What is checked about one field.

    :ivar names: fields whose change calls for a check
    :ivar shown: all of them are true where the form shows the field: what nobody sees
        need not be filled in
    """

    name: str
    custom_id: int
    names: frozenset
    required: Expression | None
    valid: Expression | None
    shown: tuple[Expression, ...] = ()


class CustomField(models.Model):
    """Expressions of custom fields: checked when written, kept in the registry."""

    _inherit = "crm.suite.field"

    @api.model
    def _describe(self):
        """The fields that expressions of custom fields may name."""
        return describe_models(
            self.env(su=True),
            allow=lambda field: field.name != "id" and is_open(field),
        )

    def _compile(self, name):
        """One of the expressions of this field, or None.

        :raise UserError: with the place of what is wrong
        """
        return self._compile_of(self, name)

    @api.model
    def _compile_of(self, record, name):
        """An expression of a field or of a section, or None: see :meth:`_compile`."""
        record.ensure_one()
        if not (record[name] or "").strip():
            return None
        expect = None if name == "expression" else "boolean"
        try:
            found = compile_expression(
                record[name], self._describe(), record.model, expect=expect
            )
            if name == "visible_when":
                as_modifier(found)
        except ExpressionProblem as problem:
            raise UserError(
                self.env._(
                    "%(place)s of “%(field)s”, character %(position)s: %(problem)s",
                    place=record._fields[name]._description_string(self.env),
                    field=record.name,
                    position=problem.position + 1,
                    problem=problem.text,
                )
            ) from problem
        return found

    def _check_definition(self):
        self.ensure_one()
        for name in ("required_when", "visible_when", "rule"):
            self._compile(name)
        if self.kind == "computed" and (self.required_when or self.rule):
            raise UserError(
                self.env._(
                    "“%(field)s” is computed: nobody fills it in, so it has no rules.",
                    field=self.name,
                )
            )
        if self.kind == "boolean" and self.required_when:
            raise UserError(
                self.env._(
                    "“%(field)s” is always yes or no: say under “Valid When” what it must be.",
                    field=self.name,
                )
            )

    @api.model
    @api.readonly
    def check_expression(self, model, expression, expect="boolean"):
        """What is wrong with an expression, for a form that is being filled in.

        :return: ``[{"position", "length", "message"}]``
        """
        self.browse().check_access("read")
        known = dict(self._selection_model())
        if not isinstance(model, str) or model not in known:
            raise UserError(self.env._("There is no such form."))
        found = check_expression(
            expression,
            self._describe(),
            model,
            expect="boolean" if expect == "boolean" else None,
        )
        return [
            {"position": p.position, "length": p.length, "message": p.text}
            for p in found
        ]

    # === COMPUTED FIELDS === #

    def _computed_values(self):
        """What the host is told of a computed field."""
        expression = self._compile("expression")
        if expression is None or expression.type not in RESULTS:
            raise UserError(
                self.env._(
                    "Say how “%(field)s” is computed; the result is a number, an amount, a text, a date or yes or no.",
                    field=self.name,
                )
            )
        self._check_circle(expression)
        return {
            "ttype": RESULTS[expression.type],
            "compute": f"self._crm_suite_compute_field({self.technical_name!r})",
            "depends": ",".join(sorted(".".join(path) for path in expression.paths))
            or False,
            "store": self._may_store(expression),
            "readonly": True,
        }

    def _check_circle(self, expression):
        others = {
            field.technical_name: field
            for field in self.search(
                [("model", "=", self.model), ("kind", "=", "computed")]
            )
            - self
        }
        seen, todo = set(), {path[0] for path in expression.paths}
        while todo:
            name = todo.pop()
            if name == self.technical_name:
                raise UserError(
                    self.env._(
                        "“%(field)s” would be computed from itself.", field=self.name
                    )
                )
            if name in others and name not in seen:
                seen.add(name)
                found = others[name]._compile("expression")
                todo |= {path[0] for path in found.paths}

    def _may_store(self, expression):
        """Whether the result changes only when the fields do that it is made of."""
        calls = {node.value for node in expression.tree.walk() if node.kind == "call"}
        if calls & set(MOVING):
            return False
        for path in expression.paths:
            model = self.env[self.model]
            for name in path:
                field = model._fields[name]
                if not (field.store or field.related) or field.company_dependent:
                    return False
                model = self.env[field.comodel_name] if field.relational else model
        return True

    @tools.ormcache("model_name", "name")
    def _expression_of(self, model_name, name):
        """The expression of a computed field, or None if it cannot be computed now."""
        # sudo: who reads a record need not see how its fields are defined.
        field = self.sudo().search(
            [("model", "=", model_name), ("technical_name", "=", name)], limit=1
        )
        return field._compile("expression") if field else None

    # === RULES === #

    @tools.ormcache("model_name")
    def _rules_of(self, model_name):
        """What is checked about records of a model.

        :rtype: tuple[Rule, ...]
        """
        # sudo: everybody's records are checked, whoever may see the rules.
        customs = self.sudo().search([("model", "=", model_name)])
        return tuple(rule for custom in customs for rule in custom._make_rule() if rule)

    def _make_rule(self):
        if not self.required_when and not self.rule:
            return
        # Not while the registry is still without fields of its own.
        if self.technical_name not in self.env[self.model]._fields:
            return
        try:
            # An archived tab is on no form: nobody sees the field.
            required = (
                self._compile("required_when") if self.section_id.active else None
            )
            valid = self._compile("rule")
            shown = self._get_shown_when() if required else ()
        except UserError as error:
            # A field that the rule names went with another application. A rule that
            # nobody can answer must not stop all work; it is shown on the page.
            _logger.warning(
                "A rule of %s is not checked: %s", self.technical_name, error
            )
            return
        names = {self.technical_name}
        for expression in filter(None, (required, valid, *shown)):
            names |= {path[0] for path in expression.paths}
        names = frozenset(names)
        yield Rule(self.technical_name, self.id, names, required, valid, shown)

    def _get_shown_when(self):
        """What has to be true for the form to show this field: of its tab and its own.

        :rtype: tuple[Expression, ...]
        """
        found = (
            self._compile_of(self.section_id, "visible_when"),
            self._compile("visible_when"),
        )
        return tuple(filter(None, found))


class CustomFieldMixin(models.AbstractModel):
    """Models to which the company may add fields."""

    _name = "crm.suite.field.mixin"
    _description = "Record with Custom Fields"

    def _crm_suite_check_fields(self, names=None):
        """Refuse what the rules of custom fields do not allow.

        :param names: the fields that were written; all rules where it is None
        """
        rules = self.env["crm.suite.field"]._rules_of(self._name)
        if not rules or self.env.context.get("crm_suite_fields_later") is LATER:
            return
        if names is not None:
            rules = [rule for rule in rules if not rule.names.isdisjoint(names)]
        records = self._crm_suite_field_records() if rules else self.browse()
        if records:
            self._crm_suite_check_rules(records, rules)

    def _crm_suite_field_records(self):
        """The records to which rules of custom fields apply. Hook."""
        return self

    def _crm_suite_check_rules(self, records, rules):
        # sudo: whether a value is valid does not depend on what the writer may see.
        records = records.sudo()
        reader = RecordReader(
            records,
            today=fields.Date.context_today(self),
            zone=self.env.user.tz or "UTC",
        )
        for rule in rules:
            empty = [not record[rule.name] for record in records]
            # What nobody sees need not be filled in.
            needless = [not one for one in empty]
            for expression in rule.shown:
                needless = [
                    skip or not seen
                    for skip, seen in zip(
                        needless, expression.evaluate(reader), strict=True
                    )
                ]
            if records._fields[rule.name].type in ("float", "monetary", "boolean"):
                # For a rule about values nought is one; to be filled in it is none.
                blank = [False] * len(records)
            else:
                blank = empty
            for expression, skipped, wanted in (
                (rule.required, needless, False),
                (rule.valid, blank, True),
            ):
                if expression is None:
                    continue
                values = expression.evaluate(reader)
                bad = [
                    record
                    for record, skip, value in zip(
                        records, skipped, values, strict=True
                    )
                    if not skip and bool(value) is not wanted
                ]
                if bad:
                    self._crm_suite_refuse(rule, bad, required=not wanted)

    def _crm_suite_refuse(self, rule, records, required):
        # sudo: the label and the message of the rule are for everybody whom it stops.
        custom = self.env["crm.suite.field"].sudo().browse(rule.custom_id)
        names = ", ".join(record.display_name or "" for record in records[:MAX_NAMED])
        if required:
            message = self.env._("“%(field)s” must be filled in.", field=custom.name)
        else:
            message = custom.rule_message or self.env._(
                "“%(field)s” is not valid: %(rule)s",
                field=custom.name,
                rule=custom.rule,
            )
        raise ValidationError(
            self.env._("%(message)s (%(records)s)", message=message, records=names)
        )

    def _crm_suite_compute_field(self, name):
        """Compute a custom field; the host calls it."""
        expression = self.env["crm.suite.field"]._expression_of(self._name, name)
        field = self._fields[name]
        if expression is None:
            self[name] = False
            return
        # sudo: a stored result is the same for everybody, whoever caused it.
        reader = RecordReader(
            self.sudo(),
            today=fields.Date.context_today(self),
            zone=self.env.user.tz or "UTC",
        )
        for record, value in zip(self, expression.evaluate(reader), strict=True):
            if value is None or field.type == "boolean":
                value = bool(value)
            record[name] = value

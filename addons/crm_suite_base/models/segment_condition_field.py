from datetime import date

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# What is asked about a customer, in the order in which it is offered. What another
# addon removed, or the author may not read, is left out.
ATTRIBUTES = (
    "state_id",
    "city",
    "country_id",
    "industry_id",
    "crm_suite_size",
    "crm_suite_type",
    "company_type",
    "user_id",
    "crm_suite_team_id",
    "crm_suite_source_id",
    "crm_suite_preferred_channel",
    "crm_suite_employees",
    "crm_suite_annual_revenue",
    "lang",
    "name",
    "email",
    "phone",
    "website",
    "ref",
    "create_date",
)
RELATIONS = ("many2one", "many2many")
NUMBERS = ("integer", "float", "monetary")
DATES = ("date", "datetime")


class Segment(models.Model):
    """Conditions on one field: the words for each type of field, and attributes."""

    _inherit = "crm.suite.segment"

    @api.model
    def _segment_conditions(self):
        entries = super()._segment_conditions()
        partner = self.env["res.partner"]
        group = self.env._("Who they are")
        attributes = self._segment_attributes()
        readable = partner.fields_get(
            [*attributes, "category_id"], ["string", "selection", "type"]
        )
        for name in attributes:
            # The host's "company or person" is a computed twin of this.
            source = "is_company" if name == "company_type" else name
            if name in readable and source in partner._fields:
                entries.append(
                    {
                        **self._field_entry(readable[name], partner._fields[name]),
                        "kind": "attribute",
                        "field": name,
                        "group": group,
                        "compile": "_compile_attribute",
                        "value": "_value_attribute",
                    }
                )
        entries.append(self._tag_entry(group, readable["category_id"]["string"]))
        return entries

    @api.model
    def _segment_attributes(self):
        """Fields of customers that conditions can ask for, in their order. Hook.

        :rtype: list[str]
        """
        return list(ATTRIBUTES)

    @api.model
    def _tag_entry(self, group, label):
        return {
            "kind": "tag",
            "group": group,
            "label": label,
            "sentence": self.env._("Tags %(operator)s %(records)s"),
            "params": self._relation_params("res.partner.category"),
            "compile": "_compile_tag",
            "value": "_value_tag",
        }

    # === WORDS FOR THE TYPES OF FIELDS === #

    @api.model
    def _field_entry(self, info, field):
        """Label, sentence and parameters of a condition on a field."""
        label = info["string"]
        if field.type in RELATIONS:
            params = self._relation_params(field.comodel_name)
            order = "%(operator)s %(records)s"
        elif field.type == "selection":
            params = self._choice_params(info["selection"])
            order = "%(operator)s %(choices)s"
        elif field.type == "boolean":
            params = {"operator": self._operator_param("set", "unset")}
            order = "%(operator)s"
            labels = {"set": self.env._("yes"), "unset": self.env._("no")}
            params["operator"]["choices"] = list(labels.items())
        elif field.type in NUMBERS:
            params = self._number_params(whole=field.type == "integer")
            order = "%(operator)s %(value)s %(until)s"
        elif field.type in DATES:
            params = self._date_params()
            order = "%(operator)s %(date)s %(number)s %(unit)s"
        else:
            params = self._text_params()
            order = "%(operator)s %(text)s"
        # A label may hold a percent sign; the sentence is a format.
        sentence = f"{label.replace('%', '%%')} {order}"
        return {"label": label, "sentence": sentence, "params": params}

    @api.model
    def _operator_param(self, *operators):
        labels = {
            "in": self.env._("is"),
            "not_in": self.env._("is not"),
            "set": self.env._("is known"),
            "unset": self.env._("is not known"),
            "contains": self.env._("contains"),
            "not_contains": self.env._("does not contain"),
            "is": self.env._("is exactly"),
            "starts": self.env._("begins with"),
            "at_least": self.env._("is at least"),
            "at_most": self.env._("is at most"),
            "between": self.env._("is between"),
            "last": self.env._("is in the last"),
            "older": self.env._("is longer ago than"),
            "from": self.env._("is on or after"),
            "until": self.env._("is on or before"),
        }
        return {
            "type": "choice",
            "choices": [(key, labels[key]) for key in operators],
            "default": operators[0],
        }

    @api.model
    def _relation_params(self, model_name):
        return {
            "operator": self._operator_param("in", "not_in", "set", "unset"),
            "records": {
                "type": "records",
                "model": model_name,
                "domain": [],
                "show_if": {"operator": ["in", "not_in"]},
            },
        }

    @api.model
    def _choice_params(self, choices):
        return {
            "operator": self._operator_param("in", "not_in", "set", "unset"),
            "choices": {
                "type": "choices",
                "choices": choices,
                "show_if": {"operator": ["in", "not_in"]},
            },
        }

    @api.model
    def _number_params(self, whole=False, suffix=None):
        number = {"type": "number", "whole": whole}
        if suffix:
            number["suffix"] = suffix
        return {
            "operator": self._operator_param("at_least", "at_most", "between"),
            "value": dict(number),
            "until": {
                **number,
                "prefix": self.env._("and"),
                "show_if": {"operator": ["between"]},
            },
        }

    @api.model
    def _date_params(self):
        spans = {"operator": ["last", "older"]}
        return {
            "operator": self._operator_param(
                "last", "older", "from", "until", "set", "unset"
            ),
            "date": {"type": "date", "show_if": {"operator": ["from", "until"]}},
            **self._span_params(spans, 30, "day"),
        }

    @api.model
    def _text_params(self):
        words = ["contains", "not_contains", "is", "starts"]
        return {
            "operator": self._operator_param(*words, "set", "unset"),
            "text": {"type": "text", "show_if": {"operator": words}},
        }

    # === COMPILING === #

    @api.model
    def _compile_attribute(self, condition, entry, ids):
        name = condition["field"]
        if name == "company_type":
            return self._compile_company_type(condition)
        field = self.env["res.partner"]._fields[name]
        if field.type in RELATIONS:
            return self._compile_relation(name, condition)
        if field.type == "selection":
            return self._compile_values(name, condition, condition.get("choices"))
        if field.type == "boolean":
            return Domain(name, "=", condition["operator"] == "set")
        if field.type in NUMBERS:
            return self._compile_number(name, condition)
        if field.type in DATES:
            return self._compile_date(name, condition, field.type)
        return self._compile_text(name, condition)

    @api.model
    def _compile_company_type(self, condition):
        """Of companies and persons every customer is one."""
        operator = condition["operator"]
        if operator in ("set", "unset"):
            return Domain.TRUE if operator == "set" else Domain.FALSE
        wanted = [choice == "company" for choice in condition["choices"]]
        found = Domain("is_company", "in", wanted)
        return ~found if operator == "not_in" else found

    @api.model
    def _compile_values(self, name, condition, values):
        operator = condition["operator"]
        if operator in ("set", "unset"):
            return Domain(name, "!=" if operator == "set" else "=", False)
        return Domain(name, "in" if operator == "in" else "not in", values)

    @api.model
    def _compile_relation(self, name, condition):
        return self._compile_values(name, condition, condition.get("records"))

    @api.model
    def _compile_tag(self, condition, entry, ids):
        """Tags are a tree: who has a tag below has the tag."""
        if condition["operator"] in ("set", "unset"):
            return self._compile_relation("category_id", condition)
        found = Domain("category_id", "child_of", condition["records"])
        return ~found if condition["operator"] == "not_in" else found

    @api.model
    def _compile_text(self, name, condition):
        operator, text = condition["operator"], condition.get("text")
        if operator in ("set", "unset"):
            return Domain(name, "!=" if operator == "set" else "=", False)
        if operator == "is":
            return Domain(name, "=ilike", self._escape_like(text))
        if operator == "starts":
            return Domain(name, "=ilike", f"{self._escape_like(text)}%")
        found = Domain(name, "ilike", text)
        return ~found if operator == "not_contains" else found

    @api.model
    def _escape_like(self, text):
        for sign in ("\\", "%", "_"):
            text = text.replace(sign, f"\\{sign}")
        return text

    @api.model
    def _compile_number(self, name, condition):
        operator, value = condition["operator"], condition["value"]
        if operator == "at_least":
            return Domain(name, ">=", value)
        if operator == "at_most":
            return Domain(name, "<=", value)
        return Domain(name, ">=", value) & Domain(name, "<=", condition["until"])

    @api.model
    def _compile_date(self, name, condition, field_type):
        operator = condition["operator"]
        if operator in ("set", "unset"):
            return Domain(name, "!=" if operator == "set" else "=", False)
        begin, end = self._get_days(condition)
        convert = self._day_start if field_type == "datetime" else lambda day: day
        domain = Domain(name, "!=", False)
        if begin:
            domain &= Domain(name, ">=", convert(begin))
        if end:
            domain &= Domain(name, "<", convert(end))
        return domain

    @api.model
    def _get_days(self, condition):
        """The first day that fits and the first that does not any more, or ``None``."""
        operator = condition["operator"]
        if operator == "last":
            # What is planned or expected lies ahead.
            tomorrow = fields.Date.add(fields.Date.context_today(self), days=1)
            return self._days_back(condition), tomorrow
        if operator == "older":
            return None, self._days_back(condition)
        day = fields.Date.to_date(condition["date"])
        if operator == "from":
            return day, None
        # No day follows the last one that there is.
        return None, fields.Date.add(day, days=1) if day < date.max else None

    @api.model
    def _compare_sql(self, column, condition):
        """A number condition on a column; empty ones do not meet it."""
        operator, value = condition["operator"], condition["value"]
        if operator == "at_least":
            return SQL("%s >= %s", column, value)
        if operator == "at_most":
            return SQL("%s <= %s", column, value)
        return SQL("%s BETWEEN %s AND %s", column, value, condition["until"])

    @api.model
    def _meets_zero(self, condition):
        """Whether zero meets a number condition."""
        operator, value = condition["operator"], condition["value"]
        if operator == "at_least":
            return value <= 0
        if operator == "at_most":
            return value >= 0
        return value <= 0 <= condition["until"]

    # === VALUES FOR EXPLANATIONS === #

    @api.model
    def _value_attribute(self, condition, entry, partner):
        name = condition["field"]
        field = partner._fields[name]
        value = partner[name]
        if field.type == "selection":
            return (
                self._describe_choice(
                    {"choices": field._description_selection(self.env)}, value
                )
                if value
                else False
            )
        if field.type == "monetary":
            return {
                "value": value,
                "type": "monetary",
                "currency": partner.currency_id,
            }
        if field.type == "datetime":
            return (
                fields.Datetime.context_timestamp(self, value).date()
                if value
                else False
            )
        return value

    @api.model
    def _value_tag(self, condition, entry, partner):
        return partner.category_id

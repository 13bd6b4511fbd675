from datetime import date, datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_datetime, formatLang

from .arguments import check_one

PREFIX = "_explain_"


class ExplainMixin(models.AbstractModel):
    """Says why a record is what it is.

    A model that decides inherits this and implements ``_explain_<topic>()`` for each
    topic. The method returns raw data; :meth:`explain` puts it into words in the
    language of the user and leaves out what he may not see::

        {
            "title": "Grade",                    # of the popover
            "sentence": "…",                     # the whole answer in one sentence
            "result": value,                     # see below; what was decided
            "rule": record or None,              # of a model with a name and a version
            "version": 3,                        # optional: of the rule at that time
            "inputs": [value, …],                # what the decision looked at
            "steps": [{"text": "…", "met": True | False | None}, …],
            "at": datetime | date | None,        # when it was decided
            "note": "…",                         # optional: what may be done about it
        }

    A *value* is ``{"name", "value"}`` of a field of the record (label, type, currency
    and the right to see it come from the field), or ``{"name", "label", "value"}``
    with, where Python does not tell it, ``"type"`` (``monetary``, ``date``, …),
    ``"currency"`` and ``"groups"``.
    """

    _name = "crm.suite.explain.mixin"
    _description = "Explanation"

    @api.readonly
    def explain(self, topic):
        """Say why something about this record is as it is.

        :param str topic: one of those that :meth:`_explain_topics` lists
        :return: ``{"topic", "title", "sentence", "result": {"label", "text"}, "rule":
            {"name", "version", "model", "id"} or False, "inputs": [{"name", "label",
            "text"}], "steps": [{"text", "met"}], "at", "note"}``; of the rule *id* is
            there only for who may read it
        :rtype: dict
        """
        check_one(self)
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        if not isinstance(topic, str) or topic not in self._explain_topics():
            raise UserError(
                self.env._(
                    "“%(topic)s” cannot be explained here. What can be: %(topics)s.",
                    topic=topic,
                    topics=", ".join(sorted(self._explain_topics())),
                )
            )
        raw = getattr(self, PREFIX + topic)()
        return {
            "topic": topic,
            "title": raw["title"],
            "sentence": raw.get("sentence") or "",
            "result": self._explained_value(raw.get("result") or {}) or False,
            "rule": self._explained_rule(raw.get("rule"), raw.get("version")),
            "inputs": [
                value
                for value in map(self._explained_value, raw.get("inputs", ()))
                if value
            ],
            "steps": [
                {"text": step["text"], "met": step.get("met")}
                for step in raw.get("steps", ())
            ],
            "at": self._explained_moment(raw.get("at")),
            "note": raw.get("note") or "",
        }

    @api.model
    def _explain_topics(self):
        """List what :meth:`explain` can be asked about this model.

        Hook: a model adds the name of its topic to what ``super()`` returns.

        :rtype: set[str]
        """
        return set()

    # === PUTTING INTO WORDS === #

    def _explained_value(self, value):
        """Render one value; see the class for its form.

        :return: ``{"name", "label", "text"}``, or None where the user may not see it
        """
        if not value:
            return None
        field = self._fields.get(value.get("name"))
        groups = value.get("groups")
        if groups and not (self.env.su or self.env.user.has_groups(groups)):
            return None
        if field is not None and "label" not in value:
            if not self._has_field_access(field, "read"):
                return None
            value = {
                "label": field._description_string(self.env),
                "type": field.type,
                "field": field,
                **value,
            }
        return {
            "name": value.get("name", ""),
            "label": value["label"],
            "text": self._explained_text(value),
        }

    def _explained_text(self, value):
        """Show a typed value as the user is used to read it."""
        raw, kind = value.get("value"), value.get("type")
        if isinstance(raw, models.BaseModel):
            return self._explained_names(raw)
        if kind == "selection" and raw and value.get("field"):
            options = dict(value["field"]._description_selection(self.env))
            return str(options.get(raw, raw))
        if isinstance(raw, bool) and kind not in (None, "boolean"):
            return "–"
        if isinstance(raw, bool):
            return self.env._("yes") if raw else self.env._("no")
        if raw is None or raw == "":
            return "–"
        if kind == "monetary":
            currency = value.get("currency") or self.env.company.currency_id
            return formatLang(self.env, raw, currency_obj=currency)
        if isinstance(raw, datetime | date):
            return self._explained_moment(raw)
        if isinstance(raw, float):
            return formatLang(self.env, raw, digits=self._explained_digits(value))
        if isinstance(raw, int):
            return formatLang(self.env, raw, digits=0)
        return str(raw)

    def _explained_digits(self, value):
        digits = getattr(value.get("field"), "get_digits", lambda env: None)(self.env)
        return digits[1] if digits else 2

    def _explained_names(self, records):
        """Name records of which the user may read the names."""
        readable = records._filtered_access("read")
        return ", ".join(readable.mapped("display_name")) or "–"

    def _explained_moment(self, moment):
        if not moment:
            return ""
        if isinstance(moment, str):
            moment = (fields.Datetime if len(moment) > 10 else fields.Date).to_datetime(
                moment
            )
        if isinstance(moment, datetime):
            return format_datetime(self.env, moment, dt_format="short")
        return format_date(self.env, moment)

    def _explained_rule(self, rule, version=None):
        if not rule:
            return False
        rule = rule.sudo()
        readable = rule.with_env(self.env).has_access("read")
        return {
            "name": rule.display_name,
            "version": rule.version if version is None else version,
            "model": rule._name if readable else False,
            "id": rule.id if readable else False,
        }

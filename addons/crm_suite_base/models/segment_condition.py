from datetime import date, datetime, time

import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date, formatLang

from ..tools.segment_definition import fold
from ..tools.segment_param import ParamProblem, clean_params, is_asked

FIRST_DAY = date(1, 1, 2)
LAST_DAY = date(9999, 12, 30)


class Segment(models.Model):
    """What conditions there are, and the way from a condition to SQL."""

    _inherit = "crm.suite.segment"

    # === CATALOGUE === #

    @api.model
    def _segment_conditions(self):
        """List the kinds of conditions. Hook: addons add theirs to ``super()``.

        An entry is a dict:

        * ``kind``, and ``field`` where one kind has many entries: what a stored
          condition is recognised by
        * ``group``, ``label``: where it is offered in the list, and as what
        * ``sentence``: the condition in words, with ``%(param)s`` where the values go;
          the screen puts its inputs there, in every language in its own order
        * ``params``: ``{name: {"type": choice|choices|number|text|date|records, …}}``
          with ``choices`` (key, label), ``model`` and ``domain`` (of records),
          ``min``/``max``/``whole`` (of numbers), ``prefix``/``suffix``, ``default`` and
          ``show_if`` (``{other param: values for which it is asked}``); a parameter
          comes after those on which it depends; ``labels`` of choices that others
          may have made
        * ``compile``: name of a method ``(condition, entry, ids)`` that gives the
          domain of ``res.partner``. It runs as the author of the segment. ``ids`` are
          the only customers of interest or ``None``: use them in subqueries.
        * ``value``: name of a method ``(condition, entry, partner)`` that gives what
          the customer's value is, for explanations; it runs as the reader

        :rtype: list[dict]
        """
        return []

    @api.model
    def _get_catalogue(self):
        return {
            (entry["kind"], entry.get("field") or False): entry
            for entry in self._segment_conditions()
        }

    @api.model
    def _find_entry(self, catalogue, condition):
        return catalogue.get((condition["kind"], condition.get("field") or False))

    @api.model
    def _is_closed(self, condition):
        """Whether a condition that the user cannot choose is there for others."""
        # Asked is only whether it exists.
        entry = self._find_entry(self.sudo()._get_catalogue(), condition)
        if not entry:
            return False
        try:
            clean_params(entry["params"], condition)
        except ParamProblem:
            return False
        return True

    def _explain_closed(self):
        """What to do where a condition is closed to the user."""
        if authors := self.sudo().definition_user_id:
            return self.env._(
                "You may not see all of the conditions. Ask %(user)s, who wrote them, to change them.",
                user=", ".join(authors.mapped("name")),
            )
        return self.env._(
            "You may not see all of the conditions. Ask who wrote them to change them."
        )

    def _clean_condition(self, catalogue, condition):
        """Give the valid form of one condition.

        :raise ValidationError: with the condition and what is wrong
        """
        field = condition.get("field") or False
        is_key = isinstance(field, str | bool)
        entry = is_key and self._find_entry(catalogue, condition)
        if not entry:
            if is_key and self._is_closed(condition):
                raise ValidationError(self._explain_closed())
            raise ValidationError(
                self.env._(
                    "There is no condition “%(kind)s”. Remove it, or install the application that it came from.",
                    kind=f"{condition['kind']} {field or ''}".strip(),
                )
            )
        try:
            values = clean_params(entry["params"], condition)
        except ParamProblem as problem:
            if self._is_closed(condition):
                raise ValidationError(self._explain_closed()) from None
            raise ValidationError(
                self._explain_param(entry, problem.name, problem.rule)
            ) from None
        key = {"kind": entry["kind"]}
        if entry.get("field"):
            key["field"] = entry["field"]
        return {**key, **values}

    @api.model
    def _explain_param(self, entry, name, rule):
        messages = {
            "choice": self.env._("choose one of the list"),
            "number": self.env._("enter a number"),
            "whole": self.env._("enter a whole number"),
            "range": self.env._("enter a number within the limits"),
            "text": self.env._("enter a text"),
            "date": self.env._("enter a date"),
            "records": self.env._("choose at least one, at most a thousand"),
        }
        return self.env._(
            "The condition “%(condition)s” is not complete: %(what)s.",
            condition=entry["label"],
            what=messages[rule],
        )

    @api.model
    def _make_choices(self, labels):
        """The choices of a parameter: pairs of key and label."""
        return list(labels.items())

    # === COMPILING === #

    @api.model
    def _compile(self, definition, ids=None):
        """Turn conditions into a domain of customers. Runs as their author.

        :param dict definition: a valid tree
        :param list ids: the only customers of interest, or ``None``
        :rtype: Domain
        """
        catalogue = self._get_catalogue()
        return fold(
            definition,
            lambda condition: self._compile_condition(catalogue, condition, ids),
            self._join,
        )

    @api.model
    def _join(self, operator, domains):
        if operator == "all":
            return Domain.AND(domains)
        joined = Domain.OR(domains) if domains else Domain.TRUE
        return ~joined if operator == "none" and domains else joined

    @api.model
    def _compile_condition(self, catalogue, condition, ids=None):
        entry = self._find_entry(catalogue, condition)
        if not entry:
            if self._is_closed(condition):
                raise AccessError(
                    self.env._(
                        "%(user)s wrote the conditions and may not see all of them any more. Somebody who may has to save them again.",
                        user=self.env.user.name,
                    )
                )
            raise ValidationError(
                self.env._(
                    "The condition “%(kind)s” does not exist any more. Open the segment and remove it.",
                    kind=condition["kind"],
                )
            )
        return getattr(self, entry["compile"])(condition, entry, ids)

    @api.model
    def _get_universe(self):
        """Of whom segments are made: customers, not their single contacts. Hook.

        :rtype: Domain
        """
        # A partner that is neither a company nor has a company above is its own
        # commercial partner, as in the host's compute.
        own = Domain("is_company", "=", True) | Domain("parent_id", "=", False)
        return self.env["res.partner"]._crm_suite_managed_domain() & own

    @api.model
    def _search_customers(self, definition, ids=None):
        """The customers that meet conditions, as a query. Runs as their author.

        :rtype: odoo.tools.Query
        """
        self._plan_in_memory()
        domain = self._get_universe() & self._compile(definition, ids)
        if ids is not None:
            domain &= Domain("id", "in", list(ids))
        return self.env["res.partner"]._search(domain)

    @api.model
    def _get_customer_rows(self, query):
        """The ids of a query as a table; one that cannot find anybody has none."""
        if query.is_empty():
            return SQL("(SELECT NULL::int4 AS id WHERE FALSE)")
        return query.subselect()

    @api.model
    def _plan_in_memory(self):
        """Let PostgreSQL hash the subqueries of conditions.

        "None of" becomes ``NOT IN (subquery)``: hashed, it is one look-up per
        customer; too big for the memory of the default settings, it is a scan each.
        """
        self.env.cr.execute("SET LOCAL work_mem = '64MB'")

    @api.model
    def _in_subquery(self, subquery, negative=False):
        """The domain of customers that are (or are not) in a subquery of ids."""
        operator = SQL("NOT IN") if negative else SQL("IN")
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s %s (%s)", SQL.identifier(alias, "id"), operator, subquery
            )
        )

    @api.model
    def _narrow(self, query, column, ids):
        """Let a subquery look at the customers of interest only."""
        query.add_where(SQL("%s IS NOT NULL", column))
        if ids is not None:
            query.add_where(SQL("%s = ANY(%s)", column, list(ids)))

    # === TIME === #

    @api.model
    def _window_params(self, *windows):
        """The parameters of "in the last 12 months": window, number, unit."""
        labels = {
            "ever": self.env._("at any time"),
            "last": self.env._("in the last"),
            "before": self.env._("longer ago than"),
        }
        timed = [window for window in windows if window != "ever"]
        return {
            "window": {
                "type": "choice",
                "choices": [(key, labels[key]) for key in windows],
                "default": windows[0],
            },
            **self._span_params({"window": timed}, 12, "month"),
        }

    @api.model
    def _span_params(self, show_if, number, unit):
        return {
            "number": {
                "type": "number",
                "whole": True,
                "min": 0,
                "max": 1200,
                "default": number,
                "show_if": show_if,
            },
            "unit": {
                "type": "choice",
                "choices": self._make_choices(
                    {
                        "day": self.env._("days"),
                        "week": self.env._("weeks"),
                        "month": self.env._("months"),
                        "year": self.env._("years"),
                    }
                ),
                "default": unit,
                "show_if": show_if,
            },
        }

    @api.model
    def _days_back(self, condition):
        """The day that lies the span of the condition before today.

        :rtype: datetime.date
        """
        # Longer than dates reach means: since ever.
        number = min(condition["number"], 1200)
        span = relativedelta(**{f"{condition['unit']}s": number})
        return fields.Date.context_today(self) - span

    @api.model
    def _day_start(self, day):
        """The moment at which a day begins for the author, in UTC."""
        # Time zones look a day around.
        day = min(max(day, FIRST_DAY), LAST_DAY)
        local = self.env.tz.localize(datetime.combine(day, time.min))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    # === WORDS === #

    @api.model
    def _describe_condition(self, catalogue, condition):
        """A condition as a sentence in the user's language."""
        entry = self._find_entry(catalogue, condition)
        if not entry:
            if self._is_closed(condition):
                return self.env._("a condition that you may not see")
            return self.env._(
                "a condition that does not exist any more (%(kind)s)",
                kind=condition["kind"],
            )
        words = {
            name: self._describe_param(spec, condition.get(name))
            if is_asked(spec, condition)
            else ""
            for name, spec in entry["params"].items()
        }
        return " ".join((entry["sentence"] % words).split())

    @api.model
    def _describe_param(self, spec, value):
        if value is None:
            return "…"
        text = getattr(self, f"_describe_{spec['type']}")(spec, value)
        return " ".join(filter(None, (spec.get("prefix"), text, spec.get("suffix"))))

    @api.model
    def _describe_choice(self, spec, value):
        return dict(spec["choices"]).get(value, value)

    @api.model
    def _describe_choices(self, spec, value):
        labels = dict(spec.get("labels") or spec["choices"])
        return self._join_words([labels.get(key, key) for key in value])

    @api.model
    def _describe_number(self, spec, value):
        if spec.get("whole") or value == int(value):
            return formatLang(self.env, value, digits=0)
        return formatLang(self.env, value, digits=2)

    @api.model
    def _describe_text(self, spec, value):
        return f"“{value}”"

    @api.model
    def _describe_date(self, spec, value):
        return format_date(self.env, value)

    @api.model
    def _describe_records(self, spec, value):
        records = self.env[spec["model"]].with_context(active_test=False).browse(value)
        shown = records.exists()._filtered_access("read")
        names = shown.mapped("display_name")
        if missing := len(records) - len(shown):
            names.append(self.env._("%(count)s hidden or deleted", count=missing))
        return self._join_words(names)

    @api.model
    def _join_words(self, words):
        return self.env._(", ").join(words)

    def _describe_definition(self, definition):
        """The conditions in words, a line each, indented by groups.

        :rtype: list[str]
        """
        heads = {
            "all": self.env._("all of:"),
            "any": self.env._("at least one of:"),
            "none": self.env._("none of:"),
        }
        catalogue = self._get_catalogue()

        def join(operator, items):
            lines = [
                line
                for item in items
                for line in ([item] if isinstance(item, str) else item)
            ]
            return [heads[operator], *(f"    {line}" for line in lines)]

        return fold(
            definition,
            lambda condition: self._describe_condition(catalogue, condition),
            join,
        )

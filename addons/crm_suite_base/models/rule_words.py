"""Saying the condition of a rule in words, in the language of the reader."""

import re
from datetime import datetime

from odoo.fields import Domain
from odoo.tools import format_date, format_datetime, formatLang
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

NUMERIC = ("integer", "float", "monetary")
RELATIVE = re.compile(r"^(?:today|now)?\s*([+-])(\d+)([dwmyH])$")
UNITS = {
    ("-", "d"): _lt("%s days ago"),
    ("-", "w"): _lt("%s weeks ago"),
    ("-", "m"): _lt("%s months ago"),
    ("-", "y"): _lt("%s years ago"),
    ("-", "H"): _lt("%s hours ago"),
    ("+", "d"): _lt("in %s days"),
    ("+", "w"): _lt("in %s weeks"),
    ("+", "m"): _lt("in %s months"),
    ("+", "y"): _lt("in %s years"),
    ("+", "H"): _lt("in %s hours"),
}
NUMBERS = {
    ">=": _lt("%(field)s at least %(value)s"),
    ">": _lt("%(field)s more than %(value)s"),
    "<=": _lt("%(field)s at most %(value)s"),
    "<": _lt("%(field)s less than %(value)s"),
}
DATES = {
    ">=": _lt("%(field)s on or after %(value)s"),
    ">": _lt("%(field)s after %(value)s"),
    "<=": _lt("%(field)s on or before %(value)s"),
    "<": _lt("%(field)s before %(value)s"),
}
OTHERS = {
    "=": _lt("%(field)s is %(value)s"),
    "!=": _lt("%(field)s is not %(value)s"),
    "in": _lt("%(field)s is one of %(value)s"),
    "not in": _lt("%(field)s is none of %(value)s"),
    "child_of": _lt("%(field)s is or is below %(value)s"),
    "parent_of": _lt("%(field)s is or is above %(value)s"),
    "any": _lt("%(field)s with (%(value)s)"),
    "not any": _lt("no %(field)s with (%(value)s)"),
}
TEXTS = {
    "ilike": _lt("%(field)s contains “%(value)s”"),
    "like": _lt("%(field)s contains “%(value)s”"),
    "not ilike": _lt("%(field)s does not contain “%(value)s”"),
    "not like": _lt("%(field)s does not contain “%(value)s”"),
    "=ilike": _lt("%(field)s looks like “%(value)s”"),
    "=like": _lt("%(field)s looks like “%(value)s”"),
}


def _say(env, words):
    """A sentence from the tables above in the language of the user."""
    return words._translate(env.lang or "en_US")


def describe_domain(model, domain):
    """Say a domain in words.

    :param model: empty recordset of the model, in the environment of the reader
    :param domain: anything that :class:`Domain` takes
    :rtype: str
    """
    items = list(Domain(domain))
    if not items or items == [(1, "=", 1)]:
        return model.env._("everybody")
    if items == [(0, "=", 1)]:
        return model.env._("nobody")
    return _describe(model, _parse(items), outer=True)


def get_field_names(domain):
    """Name the fields at which a domain looks first, in their order.

    :rtype: list[str]
    """
    names = (
        item[0].split(".")[0]
        for item in list(Domain(domain))
        if isinstance(item, list | tuple) and isinstance(item[0], str)
    )
    return list(dict.fromkeys(names))


def _parse(items):
    """Turn the prefix notation into a tree ``(operator, [branches])``."""
    rest = iter(items)

    def read():
        item = next(rest)
        if item == "!":
            return "!", [read()]
        if item in ("&", "|"):
            branches = []
            for branch in (read(), read()):
                if isinstance(branch[1], list) and branch[0] == item:
                    branches.extend(branch[1])
                else:
                    branches.append(branch)
            return item, branches
        return "leaf", item

    return read()


def _describe(model, node, outer=False):
    operator, content = node
    if operator == "leaf":
        return _describe_condition(model, *content)
    if operator == "!":
        inner = _describe(model, content[0])
        return model.env._("not (%(condition)s)", condition=inner)
    text = _describe(model, content[0])
    for branch in content[1:]:
        parts = {"one": text, "other": _describe(model, branch)}
        if operator == "&":
            text = model.env._("%(one)s and %(other)s", **parts)
        else:
            text = model.env._("%(one)s or %(other)s", **parts)
    return text if outer else model.env._("(%(condition)s)", condition=text)


def _describe_condition(model, path, operator, value):
    env = model.env
    field, label = _find_field(model, path)
    if field is None:
        return f"{path} {operator} {value}"
    if field.type == "boolean":
        yes = (operator in ("=", "in")) == bool(_single(value))
        return label if yes else env._("not “%(field)s”", field=label)
    if operator in ("=", "!=", "in", "not in") and _is_nothing(field, _single(value)):
        if operator in ("=", "in"):
            return env._("%(field)s is empty", field=label)
        return env._("%(field)s is filled", field=label)
    if operator in ("in", "not in") and not isinstance(_single(value), list | tuple):
        value, operator = _single(value), "=" if operator == "in" else "!="
    words = _choose_words(field, operator)
    if words is None:
        return f"{label} {operator} {value}"
    return _say(env, words) % {
        "field": label,
        "value": _describe_value(env, field, value),
    }


def _is_nothing(field, value):
    """Whether a value means that a field is not filled; of numbers 0 is a value."""
    return field.type not in NUMERIC and (value is False or value is None)


def _choose_words(field, operator):
    if field.type in ("date", "datetime") and operator in DATES:
        return DATES[operator]
    return NUMBERS.get(operator) or OTHERS.get(operator) or TEXTS.get(operator)


def _single(value):
    """The one member of a collection that has one, or the value itself."""
    if isinstance(value, list | tuple | set) or hasattr(value, "__iter__"):
        if isinstance(value, str | Domain):
            return value
        members = list(value)
        return members[0] if len(members) == 1 else members
    return value


def _find_field(model, path):
    """Follow a dotted path; the label names each step."""
    labels, field = [], None
    for name in path.split("."):
        field = model._fields.get(name) if model is not None else None
        if field is None:
            return None, path
        labels.append(field._description_string(model.env))
        model = model.env[field.comodel_name] if field.relational else None
    return field, " › ".join(labels)


def _describe_value(env, field, value):
    if isinstance(value, Domain) or (field.relational and _is_domain(value)):
        return describe_domain(env[field.comodel_name], value)
    if isinstance(value, list | tuple | set) or _is_collection(value):
        return ", ".join(_describe_value(env, field, item) for item in value)
    if field.relational and isinstance(value, int):
        record = env[field.comodel_name].browse(value).exists()
        record = record._filtered_access("read")
        return record.display_name or env._("record %(number)s", number=value)
    if field.type == "selection":
        options = dict(field._description_selection(env))
        return str(options.get(value, value))
    if field.type in ("date", "datetime"):
        return _describe_moment(env, value)
    if isinstance(value, float) or field.type in ("float", "monetary"):
        text = f"{float(value):.2f}".rstrip("0")
        return formatLang(env, float(value), digits=len(text.partition(".")[2]))
    if isinstance(value, int) and not isinstance(value, bool):
        return formatLang(env, value, digits=0)
    return str(value)


def _is_domain(value):
    return isinstance(value, list | tuple) and any(
        isinstance(item, list | tuple) for item in value
    )


def _is_collection(value):
    return hasattr(value, "__iter__") and not isinstance(value, str)


def _describe_moment(env, value):
    if not isinstance(value, str):
        show = format_datetime if isinstance(value, datetime) else format_date
        return show(env, value)
    if value in ("today", "now"):
        return env._("today")
    if match := RELATIVE.match(value):
        sign, number, unit = match.groups()
        return _say(env, UNITS[sign, unit]) % number
    return value

"""Filling the parameters of a rule template into its conditions.

A parameter is named by ``$code`` or ``${code}``. In a domain it stands for its value where
it is the whole text and for its text where it is part of one (``"today -${days}d"``).
"""

import re

from .domain_text import read_literals

NAME = re.compile(r"\$(?:\{([a-z][a-z0-9_]*)\}|([a-z][a-z0-9_]*))")
ALWAYS = (1, "=", 1)


def fill_domain(text, values, optional=()):
    """A domain with its parameters filled in.

    :param str text: a domain of literals
    :param dict values: by code
    :param optional: codes whose condition is left out where they have no value
    :rtype: str
    """
    return repr(
        [_fill_part(part, values, set(optional)) for part in read_literals(text)]
    )


def refill_domain(text, before, after):
    """A domain with other values of its parameters; what else somebody changed in it
    stays.

    :param str text: the domain
    :param str before: as it would be with the old values, had nobody changed it
    :param str after: as it would be with the new ones
    :return: None where a part that names a parameter was itself changed
    :rtype: str
    """
    parts, before, after = (_read_parts(one) for one in (text, before, after))
    if parts == before:
        return repr(after)
    changes = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    places = {}
    for old, new in changes:
        if parts.count(old) == 1:
            places[parts.index(old)] = new
        elif new not in parts:
            return None
    return repr([places.get(place, part) for place, part in enumerate(parts)])


def _read_parts(text):
    return [
        tuple(part) if isinstance(part, list) else part for part in read_literals(text)
    ]


def _fill_part(part, values, optional):
    if not isinstance(part, list | tuple) or len(part) != 3:
        return part
    path, operator, value = part
    codes = _codes(value)
    if codes and any(code in optional and not values.get(code) for code in codes):
        return ALWAYS
    return (path, operator, _fill_value(value, values))


def _codes(value):
    if isinstance(value, list | tuple):
        return [code for one in value for code in _codes(one)]
    return [_code(m) for m in NAME.finditer(value)] if isinstance(value, str) else []


def _code(match):
    return match[1] or match[2]


def _fill_value(value, values):
    if isinstance(value, list | tuple):
        return [_fill_value(one, values) for one in value]
    if not isinstance(value, str):
        return value
    whole = NAME.fullmatch(value)
    if whole and _code(whole) in values:
        return values[_code(whole)]
    return fill_text(value, values)


def fill_text(text, values):
    """A text with its parameters filled in; what is unknown stays as it is."""
    return NAME.sub(
        lambda match: str(values.get(_code(match), match[0])),
        text or "",
    )

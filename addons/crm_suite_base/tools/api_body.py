"""Reading the JSON of a request strictly: what two readers could take for two different
things is refused, and so is what the database cannot hold."""

import json
import math

# What the schemas need is three levels; the rest is slack for readable errors.
MOST_LEVELS = 20


class BodyError(ValueError):
    """The text is no JSON that can be taken; its first argument says why."""


def parse_body(data):
    """The value that a body holds.

    :param bytes data: JSON in UTF-8
    :return: dicts, lists, texts, numbers, booleans and None
    :raise BodyError: broken UTF-8 or JSON, a name twice in an object, a number out of
        range, NaN, or too many levels
    """
    try:
        # A mark of the byte order is tolerated, as the standard allows.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BodyError(f"The body is not UTF-8: byte {error.start}.") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_read_object,
            parse_float=_read_float,
            parse_constant=_refuse_constant,
        )
    except BodyError:
        raise
    except RecursionError:
        raise BodyError("The JSON is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise BodyError(
            f"The body is no JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from None
    except ValueError:
        # The one other refusal of the parser: more digits than it will convert.
        raise BodyError("A number in the body has too many digits.") from None
    if _is_deep(value, MOST_LEVELS):
        raise BodyError("The JSON is nested too deeply.")
    return value


def _read_object(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BodyError(f"The name {twice[:50]!a} is twice in one object.")
    return found


def _read_float(text):
    number = float(text)
    if not math.isfinite(number):
        raise BodyError("A number in the body is out of range.")
    return number


def _refuse_constant(text):
    raise BodyError(f"{text} is no JSON.")


def _is_deep(value, levels):
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels <= 0 or any(
        _is_deep(item, levels - 1) for item in value if isinstance(item, dict | list)
    )


def is_storable(value):
    """Whether all texts in a value can be kept: PostgreSQL has no place for the
    character NUL, and half a surrogate pair is no character.

    :param value: as :func:`parse_body` gives it
    :rtype: bool
    """
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        return all(is_storable(k) and is_storable(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(is_storable, value))
    return True


def may_hold_odd_characters(data):
    """Whether it is worth looking at the texts of a body one by one: only an escape can
    bring in what :func:`is_storable` refuses.

    :param bytes data: the body
    :rtype: bool
    """
    lowered = data.lower()
    return b"\\u0000" in lowered or b"\\ud" in lowered

"""Turn the cells of a file into values: text, numbers, yes and no, choices, dates.

Pure functions. They refuse with :class:`TableError`, whose sentence names the value
and says how to write it; they never guess where a guess would change the meaning.
Amounts are Decimal from the first to the last digit.
"""

import datetime
import re
import unicodedata
from decimal import Decimal, InvalidOperation

from .convert_dates import infer_date_order, parse_date, parse_datetime
from .tabular.errors import TableError, shorten

__all__ = [
    "infer_date_order",
    "infer_decimal_separator",
    "parse_bool",
    "parse_code",
    "parse_date",
    "parse_datetime",
    "parse_decimal",
    "parse_integer",
    "parse_selection",
    "to_text",
]

_CURRENCY = re.compile(
    r"(?:us|hk|nt|a|c|s|au|ca|sg)?\$|[¥€£₩₹₽฿]|元整?|圆|块|人民币|美元|欧元|港币|港元"
    r"|\b(?:cny|rmb|usd|eur|gbp|hkd|jpy|chf|twd)\b"
)
_UNITS = {
    "千": 10**3,
    "万": 10**4,
    "萬": 10**4,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
    "億": 10**8,
    "万亿": 10**12,
}
_UNIT = re.compile(r"(万亿|千万|百万|[千万萬亿億])$")
_BLANKS = re.compile(r"[\s'’`_\u2000-\u200b\u202f\u2060\ufeff]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?|\.\d+", re.ASCII)
_GROUPS = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d{1,3}(?:,\d{4})+")
_DAMAGED = re.compile(r"\d(?:[.,]\d+)?e\+\d{2,}", re.IGNORECASE | re.ASCII)
_MAX_DIGITS = 30
# What programs write: nothing about it to find out.
_PLAIN_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,2})?", re.ASCII)

_YES = {
    *("yes", "y", "true", "t", "1", "on", "x", "✓", "✔", "√", "☑", "是", "是的", "有"),
    *("对", "真", "启用", "已", "oui", "ja", "si", "sí", "sim", "はい"),
}
_NO = {
    *("no", "n", "false", "f", "0", "off", "-", "✗", "✘", "×", "☐", "否", "不是", "无"),
    *("没有", "非", "假", "不", "停用", "未", "non", "nein", "não", "いいえ"),
}


# --- text


def to_text(value):
    """A cell as text, the way the user sees it: 13800138000 without ``.0``."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        value = Decimal(repr(value))
        if value.is_finite() and value == value.to_integral_value():
            value = value.to_integral_value()
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else ""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def parse_code(value):
    """A phone number, reference or other code as text.

    :raises TableError: ``number_damaged`` where a spreadsheet has turned the code
        into 1.38E+10: its digits are gone
    """
    text = to_text(value)
    if _DAMAGED.fullmatch(text):
        raise TableError("number_damaged", value=shorten(text))
    return text


# --- numbers


def parse_decimal(value, separator=None, percent=False):
    """A number as Decimal, exactly as written.

    Understands currency signs, groups of digits, full-width digits, negative numbers
    in parentheses and the units 千, 万, 亿 (``1.5万`` is 15000).

    :param separator: the decimal separator of the column, ``.`` or ``,`` (see
        :func:`infer_decimal_separator`); without it ``1,234`` and ``1.234`` are refused
    :param percent: take ``15%`` as 0.15; otherwise it is refused
    :raises TableError: ``bad_number``, ``bad_number_separator``, ``number_too_large``
    """
    if isinstance(value, bool):
        raise TableError("bad_number", value=value)
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, int | Decimal):
        return _bounded(Decimal(value), value)
    if isinstance(value, float):
        return _bounded(Decimal(repr(value)), value)
    text, factor = _bare_number(value, percent)
    negative, text = _sign(text)
    number = _digits(text, separator, value) * factor
    return _bounded(-number if negative else number, value)


def parse_integer(value, separator=None):
    """A whole number; ``12.0`` is one, ``12.5`` is not."""
    number = parse_decimal(value, separator)
    if number != number.to_integral_value():
        raise TableError("bad_integer", value=shorten(value))
    return int(number)


def infer_decimal_separator(values, default=None):
    """The decimal separator of a column, from the numbers that leave no choice.

    :return: ``.`` or ``,``; ``default`` if the column does not tell or contradicts
        itself
    """
    votes = {".": 0, ",": 0}
    for value in values:
        if not isinstance(value, str):
            continue
        text = _sign(_bare_number(value, True)[0])[1]
        found = _unambiguous(text)
        if found:
            votes[found] += 1
    if bool(votes["."]) == bool(votes[","]):
        return default
    return "." if votes["."] else ","


def _bare_number(value, percent):
    """Text without currency and blanks, and the factor of its unit."""
    text = unicodedata.normalize("NFKC", str(value if value is not None else ""))
    text = text.strip().lower()
    if len(text) > 100:
        return "", Decimal(1)
    text = _BLANKS.sub("", _CURRENCY.sub("", text))
    factor = Decimal(1)
    if percent and text.endswith("%"):
        text, factor = text[:-1], Decimal("0.01")
    if match := _UNIT.search(text):
        text, factor = text[: match.start()], factor * _UNITS[match[1]]
    return text, factor


def _sign(text):
    """:return: ``(negative, text without signs)``"""
    text = text.replace("−", "-").replace("–", "-")
    if text.startswith("(") and text.endswith(")"):
        return True, text[1:-1]
    if text.endswith("-") and not text.startswith("-"):
        return True, text[:-1]
    if text[:1] in ("-", "+"):
        return text[0] == "-", text[1:]
    return False, text


def _unambiguous(text):
    """The decimal separator that a single number proves, or None."""
    comma, dot = text.count(","), text.count(".")
    if comma and dot:
        last = max(",.", key=text.rfind)
        return last if text.count(last) == 1 else None
    if comma > 1 or dot > 1:
        # Only groups repeat; so the other one would be the decimal separator.
        return "." if comma else ","
    mark = "," if comma else "." if dot else ""
    if not mark:
        return None
    before, _mark, after = text.partition(mark)
    if len(after) == 3 and before.isdigit() and before[0] != "0" and len(before) < 4:
        return None
    return mark


def _digits(text, separator, value):
    """Unsigned digits with separators as Decimal."""
    if "," in text or "." in text:
        used = _unambiguous(text) or separator
        if used is None:
            raise TableError("bad_number_separator", value=shorten(value))
        group = "," if used == "." else "."
        whole, _mark, fraction = text.partition(used)
        if group in whole:
            if not _GROUPS.fullmatch(whole.replace(group, ",")):
                raise TableError("bad_number", value=shorten(value))
            whole = whole.replace(group, "")
        text = f"{whole}.{fraction}" if _mark else whole
    if not _NUMBER.fullmatch(text):
        raise TableError("bad_number", value=shorten(value))
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise TableError("bad_number", value=shorten(value)) from error


def _bounded(number, value):
    if not number.is_finite():
        raise TableError("bad_number", value=shorten(value))
    if number and abs(number.adjusted()) > _MAX_DIGITS:
        raise TableError("number_too_large", value=shorten(value))
    return number


# --- yes and no, choices


def plain_word(value):
    """A word without what writers vary: case, width, outer blanks."""
    text = unicodedata.normalize("NFKC", to_text(value)).casefold()
    return re.sub(r"\s+", " ", text).strip()


def parse_bool(value):
    """Yes or no.

    :raises TableError: ``bad_boolean``
    """
    if isinstance(value, bool):
        return value
    word = plain_word(value)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise TableError("bad_boolean", value=shorten(value))


def parse_selection(value, choices):
    """The key of a choice, found by key or by one of its labels.

    :param choices: tuples of the key and its labels, ``("phone", "Phone", "电话")``
    :raises TableError: ``bad_selection`` with the labels
    """
    word = plain_word(value)
    for choice in choices:
        if word == plain_word(choice[0]):
            return choice[0]
    matches = {choice[0] for choice in choices if word in map(plain_word, choice[1:])}
    if len(matches) == 1:
        return matches.pop()
    labels = ", ".join(str(choice[1 if len(choice) > 1 else 0]) for choice in choices)
    raise TableError(
        "bad_selection", value=shorten(value), choices=shorten(labels, 300)
    )

"""What a column of a file contains, from a sample of its cells."""

import datetime
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from .convert import (
    infer_date_order,
    infer_decimal_separator,
    parse_bool,
    parse_datetime,
    parse_decimal,
)
from .tabular.errors import TableError

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_PHONE = re.compile(
    r"[+(（]?\d[\d\s()（）./-]{5,24}(?:\s*(?:转|分机|ext\.?|x|#)\s*\d+)?", re.I
)
# What a phone number has and an amount has not.
_PHONE_SIGN = re.compile(r"^\+|\d[-/]\d|转|分机|ext|[)）]\s*\d", re.I)
_CODE = re.compile(r"0\d+|\d{10,}")
# Share of the filled cells that must agree.
_AGREE = 0.9


@dataclass(frozen=True)
class ColumnProfile:
    """:param kind: empty, text, integer, decimal, date, datetime, boolean, email, url,
        phone or code (digits that are no number)
    :param filled: number of cells with a value
    :param distinct: number of different values
    """

    kind: str
    filled: int
    distinct: int
    date_order: str | None = None
    separator: str | None = None
    examples: tuple = ()


def profile_column(values, separator=None):
    """Describe a column.

    :param values: its cells in a sample of rows
    :param separator: the decimal separator to assume where the column does not tell
    """
    filled = [
        value
        for value in values
        if value is not None and not (isinstance(value, str) and not value.strip())
    ]
    order = infer_date_order(filled)
    separator = infer_decimal_separator(filled, separator)
    kinds = Counter(_kind(value, order, separator) for value in filled)
    examples = tuple(dict.fromkeys(str(value)[:80] for value in filled[:50]))
    return ColumnProfile(
        kind=_agreed(kinds, len(filled)),
        filled=len(filled),
        distinct=len({str(value) for value in filled}),
        date_order=order,
        separator=separator,
        examples=examples[:3],
    )


def _agreed(kinds, total):
    if not total:
        return "empty"
    if set(kinds) <= {"integer", "decimal"}:
        return "decimal" if kinds["decimal"] else "integer"
    if set(kinds) <= {"date", "datetime"}:
        return "datetime" if kinds["datetime"] else "date"
    if set(kinds) <= {"code", "phone", "integer"}:
        return "phone" if kinds["phone"] >= total / 2 else "code"
    kind, count = kinds.most_common(1)[0]
    return kind if count >= _AGREE * total else "text"


def _kind(value, order, separator):
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "code" if len(str(abs(value))) >= 10 else "integer"
    if isinstance(value, Decimal | float):
        return "decimal"
    if isinstance(value, datetime.datetime):
        return "datetime"
    if isinstance(value, datetime.date):
        return "date"
    return _text_kind(value.strip(), order, separator)


def _text_kind(text, order, separator):
    if _EMAIL.fullmatch(text):
        return "email"
    if _URL.fullmatch(text):
        return "url"
    if _CODE.fullmatch(text):
        return "code"
    if re.fullmatch(r"[+-]?\d{1,9}", text):
        return "integer"
    if moment := _try(parse_datetime, text, order or "dmy"):
        has_time = ":" in text or moment.time() != datetime.time.min
        return "datetime" if has_time else "date"
    if _PHONE.fullmatch(text) and _PHONE_SIGN.search(text):
        return "phone"
    if _try(parse_decimal, text, separator or ".") is not None:
        return "decimal"
    return "text" if _try(parse_bool, text) is None else "boolean"


def _try(function, *args):
    try:
        return function(*args)
    except TableError:
        return None

"""Dates and times as people and programs write them."""

import datetime
import re
import unicodedata
from decimal import Decimal

from .tabular.errors import TableError, shorten
from .tabular.excel_values import DATETIME, serial_value

YMD, DMY, MDY = "ymd", "dmy", "mdy"

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?"
)
_COMPACT = re.compile(r"((?:1[89]|2[01])\d\d)(\d\d)(\d\d)")
_NUMERIC = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4}|\d{2})")
_DAY_MONTH = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[-\s.]*([a-z]+)[-\s.,]*(\d{4}|\d{2})"
)
_MONTH_DAY = re.compile(r"([a-z]+)[-\s.]*(\d{1,2})(?:st|nd|rd|th)?[-\s.,]+(\d{4})")
_WEEKDAY = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.\s]+|(?:星期|周)[一二三四五六日天]\s*)"
)
_TIME = re.compile(
    r"(?P<early>上午|下午|晚上|凌晨|中午)?\s*(?P<hour>\d{1,2})\s*[:时点]\s*(?P<minute>\d{1,2})?"
    r"\s*分?(?:[:]?\s*(?P<second>\d{1,2})(?:[.,]\d+)?\s*秒?)?"
    r"\s*(?P<late>a\.?m\.?|p\.?m\.?)?\s*(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2})?"
)


def parse_date(value, order=None):
    """A value as ``datetime.date``.

    :param value: a cell: date, datetime, Excel's day number or text
    :param order: ``ymd``, ``dmy`` or ``mdy``, for ``03/05/2026`` (see
        :func:`infer_date_order`); without it such a text is refused
    :raises TableError: ``bad_date`` or ``bad_date_order``
    """
    moment = _typed_moment(value)
    if moment is None:
        text = _plain(value)
        found = _find_date(text, order, value)
        rest = found and text[found[1] :].strip(" t,")
        if not found or (rest and not _TIME.fullmatch(rest)):
            raise TableError("bad_date", value=shorten(value))
        return found[0]
    return moment.date() if isinstance(moment, datetime.datetime) else moment


def parse_datetime(value, order=None):
    """A value as ``datetime``; aware only if the text names its offset from UTC.

    A date alone is its midnight.

    :raises TableError: ``bad_datetime`` or ``bad_date_order``
    """
    moment = _typed_moment(value)
    if moment is not None:
        if isinstance(moment, datetime.datetime):
            return moment
        return datetime.datetime.combine(moment, datetime.time())
    text = _plain(value)
    found = _find_date(text, order, value)
    if not found:
        raise TableError("bad_datetime", value=shorten(value))
    day, end = found
    rest = text[end:].strip(" t,")
    if not rest:
        return datetime.datetime.combine(day, datetime.time())
    return _with_time(day, rest, value)


def infer_date_order(values):
    """The order of day and month in a column, from those that leave no choice.

    :return: ``ymd``, ``dmy``, ``mdy``, or None if the column does not tell
    """
    day_first = month_first = year_first = 0
    for value in values:
        if not isinstance(value, str):
            continue
        text = _plain(value)
        if _YEAR_FIRST.match(text) or _COMPACT.fullmatch(text):
            year_first += 1
            continue
        match = _NUMERIC.match(text)
        if not match:
            continue
        first, second = int(match[1]), int(match[3])
        day_first += first > 12 >= second or match[2] == "."
        month_first += second > 12 >= first
    if day_first and month_first:
        # Both occur: nobody can say what the doubtful ones mean.
        return None
    if day_first or month_first:
        return DMY if day_first else MDY
    return YMD if year_first else None


def _typed_moment(value):
    """Dates, and the numbers behind which Excel hides them."""
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, bool):
        raise TableError("bad_date", value=value)
    if isinstance(value, int | float | Decimal):
        return _numeric_moment(value)
    text = _plain(value)
    if re.fullmatch(r"[1-9]\d{4}(?:\.\d+)?", text):
        return _numeric_moment(Decimal(text))
    return None


def _numeric_moment(value):
    compact = _COMPACT.fullmatch(str(value))
    if compact:
        return _date(*map(int, compact.groups()), value)
    try:
        moment = serial_value(value, DATETIME)
    except (ValueError, OverflowError) as error:
        raise TableError("bad_date", value=shorten(value)) from error
    if not isinstance(moment, datetime.datetime):
        raise TableError("bad_date", value=shorten(value))
    return moment.date() if moment.time() == datetime.time.min else moment


def _plain(value):
    text = unicodedata.normalize("NFKC", str(value or "")).strip().lower()
    return _WEEKDAY.sub("", text, count=1) if len(text) < 100 else ""


def _find_date(text, order, value):
    """:return: ``(date, end of its text)`` or None"""
    if match := _YEAR_FIRST.match(text):
        year, month, day = map(int, match.groups())
        return _date(year, month, day, value), match.end()
    if match := _COMPACT.match(text):
        return _date(*map(int, match.groups()), value), match.end()
    if match := _NUMERIC.match(text):
        return _date(*_numeric_parts(match, order, value), value), match.end()
    for pattern, day, month in ((_DAY_MONTH, 1, 2), (_MONTH_DAY, 2, 1)):
        match = pattern.match(text)
        if match and match[month] in _MONTHS:
            number = _MONTHS[match[month]]
            year = _full_year(match[3])
            return _date(year, number, int(match[day]), value), match.end()
    return None


def _numeric_parts(match, order, value):
    first, second, last = int(match[1]), int(match[3]), match[4]
    if order == YMD and len(last) == 2:
        return _full_year(match[1]), second, int(last)
    year = _full_year(last)
    if first > 12 >= second:
        return year, second, first
    if second > 12 >= first:
        return year, first, second
    # With dots the day comes first wherever dots are in use.
    if order == DMY or match[2] == "." or first == second:
        return year, second, first
    if order == MDY:
        return year, first, second
    raise TableError("bad_date_order", value=shorten(value))


def _full_year(text):
    year = int(text)
    if len(text) > 2:
        return year
    return year + (1900 if year >= 70 else 2000)


def _date(year, month, day, value):
    try:
        return datetime.date(year, month, day)
    except ValueError as error:
        raise TableError("bad_date", value=shorten(value)) from error


def _with_time(day, text, value):
    match = _TIME.fullmatch(text)
    try:
        if not match:
            raise ValueError(text)
        clock = datetime.time(
            _hour(match), int(match["minute"] or 0), int(match["second"] or 0)
        )
        moment = datetime.datetime.combine(day, clock)
        return moment.replace(tzinfo=_zone(match["zone"]))
    except ValueError as error:
        raise TableError("bad_datetime", value=shorten(value)) from error


def _hour(match):
    hour = int(match["hour"])
    half = (match["late"] or "")[:1]
    if match["early"]:
        half = "p" if match["early"] in ("下午", "晚上", "中午") else "a"
    if half == "p" and hour < 12 and not (match["early"] == "中午" and hour >= 10):
        return hour + 12
    return 0 if half == "a" and hour == 12 else hour


def _zone(text):
    if not text:
        return None
    if text in ("z", "utc", "gmt"):
        return datetime.timezone.utc
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return datetime.timezone(
        datetime.timedelta(minutes=-minutes if text[0] == "-" else minutes)
    )

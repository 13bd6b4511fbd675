"""What the numbers in an Excel cell mean: dates, padded codes, plain numbers."""

import datetime
import re
from decimal import Decimal, InvalidOperation

_EPOCH_1900 = datetime.datetime(1899, 12, 30)
_EPOCH_1904 = datetime.datetime(1904, 1, 1)
_MAX_SERIAL = 2958466  # 9999-12-31
_EXACT = 10**15

_BUILTIN_DATES = {*range(14, 18), *range(27, 32), 36, *range(50, 55), 57, 58}
_BUILTIN_TIMES = {18, 19, 20, 21, *range(32, 36), 45, 46, 47, 55, 56}
_IGNORED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_ZEROS = re.compile(r"0{2,}")
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)

# Kinds of number formats: plain number, date, time of day, both, elapsed time; a
# positive integer stands for a code padded with zeros to that length.
NUMBER, DATE, TIME, DATETIME, ELAPSED = 0, -1, -2, -3, -4


def format_kind(number, code=None):
    """Classify a number format by its id and, for custom ones, its code."""
    if code is None:
        if number == 22:
            return DATETIME
        if number in _BUILTIN_DATES:
            return DATE
        if number == 46:
            return ELAPSED
        return TIME if number in _BUILTIN_TIMES else NUMBER
    plain = _IGNORED.sub("", code.split(";")[0]).strip()
    if _ZEROS.fullmatch(plain):
        return len(plain)
    if _ELAPSED.search(plain):
        return ELAPSED
    low = plain.lower().replace("am/pm", "h").replace("a/p", "h")
    if low == "general" or "#" in low or "?" in low or "e+" in low:
        return NUMBER
    time = "h" in low or "s" in low
    date = "y" in low or "d" in low or ("m" in low and not time)
    if date and time:
        return DATETIME
    return DATE if date else TIME if time else NUMBER


def number_value(text):
    """A stored number as int or Decimal, as Excel shows it (15 digits).

    :return: ``(value, whether digits may have been lost)``
    :raises ValueError: no number
    """
    try:
        value = int(text)
    except ValueError:
        number = float(text)
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError(text) from None
        if number.is_integer() and abs(number) < 1e18:
            value = int(number)
        else:
            return Decimal(format(number, ".15g")), abs(number) >= _EXACT
    return value, abs(value) >= _EXACT


def serial_value(number, kind, date1904=False):
    """A serial day number as date, datetime or time text.

    :raises ValueError: not a day between 1900 and 9999
    """
    serial = float(number)
    if kind == ELAPSED:
        return _elapsed(serial)
    if kind == TIME and 0 <= serial < 1:
        return _clock(serial)
    if not 0 <= serial < _MAX_SERIAL:
        raise ValueError(number)
    if date1904:
        epoch = _EPOCH_1904
    else:
        # Excel believes that 1900 was a leap year, and its day 0 is no day at all.
        if serial < 1 and kind != TIME:
            return _clock(serial) if serial else Decimal(0)
        if 60 <= serial < 61:
            raise ValueError(number)
        epoch = _EPOCH_1900 + datetime.timedelta(days=1 if serial < 60 else 0)
    moment = epoch + datetime.timedelta(seconds=round(serial * 86400))
    if kind == DATE and moment.time() == datetime.time.min:
        return moment.date()
    return moment


def _clock(serial):
    seconds = round(serial * 86400) % 86400
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _elapsed(serial):
    seconds = round(abs(serial) * 86400)
    sign = "-" if serial < 0 else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def typed_number(text, kind, date1904=False):
    """A number cell as value.

    :return: ``(value, problem code or None)``
    """
    try:
        value, lossy = number_value(text)
    except (ValueError, InvalidOperation, OverflowError):
        return None, "cell_broken"
    if kind == NUMBER:
        return value, "cell_digits" if lossy else None
    if kind > 0:
        return _padded(value, kind), None
    try:
        return serial_value(value, kind, date1904), None
    except (ValueError, OverflowError):
        return None, "cell_date"


def _padded(value, length):
    """A postcode or article number shown with leading zeros is text, as shown."""
    if isinstance(value, int) and value >= 0:
        return str(value).zfill(length)
    return value

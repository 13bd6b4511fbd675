"""Answering an expression for many records at once, and saying how it came about.

Each part gives a column, a list with one value for each record; inside an aggregate a
column holds a list for each record, one value for each line. Nothing raises for what
the data may be: what cannot be said is empty (None).
"""

import math
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

MAX_TEXT = 10000
MAX_SHOWN = 20
MAX_DAYS = 400000
MAX_AMOUNT = 1e18
DIGITS = 2
UTC = ZoneInfo("UTC")


class Money(NamedTuple):
    """An amount with the decimal places of its currency."""

    amount: float
    digits: int = DIGITS


def round_half_up(value, digits):
    """Round as people do, not to even; what is a hair below a half counts as half."""
    if abs(value) >= 1e15:
        return value
    scaled = abs(value) * 10**digits
    return (
        math.copysign(
            math.floor(scaled + 0.5 + 1e-9 * max(1.0, scaled)) / 10**digits, value
        )
        if scaled < 1e13
        else value
    )


# === VALUES ===


def clean(value, kind):
    """A value as it is read from a record, in the form that is reckoned with."""
    name = kind.name
    if name == "boolean":
        return bool(value)
    if value is None or value is False or value == "":
        return None
    if name in ("number", "money"):
        return _clean_number(value, name)
    if name == "date":
        return value.date() if isinstance(value, datetime) else value
    if name == "text":
        return str(value)[:MAX_TEXT]
    return value


def _clean_number(value, name):
    digits = DIGITS
    if isinstance(value, Money):
        value, digits = value
        if value is None or value is False:
            return None
    if not math.isfinite(value) or abs(value) > MAX_AMOUNT:
        return None
    return Money(float(value), digits) if name == "money" else float(value)


def amount(value):
    return value.amount if isinstance(value, Money) else value


def _numbered(value, like):
    """The result of arithmetic, as money where one of the values was money."""
    if value is None or not math.isfinite(value) or abs(value) > MAX_AMOUNT:
        return None
    places = [item.digits for item in like if isinstance(item, Money)]
    return Money(value, max(places)) if places else value


class Evaluation:
    """One run of a checked tree over the records of a reader."""

    def __init__(self, reader, keep=False):
        self.reader = reader
        self.kept = {} if keep else None
        self.zone = None
        self.columns = {}

    def column(self, node):
        """One value for each record, or a list of them where there are lines."""
        found = getattr(self, f"_column_{node.kind}")(node)
        if self.kept is not None:
            self.kept[id(node)] = found
        return found

    # === PARTS WITHOUT PARTS ===

    def _column_literal(self, node):
        return [node.value] * self.reader.count

    def _column_path(self, node):
        if node.value not in self.columns:
            kind, read = node.type, self.reader.read(node.value)
            if kind.lines:
                read = [[clean(value, kind) for value in values] for values in read]
            else:
                read = [clean(value, kind) for value in read]
            self.columns[node.value] = read
        return self.columns[node.value]

    # === OPERATORS ===

    def each(self, parts, function):
        """Apply a function to the values of parts, line by line where there are any."""
        columns = [self.column(part) for part in parts]
        many = [bool(part.type.lines) for part in parts]
        if not any(many):
            if not columns:
                return [function() for _number in range(self.reader.count)]
            return [function(*values) for values in zip(*columns, strict=True)]
        found = []
        for values in zip(*columns, strict=True):
            length = min(
                len(value)
                for value, is_many in zip(values, many, strict=True)
                if is_many
            )
            rows = [
                value if is_many else [value] * length
                for value, is_many in zip(values, many, strict=True)
            ]
            found.append([function(*row) for row in zip(*rows, strict=False)])
        return found

    def _column_logic(self, node):
        test = all if node.value == "and" else any
        return self.each(node.parts, lambda *values: test(values))

    def _column_unary(self, node):
        if node.value == "not":
            return self.each(node.parts, lambda value: not value)
        return self.each(
            node.parts,
            lambda value: (
                None if value is None else _numbered(-amount(value), (value,))
            ),
        )

    def _column_binary(self, node):
        left, right = (part.type.name for part in node.parts)
        if left in ("date", "datetime"):
            function = self._date_function(node.value, right)
        elif node.type.name == "text":
            function = _join
        else:
            function = ARITHMETIC[node.value]
        return self.each(node.parts, function)

    def _date_function(self, operator, right):
        if right in ("date", "datetime"):
            return lambda first, second: self.days(second, first)
        sign = 1 if operator == "+" else -1
        return lambda first, second: _shift(self.day(first), second, sign)

    def _column_compare(self, node):
        days = "date" in (part.type.name for part in node.parts)
        compare = COMPARE[node.value]

        def function(left, right):
            if days:
                left, right = self.day(left), self.day(right)
            return compare(*_comparable(left, right))

        return self.each(node.parts, function)

    def _column_in(self, node):
        left, right = node.parts
        want = node.value == "in"
        if right.kind == "list":
            parts = [left, *right.parts]
            days = left.type.name == "date" or "date" in (
                part.type.name for part in right.parts
            )

            def among(value, *others):
                if days:
                    value, others = self.day(value), map(self.day, others)
                return _is_among(value, others) is want

            return self.each(parts, among)
        if right.type.lines:
            pairs = zip(self.column(left), self.column(right), strict=True)
            return [_is_among(value, others) is want for value, others in pairs]
        return self.each(node.parts, lambda a, b: _within(a, b) is want)

    # === FUNCTIONS ===

    def _column_call(self, node):
        if node.info == "aggregate":
            function = AGGREGATE[node.value]
            return [function(values) for values in self.column(node.parts[0])]
        if node.info == "extreme":
            pick = AGGREGATE[node.value]
            return self.each(node.parts, lambda *values: pick(values))
        if node.info == "own":
            return self._call(node)
        if node.info == "own many":
            return self._call_many(node)
        return self.each(node.parts, getattr(self, f"_do_{node.value}"))

    def _call(self, node):
        """Let the caller answer a function of his, in one call for all records."""
        rows = self.each(node.parts, lambda *values: tuple(map(amount, values)))
        if not node.type.lines:
            found = self.reader.call(node.value, rows)
            return [clean(value, node.type) for value in found]
        flat = [row for group in rows for row in group]
        found = iter(self.reader.call(node.value, flat))
        return [[clean(next(found), node.type) for _row in group] for group in rows]

    def _call_many(self, node):
        """The same for a function that gives a list of values for each record."""
        rows = self.each(node.parts, lambda *values: tuple(map(amount, values)))
        found = self.reader.call(node.value, rows)
        return [[clean(value, node.type) for value in values] for values in found]

    def day(self, value):
        """The date of a moment where the user is; a date as it is."""
        if not isinstance(value, datetime):
            return value
        if self.zone is None:
            self.zone = ZoneInfo(self.reader.zone or "UTC")
        return value.replace(tzinfo=UTC).astimezone(self.zone).date()

    def days(self, first, second):
        """Days from one to the other; whole ones unless both are moments."""
        if first is None or second is None:
            return None
        if isinstance(first, datetime) and isinstance(second, datetime):
            return (second - first).total_seconds() / 86400
        return float((self.day(second) - self.day(first)).days)

    def _do_days_since(self, value):
        return self.days(self.day(value), self.reader.today)

    def _do_days_until(self, value):
        return self.days(self.reader.today, self.day(value))

    def _do_days_between(self, first, second):
        return self.days(self.day(first), self.day(second))

    def _do_today(self):
        return self.reader.today

    def _do_date(self, value):
        return self.day(value)

    def _do_year(self, value):
        return None if value is None else float(self.day(value).year)

    def _do_month(self, value):
        return None if value is None else float(self.day(value).month)

    @staticmethod
    def _do_abs(value):
        return None if value is None else _numbered(abs(amount(value)), (value,))

    @staticmethod
    def _do_round(value, digits=0):
        if value is None or digits is None:
            return None
        return round_half_up(amount(value), max(0, min(6, int(digits))))

    @staticmethod
    def _do_coalesce(first, second):
        return second if first is None else first

    @staticmethod
    def _do_if(condition, first, second):
        return first if condition else second

    @staticmethod
    def _do_is_set(value):
        return value is not None

    @staticmethod
    def _do_length(value):
        return float(len(value or ""))

    @staticmethod
    def _do_lower(value):
        return None if value is None else value.lower()[:MAX_TEXT]

    @staticmethod
    def _do_contains(text, part):
        return _within(part, text)

    @staticmethod
    def _do_starts_with(text, part):
        if text is None or part is None:
            return False
        return text.casefold().startswith(part.casefold())


# === WHAT OPERATORS DO WITH VALUES ===


def _shift(day, days, sign):
    if day is None or days is None or abs(days) > MAX_DAYS:
        return None
    try:
        return day + timedelta(days=sign * int(days))
    except OverflowError:
        return None


def _join(left, right):
    joined = f"{left or ''}{right or ''}"[:MAX_TEXT]
    return joined or None


def _reckon(function):
    def reckon(left, right):
        if left is None or right is None:
            return None
        return _numbered(function(amount(left), amount(right)), (left, right))

    return reckon


def _divide(left, right):
    return left / right if right else None


def _ratio(left, right):
    if left is None or right is None:
        return None
    result = _divide(amount(left), amount(right))
    # Money by money is no money any more.
    like = () if isinstance(right, Money) else (left,)
    return _numbered(result, like)


def _times(left, right):
    if left is None or right is None:
        return None
    both = isinstance(left, Money) and isinstance(right, Money)
    return _numbered(amount(left) * amount(right), () if both else (left, right))


ARITHMETIC = {
    "+": _reckon(lambda left, right: left + right),
    "-": _reckon(lambda left, right: left - right),
    "*": _times,
    "/": _ratio,
    "%": _reckon(lambda left, right: math.fmod(left, right) if right else None),
}


def _comparable(left, right):
    """Two values made ready to be compared: money rounded as its currency is."""
    places = [item.digits for item in (left, right) if isinstance(item, Money)]
    if places:
        digits = max(places)
        left, right = (
            None if item is None else round_half_up(amount(item), digits)
            for item in (left, right)
        )
    return left, right


def _ordered(function):
    def compare(left, right):
        return left is not None and right is not None and function(left, right)

    return compare


COMPARE = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
}


def _is_among(value, others):
    if value is None:
        return False
    return any(
        left == right for left, right in (_comparable(value, item) for item in others)
    )


def _within(part, text):
    if not part or not text:
        return False
    return part.casefold() in text.casefold()


def _total(values):
    """The sum of what is there; money as soon as one of the values is."""
    there = [value for value in values if value is not None]
    if not there:
        return 0.0
    return _numbered(math.fsum(map(amount, there)), there)


def _average(values):
    there = [value for value in values if value is not None]
    if not there:
        return None
    return _numbered(math.fsum(map(amount, there)) / len(there), there)


def _extreme(pick):
    def find(values):
        there = [value for value in values if value is not None]
        return pick(there, key=_order) if there else None

    return find


def _order(value):
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return amount(value)


AGGREGATE = {
    "sum": _total,
    "avg": _average,
    "min": _extreme(min),
    "max": _extreme(max),
    # Of conditions, those that hold; of values, those that are there.
    "count": lambda values: float(
        sum(1 for value in values if value is not None and value is not False)
    ),
    "any": any,
    "all": all,
}


def shown(value):
    """A value as JSON, an empty one as ""."""
    if isinstance(value, list | tuple) and not isinstance(value, Money):
        return [shown(item) for item in value[:MAX_SHOWN]]
    if value is None:
        return ""
    if isinstance(value, Money):
        return round_half_up(value.amount, value.digits)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else value

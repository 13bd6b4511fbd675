"""Working time: adding it, measuring it, asking whether somebody is there.

Plain Python without a database. A :class:`WorkingTime` is made of a week, a time zone
and what deviates from the week; it turns them once into sorted intervals with a running
total, and answers each question by two binary searches. ::

    time = WorkingTime([Slot(0, 9 * 60, 17 * 60)], "Asia/Shanghai")
    due = time.add(created, 8 * 3600)        # eight working hours later
    took = time.measure(created, closed)     # seconds that lay in working time

All moments are naive and in UTC, as those of the ORM. Intervals are half open: at the
moment of closing nobody works any more, yet a deadline may fall on it (who has eight
hours from nine o'clock is due at five, not tomorrow at nine).

*Daylight saving.* A slot begins and ends at what the clocks on the wall show. Where the
clocks jump forward, a time that does not exist means the jump; where they go back, it
means the first of the two. So the day of the jump has an hour less or more, as it has
for the people who work it.
"""

from bisect import bisect_left, bisect_right
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

ZERO = timedelta()
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
UTC = ZoneInfo("UTC")
DAY_MINUTES = 24 * 60
# So far from the turn of the year a table is complete; see _build.
MARGIN = 3 * DAY
MAX_YEARS = 20
# Of what lies outside nobody plans anything.
FIRST_YEAR, LAST_YEAR = 1900, 2500


class NeverOpenError(ValueError):
    """There is no working time as far as one may reasonably look."""


class Slot(NamedTuple):
    """One stretch of work in the week.

    :ivar weekday: 0 is Monday
    :ivar start: minutes after midnight
    :ivar end: minutes after midnight, up to 1440; not after ``start``: on the next day
    :ivar week: 0 or 1 where every other week is different, else None. Week 0 is one in
        which ``(date.toordinal() - 1) // 7`` is even, as the host counts.
    """

    weekday: int
    start: int
    end: int
    week: int | None = None


class _Table(NamedTuple):
    """Working time of some years."""

    first_year: int
    last_year: int
    starts: list
    ends: list
    before: list  # working time before each start, counted from the first one


class WorkingTime:
    """When somebody works. Never changes after it was made.

    :param week: the :class:`Slot` s of a week; they may touch or overlap
    :param str tz: name of the time zone of the slots
    :param closed: intervals ``(start, end)`` without work: public holidays
    :param extra: intervals with work that the week does not know: make-up days. They
        outrank ``closed``.
    :param absent: intervals of leave. They outrank everything.
    """

    __slots__ = ("_absent", "_closed", "_extra", "_table", "_tz", "_week")

    def __init__(self, week, tz="UTC", closed=(), extra=(), absent=()):
        self._week = tuple(sorted(map(_checked_slot, week), key=_slot_key))
        self._tz = tz or "UTC"
        ZoneInfo(self._tz)  # a wrong name shall fail here, not at the first question
        self._closed = merge(closed)
        self._extra = merge(extra)
        self._absent = merge(absent)
        self._table = None

    @classmethod
    def always(cls, absent=()):
        """Somebody who works around the clock."""
        return cls([Slot(day, 0, DAY_MINUTES) for day in range(7)], absent=absent)

    def away(self, intervals):
        """The same working time with further leave.

        :rtype: WorkingTime
        """
        return WorkingTime(
            self._week,
            self._tz,
            self._closed,
            self._extra,
            chain(self._absent, intervals),
        )

    # === QUESTIONS === #

    def is_open(self, at):
        """Whether somebody works at this moment.

        :rtype: bool
        """
        _check(at)
        table = self._covering(at, at)
        number = bisect_right(table.starts, at) - 1
        return number >= 0 and at < table.ends[number]

    def next_open(self, at):
        """The first moment from ``at`` on at which somebody works.

        :rtype: datetime
        :raise NeverOpenError: when there is none within twenty years
        """
        _check(at)
        for table in self._widening(at, forward=True):
            number = bisect_right(table.ends, at)
            if number < len(table.starts):
                return max(at, table.starts[number])
        raise _never(at, forward=True)

    def intervals(self, start, end):
        """The working time between two moments.

        :rtype: list[tuple[datetime, datetime]]
        """
        _check(start), _check(end)
        if end <= start:
            return []
        table = self._covering(start, end)
        first = bisect_right(table.ends, start)
        last = bisect_left(table.starts, end)
        return [
            (max(start, table.starts[n]), min(end, table.ends[n]))
            for n in range(first, last)
        ]

    def add(self, start, seconds, pauses=()):
        """The moment at which so much working time has passed.

        :param datetime start:
        :param float seconds: of working time; negative: before ``start``; zero: the
            next moment of work, ``start`` itself if that is one
        :param pauses: intervals ``(from, to)`` that do not count; only with a positive
            number of seconds
        :rtype: datetime
        :raise NeverOpenError: when the working time of twenty years is not enough
        """
        _check(start)
        moment = self._add(start, timedelta(seconds=seconds))
        if pauses and seconds < 0:
            raise ValueError("Pauses count forward only.")
        for paused_from, paused_to in merge(pauses):
            if paused_from >= moment:
                break
            lost = self._between(max(paused_from, start), paused_to)
            if lost > ZERO:
                moment = self._add(moment, lost)
        return moment

    def measure(self, start, end, pauses=()):
        """How much working time lies between two moments.

        :param pauses: intervals ``(from, to)`` that do not count; they may overlap
        :return: seconds; negative where ``end`` is before ``start``
        :rtype: float
        """
        _check(start), _check(end)
        if end < start:
            return -self.measure(end, start, pauses)
        total = self._between(start, end)
        for paused_from, paused_to in merge(pauses):
            total -= self._between(max(paused_from, start), min(paused_to, end))
        return total.total_seconds()

    def add_many(self, starts, seconds):
        """:meth:`add` for many.

        :param starts: moments
        :param seconds: one number for all of them, or one for each
        :rtype: list[datetime]
        """
        starts = list(starts)
        if isinstance(seconds, int | float):
            seconds = [seconds] * len(starts)
        return [
            self._add(_check(start), timedelta(seconds=number))
            for start, number in zip(starts, seconds, strict=True)
        ]

    def measure_many(self, pairs):
        """:meth:`measure` for many ``(start, end)``.

        :return: seconds of each
        :rtype: list[float]
        """
        return [self.measure(start, end) for start, end in pairs]

    # === THE TABLE === #

    def _add(self, start, amount):
        forward = amount >= ZERO
        for table in self._widening(start, forward):
            moment = _walk(table, start, amount)
            if moment is not None:
                return moment
        raise _never(start, forward)

    def _between(self, start, end):
        """Working time between two moments in their order."""
        if end <= start:
            return ZERO
        table = self._covering(start, end)
        return _position(table, end) - _position(table, start)

    def _covering(self, start, end):
        """The table, made wider where it does not reach."""
        first, last = _year(start - MARGIN), _year(end + MARGIN)
        table = self._table
        if table and table.first_year <= first and last <= table.last_year:
            return table
        if table:
            first, last = min(first, table.first_year), max(last, table.last_year)
        self._table = table = self._build(first, last)
        return table

    def _widening(self, at, forward):
        """Tables that reach further and further from ``at`` to one side."""
        for years in (0, 1, 3, 7, MAX_YEARS):
            reach = years * 366 * DAY
            yield self._covering(
                at if forward else at - reach, at + reach if forward else at
            )

    def _build(self, first, last):
        weekly = chain.from_iterable(
            _week_of_year(self._week, self._tz, year) for year in range(first, last + 1)
        )
        spans = subtract(merge(weekly), self._closed)
        if self._extra:
            spans = merge(chain(spans, self._extra))
        spans = subtract(spans, self._absent)
        # Near the turn of these years the local days of the years beside are missing.
        spans = clip(spans, datetime(first, 1, 3), datetime(last, 12, 31))
        before, total = [], ZERO
        for start, stop in spans:
            before.append(total)
            total += stop - start
        starts = [start for start, _stop in spans]
        return _Table(first, last, starts, [stop for _start, stop in spans], before)


def _position(table, at):
    """Working time from the beginning of the table to a moment."""
    number = bisect_right(table.starts, at) - 1
    if number < 0:
        return ZERO
    return table.before[number] + min(at, table.ends[number]) - table.starts[number]


def _walk(table, start, amount):
    """Go so much working time from ``start``; None where the table ends before."""
    if not table.starts:
        return None
    target = _position(table, start) + amount
    if not amount:
        number = bisect_left(table.ends, start)
        return max(start, table.starts[number]) if number < len(table.ends) else None
    if amount > ZERO:
        # The last interval that begins before the target, so that a full day ends
        # in the evening and not on the next morning.
        number = bisect_left(table.before, target) - 1
        moment = table.starts[number] + (target - table.before[number])
        return moment if moment <= table.ends[number] else None
    if target < ZERO:
        return None
    number = bisect_right(table.before, target) - 1
    return table.starts[number] + (target - table.before[number])


# === INTERVALS === #


def merge(intervals):
    """Sort intervals and join those that touch; empty ones vanish.

    :param intervals: of ``(start, end)``
    :rtype: list[tuple[datetime, datetime]]
    """
    merged = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def subtract(intervals, taken):
    """What is left of sorted intervals without others; both as :func:`merge` gives.

    :rtype: list[tuple[datetime, datetime]]
    """
    if not taken:
        return intervals
    left, number = [], 0
    for start, end in intervals:
        while number < len(taken) and taken[number][1] <= start:
            number += 1
        position = number
        while position < len(taken) and taken[position][0] < end:
            if taken[position][0] > start:
                left.append((start, taken[position][0]))
            start = max(start, taken[position][1])
            position += 1
        if start < end:
            left.append((start, end))
    return left


def clip(intervals, begin, end):
    """What lies between two moments of sorted intervals.

    :rtype: list[tuple[datetime, datetime]]
    """
    return [
        (max(start, begin), min(stop, end))
        for start, stop in intervals
        if stop > begin and start < end
    ]


def day_intervals(week, tz, day, like=None):
    """The working time of one day, or of another weekday's hours on it.

    :param week: the slots of the week
    :param str tz: name of the time zone
    :param date day:
    :param int like: the weekday whose hours are worked (a make-up day); None: its own
    :return: intervals in UTC
    :rtype: list[tuple[datetime, datetime]]
    """
    weekday = day.weekday() if like is None else like
    parity = _parity(day)
    zone = ZoneInfo(tz or "UTC")
    return merge(
        _slot_on(slot, day, zone)
        for slot in week
        if slot.weekday == weekday and slot.week in (None, parity)
    )


@lru_cache(maxsize=1024)
def _week_of_year(week, tz, year):
    """The working time that begins on the local days of a year.

    Kept for all who share a week and a zone: people of a company mostly do.
    """
    zone = ZoneInfo(tz)
    by_day = [[], [], [], [], [], [], []]
    for slot in week:
        by_day[slot.weekday].append(slot)
    spans = []
    for ordinal in range(
        date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
    ):
        slots = by_day[(ordinal - 1) % 7]
        if not slots:
            continue
        day, parity = date.fromordinal(ordinal), (ordinal - 1) // 7 % 2
        spans += [_slot_on(s, day, zone) for s in slots if s.week in (None, parity)]
    return tuple(merge(spans))


def _slot_on(slot, day, zone):
    end_day = day if slot.end > slot.start else day + DAY
    return (
        _to_utc(day, slot.start, zone),
        _to_utc(end_day, slot.end, zone),
    )


def _to_utc(day, minutes, zone):
    """The moment at which the clock on the wall shows a time."""
    if minutes >= DAY_MINUTES:
        day, minutes = day + DAY, minutes - DAY_MINUTES
    wall = datetime.combine(day, time(minutes // 60, minutes % 60))
    local = wall.replace(tzinfo=zone)
    moment = (wall - local.utcoffset()).replace(tzinfo=UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        moment = _find_jump(moment, zone)
    return moment.replace(tzinfo=None)


def _find_jump(after, zone):
    """The moment at which the clocks of a zone last jumped, less than a day before."""
    offset = after.astimezone(zone).utcoffset()
    low, high = after - DAY, after
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def _parity(day):
    return (day.toordinal() - 1) // 7 % 2


# === CHECKS === #


def _slot_key(slot):
    return (slot.weekday, slot.start, slot.end, -1 if slot.week is None else slot.week)


def _checked_slot(slot):
    slot = Slot(*slot)
    if not (
        0 <= slot.weekday < 7
        and 0 <= slot.start < DAY_MINUTES
        and 0 <= slot.end <= DAY_MINUTES
        and slot.week in (None, 0, 1)
    ):
        raise ValueError(f"Not a stretch of work in a week: {slot}")
    return slot


def _check(moment):
    if moment.tzinfo is not None:
        raise ValueError("Working time is asked with naive moments in UTC.")
    _year(moment)
    return moment


def _year(moment):
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise NeverOpenError(f"Working time of the year {moment.year} is not known.")
    return moment.year


def _never(moment, forward):
    side = "after" if forward else "before"
    return NeverOpenError(
        f"There is not enough working time within {MAX_YEARS} years {side} {moment}."
    )

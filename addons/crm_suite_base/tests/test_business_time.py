from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.business_time import (
    DAY_MINUTES,
    NeverOpenError,
    Slot,
    WorkingTime,
    day_intervals,
    merge,
    subtract,
)
from .fuzzing import fuzz

SETTINGS = fuzz(150)
OFFICE = [
    slot
    for day in range(5)
    for slot in (Slot(day, 9 * 60, 12 * 60), Slot(day, 13 * 60, 18 * 60))
]
HOUR = 3600

MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
SPANS = st.tuples(MOMENTS, st.integers(1, 30 * 86400)).map(
    lambda span: (span[0], span[0] + timedelta(seconds=span[1]))
)


@st.composite
def slots(draw):
    start = draw(st.integers(0, DAY_MINUTES - 1))
    end = draw(st.integers(0, DAY_MINUTES).filter(lambda minutes: minutes != start))
    week = draw(st.sampled_from([None, None, 0, 1]))
    return Slot(draw(st.integers(0, 6)), start, end, week)


@st.composite
def working_times(draw):
    """Anything from half an hour in two weeks to around the clock."""
    return WorkingTime(
        draw(st.lists(slots(), min_size=1, max_size=8)),
        draw(st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin"]))
        if draw(st.booleans())
        else draw(st.sampled_from(["America/New_York", "Australia/Lord_Howe"])),
        closed=draw(st.lists(SPANS, max_size=4)),
        extra=draw(st.lists(SPANS, max_size=3)),
        absent=draw(st.lists(SPANS, max_size=3)),
    )


def shanghai(*args):
    """A moment by the clocks of Shanghai, as the ORM has it."""
    return local("Asia/Shanghai", *args)


def local(zone, *args):
    moment = datetime(*args, tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC).replace(tzinfo=None)


@tagged("-at_install", "post_install")
class TestBusinessTime(BaseCase):
    """The clock by example: an office in Shanghai, 9 to 12 and 13 to 18."""

    def setUp(self):
        super().setUp()
        self.office = WorkingTime(OFFICE, "Asia/Shanghai")

    def test_lunch_and_night_do_not_count(self):
        start = shanghai(2026, 11, 23, 11, 0)
        self.assertEqual(
            self.office.add(start, 2 * HOUR), shanghai(2026, 11, 23, 14, 0)
        )
        self.assertEqual(
            self.office.add(start, 8 * HOUR), shanghai(2026, 11, 24, 11, 0)
        )
        self.assertEqual(
            self.office.measure(start, shanghai(2026, 11, 24, 9, 30)), 6.5 * HOUR
        )

    def test_full_day_ends_in_the_evening(self):
        start = shanghai(2026, 11, 23, 9, 0)
        evening = shanghai(2026, 11, 23, 18, 0)
        self.assertEqual(self.office.add(start, 8 * HOUR), evening)
        self.assertFalse(self.office.is_open(evening))
        self.assertEqual(self.office.add(evening, -8 * HOUR), start)

    def test_weekend_is_skipped(self):
        saturday = shanghai(2026, 11, 21, 10, 0)
        monday = shanghai(2026, 11, 23, 9, 0)
        self.assertFalse(self.office.is_open(saturday))
        self.assertEqual(self.office.next_open(saturday), monday)
        self.assertEqual(self.office.add(saturday, 0), monday)
        self.assertEqual(self.office.add(saturday, HOUR), monday + timedelta(hours=1))
        self.assertEqual(self.office.measure(saturday, monday), 0)

    def test_measuring_backward_is_negative(self):
        first, last = shanghai(2026, 11, 23, 9), shanghai(2026, 11, 23, 11)
        self.assertEqual(self.office.measure(last, first), -2 * HOUR)

    def test_holiday_and_make_up_day(self):
        """Spring festival 2026: off from 15 to 23 February, work on Saturday the 14th."""
        holiday = (shanghai(2026, 2, 15), shanghai(2026, 2, 24))
        made_up = day_intervals(OFFICE, "Asia/Shanghai", date(2026, 2, 14), like=0)
        time = WorkingTime(OFFICE, "Asia/Shanghai", closed=[holiday], extra=made_up)
        friday = shanghai(2026, 2, 13, 17, 0)
        self.assertEqual(time.add(friday, 2 * HOUR), shanghai(2026, 2, 14, 10, 0))
        self.assertEqual(time.add(friday, 10 * HOUR), shanghai(2026, 2, 24, 10, 0))

    def test_make_up_day_outranks_the_holiday_and_leave_outranks_both(self):
        day = date(2026, 2, 14)
        made_up = day_intervals(OFFICE, "Asia/Shanghai", day, like=4)
        whole = [(shanghai(2026, 2, 14), shanghai(2026, 2, 15))]
        noon = shanghai(2026, 2, 14, 10, 0)
        time = WorkingTime(OFFICE, "Asia/Shanghai", closed=whole, extra=made_up)
        self.assertTrue(time.is_open(noon))
        self.assertFalse(time.away(whole).is_open(noon))

    def test_night_shift_goes_over_midnight(self):
        time = WorkingTime([Slot(6, 22 * 60, 6 * 60)], "Asia/Shanghai")
        sunday = shanghai(2026, 11, 22, 22, 0)
        self.assertEqual(time.next_open(shanghai(2026, 11, 22, 12)), sunday)
        self.assertTrue(time.is_open(shanghai(2026, 11, 23, 5, 59)))
        self.assertEqual(time.add(sunday, 8 * HOUR), shanghai(2026, 11, 23, 6))
        new_year = WorkingTime([Slot(3, 22 * 60, 6 * 60)], "Asia/Shanghai")
        self.assertTrue(new_year.is_open(shanghai(2027, 1, 1, 3, 0)))

    def test_two_week_calendar(self):
        time = WorkingTime([Slot(0, 540, 600, 0), Slot(2, 540, 600, 1)], "UTC")
        monday = date(2026, 11, 23)
        parity = (monday.toordinal() - 1) // 7 % 2
        found = time.intervals(datetime(2026, 11, 23), datetime(2026, 12, 7))
        weekdays = [start.weekday() for start, _end in found]
        self.assertEqual(weekdays, [0, 2] if parity == 0 else [2, 0])

    def test_clocks_go_forward_and_back(self):
        time = WorkingTime([Slot(6, 0, 4 * 60)], "Europe/Berlin")
        spring = (
            local("Europe/Berlin", 2026, 3, 29),
            local("Europe/Berlin", 2026, 3, 30),
        )
        autumn = (
            local("Europe/Berlin", 2026, 10, 25),
            local("Europe/Berlin", 2026, 10, 26),
        )
        self.assertEqual(time.measure(*spring), 3 * HOUR)
        self.assertEqual(time.measure(*autumn), 5 * HOUR)

    def test_time_that_does_not_exist_means_the_jump(self):
        time = WorkingTime([Slot(6, 2 * 60 + 30, 3 * 60 + 30)], "Europe/Berlin")
        jump = datetime(2026, 3, 29, 1, 0)
        self.assertEqual(
            time.intervals(datetime(2026, 3, 29), datetime(2026, 3, 30)),
            [(jump, jump + timedelta(minutes=30))],
        )

    def test_pauses_do_not_count(self):
        start = shanghai(2026, 11, 23, 9, 0)
        pauses = [
            (shanghai(2026, 11, 23, 10, 0), shanghai(2026, 11, 23, 11, 0)),
            (shanghai(2026, 11, 23, 10, 30), shanghai(2026, 11, 23, 14, 0)),
        ]
        self.assertEqual(
            self.office.add(start, 4 * HOUR, pauses), shanghai(2026, 11, 23, 17, 0)
        )
        self.assertEqual(
            self.office.measure(start, shanghai(2026, 11, 23, 18), pauses), 5 * HOUR
        )
        self.assertEqual(
            self.office.add(start, HOUR, pauses), shanghai(2026, 11, 23, 10, 0)
        )
        with self.assertRaises(ValueError):
            self.office.add(start, -HOUR, pauses)

    def test_never_open_says_so(self):
        now = datetime(2026, 11, 22)
        for time in (
            WorkingTime([]),
            self.office.away([(datetime(2000, 1, 1), datetime(2400, 1, 1))]),
        ):
            with self.assertRaisesRegex(NeverOpenError, "20 years"):
                time.next_open(now)
            with self.assertRaisesRegex(NeverOpenError, "20 years"):
                time.add(now, 1)
            self.assertEqual(time.measure(now, datetime(2027, 1, 1)), 0)

    def test_wrong_questions_are_refused(self):
        for slot in ((7, 0, 60), (0, -1, 60), (0, 0, 1500), (0, 60, 0, 3)):
            with self.assertRaises(ValueError, msg=slot):
                WorkingTime([slot])
        with self.assertRaises(ValueError):
            self.office.add(datetime(2026, 1, 1, tzinfo=UTC), 60)
        with self.assertRaises(NeverOpenError):
            self.office.add(datetime(1, 1, 5), 60)
        with self.assertRaises(KeyError):
            WorkingTime(OFFICE, "Mars/Olympus")

    def test_always(self):
        time = WorkingTime.always([(datetime(2026, 1, 2), datetime(2026, 1, 3))])
        self.assertEqual(
            time.measure(datetime(2026, 1, 1), datetime(2026, 1, 4)), 2 * 86400
        )

    def test_questions_in_any_order(self):
        """The table grows; what it said before stays true."""
        time = WorkingTime(OFFICE, "Asia/Shanghai")
        fresh = WorkingTime(OFFICE, "Asia/Shanghai")
        first = time.add(shanghai(2026, 11, 23, 9), HOUR)
        time.add(shanghai(2019, 1, 7, 9), HOUR)
        far = shanghai(2034, 6, 5, 9)
        self.assertEqual(time.add(far, HOUR), fresh.add(far, HOUR))
        self.assertEqual(time.add(shanghai(2026, 11, 23, 9), HOUR), first)

    def test_many_at_once(self):
        start = shanghai(2026, 11, 23, 9, 0)
        self.assertEqual(
            self.office.add_many([start, start], [HOUR, 2 * HOUR]),
            [start + timedelta(hours=1), start + timedelta(hours=2)],
        )
        self.assertEqual(
            self.office.add_many([start], HOUR), [start + timedelta(hours=1)]
        )
        self.assertEqual(
            self.office.measure_many([(start, start + timedelta(hours=1))]), [HOUR]
        )


@tagged("-at_install", "post_install")
class TestBusinessTimeProperties(BaseCase):
    """What holds for any working time; hypothesis looks for one where it does not."""

    @SETTINGS
    @given(working_times(), MOMENTS, st.integers(1, 60 * 86400))
    def test_adding_then_measuring_gives_the_same(self, time, start, seconds):
        try:
            end = time.add(start, seconds)
        except NeverOpenError:
            return
        self.assertEqual(time.measure(start, end), seconds)
        self.assertGreaterEqual(end, start)
        back = time.add(end, -seconds)
        self.assertEqual(time.measure(back, end), seconds)
        self.assertGreaterEqual(back, start)

    @SETTINGS
    @given(working_times(), MOMENTS, st.integers(-20 * 86400, 20 * 86400))
    def test_never_outside_of_working_time(self, time, start, seconds):
        try:
            end = time.add(start, seconds)
        except NeverOpenError:
            return
        blink = timedelta(microseconds=1)
        near = time.measure(end - blink, end) + time.measure(end, end + blink)
        self.assertGreater(near, 0)

    @SETTINGS
    @given(
        working_times(), MOMENTS, MOMENTS, st.integers(1, 10**6), st.integers(1, 10**6)
    )
    def test_monotone(self, time, start, other, few, more):
        first, last = sorted((start, other))
        little, much = sorted((few, more))
        try:
            self.assertLessEqual(time.add(first, little), time.add(first, much))
            self.assertLessEqual(time.add(first, little), time.add(last, little))
            self.assertLessEqual(time.next_open(first), time.next_open(last))
        except NeverOpenError:
            return

    @SETTINGS
    @given(working_times(), st.lists(MOMENTS, min_size=3, max_size=3))
    def test_measures_add_up(self, time, moments):
        first, second, third = moments
        total = time.measure(first, second) + time.measure(second, third)
        self.assertEqual(total, time.measure(first, third))

    @SETTINGS
    @given(working_times(), MOMENTS, st.integers(1, 10**6), st.lists(SPANS, max_size=4))
    def test_pauses_are_leave(self, time, start, seconds, pauses):
        """A pause means to one record what leave means to a person."""
        try:
            end = time.add(start, seconds, pauses)
        except NeverOpenError:
            return
        self.assertEqual(time.measure(start, end, pauses), seconds)
        self.assertEqual(time.away(pauses).add(start, seconds), end)

    @SETTINGS
    @given(working_times(), SPANS)
    def test_measure_is_the_sum_of_the_intervals(self, time, span):
        total = sum((end - start for start, end in time.intervals(*span)), timedelta())
        self.assertEqual(time.measure(*span), total.total_seconds())

    @SETTINGS
    @given(st.lists(SPANS, max_size=8), st.lists(SPANS, max_size=8), MOMENTS)
    def test_merge_and_subtract(self, left, right, moment):
        def inside(spans):
            return any(start <= moment < end for start, end in spans)

        merged, taken = merge(left), merge(right)
        self.assertEqual(inside(merged), inside(left))
        self.assertEqual(
            inside(subtract(merged, taken)), inside(left) and not inside(right)
        )

"""Deadlines in working time, beside the host's own ``plan_hours`` for each record.

Both find the same moments; that is checked here, too. The host is asked for fewer, since
each of its answers costs the same.
"""

import datetime
import time

from .report import Row

DEADLINES = 10_000
HOST = 300
BAR = 50


def run(bench):
    with bench.env(bench.suite_db) as env:
        calendar = _make_calendar(env)
        starts = [
            datetime.datetime(2026, 1, 5, 1) + datetime.timedelta(minutes=41 * n)
            for n in range(DEADLINES)
        ]
        hours = [4 + n % 60 for n in range(DEADLINES)]
        env.flush_all()
        env.invalidate_all()
        begun = time.perf_counter()
        theirs = [
            calendar.plan_hours(hours[n], starts[n], compute_leaves=True)
            for n in range(HOST)
        ]
        host = (time.perf_counter() - begun) / HOST * DEADLINES
        env.invalidate_all()
        begun = time.perf_counter()
        clock = env["crm.suite.working.time"]._of_calendars(
            calendar, starts[0], starts[-1] + datetime.timedelta(days=90)
        )[calendar.id]
        ours = clock.add_many(starts, [count * 3600 for count in hours])
        seconds = time.perf_counter() - begun
        assert ours[:HOST] == [moment.replace(tzinfo=None) for moment in theirs]
        yield Row(
            f"clock: {DEADLINES} deadlines, reading included",
            f"{host / seconds:.0f} × faster ({seconds * 1000:.0f} ms : {host:.0f} s by"
            f" plan_hours, from {HOST})",
            f"≥ {BAR} ×",
            host / seconds >= BAR,
        )
        begun = time.perf_counter()
        clock.measure_many(zip(starts, ours, strict=True))
        seconds = time.perf_counter() - begun
        yield Row(f"clock: {DEADLINES} spans measured", f"{seconds * 1000:.0f} ms")
        env.cr.rollback()


def _make_calendar(env):
    """Office hours with a break and a holiday every month."""
    calendar = env["resource.calendar"].create(
        {"name": "Bench", "tz": "Asia/Shanghai", "company_id": False}
    )
    env["resource.calendar.leaves"].create(
        [
            {
                "name": "Holiday",
                "calendar_id": calendar.id,
                "date_from": datetime.datetime(2026, month, 10, 16),
                "date_to": datetime.datetime(2026, month, 12, 15, 59, 59),
            }
            for month in range(1, 13)
        ]
    )
    return calendar

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import Command
from odoo.tests import TransactionCase, new_test_user, tagged

HOUR = 3600
SHANGHAI = ZoneInfo("Asia/Shanghai")


def shanghai(*args):
    return datetime(*args, tzinfo=SHANGHAI).astimezone(UTC).replace(tzinfo=None)


@tagged("-at_install", "post_install")
class TestWorkingTime(TransactionCase):
    """The host's working hours as plain Python: the same answers, a few queries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.times = cls.env["crm.suite.working.time"]
        cls.env["crm.suite.makeup.day"].search([]).active = False
        cls.calendar = cls._create_calendar("Office", [(9, 12), (13, 18)])
        cls.start, cls.end = datetime(2026, 1, 1), datetime(2027, 6, 1)
        cls.company = cls.env["res.company"].create({"name": "Clock Company"})
        cls.company.resource_calendar_id = cls.calendar
        cls.calendar.company_id = cls.company
        cls.user = new_test_user(
            cls.env,
            "suite_clock",
            "base.group_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            tz="Asia/Shanghai",
        )

    @classmethod
    def _create_calendar(cls, name, hours, **values):
        calendar = cls.env["resource.calendar"].create(
            {"name": name, "tz": "Asia/Shanghai", "company_id": False, **values}
        )
        calendar.attendance_ids = [Command.clear()] + [
            Command.create(
                {
                    "name": "Work",
                    "dayofweek": str(day),
                    "hour_from": begin,
                    "hour_to": end,
                    "day_period": "morning" if begin < 12 else "afternoon",
                }
            )
            for day in range(5)
            for begin, end in hours
        ]
        return calendar

    def time(self, calendar=None):
        calendar = calendar or self.calendar
        return self.times._of_calendars(calendar, self.start, self.end)[calendar.id]

    def user_time(self, user=None):
        user = user or self.user
        return self.times._of_users(user, self.start, self.end)[user.id]

    def test_same_as_the_host(self):
        """Deadlines of the host's own ``plan_hours``, with a holiday and a break."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "National Day",
                "calendar_id": self.calendar.id,
                "date_from": shanghai(2026, 10, 1),
                "date_to": shanghai(2026, 10, 7, 23, 59, 59),
            }
        )
        time = self.time()
        for day in range(1, 29, 3):
            for hours in (0.5, 3, 8, 17.25, 100, -5):
                start = datetime(2026, 9, day, 3, 17)
                theirs = self.calendar.plan_hours(hours, start, compute_leaves=True)
                ours = time.add(start, hours * HOUR)
                self.assertEqual(ours, theirs.replace(tzinfo=None), (start, hours))
                counted = self.calendar.get_work_hours_count(*sorted((start, ours)))
                measured = abs(time.measure(start, ours)) / HOUR
                self.assertAlmostEqual(measured, counted)

    def test_two_weeks(self):
        calendar = self._create_calendar("Two Weeks", [(9, 12)])
        calendar.switch_calendar_type()
        calendar.attendance_ids.filtered(
            lambda a: a.week_type == "1" and a.dayofweek in ("3", "4")
        ).unlink()
        time = self.time(calendar)
        for day in range(1, 15):
            start = datetime(2026, 9, day)
            theirs = calendar.plan_hours(10, start, compute_leaves=True)
            self.assertEqual(time.add(start, 10 * HOUR), theirs.replace(tzinfo=None))

    def test_flexible_hours_are_around_noon(self):
        calendar = self.env["resource.calendar"].create(
            {
                "name": "Flexible",
                "tz": "Asia/Shanghai",
                "schedule_type": "flexible",
                "hours_per_day": 8,
                "full_time_required_hours": 40,
            }
        )
        time = self.time(calendar)
        monday = shanghai(2026, 11, 23)
        self.assertEqual(time.next_open(monday), shanghai(2026, 11, 23, 8))
        week = time.measure(monday, monday + timedelta(days=7))
        self.assertEqual(week, 40 * HOUR)

    def test_make_up_day(self):
        saturday = shanghai(2026, 10, 10, 10)
        self.assertFalse(self.time().is_open(saturday))
        day = self.env["crm.suite.makeup.day"].create(
            {"name": "National Day", "date": "2026-10-10", "like_weekday": "2"}
        )
        self.assertTrue(self.time().is_open(saturday))
        self.assertTrue(self.user_time().is_open(saturday))
        other = self._create_calendar("Elsewhere", [(9, 12)])
        day.calendar_id = other
        self.assertFalse(self.time().is_open(saturday))
        day.write({"calendar_id": False, "company_id": self.env.company.id})
        self.assertFalse(self.time().is_open(saturday), "another company's")

    def test_leave_and_absence_of_a_person(self):
        resource = self.env["resource.resource"].create(
            {
                "name": "Clock",
                "user_id": self.user.id,
                "company_id": self.company.id,
                "calendar_id": self.calendar.id,
                "tz": "Asia/Shanghai",
            }
        )
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Leave",
                "resource_id": resource.id,
                "calendar_id": self.calendar.id,
                "date_from": shanghai(2026, 11, 23),
                "date_to": shanghai(2026, 11, 23, 23, 59, 59),
            }
        )
        absence = self.env["crm.suite.absence"].create(
            {
                "user_id": self.user.id,
                "date_from": shanghai(2026, 11, 25),
                "date_to": shanghai(2026, 11, 26),
            }
        )
        monday = shanghai(2026, 11, 23, 9)
        time = self.user_time()
        self.assertEqual(time.add(monday, HOUR), shanghai(2026, 11, 24, 10))
        self.assertTrue(time.is_open(shanghai(2026, 11, 25, 10)), "a draft only")
        absence.action_request()
        self.assertEqual(
            self.user_time().add(monday, 9 * HOUR), shanghai(2026, 11, 26, 10)
        )
        self.assertTrue(self.time().is_open(monday), "leave of one is no holiday")

    def test_zone_of_the_person(self):
        emma = new_test_user(
            self.env,
            "suite_clock_emma",
            "base.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
            tz="Europe/London",
        )
        nine = datetime(2026, 11, 23, 9)
        self.assertTrue(self.user_time(emma).is_open(nine))
        self.assertFalse(self.user_time(emma).is_open(nine - timedelta(hours=1)))

    def test_hours_of_a_day_are_those_of_the_same_working_hours(self):
        def hours():
            return self.times._hours_per_day(self.user)[self.user.id]

        self.assertEqual(hours(), 8)
        short = self._create_calendar("Short", [(9, 12), (13, 17)])
        self.company.resource_calendar_id = short
        self.assertEqual(hours(), 7)
        resource = self.env["resource.resource"].create(
            {
                "name": "Clock",
                "user_id": self.user.id,
                "company_id": self.company.id,
                "calendar_id": self.calendar.id,
            }
        )
        self.assertEqual(hours(), 8)
        resource.calendar_id = False
        self.assertEqual(hours(), 24, "at any time")
        self.company.resource_calendar_id = False
        resource.unlink()
        self.assertEqual(hours(), 24)

    def test_number_of_queries_does_not_grow(self):
        users = self.user
        for number in range(6):
            users |= new_test_user(
                self.env,
                f"suite_clock_{number}",
                "base.group_user",
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
        counts = []
        for people in (users[:2], users):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.times._of_users(people, self.start, self.end)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts)

from collections import defaultdict
from datetime import timedelta
from math import ceil

from odoo import api, models

from ..tools.business_time import DAY_MINUTES, Slot, WorkingTime, day_intervals

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
# Working hours of the host without a fixed day are worked around noon.
NOON = 12 * 60
# Of working hours that do not say it, and of who works at any time.
DAY_HOURS = 8
ALL_DAY = 24


class WorkingTimes(models.AbstractModel):
    """The working hours, holidays, make-up days and leave of the host as plain Python.

    Each method takes a fixed number of queries, however many calendars or people there
    are, and returns objects that answer without the database. ``start`` and ``end``
    say which leave and holidays are read: ask only about moments between them.

    Reads as superuser: the host shows people the leave of others not at all, and what
    comes out tells only when somebody works.
    """

    _name = "crm.suite.working.time"
    _description = "Working Time"

    @api.model
    def _of_calendars(self, calendars, start, end):
        """Working time by the working hours of companies or departments.

        :param calendars: ``resource.calendar`` records
        :param datetime start: from when leave and holidays count, naive UTC
        :param datetime end: until when
        :return: :class:`~..tools.business_time.WorkingTime` by id of the calendar
        :rtype: dict[int, WorkingTime]
        """
        calendars = calendars.sudo()
        weeks = self._read_weeks(calendars)
        holidays, _leave = self._read_leave(calendars, [], start, end)
        makeup = self._read_makeup_days(calendars, weeks, start, end)
        return {
            calendar.id: WorkingTime(
                weeks[calendar.id],
                calendar.tz,
                holidays[calendar.id],
                makeup[calendar.id, calendar.tz or "UTC"],
            )
            for calendar in calendars
        }

    @api.model
    def _of_users(self, users, start, end):
        """When people work: their hours, without holidays, leave and absences.

        Who has no working hours of his own has those of his company; who is a resource
        of the host without working hours works at any time, as the host has it.

        :param users: ``res.users`` records
        :return: :class:`~..tools.business_time.WorkingTime` by id of the user
        :rtype: dict[int, WorkingTime]
        """
        users = users.sudo()
        places = self._read_places(users)
        calendars = self.env["resource.calendar"].sudo()
        for calendar, _tz, _resource in places.values():
            calendars |= calendar
        zones = {(calendar.id, tz) for calendar, tz, _resource in places.values()}
        weeks = self._read_weeks(calendars)
        resources = [resource.id for _c, _tz, resource in places.values() if resource]
        holidays, leave = self._read_leave(calendars, resources, start, end)
        makeup = self._read_makeup_days(calendars, weeks, start, end, zones)
        absent = self._read_absences(users, start, end)
        times = {}
        for user in users:
            calendar, tz, resource = places[user.id]
            away = [*absent[user.id], *leave[resource.id]]
            times[user.id] = (
                WorkingTime(
                    weeks[calendar.id],
                    tz,
                    holidays[calendar.id],
                    makeup[calendar.id, tz],
                    away,
                )
                if calendar
                else WorkingTime.always(away)
            )
        return times

    @api.model
    def _hours_per_day(self, users):
        """How many hours a working day of people has, by the working hours that
        :meth:`_of_users` takes.

        :rtype: dict[int, float]
        """
        places = self._read_places(users.sudo())
        return {
            user_id: (calendar.hours_per_day or DAY_HOURS) if calendar else ALL_DAY
            for user_id, (calendar, _tz, _resource) in places.items()
        }

    # === READING === #

    @api.model
    def _read_places(self, users):
        """By which working hours, in which zone and as which resource people work.

        :rtype: dict[int, tuple]
        """
        resources = (
            self.env["resource.resource"]
            .sudo()
            .search([("user_id", "in", users.ids), ("resource_type", "=", "user")])
        )
        own = defaultdict(lambda: self.env["resource.resource"])
        for resource in resources:
            own[resource.user_id.id] |= resource
        places = {}
        for user in users:
            mine = own[user.id]
            here = [r for r in mine if r.company_id == user.company_id]
            resource = here[0] if here else mine[:1]
            if resource:
                places[user.id] = resource.calendar_id, resource.tz, resource
            else:
                calendar = user.company_id.resource_calendar_id
                tz = user.tz or calendar.tz or "UTC"
                places[user.id] = calendar, tz, resource
        return places

    @api.model
    def _read_weeks(self, calendars):
        """The slots of the week of each calendar.

        :rtype: dict[int, list[Slot]]
        """
        weeks = {calendar.id: self._flexible_week(calendar) for calendar in calendars}
        attendances = (
            self.env["resource.calendar.attendance"]
            .sudo()
            .search(
                [
                    ("calendar_id", "in", calendars.ids),
                    ("display_type", "=", False),
                    ("day_period", "!=", "lunch"),
                ]
            )
        )
        for attendance in attendances:
            calendar = attendance.calendar_id
            start, end = (
                min(round(hour * 60), DAY_MINUTES)
                for hour in (attendance.hour_from, attendance.hour_to)
            )
            # Until the end it started with is nothing to the host, not a whole day.
            if calendar.flexible_hours or end <= start:
                continue
            week = (
                int(attendance.week_type or 0) if calendar.two_weeks_calendar else None
            )
            weeks[calendar.id].append(Slot(int(attendance.dayofweek), start, end, week))
        return weeks

    @api.model
    def _flexible_week(self, calendar):
        """The week of flexible working hours: around noon, from Monday on."""
        hours = calendar.hours_per_day
        if not calendar.flexible_hours or hours <= 0:
            return []
        half = min(round(hours * 30), NOON)
        days = ceil((calendar.full_time_required_hours or 5 * hours) / hours)
        return [Slot(day, NOON - half, NOON + half) for day in range(min(days, 7))]

    @api.model
    def _read_leave(self, calendars, resource_ids, start, end):
        """Holidays by calendar and leave by resource.

        :rtype: tuple[dict, dict]
        """
        leaves = (
            self.env["resource.calendar.leaves"]
            .sudo()
            .search(
                [
                    ("time_type", "=", "leave"),
                    ("resource_id", "in", [False, *resource_ids]),
                    ("date_from", "<=", end),
                    ("date_to", ">=", start),
                ]
            )
        )
        holidays, leave = defaultdict(list), defaultdict(list)
        for row in leaves:
            span = (row.date_from, _to_the_end(row.date_to))
            if row.resource_id:
                leave[row.resource_id.id].append(span)
            elif row.calendar_id:
                holidays[row.calendar_id.id].append(span)
            else:
                for calendar in calendars:
                    if calendar.company_id in (row.company_id, row.company_id.browse()):
                        holidays[calendar.id].append(span)
        return holidays, leave

    @api.model
    def _read_makeup_days(self, calendars, weeks, start, end, zones=None):
        """Make-up days as intervals, by calendar and zone.

        :param zones: pairs (id of calendar, zone) that are asked for; by default each
            calendar in its own
        :rtype: dict[tuple, list]
        """
        days = (
            self.env["crm.suite.makeup.day"]
            .sudo()
            .search(
                [
                    ("date", ">=", start.date() - DAY),
                    ("date", "<=", end.date() + DAY),
                ]
            )
        )
        if zones is None:
            zones = {(calendar.id, calendar.tz or "UTC") for calendar in calendars}
        found = defaultdict(list)
        by_id = {calendar.id: calendar for calendar in calendars}
        for calendar_id, tz in zones:
            calendar = by_id.get(calendar_id)
            for day in days if calendar else ():
                if day.calendar_id and day.calendar_id != calendar:
                    continue
                if day.company_id and calendar.company_id not in (
                    day.company_id,
                    day.company_id.browse(),
                ):
                    continue
                found[calendar_id, tz] += day_intervals(
                    weeks[calendar_id], tz, day.date, int(day.like_weekday)
                )
        return found

    @api.model
    def _read_absences(self, users, start, end):
        """Absences that are agreed on, by user.

        :rtype: dict[int, list]
        """
        absences = (
            self.env["crm.suite.absence"]
            .sudo()
            .search(
                [
                    ("user_id", "in", users.ids),
                    ("state", "in", ("approved", "active", "done")),
                    ("date_from", "<", end),
                    ("date_to", ">", start),
                ]
            )
        )
        found = defaultdict(list)
        for absence in absences:
            found[absence.user_id.id].append((absence.date_from, absence.date_to))
        return found


def _to_the_end(moment):
    """The host ends days off at 23:59:59; the last second belongs to them."""
    return moment + SECOND if moment.second == 59 else moment

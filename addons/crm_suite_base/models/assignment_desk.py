"""Everything that one run of a policy has to know, read once."""

from datetime import timedelta
from typing import NamedTuple

from odoo import fields
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.assignment import Chooser, Person, Queue
from ..tools.business_time import NeverOpenError
from .rule_match import get_first_company, get_today

# As far ahead as anybody may take to accept, holidays included.
HORIZON = timedelta(days=120)
NAMED = 8


class Rule(NamedTuple):
    """A rule in force, ready to choose."""

    record: object
    version: int
    method: str
    order: str
    users: tuple  # ids of the users among whom it chooses
    queue: Queue


class Decision(NamedTuple):
    """Who gets a record; nobody where ``user_id`` is False."""

    res_id: int
    rule: Rule
    user_id: int | bool
    why: dict


class Desk:
    """The people of a policy and what the records ask of them.

    :param policy: ``crm.suite.assignment.policy`` record, as superuser
    :param records: the records to assign
    :param excluded: ids of users who may not get a record, by id of the record
    """

    def __init__(self, policy, records, excluded=None):
        self.policy, self.records = policy, records
        self.env = policy.env
        self.now = fields.Datetime.now()
        # By whose clock and in whose currency the policy works.
        self.company = policy.company_id or get_first_company(self.env)
        self.today = get_today(self.company)
        self.excluded = excluded or {}
        self.members = policy.member_ids.filtered(lambda m: m.user_id.active)
        self.users = self.members.user_id
        self.clocks = self._read_clocks()
        self.closed = self._read_closed()
        self.chooser = Chooser(self._read_people())
        self.companies = self._read_companies()
        self.places = {user.id: set(user.company_ids.ids) for user in self.users}
        self.eligible = {}
        self.cover_places = {}
        self._skills = self._territories = None

    # === PEOPLE === #

    def _read_clocks(self):
        if self.policy.presence != "hours" and not self.policy.accept_minutes:
            return {}
        times = self.env["crm.suite.working.time"]
        return times._of_users(self.users, self.now, self.now + HORIZON)

    def _read_closed(self):
        """Who cannot get anything now, and why.

        :return: ``away``, ``closed`` or ``off`` by id of the user
        """
        away = self.env["crm.suite.absence"]._away(self.users, self.now)
        closed = {}
        for member in self.members:
            user_id = member.user_id.id
            if not member._is_member_on(self.today):
                closed[user_id] = "off"
            elif user_id in away:
                closed[user_id] = "away"
            elif self.policy.presence == "hours" and not self.clocks[user_id].is_open(
                self.now
            ):
                closed[user_id] = "closed"
        return closed

    def _read_people(self):
        loads = self.records._assignable_load(self.users.ids)
        counts = self._read_counts()
        for member in self.members:
            user_id = member.user_id.id
            load = loads.get(user_id, 0)
            today, week = counts.get(user_id, (0, 0))
            rooms = [
                limit - used
                for limit, used in (
                    (member.capacity, load),
                    (member.day_limit, today),
                    (member.week_limit, week),
                )
                if limit
            ]
            yield Person(user_id, member.weight, load, min(rooms) if rooms else None)

    def _read_counts(self):
        """How much people got today and this week, by their own calendar.

        :rtype: dict[int, tuple[int, int]]
        """
        limited = self.members.filtered(lambda m: m.day_limit or m.week_limit)
        if not limited:
            return {}
        periods = [limited._get_periods(m.user_id, self.now) for m in limited]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT u.id, count(*) FILTER (WHERE l.date >= u.day), count(*)
                  FROM unnest(%s::int[], %s::timestamp[], %s::timestamp[])
                    AS u(id, day, week)
                  JOIN crm_suite_assignment_log l
                    ON l.to_user_id = u.id AND l.date >= u.week
                 WHERE l.policy_id = %s AND l.state IN ('done', 'pending', 'accepted')
              GROUP BY u.id
                """,
                limited.user_id.ids,
                [day for day, _week in periods],
                [week for _day, week in periods],
                self.policy.id,
            )
        )
        return {user_id: (today, week) for user_id, today, week in rows}

    # === RECORDS === #

    def _read_companies(self):
        if "company_id" not in self.records._fields:
            return {}
        return {record.id: record.company_id.id for record in self.records}

    @property
    def skills(self):
        """Which skills each record asks for; only of those that a member has."""
        if self._skills is None:
            found = self.members.skill_ids.filtered(
                lambda skill: skill.active and skill.res_model == self.records._name
            )
            self._skills = self._match(
                (skill.id, skill._get_domain()) for skill in found
            )
        return self._skills

    @property
    def territories(self):
        """In which territories of today each record lies."""
        if self._territories is None:
            found = self.members.territory_ids.filtered(
                lambda territory: (
                    territory.active and territory._is_valid_on(self.today)
                )
            )
            self._territories = self._match(
                (territory.id, territory._get_domain(self.records.browse()))
                for territory in found
            )
        return self._territories

    def _match(self, conditions):
        """One query for each condition, however many records there are.

        :rtype: dict[int, frozenset]
        """
        matched = {}
        for key, domain in conditions:
            for id_ in self.records.search(
                domain & Domain("id", "in", self.records.ids)
            ).ids:
                matched.setdefault(id_, set()).add(key)
        return {id_: frozenset(keys) for id_, keys in matched.items()}

    # === CHOOSING === #

    def decide(self, res_id, rule, previous=None, covers=None):
        """Choose who gets a record.

        :param int previous: id of the user who dealt with it before
        :param dict covers: who covers for whom
        :rtype: Decision
        """
        why = {"rule": rule.record.name}
        excluded = self.excluded.get(res_id, ())
        if previous and previous not in excluded:
            decision = self._go_back(res_id, rule, previous, covers or {}, why)
            if decision:
                return decision
        keys, skipped = self._get_eligible(res_id, rule)
        if excluded:
            keys = [key for key in keys if key not in excluded]
            skipped = {**skipped, "tried": sorted(excluded)[:NAMED]}
        full = [key for key in keys if self.chooser.people[key].is_full]
        chosen, others = self.chooser.choose(rule.queue, keys, rule.order)
        why.update(order=rule.order, candidates=len(keys) - len(full))
        if full:
            skipped = {**skipped, "full": full[:NAMED]}
        if skipped:
            why["skipped"] = skipped
        if chosen:
            why.update(load=self.chooser.people[chosen].load - 1, next=others)
        return Decision(res_id, rule, chosen or False, why)

    def _go_back(self, res_id, rule, previous, covers, why):
        """Give a record to who dealt with it before, or to who covers for him."""
        company = self.companies.get(res_id)
        person = self.chooser.people.get(previous)
        if person is None or (company and company not in self.places[previous]):
            return None
        if previous not in self.closed:
            if self.chooser.give(previous):
                why.update(sticky=True, load=person.load - 1)
                return Decision(res_id, rule, previous, why)
            return None
        cover = covers.get(previous) if self.closed[previous] == "away" else None
        if not cover or cover in self.excluded.get(res_id, ()):
            return None
        places = self._get_cover_places(cover)
        if not places or (company and company not in places):
            return None
        if cover in self.chooser.people and not self.chooser.give(cover):
            return None
        return Decision(res_id, rule, cover, {**why, "cover_for": previous})

    def _get_cover_places(self, user_id):
        """The companies in which somebody who covers may have records, read once.

        Who is named to cover need be no member: he may work elsewhere, or may not read
        such records at all.

        :rtype: set[int]
        """
        if user_id not in self.cover_places:
            user = self.env["res.users"].browse(user_id)
            may_read = self.records.browse().with_user(user).has_access("read")
            self.cover_places[user_id] = set(user.company_ids.ids if may_read else ())
        return self.cover_places[user_id]

    def _get_eligible(self, res_id, rule):
        """Who may get a record by its rule, and who may not for what reason."""
        company = self.companies.get(res_id)
        skills = (
            self.skills.get(res_id, frozenset()) if rule.method == "skill" else None
        )
        places = (
            self.territories.get(res_id, frozenset())
            if rule.method == "territory"
            else None
        )
        key = (rule.record.id, company, skills, places)
        if key not in self.eligible:
            self.eligible[key] = self._find_eligible(rule, company, skills, places)
        return self.eligible[key]

    def _find_eligible(self, rule, company, skills, places):
        keys, skipped = [], {}
        chosen = set(rule.users)
        for member in self.members:
            user_id = member.user_id.id
            if user_id not in chosen:
                continue
            if company and company not in self.places[user_id]:
                continue
            if skills and not skills <= set(member.skill_ids.ids):
                continue
            if places is not None and places.isdisjoint(member.territory_ids.ids):
                continue
            if user_id in self.closed:
                skipped.setdefault(self.closed[user_id], []).append(user_id)
                continue
            keys.append(user_id)
        return keys, {reason: ids[:NAMED] for reason, ids in skipped.items()}

    def accept_until(self, user_id):
        """Until when a person has to accept, by his own working hours; or False."""
        minutes = self.policy.accept_minutes
        if not minutes:
            return False
        clock = self.clocks.get(user_id)
        if clock is None:  # who covers without being a member
            times = self.env["crm.suite.working.time"]
            user = self.env["res.users"].browse(user_id)
            clock = times._of_users(user, self.now, self.now + HORIZON)[user_id]
            self.clocks[user_id] = clock
        try:
            return clock.add(self.now, minutes * 60)
        except NeverOpenError:
            # Without any working hours the time on the wall has to do.
            return self.now + timedelta(minutes=minutes)

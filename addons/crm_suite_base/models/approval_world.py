"""What the plain engine asks about the world, answered by the ORM."""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ..tools.business_time import NeverOpenError

FAR = timedelta(days=180)
HOUR = 3600


class Desk:
    """People and their working time, read once for many documents."""

    def __init__(self, env):
        self.env = env
        self.now = fields.Datetime.now()
        self._times = {}
        self._covers = {}
        self._superiors = {}
        self._active = {}

    def superiors(self, user):
        if user.id not in self._superiors:
            self._superiors[user.id] = user.sudo()._crm_suite_superiors()
        return self._superiors[user.id]

    def left(self, user_ids):
        """Those of some people who work here no more; each is looked up once.

        :rtype: list[int]
        """
        if unknown := set(user_ids) - self._active.keys():
            users = self.env["res.users"].browse(sorted(unknown))
            self._active.update({user.id: user.active for user in users})
        return [id_ for id_ in sorted(user_ids) if not self._active[id_]]

    def cover(self, user_id):
        """Who decides in the place of a person now: his cover, or he himself."""
        if user_id not in self._covers:
            user = self.env["res.users"].browse(user_id)
            covers = self.env["crm.suite.absence"]._cover_of(user, "approvals")
            self._covers[user_id] = covers.get(user_id, user_id)
        return self._covers[user_id]

    def working_time(self, user_id):
        if user_id not in self._times:
            times = self.env["crm.suite.working.time"]._of_users(
                self.env["res.users"].browse(user_id),
                self.now - FAR,
                self.now + FAR,
            )
            self._times[user_id] = times[user_id]
        return self._times[user_id]

    def due(self, hours, since, user_id):
        """The moment at which so many working hours have passed for who decides."""
        time = self.working_time(self.cover(user_id))
        try:
            return time.add(since, hours * HOUR)
        except NeverOpenError:
            # Somebody without any working hours: a limit must not wait for ever.
            return since + timedelta(hours=hours)

    def measure(self, since, until, user_id):
        """Working hours of a person between two moments."""
        if until <= since:
            return 0.0
        time = self._times.get(user_id)
        if not time:
            # Only what lies between is asked for: no year of leave and holidays.
            user = self.env["res.users"].browse(user_id)
            times = self.env["crm.suite.working.time"]._of_users(user, since, until)
            time = times[user_id]
        return time.measure(since, until) / HOUR


class World:
    """The world of one request: its document, its people, its clock.

    :param env: as superuser, in the company of the document
    :param document: the record, or a new one over it with the values that wait
    """

    def __init__(self, env, document, submitter, desk=None):
        self.env = env
        self.document = document
        self.submitter = submitter
        self.desk = desk or Desk(env)

    @property
    def now(self):
        return self.desk.now

    @property
    def person(self):
        """From whom the rules start: who asked, or who is in charge after he has left."""
        people = self.env["crm.suite.approval.people"]
        return people._find_in_charge(self.submitter, self.document) or self.submitter

    def condition(self, expression):
        facts = self.env["crm.suite.approval.facts"]
        return facts._evaluate(expression, self.document, self.person)

    def approvers(self, rule, state):
        people = self.env["crm.suite.approval.people"]
        if rule["by"] == "manager" and rule.get("holder"):
            # What is late goes up from who is late, not from who asked him.
            person = self.env["res.users"].browse(rule["holder"])
        else:
            # Rows of people are wide: read only where the rule starts from one.
            named = rule["by"] in ("users", "group", "field")
            person = self.submitter if named else self.person
        return people._find([rule], self.document, person).ids

    def able(self, user_ids):
        if not user_ids:
            return []
        users = self.env["res.users"].sudo().browse(user_ids)
        return self.env["crm.suite.approval.people"]._able(users, self.document).ids

    def reviser(self, submitter_id):
        people = self.env["crm.suite.approval.people"]
        submitter = self.env["res.users"].browse(submitter_id)
        return people._find_in_charge(submitter, self.document).id or None

    def due(self, hours, since, user_id):
        return self.desk.due(hours, since, user_id)

    def outranks(self, submitter_id, user_id):
        users = self.env["res.users"]
        return submitter_id in self.desk.superiors(users.browse(user_id)).ids

    def fact(self, name):
        return self.env["crm.suite.approval.facts"]._fact(name, self.document)


def lock_requests(asked):
    """Hold the rows of requests until the end of the transaction.

    Whoever comes second waits here; the server then runs his request again and he reads
    what the first has done.
    """
    asked.flush_recordset()
    asked.env.cr.execute(
        SQL(
            "SELECT id FROM crm_suite_approval_request WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
            list(asked.ids),
        )
    )
    asked.invalidate_recordset()

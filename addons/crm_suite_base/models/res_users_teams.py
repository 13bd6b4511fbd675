from odoo import fields, models, tools
from odoo.fields import Domain
from odoo.tools import SQL


class ResUsers(models.Model):
    """Whom a user leads and with whom he works, as the tree of sales teams says.

    The answers are kept until a team or its members change.
    """

    _inherit = "res.users"

    @tools.ormcache("self.id")
    def _crm_suite_team_ids(self):
        """The teams that the user leads or belongs to, with those below.

        :rtype: tuple[int]
        """
        return self._crm_suite_teams_below(
            [
                "|",
                ("user_id", "=", self.id),
                ("crm_team_member_ids.user_id", "=", self.id),
            ]
        )

    @tools.ormcache("self.id")
    def _crm_suite_colleague_ids(self):
        """The user himself and everybody in the teams of :meth:`_crm_suite_team_ids`.

        :rtype: tuple[int]
        """
        return self._crm_suite_people(self._crm_suite_team_ids()) + (self.id,)

    @tools.ormcache("self.id")
    def _crm_suite_led_user_ids(self):
        """The people of the teams that the user leads, with those below; not himself.

        :rtype: tuple[int]
        """
        teams = self._crm_suite_teams_below([("user_id", "=", self.id)])
        return self._crm_suite_people(teams)

    def _crm_suite_covered_ids(self, kind):
        """The people whose work of a kind the user does now, because they are away.

        Asked anew each time, for it ends by the clock, but only by who is named.

        :param str kind: one of those of ``crm.suite.absence``
        :rtype: list[int]
        """
        # Who covers for whom is no secret from the one who covers.
        absences = self.env["crm.suite.absence"].sudo()
        now = fields.Datetime.now()
        if not any(
            start <= now < end and self.id in named
            for start, end, named in absences._agreed_covers()
        ):
            return []
        away = absences.search(absences._standing_at(now)).user_id
        covers = absences._cover_of(away, kind)
        return [user_id for user_id, cover in covers.items() if cover == self.id]

    def _crm_suite_teams_below(self, domain):
        # The user asks about himself: whether he may read the teams does not matter.
        teams = self.env["crm.team"].sudo().search(domain)
        return tuple(sorted(teams._crm_suite_below(teams.ids)))

    def _crm_suite_people(self, team_ids):
        """Members and leaders of teams, but not the user himself."""
        # As above; only ids leave this method.
        teams = self.env["crm.team"].sudo().browse(team_ids)
        members = self.env["crm.team.member"].sudo()
        people = members.search([("crm_team_id", "in", teams.ids)]).user_id
        return tuple(sorted({*people.ids, *teams.user_id.ids} - {self.id}))

    def _crm_suite_request_domain(self):
        """The requests for access that the user may see: his own, and those that he
        decides. Asked anew at every search: who stands in for whom changes by the day.
        """
        uid = self.id

        def to_sql(model, alias, query):
            deciders = model.with_user(uid)._get_decided_for()
            return SQL(
                "%s = ANY(%s)",
                SQL.identifier(alias, "decider_id"),
                deciders,
                to_flush=model._fields["decider_id"],
            )

        def predicate(request):
            deciders = request.with_user(uid)._get_decided_for()
            return request.decider_id.id in deciders

        return Domain("requester_id", "=", uid) | Domain.custom(
            to_sql=to_sql, predicate=predicate
        )

    def _crm_suite_pool_request_domain(self):
        """The requests to pools that the user decides, also for who is away. Asked anew
        at every search, as above.
        """
        uid = self.id

        def to_sql(model, alias, query):
            return SQL(
                "%s IN (SELECT pool_id FROM crm_suite_pool_admin_rel"
                " WHERE user_id = ANY(%s))",
                SQL.identifier(alias, "pool_id"),
                model.with_user(uid)._get_decided_for(),
                to_flush=model.env["crm.suite.pool"]._fields["admin_ids"],
            )

        def predicate(request):
            people = set(request.with_user(uid)._get_decided_for())
            return not people.isdisjoint(request.sudo().pool_id.admin_ids.ids)

        return Domain.custom(to_sql=to_sql, predicate=predicate)

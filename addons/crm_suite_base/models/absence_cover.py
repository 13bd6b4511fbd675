from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from .absence import AGREED, KINDS

# What decides about who is away, when, and who covers.
COVERING = {
    "state",
    "user_id",
    "date_from",
    "date_to",
    "cover_id",
    *(f"cover_{kind}_id" for kind, _label in KINDS),
}


class Absence(models.Model):
    """Who is away at a moment, and who does the work of whom."""

    _inherit = "crm.suite.absence"

    @api.model
    def _away(self, users, at=None):
        """Which of some people are away: by an absence, or on leave in the host.

        Public holidays do not count, nor does the night: those are a matter of the
        clock, see ``crm.suite.working.time``.

        :param users: ``res.users`` records
        :param datetime at: naive UTC; now by default
        :return: ids of users
        :rtype: set[int]
        """
        at = at or fields.Datetime.now()
        # Whether somebody is there is no secret among colleagues; why he is not stays
        # one: nothing but the ids leaves this method.
        absences = self.sudo().search(
            [("user_id", "in", users.ids), *self._standing_at(at)]
        )
        leaves = (
            self.env["resource.calendar.leaves"]
            .sudo()
            .search(
                [
                    ("resource_id.user_id", "in", users.ids),
                    ("time_type", "=", "leave"),
                    ("date_from", "<=", at),
                    ("date_to", ">", at),
                ]
            )
        )
        return set(absences.user_id.ids) | set(leaves.resource_id.user_id.ids)

    @api.model
    def _cover_of(self, users, kind, at=None):
        """Who does the work of people who are away.

        Follows the covers: where the one who is named is away as well, the one named
        by him does it. Who is there, or has nobody to cover, is not in the result.

        :param users: ``res.users`` records
        :param str kind: ``leads``, ``followups``, ``approvals`` or ``tickets``
        :param datetime at: naive UTC; now by default
        :return: id of the covering user by id of the user
        :rtype: dict[int, int]
        """
        if kind not in dict(KINDS):
            raise UserError(
                self.env._(
                    "There is no cover for “%(kind)s”. There is for: %(kinds)s.",
                    kind=kind,
                    kinds=", ".join(dict(KINDS)),
                )
            )
        at = at or fields.Datetime.now()
        # All who are away: whoever covers may be among them. Never many.
        absences = self.sudo().search(self._standing_at(at))
        if not absences:
            return {}
        named = {absence.user_id.id: absence._get_cover(kind) for absence in absences}
        away = self._away(absences._get_cover_users(), at) | named.keys()
        found = {}
        for user in users:
            cover, seen = named.get(user.id), {user.id}
            while cover and cover.id in away and cover.id not in seen:
                seen.add(cover.id)
                cover = named.get(cover.id)
            if cover and cover.active and cover.id not in seen:
                found[user.id] = cover.id
        return found

    @api.model
    @tools.ormcache()
    def _agreed_covers(self):
        """Who is named to cover, and when, kept until an absence changes.

        :return: beginning, end and the users of each absence that is agreed on
        :rtype: list[tuple[datetime, datetime, frozenset[int]]]
        """
        # As in :meth:`_cover_of`; what leaves is asked about by who is named.
        agreed = self.sudo().search([("state", "in", AGREED)])
        return [
            (
                absence.date_from,
                absence.date_to,
                frozenset(absence._get_cover_users().ids),
            )
            for absence in agreed
        ]

    @api.model_create_multi
    def create(self, vals_list):
        absences = super().create(vals_list)
        self.env.registry.clear_cache()
        return absences

    def write(self, vals):
        result = super().write(vals)
        if COVERING & vals.keys():
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def _get_cover_users(self):
        """Everybody who is named in these absences.

        :rtype: res.users
        """
        people = self.cover_id
        for kind, _label in KINDS:
            people |= self[f"cover_{kind}_id"]
        return people

    @api.model
    def _standing_at(self, at):
        """Absences that are agreed on and cover a moment, whether begun or not yet."""
        return [
            ("state", "in", AGREED),
            ("date_from", "<=", at),
            ("date_to", ">", at),
        ]

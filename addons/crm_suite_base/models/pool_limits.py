from datetime import datetime, time, timedelta
from math import inf

import pytz

from odoo import api, fields, models
from odoo.fields import Domain

from .pool_move import RETURNS


class Pool(models.Model):
    """How many a person may have, and when he may claim again what he had."""

    _inherit = "crm.suite.pool"

    def _get_room(self, user, kind):
        """How many more a person may get now, and what to say to one more.

        :rtype: tuple[float, str]
        """
        everything = self.env[self.res_model].sudo()
        owned = Domain("user_id", "=", user.id) & Domain(
            "crm_suite_pool_id", "!=", False
        )
        here = owned & Domain("crm_suite_pool_id", "=", self.id)
        if not self.count_won:
            here &= ~everything._pool_won_domain()
        limits = [(inf, "")]
        if self.max_person:
            used = everything.search_count(here)
            text = self.env._(
                "%(user)s has %(used)s of at most %(most)s out of this pool. Return one "
                "first, or ask an admin of the pool.",
                user=user.name,
                used=used,
                most=self.max_person,
            )
            limits.append((self.max_person - used, text))
        if overall := self._get_overall():
            used = everything.search_count(owned)
            text = self.env._(
                "%(user)s has %(used)s of at most %(most)s out of all pools. Return one "
                "first.",
                user=user.name,
                used=used,
                most=overall,
            )
            limits.append((overall - used, text))
        if self.max_all:
            out = Domain("crm_suite_pool_id", "=", self.id) & Domain(
                "user_id", "!=", False
            )
            if not self.count_won:
                out &= ~everything._pool_won_domain()
            used = everything.search_count(out)
            text = self.env._(
                "%(used)s of at most %(most)s are given out of this pool already.",
                used=used,
                most=self.max_all,
            )
            limits.append((self.max_all - used, text))
        if self.max_day and kind == "claim":
            text = self.env._(
                "%(count)s claims a day are the most; go on tomorrow.",
                count=self.max_day,
            )
            limits.append((self.max_day - self._count_today(user), text))
        return min(limits)

    @api.model
    def _get_overall(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return int(parameters.get_param("crm_suite_base.pool_max_overall", 0) or 0)

    def _count_today(self, user):
        zone = pytz.timezone(user.tz or "UTC")
        today = datetime.now(zone).date()
        start = zone.localize(datetime.combine(today, time.min)).astimezone(pytz.utc)
        return (
            self.env["crm.suite.pool.move"]
            .sudo()
            .search_count(
                [
                    ("pool_id", "=", self.id),
                    ("kind", "=", "claim"),
                    ("to_user_id", "=", user.id),
                    ("at", ">=", start.replace(tzinfo=None)),
                    ("undone", "=", False),
                ]
            )
        )

    def _get_cooling(self, records, user):
        """What the person gave back or lost too short a time ago.

        :return: from when it may be claimed again, by id
        :rtype: dict
        """
        if not self.cooldown_days:
            return {}
        pause = timedelta(days=self.cooldown_days)
        moves = (
            self.env["crm.suite.pool.move"]
            .sudo()
            .search(
                [
                    ("res_model", "=", records._name),
                    ("res_id", "in", records.ids),
                    ("kind", "in", RETURNS),
                    ("from_user_id", "=", user.id),
                    ("at", ">", fields.Datetime.now() - pause),
                    ("undone", "=", False),
                ],
                order="at",
            )
        )
        return {
            move.res_id: fields.Datetime.context_timestamp(self, move.at + pause).date()
            for move in moves
        }

from collections import defaultdict

from odoo import fields, models
from odoo.fields import Domain

from .pool_mixin import ACTING, ACTS


class Pool(models.Model):
    """Passing records on to the next member: who has the fewest of the pool gets one."""

    _inherit = "crm.suite.pool"

    followup_then = fields.Selection(
        [("pool", "Back to the pool"), ("next", "To the next member")],
        string="Then",
        required=True,
        default="pool",
        help="The next member is who has the fewest of this pool, is there, and has "
        "room. Where there is nobody, it goes back to the pool.",
    )

    def _give_to_next(self, res_ids):
        """Give what is in the pool to its members in turn. Admins of the pool only.

        :param list res_ids: ids of records that nobody owns
        :return: ``[{"id", "ok", "reason"}]``
        :rtype: list[dict]
        """
        records = self._get_records(res_ids)
        self._check_admin()
        plan = self._plan_next(records.sudo().filtered(lambda r: not r.user_id))
        results = []
        for user, chosen in plan.items():
            results += self._give(chosen.with_env(self.env), user, "assign")
        told = {row["id"] for row in results}
        nobody = self.env._("No member is there and has room.")
        results += [
            {"id": id_, "ok": False, "reason": nobody}
            for id_ in records.ids
            if id_ not in told
        ]
        return results

    def _pass_on(self, records, former):
        """Give records that were just taken back to somebody else.

        :param records: as superuser, in this pool and locked
        :param dict former: ids of the users who had them, by id of the record
        """
        quota = self.env["crm.suite.pool.quota"]
        for user, chosen in self._plan_next(records, former).items():
            quota._claim([f"user,{user.id}"])
            self._hand_out(chosen.with_context(**{ACTS: ACTING}), user, "assign")

    def _plan_next(self, records, former=None):
        """Say who gets which, without anybody who is away or has no room.

        :rtype: dict
        """
        pool = self.sudo()
        members = (pool.user_ids | pool.team_ids.member_ids).filtered("active")
        away = self.env["crm.suite.absence"]._away(members)
        present = members.filtered(lambda user: user.id not in away)
        loads = dict.fromkeys(present.ids, 0)
        counted = records.sudo()._read_group(
            Domain("crm_suite_pool_id", "=", self.id)
            & Domain("user_id", "in", present.ids),
            ["user_id"],
            ["__count"],
        )
        loads |= {user.id: count for user, count in counted}
        rooms = {user.id: self._get_room(user, "assign")[0] for user in present}
        plan = defaultdict(records.browse)
        for record in records:
            open_to = [
                user
                for user in present
                if rooms[user.id] > 0 and user.id != (former or {}).get(record.id)
            ]
            if not open_to:
                continue
            chosen = min(open_to, key=lambda user: (loads[user.id], user.id))
            loads[chosen.id] += 1
            rooms[chosen.id] -= 1
            plan[chosen] |= record
        return plan

    def _take_back(self, records, notice=False):
        """Leads nobody followed up go on to the next member where the pool says so."""
        former = {record.id: record.user_id.id for record in records}
        due = super()._take_back(records, notice)
        if self.followup_then == "next":
            gone = records.browse(
                v.record_id for v in due if v.rule == "followup" and not v.kept
            )
            target = self.target_id or self
            target._pass_on(gone.filtered(lambda r: not r.user_id), former)
        return due

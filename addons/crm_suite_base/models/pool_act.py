from collections import Counter
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .arguments import check_ids, check_one
from .pool_mixin import ACTING, ACTS

LIMIT = 5000


class Pool(models.Model):
    """Claiming, giving out, returning, moving and protecting.

    Each method takes ids of records of this pool and answers for each of them, in their
    order: ``[{"id", "ok", "reason"}]``; the reason is a sentence where it is not ok.
    What was done is one operation (kind *pool*) that admins of the pool can undo.
    """

    _inherit = "crm.suite.pool"

    # === PUBLIC === #

    def action_claim(self, res_ids):
        """Become the owner of what nobody owns.

        Of several people who claim the same at once one gets it, and no limit is
        passed: claims of one person wait for each other, and so do those of one record.

        :param list res_ids: ids of customers or leads in this pool
        :rtype: list[dict]
        """
        records = self._get_records(res_ids)
        self._check_free()
        return self._give(records, self.env.user, "claim")

    def action_assign(self, res_ids, user_id):
        """Give records of the pool to a member, also those that others own.

        :param int user_id: the member
        :rtype: list[dict]
        """
        records = self._get_records(res_ids)
        self._check_admin()
        user = self.env["res.users"].browse(self._check_int(user_id)).exists()
        if not user:
            raise UserError(self.env._("Choose to whom it shall be given."))
        return self._give(records, user, "assign")

    def action_return(self, res_ids, reason):
        """Give back what one owns; admins what anybody owns.

        What belongs to no pool yet may come here too, given up by its owner.

        :param str reason: why; it is shown to those who claim next
        :rtype: list[dict]
        """
        records = self._get_records(res_ids)
        reason = self._check_reason(reason)
        admin = self._is_admin()
        member = self.env.user in self._get_members()

        def refuse(record):
            if not record.crm_suite_pool_id:
                if record.user_id != self.env.user or not (member or admin):
                    return self.env._("It belongs to no pool: an admin puts it in one.")
                if text := self._refuse_kind(record):
                    return text
            if not record.user_id:
                return self.env._("It is in the pool already.")
            if record.user_id != self.env.user and not admin:
                return self.env._("It belongs to somebody else.")
            if record.crm_suite_pool_locked and not admin:
                return self.env._("It is locked: only an admin of the pool returns it.")
            return None

        return self._run(
            records,
            refuse,
            lambda r: self._return(r, "return", reason),
            reason,
            also_free=True,
        )

    def action_transfer(self, res_ids, pool_id, reason):
        """Move records, owned or not, to another pool that holds the same.

        :param int pool_id: the other pool
        :rtype: list[dict]
        """
        records = self._get_records(res_ids)
        reason = self._check_reason(reason)
        self._check_admin()
        target = self.browse(self._check_int(pool_id)).exists()
        if not target or target.res_model != self.res_model or target == self:
            raise UserError(self.env._("Choose another pool that holds the same."))
        target.check_access("read")
        target._check_admin()

        def refuse(record):
            company = record.company_id
            if target.company_id and company and company != target.company_id:
                return self.env._("It belongs to another company than that pool.")
            return None

        def act(records):
            rows = [
                (r.id, self.id, target.id, r.user_id.id, r.user_id.id, {})
                for r in records
            ]
            records.write(
                {"crm_suite_pool_id": target.id, "crm_suite_return_on": False}
            )
            self.env["crm.suite.pool.move"]._note(records, "transfer", rows, reason)

        return self._run(records, refuse, act, reason)

    def action_lock(self, res_ids, locked=True, reason=""):
        """Keep records where they are whatever the rules say, or no longer.

        What somebody owns stays with him; what is in the pool is not claimed.

        :param bool locked: false to unlock
        :rtype: list[dict]
        """
        records = self._get_records(res_ids)
        self._check_admin()
        locked = bool(locked)

        def refuse(record):
            if record.crm_suite_pool_locked == locked:
                return self.env._("Nothing changed.")
            return None

        def act(records):
            records.write({"crm_suite_pool_locked": locked})
            self._note_owned(records, "lock" if locked else "unlock", reason)

        return self._run(records, refuse, act, reason)

    def action_protect(self, res_ids, days, reason):
        """Keep one's own records from the rules for some days; admins any record.

        :param int days: from today, within what the pool allows
        :rtype: list[dict]
        """
        records = self._get_records(res_ids)
        reason = self._check_reason(reason)
        days = self._check_int(days)
        admin = self._is_admin()
        most = self.protect_days or 365
        if not 1 <= days <= most:
            raise UserError(self.env._("Protect for 1 to %(days)s days.", days=most))
        today = fields.Date.context_today(self)
        self.env["crm.suite.pool.quota"]._claim(
            f"user,{id_}" for id_ in records.sudo().user_id.ids
        )
        used = Counter()
        for user, count in records.sudo()._read_group(
            [
                ("crm_suite_pool_id", "=", self.id),
                ("user_id", "in", records.sudo().user_id.ids),
                ("crm_suite_protected_until", ">=", today),
            ],
            ["user_id"],
            ["__count"],
        ):
            used[user.id] = count

        def refuse(record):
            owner = record.user_id
            if not owner or (owner != self.env.user and not admin):
                return self.env._("It belongs to somebody else.")
            already = record.crm_suite_protected_until
            if already and already >= today:
                if admin:
                    return None
                return self.env._("It is protected already.")
            if self.protect_max and used[owner.id] >= self.protect_max:
                return self.env._(
                    "%(user)s protects %(count)s already, the most allowed.",
                    user=owner.name,
                    count=used[owner.id],
                )
            used[owner.id] += 1
            return None

        def act(records):
            until = today + timedelta(days=days)
            records.write({"crm_suite_protected_until": until})
            self._note_owned(records, "protect", reason)

        return self._run(records, refuse, act, reason)

    def action_extend(self, res_ids, days, reason):
        """Give the owners more time; members ask for it by a request.

        :param int days: from today
        :rtype: list[dict]
        """
        records = self._get_records(res_ids)
        reason = self._check_reason(reason)
        days = self._check_int(days)
        self._check_admin()
        if not 1 <= days <= 365:
            raise UserError(self.env._("Extend by 1 to 365 days."))
        until = fields.Date.context_today(self) + timedelta(days=days)

        def act(records):
            records.write({"crm_suite_extended_until": until})
            self._note_owned(records, "extend", reason)

        def refuse(record):
            return None if record.user_id else self.env._("Nobody owns it.")

        return self._run(records, refuse, act, reason)

    def action_add(self, res_ids):
        """Put records that belong to no pool under this one; owners keep theirs.

        :rtype: list[dict]
        """
        records = self._get_records(res_ids)
        self._check_admin()
        writable = set(records._filtered_access("write").ids)

        def refuse(record):
            if record.crm_suite_pool_id:
                return self.env._("It belongs to a pool already: transfer it.")
            if record.id not in writable:
                return self.env._("You may not change it.")
            return self._refuse_kind(record)

        return self._run(records, refuse, self._add, "", also_free=True)

    # === CHECKS === #

    def _get_records(self, res_ids):
        """What a caller names, whether he may read it or not: see :meth:`_run`."""
        check_one(self)
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        res_ids = check_ids(self.env, res_ids)
        if not res_ids:
            raise UserError(self.env._("Choose at least one record."))
        if len(res_ids) > LIMIT:
            raise UserError(
                self.env._("At most %(count)s records at once.", count=LIMIT)
            )
        return self.env[self.res_model].browse(dict.fromkeys(res_ids))

    def _refuse_kind(self, record):
        """Why a record cannot belong to this pool, or None."""
        if not record.filtered_domain(record._pool_domain()):
            return self.env._("Pools hold customers and open leads only.")
        company = record.company_id
        if self.company_id and company and company != self.company_id:
            return self.env._("It belongs to another company than the pool.")
        return None

    def _check_free(self):
        if self.sudo().claim_mode != "free" and not self._is_admin():
            raise AccessError(
                self.env._(
                    "“%(pool)s” is given out by its admins. Ask %(admins)s.",
                    pool=self.sudo().name,
                    admins=self._name_admins(),
                )
            )

    def _check_int(self, value):
        if isinstance(value, bool) or not isinstance(value, int):
            raise UserError(self.env._("“%(value)s” is no whole number.", value=value))
        return value

    def _check_reason(self, reason):
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say why: one sentence is enough."))
        return reason.strip()[:500]

    # === DOING IT === #

    def _run(self, records, refuse, act, reason, also_free=False):
        """Lock the records, ask for each whether it may be, do the rest at once.

        :param refuse: takes a record, returns a sentence or None
        :param act: takes the others, as superuser: rights were checked by the caller
        :param bool also_free: also those that belong to no pool
        """
        readable = records.exists()._filtered_access("read")
        self._lock_records(readable)
        # The rules of visibility must not hide what the caller named and may read.
        allowed = readable.sudo().with_context(**{ACTS: ACTING})
        reasons, accepted = {}, allowed.browse()
        for record in allowed:
            pool = record.crm_suite_pool_id
            if pool != self and not (also_free and not pool):
                text = self.env._("It does not belong to this pool.")
            else:
                text = refuse(record)
            reasons[record.id] = text or ""
            if not text:
                accepted |= record
        if accepted:
            with self.env["crm.suite.operation"].record(
                "pool",
                reason or None,
                name=self.env._(
                    "%(pool)s: %(count)s changed", pool=self.name, count=len(accepted)
                ),
                res_model=records._name,
            ):
                act(accepted)
        gone = self.env._("It does not exist, or you may not see it.")
        return [
            {"id": id_, "ok": not text, "reason": text}
            for id_ in records.ids
            for text in [reasons.get(id_, gone)]
        ]

    def _lock_records(self, records):
        """Wait for others who act on the same; a record they changed runs us again."""
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                "SELECT id FROM %s WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                SQL.identifier(records._table),
                records.ids,
            )
        )
        records.invalidate_recordset(flush=False)

    def _claim_for(self, records, user):
        """Let a member have what he asked for and its owner, or who leads, lets him have.

        A claim as any other but for the owner, who agreed.

        :param user: who asked
        :rtype: list[dict]
        """
        # As superuser: the decision was checked. Whose pool it is counts all the same.
        self.sudo(False)._check_free()
        reason = self.env._("Asked for, and granted")
        return self._give(records, user, "claim", reason)

    def _give(self, records, user, kind, granted=""):
        """:param str granted: why he may have what somebody else owns"""
        if user not in self._get_members():
            raise AccessError(
                self.env._(
                    "%(user)s is no member of “%(pool)s”.",
                    user=user.name,
                    pool=self.name,
                )
            )
        # Written before counting for good: see the model of the quota.
        if self._get_room(user, kind)[0] > 0:
            shared = [f"pool,{self.id}"] if self.max_all else []
            self.env["crm.suite.pool.quota"]._claim([f"user,{user.id}", *shared])
        room, full = self._get_room(user, kind)
        cooling = self._get_cooling(records, user) if kind == "claim" else {}
        left = [room]

        def refuse(record):
            owner = record.user_id
            if owner == user:
                return self.env._("%(user)s owns it already.", user=user.name)
            if owner and kind == "claim" and not granted:
                return self.env._("%(user)s was faster.", user=owner.name)
            if record.crm_suite_pool_locked and (owner or kind == "claim"):
                return self.env._("An admin of the pool has locked it.")
            if record.id in cooling and granted:
                return self.env._(
                    "%(user)s gave it back or lost it, and may have it again from "
                    "%(day)s.",
                    user=user.name,
                    day=cooling[record.id],
                )
            if record.id in cooling:
                return self.env._(
                    "You gave it back or lost it; you may claim it again from %(day)s.",
                    day=cooling[record.id],
                )
            if left[0] <= 0:
                return full
            left[0] -= 1
            return None

        return self._run(
            records,
            refuse,
            lambda r: self._hand_out(r, user, kind, granted),
            granted,
        )

    def _hand_out(self, records, user, kind, reason=""):
        rows = [(r.id, self.id, None, r.user_id.id, user.id, {}) for r in records]
        followers = records._pool_followers()
        # Who claims knows it; who is given something is told.
        records = records.with_context(mail_auto_subscribe_no_notify=kind == "claim")
        records.write(
            {
                **records._pool_owner_values(user),
                "user_id": user.id,
                "crm_suite_owned_since": fields.Datetime.now(),
                "crm_suite_pool_since": False,
                "crm_suite_protected_until": False,
                "crm_suite_extended_until": False,
                "crm_suite_last_proven": False,
                "crm_suite_return_on": False,
                "crm_suite_pool_warned_on": False,
            }
        )
        followers.with_context(mail_auto_subscribe_no_notify=True).write(
            {"user_id": user.id}
        )
        self._unwarn(records)
        self.env["crm.suite.pool.move"]._note(records, kind, rows, reason)

    def _return(self, records, kind, reason, why=None):
        """Take records from their owners, into this pool or the one behind it.

        :param dict why: what to keep of the reason, by id of the record
        """
        target = self.target_id or self
        rows = [
            (
                r.id,
                self.id,
                target.id if target != self else None,
                r.user_id.id,
                None,
                (why or {}).get(r.id, {}),
            )
            for r in records
        ]
        followers = records._pool_followers()
        owners = records.grouped("user_id")
        records.write(
            {
                **records._pool_owner_values(self.env["res.users"]),
                "user_id": False,
                "crm_suite_pool_id": target.id,
                "crm_suite_pool_since": fields.Datetime.now(),
                "crm_suite_owned_since": False,
                "crm_suite_protected_until": False,
                "crm_suite_extended_until": False,
                "crm_suite_pool_locked": False,
                "crm_suite_return_on": False,
                "crm_suite_pool_warned_on": False,
            }
        )
        followers.write({"user_id": False})
        # Who has them no more does not read their messages any more.
        for user, left in owners.items():
            left.message_unsubscribe(user.partner_id.ids)
        self._unwarn(records)
        self.env["crm.suite.pool.move"]._note(records, kind, rows, reason)

    def _add(self, records):
        now = fields.Datetime.now()
        for owned in (True, False):
            part = records.filtered(lambda r, owned=owned: bool(r.user_id) == owned)
            part.write(
                {
                    "crm_suite_pool_id": self.id,
                    "crm_suite_pool_since": False if owned else now,
                }
            )
            # Whoever owned it before starts with a full clock.
            unknown = part.filtered(lambda r: not r.crm_suite_owned_since)
            if owned:
                unknown.write({"crm_suite_owned_since": now})
        rows = [
            (r.id, self.id, self.id, r.user_id.id, r.user_id.id, {}) for r in records
        ]
        self.env["crm.suite.pool.move"]._note(records, "transfer", rows)

    def _note_owned(self, records, kind, reason):
        rows = [(r.id, self.id, None, r.user_id.id, r.user_id.id, {}) for r in records]
        self.env["crm.suite.pool.move"]._note(records, kind, rows, reason)

from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .pool import MANAGERS


class Pool(models.Model):
    """Putting records into a pool, and what is done about those in it or out of it."""

    _inherit = "crm.suite.pool"

    # === RETURNING === #

    def action_return(self, res_ids, reason):
        """Put records into this pool: their owner gives them up.

        Owners return their own records; admins of the pool those of others, and
        records without an owner.

        :param list res_ids: ids of records of the pool's model
        :param str reason: why; kept in the log
        :return: ``[{"id", "ok", "reason"}]``
        :rtype: list[dict]
        """
        self._check_caller()
        ids = self._check_ids(res_ids)
        reason = self._check_reason(reason)
        if not self._is_admin() and not self._is_member(self.env.user):
            raise AccessError(
                self.env._("You are no member of the pool “%(pool)s”.", pool=self.name)
            )
        records, verdicts = self._lock_outside(ids)
        if records:
            name = self.env._(
                "%(count)s returned to %(pool)s", count=len(records), pool=self.name
            )
            self._take_back(records, "return", reason, name)
        return self._answer(ids, verdicts)

    def _lock_outside(self, ids):
        """Lock records that the user may put into this pool.

        :return: the records as superuser, and why others stay where they are
        :rtype: tuple
        """
        # What the user may do is decided below, by who owns the record.
        model = self.env[self.res_model].sudo()
        found = model.search([("id", "in", ids)])._pool_managed()
        readable = set(found.with_env(self.env)._filtered_access("read").ids)
        locked = self._lock_rows(found.ids)
        admin, user = self._is_admin(), self.env.user
        verdicts = {}
        for id_ in ids:
            record = found.browse(id_)
            if record not in found or id_ not in readable:
                verdicts[id_] = self.env._("You may not do this with it.")
            elif id_ not in locked:
                verdicts[id_] = self.env._("Somebody else is changing it right now.")
            elif record.crm_suite_pool_id:
                verdicts[id_] = self.env._("It lies in a pool already.")
            elif record.user_id != user and not self._may_take(record, admin):
                verdicts[id_] = self.env._("It is not yours.")
            elif (
                self.company_id
                and record.company_id
                and record.company_id != self.company_id
            ):
                verdicts[id_] = self.env._("It belongs to another company.")
            elif record.crm_suite_pool_locked and not admin:
                verdicts[id_] = self.env._("An admin of the pool has locked it.")
        found = found.filtered(lambda record: record.id not in verdicts)
        return found, verdicts

    def _may_take(self, record, admin):
        """Whether an admin may put another's record, or nobody's, into this pool.

        Leading a pool gives no right to what never came from it.
        """
        if not admin or self.env.su:
            return admin
        if any(map(self.env.user.has_group, MANAGERS)):
            return True
        if record.user_id:
            return record.crm_suite_home_pool_id == self
        return record.with_env(self.env).has_access("write")

    def _take_back(self, records, kind, reason, name, why=None):
        """Take records from their owners and put them into this pool.

        :param records: locked, as superuser
        :param str kind: ``return`` or ``auto_return``
        :param str name: of the operation
        :param dict why: data for the log by id of the record
        :return: the operation
        """
        owners = {record.id: record.user_id.id for record in records}
        people = {record.id: record.user_id.partner_id.ids for record in records}
        with self._operation(name) as operation:
            followers = records._pool_followers()
            nobody = self.env["res.users"]
            records.write(
                {
                    **records._pool_owner_values(nobody),
                    "user_id": False,
                    "crm_suite_pool_id": self.id,
                    "crm_suite_home_pool_id": self.id,
                    "crm_suite_pool_since": fields.Datetime.now(),
                    "crm_suite_owned_since": False,
                    "crm_suite_protected_until": False,
                }
            )
            followers.write({"user_id": False})
            # Who gave a record up does not read its messages any more.
            for partner_ids in set(map(tuple, people.values())):
                left = records.filtered(
                    lambda r, ids=partner_ids: tuple(people[r.id]) == ids
                )
                if partner_ids:
                    left.message_unsubscribe(list(partner_ids))
        moves = self._log(records, kind, operation, owners, reason=reason)
        for move in moves if why else ():
            move.why = why.get(move.res_id)
        return operation

    # === TRANSFER AND LOCK === #

    def action_transfer(self, res_ids, pool_id, reason):
        """Put records that lie in this pool into another one.

        :param list res_ids: ids of records of the pool's model
        :param int pool_id: the other pool, of which the user is an admin as well
        :param str reason: why; kept in the log
        :return: ``[{"id", "ok", "reason"}]``
        :rtype: list[dict]
        """
        self._check_caller()
        self._check_admin()
        ids = self._check_ids(res_ids)
        reason = self._check_reason(reason)
        target = self.browse(pool_id if type(pool_id) is int else [])
        target._check_caller()
        target._check_admin()
        if target == self or target.res_model != self.res_model:
            raise UserError(
                self.env._(
                    "Choose another pool of the same kind; “%(pool)s” is none.",
                    pool=target.name,
                )
            )
        records, verdicts = self._lock_inside(ids)
        for record in records:
            company = record.company_id
            if company and target.company_id and company != target.company_id:
                verdicts[record.id] = self.env._("It belongs to another company.")
        records = records.filtered(lambda r: r.id not in verdicts)
        if records:
            name = self.env._(
                "%(count)s transferred to %(pool)s",
                count=len(records),
                pool=target.name,
            )
            with self._operation(name) as operation:
                records.write(
                    {
                        "crm_suite_pool_id": target.id,
                        "crm_suite_home_pool_id": target.id,
                        "crm_suite_pool_since": fields.Datetime.now(),
                    }
                )
            target._log(
                records, "transfer", operation, from_pool_id=self.id, reason=reason
            )
        return self._answer(ids, verdicts)

    def action_lock(self, res_ids, reason, locked=True):
        """Lock records of this pool: they are neither claimed nor taken back.

        :param list res_ids: ids of records that lie in the pool or came from it
        :param str reason: why; kept in the log
        :param bool locked: False to unlock them
        :return: ``[{"id", "ok", "reason"}]``
        :rtype: list[dict]
        """
        self._check_caller()
        self._check_admin()
        ids = self._check_ids(res_ids)
        reason = self._check_reason(reason)
        records, verdicts = self._lock_own(ids)
        records = records.filtered(
            lambda record: record.crm_suite_pool_locked != bool(locked)
        )
        if records:
            kind = "lock" if locked else "unlock"
            values = {"count": len(records), "pool": self.name}
            name = (
                self.env._("%(count)s locked in %(pool)s", **values)
                if locked
                else self.env._("%(count)s unlocked in %(pool)s", **values)
            )
            with self._operation(name) as operation:
                records.write({"crm_suite_pool_locked": bool(locked)})
            self._log(records, kind, operation, reason=reason)
        return self._answer(ids, verdicts)

    def _lock_own(self, ids):
        """Lock the rows of records that lie in this pool or came from it.

        :return: the records as superuser, and why others are left alone
        :rtype: tuple
        """
        # The caller checks what the user may do with the pool or as the owner.
        model = self.env[self.res_model].sudo()
        found = model.search(
            Domain("id", "in", ids) & Domain("crm_suite_home_pool_id", "=", self.id)
        )
        locked = self._lock_rows(found.ids)
        verdicts = {}
        for id_ in ids:
            if id_ not in found.ids:
                verdicts[id_] = self.env._(
                    "It has nothing to do with the pool “%(pool)s”.", pool=self.name
                )
            elif id_ not in locked:
                verdicts[id_] = self.env._("Somebody else is changing it right now.")
        return found.filtered(lambda record: record.id not in verdicts), verdicts

    # === PROTECTION === #

    def action_protect(self, res_ids, days, reason=""):
        """Protect one's records for some days: they are not taken back until then.

        An admin of the pool protects those of others, for as long as he likes.

        :param list res_ids: ids of records that came from this pool
        :param int days: from today on; 0 ends the protection
        :param str reason: kept in the log
        :return: ``[{"id", "ok", "reason"}]``
        :rtype: list[dict]
        """
        self._check_caller()
        ids = self._check_ids(res_ids)
        if type(days) is not int or not 0 <= days <= 3650:
            raise UserError(self.env._("Say for how many days, as a whole number."))
        reason = reason if isinstance(reason, str) else ""
        admin = self._is_admin()
        if not admin and days > self.protection_days:
            raise UserError(
                self.env._(
                    "In this pool records are protected for %(days)s days at most.",
                    days=self.protection_days,
                )
            )
        # Two windows of one person do not protect more than he may.
        owner_key = f"protect,{self.id},{self.env.uid}"
        self.env["crm.suite.pool.gate"]._pass([owner_key])
        records, verdicts = self._lock_own(ids)
        for record in records:
            if not record.user_id:
                verdicts[record.id] = self.env._("It has no owner to protect it for.")
            elif record.user_id != self.env.user and not admin:
                verdicts[record.id] = self.env._("It is not yours.")
        records = records.filtered(lambda r: r.id not in verdicts)
        if days and not admin:
            records, refused = self._fill_protection(records)
            verdicts |= refused
        if records:
            self._protect(records, days, reason)
        return self._answer(ids, verdicts)

    def _fill_protection(self, records):
        """Protect as many as the pool allows a person, in their order."""
        now = fields.Datetime.now()
        again = records.filtered(
            lambda r: r.crm_suite_protected_until and r.crm_suite_protected_until > now
        )
        verdicts = {
            record.id: self.env._(
                "It is protected already. Ask an admin of the pool to prolong it."
            )
            for record in again
        }
        records -= again
        used = (
            self.env[self.res_model]
            .sudo()
            .search_count(
                [
                    ("crm_suite_home_pool_id", "=", self.id),
                    ("user_id", "=", self.env.uid),
                    ("crm_suite_protected_until", ">", now),
                ]
            )
        )
        free = max(self.protection_max - used, 0)
        for record in records[free:]:
            verdicts[record.id] = self.env._(
                "You protect %(used)s of at most %(cap)s already.",
                used=used + min(free, len(records)),
                cap=self.protection_max,
            )
        return records[:free], verdicts

    def _protect(self, records, days, reason):
        until = fields.Datetime.now() + timedelta(days=days) if days else False
        values = {"count": len(records), "pool": self.name}
        name = (
            self.env._("%(count)s protected in %(pool)s", **values)
            if days
            else self.env._("%(count)s not protected any more in %(pool)s", **values)
        )
        with self._operation(name) as operation:
            records.write({"crm_suite_protected_until": until})
        self._log(records, "protect", operation, reason=reason, until=until)

    # === ANSWERS === #

    def _check_reason(self, reason):
        reason = reason.strip() if isinstance(reason, str) else ""
        if not reason:
            raise UserError(
                self.env._("Say why: others read it in the log of the pool.")
            )
        return reason

    def _answer(self, ids, verdicts):
        return [
            {"id": id_, "ok": id_ not in verdicts, "reason": verdicts.get(id_, "")}
            for id_ in ids
        ]

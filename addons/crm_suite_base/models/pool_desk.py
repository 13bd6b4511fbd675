from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from .pool_move import RETURNS

LIMIT = 5000


class Pool(models.Model):
    """Taking records out of a pool: by claiming or by being handed out.

    Each method takes ids and answers for each of them with ``{"id", "ok", "reason"}``,
    in the order given. A record that somebody else is about to take is skipped, one
    whose owner has changed meanwhile makes the server start the request over.
    """

    _inherit = "crm.suite.pool"

    def action_claim(self, res_ids):
        """Become the owner of records that lie in this pool.

        :param list res_ids: ids of records of the pool's model
        :return: ``[{"id", "ok", "reason"}]``; reason is empty where ok
        :rtype: list[dict]
        :raise UserError: when the user cannot claim here at all
        """
        self._check_caller()
        ids = self._check_ids(res_ids)
        user = self.env.user
        if not self._is_member(user):
            raise UserError(
                self.env._(
                    "You are no member of the pool “%(pool)s”. Ask one of its admins: "
                    "%(admins)s.",
                    pool=self.name,
                    admins=", ".join(self.sudo().admin_ids.mapped("name")),
                )
            )
        if self.claim_mode != "free":
            raise UserError(
                self.env._(
                    "Out of the pool “%(pool)s” nobody claims: its admins hand out. "
                    "Ask %(admins)s.",
                    pool=self.name,
                    admins=", ".join(self.sudo().admin_ids.mapped("name")),
                )
            )
        return self._hand_out(ids, user, "claim")

    def action_assign(self, res_ids, user_id):
        """Hand records of this pool out to a member.

        :param list res_ids: ids of records of the pool's model
        :param int user_id: who becomes the owner
        :return: ``[{"id", "ok", "reason"}]``
        :rtype: list[dict]
        """
        self._check_caller()
        self._check_admin()
        ids = self._check_ids(res_ids)
        if type(user_id) is not int:
            raise UserError(self.env._("Say by his id to whom they are handed out."))
        user = self.env["res.users"].browse(user_id).exists()
        if not user or not user.active or not self._is_member(user):
            raise UserError(
                self.env._(
                    "%(user)s is no member of the pool “%(pool)s”. Add him first.",
                    user=user.sudo().name or user_id,
                    pool=self.name,
                )
            )
        return self._hand_out(ids, user, "assign")

    def _check_ids(self, res_ids):
        """The ids without repetition, or a sentence that says what is wrong."""
        if type(res_ids) is int:
            res_ids = [res_ids]
        if not isinstance(res_ids, list | tuple) or not all(
            type(id_) is int and 0 < id_ < 2**31 for id_ in res_ids
        ):
            raise UserError(self.env._("Give the ids of the records as a list."))
        ids = list(dict.fromkeys(res_ids))
        if not ids:
            raise UserError(self.env._("Choose at least one record."))
        if len(ids) > LIMIT:
            raise UserError(
                self.env._("At most %(count)s records at once.", count=LIMIT)
            )
        return ids

    # === HANDING OUT === #

    def _hand_out(self, ids, user, kind, reason=""):
        """Give records to a person, as far as the rules of the pool allow.

        :param str kind: ``claim`` or ``assign``
        :rtype: list[dict]
        """
        self.env["crm.suite.pool.gate"]._pass(self._get_gates(user, kind))
        records, verdicts = self._lock_inside(ids)
        if kind == "claim":
            verdicts |= self._refuse_cooling(records, user)
        records = records.filtered(lambda r: r.id not in verdicts)
        records, refused = self._fill_places(records, user, kind)
        verdicts |= refused
        if records:
            self._give(records, user, kind, reason)
        return [
            {"id": id_, "ok": id_ not in verdicts, "reason": verdicts.get(id_, "")}
            for id_ in ids
        ]

    def _get_gates(self, user, kind):
        """The caps that count here, by the keys of their gates."""
        keys = []
        if self.cap_pool:
            keys.append(f"pool,{self.id}")
        if self.cap_person or self.cap_total or (self.cap_day and kind == "claim"):
            keys.append(f"{self.res_model},{user.id}")
        return keys

    def _lock_rows(self, ids):
        """Lock the rows that nobody else holds.

        :return: ids that are locked now
        :rtype: set[int]
        """
        self.env.flush_all()
        table = self.env[self.res_model]._table
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM %s WHERE id = ANY(%s)
              ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
                """,
                SQL.identifier(table),
                ids,
            )
        )
        return {id_ for (id_,) in rows}

    def _lock_inside(self, ids):
        """Lock what lies in this pool.

        :return: the records that can be taken, as superuser, and why others cannot
        :rtype: tuple
        """
        # The user's membership was checked; what he may see of the records he is told
        # by their own rights.
        model = self.env[self.res_model].sudo()
        inside = model.search(
            Domain("id", "in", ids) & Domain("crm_suite_pool_id", "=", self.id)
        )
        locked = self._lock_rows(inside.ids)
        verdicts = {}
        for id_ in set(ids) - set(inside.ids):
            verdicts[id_] = self.env._(
                "It does not lie in the pool “%(pool)s” any more.", pool=self.name
            )
        for record in inside:
            if record.id not in locked:
                verdicts[record.id] = self.env._("Somebody else is about to take it.")
            elif record.crm_suite_pool_locked:
                verdicts[record.id] = self.env._("An admin of the pool has locked it.")
        order = {id_: number for number, id_ in enumerate(ids)}
        inside = inside.sorted(lambda record: order[record.id])
        return inside.filtered(lambda r: r.id not in verdicts), verdicts

    def _refuse_cooling(self, records, user):
        """Why the person has to wait for what he had before.

        :return: sentence by id
        :rtype: dict[int, str]
        """
        if not self.cooldown_days or not records:
            return {}
        since = fields.Datetime.now() - timedelta(days=self.cooldown_days)
        # As superuser: the person's own returns, whichever pool they went to.
        groups = (
            self.env["crm.suite.pool.move"]
            .sudo()
            ._read_group(
                [
                    ("res_model", "=", self.res_model),
                    ("res_id", "in", records.ids),
                    ("from_user_id", "=", user.id),
                    ("kind", "in", RETURNS),
                    ("date", ">", since),
                ],
                ["res_id"],
                ["date:max"],
            )
        )
        return {
            res_id: self.env._(
                "You had it until lately; you may claim it again from %(date)s on.",
                date=format_datetime(
                    self.env, date + timedelta(days=self.cooldown_days)
                ),
            )
            for res_id, date in groups
        }

    # === PLACES === #

    def _fill_places(self, records, user, kind):
        """Let in as many as there are places, in their order.

        :return: the records that get a place, and why others do not
        :rtype: tuple
        """
        places = self._get_places(user, kind)
        if not places or not records:
            return records, {}
        free, why = min(places, key=lambda place: place[0])
        free = max(free, 0)
        return records[:free], {record.id: why for record in records[free:]}

    def _get_places(self, user, kind):
        """How many places each cap leaves to a person.

        :return: list of ``(number, sentence for who gets none)``
        :rtype: list[tuple]
        """
        who = user.name
        places = []
        if self.cap_person:
            used = self._count_owned(
                Domain("crm_suite_home_pool_id", "=", self.id), user
            )
            why = self.env._(
                "%(user)s has %(used)s of at most %(cap)s out of this pool.",
                user=who,
                used=used,
                cap=self.cap_person,
            )
            places.append((self.cap_person - used, why))
        if self.cap_total:
            used = self._count_owned(
                Domain("crm_suite_home_pool_id", "!=", False), user
            )
            why = self.env._(
                "%(user)s has %(used)s of at most %(cap)s out of all pools.",
                user=who,
                used=used,
                cap=self.cap_total,
            )
            places.append((self.cap_total - used, why))
        if self.cap_pool:
            used = self._count_owned(Domain("crm_suite_home_pool_id", "=", self.id))
            why = self.env._(
                "%(used)s of at most %(cap)s are out of this pool already.",
                used=used,
                cap=self.cap_pool,
            )
            places.append((self.cap_pool - used, why))
        if self.cap_day and kind == "claim":
            used = self._count_claims(user)
            why = self.env._(
                "%(user)s has claimed %(used)s of at most %(cap)s today.",
                user=who,
                used=used,
                cap=self.cap_day,
            )
            places.append((self.cap_day - used, why))
        return places

    def _count_owned(self, domain, user=None):
        """How many records take a place.

        :param user: of whom; of everybody by default
        :rtype: int
        """
        # Everybody's records count, also those that the user does not see.
        model = self.env[self.res_model].sudo()
        domain &= (
            Domain("user_id", "=", user.id) if user else Domain("user_id", "!=", False)
        )
        if not self.won_counts:
            domain &= ~model._pool_won_domain()
        return model.search_count(domain)

    def _count_claims(self, user):
        """How many records the person has claimed here since his midnight."""
        zone = ZoneInfo(user.tz or "UTC")
        today = datetime.combine(datetime.now(zone).date(), time.min, zone)
        midnight = today.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
        # As superuser: his own moves in this pool.
        moves = self.env["crm.suite.pool.move"].sudo()
        return moves.search_count(
            [
                ("pool_id", "=", self.id),
                ("to_user_id", "=", user.id),
                ("kind", "=", "claim"),
                ("date", ">=", midnight),
            ]
        )

    # === WRITING === #

    def _give(self, records, user, kind, reason):
        values = {"count": len(records), "pool": self.name}
        name = (
            self.env._("%(count)s claimed from %(pool)s", **values)
            if kind == "claim"
            else self.env._("%(count)s handed out from %(pool)s", **values)
        )
        with self._operation(name) as operation:
            followers = records._pool_followers()
            records = records.with_context(
                mail_auto_subscribe_no_notify=kind == "claim"
            )
            records.write(
                {
                    **records._pool_owner_values(user),
                    "user_id": user.id,
                    "crm_suite_pool_id": False,
                    "crm_suite_pool_since": False,
                    "crm_suite_home_pool_id": self.id,
                    "crm_suite_owned_since": fields.Datetime.now(),
                    "crm_suite_protected_until": False,
                }
            )
            followers.with_context(mail_auto_subscribe_no_notify=True).write(
                {"user_id": user.id}
            )
        self._log(
            records,
            kind,
            operation,
            reason=reason,
            from_pool_id=self.id,
            to_user_id=user.id,
        )

    def _operation(self, name):
        return self.env["crm.suite.operation"].record(
            "pool", name=name, res_model=self.res_model
        )

    @api.model
    def _log(self, records, kind, operation=None, owners=None, **values):
        """Write a row per record. Outside of the operation: undoing it keeps the log.

        :param dict owners: the former owner by id of the record
        :param values: of all rows
        :return: the moves, as superuser
        """
        owners = owners or {}
        # The log has no other way to be written.
        return (
            self.env["crm.suite.pool.move"]
            .sudo()
            .create(
                [
                    {
                        "res_model": records._name,
                        "res_id": record.id,
                        "kind": kind,
                        "pool_id": self.id,
                        "from_user_id": owners.get(record.id, False),
                        "user_id": self.env.uid,
                        "operation_id": operation.id if operation else False,
                        **values,
                    }
                    for record in records
                ]
            )
        )

    @api.model
    def _get_result_action(self, results):
        """Tell what became of the records, and show the list anew.

        :param list results: as the methods of the pool return them
        :rtype: dict
        """
        good = sum(result["ok"] for result in results)
        reasons = {}
        for result in results:
            if not result["ok"]:
                reasons[result["reason"]] = reasons.get(result["reason"], 0) + 1
        lines = [self.env._("Done for %(count)s.", count=good)] if good else []
        for reason, count in reasons.items():
            lines.append(f"{count} × {reason}" if len(results) > 1 else reason)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if reasons else "success",
                "sticky": bool(reasons),
                "message": " · ".join(lines),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..tools.field_value import get_given
from ..tools.labelled import labelled
from .res_partner import ROLE

# Held by the code of the pools while it writes itself. An object and not a word: no
# caller from outside can put it into a context.
ACTING = object()
ACTS = "crm_suite_pool_acting"
OWN_FIELDS = frozenset(
    {
        "crm_suite_pool_id",
        "crm_suite_pool_since",
        "crm_suite_owned_since",
        "crm_suite_protected_until",
        "crm_suite_extended_until",
        "crm_suite_pool_locked",
        "crm_suite_last_proven",
        "crm_suite_return_on",
        "crm_suite_pool_warned_on",
    }
)


class PoolMixin(models.AbstractModel):
    """Records that pools hold and give out. The owner is the host's ``user_id``.

    The model has ``crm.suite.explain.mixin`` too and names the topic *pool*.
    """

    _name = "crm.suite.pool.mixin"
    _description = "Held by a Pool"

    crm_suite_pool_id = fields.Many2one(
        "crm.suite.pool",
        string="Pool",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
        groups=ROLE,
    )
    crm_suite_pool_since = fields.Datetime(
        string="In the Pool Since",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_owned_since = fields.Datetime(
        string="Owned Since",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_protected_until = fields.Date(
        string="Protected Until",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_extended_until = fields.Date(
        string="Extended Until",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_pool_locked = fields.Boolean(
        string="Locked", readonly=True, copy=False, prefetch="crm_suite", groups=ROLE
    )
    crm_suite_last_proven = fields.Datetime(
        string="Last Proven Follow-up",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_return_on = fields.Date(
        string="Goes Back On",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        help="When the pool takes it back, as far as things stand.",
    )
    crm_suite_pool_warned_on = fields.Date(
        string="Warned For",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_in_pool = fields.Boolean(
        string="In the Pool",
        compute="_compute_crm_suite_in_pool",
        search="_search_crm_suite_in_pool",
        groups=ROLE,
    )
    crm_suite_may_claim = fields.Boolean(
        string="Can Be Claimed", compute="_compute_crm_suite_may_claim", groups=ROLE
    )
    crm_suite_may_return = fields.Boolean(
        string="Can Be Returned", compute="_compute_crm_suite_may_claim", groups=ROLE
    )
    crm_suite_pool_reason = fields.Char(
        string="Why It Is There", compute="_compute_crm_suite_pool_reason", groups=ROLE
    )

    @api.depends("crm_suite_pool_id", "user_id")
    def _compute_crm_suite_in_pool(self):
        for record in self:
            record.crm_suite_in_pool = bool(
                record.crm_suite_pool_id and not record.user_id
            )

    def _search_crm_suite_in_pool(self, operator, value):
        self.env["res.partner"]._crm_suite_check_role()
        if operator != "in":
            return NotImplemented
        inside = self._pool_inside_domain()
        result = Domain.FALSE
        if True in value:
            result |= inside
        if False in value:
            result |= ~inside
        return result

    @api.depends("crm_suite_pool_id", "crm_suite_pool_locked", "user_id")
    @api.depends_context("uid")
    def _compute_crm_suite_may_claim(self):
        user = self.env.user
        rights = {}
        # Who reads a record may know what he can do with it.
        for record, shown in zip(self, self.sudo(), strict=True):
            pool = shown.crm_suite_pool_id
            if pool not in rights:
                admin = pool.with_env(self.env)._is_admin()
                member = user in pool._get_members()
                free = pool.claim_mode == "free" or admin
                rights[pool] = (member and free, admin)
            may_claim, admin = rights[pool]
            record.crm_suite_may_claim = bool(
                pool
                and may_claim
                and not shown.user_id
                and not shown.crm_suite_pool_locked
            )
            record.crm_suite_may_return = bool(
                pool and shown.user_id and (shown.user_id == user or admin)
            )

    @api.depends("crm_suite_pool_since")
    def _compute_crm_suite_pool_reason(self):
        # Of records that are being read: what was said when they came back.
        moves = self.env["crm.suite.pool.move"].sudo()
        found = {}
        for move in moves.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("kind", "in", ("return", "auto_return", "transfer")),
                ("reason", "!=", False),
                ("undone", "=", False),
            ],
            order="at, id",
        ):
            found[move.res_id] = move.reason
        for record in self:
            record.crm_suite_pool_reason = found.get(record.id) or False

    # === HOOKS === #

    @api.model
    def _pool_domain(self):
        """Which records a pool may hold. Hook.

        :rtype: Domain
        """
        return Domain.TRUE

    @api.model
    def _pool_inside_domain(self):
        """Which records are in a pool and wait for somebody.

        :rtype: Domain
        """
        return Domain("crm_suite_pool_id", "!=", False) & Domain("user_id", "=", False)

    @api.model
    def _pool_won_domain(self):
        """Which records are won. Hook.

        :rtype: Domain
        """
        return Domain.FALSE

    def _pool_owner_values(self, user):
        """What is written beside the owner. Hook.

        :param user: the new owner; empty when the record returns to a pool
        :rtype: dict
        """
        return {}

    def _pool_followers(self):
        """Records that have the same owner as these, and go with them. Hook.

        :return: recordset of the same model as superuser
        """
        return self.sudo().browse()

    # === WRITING === #

    @api.model_create_multi
    def create(self, vals_list):
        if any(not OWN_FIELDS.isdisjoint(vals) for vals in vals_list):
            for vals in vals_list:
                self._pool_check_given(vals)
        records = super().create(vals_list)
        if any(vals.get("crm_suite_pool_id") for vals in vals_list):
            now = fields.Datetime.now()
            held = records.sudo().filtered("crm_suite_pool_id")
            held = held.with_context(**{ACTS: ACTING})
            owned = held.filtered("user_id")
            owned.filtered(lambda r: not r.crm_suite_owned_since).write(
                {"crm_suite_owned_since": now}
            )
            (held - owned).filtered(lambda r: not r.crm_suite_pool_since).write(
                {"crm_suite_pool_since": now}
            )
        return records

    def write(self, vals):
        if "user_id" not in vals and OWN_FIELDS.isdisjoint(vals):
            return super().write(vals)
        # Pools write as superuser; so does a merge, which takes all of it together.
        engine = self.env.su and not OWN_FIELDS.isdisjoint(vals)
        if engine or self.env.context.get(ACTS) is ACTING:
            return super().write(vals)
        self._pool_check_given(vals)
        if "user_id" not in vals:
            return super().write(vals)
        before = self._pool_read_holders()
        if not self.env.su:
            self._pool_check_owner(before, get_given(self, "user_id", vals))
        result = super().write(vals)
        self._pool_note_owner(before)
        return result

    def _pool_read_holders(self):
        """Owner and pool of each record, as pairs of ids.

        Read before a write: a read after it would have the host compute at once, record
        by record, what it computes for many.
        """
        pooled = self._name in self.env["crm.suite.pool"]._get_pooled()
        return {
            r.id: (r.user_id.id, pooled and r.crm_suite_pool_id.id) for r in self.sudo()
        }

    def _pool_check_given(self, vals):
        """Nobody moves records between pools past the methods of the pools."""
        if self.env.su or OWN_FIELDS.isdisjoint(vals):
            return
        if set(vals) & OWN_FIELDS == {"crm_suite_pool_id"} and not self:
            # Admins may create records right in their pool, as imports of lists do.
            pool = self.env["crm.suite.pool"].browse(vals["crm_suite_pool_id"] or ())
            pool.check_access("read")
            pool._check_admin()
            if pool and pool.res_model != self._name:
                raise UserError(
                    self.env._(
                        "The pool “%(pool)s” holds other records.", pool=pool.name
                    )
                )
            return
        raise AccessError(
            self.env._(
                "What belongs to which pool is changed by the actions of the pool: "
                "claim, return, transfer, protect."
            )
        )

    def _pool_check_owner(self, before, user):
        """What pools hold is claimed and returned; only their admins give it away.

        :param dict before: as of :meth:`_pool_read_holders`
        :param user: who shall own the records; nobody if empty
        """
        pools = {}
        for id_, (owner, pool_id) in before.items():
            if pool_id and owner != user.id:
                pools.setdefault(pool_id, (id_, owner))
        for pool_id, (id_, owner) in pools.items():
            pool = self.env["crm.suite.pool"].browse(pool_id)
            if not pool._is_admin():
                self.browse(id_)._pool_refuse_owner(pool, owner, user)

    def _pool_refuse_owner(self, pool, owner, user):
        # What he may not see is not named to him.
        self.check_access("read")
        names = {"name": self.sudo().display_name, "pool": pool.sudo().name}
        if not user:
            text = self.env._(
                "“%(name)s” belongs to the pool “%(pool)s”: use Return, and say why.",
                **names,
            )
        elif not owner and user == self.env.user:
            text = self.env._(
                "“%(name)s” is in the pool “%(pool)s”: use Claim.", **names
            )
        else:
            text = self.env._(
                "“%(name)s” belongs to the pool “%(pool)s”: only its admins give it to "
                "somebody else. Ask %(admins)s.",
                admins=pool._name_admins(),
                **names,
            )
        raise AccessError(text)

    def _pool_note_owner(self, before):
        """An owner changed by hand is a move of the pool too.

        :param dict before: as of :meth:`_pool_read_holders`
        """
        now = fields.Datetime.now()
        changed = self.sudo().filtered(lambda r: before[r.id][0] != r.user_id.id)
        if not changed:
            return
        # What is written here is not tracked: to look would have the host compute again.
        changed = changed.with_context(**{ACTS: ACTING, "tracking_disable": True})
        moves = self.env["crm.suite.pool.move"]
        for records, kind in (
            (changed.filtered("user_id"), "assign"),
            (changed.filtered(lambda r: not r.user_id), "return"),
        ):
            if not records:
                continue
            records.write(self._pool_get_fresh(now if kind == "assign" else False))
            held = records.filtered(lambda r: before[r.id][1])
            if not held:
                continue
            held.write({"crm_suite_pool_since": now if kind == "return" else False})
            self.env["crm.suite.pool"]._unwarn(held)
            rows = [
                (r.id, before[r.id][1], None, before[r.id][0], r.user_id.id, {})
                for r in held
            ]
            reason = self.env._("The owner was changed by hand.")
            moves._note(self, kind, rows, reason)

    @api.model
    def _pool_get_fresh(self, since):
        """What begins anew with an owner.

        :param since: when he got it, in UTC; false where nobody has it
        """
        return {
            "crm_suite_owned_since": since,
            "crm_suite_protected_until": False,
            "crm_suite_extended_until": False,
            "crm_suite_return_on": False,
            "crm_suite_pool_warned_on": False,
        }

    def _pool_give(self, vals):
        """Write an owner. What no pool holds has no history of moves: there what begins
        anew is written with the owner, and not by a second write.

        :param dict vals: with ``user_id``
        """
        if not self.env.su:
            # Only the engine may write what pools keep.
            self.write(vals)
            return
        # Once read for all, what is empty anyway is not written again.
        self.mapped("crm_suite_owned_since")
        free = self.filtered(
            lambda r: not r.crm_suite_pool_id and r.user_id.id != vals["user_id"]
        )
        if rest := self - free:
            rest.write(vals)
        if free:
            since = vals["user_id"] and fields.Datetime.now()
            free.write({**vals, **self._pool_get_fresh(since)})

    def _pool_leave(self, reason):
        """Take records out of their pools; who owns them keeps them.

        :param str reason: for the moves
        """
        # What pools keep is written by them alone, whoever gave the occasion.
        held = self.sudo().filtered("crm_suite_pool_id")
        if not held:
            return
        rows = [
            (r.id, r.crm_suite_pool_id.id, None, r.user_id.id, r.user_id.id, {})
            for r in held
        ]
        held.with_context(**{ACTS: ACTING}).write(
            {
                "crm_suite_pool_id": False,
                "crm_suite_pool_since": False,
                "crm_suite_pool_locked": False,
                "crm_suite_protected_until": False,
                "crm_suite_extended_until": False,
                "crm_suite_return_on": False,
                "crm_suite_pool_warned_on": False,
            }
        )
        self.env["crm.suite.pool"]._unwarn(held)
        self.env["crm.suite.pool.move"]._note(self, "transfer", rows, reason)

    def _pool_leave_unaccepted(self):
        """What a policy passes on is in no pool, also where it was put into one while
        its owner was asked: those in a pool no policy gives to the next."""
        self._pool_leave(self.env._("Not accepted: it is passed on to the next."))

    # === BUTTONS === #

    def action_crm_suite_claim(self):
        """Claim from the pool what is chosen.

        :return: notification that says what came of it
        :rtype: dict
        """
        return self._pool_act("action_claim")

    def action_crm_suite_pool_wizard(self):
        """Open the window for what needs a reason or a choice.

        :rtype: dict
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        return self._pool_wizard(self.env.context.get("crm_suite_pool_act", "return"))

    def _pool_wizard(self, act):
        """The window for what is done with these; what is not for the user it refuses.

        :param str act: what is chosen at first
        """
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pool"),
            "res_model": "crm.suite.pool.act",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "active_model": self._name,
                "active_ids": self.ids,
                "default_act": act,
            },
        }

    def action_crm_suite_pool_moves(self):
        """List what pools did with these records.

        :rtype: dict
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.pool_move_action"
        )
        domain = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        return {**action, "domain": domain, "context": {}}

    def _pool_act(self, method, *args, elsewhere=None):
        """Let each pool act on its records, and tell the user.

        :param elsewhere: the pool for records that belong to none
        :rtype: dict
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        results = self._pool_results(
            lambda pool, ids: getattr(pool, method)(ids, *args), elsewhere
        )
        return self._pool_tell(list(results))

    def _pool_results(self, act, elsewhere=None):
        """Let each pool act on its records.

        :param act: takes a pool and ids, answers as the methods of pools do
        :param elsewhere: the pool for records that belong to none
        :return: generator of these answers
        """
        for pool, records in self.grouped(lambda r: r.sudo().crm_suite_pool_id).items():
            if pool := pool or elsewhere:
                yield from act(pool.with_env(self.env), records.ids)
            else:
                text = self.env._("It belongs to no pool.")
                for record in records:
                    yield {"id": record.id, "ok": False, "reason": text}

    def _pool_tell(self, results):
        done = sum(row["ok"] for row in results)
        refused = [row for row in results if not row["ok"]]
        names = {r.id: r.display_name for r in self if refused}
        lines = [
            labelled(self.env, names[row["id"]], row["reason"]) for row in refused[:5]
        ]
        message = self.env._("%(done)s of %(all)s done.", done=done, all=len(results))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if refused else "success",
                "sticky": bool(refused),
                "message": "\n".join([message, *lines]),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

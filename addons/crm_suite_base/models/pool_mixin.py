from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .res_partner import ROLE

POOL_FIELDS = frozenset(
    {
        "crm_suite_pool_id",
        "crm_suite_home_pool_id",
        "crm_suite_pool_since",
        "crm_suite_owned_since",
        "crm_suite_pool_locked",
        "crm_suite_protected_until",
    }
)
OWNER = "user_id"


class PoolMixin(models.AbstractModel):
    """Records that may lie in a pool.

    A model joins by inheriting this, answering the ``_pool_…`` hooks and adding itself
    to ``crm.suite.pool._selection_res_model()``. Its owner is ``user_id``.

    The fields of the pool are written by the engine only, as superuser: a person or a
    program calls the methods of ``crm.suite.pool``, which check rights and caps and
    write the log. An owner given by hand takes a record out of its pool: only admins of
    the pool may do that.
    """

    _name = "crm.suite.pool.mixin"
    _description = "Can Lie in a Pool"

    crm_suite_pool_id = fields.Many2one(
        "crm.suite.pool",
        string="In Pool",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        groups=ROLE,
        help="It has no owner and lies in this pool.",
    )
    crm_suite_home_pool_id = fields.Many2one(
        "crm.suite.pool",
        string="Home Pool",
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        groups=ROLE,
        help="The pool it came from, whose caps and rules count for its owner.",
    )
    crm_suite_pool_since = fields.Datetime(
        string="In Pool Since", copy=False, groups=ROLE
    )
    crm_suite_owned_since = fields.Datetime(
        string="Owned Since",
        copy=False,
        groups=ROLE,
        help="Empty: since it was created, or since before pools were in use.",
    )
    crm_suite_protected_until = fields.Datetime(
        string="Protected Until",
        copy=False,
        groups=ROLE,
        help="Until then it is not taken back.",
    )
    crm_suite_pool_locked = fields.Boolean(
        string="Locked in Pool",
        copy=False,
        groups=ROLE,
        help="It is neither claimed nor taken back.",
    )
    crm_suite_may_claim = fields.Boolean(
        string="Can Be Claimed",
        compute="_compute_crm_suite_pool_rights",
        compute_sudo=False,
        groups=ROLE,
    )
    crm_suite_may_return = fields.Boolean(
        string="Can Be Returned",
        compute="_compute_crm_suite_pool_rights",
        compute_sudo=False,
        groups=ROLE,
    )

    # === HOOKS === #

    def _pool_managed(self):
        """Those of the records that can lie in a pool at all.

        :return: recordset as superuser
        """
        return self.sudo()

    @api.model
    def _pool_won_domain(self):
        """The records that take no place where the pool does not count won ones.

        :rtype: Domain
        """
        return Domain.FALSE

    def _pool_owner_values(self, user):
        """What is written beside the owner.

        :param user: the new owner; empty when the record returns to a pool
        :rtype: dict
        """
        return {}

    def _pool_followers(self):
        """Records that have the same owner as these, and go with them.

        :return: recordset of the same model as superuser
        """
        return self.sudo().browse()

    # === COMPUTES === #

    @api.depends("crm_suite_pool_id", "crm_suite_pool_locked", "user_id")
    @api.depends_context("uid")
    def _compute_crm_suite_pool_rights(self):
        user = self.env.user
        # Who may see a record may know what he can do with it.
        rights = {}
        pools = self.env["crm.suite.pool"]
        usable = bool(pools.search_count([("res_model", "=", self._name)], limit=1))
        for record in self:
            shown = record.sudo()
            pool = shown.crm_suite_pool_id.with_env(self.env)
            if pool and pool not in rights:
                rights[pool] = pool.sudo().claim_mode == "free" and pool._is_member(
                    user
                )
            record.crm_suite_may_claim = (
                bool(pool) and rights[pool] and not shown.crm_suite_pool_locked
            )
            home = shown.crm_suite_home_pool_id.with_env(self.env)
            record.crm_suite_may_return = bool(shown.user_id) and (
                usable if shown.user_id == user else bool(home) and home._is_admin()
            )

    # === GUARD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not POOL_FIELDS.isdisjoint(vals):
                self._prepare_in_pool(vals)
        return super().create(vals_list)

    @api.model
    def _prepare_in_pool(self, vals):
        """Admins may create records right in their pool, as imports of lists do."""
        given = POOL_FIELDS.intersection(vals)
        if self.env.su:
            return
        if any(vals[name] for name in given - {"crm_suite_pool_id"}):
            raise self._get_guard_error()
        if pool_id := vals.get("crm_suite_pool_id"):
            pool = self.env["crm.suite.pool"].browse(pool_id)
            pool._check_caller()
            pool._check_admin()
            if pool.res_model != self._name:
                raise UserError(
                    self.env._(
                        "The pool “%(pool)s” holds other records.", pool=pool.name
                    )
                )
            if vals.get(OWNER):
                raise UserError(
                    self.env._("What lies in a pool has no owner. Give one of them.")
                )
            vals.update(
                {
                    OWNER: False,
                    "crm_suite_pool_since": fields.Datetime.now(),
                    "crm_suite_home_pool_id": pool.id,
                }
            )

    def write(self, vals):
        if not self.env.su and not POOL_FIELDS.isdisjoint(vals):
            raise self._get_guard_error()
        if OWNER not in vals:
            return super().write(vals)
        if self.env.su and not POOL_FIELDS.isdisjoint(vals):
            # The engine itself.
            return super().write(vals)
        changed = self._pool_managed().filtered(
            lambda record: record[OWNER].id != (vals[OWNER] or False)
        )
        inside = changed.filtered("crm_suite_pool_id") if vals[OWNER] else changed[:0]
        pools = inside.crm_suite_pool_id.with_env(self.env)
        for pool in pools:
            if not pool._is_admin():
                raise UserError(
                    self.env._(
                        "%(record)s lies in the pool “%(pool)s”. Claim it there, or ask "
                        "an admin of the pool.",
                        record=inside.filtered(
                            lambda r, pool=pool: r.crm_suite_pool_id == pool
                        )[0].display_name,
                        pool=pool.sudo().name,
                    )
                )
        former = {record.id: record[OWNER].id for record in changed}
        result = super().write(vals)
        changed._note_owner(vals[OWNER], former)
        return result

    def _note_owner(self, user_id, former):
        """An owner was given by hand: his time begins, and the log learns of it."""
        if not self:
            return
        moves = []
        for record in self:
            pool = record.crm_suite_pool_id or record.crm_suite_home_pool_id
            if pool:
                moves.append(
                    {
                        "res_model": self._name,
                        "res_id": record.id,
                        "kind": "assign" if user_id else "return",
                        "pool_id": pool.id,
                        "from_user_id": former[record.id],
                        "to_user_id": user_id or False,
                        "user_id": self.env.uid,
                        "reason": self.env._("Changed by hand"),
                    }
                )
        values = {
            "crm_suite_owned_since": fields.Datetime.now() if user_id else False,
            "crm_suite_protected_until": False,
        }
        if user_id:
            values.update(crm_suite_pool_id=False, crm_suite_pool_since=False)
        self.write(values)
        self.env["crm.suite.pool.move"].sudo().create(moves)

    @api.model
    def _get_guard_error(self):
        return AccessError(
            self.env._(
                "What belongs to a pool is changed by claiming, returning, handing out, "
                "transferring, locking and protecting, not by writing the field."
            )
        )

    # === CONFLICT CHECK === #

    def _pool_tell_states(self, states):
        """Tell the conflict check what lies in a pool.

        :param dict states: what it says so far by id; changed in place
        """
        for record in self.sudo():
            holder = record._duplicate_holder()
            pool = holder.crm_suite_pool_id.with_env(self.env)
            if not pool:
                continue
            member = pool._is_member(self.env.user)
            states[record.id].update(
                state="pool",
                label=self.env._("It lies in a pool"),
                # Strangers learn that it lies in one, not in which.
                pool=pool.sudo().name if member else False,
                may_claim=member
                and holder == record
                and record.with_env(self.env).crm_suite_may_claim,
            )
        return states

    # === BUTTONS === #

    def action_crm_suite_claim(self):
        """Take the records out of their pools.

        :return: client action that says what became of each
        :rtype: dict
        """
        results = []
        for pool, records in self._get_by_pool("crm_suite_pool_id").items():
            results += pool.action_claim(records.ids)
        return self.env["crm.suite.pool"]._get_result_action(results)

    def action_crm_suite_pool_moves(self):
        """List what happened to the record in pools.

        :rtype: dict
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.pool_move_action"
        )
        domain = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        return {**action, "domain": domain, "context": {}}

    def _get_by_pool(self, field):
        """The records by the pool in which they lie, or from which they came.

        :rtype: dict
        """
        self.env["res.partner"]._crm_suite_check_role()
        # The methods of the pool check what the user may do there.
        found = self.sudo().exists().filtered(field).grouped(field)
        if not found:
            raise UserError(self.env._("None of these has to do with a pool."))
        return {pool.with_env(self.env): records for pool, records in found.items()}

from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .about_mixin import open_form

KINDS = [
    ("claim", "Claimed"),
    ("assign", "Assigned"),
    ("return", "Returned"),
    ("auto_return", "Taken back"),
    ("transfer", "Transferred"),
    ("lock", "Locked"),
    ("unlock", "Unlocked"),
    ("protect", "Protected"),
    ("extend", "Extended"),
    ("undo", "Undone"),
]
# After these the former owner waits before he may claim again.
RETURNS = ("return", "auto_return")


class PoolMove(models.Model):
    """What happened to a record of a pool: who, when, why. Rows are only ever added."""

    _name = "crm.suite.pool.move"
    _inherit = ["crm.suite.pool.about"]
    _description = "Pool Move"
    _order = "at desc, id desc"
    _log_access = False

    kind = fields.Selection(KINDS, string="What", required=True, readonly=True)
    pool_id = fields.Many2one(
        "crm.suite.pool", readonly=True, index=True, ondelete="cascade"
    )
    to_pool_id = fields.Many2one(
        "crm.suite.pool",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    from_user_id = fields.Many2one(
        "res.users", string="From", readonly=True, index="btree_not_null"
    )
    to_user_id = fields.Many2one(
        "res.users", string="To", readonly=True, index="btree_not_null"
    )
    done_by_id = fields.Many2one(
        "res.users", string="By", readonly=True, index="btree_not_null"
    )
    at = fields.Datetime(string="On", required=True, readonly=True, index=True)
    reason = fields.Char(readonly=True)
    why = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    operation_id = fields.Many2one(
        "crm.suite.operation",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    undone = fields.Boolean(readonly=True)

    _record_idx = models.Index("(res_model, res_id, at DESC)")

    @api.model
    def _note(self, records, kind, rows, reason=None):
        """Add moves, past the journal: undo does not take the history away.

        :param records: their model
        :param rows: ``(record id, pool id, to pool id, from user id, to user id, why)``
        """
        if not rows:
            return
        operation = self.env["crm.suite.operation"]._get_running()
        columns = list(zip(*rows, strict=True))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_pool_move
                       (res_model, kind, reason, at, done_by_id, operation_id, res_id,
                        pool_id, to_pool_id, from_user_id, to_user_id, why)
                SELECT %s, %s, %s, %s, %s, %s, r.*
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::int[],
                              %s::jsonb[]) r
                """,
                records._name,
                kind,
                reason or None,
                fields.Datetime.now(),
                self.env.uid,
                operation.id or None,
                *([value or None for value in column] for column in columns[:5]),
                [Json(why or {}) for why in columns[5]],
            )
        )
        self.invalidate_model(flush=False)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if self:
            raise UserError(self.env._("The history of a pool is not deleted."))

    def action_appeal(self):
        """Open the window in which one asks to have back what was taken from one.

        :rtype: dict
        """
        self.ensure_one()
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        # He may not see it any more; the window refuses who had not got it last.
        return self.env[self.res_model].browse(self.res_id)._pool_wizard("appeal")

    def action_open(self):
        """Open the customer or lead.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return open_form(self.env, self.res_model, self.res_id)


class PoolQuota(models.Model):
    """One row per limit: whoever takes something that it counts writes here first.

    Two claims that count the same limit at once collide on the row, and the server
    runs the later one again, which then sees what the first one took. The keys are
    ``user,<id>`` for the limits of a person and ``pool,<id>`` for those of a pool.
    """

    _name = "crm.suite.pool.quota"
    _description = "Pool Quota"
    _log_access = False
    _rec_name = "key"

    key = fields.Char(required=True)
    at = fields.Datetime()

    _key_uniq = models.UniqueIndex("(key)")

    @api.model
    def _claim(self, keys):
        # Always in the same order: two people never wait for each other.
        for key in sorted(keys):
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO crm_suite_pool_quota (key, at)
                    VALUES (%s, clock_timestamp() AT TIME ZONE 'UTC')
                    ON CONFLICT (key) DO UPDATE SET at = EXCLUDED.at
                    """,
                    key,
                )
            )


class OperationPool(models.Model):
    _inherit = "crm.suite.operation"

    kind = fields.Selection(
        selection_add=[("pool", "Pool"), ("undo",)], ondelete={"pool": "set default"}
    )

    def _check_undo(self, lock=False):
        """Only admins take back acts on a pool.

        Others would look at contact data, or get round limits and cool-down, by
        undoing their own claims and returns.
        """
        result = super()._check_undo(lock=lock)
        # As superuser: whose pools they are is asked below.
        moves = self.env["crm.suite.pool.move"].sudo()
        found = moves.search([("operation_id", "in", self._get_unit().ids)])
        found.pool_id.with_env(self.env)._check_admin()
        return result

    def _finish_undo(self, plan):
        """A return that was taken back leaves no cool-down, a claim no use of the day.

        The history stays, and tells who took what back.
        """
        result = super()._finish_undo(plan)
        moves = self.env["crm.suite.pool.move"]
        unit = self.undo_of_id._get_unit().ids
        self.env.cr.execute(
            SQL(
                """
                WITH undone AS (
                    UPDATE crm_suite_pool_move SET undone = TRUE
                     WHERE operation_id = ANY(%s) AND undone IS NOT TRUE
                 RETURNING res_model, res_id, pool_id, from_user_id, to_user_id, kind
                )
                INSERT INTO crm_suite_pool_move
                       (res_model, res_id, pool_id, from_user_id, to_user_id, kind,
                        reason, at, done_by_id, operation_id)
                SELECT res_model, res_id, pool_id, to_user_id, from_user_id, 'undo',
                       %s, %s, %s, %s
                  FROM undone WHERE kind != 'undo'
                """,
                unit,
                self.undo_of_id.sudo().name,
                fields.Datetime.now(),
                self.env.uid,
                self.id,
            )
        )
        moves.invalidate_model(flush=False)
        return result

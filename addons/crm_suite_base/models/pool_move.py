from odoo import api, fields, models

MOVES = [
    ("claim", "Claimed"),
    ("assign", "Handed out"),
    ("return", "Returned"),
    ("auto_return", "Taken back"),
    ("transfer", "Transferred"),
    ("lock", "Locked"),
    ("unlock", "Unlocked"),
    ("protect", "Protected"),
    ("extend", "Extended"),
    ("undo", "Undone"),
]
# After these the former owner has to wait before he may claim again.
RETURNS = ("return", "auto_return", "undo")


class PoolMove(models.Model):
    """One step of a record into, out of or between pools: who, when and why.

    Written by the engine only; never changed. ``why`` holds what cannot be found out
    later.
    """

    _name = "crm.suite.pool.move"
    _description = "Move in a Pool"
    _order = "date desc, id desc"
    _rec_name = "res_name"

    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", required=True, readonly=True
    )
    res_name = fields.Char(
        string="Record", compute="_compute_res_name", compute_sudo=False
    )
    kind = fields.Selection(MOVES, string="Move", required=True, readonly=True)
    date = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    pool_id = fields.Many2one(
        "crm.suite.pool",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="pool_id.company_id", store=True, index="btree_not_null"
    )
    from_pool_id = fields.Many2one(
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
    user_id = fields.Many2one(
        "res.users", string="Done By", required=True, readonly=True, index=True
    )
    until = fields.Datetime(
        readonly=True, help="The end of a protection or of an extension."
    )
    reason = fields.Char(readonly=True)
    why = fields.Json(readonly=True)
    operation_id = fields.Many2one(
        "crm.suite.operation",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    _record_idx = models.Index("(res_model, res_id, date)")
    _claims_idx = models.Index("(pool_id, to_user_id, date) WHERE kind = 'claim'")

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_res_name(self):
        self.res_name = False
        for model, moves in self.grouped("res_model").items():
            if model not in self.env:
                continue
            records = self.env[model].browse(set(moves.mapped("res_id"))).exists()
            readable = records._filtered_access("read")
            names = {record.id: record.display_name for record in readable}
            for move in moves:
                move.res_name = names.get(move.res_id, False)

    def action_open_record(self):
        """Open the record that moved.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [[False, "form"]],
        }

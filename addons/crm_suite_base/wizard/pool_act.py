from odoo import api, fields, models
from odoo.exceptions import UserError

MODELS = ("res.partner", "crm.lead")


class PoolAct(models.TransientModel):
    """What is done to records of pools with a reason or a choice."""

    _name = "crm.suite.pool.act"
    _description = "Pool Action"

    res_model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(readonly=True)
    record_count = fields.Integer(string="Records", readonly=True)
    act = fields.Selection(
        [
            ("return", "Return to the pool"),
            ("protect", "Protect"),
            ("extend", "Ask for more time"),
            ("appeal", "Ask to get it back"),
            ("assign", "Assign"),
            ("transfer", "Transfer to another pool"),
            ("lock", "Lock"),
            ("unlock", "Unlock"),
            ("add", "Put under a pool"),
        ],
        string="What",
        required=True,
        default="return",
    )
    reason = fields.Char()
    days = fields.Integer(default=7)
    user_id = fields.Many2one("res.users", string="To", domain=[("share", "=", False)])
    pool_id = fields.Many2one("crm.suite.pool", string="To Pool")
    is_pooled = fields.Boolean(compute="_compute_is_pooled")

    @api.depends("res_model", "res_ids")
    def _compute_is_pooled(self):
        """Whether all of them belong to a pool: then nobody asks to which they go."""
        for act in self:
            records = self.env["res.partner"]
            if act.res_model in MODELS:
                # Only whether there is a pool.
                records = self.env[act.res_model].sudo().browse(act.res_ids or [])
            act.is_pooled = all(record.crm_suite_pool_id for record in records)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        context = self.env.context
        ids = context.get("active_ids") or []
        model = context.get("active_model")
        values.update(res_model=model, res_ids=ids, record_count=len(ids))
        if model in MODELS and values.get("act") == "return":
            pools = self.env["crm.suite.pool"].search([("res_model", "=", model)])
            mine = pools.filtered(lambda pool: self.env.user in pool._get_members())
            values["pool_id"] = mine[:1].id
        return values

    def action_apply(self):
        """Do it, and say what came of it.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        if self.res_model not in MODELS or not self.res_ids:
            raise UserError(self.env._("Choose customers or leads in the list first."))
        records = self.env[self.res_model].browse(self.res_ids).exists()
        return getattr(self, f"_apply_{self.act}")(records)

    def _apply_return(self, records):
        return records._pool_act(
            "action_return", self.reason or "", elsewhere=self.pool_id
        )

    def _apply_protect(self, records):
        return records._pool_act("action_protect", self.days, self.reason or "")

    def _apply_extend(self, records):
        return self._ask(records, "extend")

    def _apply_appeal(self, records):
        return self._ask(records, "appeal")

    def _ask(self, records, kind):
        self.env["crm.suite.pool.request"]._request(
            records, kind, self.reason or "", self.days
        )
        return records._pool_tell(
            [{"id": record.id, "ok": True, "reason": ""} for record in records]
        )

    def _apply_assign(self, records):
        return records._pool_act("action_assign", self.user_id.id)

    def _apply_transfer(self, records):
        return records._pool_act("action_transfer", self.pool_id.id, self.reason or "")

    def _apply_lock(self, records):
        return records._pool_act("action_lock", True, self.reason or "")

    def _apply_unlock(self, records):
        return records._pool_act("action_lock", False, self.reason or "")

    def _apply_add(self, records):
        if not self.pool_id:
            raise UserError(self.env._("Choose the pool."))
        if self.pool_id.res_model != self.res_model:
            raise UserError(self.env._("That pool holds something else."))
        return records._pool_tell(self.pool_id.action_add(records.ids))

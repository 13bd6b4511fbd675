from odoo import api, fields, models
from odoo.exceptions import UserError

ACTS = [
    ("return", "Return to a pool"),
    ("assign", "Hand out"),
    ("transfer", "Transfer to another pool"),
    ("lock", "Lock"),
    ("unlock", "Unlock"),
    ("protect", "Protect"),
]


class PoolAct(models.TransientModel):
    """Asks what an act on records of a pool needs: why, to whom, where to, how long."""

    _name = "crm.suite.pool.act"
    _description = "Act in a Pool"

    act = fields.Selection(ACTS, required=True, default="return")
    res_model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(readonly=True)
    record_count = fields.Integer(string="Records", readonly=True)
    pool_id = fields.Many2one(
        "crm.suite.pool", domain="[('res_model', '=', res_model)]"
    )
    user_id = fields.Many2one(
        "res.users", string="Handed Out To", domain=[("share", "=", False)]
    )
    days = fields.Integer(string="Days of Protection", default=30)
    reason = fields.Char(help="Kept in the log of the pool.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        context = self.env.context
        model = context.get("active_model")
        ids = context.get("active_ids") or []
        if model in dict(self.env["crm.suite.pool"]._selection_res_model()):
            values.update(res_model=model, res_ids=ids, record_count=len(ids))
            # To propose a pool; the act checks the rights.
            records = self.env[model].sudo().browse(ids).exists()
            if values.get("act", "return") == "return":
                pools = self.env["crm.suite.pool"].search(
                    [("res_model", "=", model)], limit=1
                )
                home = records.crm_suite_home_pool_id[:1].with_env(self.env)
                values["pool_id"] = (home._filtered_access("read") or pools).id
        return values

    def action_do(self):
        """Do it, and tell what became of each record.

        :rtype: dict
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.ensure_one()
        pools = self.env["crm.suite.pool"]
        if self.res_model not in dict(pools._selection_res_model()):
            raise UserError(self.env._("Choose customers or leads in a list first."))
        ids = self.res_ids or []
        if self.act in ("return", "transfer") and not self.pool_id:
            raise UserError(self.env._("Choose the pool."))
        if self.act == "assign" and not self.user_id:
            raise UserError(self.env._("Choose to whom they are handed out."))
        if self.act == "return":
            results = self.pool_id.action_return(ids, self.reason or "")
            return pools._get_result_action(results)
        records = self.env[self.res_model].browse(ids)
        inside = self.act in ("assign", "transfer")
        field = "crm_suite_pool_id" if inside else "crm_suite_home_pool_id"
        results = []
        for pool, chosen in records._get_by_pool(field).items():
            results += getattr(self, f"_do_{self.act}")(pool, chosen.ids)
        return pools._get_result_action(results)

    def _do_assign(self, pool, ids):
        return pool.action_assign(ids, self.user_id.id)

    def _do_transfer(self, pool, ids):
        return pool.action_transfer(ids, self.pool_id.id, self.reason or "")

    def _do_lock(self, pool, ids):
        return pool.action_lock(ids, self.reason or "")

    def _do_unlock(self, pool, ids):
        return pool.action_lock(ids, self.reason or "", locked=False)

    def _do_protect(self, pool, ids):
        return pool.action_protect(ids, self.days, self.reason or "")

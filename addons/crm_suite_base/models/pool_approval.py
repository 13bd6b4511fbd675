from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class Pool(models.Model):
    """Claiming and returning wait where a published flow asks for it."""

    _inherit = "crm.suite.pool"

    @api.model
    def _approval_steps(self):
        """The steps of customers and leads in pools.

        :rtype: dict[str, str]
        """
        return {
            "pool_claim": self.env._("Claim from a pool"),
            "pool_return": self.env._("Return to a pool"),
        }

    @api.model
    def _approval_do(self, records, step, pool_id, *arguments):
        """Claim or return as the submitter, after the agreement.

        :raise UserError: what stands against it now
        """
        method = "action_claim" if step == "pool_claim" else "action_return"
        rows = getattr(self.browse(pool_id), method)(records.ids, *arguments)
        if refused := [row["reason"] for row in rows if not row["ok"]]:
            raise UserError("\n".join(refused))
        return True

    def action_claim(self, res_ids):
        free, waiting = self._split_by_approval(res_ids, "pool_claim")
        rows = super().action_claim(free) if free or not waiting else []
        return self._merge_rows(res_ids, rows, waiting)

    def action_return(self, res_ids, reason):
        free, waiting = self._split_by_approval(res_ids, "pool_return", reason)
        rows = super().action_return(free, reason) if free or not waiting else []
        return self._merge_rows(res_ids, rows, waiting)

    def _split_by_approval(self, res_ids, step, *arguments):
        """Put to the people what a flow holds.

        :return: ids that go on, and why the others wait by id
        :rtype: tuple[list, dict]
        """
        records = self._get_records(res_ids)
        gates = self.env["crm.suite.approval.flow"]._get_gates(records._name)
        if not gates:
            return res_ids, {}
        for argument in arguments:
            self._check_reason(argument)
        call = {"kind": "call", "method": step, "arguments": [self.id, *arguments]}
        free, granted, held = records._approval_split(gates, step, call)
        granted._effect_used()
        waiting = {
            request.res_id: self.env._(
                "It needs an agreement: %(waiting)s.",
                waiting=request._describe_waiting(),
            )
            for request in held
        }
        return free.ids, waiting

    @api.model
    def _merge_rows(self, res_ids, rows, waiting):
        if not waiting:
            return rows
        by_id = {row["id"]: row for row in rows}
        return [
            by_id.get(id_) or {"id": id_, "ok": False, "reason": waiting[id_]}
            for id_ in dict.fromkeys(res_ids)
            if id_ in by_id or id_ in waiting
        ]


class PoolMixin(models.AbstractModel):
    _inherit = "crm.suite.pool.mixin"

    @api.model
    def _pool_vetoes(self):
        """What is put to people is not taken back meanwhile."""
        return [
            *super()._pool_vetoes(),
            (
                self.env._("an approval under way"),
                SQL(
                    """
                    SELECT d.record_id FROM documents d
                      JOIN crm_suite_approval_request q
                        ON q.res_model = d.model AND q.res_id = d.res_id
                     WHERE q.state IN ('running', 'exception')
                    """
                ),
            ),
        ]

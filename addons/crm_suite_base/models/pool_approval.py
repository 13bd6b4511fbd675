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
        return self._do_by_approval(super().action_claim, res_ids, "pool_claim")

    def action_return(self, res_ids, reason):
        return self._do_by_approval(
            super().action_return, res_ids, "pool_return", reason
        )

    def _do_by_approval(self, act, res_ids, step, *arguments):
        """Do a step with what no flow holds, and put the rest to the people.

        :param act: the step, called with ids and the arguments
        :rtype: list[dict]
        """
        records = self._get_records(res_ids)
        gates = self.env["crm.suite.approval.flow"]._get_gates(records._name)
        if not gates:
            return act(res_ids, *arguments)
        for argument in arguments:
            self._check_reason(argument)
        call = {"kind": "call", "method": step, "arguments": [self.id, *arguments]}
        free, granted, held, needless = records._approval_split(gates, step, call)
        rows = []
        if free or not held:
            with granted._in_use():
                rows = act(free.ids, *arguments)
        # What was refused may be done with the same agreement later.
        done = {row["id"] for row in rows if row["ok"]}
        granted.filtered(lambda r: r.res_id in done)._effect_used()
        needless.filtered(lambda r: r.res_id in done)._not_needed()
        return self._merge_rows(res_ids, rows, held)

    @api.model
    def _merge_rows(self, res_ids, rows, held):
        if not held:
            return rows
        waiting = {
            request.res_id: self.env._(
                "It needs an agreement: %(waiting)s.",
                waiting=request._describe_waiting(),
            )
            for request in held
        }
        by_id = {row["id"]: row for row in rows}
        return [
            by_id.get(id_) or {"id": id_, "ok": False, "reason": waiting[id_]}
            for id_ in dict.fromkeys(res_ids)
            if id_ in by_id or id_ in waiting
        ]


class PoolMixin(models.AbstractModel):
    _inherit = "crm.suite.pool.mixin"

    @api.model
    def _pool_vetoes(self, pool):
        """What is put to people is not taken back meanwhile."""
        return [
            *super()._pool_vetoes(pool),
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

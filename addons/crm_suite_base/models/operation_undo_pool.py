from odoo import models


class OperationPool(models.Model):
    """What is special about undoing an act on a pool."""

    _inherit = "crm.suite.operation"

    def _check_undo(self, lock=False):
        """Only admins take back acts on a pool.

        Others would get round caps and cool-down by undoing their own returns.
        """
        result = super()._check_undo(lock=lock)
        # As superuser: whose pools they are, is asked below.
        moves = self.env["crm.suite.pool.move"].sudo()
        found = moves.search([("operation_id", "in", self.ids)])
        found.pool_id.with_env(self.env)._check_admin()
        return result

    def _finish_undo(self, plan):
        """The log of moves stays as it is: undoing is a move of its own.

        It counts as a return, so that taking back a claim does not get round the
        cool-down.
        """
        result = super()._finish_undo(plan)
        origin = self.undo_of_id
        Move = self.env["crm.suite.pool.move"].sudo()
        moves = Move.search([("operation_id", "=", origin.id)])
        if not moves:
            return result
        restored = {(model, id_) for model, ids in plan.updates.items() for id_ in ids}
        Move.create(
            [
                {
                    "res_model": move.res_model,
                    "res_id": move.res_id,
                    "kind": "undo",
                    "pool_id": move.pool_id.id,
                    "from_user_id": move.to_user_id.id,
                    "to_user_id": move.from_user_id.id,
                    "user_id": self.env.uid,
                    "reason": origin.sudo().name,
                    "operation_id": self.id,
                }
                for move in moves
                if (move.res_model, move.res_id) in restored
            ]
        )
        return result

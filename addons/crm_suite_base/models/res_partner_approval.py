from odoo import api, models
from odoo.exceptions import UserError


class ResPartner(models.Model):
    """Customers: a higher credit limit, a grade by hand, leaving a pool.

    Values wait where a flow starts at a change of fields; claiming and returning wait
    where a flow starts at these steps, see ``pool_approval.py``.
    """

    _name = "res.partner"
    # First in the list: around all that the model itself does when it is written.
    _inherit = ["crm.suite.approval.mixin", "res.partner"]

    @api.model
    def _approval_steps(self):
        return {
            **super()._approval_steps(),
            "pool_claim": self.env._("Claim a customer from a pool"),
            "pool_return": self.env._("Return a customer to a pool"),
        }

    @api.model
    def _approval_figures(self):
        return [
            *super()._approval_figures(),
            "user_id",
            "crm_suite_grade_id",
            "crm_suite_lifecycle_id",
        ]

    def _approval_subjects(self, names):
        """What a contact only has from its company is decided about the company."""
        subjects = super()._approval_subjects(names)
        if set(names) <= set(self._commercial_fields()):
            return subjects.filtered(lambda p: p.commercial_partner_id == p)
        return subjects

    def _approval_do(self, step, *arguments):
        """Claim or return as the submitter, after the agreement.

        :raise UserError: what stands against it now
        """
        if step not in ("pool_claim", "pool_return"):
            return super()._approval_do(step, *arguments)
        pool = self.env["crm.suite.pool"].browse(arguments[0])
        method = "action_claim" if step == "pool_claim" else "action_return"
        rows = getattr(pool, method)(self.ids, *arguments[1:])
        if refused := [row["reason"] for row in rows if not row["ok"]]:
            raise UserError("\n".join(refused))
        return True

from odoo import fields, models


class DuplicateMixin(models.AbstractModel):
    """What the conflict check says of records that pools hold or protect."""

    _inherit = "crm.suite.duplicate.mixin"

    def _claim_state(self):
        states = super()._claim_state()
        today = fields.Date.context_today(self)
        # Tells what the check tells anyway: whether somebody may claim it, and where.
        for record in self.sudo():
            holder = record._duplicate_holder()
            pool = holder.crm_suite_pool_id
            state = states[record.id]
            if not pool or state["state"] == "yours":
                continue
            until = holder.crm_suite_protected_until
            if state["state"] == "free":
                claims = pool.claim_mode == "free"
                state.update(
                    state="pool",
                    label=self.env._("In the pool “%(pool)s”", pool=pool.name),
                    pool=pool.name,
                    may_claim=claims
                    and holder == record
                    and not holder.crm_suite_pool_locked
                    and self.env.user in pool._get_members(),
                )
            elif until and until >= today:
                state.update(
                    state="protected",
                    label=self.env._("A colleague has it, and it is protected"),
                    until=fields.Date.to_string(until),
                )
        return states

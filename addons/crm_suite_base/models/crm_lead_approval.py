from odoo import api, models


class CrmLead(models.Model):
    """Leads and deals: winning, losing, becoming a deal and leaving a pool may wait.

    Whoever does it: a button, a stage that is dragged, the wizard that converts, the
    assignment of the host, a program.
    """

    _name = "crm.lead"
    # First in the list: around all that the model itself does when it is written.
    _inherit = ["crm.suite.approval.mixin", "crm.lead"]

    _approval_methods = ("action_set_won", "action_set_lost", "convert_opportunity")

    @api.model
    def _approval_steps(self):
        return {
            **super()._approval_steps(),
            "action_set_won": self.env._("Win a deal"),
            "action_set_lost": self.env._("Lose a lead or deal"),
            "convert_opportunity": self.env._("Turn a lead into a deal"),
            **self.env["crm.suite.pool"]._approval_steps(),
        }

    @api.model
    def _approval_figures(self):
        return [
            *super()._approval_figures(),
            "partner_id",
            "expected_revenue",
            "stage_id",
            "user_id",
        ]

    @api.model
    def _approval_compared(self):
        return [*super()._approval_compared(), "date_deadline", "team_id"]

    def _approval_about(self):
        """The customer and the expected revenue, for lists of requests."""
        self.fetch(["partner_id", "partner_name", "expected_revenue"])
        return {
            lead.id: " · ".join(
                (
                    # Its name goes with the deal, as in the lists of the host.
                    lead.partner_id.sudo().display_name or lead.partner_name or "–",
                    lead._approval_text("expected_revenue", lead.expected_revenue),
                )
            )
            for lead in self
        }

    def _approval_may_ask_again(self):
        return self.won_status == "pending" and super()._approval_may_ask_again()

    def _approval_reached(self, vals=None):
        found = super()._approval_reached(vals)
        if vals is None:
            # What begins as a deal was never turned into one, and what is noted as lost
            # was never pursued here.
            found["action_set_won"] = self.filtered(lambda lead: lead.stage_id.is_won)
            return found
        if vals.get("stage_id") and self._approval_is_won(vals["stage_id"]):
            found["action_set_won"] = self.filtered(lambda r: not r.stage_id.is_won)
        if vals.get("type") == "opportunity":
            found["convert_opportunity"] = self.filtered(lambda r: r.type == "lead")
        if vals.keys() & {"active", "probability"}:
            found["action_set_lost"] = self.filtered(lambda r: r._approval_loses(vals))
        return found

    @api.model
    def _approval_is_won(self, stage_id):
        return self.env["crm.stage"].browse(stage_id).is_won

    def _approval_loses(self, vals):
        """Whether a write makes a lead a lost one, as the host understands it."""
        after = {name: vals.get(name, self[name]) for name in ("active", "probability")}
        return not any(after.values()) and self.won_status != "lost"

    def _approval_do(self, step, *arguments):
        """Claim or return as the submitter, after the agreement."""
        pools = self.env["crm.suite.pool"]
        if step not in pools._approval_steps():
            return super()._approval_do(step, *arguments)
        return pools._approval_do(self, step, *arguments)

    def action_set_won_rainbowman(self):
        """Nothing is celebrated that waits."""
        result = super().action_set_won_rainbowman()
        if self.stage_id.is_won:
            return result
        self.check_access("read")
        # As superuser: whom it waits for is known to whoever may win it.
        return self.sudo().crm_suite_approval_id._ask_choice()

from odoo import api, models

SWITCHED_ON = ("automation_owner_demo", "automation_stage_demo")


class CrmSuiteDemo(models.AbstractModel):
    """Rules that were switched on, and what they have done."""

    _inherit = "crm.suite.demo"

    @api.model
    def _build_automation(self):
        """Switch two rules on, let them work, and switch them off again.

        A rule has the host look at each write of its model: with rules about customers
        and deals on, its own tests of how many queries it takes would fail here.
        """
        rules = self.env["crm.suite.automation"].concat(
            *(self.env.ref(f"crm_suite_base.{name}") for name in SWITCHED_ON)
        )
        if any(rule.state != "draft" for rule in rules):
            return False
        rules.action_switch_on()
        owner, stage = rules
        self._let_owner_change(owner)
        self._let_deal_move(stage)
        rules.action_switch_off()
        return True

    def _let_owner_change(self, rule):
        """Two customers came from another representative."""
        one, two = self._demo_user("li_na"), self._demo_user("wang_fang")
        customers = self.env["res.partner"].search(
            [
                ("user_id", "in", (one | two).ids),
                ("crm_suite_lifecycle_id", "!=", False),
            ],
            order="id",
            limit=2,
        )
        for customer in customers:
            now = customer.user_id
            before = (one | two) - now
            change = {"label": "Salesperson", "old": before.name, "new": now.name}
            rule.sudo()._receive(customer, {customer.id: {"user_id": change}})
        # Nobody gets mails about the past.
        mails = self.env["mail.mail"].search(
            [("model", "=", "res.partner"), ("res_id", "in", customers.ids)]
        )
        mails.filtered(lambda mail: mail.state == "outgoing").unlink()

    def _let_deal_move(self, rule):
        stage = self.env["crm.stage"].browse(rule.params["stage"])
        deals = self.env["crm.lead"].search(
            [("type", "=", "opportunity"), ("stage_id", "=", stage.id)],
            order="id",
            limit=3,
        )
        for deal in deals:
            rule.sudo()._receive(deal)

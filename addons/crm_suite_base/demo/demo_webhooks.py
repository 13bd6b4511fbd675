from odoo import api, models

from ..tools.webhook_sign import make_secret

OWNERS = ("customer_chenghe_demo", "customer_chenyu_demo", "customer_lanjia_demo")
STAGES = ("customer_yuqiao_demo", "customer_maiyu_demo")


class CrmSuiteDemo(models.AbstractModel):
    """A subscription whose receiver is not there, with what waits for it."""

    _inherit = "crm.suite.demo"

    @api.model
    def _build_webhooks(self):
        """Pause the subscription of the demo company and put some events into it."""
        webhook = self.env.ref("crm_suite_base.webhook_oa_demo")
        if webhook.delivery_ids:
            return False
        webhook.sudo().write(
            {
                "state": "paused",
                "secret": make_secret(),
                "pause_reason": "Paused until the receiver of the OA is ready.",
            }
        )
        customers = self.env["res.partner"]
        for name in OWNERS:
            customers |= self.env.ref(f"crm_suite_base.{name}")
        moved = {c.id: {"from_id": False, "to_id": c.user_id.id} for c in customers}
        webhook._emit("customer.owner_changed", customers, moved)
        for name in STAGES:
            customer = self.env.ref(f"crm_suite_base.{name}")
            stage = customer.crm_suite_lifecycle_id
            step = {"from": "lead", "to": stage.code, "to_id": stage.id}
            webhook._emit("customer.lifecycle_changed", customer, {customer.id: step})
        webhook._spread()
        return True

from datetime import timedelta

from odoo import api, fields, models


class CrmSuiteDemo(models.AbstractModel):
    _inherit = "crm.suite.demo"

    @api.model
    def _fill_pools(self):
        """Customers to claim, one that came back, and some given out weeks ago."""
        pool = self.env.ref("crm_suite_base.pool_east_demo")
        customers = self._demo_customers()
        free = customers.filtered(
            lambda c: not c.user_id and c.crm_suite_lifecycle_id.code == "lead"
        )
        owners = [
            self.env.ref(f"crm_suite_base.{name}")
            for name in ("user_li_na_demo", "user_wang_fang_demo")
        ]
        few, all_of_hers = (
            customers.filtered(lambda c, owner=owner: c.user_id == owner)
            for owner in owners
        )
        mine = few[:4] | all_of_hers
        # The other unowned ones are for the policies of assignment.
        pool.action_add((free[-4:] | mine).ids)
        long_ago = fields.Datetime.now() - timedelta(days=60)
        mine.sudo().write({"crm_suite_owned_since": long_ago})
        back = mine[:1]
        pool.with_user(back.user_id).action_return(
            back.ids, "Bound to another supplier until spring"
        )

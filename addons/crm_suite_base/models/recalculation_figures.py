from odoo import api, models


class Recalculation(models.AbstractModel):
    """Figures come first: everything else reads them."""

    _inherit = "crm.suite.recalculation"

    @api.model
    def _steps(self):
        return [*super()._steps(), (10, "crm.suite.customer.metric", "_recalculate")]

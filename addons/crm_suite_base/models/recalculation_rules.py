from odoo import api, models


class Recalculation(models.AbstractModel):
    """What the rules decide follows the figures: first quality, then grade, then stage."""

    _inherit = "crm.suite.recalculation"

    @api.model
    def _steps(self):
        return [
            *super()._steps(),
            (20, "crm.suite.quality.criterion", "_recalculate"),
            (30, "crm.suite.grade.rule", "_recalculate"),
            (40, "crm.suite.lifecycle.rule", "_recalculate"),
        ]

from odoo import api, models


class Export(models.Model):
    _inherit = "crm.suite.export"

    @api.model
    def _exportable_models(self):
        """A simulation is a window, but its list is worth a file."""
        return super()._exportable_models() | {"crm.suite.simulation.line"}

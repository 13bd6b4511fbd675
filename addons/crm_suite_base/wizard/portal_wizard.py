from odoo import api, models


class PortalWizard(models.TransientModel):
    """Who is invited to the portal is shown with his address."""

    _inherit = "portal.wizard"

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards.partner_ids._pool_check_claimed("email")
        return wizards

    def write(self, vals):
        result = super().write(vals)
        self.partner_ids._pool_check_claimed("email")
        return result

    def onchange(self, values, field_names, fields_spec):
        """Asked before the answer is made, of the customers that are in it."""
        given = self.new({**self.default_get(["partner_ids"]), **values}, origin=self)
        given.partner_ids._origin._pool_check_claimed("email")
        return super().onchange(values, field_names, fields_spec)

from odoo import api, models
from odoo.exceptions import UserError

LEAD = "crm.lead"


class AccessRequest(models.Model):
    """A lead belongs to one person: it is not shared, but asked for to take it over."""

    _inherit = "crm.suite.access.request"

    @api.model
    def _request_models(self):
        return super()._request_models() | {LEAD}

    @api.model
    def _request_kind(self, model):
        return "claim" if model == LEAD else super()._request_kind(model)

    @api.model
    def _name_hidden(self, model):
        return self.env._("A lead") if model == LEAD else super()._name_hidden(model)

    def _check_askable(self, records, kind, access):
        if records._name == LEAD:
            if kind != "claim":
                raise UserError(
                    self.env._("Leads are not shared. Ask to take it over.")
                )
            if not self.env[LEAD].has_access("write"):
                raise UserError(
                    self.env._("Leads belong to people in sales. Ask one of them.")
                )
        return super()._check_askable(records, kind, access)


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def action_crm_suite_ask_access(self):
        """Open the window in which one asks for a lead of somebody else.

        :rtype: dict
        """
        self.ensure_one()
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        return self.env["crm.suite.access.request"]._open_window(self)

    def _crm_suite_access_decider(self):
        """The owner, else the leader of the lead's team or of one above it.

        :rtype: res.users
        """
        self.ensure_one()
        if self.user_id.active:
            return self.user_id
        return (self.team_id or self.user_id.sale_team_id)._crm_suite_leader()

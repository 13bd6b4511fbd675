from odoo import fields, models
from odoo.fields import Domain


class ResUsers(models.Model):
    _inherit = "res.users"

    def _crm_suite_calls_domain(self):
        """Calls about customers, and those about nothing but leads that the user sees:
        for a record rule.

        :rtype: Domain
        """
        customers = Domain("partner_id", "!=", False)
        leads = self.env["crm.lead"].with_user(self)
        if not leads.has_access("read"):
            return customers
        seen = leads.env["ir.rule"]._compute_domain(leads._name, "read")
        return seen if seen.is_true() else customers | Domain("lead_id", "any", seen)


class CrmLead(models.Model):
    """Calls and visits that were logged on a lead, which may have no customer yet."""

    _inherit = "crm.lead"

    crm_suite_call_ids = fields.One2many(
        "crm.suite.call",
        "lead_id",
        string="Calls and Visits",
        copy=False,
        groups="crm_suite_base.group_crm_suite_user",
    )
    crm_suite_call_count = fields.Integer(
        string="Number of Calls",
        compute="_compute_crm_suite_call_count",
        groups="crm_suite_base.group_crm_suite_user",
    )

    def _compute_crm_suite_call_count(self):
        counts = dict(
            self.env["crm.suite.call"]._read_group(
                [("lead_id", "in", self.ids)], ["lead_id"], ["__count"]
            )
        )
        for lead in self:
            lead.crm_suite_call_count = counts.get(lead._origin, 0)

    def write(self, vals):
        result = super().write(vals)
        if vals.get("partner_id"):
            self._adopt_calls(vals["partner_id"])
        return result

    def unlink(self):
        self.check_access("unlink")
        # As superuser: calls about nobody else go with the lead, whoever logged them.
        calls = self.sudo().crm_suite_call_ids
        calls.filtered(lambda call: not call.partner_id).unlink()
        return super().unlink()

    def _adopt_calls(self, partner_id):
        """What was logged before there was a customer is his from now on."""
        # As superuser: whoever names the customer need not have logged the calls. By
        # the field: read at once for all leads that are converted one after the other.
        calls = self.sudo().crm_suite_call_ids
        calls.filtered(lambda call: not call.partner_id).partner_id = partner_id

    def _merge_dependences(self, opportunities):
        result = super()._merge_dependences(opportunities)
        # As the host moves meetings: all of them, whoever merges.
        opportunities.sudo().crm_suite_call_ids.lead_id = self
        return result

    def action_crm_suite_log_call(self):
        """Log a call or visit about this lead.

        :rtype: dict
        """
        self.ensure_one()
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Log a call or visit"),
            "res_model": "crm.suite.call",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_lead_id": self.id,
                "default_partner_id": self.partner_id.id,
            },
        }

    def action_crm_suite_show_calls(self):
        """List the calls and visits about this lead.

        :rtype: dict
        """
        self.ensure_one()
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Calls and Visits"),
            "res_model": "crm.suite.call",
            "views": [(False, "list"), (False, "form")],
            "domain": [("lead_id", "=", self.id)],
            "context": {"default_lead_id": self.id},
        }

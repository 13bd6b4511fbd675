from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models

from odoo.addons.base.models.res_users import check_identity

from ..models.api_key import SCOPES

DAYS = 90


class ApiKeyNew(models.TransientModel):
    """Makes an API key and shows it once."""

    _name = "crm.suite.api.key.new"
    _description = "New API Key"

    name = fields.Char(string="Used By", required=True)
    user_id = fields.Many2one(
        "res.users",
        string="Acts As",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    may_customer = fields.Boolean(string="Write customers")
    may_lead = fields.Boolean(string="Write leads")
    may_interaction = fields.Boolean(string="Write interactions")
    may_purchase = fields.Boolean(string="Write purchases")
    may_customer_read = fields.Boolean(string="Read customers")
    may_lead_read = fields.Boolean(string="Read leads")
    may_interaction_read = fields.Boolean(string="Read interactions")
    may_purchase_read = fields.Boolean(string="Read purchases")
    may_approval_read = fields.Boolean(string="Read approvals")
    may_approval_decide = fields.Boolean(string="Decide approvals")
    expires = fields.Date(
        string="Valid Until",
        required=True,
        default=lambda self: self._default_expires(),
    )
    may_choose = fields.Boolean(compute="_compute_may_choose")

    @api.model
    def _default_expires(self):
        days = min(DAYS, self.env["crm.suite.api.key"]._get_longest_days())
        return fields.Date.add(fields.Date.context_today(self), days=days)

    @api.depends_context("uid")
    def _compute_may_choose(self):
        # Keys of other people: see crm.suite.api.key.
        self.may_choose = self.env.user.has_group("base.group_system")

    def action_make(self):
        """Make the key, after the user has shown again who he is.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("write")
        return self._make_checked()

    @check_identity
    def _make_checked(self):
        return self._make()

    def _make(self):
        scopes = [name for name in SCOPES if self[name]]
        _key, text = self.env["crm.suite.api.key"]._make(
            self.user_id, self.name, scopes, self._get_end(), self.company_id
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.suite.api.key.show",
            "name": self.env._("The Key Is Ready"),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_key": text, "dialog_size": "medium"},
        }

    def _get_end(self):
        """The end of the last day where the user is, but no later than may be."""
        zone = pytz.timezone(self.env.user.tz or "UTC")
        day = datetime.combine(self.expires, time(23, 59, 59))
        end = zone.localize(day).astimezone(pytz.utc).replace(tzinfo=None)
        days = self.env["crm.suite.api.key"]._get_longest_days()
        last = fields.Datetime.now() + timedelta(days=days)
        return last if timedelta() < end - last < timedelta(days=1) else end


class ApiKeyShow(models.AbstractModel):
    """A key that was just made: it is in the window only, not in the database."""

    _name = "crm.suite.api.key.show"
    _description = "API Key, Shown Once"

    # The form asks for it.
    id = fields.Id()
    key = fields.Char(readonly=True)

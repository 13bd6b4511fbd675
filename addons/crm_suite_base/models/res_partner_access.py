from odoo import api, fields, models

from .customer_member import SHARERS
from .res_partner import ROLE


class ResPartner(models.Model):
    """Who works on a customer, who says so, and who may be asked for it."""

    _inherit = "res.partner"

    crm_suite_member_ids = fields.One2many(
        "crm.suite.customer.member",
        "partner_id",
        string="Works With Us",
        groups=ROLE,
        help="Colleagues who work on this customer beside its owner.",
    )

    crm_suite_is_hidden = fields.Boolean(
        string="Open by a Document Only",
        compute="_compute_crm_suite_is_hidden",
        groups=ROLE,
        help="Readable only because a document names the customer.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_suite_is_hidden(self):
        if not self._crm_suite_is_restricted():
            self.crm_suite_is_hidden = False
            return
        saved = self.filtered("id")._origin
        visible = saved._crm_suite_filtered_visible()
        for partner in self:
            partner.crm_suite_is_hidden = bool(
                partner._origin.id and partner._origin not in visible
            )

    def action_crm_suite_ask_access(self):
        """Open the window in which one asks for a customer of somebody else.

        :rtype: dict
        """
        self.ensure_one()
        self._crm_suite_check_role()
        self.check_access("read")
        return self.env["crm.suite.access.request"]._open_window(self)

    def _crm_suite_shareable(self):
        """The customers of which the user may say who works on them.

        His own, those of people he leads, those without an owner that he may change;
        sales managers and data stewards: all that they may read.

        :rtype: res.partner
        """
        user = self.env.user
        if self.env.su or any(map(user.has_group, SHARERS)):
            return self._filtered_access("read")
        led = user._crm_suite_led_user_ids()
        # Read as superuser to find out whose they are; nothing of it is shown.
        owned = self.sudo().filtered(lambda p: p.user_id == user or p.user_id.id in led)
        free = self.sudo().filtered(lambda p: not p.user_id)
        mine = self.browse(owned.ids)._filtered_access("read")
        return mine | self.browse(free.ids)._filtered_access("write")

    def _crm_suite_access_decider(self):
        """The owner, else the leader of the customer's team or of one above it.

        :rtype: res.users
        """
        self.ensure_one()
        if self.user_id.active:
            return self.user_id
        return (self.crm_suite_team_id or self.user_id.sale_team_id)._crm_suite_leader()

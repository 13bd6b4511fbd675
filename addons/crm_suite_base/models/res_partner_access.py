from odoo import fields, models

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
        team, seen = self.crm_suite_team_id or self.user_id.sale_team_id, set()
        while team and team.id not in seen:
            if team.user_id.active:
                return team.user_id
            seen.add(team.id)
            team = team.crm_suite_parent_id
        return self.env["res.users"]

    def _crm_suite_filtered_visible(self, operation="read"):
        """The partners that the user finds by himself, not merely by a document.

        :rtype: res.partner
        """
        return self._filtered_access(operation)

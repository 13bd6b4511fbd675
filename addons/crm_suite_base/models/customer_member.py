from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.field_value import get_given

# Who may share any customer, whoever owns it.
SHARERS = (
    "crm_suite_base.group_crm_suite_sales_manager",
    "crm_suite_base.group_crm_suite_data_steward",
)


class CustomerMember(models.Model):
    """A colleague who works on a customer beside its owner, and what he may do.

    Where the visibility of customers is restricted, a member sees the customer with
    its contacts, and changes it if his access says so. The row is the right: with it
    the access ends at once.
    """

    _name = "crm.suite.customer.member"
    _description = "Member of a Customer's Team"
    _order = "partner_id, id"
    _rec_name = "user_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("crm_suite_lifecycle_id", "!=", False)],
    )
    user_id = fields.Many2one(
        "res.users",
        string="Colleague",
        required=True,
        ondelete="cascade",
        domain=[("share", "=", False)],
    )
    role = fields.Char(help="What the colleague does here: presales, delivery, books.")
    access = fields.Selection(
        [("read", "Sees"), ("write", "Sees and changes")],
        required=True,
        default="read",
    )
    owner_id = fields.Many2one(related="partner_id.user_id", string="Owner")
    company_id = fields.Many2one(
        related="partner_id.company_id", store=True, index="btree_not_null"
    )
    request_id = fields.Many2one(
        "crm.suite.access.request",
        string="Granted By Request",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    # Rules look a user's customers up by it.
    _member_unique = models.UniqueIndex(
        "(user_id, partner_id)",
        "This colleague is on the customer's team already. Change his line instead.",
    )

    @api.depends("user_id.name", "role")
    def _compute_display_name(self):
        for member in self:
            name = member.user_id.sudo().name or ""
            member.display_name = f"{name} ({member.role})" if member.role else name

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        customers = self.env["res.partner"]
        for vals in vals_list:
            if "partner_id" not in vals:
                vals.update(self.default_get(["partner_id"]))
            # The id of the company, whatever the user may read: who may share it is
            # checked below.
            customer = get_given(self, "partner_id", vals).sudo().commercial_partner_id
            vals["partner_id"] = customer.id
            customers |= customer
        # Before there is a row: it would be the right by which it is checked.
        self._check_shareable(customers)
        return super().create(vals_list)

    def write(self, vals):
        # Before the rows have moved, as above.
        self._check_shareable(
            self.sudo().partner_id | get_given(self, "partner_id", vals)
        )
        return super().write(vals)

    def unlink(self):
        others = self.filtered(lambda m: m.user_id != self.env.user)
        self._check_shareable(others.sudo().partner_id)
        return super().unlink()

    @api.constrains("partner_id")
    def _check_partner(self):
        for member in self:
            partner = member.partner_id
            if partner != partner.commercial_partner_id:
                raise UserError(
                    self.env._(
                        "%(contact)s belongs to %(company)s. Share the company; its contacts go along.",
                        contact=partner.display_name,
                        company=partner.commercial_partner_id.display_name,
                    )
                )

    @api.model
    def _check_shareable(self, customers):
        """Refuse who may neither decide for the owner nor change an unowned customer."""
        if self.env.su:
            return
        # The customer may be out of sight: who owns it decides, nothing is shown.
        customers = customers.sudo()
        refused = customers - customers.with_env(self.env)._crm_suite_shareable()
        if refused:
            raise AccessError(
                self.env._(
                    "Only the owner, his team leader and managers decide who works on a customer. "
                    "Ask %(owner)s.",
                    owner=", ".join(refused.user_id.mapped("name"))
                    or self.env._("a manager"),
                )
            )

from odoo import api, models

DISCOUNT = "max(lines.discount)"
QUANTITY = "sum(lines.product_uom_qty)"


class SaleOrder(models.Model):
    """Orders whose confirmation waits for the people whom a flow names.

    Confirming is held whoever does it: a button, a program, the signature of the
    customer on the web, another addon. What sets the state or calls the inner method
    without confirming is refused.
    """

    _name = "sale.order"
    # First in the list: around all that the model itself does when it is written.
    _inherit = ["crm.suite.approval.mixin", "sale.order"]

    _approval_methods = ("action_confirm",)
    _approval_states = {"state": {"sale": "action_confirm"}}
    _approval_ends = {"state": ("cancel",)}
    # An order that its customer signs or pays is confirmed to him by mail.
    _approval_context = ("send_email",)

    @api.model
    def _approval_steps(self):
        return {
            **super()._approval_steps(),
            "action_confirm": self.env._("Confirm an order"),
        }

    @api.model
    def _approval_figures(self):
        return [*super()._approval_figures(), "partner_id", "amount_total", DISCOUNT]

    @api.model
    def _approval_compared(self):
        more = ("payment_term_id", "validity_date", QUANTITY)
        return [*super()._approval_compared(), *more]

    def _approval_about(self):
        """The customer and the amount, for lists of requests."""
        self.fetch(["partner_id", "amount_total", "currency_id"])
        return {
            order.id: " · ".join(
                (
                    # Its name goes with the order, as in the lists of the host.
                    order.partner_id.sudo().display_name or "–",
                    order._approval_text("amount_total", order.amount_total),
                )
            )
            for order in self
        }

    def _approval_may_ask_again(self):
        return self.state in ("draft", "sent")

    def _approval_label(self, name):
        if name == DISCOUNT:
            return self.env._("Highest discount in percent")
        if name == QUANTITY:
            return self.env._("Quantity of all lines")
        return super()._approval_label(name)

    def _action_confirm(self):
        gates = self.env["crm.suite.approval.flow"]._get_gates(self._name)
        if gates:
            # The host sets the state first; whoever did not has gone past the gate.
            self.filtered(lambda order: order.state != "sale")._approval_guard(
                gates, "action_confirm"
            )
        return super()._action_confirm()


class SaleOrderLine(models.Model):
    """The criteria of an order lie in its lines, which are written for themselves too."""

    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        orders = self.env["sale.order"].browse(
            {vals["order_id"] for vals in vals_list if vals.get("order_id")}
        )
        if not orders._approval_hears():
            return super().create(vals_list)
        with orders._approval_changing():
            return super().create(vals_list)

    def write(self, vals):
        if not self.order_id._approval_hears():
            return super().write(vals)
        with self.order_id._approval_changing():
            return super().write(vals)

    def unlink(self):
        orders = self.order_id
        if not orders._approval_hears():
            return super().unlink()
        with orders._approval_changing():
            return super().unlink()

"""Bank accounts are for who sees the customer, or a document that names it."""

from odoo import models

from .res_partner_visibility import FETCHING


class ResPartnerBank(models.Model):
    """The record rule finds the accounts of customers that the user sees; as with the
    customers (see ``res_partner_visibility.py``), those of whom he reaches can be read
    by their id, so that a payment or refund can be worked with.
    """

    _inherit = "res.partner.bank"

    def _crm_suite_reached(self):
        """Of these hidden accounts those of customers that documents name."""
        # Superuser to find the customers; what is asked is about the user.
        owners = self.sudo().partner_id.with_env(self.env)
        # Whoever is seen is hidden by another rule, as colleagues are.
        reached = (owners - owners._crm_suite_filtered_visible())._filtered_access(
            "read"
        )
        return self.filtered(lambda account: account.sudo().partner_id in reached)

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if (
            not result
            or operation != "read"
            or not any(self._ids)
            or not self.env["res.partner"]._crm_suite_is_restricted()
            or not self.env["ir.model.access"].check(self._name, "read", False)
        ):
            return result
        hidden, make_error = result
        still = hidden - hidden._crm_suite_reached()
        return (still, make_error) if still else None

    def fetch(self, field_names=None):
        if not self.env.su and self.env["res.partner"]._crm_suite_is_restricted():
            # For the query below: records by their ids, and not a search.
            # pylint: disable-next=context-overridden
            self = self.with_context(**{FETCHING: True})
        return super().fetch(field_names)

    def _fetch_query(self, query, fields):
        fetched = super()._fetch_query(query, fields)
        if self.env.su or not self.env.context.get(FETCHING):
            return fetched
        if reached := (self - fetched)._crm_suite_reached():
            fetched += super()._fetch_query(reached._as_query(ordered=False), fields)
        return fetched

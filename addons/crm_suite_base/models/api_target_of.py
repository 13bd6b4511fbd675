from odoo import api, models


class ApiTargetOf(models.AbstractModel):
    """Rows about a customer, who is named by id or by reference."""

    _name = "crm.suite.api.target.of"
    _inherit = "crm.suite.api.target"
    _description = "What Programs Write About Customers"

    # Whether a new record has to name its customer.
    _api_needs_customer = True

    @api.model
    def _api_prepare(self, rows, key):
        result = super()._api_prepare(rows, key)
        rows = [row for row in rows if not row.result]
        by_id, by_ref = self._api_find_customers(rows)
        for row in rows:
            if "customer_id" in row.data:
                name, found = "customer_id", by_id.get(int(row.data["customer_id"]), ())
            elif "customer_ref" in row.data:
                name, found = "customer_ref", by_ref.get(row.data["customer_ref"], ())
            else:
                continue
            if len(found) == 1:
                row.vals["partner_id"] = found[0]
            elif found:
                row.reject(
                    "ambiguous",
                    self.env._(
                        "%(count)s customers have this reference. Give the id, or merge them.",
                        count=len(found),
                    ),
                    name,
                )
            else:
                row.reject("reference", self.env._("There is no such customer."), name)
        return result

    @api.model
    def _api_find_customers(self, rows):
        """The customers that the rows name and the user may read: lists of ids, by id
        and by reference."""
        partners = self.env["res.partner"]
        ids = [int(r.data["customer_id"]) for r in rows if "customer_id" in r.data]
        refs = [r.data["customer_ref"] for r in rows if "customer_ref" in r.data]
        by_id, by_ref = {}, {}
        if ids:
            by_id = {p.id: [p.id] for p in partners.search([("id", "in", ids)])}
        if refs:
            for partner in partners.search_fetch([("ref", "in", refs)], ["ref"]):
                by_ref.setdefault(partner.ref, []).append(partner.id)
        return by_id, by_ref

    @api.model
    def _api_new_values(self, row):
        values = super()._api_new_values(row)
        if self._api_needs_customer and not values.get("partner_id"):
            row.reject(
                "invalid",
                self.env._("Name the customer: give customer_id or customer_ref."),
                "customer_id",
            )
        return values

    @api.model
    def _api_wants_new(self, row):
        return super()._api_wants_new(row) and not row.result

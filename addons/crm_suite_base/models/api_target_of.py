from odoo import api, models
from odoo.fields import Domain


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
        self._api_add_survivors(by_id, "id", ids)
        self._api_add_survivors(by_ref, "ref", refs)
        return by_id, by_ref

    @api.model
    def _api_add_survivors(self, found, field, values):
        """Whoever still names a merged customer reaches the one who took over.

        :param dict found: lists of ids by value, of customers that were found
        :param str field: by which they were looked for
        :param list values: for which they were looked for
        """
        missing = set(values) - found.keys()
        partners = self.env["res.partner"].with_context(active_test=False)
        if not missing or not partners._crm_suite_has_merged():
            return
        domain = partners._crm_suite_merged_domain()
        domain &= Domain(field, "in", list(missing))
        merged = partners.search_fetch(domain, [field])
        survivors = {partner: partner._crm_suite_survivors() for partner in merged}
        shown = merged._crm_suite_survivors()._filtered_access("read")
        shown = shown.filtered("active")
        for partner, survivor in survivors.items():
            known = found.setdefault(partner[field], [])
            if survivor in shown and survivor.id not in known:
                known.append(survivor.id)

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

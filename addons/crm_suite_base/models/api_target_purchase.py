from odoo import api, models


class ApiTargetPurchase(models.AbstractModel):
    """Purchases made elsewhere: lines of orders, once each by system, order and line."""

    _name = "crm.suite.api.target.purchase"
    _inherit = "crm.suite.api.target.of"
    _description = "Purchases That Programs Write"

    _api_entity = "purchase"
    _api_model = "crm.suite.purchase"

    @api.model
    def _api_match(self, rows, key):
        for row in rows:
            row.vals.setdefault("line", "1")
            row.key = (
                row.vals.get("source") or "",
                row.vals["reference"],
                row.vals["line"],
            )
            row.names = ("source", "reference", "line")
        found = self._api_find(
            {row.key for row in rows},
            key,
            lambda target, keys: target._api_find_lines(keys),
        )
        for row in rows:
            row.record = found.get(row.key)

    @api.model
    def _api_find_lines(self, keys):
        lines = self.env["crm.suite.purchase"].search_fetch(
            [
                ("reference", "in", sorted({reference for _s, reference, _l in keys})),
                ("line", "!=", False),
                ("company_id", "=", self.env.company.id),
            ],
            ["source", "reference", "line"],
        )
        found = {(p.source or "", p.reference, p.line): p for p in lines}
        return {key: line for key, line in found.items() if key in keys}

    @api.model
    def _api_new_values(self, row):
        values = super()._api_new_values(row)
        if not row.result and not values.get("date"):
            reason = self.env._("This field has to be given.")
            row.reject("invalid", reason, "date")
        return values

from odoo import api, models

from ..tools.import_types import Link


class ImportTargetPurchase(models.AbstractModel):
    """What customers bought elsewhere."""

    _name = "crm.suite.import.target.purchase"
    _inherit = "crm.suite.import.target.table"
    _description = "Import of Purchases"

    _import_model = "crm.suite.purchase"
    _import_table_columns = {
        "partner_id": "int",
        "company_id": "int",
        "currency_id": "int",
        "product_id": "int",
        "date": "date",
        "reference": "varchar",
        "product_name": "varchar",
        "quantity": "numeric",
        "amount": "numeric",
        "source": "varchar",
    }

    _import_plain_columns = (
        "currency_id",
        "date",
        "reference",
        "product_name",
        "quantity",
        "amount",
        "source",
    )

    @api.model
    def _import_title(self):
        return self.env._("Purchase history")

    @api.model
    def _import_columns(self):
        column = self._import_field_column
        return [
            *self._import_partner_columns(),
            column("date", required=True, example="2026-03-05", key=True),
            column("reference", example="SO-20260305-01", key=True),
            column(
                "product_name", label=self.env._("Product"), example="办公椅", key=True
            ),
            column("quantity", example="2"),
            column("amount", example="1280.00"),
            column("currency_id", example="CNY"),
            column("source", example="天猫"),
        ]

    @api.model
    def _import_resolve(self, plan, rows):
        texts = {row.vals.get("product_name") for row in rows} - {None}
        plan.memory["products"] = self._import_find_products(texts)
        return super()._import_resolve(plan, rows)

    @api.model
    def _import_bulk_links(self, plan, get_texts):
        if "product_name" not in plan.by_field:
            return {}
        products = self._import_find_products(get_texts("product_name"))
        return {"product_id": Link("product_name", products)}

    def _import_find_products(self, texts):
        """Products of ours by the code that the other system uses too."""
        if not texts:
            return {}
        products = self.env["product.product"].search_fetch(
            [("default_code", "in", list(texts))], ["default_code"]
        )
        found = {}
        for product in products:
            found.setdefault(product.default_code, []).append(product.id)
        return {code: ids[0] for code, ids in found.items() if len(ids) == 1}

    @api.model
    def _import_table_values(self, plan, row, partner):
        vals = row.vals
        return {
            **plan.memory["constants"],
            **{name: vals[name] for name in self._import_plain_columns if name in vals},
            "partner_id": partner.id,
            "product_id": plan.memory["products"].get(vals.get("product_name")),
        }

    @api.model
    def _import_constants(self, plan):
        currency = self.env.company.currency_id
        return {
            **super()._import_constants(plan),
            "currency_id": currency.id,
            "quantity": 1.0,
            "amount": 0.0,
        }

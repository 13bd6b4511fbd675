"""Indexes that new figures no longer pay for."""

from odoo.tools import sql

TABLE = "crm_suite_customer_metric"


def migrate(cr, version):
    for column in ("company_id", "preferred_product_id", "preferred_category_id"):
        sql.drop_index(cr, f"{TABLE}__{column}_index", TABLE)

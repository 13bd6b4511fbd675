from odoo.tests import tagged
from odoo.tools.sql import index_exists

from ..models.metric_changes import COUNTER_INDEX
from ..models.metric_dirty import OWNERS, SOLD_AT_COUNTER
from ..models.recalculation_notice import ELSEWHERE
from .test_figures_changes import ChangesCase


@tagged("-at_install", "post_install")
class TestFiguresCounter(ChangesCase):
    """Sales at the counter, where that addon is installed; what we know of it, always."""

    def sale(self, partner, price=100.0):
        if "pos.order" not in self.env:
            self.skipTest("the point of sale is not installed")
        config = self.env["pos.config"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        ) or self.env["pos.config"].create({"name": "Counter"})
        session = self.env["pos.session"].search(
            [("config_id", "=", config.id), ("state", "!=", "closed")], limit=1
        ) or self.env["pos.session"].create(
            {"config_id": config.id, "user_id": self.env.uid}
        )
        product = self.env["product.product"].create({"name": "Sold at the counter"})
        return self.env["pos.order"].create(
            {
                "session_id": session.id,
                "company_id": self.env.company.id,
                "partner_id": partner.id,
                "state": "paid",
                "amount_tax": 0,
                "amount_total": price,
                "amount_paid": price,
                "amount_return": 0,
                "lines": [
                    (
                        0,
                        0,
                        {
                            "name": "Line",
                            "product_id": product.id,
                            "qty": 1,
                            "price_unit": price,
                            "price_subtotal": price,
                            "price_subtotal_incl": price,
                        },
                    )
                ],
            }
        )

    def test_the_parts_agree(self):
        """Each model that nobody inherits has its statement; nobody pays without it."""
        self.assertLessEqual(ELSEWHERE, set(OWNERS))
        self.assertIn("item", OWNERS["product.template"])
        self.assertIn("item", SOLD_AT_COUNTER)
        installed = "pos.order" in self.env
        self.assertEqual(index_exists(self.env.cr, COUNTER_INDEX), installed)

    def test_sale_passes_to_another_customer(self):
        sale = self.sale(self.person)
        self.settle()
        self.assertEqual(self.row().revenue, 100)
        sale.partner_id = self.neighbour
        self.assertConcerns(self.customer, self.neighbour)
        self.run_changes()
        self.assertFalse(self.row().revenue)
        self.assertEqual(self.row(self.neighbour).revenue, 100)

    def test_sale_gets_no_customer_at_all(self):
        sale = self.sale(self.customer)
        self.settle()
        sale.partner_id = False
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertFalse(self.row().revenue)

    def test_sale_is_deleted(self):
        sale = self.sale(self.customer)
        self.settle()
        # The host lets go only what was never paid, or called off behind its back.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pos_order SET state = 'cancel' WHERE id = %s", [sale.id]
        )
        self.env.invalidate_all()
        sale.unlink()
        self.assertConcerns(self.customer)

    def test_product_sold_passes_to_another_category(self):
        sale = self.sale(self.customer)
        self.settle()
        category = self.env["product.category"].create({"name": "Other"})
        sale.lines.product_id.categ_id = category
        self.assertConcerns(self.customer)
        self.run_changes()
        self.assertEqual(self.row().category_shares, {str(category.id): 1})

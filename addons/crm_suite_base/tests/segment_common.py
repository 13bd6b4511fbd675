from odoo import Command, fields

from .common import CustomerCase


class SegmentCase(CustomerCase):
    """Two regions, a category of chairs, and segments made in one line."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Segment = cls.env["crm.suite.segment"].with_user(cls.marketer)
        cls.shanghai = cls.env.ref("base.state_cn_SH")
        cls.beijing = cls.env.ref("base.state_cn_BJ")
        cls.furniture = cls.env["product.category"].create({"name": "Seats"})
        cls.chairs = cls.env["product.category"].create(
            {"name": "Chairs of the tests", "parent_id": cls.furniture.id}
        )
        cls.chair = cls.env["product.product"].create(
            {
                "name": "Test Chair",
                "type": "consu",
                "categ_id": cls.chairs.id,
                "taxes_id": [Command.clear()],
            }
        )
        cls.ring = cls.env["res.partner.category"].create({"name": "Segment tests"})
        cls.customer.write(cls._here())
        cls.other = cls._create_customer(name="Pudong Trading", **cls._here())
        cls.far = cls._create_customer(
            name="Beijing Trading", **cls._here(state_id=cls.beijing.id)
        )

    @classmethod
    def _here(cls, **values):
        """A customer of these tests, told from those of the demo company by a tag."""
        return {
            "state_id": cls.shanghai.id,
            "category_id": [Command.link(cls.ring.id)],
            **values,
        }

    @classmethod
    def _buy(cls, partner, days_ago=10, quantity=1, price=100.0):
        """A confirmed order of chairs that many days ago."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": cls.chair.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        order.date_order = fields.Datetime.subtract(
            fields.Datetime.now(), days=days_ago
        )
        return order

    @classmethod
    def _tree(cls, *items, op="all"):
        """Conditions for the customers of these tests only."""
        mine = {"kind": "tag", "operator": "in", "records": cls.ring.ids}
        return {"op": "all", "items": [mine, {"op": op, "items": list(items)}]}

    @classmethod
    def _in(cls, state):
        return {
            "kind": "attribute",
            "field": "state_id",
            "operator": "in",
            "records": state.ids,
        }

    @classmethod
    def _segment(cls, *items, op="all", user=None, **values):
        segments = cls.Segment.with_user(user) if user else cls.Segment
        return segments.create(
            {"name": "Test", "definition": cls._tree(*items, op=op), **values}
        )

    def _run(self, *partners):
        """What the scheduled run does for changed customers."""
        ids = [partner.id for partner in partners] or None
        self.env["crm.suite.recalculation"]._run(ids)
        self.env.invalidate_all()

    def _found(self, *items, op="all"):
        """Who meets conditions, of the customers of these tests."""
        found = self.Segment.preview(self._tree(*items, op=op))
        self.assertFalse(found["problem"])
        names = {row["name"] for row in found["sample"]}
        self.assertEqual(found["count"], len(names))
        return names

    def _left(self, segment):
        return segment.sudo().membership_ids.filtered("left_at")

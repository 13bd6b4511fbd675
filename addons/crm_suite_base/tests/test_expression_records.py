from odoo import Command, fields
from odoo.tests import TransactionCase, tagged

from ..tools.expression import check_expression, compile_expression
from ..tools.expression_records import RecordReader, describe_models


@tagged("-at_install", "post_install")
class TestExpressionRecords(TransactionCase):
    """Expressions over real records."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Ada", "ref": "A-1"})
        cls.product = cls.env["product.product"].create(
            {"name": "Pen", "type": "service", "taxes_id": False}
        )
        cls.orders = cls.env["sale.order"].create(
            [
                {
                    "partner_id": cls.partner.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": cls.product.id,
                                "product_uom_qty": quantity,
                                "price_unit": 100,
                                "discount": discount,
                                "tax_ids": False,
                            }
                        )
                        for quantity, discount in lines
                    ],
                }
                for lines in ([(1, 18), (2, 0)], [])
            ]
        )
        cls.describe = staticmethod(
            describe_models(
                cls.env,
                names={"submitter": "res.users"},
                aliases={"sale.order": {"lines": "order_line"}},
            )
        )

    def value(self, source, records=None):
        records = self.orders if records is None else records
        expression = compile_expression(source, self.describe, records._name)
        reader = RecordReader(
            records,
            today=fields.Date.to_date("2026-11-22"),
            zone="Asia/Shanghai",
            names={"submitter": [self.env.uid] * len(records)},
        )
        return expression.evaluate(reader)

    def test_values(self):
        for source, expected in (
            ("max(lines.discount) > 15", [True, False]),
            ("sum(lines.product_uom_qty * lines.price_unit)", [300.0, 0.0]),
            # Both lines have the same product: each of them counts.
            ("count(order_line.product_id.name)", [2.0, 0.0]),
            ("amount_untaxed == 282", [True, False]),
            ('partner_id.ref == "A-1"', [True, True]),
            ('state == "draft"', [True, True]),
            ("user_id == submitter", [self.orders.user_id.id == self.env.uid] * 2),
            ("submitter.name", [self.env.user.name] * 2),
            ('partner_id.country_id.code in ["CN"]', [False, False]),
            ("days_since(create_date) >= 0", None),
        ):
            with self.subTest(source=source):
                found = self.value(source)
                self.assertEqual(len(found), 2)
                if expected is not None:
                    self.assertEqual(found, expected)

    def test_no_records(self):
        self.assertEqual(self.value("sum(lines.discount)", self.orders.browse()), [])

    def test_money_has_the_places_of_its_currency(self):
        self.orders.currency_id.rounding = 0.001
        self.orders.invalidate_recordset()
        reader = RecordReader(self.orders[0], today=fields.Date.today())
        self.assertEqual(reader.read(("amount_total",))[0].digits, 3)

    def test_what_cannot_be_named(self):
        """Secrets, binary data and what is for one group only are no fields."""
        for source in (
            "submitter.password == ''",
            "submitter.totp_secret == ''",
            "partner_id.signup_type == ''",
            "partner_id.image_1920 == ''",
            "partner_id.env == ''",
            "partner_id._fields == ''",
            "partner_id.unlink == ''",
        ):
            with self.subTest(source=source):
                (problem,) = check_expression(source, self.describe, "sale.order")
                self.assertEqual(problem.code, "field_of")

    def test_fields_of_the_suite_can_be_named(self):
        self.assertIn("crm_suite_grade_id", self.describe("res.partner"))

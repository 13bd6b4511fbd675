from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .import_common import ImportCommon

FILE = (
    "客户编号,日期,数量,金额,订单号\nP1,2026-01-02,1,10.50,S1\nP1,2026-01-02,1,10.50,S1\n"
    "P2,2026/1/3,2,20,S2\n,2026-01-04,1,1,S3\nP1,31.02.2026,1,1,S4\n"
)


@tagged("post_install", "-at_install")
class TestImportPurchase(ImportCommon):
    def setUp(self):
        super().setUp()
        self.customer = self._customer(name="甲", ref="P1")
        self.purchases = self.env["crm.suite.purchase"]
        # The demo company has a history of its own.
        self.purchases.sudo().search([]).unlink()

    def test_lines_arrive_and_bring_their_customers(self):
        batch, answer = self._import(FILE, target="purchase")
        self.assertCounts(answer, created=3, rejected=2)
        self.assertEqual(answer["implied"], 1)
        self.assertRefused(answer, 5, "客户编号", "required")
        self.assertRefused(answer, 6, "日期", "31.02.2026")
        lines = self.purchases.search([], order="date, id")
        self.assertEqual(lines.mapped("amount"), [10.5, 10.5, 20.0])
        self.assertEqual(lines[:2].partner_id, self.customer)
        self.assertEqual(lines[2].partner_id.ref, "P2")
        self.assertEqual(lines.currency_id, self.env.company.currency_id)
        batch.action_undo()
        self.assertFalse(lines.exists())
        self.assertFalse(self._by_ref("P2"))
        self.assertTrue(self.customer.exists())

    def test_figures_follow_an_import_and_its_undo(self):
        runs = self.env["crm.suite.metric.run"]
        metrics = self.env["crm.suite.customer.metric"].sudo()

        def figures():
            """After the run that finds what concerns the customer."""
            self.env.flush_all()
            runs._collect(None)
            while runs._run_chunk():
                pass
            row = metrics.search([("partner_id", "=", self.customer.id)])
            return row.purchase_count, row.revenue, row.last_purchase

        runs._run_full()
        batch, _answer = self._import(FILE, target="purchase")
        count, revenue, last = figures()
        self.assertEqual((count, revenue, str(last)), (1, 21, "2026-01-02"))
        imported = self._by_ref("P2")
        batch.action_undo()
        self.assertEqual(figures(), (0, 0, False))
        self.assertFalse(metrics.search([("partner_id", "=", imported.id)]))

    def test_same_file_twice_changes_nothing(self):
        self._import(FILE, target="purchase")
        _batch, answer = self._import(FILE, target="purchase")
        self.assertCounts(answer, unchanged=3, rejected=2)
        self.assertEqual(self.purchases.search_count([]), 3)

    def test_dry_run_counts_lines_of_customers_to_come(self):
        batch = self._batch(FILE, target="purchase")
        answer = batch.action_dry_run()
        self.assertCounts(answer, created=3, rejected=2)
        self.assertFalse(self.purchases.search_count([]))
        self.assertFalse(self._by_ref("P2"))

    def test_unknown_customer_is_refused(self):
        _batch, answer = self._import(FILE, target="purchase", create_missing=False)
        self.assertCounts(answer, created=2, rejected=3)
        self.assertRefused(answer, 4, "客户编号", "P2")

    def test_line_found_by_its_number_is_updated(self):
        text = "客户编号,日期,金额,订单号\nP1,2026-01-02,10,S1\n"
        self._import(text, target="purchase", key="reference")
        batch, answer = self._import(
            text.replace("10,S1", "99,S1"), target="purchase", key="reference"
        )
        self.assertCounts(answer, updated=1)
        line = self.purchases.search([])
        self.assertEqual(line.amount, 99)
        batch.action_undo()
        self.assertEqual(line.amount, 10)

    def test_customer_of_another_company_is_not_taken(self):
        company = self.env(su=True)["res.company"].create({"name": "Other"})
        self.customer.sudo().company_id = company
        _batch, answer = self._import(FILE, target="purchase", create_missing=False)
        self.assertEqual(answer["created"], 0)

    def test_refused_line_brings_no_customer(self):
        text = "客户编号,日期,金额\nP9,31.02.2026,1\nP8,2026-01-04,1\n"
        _batch, answer = self._import(text, target="purchase")
        self.assertCounts(answer, created=1, rejected=1)
        self.assertEqual(answer["implied"], 1)
        self.assertFalse(self._by_ref("P9"))

    def test_new_customer_in_two_spellings_is_one(self):
        text = "客户编号,日期,金额\nNew-7,2026-01-04,1\nnew-7,2026-01-05,2\n"
        _batch, answer = self._import(text, target="purchase")
        self.assertCounts(answer, created=2)
        self.assertEqual(answer["implied"], 1)
        customer = self.purchases.search([]).partner_id
        self.assertEqual(customer.ref, "New-7")

    def test_surest_name_of_the_customer_counts(self):
        """By reference where there is one, by name only where there is none."""
        self._customer(name="乙", ref="P2")
        text = (
            "客户编号,客户名称,日期,金额\nP2,甲,2026-01-04,1\n,甲,2026-01-05,2\n"
            "P3,丙,2026-01-06,3\n"
        )
        batch = self._batch(text, target="purchase")
        self._map(batch, "partner_id/ref", "partner_id/name", "date", "amount")
        answer = batch.action_run()
        self.assertFalse(answer["problems"])
        self.assertCounts(answer, created=3)
        lines = self.purchases.search([], order="date")
        self.assertEqual(lines.partner_id.mapped("ref"), ["P2", "P1", "P3"])

    def test_value_that_the_table_refuses_harms_no_other(self):
        self.env.cr.execute(
            "ALTER TABLE crm_suite_purchase ADD CONSTRAINT small CHECK (amount < 100)"
        )
        text = (
            "客户编号,日期,金额\nP1,2026-01-04,1\nP1,2026-01-05,200\nP1,2026-01-06,3\n"
        )
        with mute_logger("odoo.sql_db"):
            _batch, answer = self._import(text, target="purchase")
        self.assertCounts(answer, created=2, rejected=1)
        self.assertEqual(answer["problems"][0]["row"], 3)
        self.assertEqual(sum(self.purchases.search([]).mapped("amount")), 4)

    def test_rules_hold_for_imported_lines(self):
        self.env(su=True)["ir.rule"].create(
            {
                "name": "Small purchases only",
                "model_id": self.env["ir.model"]._get_id("crm.suite.purchase"),
                "domain_force": "[('amount', '<', 100)]",
            }
        )
        text = (
            "客户编号,日期,金额\nP1,2026-01-04,1\nP1,2026-01-05,200\nP1,2026-01-06,3\n"
        )
        _batch, answer = self._import(text, target="purchase")
        self.assertCounts(answer, created=2, rejected=1)
        self.assertEqual(answer["problems"][0]["row"], 3)

    def test_product_is_found_by_its_code(self):
        product = self.env(su=True)["product.product"].create(
            {"name": "Chair", "default_code": "CH-1"}
        )
        text = "客户编号,日期,产品,金额\nP1,2026-01-04,CH-1,1\nP1,2026-01-05,凳子,2\n"
        batch, answer = self._import(text, target="purchase")
        self.assertCounts(answer, created=2)
        lines = self.purchases.search([], order="date")
        self.assertEqual(lines.mapped("product_name"), ["CH-1", "凳子"])
        self.assertEqual([line.product_id for line in lines], [product, product[:0]])
        changes = self.env(su=True)["crm.suite.operation.change"].search(
            [("operation_id", "child_of", batch.operation_id.id)]
        )
        self.assertEqual(
            changes.filtered(lambda change: change.res_id == lines[0].id).after,
            {
                "partner_id": self.customer.id,
                "company_id": self.env.company.id,
                "currency_id": self.env.company.currency_id.id,
                "product_id": product.id,
                "product_name": "CH-1",
                "date": "2026-01-04",
                "quantity": 1.0,
                "amount": 1,
                "import_key": lines[0].import_key,
            },
        )

    def test_key_is_the_same_by_either_way(self):
        """The database makes the keys of plain lines, Python those of all others."""
        target = type(self.env["crm.suite.import.target.purchase"])
        with patch.object(target, "_import_is_bulk", False):
            self._import(FILE, target="purchase")
        keys = self.purchases.search([]).mapped("import_key")
        _batch, answer = self._import(FILE, target="purchase")
        self.assertCounts(answer, unchanged=3, rejected=2)
        self.purchases.search([]).unlink()
        self._import(FILE, target="purchase")
        self.assertEqual(self.purchases.search([]).mapped("import_key"), keys)

    def test_call_of_an_unknown_owner_is_refused(self):
        text = "客户编号,时间,内容,负责人\nP1,2026-03-05,a,nobody\nP1,2026-03-06,b,\n"
        _batch, answer = self._import(text, target="interaction")
        self.assertCounts(answer, created=1, rejected=1)
        self.assertRefused(answer, 2, "负责人", "nobody")

    def test_customer_by_email_and_phone(self):
        self.customer.write({"email": "jia@jia.example", "phone": "13800138000"})
        for day, header, value in (
            (1, "邮箱", "JIA@jia.example"),
            (2, "手机", "138 0013 8000"),
        ):
            with self.subTest(header):
                text = f"{header},日期,金额\n{value},2026-02-0{day},5\n"
                _batch, answer = self._import(
                    text, target="purchase", create_missing=False
                )
                self.assertCounts(answer, created=1)
        self.assertEqual(self.purchases.search([]).partner_id, self.customer)

    def test_currency_by_code(self):
        usd = self.env.ref("base.USD")
        usd.sudo().active = True
        self._import(
            "客户编号,日期,金额,币种\nP1,2026-01-02,10,USD\n", target="purchase"
        )
        self.assertEqual(self.purchases.search([]).currency_id, usd)

    def test_import_key_is_unique(self):
        line = self.purchases.create(
            {"partner_id": self.customer.id, "date": "2026-01-01"}
        )
        self.assertFalse(line.import_key)
        self._import(FILE, target="purchase")
        first = self.purchases.search([("import_key", "!=", False)], limit=1)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.env.cr.savepoint():
                line.sudo().import_key = first.import_key
                self.env.flush_all()

    def test_calls(self):
        text = (
            "客户编号,时间,方式,方向,时长,内容,负责人\n"
            "P1,2026-03-05 14:30,Visit,in,45,看样品,import.steward\nP1,2026-03-06,call,,-5,x,\n"
        )
        batch, answer = self._import(text, target="interaction")
        self.assertCounts(answer, created=1, rejected=1)
        self.assertRefused(answer, 3, "时长", "negative")
        call = self.env["crm.suite.call"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(str(call.date), "2026-03-05 06:30:00", "Shanghai to UTC")
        self.assertEqual(
            (call.kind, call.direction, call.duration), ("visit", "in", 45)
        )
        self.assertEqual(call.user_id, self.steward)
        self.assertEqual(call.commercial_partner_id, self.customer)
        _batch, answer = self._import(text, target="interaction")
        self.assertCounts(answer, unchanged=1, rejected=1)
        batch.action_undo()
        self.assertFalse(call.exists())

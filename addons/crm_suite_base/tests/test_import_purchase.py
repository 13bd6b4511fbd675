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

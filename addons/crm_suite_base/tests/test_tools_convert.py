import datetime
import doctest
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..tools import convert, csv_writer
from ..tools.column_profile import profile_column
from ..tools.convert import (
    infer_date_order,
    infer_decimal_separator,
    parse_bool,
    parse_code,
    parse_date,
    parse_datetime,
    parse_decimal,
    parse_integer,
    parse_selection,
    to_text,
)
from ..tools.tabular import TableError

DAY = datetime.date(2026, 3, 5)


@tagged("-at_install", "post_install")
class TestConvert(BaseCase):
    def assertRefused(self, code, function, *args, **kwargs):
        with self.assertRaises(TableError) as caught:
            function(*args, **kwargs)
        self.assertEqual(caught.exception.code, code, args)
        self.assertNotIn("%(", caught.exception.text())

    def test_examples_in_the_documentation(self):
        for module in (convert, csv_writer):
            self.assertFalse(doctest.testmod(module).failed)

    # --- dates

    def test_dates(self):
        for text in (
            "2026-03-05", "2026/3/5", "2026.3.5", "2026年3月5日", "2026 年 3 月 5 日",
            "20260305", "05.03.2026", "5 Mar 2026", "March 5, 2026", "5-Mar-26",
            "２０２６－０３－０５", "2026-03-05T10:20:30Z", "周四 2026-3-5",
            "Thursday, 5 March 2026", "46086", 46086, 20260305, DAY,
            datetime.datetime(2026, 3, 5, 9, 30),
        ):  # fmt: skip
            with self.subTest(text=text):
                self.assertEqual(parse_date(text), DAY)

    def test_dates_with_an_order(self):
        self.assertEqual(parse_date("05/03/2026", "dmy"), DAY)
        self.assertEqual(parse_date("03/05/2026", "mdy"), DAY)
        self.assertEqual(parse_date("26-03-05", "ymd"), DAY)
        self.assertEqual(parse_date("25/03/2026"), datetime.date(2026, 3, 25))
        self.assertEqual(parse_date("03/25/2026"), datetime.date(2026, 3, 25))
        self.assertRefused("bad_date_order", parse_date, "03/05/2026")

    def test_no_dates(self):
        for value in ("", "abc", "2026-02-30", "2026-13-01", "2026-03", 0, -1, 10**9):
            self.assertRefused("bad_date", parse_date, value)
        self.assertRefused("bad_date", parse_date, True)
        self.assertRefused("bad_date", parse_date, "2026-03-05 and more")

    def test_order_is_inferred_from_the_column(self):
        self.assertEqual(infer_date_order(["03/05/2026", "13/05/2026"]), "dmy")
        self.assertEqual(infer_date_order(["03/05/2026", "03/25/2026"]), "mdy")
        self.assertEqual(infer_date_order(["2026-03-05"]), "ymd")
        self.assertIsNone(infer_date_order(["03/05/2026", "01/02/2026", None]))
        self.assertIsNone(infer_date_order(["13/05/2026", "03/25/2026"]))

    def test_date_and_time(self):
        for text, clock in (
            ("2026-03-05 14:30", (14, 30)),
            ("2026年3月5日 下午3点20分", (15, 20)),
            ("2026-03-05 上午9:05", (9, 5)),
            ("3/5/2026 2:05 PM", (14, 5)),
            ("2026-03-05 12:30 am", (0, 30)),
            ("2026-03-05", (0, 0)),
        ):
            with self.subTest(text=text):
                expected = datetime.datetime.combine(DAY, datetime.time(*clock))
                self.assertEqual(parse_datetime(text, "mdy"), expected)
        aware = parse_datetime("2026-03-05T10:00:00+08:00")
        self.assertEqual(aware.utcoffset(), datetime.timedelta(hours=8))
        self.assertRefused("bad_datetime", parse_datetime, "2026-03-05 25:00")

    # --- numbers

    def test_numbers(self):
        for text, expected in (
            ("1,234.56", "1234.56"),
            ("1.234,56", "1234.56"),
            ("1 234,5", "1234.5"),
            ("1'234.50", "1234.50"),
            ("¥1,234,567", "1234567"),
            ("￥３００．５", "300.5"),
            ("US$ 5", "5"),
            ("12 元", "12"),
            ("(5.20)", "-5.20"),
            ("−5", "-5"),
            ("5-", "-5"),
            ("1.5万", "15000"),
            ("3亿元", "300000000"),
            ("12,34,567.8", "1234567.8"),
            (12, "12"),
            (Decimal("1.10"), "1.10"),
            (0.1, "0.1"),
        ):
            with self.subTest(text=text):
                found = parse_decimal(text)
                self.assertIsInstance(found, Decimal)
                self.assertEqual(found, Decimal(expected))

    def test_doubtful_numbers_are_refused(self):
        for text in ("1,234", "1.234"):
            self.assertRefused("bad_number_separator", parse_decimal, text)
        self.assertEqual(parse_decimal("1,234", "."), 1234)
        self.assertEqual(parse_decimal("1,234", ","), Decimal("1.234"))
        self.assertEqual(parse_decimal("1.234", ","), 1234)

    def test_no_numbers(self):
        for text in ("", "abc", "1,2,3", "12%", "NaN", "--5", "1万2", "5.", True):
            self.assertRefused("bad_number", parse_decimal, text)
        self.assertRefused("number_too_large", parse_decimal, "1e400")
        self.assertEqual(parse_decimal("15%", percent=True), Decimal("0.15"))

    def test_separator_is_inferred_from_the_column(self):
        self.assertEqual(infer_decimal_separator(["1,234", "1,5"]), ",")
        self.assertEqual(infer_decimal_separator(["1.234", "2.345.678"]), ",")
        self.assertEqual(infer_decimal_separator(["1,234.50"]), ".")
        self.assertIsNone(infer_decimal_separator(["1,234", "2,345"]))
        self.assertEqual(infer_decimal_separator(["1,234"], "."), ".")

    def test_integers(self):
        self.assertEqual(parse_integer("1,200", "."), 1200)
        self.assertEqual(parse_integer(Decimal("12.0")), 12)
        self.assertRefused("bad_integer", parse_integer, "12.5")

    # --- words

    def test_yes_and_no(self):
        for value in ("yes", " Y ", "TRUE", "是", "✓", 1, True, "Ｙ"):
            self.assertIs(parse_bool(value), True)
        for value in ("no", "N", "否", "无", 0, False):
            self.assertIs(parse_bool(value), False)
        for value in ("maybe", "", 2):
            self.assertRefused("bad_boolean", parse_bool, value)

    def test_selection(self):
        choices = [("phone", "Phone", "电话"), ("email", "E-mail", "邮件")]
        self.assertEqual(parse_selection(" PHONE ", choices), "phone")
        self.assertEqual(parse_selection("邮件", choices), "email")
        self.assertRefused("bad_selection", parse_selection, "fax", choices)

    def test_text_of_codes(self):
        self.assertEqual(to_text(13800138000), "13800138000")
        self.assertEqual(to_text(13800138000.0), "13800138000")
        self.assertEqual(to_text(Decimal("0.10")), "0.10")
        self.assertEqual(parse_code(" 0138 "), "0138")
        self.assertRefused("number_damaged", parse_code, "1.38E+10")

    # --- columns

    def test_profiles(self):
        for values, kind in (
            (["1", "2", "", None], "integer"),
            (["1.5", "2,000.10"], "decimal"),
            (["2026-01-01", "2026-03-04"], "date"),
            (["2026-01-01 10:00"], "datetime"),
            (["a@b.co", "c@d.org"], "email"),
            (["yes", "no"], "boolean"),
            (["+86 138 0013 8000", "010-62345678 转 8001"], "phone"),
            (["13800138000", 13900139000], "code"),
            (["0100", "0200"], "code"),
            (["https://a.b", "www.c.d"], "url"),
            (["Peking", "Bonn"], "text"),
            ([None, " "], "empty"),
        ):
            with self.subTest(values=values):
                self.assertEqual(profile_column(values).kind, kind)
        profile = profile_column(["13/02/2026", "01/02/2026"])
        self.assertEqual((profile.date_order, profile.distinct), ("dmy", 2))

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.natural_date import parse_when
from .fuzzing import fuzz

# A Saturday evening: the week is nearly over and no office hour is left.
NOW = datetime(2026, 11, 21, 21, 0)


@tagged("-at_install", "post_install")
class TestNaturalDate(BaseCase):
    def assertUnderstood(self, cases):
        for text, (day, clock, rest) in cases.items():
            with self.subTest(text):
                found = parse_when(text, NOW)
                self.assertEqual(str(found.when and found.when.date()), day)
                self.assertEqual(found.time, clock)
                self.assertEqual(found.text, rest)

    def test_chinese(self):
        self.assertUnderstood(
            {
                "周五前寄样品": ("2026-11-27", "", "寄样品"),
                "明早打电话": ("2026-11-22", "09:00", "打电话"),
                "大后天拜访": ("2026-11-24", "", "拜访"),
                "11月30日下午三点半拜访": ("2026-11-30", "15:30", "拜访"),
                "十二月二日交货": ("2026-12-02", "", "交货"),
                "下周三上午10点开会": ("2026-11-25", "10:00", "开会"),
                "下下周一复查": ("2026-11-30", "", "复查"),
                "月底前付款": ("2026-11-30", "", "付款"),
                "下月底对账": ("2026-12-31", "", "对账"),
                "三天后跟进": ("2026-11-24", "", "跟进"),
                "半个月后回访": ("2026-12-06", "", "回访"),
                "下个月5号拜访": ("2026-12-05", "", "拜访"),
                "客户要3个样品，周一寄出": ("2026-11-23", "", "客户要3个样品，寄出"),
            }
        )

    def test_english(self):
        self.assertUnderstood(
            {
                "send offer tomorrow 3pm": ("2026-11-22", "15:00", "send offer"),
                "Day after tomorrow visit": ("2026-11-23", "", "visit"),
                "send the offer by Friday": ("2026-11-27", "", "send the offer"),
                "meet next tue at 3": ("2026-11-24", "15:00", "meet"),
                "call in two weeks": ("2026-12-05", "", "call"),
                "demo Nov 30, 2026 at 14:30": ("2026-11-30", "14:30", "demo"),
                "samples on 28 Feb": ("2027-02-28", "", "samples"),
                "ship by 12/24": ("2026-12-24", "", "ship"),
                "invoice end of month": ("2026-11-30", "", "invoice"),
                "3:30pm demo": ("2026-11-22", "15:30", "demo"),
            }
        )

    def test_words_that_are_no_dates(self):
        for text in (
            "",
            "call back",
            "send 3 samples",
            "sat down with the boss",
            "9号线地铁见",
            "2026-13-45",
            "at 25:99",
        ):
            found = parse_when(text, NOW)
            self.assertIsNone(found.when, text)
            self.assertEqual(found.text, text)

    @fuzz(300)
    @given(
        st.text(
            alphabet="明后天周一二十月日号点半下个年前 in days next fri at 0123456789:/-.pm,，",
            max_size=40,
        )
    )
    def test_any_line_is_read_without_error(self, text):
        found = parse_when(text, NOW)
        self.assertLessEqual(len(found.text), len(text))

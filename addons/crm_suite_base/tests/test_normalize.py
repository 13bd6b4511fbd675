import doctest
import re
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools import natural_date, normalize
from ..tools.normalize import (
    InvalidValue,
    format_phone,
    normalize_email,
    normalize_name,
    normalize_phone,
    normalize_vat,
)
from .fuzzing import fuzz


@tagged("-at_install", "post_install")
class TestNormalize(BaseCase):
    """The plain functions, without a database."""

    def assertRule(self, rule, function, *args):
        with self.assertRaises(InvalidValue) as caught:
            function(*args)
        self.assertEqual(caught.exception.rule, rule, args)
        return caught.exception

    def test_examples_in_the_documentation(self):
        for module in (normalize, natural_date):
            result = doctest.testmod(module)
            self.assertGreater(result.attempted, 2)
            self.assertFalse(result.failed)

    def test_name_folds_width_but_keeps_chinese_punctuation(self):
        for raw, expected in {
            " 深圳　华强（集团）有限公司 ": "深圳 华强（集团）有限公司",
            "ＡＢＣ１２３": "ABC123",
            "Li\u200b Na\ufeff": "Li Na",
            "a\tb\n c": "a b c",
            "ｱﾊﾟﾚﾙ": "アパレル",
            "Ame\u0301lie": "Am\u00e9lie",
            "甲，乙": "甲，乙",
            "": "",
            False: False,
        }.items():
            self.assertEqual(normalize_name(raw), expected)

    def test_email(self):
        for raw, expected in {
            "A.B@Example.COM ": "a.b@example.com",
            "Li Na <li@qq.com>": "li@qq.com",
            "mailto:li@qq.com": "li@qq.com",
            "ｌｉ＠ｑｑ．ｃｏｍ": "li@qq.com",
            "info@müller.de": "info@xn--mller-kva.de",
            "张三@例子.中国": "张三@xn--fsqu00a.xn--fiqs8s",
            "": "",
            False: False,
        }.items():
            self.assertEqual(normalize_email(raw), expected)

    @fuzz(300)
    @given(
        st.from_regex(r"[a-zA-Z0-9-]{1,5}(\.[a-zA-Z0-9-]{1,5}){1,2}", fullmatch=True)
    )
    def test_email_plain_domain_is_what_idna_says(self, domain):
        """The short way for plain domains refuses and spells as the long one."""
        with patch.object(normalize, "_PLAIN_DOMAIN", re.compile("(?!)")):
            expected = self._email_or_rule(domain)
        self.assertEqual(self._email_or_rule(domain), expected)

    def _email_or_rule(self, domain):
        try:
            return normalize_email(f"a@{domain}")
        except InvalidValue as error:
            return error.rule

    def test_email_rules(self):
        for raw, rule in {
            "li": "form",
            "@qq.com": "form",
            "a@b.com; c@d.com": "one_address",
            "a..b@qq.com": "local_part",
            "a b@qq.com": "local_part",
            "x" * 65 + "@qq.com": "local_part",
            "a@localhost": "domain",
            "a@10.0.0.1": "domain",
            "a@-qq.com": "domain",
        }.items():
            self.assertRule(rule, normalize_email, raw)

    def test_phone(self):
        for (raw, country), expected in {
            ("138 0013 8000", "CN"): ("+8613800138000", ""),
            ("８６１３８００１３８０００", "CN"): ("+8613800138000", ""),
            ("0755-86013388 转 8001", "CN"): ("+8675586013388", "8001"),
            ("0755-86013388分机8001", "CN"): ("+8675586013388", "8001"),
            ("0755-86013388-8001", "CN"): ("+8675586013388", "8001"),
            ("(010) 62345678#12", "CN"): ("+861062345678", "12"),
            ("0086 138 0013 8000", "US"): ("+8613800138000", ""),
            ("+1 (870) 931-0505 ext. 23", "CN"): ("+18709310505", "23"),
            ("870 931 0505 x23", "US"): ("+18709310505", "23"),
            ("95588", "CN"): ("95588", ""),
            ("400-812-3123", "CN"): ("+864008123123", ""),
            ("", "CN"): ("", ""),
            (False, None): (False, ""),
        }.items():
            self.assertEqual(normalize_phone(raw, country), expected, raw)

    def test_phone_rules(self):
        for (raw, country), rule in {
            ("010-62345678", None): "country",
            ("abc", "CN"): "form",
            ("1234", "US"): "too_short",
            ("+861380013800012345", "CN"): "too_long",
            ("13800138000 / 13900139000", "CN"): "one_number",
            ("555-123-4567", "US"): "form",
            ("#12", "CN"): "form",
        }.items():
            self.assertRule(rule, normalize_phone, raw, country)

    def test_phone_is_shown_by_locale(self):
        self.assertEqual(format_phone("+8613800138000", "CN"), "138 0013 8000")
        self.assertEqual(format_phone("+8613800138000", "US"), "+86 138 0013 8000")
        self.assertEqual(format_phone("95588", "CN"), "95588")
        self.assertEqual(format_phone(False, "CN"), "")

    def test_tax_numbers(self):
        for (raw, country), expected in {
            ("9111 0000 6000 3734 1l", "CN"): "91110000600037341L",
            ("440300123456789", "CN"): "440300123456789",
            ("11010519491231002x", "CN"): "11010519491231002X",
            ("be 0477.472.701", "BE"): "BE0477472701",
            ("0477472701", "BE"): "0477472701",
            ("BE0477472701", "DE"): "BE0477472701",
            ("EL 094259216", "GR"): "EL094259216",
            ("T7000012050002", "JP"): "7000012050002",
            ("12-3456789", "US"): "12-3456789",
            ("/", "DE"): "/",
            ("anything", None): "ANYTHING",
            (False, "CN"): False,
        }.items():
            self.assertEqual(normalize_vat(raw, country), expected, raw)

    def test_tax_number_rules(self):
        for (raw, country), rule in {
            ("91110000600037342L", "CN"): "uscc_check_digit",
            ("9111000060003734", "CN"): "uscc_length",
            ("91110000600037342L", None): "uscc_check_digit",
            ("BE0477472702", "BE"): "vat_check_digit",
            ("DE12", "DE"): "vat_length",
        }.items():
            error = self.assertRule(rule, normalize_vat, raw, country)
            self.assertEqual(error.field, "vat")
            self.assertEqual(error.value, raw)

    @fuzz(300)
    @given(st.text(max_size=60), st.sampled_from(["CN", "US", "DE", None]))
    def test_any_text_is_normal_or_refused(self, text, country):
        """No input ends in another exception, and normal form is a fixed point."""
        for function in (
            normalize_name,
            normalize_email,
            lambda value: normalize_phone(value, country)[0],
            lambda value: normalize_vat(value, country),
        ):
            try:
                once = function(text)
            except InvalidValue:
                continue
            self.assertEqual(function(once), once)

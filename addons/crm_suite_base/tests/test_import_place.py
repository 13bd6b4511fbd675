from odoo.tests import tagged

from .import_common import ImportCommon

HEAD = "客户名称,省份,城市,手机,统一社会信用代码\n"


@tagged("post_install", "-at_install")
class TestImportPlace(ImportCommon):
    """Lists of one country, imported by a company in another one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.sudo().country_id = cls.env.ref("base.us")

    def _partner(self, name):
        return self.partners.search([("name", "=", name)])

    def test_province_gives_the_country(self):
        text = (
            "客户名称,省份,电话\n甲公司,广东省,0755-86013388\n乙公司,浙江,13800138000\n"
        )
        batch, answer = self._import(text, "gb18030")
        self.assertCounts(answer, created=2)
        first = self._partner("甲公司")
        self.assertEqual(first.country_id.code, "CN")
        self.assertEqual(first.phone, "+8675586013388")
        self.assertEqual(self._partner("乙公司").phone, "+8613800138000")
        self.assertFalse(batch.preview["hints"])
        self.assertCounts(self._import(text, "gb18030")[1], unchanged=2)

    def test_province_of_several_countries_is_asked_for(self):
        _batch, answer = self._import("Name,State\nFar Ltd,Limburg\nTex Inc,Texas\n")
        self.assertCounts(answer, created=1, rejected=1)
        self.assertEqual(self._partner("Tex Inc").country_id.code, "US")

    def test_province_counts_more_than_the_setting(self):
        _batch, answer = self._import(
            "Name,State,Phone\n丙公司,广东省,0755-86013388\nTex Inc,TX,(415) 555-2671\n",
            default_country_id=self.env.ref("base.us").id,
        )
        self.assertCounts(answer, created=2)
        self.assertEqual(self._partner("丙公司").country_id.code, "CN")

    def test_given_country_stays(self):
        _batch, answer = self._import("Name,City,Country\nTex Inc,北京,US\n")
        self.assertCounts(answer, created=1)
        self.assertEqual(self._partner("Tex Inc").country_id.code, "US")

    def test_city_and_tax_number_give_the_country(self):
        _batch, answer = self._import(
            "名称,城市,电话,税号\n"
            "甲公司,深圳市,0755-86013388,\n"
            "乙公司,,0755-86013388,91310000MA1FL0LX92\n"
        )
        self.assertCounts(answer, created=2)
        for name in ("甲公司", "乙公司"):
            self.assertEqual(self._partner(name).country_id.code, "CN")
            self.assertEqual(self._partner(name).phone, "+8675586013388")

    def test_headers_tell_how_numbers_are_dialled(self):
        # Also a number of the United States, were the headers not Chinese.
        _batch, answer = self._import(
            "客户名称,手机,联系电话\n甲公司,13807551234,\n乙公司,(415) 555-2671,\n"
        )
        self.assertCounts(answer, created=2)
        self.assertEqual(self._partner("甲公司").phone, "+8613807551234")
        self.assertEqual(self._partner("乙公司").phone, "+14155552671")

    def test_preview_says_that_the_country_is_missing(self):
        batch = self._batch("Name,Phone\nA,0755-86013388\nB,010-65529988\nC,\n")
        (hint,) = batch.preview["hints"]
        self.assertIn("2 of the first 2 phone numbers", hint)
        self.assertIn("“Country”", hint)
        batch.default_country_id = self.env.ref("base.cn")
        self.assertFalse(batch.preview["hints"])
        self.assertCounts(batch.action_run(), created=3)


@tagged("post_install", "-at_install")
class TestImportKeyChoice(ImportCommon):
    """By what rows are recognised when nobody says so."""

    def test_key_is_shown(self):
        batch = self._batch("名称,税号\n甲,91310000MA1FL0LX92\n")
        self.assertEqual(batch.key_choice["names"], ["vat"])
        self.assertIn("Tax ID", batch.key_choice["text"])
        self.assertEqual(batch.progress()["key"], ["vat"])
        batch.key = "name"
        self.assertEqual(batch.key_choice["names"], ["name"])
        self.assertEqual(batch.action_dry_run()["key"], ["name"])

    def test_empty_column_is_no_key(self):
        text = "名称,税号,邮箱\n甲,,\n乙, ,\n"
        batch, answer = self._import(text)
        self.assertEqual(answer["key"], ["name"])
        self.assertCounts(answer, created=2)
        partner = self.partners.search([("name", "=", "甲")])
        partner.vat = "91310000MA1FL0LX92"
        self.assertCounts(self._import(text)[1], unchanged=2)

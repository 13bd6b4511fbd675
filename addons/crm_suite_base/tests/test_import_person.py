from odoo.tests import tagged

from .import_common import ImportCommon

FILE = (
    "客户名称,联系人,职务,手机,电话,省份\n"
    "深圳甲公司,张伟,采购经理,13800138000,0755-86013388 转 8001,广东省\n"
    "广州乙公司,李娜,,,,\n"
    "无人公司,,,,020-88886666,\n"
)


@tagged("post_install", "-at_install")
class TestImportPerson(ImportCommon):
    """A row of customers that names the contact person as well."""

    def _company(self, name):
        return self.partners.search([("name", "=", name), ("is_company", "=", True)])

    def _fields(self, text):
        return [entry["field"] for entry in self._batch(text).mapping]

    def test_columns_are_recognised(self):
        self.assertEqual(
            self._fields(FILE),
            [
                "name",
                "contact/name",
                "contact/function",
                "contact/phone",
                "phone",
                "state_id",
            ],
        )
        self.assertEqual(
            self._fields("公司名称,联系人,联系电话,地址\na,b,,\n"),
            ["name", "contact/name", "contact/phone", "street"],
        )
        self.assertEqual(
            self._fields("Company,Contact Person,Title,Phone\na,b,c,\n"),
            ["name", "contact/name", "contact/function", "phone"],
        )
        # A list of persons has no company to which they would belong.
        self.assertEqual(
            self._fields("联系人,手机,职务\na,,\n"), ["name", "phone", "function"]
        )

    def test_company_and_person_from_one_row(self):
        batch = self._batch(FILE)
        self.assertCounts(batch.action_dry_run(), created=3)
        self.assertFalse(self._company("深圳甲公司"))
        self.assertCounts(batch.action_run(), created=3)
        company = self._company("深圳甲公司")
        self.assertEqual(company.phone, "+8675586013388")
        self.assertFalse(company.function)
        person = company.child_ids
        self.assertRecordValues(
            person,
            [
                {
                    "name": "张伟",
                    "function": "采购经理",
                    "phone": "+8613800138000",
                    "is_company": False,
                    "type": "contact",
                    "crm_suite_lifecycle_id": False,
                }
            ],
        )
        self.assertEqual(self._company("广州乙公司").child_ids.name, "李娜")
        self.assertFalse(self._company("无人公司").child_ids)

    def test_second_import_changes_nothing(self):
        self._import(FILE)
        self.assertCounts(self._import(FILE)[1], unchanged=3)
        text = FILE.replace("采购经理", "总经理").replace("李娜", "王芳")
        self.assertCounts(self._import(text)[1], updated=2, unchanged=1)
        self.assertEqual(self._company("深圳甲公司").child_ids.function, "总经理")
        people = self._company("广州乙公司").child_ids.mapped("name")
        self.assertEqual(sorted(people), sorted(["李娜", "王芳"]))

    def test_existing_company_is_left_alone_if_wanted(self):
        self._customer(name="广州乙公司", is_company=True)
        self._import(FILE, duplicate_policy="skip")
        self.assertFalse(self._company("广州乙公司").child_ids)

    def test_undo_takes_the_person_back(self):
        company = self._customer(name="广州乙公司", is_company=True)
        batch, answer = self._import(FILE)
        self.assertCounts(answer, created=2, updated=1)
        person = company.child_ids
        self.assertEqual(person.name, "李娜")
        self.assertEqual(batch.action_undo()["kept_count"], 0)
        self.assertFalse(person.exists())
        self.assertTrue(company.exists())
        self.assertFalse(self._company("深圳甲公司"))
        self.assertFalse(self.partners.search([("name", "=", "张伟")]))

    def test_second_person_of_a_company(self):
        text = (
            "客户名称,城市,联系人,手机\n"
            "甲公司,深圳,张伟,13800138000\n"
            "甲公司,,李娜,13900139000\n"
            "甲公司,广州,王芳,\n"
        )
        batch = self._batch(text)
        self.assertCounts(batch.action_dry_run(), created=1, updated=1, rejected=1)
        answer = batch.action_run()
        self.assertCounts(answer, created=1, updated=1, rejected=1)
        self.assertRefused(answer, 4, "客户名称", "Row 2 has the same key")
        people = self._company("甲公司").child_ids.mapped("name")
        self.assertEqual(sorted(people), sorted(["张伟", "李娜"]))

    def test_person_that_is_the_customer(self):
        text = "客户名称,联系人,手机\n张三,张三,13800138000\n李四公司,,13900139000\n"
        self.assertCounts(self._import(text)[1], created=2)
        for name, phone in (("张三", "+8613800138000"), ("李四公司", "+8613900139000")):
            company = self._company(name)
            self.assertEqual(company.phone, phone)
            self.assertFalse(company.child_ids)
        self.assertCounts(self._import(text)[1], unchanged=2)

    def test_values_without_a_person_are_told(self):
        text = "客户名称,联系人,联系人电话,电话\n甲公司,,13800138000,0755-86013388\n"
        _batch, answer = self._import(text)
        self.assertCounts(answer, created=1)
        self.assertRefused(answer, 2, "联系人电话", "no contact person")

    def test_bad_number_names_its_column(self):
        _batch, answer = self._import("客户名称,联系人,手机\n甲公司,张伟,12\n")
        self.assertCounts(answer, rejected=1)
        self.assertRefused(answer, 2, "手机", "12")

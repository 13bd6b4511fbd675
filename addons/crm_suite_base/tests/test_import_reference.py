from odoo.tests import new_test_user, tagged

from .import_common import ImportCommon


@tagged("post_install", "-at_install")
class TestImportReference(ImportCommon):
    """Names in a file that stand for records."""

    def test_owner_by_login_name_and_email(self):
        new_test_user(
            self.env(su=True),
            "owner.of.file",
            name="张持有",
            email="zw@company.example",
            groups="base.group_user",
        )
        text = "名称,负责人\n甲,owner.of.file\n乙,张持有\n丙,ZW@company.example\n丁,nobody\n"
        _batch, answer = self._import(text)
        self.assertCounts(answer, created=3, rejected=1)
        self.assertRefused(answer, 5, "负责人", "nobody")
        owners = self.partners.search([("name", "in", ["甲", "乙", "丙"])]).user_id
        self.assertEqual(owners.login, "owner.of.file")

    def test_two_users_of_one_name_are_not_guessed(self):
        for login in ("wang1", "wang2"):
            new_test_user(
                self.env(su=True), login, name="王芳", groups="base.group_user"
            )
        _batch, answer = self._import("名称,负责人\n甲,王芳\n")
        self.assertRefused(answer, 2, "负责人", "login")

    def test_hierarchy_in_any_order(self):
        text = "名称,编号,上级公司\n孙,R3,子\n子,R2,父\n父,R1,\n"
        for dry in (True, False):
            with self.subTest(dry=dry):
                batch = self._batch(text)
                answer = batch.action_dry_run() if dry else batch.action_run()
                self.assertCounts(answer, created=3)
        top, middle, low = self._by_ref("R1", "R2", "R3")
        self.assertEqual(low.parent_id, middle)
        self.assertEqual(middle.parent_id, top)
        _batch, answer = self._import(text)
        self.assertCounts(answer, unchanged=3)

    def test_circle_is_refused(self):
        _batch, answer = self._import("名称,上级公司\n甲,乙\n乙,甲\n丙,丙\n丁,\n")
        self.assertCounts(answer, created=1, rejected=3)
        self.assertRefused(answer, 2, "", "belongs")

    def test_circle_that_others_belong_to_is_refused(self):
        # Read again and again, a circle would keep the database server busy for ever.
        self.env.cr.execute("SET LOCAL statement_timeout = '10s'")
        text = (
            "名称,编号,上级公司\n甲,A1,\n甲,A2,甲\n乙,B1,丙\n丙,C1,乙\n乙,B2,\n"
            "丁,D1,丙\n戊,E1,甲\n己,F1,戊\n"
        )
        for action in ("action_dry_run", "action_run"):
            with self.subTest(action):
                answer = getattr(self._batch(text), action)()
                self.assertCounts(answer, created=4, rejected=4)
                for row in (3, 4, 5):
                    self.assertRefused(answer, row, "", "belongs")
                self.assertRefused(answer, 7, "上级公司", "row 5")
        self.assertEqual(self._by_ref("E1").parent_id, self._by_ref("A1"))
        self.assertEqual(self._by_ref("F1").parent_id, self._by_ref("E1"))

    def test_contact_called_like_its_company(self):
        self.env.cr.execute("SET LOCAL statement_timeout = '10s'")
        batch = self._batch("姓名,公司\n张伟,张伟\n张伟,某公司\n", target="contact")
        self._map(batch, "name", "parent_id/name")
        answer = batch.action_run()
        self.assertCounts(answer, created=1, rejected=1)
        self.assertRefused(answer, 2, "", "belongs")

    def test_card_of_a_company_is_no_contact_of_itself(self):
        card = "BEGIN:VCARD\nVERSION:3.0\n{}\nEND:VCARD\n"
        text = card.format("FN:ACME\nORG:ACME") + card.format("ORG:Big Co")
        batch = self._batch(text, target="contact", file_name="cards.vcf")
        fields = {entry["field"] for entry in batch.mapping}
        self.assertLessEqual({"name", "parent_id/name"}, fields)
        self.assertCounts(batch.action_run(), created=2)

    def test_rejected_parent_takes_its_children_along(self):
        text = "名称,邮箱,上级公司\n甲,wrong,\n乙,,甲\n"
        for action in ("action_dry_run", "action_run"):
            batch = self._batch(text, key="name")
            answer = getattr(batch, action)()
            self.assertCounts(answer, rejected=2)
            self.assertRefused(answer, 3, "上级公司", "row 2")

    def test_missing_parent_is_created_or_refused(self):
        text = "名称,上级公司\n甲,不存在集团\n"
        _batch, answer = self._import(text, create_missing=False)
        self.assertCounts(answer, rejected=1)
        self.assertRefused(answer, 2, "上级公司", "不存在集团")
        _batch, answer = self._import(text)
        self.assertCounts(answer, created=1)
        self.assertEqual(answer["implied"], 1)
        parent = self.partners.search([("name", "=", "不存在集团")])
        self.assertEqual(parent.child_ids.name, "甲")
        self.assertTrue(parent.is_company and parent.crm_suite_lifecycle_id)

    def test_subsidiary_keeps_its_own_address(self):
        text = "名称,上级公司,国家,城市\n父,,US,Boston\n子,父,KE,Nairobi\n"
        self._import(text)
        parent, child = self.partners.search([("name", "in", ["父", "子"])], order="id")
        self.assertEqual((parent.city, child.city), ("Boston", "Nairobi"))
        self.assertEqual(child.country_id.code, "KE")
        _batch, answer = self._import(text)
        self.assertCounts(answer, unchanged=2)

    def test_country_and_state_in_both_languages(self):
        text = (
            "名称,编号,国家,省\n甲,S1,China,Guangdong\n乙,S2,中国,广东\n"
            "丙,S3,CN,广东省\n丁,S4,USA,CA\n戊,S5,base.cn,广西\n"
        )
        self.env(su=True)["res.lang"]._activate_lang("zh_CN")
        self.env.ref("base.cn").with_context(lang="zh_CN").sudo().name = "中国"
        _batch, answer = self._import(text)
        self.assertCounts(answer, created=5)
        partners = self._by_ref("S1", "S2", "S3", "S4", "S5")
        self.assertEqual(partners.mapped("country_id.code"), ["CN", "US"])
        states = [partner.state_id.name for partner in partners]
        self.assertEqual(len(set(states[:3])), 1, states)
        self.assertEqual(partners[3].state_id.code, "CA")
        self.assertIn("广西", states[4])

    def test_slip_of_the_pen_is_read_and_noted(self):
        _batch, answer = self._import("名称,国家\n甲,Philipines\n乙,Atlantis\n")
        self.assertCounts(answer, created=1, rejected=1)
        self.assertRefused(answer, 2, "国家", "was read as")
        self.assertRefused(answer, 3, "国家", "Atlantis")

    def test_tags_and_industries_are_created_once(self):
        text = "名称,标签,行业\n甲,VIP；展会,新行业\n乙,vip,新行业\n丙,展会,新行业\n"
        batch, answer = self._import(text)
        self.assertCounts(answer, created=3)
        tags = self.env["res.partner.category"].search(
            [("name", "in", ["VIP", "展会"])]
        )
        self.assertEqual(len(tags), 2)
        self.assertEqual(tags.partner_ids.mapped("industry_id.name"), ["新行业"])
        answer = batch.action_undo()
        self.assertFalse(tags.exists(), answer["kept"])

    def test_tags_are_refused_if_not_allowed(self):
        text = "名称,标签\n甲,没有的标签\n"
        _batch, answer = self._import(text, create_missing=False)
        self.assertRefused(answer, 2, "标签", "没有的标签")

    def test_contacts_of_one_company(self):
        text = (
            "姓名,公司,邮箱,电话\n王磊,华强电子,wang@hq.example,13800138000\n"
            "李娜,华强电子,li@hq.example,\n散客,,san@ke.example,\n"
        )
        batch = self._batch(text, target="contact")
        self._map(batch, "name", "parent_id/name", "email", "phone")
        self.assertEqual(batch.default_type, "person")
        answer = batch.action_run()
        self.assertCounts(answer, created=3)
        self.assertEqual(answer["implied"], 1)
        company = self.partners.search([("name", "=", "华强电子")])
        self.assertEqual(set(company.child_ids.mapped("name")), {"王磊", "李娜"})
        self.assertFalse(company.child_ids.crm_suite_lifecycle_id)
        alone = self.partners.search([("name", "=", "散客")])
        self.assertTrue(alone.crm_suite_lifecycle_id)

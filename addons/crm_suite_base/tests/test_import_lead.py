import base64

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import ROLE
from .custom_field_common import CustomFieldCase
from .import_common import ImportHelpers
from .test_duplicate import DuplicateCase

FILE = (
    "标题,公司名称,联系人,邮箱,手机,线索编号,省份,商机金额,标签,负责人,备注\n"
    "采购示波器,深圳甲仪器有限公司,王小明,WANG@jia.example,13800138000,L-1,广东,86000,展会;新客,{rep},要两台\n"
    ",广州乙科技有限公司,李娜,li@yi.example,,L-2,,,,,\n"
    "无人,,,,,L-3,,,,,\n"
    "坏邮箱,丙公司,,notmail,,L-4,,,,,\n"
    ",,,,,L-5,,,,,\n"
)


@tagged("post_install", "-at_install")
class TestImportLead(ImportHelpers, DuplicateCase):
    """Leads come in from files as customers do: found again, checked, undone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leads = cls.env["crm.lead"]
        cls.file = FILE.format(rep=cls.rep.login)

    def _import_leads(self, text=None, **values):
        return self._import(text or self.file, target="lead", **values)

    def _lead(self, reference):
        leads = self.leads.with_context(active_test=False)
        return leads.search([("crm_suite_reference", "=", reference)])

    def test_headers_are_understood(self):
        batch = self._batch(self.file, target="lead")
        self.assertEqual(
            [entry["field"] for entry in batch.mapping],
            [
                "name",
                "partner_name",
                "contact_name",
                "email_from",
                "phone",
                "crm_suite_reference",
                "state_id",
                "expected_revenue",
                "tag_ids",
                "user_id",
                "description",
            ],
        )
        self.assertEqual(batch.key_choice["names"], ["crm_suite_reference"])

    def test_rows_become_leads(self):
        _batch, answer = self._import_leads()
        self.assertCounts(answer, created=3, rejected=2)
        self.assertRefused(answer, 5, "邮箱", "notmail")
        self.assertRefused(answer, 6, "标题", "title")
        lead = self._lead("L-1")
        self.assertRecordValues(
            lead,
            [
                {
                    "name": "采购示波器",
                    "partner_name": "深圳甲仪器有限公司",
                    "contact_name": "王小明",
                    "email_from": "wang@jia.example",
                    "phone": "+8613800138000",
                    "country_id": self.env.ref("base.cn").id,
                    "state_id": self.env.ref("base.state_cn_GD").id,
                    "expected_revenue": 86000,
                    "user_id": self.rep.id,
                }
            ],
        )
        self.assertEqual(set(lead.tag_ids.mapped("name")), {"展会", "新客"})
        self.assertIn("要两台", lead.description)
        second = self._lead("L-2")
        self.assertIn("广州乙科技有限公司", second.name)
        self.assertFalse(second.user_id, "it waits for a policy or a claim")

    def test_the_same_file_twice_changes_nothing(self):
        self._import_leads()
        batch, answer = self._import_leads()
        self.assertCounts(answer, unchanged=3, rejected=2)
        self.assertEqual(batch.operation_id.record_count, 0)

    def test_update_and_undo(self):
        self._import_leads()
        lead = self._lead("L-1")
        lead.expected_revenue = 90000
        text = "线索编号,商机金额\nL-1,120000\nL-9,5\n"
        batch, answer = self._import_leads(text, mode="update")
        self.assertCounts(answer, updated=1, rejected=1)
        self.assertEqual(lead.expected_revenue, 120000)
        batch.action_undo()
        self.assertEqual(lead.expected_revenue, 90000)

    def test_undo_removes_new_leads(self):
        batch, _answer = self._import_leads()
        leads = self._lead("L-1") | self._lead("L-2")
        batch.action_undo()
        self.assertFalse(leads.exists())

    def test_by_email_only_open_leads_are_found(self):
        self.leads.search([("email_normalized", "=", "wang@jia.example")]).unlink()
        text = "标题,邮箱,商机金额\n第一问,wang@jia.example,10\n"
        self._import_leads(text)
        lead = self.leads.search([("email_normalized", "=", "wang@jia.example")])
        again = "标题,邮箱,商机金额\n第一问,wang@jia.example,20\n"
        _batch, answer = self._import_leads(again)
        self.assertCounts(answer, updated=1)
        lead.action_set_won()
        _batch, answer = self._import_leads(again)
        self.assertCounts(answer, created=1)

    def test_one_title_is_not_one_lead(self):
        text = "标题,邮箱\n展会咨询,\n展会咨询,\n"
        _batch, answer = self._import_leads(text)
        self.assertCounts(answer, created=2)
        _batch, answer = self._import_leads(text)
        self.assertCounts(answer, created=2)

    def test_lost_leads_are_found_by_their_number(self):
        self._import_leads()
        lead = self._lead("L-1")
        lead.action_set_lost()
        _batch, answer = self._import_leads("线索编号,商机金额\nL-1,7\n", mode="update")
        self.assertCounts(answer, updated=1)
        self.assertEqual((lead.active, lead.expected_revenue), (False, 7))

    def test_customer_by_reference(self):
        self.first.ref = "LEAD-CUSTOMER"
        text = "标题,客户（编号）,线索编号\n续订,LEAD-CUSTOMER,L-20\n别的,NOBODY,L-21\n"
        batch = self._batch(text, target="lead")
        self._map(batch, "name", "partner_id/ref", "crm_suite_reference")
        answer = batch.action_run()
        self.assertCounts(answer, created=1, rejected=1)
        self.assertRefused(answer, 3, "客户（编号）", "NOBODY")
        lead = self._lead("L-20")
        self.assertEqual(lead.partner_id, self.first)
        self.assertFalse(self._pairs(lead), "its own customer is no duplicate")

    def test_duplicate_rules_are_asked(self):
        """A lead like one that is there is noted; what is warned of stands by its row."""
        self._import_leads()
        self._rule("lead_email").on_import = "warn"
        text = "标题,邮箱,线索编号\n再问,wang@jia.example,L-30\n"
        batch, answer = self._import_leads(text)
        self.assertCounts(answer, created=1)
        first, lead = self._lead("L-1"), self._lead("L-30")
        pair = self._pairs(lead)
        self.assertEqual({pair.left_id, pair.right_id}, {first.id, lead.id})
        self.assertIn("may be the same as", str(batch.row_ids.problems))

    def test_a_refused_lead_is_the_one_that_is_there(self):
        self._import_leads()
        self._rule("lead_email").on_import = "block"
        text = "标题,邮箱,线索编号\n再问,wang@jia.example,L-31\n"
        _batch, answer = self._import_leads(text)
        self.assertCounts(answer, updated=1)
        self.assertFalse(self._lead("L-1"))
        self.assertEqual(self._lead("L-31").name, "再问")

    def test_like_a_customer(self):
        """A customer is not the lead that a row means, only like it."""
        text = "标题,公司名称,邮箱,线索编号\n问,赤岩,info@chiyan-test.example,L-32\n"
        self._rule("lead_email").write({"on_import": "block", "with_customers": True})
        _batch, answer = self._import_leads(text)
        self.assertCounts(answer, rejected=1)

    def test_denied(self):
        plain = new_test_user(self.env, "lead_plain", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["crm.suite.import.batch"].with_user(plain).create(
                {"target": "lead"}
            )
        steward = new_test_user(self.env, "lead_steward", f"{ROLE}data_steward")
        self.assertFalse(self.leads.with_user(steward).has_access("create"))
        batch = self.env["crm.suite.import.batch"].with_user(steward)
        data = base64.b64encode(self.file.encode())
        batch = batch.create({"file": data, "file_name": "a.csv", "target": "lead"})
        with self.assertRaises(AccessError):
            batch.action_run()


@tagged("post_install", "-at_install")
class TestImportLeadFields(ImportHelpers, CustomFieldCase):
    def test_custom_fields_are_columns(self):
        field = self.add("Booth", model="crm.lead")
        batch = self._batch("标题,Booth,线索编号\n展会,A12,L-40\n", target="lead")
        self.assertEqual(batch.mapping[1]["field"], field.technical_name)
        self.assertCounts(batch.action_run(), created=1)
        lead = self.env["crm.lead"].search([("crm_suite_reference", "=", "L-40")])
        self.assertEqual(lead[field.technical_name], "A12")

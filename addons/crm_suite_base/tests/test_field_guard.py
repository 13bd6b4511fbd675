from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..models.duplicate_entry import KNOWN
from .common import CustomerCase


@tagged("post_install", "-at_install")
class TestFieldGuard(CustomerCase):
    """What the application itself keeps, nobody writes, whichever way he comes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls._create_customer(name="赤岩阀门有限公司", user_id=cls.rep.id)
        cls.grade = cls.env["crm.suite.grade"].search([], limit=1)

    def test_found_by_the_application(self):
        for name, value in (
            ("crm_suite_keys", {}),
            ("crm_suite_blocks", []),
            ("crm_suite_quality", 100),
            ("crm_suite_reviewed_by_id", self.lead.id),
            ("crm_suite_grade_rule_id", False),
            ("crm_suite_lifecycle_date", "2020-01-01 00:00:00"),
            ("crm_suite_approval_id", False),
        ):
            with self.subTest(name), self.assertRaisesRegex(AccessError, "keeps"):
                self.customer.with_user(self.rep).write({name: value})
            with self.subTest(name), self.assertRaisesRegex(AccessError, "keeps"):
                self.env["res.partner"].with_user(self.rep).create(
                    {"name": "x", name: value}
                )
        with self.assertRaisesRegex(AccessError, "keeps"):
            self.env["sale.order"].with_user(self.rep).create(
                {"partner_id": self.customer.id, "crm_suite_approval_id": False}
            )

    def test_whose_eyes_a_segment_has(self):
        segment = (
            self.env["crm.suite.segment"]
            .with_user(self.rep)
            .create(
                {"name": "With whose eyes", "definition": {"op": "all", "items": []}}
            )
        )
        for values in (
            {"definition_user_id": self.env.ref("base.user_admin").id},
            {"member_count": 999},
            {"problem": "none"},
        ):
            with self.assertRaisesRegex(AccessError, "keeps"):
                segment.write(values)
        self.assertEqual(segment.definition_user_id, self.rep)
        segment.action_refresh()

    def test_the_reason_of_a_grade_by_hand(self):
        self.customer.with_user(self.lead).crm_suite_grade_override_id = self.grade
        yesterday = fields.Date.today() - timedelta(days=1)
        for name, value in (
            ("crm_suite_grade_override_until", yesterday),
            ("crm_suite_grade_override_reason", "mine"),
        ):
            with self.assertRaisesRegex(AccessError, "Grades are given"):
                self.customer.with_user(self.rep).write({name: value})
        with self.assertRaisesRegex(UserError, "over already"):
            self.customer.with_user(
                self.lead
            ).crm_suite_grade_override_until = yesterday
        with self.assertRaisesRegex(UserError, "over already"):
            self.customer.with_user(self.lead).write(
                {
                    "crm_suite_grade_override_id": self.grade.id,
                    "crm_suite_grade_override_until": yesterday,
                }
            )

    def test_decide_by_hand_in_the_form(self):
        form = Form(
            self.env["crm.suite.override"]
            .with_user(self.lead)
            .with_context(active_model="res.partner", active_ids=self.customer.ids)
        )
        form.grade_id = self.grade
        form.reason = "Their chairman buys himself"
        form.save().action_decide()
        self.assertEqual(self.customer.crm_suite_grade_id, self.grade)

    def test_the_merge_of_the_host(self):
        other = self._create_customer(name="赤岩阀门", user_id=self.rep.id)
        pair = self.customer | other
        pair.with_context(crm_suite_no_duplicate_check=KNOWN).email = "a@chiyan.example"
        self.rep.group_ids = [
            Command.link(self.env.ref("base.group_partner_manager").id)
        ]
        wizard = (
            self.env["base.partner.merge.automatic.wizard"]
            .with_user(self.rep)
            .sudo(False)
        )
        with self.assertRaisesRegex(AccessError, "merged by data stewards"):
            wizard._merge(pair.ids, self.customer)
        self.assertTrue(other.exists())

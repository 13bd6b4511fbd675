from datetime import timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .rules_common import RulesCase


@tagged("post_install", "-at_install")
class TestGrade(RulesCase):
    """Grades by hand beside the grades by rules."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_grade_rule("C", [])
        cls.GradeRule._recalculate(cls.customer.ids)

    def decide(self, user=None, **values):
        wizard = self.env["crm.suite.override"].with_user(user or self.lead)
        return wizard.create(
            {
                "partner_ids": [(6, 0, self.customer.ids)],
                "topic": "grade",
                "grade_id": self.grades["A"].id,
                "reason": "Signed a frame contract",
                **values,
            }
        ).action_decide()

    def test_by_hand_survives_the_run(self):
        self.decide(until=self.today + timedelta(days=5))
        self.GradeRule._recalculate(self.customer.ids)
        self.assertEqual(self.customer.crm_suite_grade_id, self.grades["A"])
        self.assertEqual(self.customer.crm_suite_grade_override_user_id, self.lead)
        self.assertFalse(self.customer.crm_suite_grade_rule_id)

    def test_last_day_counts(self):
        self.decide(until=self.today)
        self.GradeRule._recalculate(self.customer.ids)
        self.assertEqual(self.customer.crm_suite_grade_id, self.grades["A"])

    def test_expires(self):
        self.decide()
        self.customer.crm_suite_grade_override_until = self.today - timedelta(days=1)
        self.GradeRule._recalculate(self.customer.ids)
        self.assertEqual(self.customer.crm_suite_grade_id, self.grades["C"])
        self.assertFalse(self.customer.crm_suite_grade_override_id)
        self.assertFalse(self.customer.crm_suite_grade_override_reason)

    def test_the_last_day_is_one_of_the_company(self):
        """Whoever runs the rules and wherever: it ends when it is over there."""
        with freeze_time("2026-11-23 04:00:00"):
            self.decide(until="2026-11-23")
        calendar = self.env.company.resource_calendar_id
        for zone, code in (("Asia/Shanghai", "C"), ("America/New_York", "A")):
            calendar.tz = zone
            for runner in ("Pacific/Auckland", "UTC"):
                rules = self.GradeRule.with_context(tz=runner)
                with (
                    freeze_time("2026-11-23 17:00:00"),
                    self.subTest(zone=zone, runner=runner),
                ):
                    with self.env.cr.savepoint() as savepoint:
                        rules._recalculate(self.customer.ids)
                        self.assertEqual(self.customer.crm_suite_grade_id.code, code)
                        savepoint.rollback()
                    self.env.invalidate_all(flush=False)

    def test_setter_chooses_a_day_of_the_company(self):
        self.env.company.resource_calendar_id.tz = "Asia/Shanghai"
        with freeze_time("2026-11-23 17:00:00"):
            with self.assertRaisesRegex(UserError, "over already"):
                self.decide(until="2026-11-23")
            self.decide(until="2026-11-24")

    def test_program_that_names_no_end_gives_the_days_of_the_settings(self):
        """By the window an open end is a choice; a program or a file gets one."""
        self.decide(until=False)
        self.assertFalse(self.customer.crm_suite_grade_override_until)
        customer = self.customer.with_user(self.lead)
        customer.crm_suite_grade_id = self.grades["B"]
        ends = self.today + timedelta(days=90)
        self.assertEqual(customer.crm_suite_grade_override_until, ends)
        self.env["ir.config_parameter"].set_param("crm_suite_base.override_days", 7)
        customer.write({"crm_suite_grade_override_id": self.grades["A"].id})
        ends = self.today + timedelta(days=7)
        self.assertEqual(customer.crm_suite_grade_override_until, ends)
        stage = self.stage_of("loyal")
        customer.write({"crm_suite_lifecycle_override_id": stage.id})
        self.assertEqual(customer.crm_suite_lifecycle_override_until, ends)
        self.assertTrue(customer.crm_suite_lifecycle_override_reason)
        with self.assertRaisesRegex(UserError, "over already"):
            customer.write(
                {
                    "crm_suite_lifecycle_override_id": stage.id,
                    "crm_suite_lifecycle_override_until": "2020-01-01",
                }
            )

    def test_release(self):
        self.decide()
        wizard = self.env["crm.suite.override"].with_user(self.lead)
        wizard = wizard.create(
            {"partner_ids": [(6, 0, self.customer.ids)], "topic": "grade"}
        )
        self.assertTrue(wizard.is_set)
        wizard.action_release()
        self.assertEqual(self.customer.crm_suite_grade_id, self.grades["C"])

    def test_needs_a_reason(self):
        for values in ({"reason": " "}, {"grade_id": False}):
            with self.subTest(values=values), self.assertRaises(UserError):
                self.decide(**values)
        with self.assertRaisesRegex(UserError, "over already"):
            self.decide(until=self.today - timedelta(days=1))

    def test_who_may(self):
        for user in (self.rep, self.agent, self.marketer, self.plain):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.decide(user=user)
        self.decide(user=self.steward)

    def test_written_by_a_program(self):
        """A grade written by import or API is a decision too."""
        self.customer.with_user(self.steward).crm_suite_grade_id = self.grades["B"]
        self.GradeRule._recalculate(self.customer.ids)
        self.assertEqual(self.customer.crm_suite_grade_id, self.grades["B"])
        self.assertEqual(self.customer.crm_suite_grade_override_user_id, self.steward)
        with self.assertRaises(AccessError):
            self.customer.with_user(self.rep).crm_suite_grade_id = self.grades["A"]

    def test_created_with_a_grade(self):
        partner = self._create_customer(
            name="Imported", crm_suite_grade_id=self.grades["B"].id
        )
        self.GradeRule._recalculate(partner.ids)
        self.assertEqual(partner.crm_suite_grade_id, self.grades["B"])

    def test_several_at_once_can_be_undone(self):
        second = self._create_customer(name="Second")
        self.GradeRule._recalculate(second.ids)
        self.decide(partner_ids=[(6, 0, (self.customer | second).ids)])
        operation = self.env["crm.suite.operation"].search(
            [("kind", "=", "mass_edit"), ("user_id", "=", self.lead.id)],
            order="id desc",
            limit=1,
        )
        self.assertFalse(operation.with_user(self.lead).action_undo()["kept"])
        self.assertEqual(self.customer.crm_suite_grade_id, self.grades["C"])
        self.assertFalse(second.crm_suite_grade_override_id)

    def test_bad_grades(self):
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env["crm.suite.grade"].create(
                {"name": "X", "code": "X", "discount_limit": 120}
            )

    def test_undo_of_creation_ignores_the_rules(self):
        """A customer that a rule has graded since is no edited one."""
        operations = self.env["crm.suite.operation"].with_user(self.steward)
        with operations.record("import", "List") as operation:
            partner = operations.env["res.partner"].create(
                {"name": "From a list", "crm_suite_lifecycle_id": self.stage.id}
            )
        self.env["crm.suite.recalculation"]._run(partner.ids)
        self._create_lifecycle_rule("loyal", [])
        self.LifecycleRule._recalculate(partner.ids)
        self.assertTrue(partner.crm_suite_grade_id)
        result = operation.action_undo()
        self.assertFalse(result["kept"])
        self.assertFalse(partner.exists())

    def test_default_rules_are_in_force(self):
        """The addon brings rules for companies and people, applied from the start."""
        rules = self.env["ir.model.data"].search(
            [
                ("module", "=", "crm_suite_base"),
                ("model", "=", "crm.suite.grade.rule"),
            ]
        )
        self.assertGreaterEqual(len(rules), 8)
        # The fixture switched them off: put them back as they come.
        records = self.GradeRule.with_context(active_test=False).browse(
            rules.mapped("res_id")
        )
        records.write({"active": True})
        records._publish_defaults()
        self.assertEqual(set(records.mapped("state")), {"published"})
        self._set_figures(
            self.customer, revenue_12m=25000, purchase_count_12m=4, purchase_count=4
        )
        person = self._create_customer(name="Person", is_company=False)
        self._set_figures(
            person, revenue_12m=300, purchase_count_12m=4, purchase_count=4
        )
        late = self._create_customer(name="Late payer")
        self._set_figures(
            late,
            revenue_12m=90000,
            purchase_count_12m=9,
            purchase_count=9,
            receivable_overdue=10,
            overdue_since=self.today - timedelta(days=120),
        )
        lead = self._create_customer(name="New")
        partners = self.customer | person | late | lead
        self.GradeRule.search([("id", "not in", records.ids)]).write({"version": 0})
        self.GradeRule._recalculate(partners.ids)
        self.assertEqual(
            [p.crm_suite_grade_id.code for p in partners], ["A", "B", "D", False]
        )

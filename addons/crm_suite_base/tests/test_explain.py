from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .rules_common import RulesCase

FORMAT = {
    "topic",
    "title",
    "sentence",
    "result",
    "rule",
    "inputs",
    "steps",
    "at",
    "note",
}


@tagged("post_install", "-at_install")
class TestExplain(RulesCase):
    """The reasons of a value as data, in the words and with the rights of the reader."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_figures(
            cls.customer, revenue_12m=90000, purchase_count=4, silent_for=10
        )
        cls.first = cls._create_grade_rule(
            "A", [("crm_suite_revenue_12m", ">=", 100000)], sequence=1
        )
        cls.second = cls._create_grade_rule(
            "B", [("crm_suite_revenue_12m", ">=", 50000)], sequence=2
        )
        cls._create_grade_rule("C", [], sequence=3)
        cls.GradeRule._recalculate(cls.customer.ids)

    def explain(self, topic="grade", user=None, record=None):
        record = record or self.customer
        return record.with_user(user or self.steward).explain(topic)

    def test_format(self):
        for topic in ("grade", "lifecycle", "quality"):
            answer = self.explain(topic)
            with self.subTest(topic=topic):
                self.assertEqual(set(answer), FORMAT)
                self.assertEqual(answer["topic"], topic)
                for value in answer["inputs"]:
                    self.assertEqual(set(value), {"name", "label", "text"})
                for step in answer["steps"]:
                    self.assertEqual(set(step), {"text", "met"})

    def test_grade(self):
        answer = self.explain()
        self.assertEqual(answer["result"]["text"], "B")
        self.assertIn("Rule B", answer["sentence"])
        self.assertEqual(
            answer["rule"],
            {
                "name": "Rule B",
                "version": 1,
                "model": "crm.suite.grade.rule",
                "id": self.second.id,
            },
        )
        self.assertEqual([s["met"] for s in answer["steps"]], [False, True])
        self.assertIn("100,000", answer["steps"][0]["text"])
        revenue = {i["name"]: i["text"] for i in answer["inputs"]}
        self.assertIn("90,000.00", revenue["crm_suite_revenue_12m"])
        self.assertTrue(answer["at"])
        self.assertFalse(answer["note"])

    def test_no_grade(self):
        self.GradeRule.search([]).write({"version": 0})
        self.GradeRule._recalculate(self.customer.ids)
        answer = self.explain()
        self.assertFalse(answer["rule"])
        self.assertIn("No rule fits", answer["sentence"])

    def test_facts_changed_since(self):
        self._set_figures(self.customer, revenue_12m=200000)
        self.assertIn("Rule A", self.explain()["note"])

    def test_contact_is_told_of_its_company(self):
        self.assertEqual(self.explain(record=self.person)["result"]["text"], "B")

    def test_unknown_topic(self):
        for topic in ("weather", "", None, {}, "topics", "_x"):
            with self.subTest(topic=topic):
                with self.assertRaisesRegex(
                    UserError, "grade, lifecycle, owner, pool, quality"
                ):
                    self.explain(topic)

    def test_rule_is_linked_for_its_readers_only(self):
        rule = self.explain(user=self.rep)["rule"]
        self.assertEqual((rule["id"], rule["model"]), (False, False))
        self.assertEqual(rule["name"], "Rule B")

    def test_closed_fields_stay_away(self):
        """Who may not know what a customer owes does not learn it here."""
        self._set_figures(self.customer, receivable_overdue=777, revenue_12m=90000)
        self._create_grade_rule("D", [("crm_suite_overdue", ">", 999)], sequence=0)
        names = {i["name"] for i in self.explain(user=self.steward)["inputs"]}
        self.assertIn("crm_suite_overdue", names)
        names = {i["name"] for i in self.explain(user=self.agent)["inputs"]}
        self.assertNotIn("crm_suite_overdue", names)

    def test_denied(self):
        with self.assertRaises(AccessError):
            self.explain(user=self.plain)
        other = self._other_company()
        theirs = self._create_customer(name="Theirs", company_id=other.id)
        with self.assertRaises(AccessError):
            self.explain(record=theirs)

    def test_figures_of_another_company_stay_away(self):
        """A shared customer that buys elsewhere: the grade is seen, not the figures."""
        other = self._other_company()
        self._set_figures(
            self.customer, company=other, purchase_count=99, revenue_12m=60000
        )
        answer = self.explain()
        self.assertFalse(answer["inputs"])

    def test_by_hand(self):
        self.customer.with_user(self.lead).write(
            {
                "crm_suite_grade_override_id": self.grades["A"].id,
                "crm_suite_grade_override_reason": "Frame contract",
                "crm_suite_grade_override_until": "2099-12-31",
            }
        )
        answer = self.explain()
        self.assertIn(self.lead.name, answer["sentence"])
        self.assertIn("Frame contract", [i["text"] for i in answer["inputs"]])
        self.assertFalse(answer["rule"])

    def test_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        answer = self.customer.with_context(lang="zh_CN").explain("grade")
        self.assertEqual(answer["title"], "等级")
        self.assertIn("销售额", answer["steps"][0]["text"])

    def test_fixed_number_of_queries(self):
        """As many rules as there are, one query finds out which of them fit."""
        self.explain()
        count = self.env.cr.sql_log_count
        self.env.invalidate_all()
        self.explain()
        few = self.env.cr.sql_log_count - count
        for number in range(10):
            self._create_grade_rule("A", [("city", "=", f"X{number}")], sequence=-9)
        self.explain()
        count = self.env.cr.sql_log_count
        self.env.invalidate_all()
        self.explain()
        self.assertLessEqual(self.env.cr.sql_log_count - count, few + 3)

    def test_step(self):
        self._create_lifecycle_rule("repeat", [("crm_suite_purchase_count", ">", 1)])
        self.LifecycleRule._recalculate(self.customer.ids)
        self._set_figures(self.customer, purchase_count=99)
        step = self.customer.crm_suite_transition_ids[:1]
        answer = step.with_user(self.rep).explain("step")
        self.assertIn("To repeat", answer["sentence"])
        inputs = {i["name"]: i["text"] for i in answer["inputs"]}
        self.assertEqual(inputs["crm_suite_purchase_count"], "4", "as it was then")

    def test_360(self):
        identity = self.env["res.partner"].with_user(self.rep)
        identity = identity.crm_suite_360(self.person.id)["blocks"]["identity"]
        self.assertEqual(identity["grade"]["code"], "B")
        self.assertEqual(identity["customer_id"], self.customer.id)
        self.assertFalse(identity["grade_by_hand"])

    def test_rule_names_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.second.with_context(lang="zh_CN").name = "好公司"
        answer = self.customer.with_context(lang="zh_CN").explain("grade")
        self.assertEqual(answer["rule"]["name"], "好公司")

    def test_tags_in_a_condition(self):
        tag = self.env["res.partner.category"].create({"name": "Fair 2026"})
        self.customer.category_id = [Command.link(tag.id)]
        self._create_grade_rule("A", [("category_id", "in", [tag.id])], sequence=0)
        self.GradeRule._recalculate(self.customer.ids)
        answer = self.explain()
        self.assertIn("Fair 2026", [i["text"] for i in answer["inputs"]])

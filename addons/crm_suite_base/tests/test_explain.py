from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ROLE, CustomerCase
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

    def test_rules_over_closed_fields_tell_nothing(self):
        """Whom they fit would tell what the reader may not know."""
        rule = self._create_grade_rule(
            "D", [("crm_suite_overdue", ">", 99)], sequence=0, name="Owes us"
        )
        closed = {"text": "A rule about figures that you may not see", "met": None}
        for owed in (0, 777):
            self._set_figures(self.customer, receivable_overdue=owed, revenue_12m=90000)
            answer = self.explain(user=self.rep)
            self.assertEqual(answer["steps"][0], closed)
            self.assertNotIn("Owes us", repr(answer))
            self.assertNotIn("verdue", repr(answer))
            step = self.explain(user=self.steward)["steps"][0]
            self.assertEqual(step["met"], bool(owed))
        self.assertIn("may not see", answer["note"])
        self.GradeRule._recalculate(self.customer.ids)
        self.assertEqual(self.customer.crm_suite_grade_rule_id, rule)
        answer = self.explain(user=self.rep)
        self.assertIn("may not see gives the grade D", answer["sentence"])
        self.assertEqual((answer["rule"], answer["steps"]), (False, [closed]))
        self.assertNotIn("Owes us", repr(answer))
        self.assertEqual(self.explain(user=self.steward)["rule"]["name"], "Owes us")

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

    def test_step_by_the_figures_of_another_company(self):
        self._create_lifecycle_rule("repeat", [])
        self._set_figures(
            self.customer, company=self._other_company(), purchase_count=99
        )
        self.LifecycleRule._recalculate(self.customer.ids)
        step = self.customer.crm_suite_transition_ids[:1]
        self.assertFalse(step.with_user(self.rep).explain("step")["inputs"])
        self.assertTrue(step.sudo().explain("step")["inputs"])

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


@tagged("post_install", "-at_install")
class TestExplainMerge(CustomerCase):
    """Why one record stayed, and whose values count."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.twin = cls._create_customer(
            name="Twin", ref="T-77", website="https://twin.example", user_id=cls.rep.id
        )

    def _merge(self, *args):
        partners = (self.customer | self.twin).with_user(self.steward)
        id_ = partners.crm_suite_merge(*args)
        return self.env["crm.suite.operation"].browse(id_).with_user(self.steward)

    def test_by_rule(self):
        self.twin.active = False
        answer = self._merge().explain("merge")
        self.assertIn(self.customer.name, answer["sentence"])
        self.assertIn("it is the one in use", answer["sentence"])
        told = "; ".join(step["text"] for step in answer["steps"])
        self.assertIn("Reference of Twin: the one that stayed had less", told)
        self.assertNotIn("T-77", told, "whose it was, not what it says")

    def test_by_a_person(self):
        operation = self._merge(self.twin.id, {"name": self.customer.id})
        answer = operation.explain("merge")
        self.assertIn(f"{self.steward.name} chose it", answer["sentence"])
        told = "; ".join(step["text"] for step in answer["steps"])
        self.assertIn(f"chosen by {self.steward.name}", told)

    def test_who_may_not_see_the_operation(self):
        operation = self._merge()
        with self.assertRaises(AccessError):
            operation.with_user(self.rep).explain("merge")
        with self.assertRaises(AccessError):
            operation.write({"why": {}})

    def test_leads_and_what_was_merged_before(self):
        leads = self.env["crm.lead"].create([{"name": "a"}, {"name": "b"}])
        leads.with_user(self.lead).merge_opportunity()
        operations = self.env["crm.suite.operation"]
        found = operations.search([("res_model", "=", "crm.lead")], limit=1)
        self.assertIn("furthest", found.explain("merge")["sentence"])
        operation = self._merge()
        operation.sudo().why = False
        self.assertIn("not noted", operation.explain("merge")["sentence"])


@tagged("post_install", "-at_install")
class TestExplainRequests(CustomerCase):
    """Why a piece of work went to whom, and who decides."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.suite.absence"].search([]).sudo().state = "cancelled"
        cls.cover, cls.second = (
            new_test_user(cls.env, f"suite_{name}", f"{ROLE}sales_rep")
            for name in ("cover", "second")
        )

    def _absence(self, user, cover, state=True):
        now = fields.Datetime.now()
        absence = self.env["crm.suite.absence"].create(
            {
                "user_id": user.id,
                "cover_id": cover.id,
                "date_from": now - timedelta(days=1),
                "date_to": now + timedelta(days=1),
            }
        )
        if state:
            absence.action_request()
        return absence

    def test_covered_work(self):
        self._absence(self.cover, self.second)
        absence = self._absence(self.rep, self.cover)
        self.env["crm.lead"].create({"name": "New", "user_id": self.rep.id})
        absence._step()
        work = absence.work_ids
        self.assertEqual((work.kind, work.cover_id), ("lead", self.second))
        answer = work.with_user(self.second).explain("cover")
        self.assertIn(f"named {self.cover.name}", answer["sentence"])
        self.assertIn(f"in whose place {self.second.name}", answer["sentence"])
        self.assertIn("New Leads", answer["sentence"])
        with self.assertRaises(AccessError):
            work.with_user(self.agent).explain("cover")

    def test_absence(self):
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.absence_approval", "True"
        )
        absence = self._absence(self.rep, self.cover).with_user(self.rep)
        self.assertEqual(absence.state, "approval")
        self.assertIn("agrees first", absence.explain("absence")["sentence"])
        steps = absence.explain("absence")["steps"]
        self.assertTrue(all(self.cover.name in step["text"] for step in steps))
        absence.with_user(self.lead).action_refuse("Stock-taking")
        sentence = absence.explain("absence")["sentence"]
        self.assertIn(self.lead.name, sentence)
        self.assertIn("Stock-taking", sentence)

    def test_access_request(self):
        self.customer.user_id = self.cover
        requests = self.env["crm.suite.access.request"].with_user(self.rep)
        request = requests.browse(
            requests.request_access("res.partner", self.customer.ids, "claim")
        )
        answer = request.explain("decision")
        self.assertIn(f"{self.cover.name} decides", answer["sentence"])
        request.with_user(self.cover).action_refuse("Mine")
        answer = request.explain("decision")
        self.assertIn(self.cover.name, answer["sentence"])
        self.assertIn("Mine", answer["sentence"])
        with self.assertRaises(AccessError):
            request.with_user(self.agent).explain("decision")

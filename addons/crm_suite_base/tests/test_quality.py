from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .rules_common import RulesCase


@tagged("post_install", "-at_install")
class TestQuality(RulesCase):
    """Score, reasons, worklist and reviews."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Criterion = cls.env["crm.suite.quality.criterion"]
        cls.Criterion.search([]).active = False
        cls.phone = cls._create_criterion(
            "Phone", [("phone", "!=", False)], weight=30, hint="Call and ask"
        )
        cls.industry = cls._create_criterion(
            "Industry", [("industry_id", "!=", False)], weight=10, applies_to="company"
        )
        cls.unique = cls._create_criterion(
            "Unique",
            [("crm_suite_shares_identity", "=", False)],
            weight=60,
            dimension="uniqueness",
        )

    @classmethod
    def _create_criterion(cls, name, domain, **values):
        return cls.Criterion.create({"name": name, "domain": repr(domain), **values})

    def score(self, partner=None):
        partner = partner or self.customer
        self.Criterion._recalculate(partner.ids)
        return partner.crm_suite_quality

    def test_score(self):
        self.assertEqual(self.score(), 60)
        self.customer.phone = "0755 8601 3388"
        self.assertEqual(self.score(), 90)
        self.customer.industry_id = self.env["res.partner.industry"].search([], limit=1)
        self.assertEqual(self.score(), 100)

    def test_people_are_asked_less(self):
        person = self._create_customer(name="Person", is_company=False)
        self.assertEqual(self.score(person), 67)

    def test_the_same_number_twice(self):
        twin = self._create_customer(name="Twin", phone="0755 8601 3388")
        self.customer.phone = "0755-86013388"
        self.assertEqual(self.score(), 30)
        twin.crm_suite_lifecycle_id = False
        self.assertEqual(self.score(), 90, "others than customers do not count")

    def test_own_contacts_are_no_twins(self):
        self.customer.email = "info@huaqiang.example"
        self.person.email = "info@huaqiang.example"
        self.assertEqual(self.score(), 60)

    def test_nothing_asked(self):
        self.Criterion.search([]).active = False
        self.assertEqual(self.score(), 100)

    def test_second_run_writes_nothing(self):
        self.score()
        self.env.cr.execute(
            "SELECT ctid FROM res_partner WHERE id = %s", self.customer.ids
        )
        before = self.env.cr.fetchall()
        self.score()
        self.env.cr.execute(
            "SELECT ctid FROM res_partner WHERE id = %s", self.customer.ids
        )
        self.assertEqual(self.env.cr.fetchall(), before)

    def test_all_customers(self):
        self.Criterion.with_user(self.steward).action_recalculate()
        self.assertEqual(self.customer.crm_suite_quality, 60)
        with self.assertRaises(AccessError):
            self.Criterion.with_user(self.rep).action_recalculate()

    def test_reasons(self):
        self.score()
        answer = self.customer.with_user(self.rep).explain("quality")
        self.assertIn("Phone", answer["sentence"])
        self.assertEqual(
            [step["met"] for step in answer["steps"]], [False, False, True]
        )
        self.assertIn("Call and ask", answer["steps"][0]["text"])
        shares = {i["name"]: i["text"] for i in answer["inputs"]}
        self.assertEqual(shares, {"completeness": "0 %", "uniqueness": "100 %"})

    def test_hint(self):
        partner = self.customer.with_user(self.rep)
        self.assertEqual(partner.crm_suite_quality_hint, "Call and ask · Industry")
        person = self._create_customer(
            name="Person", is_company=False, phone="+86 755 8601 3388"
        )
        self.assertEqual(person.crm_suite_quality_hint, "")

    def test_who_fails(self):
        action = self.industry.with_user(self.analyst).action_show_failing()
        found = self.env["res.partner"].search(action["domain"])
        self.assertIn(self.customer, found)
        self.assertNotIn(self.person, found)

    def test_bad_criteria(self):
        for domain in ("[('nothing', '=', 1)]", "[(", "7"):
            with self.subTest(domain=domain), self.assertRaises(ValidationError):
                self.Criterion.create({"name": "Bad", "domain": domain})
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.Criterion.create({"name": "Bad", "weight": 0})

    # === REVIEWS === #

    def test_reviewed(self):
        self._create_criterion(
            "Fresh", [("crm_suite_reviewed_on", ">=", "today -1y")], weight=100
        )
        self.assertEqual(self.score(), 30)
        self.customer.with_user(self.rep).action_crm_suite_reviewed()
        self.assertEqual(self.customer.crm_suite_reviewed_on, self.today)
        self.assertEqual(self.customer.crm_suite_reviewed_by_id, self.rep)
        self.assertEqual(self.customer.crm_suite_quality, 80)
        with self.assertRaises(AccessError):
            self.customer.with_user(self.plain).action_crm_suite_reviewed()

    def test_stale(self):
        self.customer.crm_suite_reviewed_on = self.today - timedelta(days=400)
        self._create_criterion(
            "Fresh", [("crm_suite_reviewed_on", ">=", "today -1y")], weight=100
        )
        self.assertEqual(self.score(), 30)

    def test_ask_the_owners(self):
        self.customer.user_id = self.rep
        orphan = self._create_customer(name="Orphan")
        both = (self.customer | orphan).with_user(self.steward)
        action = both.action_crm_suite_ask_review()
        kind = self.env.ref("crm_suite_base.activity_type_review")
        domain = [("activity_type_id", "=", kind.id), ("res_model", "=", "res.partner")]
        activities = self.env["mail.activity"].search(
            [*domain, ("res_id", "in", both.ids)]
        )
        self.assertEqual(activities.user_id, self.rep)
        self.assertEqual(activities.res_id, self.customer.id)
        both.action_crm_suite_ask_review()
        self.assertEqual(
            self.env["mail.activity"].search_count(
                [*domain, ("res_id", "in", both.ids)]
            ),
            1,
            "asked once",
        )
        self.assertTrue(action["params"]["id"], "with Undo")
        with self.assertRaises(UserError):
            orphan.with_user(self.steward).action_crm_suite_ask_review()

    def test_review_closes_the_request(self):
        self.customer.user_id = self.rep
        self.customer.with_user(self.steward).action_crm_suite_ask_review()
        self.customer.with_user(self.rep).action_crm_suite_reviewed()
        kind = self.env.ref("crm_suite_base.activity_type_review")
        self.assertFalse(
            self.env["mail.activity"].search(
                [("activity_type_id", "=", kind.id), ("res_id", "=", self.customer.id)]
            )
        )

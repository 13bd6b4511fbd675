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
        cls._switch_off()
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
        criterion = cls.Criterion.create(
            {"name": name, "domain": repr(domain), **values}
        )
        criterion._publish(criterion._get_draft())
        return criterion

    @classmethod
    def _switch_off(cls):
        """No criterion is in force."""
        for criterion in cls.Criterion.search([]):
            criterion.active = False
            criterion._publish(criterion._get_draft())

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
        self._switch_off()
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

    def test_what_reads_the_score_follows(self):
        dirty = self.env["crm.suite.metric.dirty"]
        self.Criterion._recalculate()
        self.customer.phone = "0755 8601 3388"
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM crm_suite_metric_dirty")
        self.Criterion.with_user(self.steward).action_recalculate()
        self.assertEqual(dirty.search([]).mapped("partner_id"), self.customer.ids)

    def test_closed_figures_are_not_told(self):
        """Whether a customer pays is not for everybody to know."""
        self.customer.write(
            {
                "phone": "0755 8601 3388",
                "industry_id": self.env["res.partner.industry"].search([], limit=1).id,
            }
        )
        self._create_criterion(
            "Pays in time", [("crm_suite_overdue", "=", 0)], hint="Send a reminder"
        )
        closed = {"text": "A rule about figures that you may not see", "met": None}
        rep = self.customer.with_user(self.rep)
        told = []
        for owed in (0, 777):
            self._set_figures(self.customer, receivable_overdue=owed)
            answer = rep.explain("quality")
            self.assertIn(closed, answer["steps"])
            self.assertEqual(len(answer["steps"]), 4)
            self.assertNotIn("Pays in time", repr(answer))
            self.assertFalse(rep.crm_suite_quality_hint)
            told.append(answer)
        self.assertEqual(*told)
        self.assertEqual(told[0]["sentence"], "Nothing is missing of what you may see.")
        steward = self.customer.with_user(self.steward)
        self.assertIn("Pays in time", steward.explain("quality")["sentence"])
        self.assertEqual(steward.crm_suite_quality_hint, "Send a reminder")
        self.customer.phone = False
        self.env.invalidate_all()
        answer = rep.explain("quality")
        self.assertIn("2 of 3 criteria are met", answer["sentence"])
        self.assertEqual(rep.crm_suite_quality_hint, "Call and ask")

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

    # === AS A RULE SET === #

    def test_a_draft_counts_for_nothing(self):
        self.phone.weight = 140
        draft = self.Criterion.create(
            {"name": "Email", "domain": "[('email', '!=', False)]", "hint": "Ask"}
        )
        self.assertEqual((self.phone.state, draft.state), ("changed", "draft"))
        self.assertEqual(self.score(), 60)
        answer = self.customer.with_user(self.rep).explain("quality")
        self.assertIn("Phone (weight 30)", answer["steps"][0]["text"])
        self.assertEqual(len(answer["steps"]), 3)
        self.assertEqual(
            self.customer.with_user(self.rep).crm_suite_quality_hint,
            "Call and ask · Industry",
        )
        self.Criterion.with_user(self.steward).action_discard()
        self.assertEqual(self.phone.weight, 30)

    def test_simulated_applied_undone(self):
        """What a simulation tells is what applying does, and undo takes it back."""
        self.customer.with_context(tracking_disable=True).user_id = self.rep
        everybody = self.Criterion.with_user(self.steward)
        everybody.apply()
        self.assertEqual(self.customer.crm_suite_quality, 60)
        self.phone.weight = 230
        before = self.checksums()
        told = everybody.simulate(self.customer.ids)
        after = self.checksums()
        changed = {table for table in before if before[table] != after[table]}
        self.assertFalse(changed, "nothing stays")
        self.assertEqual((told["customers"], told["moved"]), (1, 1))
        self.assertEqual(
            told["moves"], [{"before": "60–79 %", "after": "20–39 %", "count": 1}]
        )
        self.assertEqual([o["name"] for o in told["owners"]], [self.rep.name])
        line = told["lines"][0]
        self.assertEqual((line["before"], line["after"]), ("60 %", "20 %"))
        self.assertEqual(line["reason"], "Changed criteria: Phone")
        self.assertEqual(self.customer.crm_suite_quality, 60)
        done = everybody.apply()
        self.env.invalidate_all()
        self.assertEqual(self.customer.crm_suite_quality, 20)
        self.assertEqual(self.phone.state, "published")
        operation = self.env["crm.suite.operation"].browse(done["operation_id"])
        operation.with_user(self.steward).action_undo()
        self.env.invalidate_all()
        self.assertEqual(self.customer.crm_suite_quality, 60)
        self.assertEqual((self.phone.weight, self.phone.published["weight"]), (30, 30))
        self.assertEqual(self.score(), 60)

    def test_screen_of_the_simulation(self):
        self.phone.weight = 230
        action = self.Criterion.with_user(self.steward).action_simulate()
        simulation = self.env["crm.suite.simulation"].browse(action["res_id"])
        self.assertTrue(simulation.moved_count)
        self.assertEqual(
            sum(simulation.move_ids.mapped("count")), simulation.moved_count
        )
        line = simulation.line_ids.filtered(lambda x: x.partner_id == self.customer)
        self.assertEqual(line.after, "20 %")
        applied = simulation.with_user(self.steward).action_apply()
        self.assertEqual(applied["params"]["next"]["res_model"], self.Criterion._name)

    def test_who_may(self):
        for method in ("simulate", "apply", "action_discard"):
            with self.assertRaises(AccessError):
                getattr(self.Criterion.with_user(self.rep), method)()
        with self.assertRaises(AccessError):
            self.phone.with_user(self.steward).published = {}
        with self.assertRaisesRegex(UserError, "in force"):
            self.phone.with_user(self.steward).unlink()

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

import runpy
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import file_path

from .rules_common import RulesCase


@tagged("post_install", "-at_install")
class TestLifecycle(RulesCase):
    """Moves by rules, by hand and by undo; each is a row."""

    def run_rules(self, partners=None):
        self.LifecycleRule._recalculate((partners or self.customer).ids)

    def steps(self, partner=None):
        steps = (partner or self.customer).crm_suite_transition_ids.sorted("id")
        return [(s.from_id.code, s.to_id.code, s.source) for s in steps]

    # === BY RULES === #

    def test_forward(self):
        rule = self._create_lifecycle_rule(
            "first", [("crm_suite_purchase_count", ">", 0)]
        )
        self._set_figures(self.customer, purchase_count=1, silent_for=3)
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "first")
        self.assertEqual(self.customer.crm_suite_lifecycle_rule_id, rule)
        step = self.customer.crm_suite_transition_ids[0]
        self.assertEqual((step.rule_id, step.version, step.source), (rule, 1, "rule"))
        self.assertAlmostEqual(step.duration, 0, 2)

    def test_backward_only_by_a_rule_that_says_so(self):
        self._create_lifecycle_rule("loyal", [], sequence=1)
        self.run_rules()
        rule = self._create_lifecycle_rule("first", [], sequence=0)
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "loyal")
        rule.backward = True
        rule._publish(rule._get_draft())
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "first")

    def test_only_from(self):
        self._create_lifecycle_rule("loyal", [], sources=["repeat"])
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "lead")

    def test_first_rule_that_fits_keeps_where_it_is(self):
        """A rule that fits and leads nowhere ends the search."""
        self._create_lifecycle_rule("lead", [], sequence=1)
        self._create_lifecycle_rule("loyal", [], sequence=2)
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "lead")

    def test_two_runs_one_step(self):
        self._create_lifecycle_rule("loyal", [])
        self.run_rules()
        count = len(self.customer.crm_suite_transition_ids)
        self.run_rules()
        self.customer.invalidate_recordset()
        self.assertEqual(len(self.customer.crm_suite_transition_ids), count)

    # === THE OWN INTERVAL === #

    def _silent(self, **figures):
        self._set_figures(self.customer, **figures)
        self.customer.invalidate_recordset()
        return round(self.customer.crm_suite_silence, 2)

    def test_own_interval(self):
        self.assertEqual(
            self._silent(purchase_count=3, interval_mean=30, silent_for=45), 1.5
        )

    def test_two_purchases_are_no_rhythm(self):
        """Fewer than three purchases: the interval from the settings counts."""
        figures = {"purchase_count": 2, "interval_mean": 30, "silent_for": 90}
        self.assertEqual(self._silent(**figures), 0.5)
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("crm_suite_base.usual_interval_days", "45")
        self.assertEqual(self._silent(**figures), 2)

    def test_shortest_interval(self):
        self.assertEqual(
            self._silent(purchase_count=30, interval_mean=1, silent_for=7), 1
        )

    def test_who_never_bought_is_not_silent(self):
        self.assertEqual(self._silent(purchase_count=0), 0)
        found = self.env["res.partner"].search([("crm_suite_silence", "<", 100)])
        self.assertNotIn(self.customer, found)

    def test_search_agrees_with_value(self):
        self._silent(purchase_count=5, interval_mean=10, silent_for=20)
        partners = self.env["res.partner"].with_user(self.rep)
        for operator, found in ((">=", True), ("<=", True), (">", False), ("<", False)):
            domain = [("crm_suite_silence", operator, 2), ("id", "=", self.customer.id)]
            self.assertEqual(bool(partners.search(domain)), found, operator)

    def _use_defaults(self):
        data = self.env["ir.model.data"].search(
            [
                ("module", "=", "crm_suite_base"),
                ("model", "=", "crm.suite.lifecycle.rule"),
            ]
        )
        rules = self.LifecycleRule.browse(data.mapped("res_id"))
        rules.write({"active": True})
        rules._publish_defaults()

    def test_default_rules(self):
        """From lead to won back with the rules that the addon brings."""
        self._use_defaults()
        story = (
            ({"user_id": self.rep.id, "phone": "0755 8601 3388"}, {}, "qualified"),
            ({}, {"purchase_count": 1, "silent_for": 2}, "first"),
            ({}, {"purchase_count": 2, "silent_for": 2}, "repeat"),
            (
                {},
                {
                    "purchase_count": 6,
                    "purchase_count_12m": 6,
                    "interval_mean": 20,
                    "silent_for": 2,
                },
                "loyal",
            ),
            (
                {},
                {"purchase_count": 6, "interval_mean": 20, "silent_for": 31},
                "at_risk",
            ),
            (
                {},
                {"purchase_count": 6, "interval_mean": 20, "silent_for": 61},
                "dormant",
            ),
            (
                {},
                {"purchase_count": 7, "interval_mean": 20, "silent_for": 0},
                "won_back",
            ),
        )
        for values, figures, stage in story:
            self.customer.write(values)
            self._set_figures(self.customer, **figures)
            for _run in range(2):
                self.run_rules()
                self.assertEqual(self.customer.crm_suite_lifecycle_id.code, stage)

    def test_deals(self):
        self._use_defaults()
        lead = self.env["crm.lead"].create(
            {"name": "Deal", "type": "opportunity", "partner_id": self.person.id}
        )
        self.assertEqual(self.customer.crm_suite_open_deals, 1)
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "opportunity")
        lead.action_set_lost()
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.crm_suite_lost_deals, 1)
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "lost")
        lead.action_unarchive()
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "opportunity")

    def test_complaints_are_facts_for_rules(self):
        self._create_lifecycle_rule(
            "at_risk",
            [("crm_suite_open_complaints", ">=", 2)],
            sequence=1,
            backward=True,
        )
        self._create_lifecycle_rule(
            "loyal", [("crm_suite_complaints_12m", "=", 0)], sequence=2
        )
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "loyal")
        calls = self.env["crm.suite.call"].create(
            [{"partner_id": self.person.id, "outcome": "complaint"}] * 2
        )
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.crm_suite_open_complaints, 2)
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "at_risk")
        calls.action_solve()
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.crm_suite_open_complaints, 0)
        self.assertEqual(self.customer.crm_suite_complaints_12m, 2)
        calls.date = fields.Datetime.subtract(fields.Datetime.now(), years=2)
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.crm_suite_complaints_12m, 0)

    def test_deals_of_others_stay_away(self):
        """Who may not read a deal neither counts it nor finds customers by it."""
        self.env["crm.lead"].create(
            {"name": "Deal", "type": "opportunity", "partner_id": self.customer.id}
        )
        partners = self.env["res.partner"].with_user(self.analyst)
        domain = [("id", "=", self.customer.id), ("crm_suite_open_deals", ">", 0)]
        self.assertFalse(partners.search(domain))
        self.assertEqual(partners.browse(self.customer.id).crm_suite_open_deals, 0)
        domain[1] = ("crm_suite_open_deals", "=", 0)
        self.assertTrue(partners.search(domain))

    def test_bought_in_stage_by_the_clock_of_the_company(self):
        """The evening on which it was given up is the day of the order then."""
        self.env.company.partner_id.tz = "America/Manaus"  # UTC-4, all year
        partners = self.env["res.partner"].with_user(self.rep)
        for moment, day, bought in (
            ("2026-03-11 00:30:00", "2026-03-10", True),
            ("2026-03-11 00:30:00", "2026-03-09", False),
            ("2026-03-11 04:30:00", "2026-03-10", False),
        ):
            self.customer.crm_suite_lifecycle_date = moment
            self._set_figures(self.customer, purchase_count=1, last_purchase=day)
            customer = partners.browse(self.customer.id)
            self.assertEqual(customer.crm_suite_bought_in_stage, bought, moment)
            domain = [("crm_suite_bought_in_stage", "=", bought)]
            found = partners.search([*domain, ("id", "=", customer.id)])
            self.assertEqual(found, customer)

    # === BY HAND === #

    def test_by_hand_is_a_step(self):
        self.customer.with_user(self.rep).crm_suite_lifecycle_id = self.stage_of(
            "first"
        )
        self.assertEqual(self.steps()[-1], ("lead", "first", "person"))
        self.assertEqual(self.customer.crm_suite_transition_ids[0].done_by_id, self.rep)
        self.assertTrue(self.customer.crm_suite_lifecycle_date)

    def test_created_is_a_step(self):
        self.assertEqual(self.steps(), [(False, "lead", "person")])

    def test_same_stage_is_no_step(self):
        self.customer.crm_suite_lifecycle_id = self.stage
        self.assertEqual(len(self.steps()), 1)

    def test_forward_by_hand_is_open_to_rules_that_lead_on(self):
        self.customer.crm_suite_lifecycle_id = self.stage_of("qualified")
        answer = self.customer.with_user(self.rep).explain("lifecycle")
        self.assertIn("neither back", answer["note"])
        rule = self._create_lifecycle_rule("at_risk", [], backward=True)
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "qualified")
        rule.stage_id = self.stage_of("loyal")
        rule._publish(rule._get_draft())
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "loyal")
        self.assertFalse(self.customer.crm_suite_lifecycle_override_id)
        self.assertFalse(self.customer.crm_suite_lifecycle_override_ends)

    def test_purchase_that_becomes_known_late(self):
        """Who bought while he was believed to be silent was never dormant."""
        self._use_defaults()
        for code, count in (("first", 1), ("repeat", 2), ("loyal", 6)):
            for stage, silent_for in (("dormant", 61), ("lost", 161)):
                with self.subTest(code=code, stage=stage):
                    customer = self._create_customer(
                        name=f"{code} {stage}",
                        crm_suite_lifecycle_id=self.stage_of("repeat").id,
                    )
                    customer.crm_suite_lifecycle_override_id = False
                    figures = {
                        "purchase_count": count,
                        "purchase_count_12m": count,
                        "interval_mean": 20 if count > 2 else None,
                    }
                    if count < 3:
                        silent_for *= 9
                    self._set_figures(customer, **figures, silent_for=silent_for)
                    self.LifecycleRule._recalculate(customer.ids)
                    self.LifecycleRule._recalculate(customer.ids)
                    self.assertEqual(customer.crm_suite_lifecycle_id.code, stage)
                    self._set_figures(customer, **figures, silent_for=6)
                    self.LifecycleRule._recalculate(customer.ids)
                    self.assertEqual(customer.crm_suite_lifecycle_id.code, code)

    def test_rules_from_before_an_upgrade(self):
        """Default rules that nobody edited follow; edited ones stay as they are."""
        names = [f"crm_suite_base.lifecycle_rule_{n}" for n in ("first", "repeat")]
        untouched, edited = map(self.env.ref, names)
        silent = self.stage_of("dormant") | self.stage_of("lost")
        for rule in (untouched, edited):
            rule.active = True
            rule.from_stage_ids -= silent
            rule.version = 0
            rule._publish(rule._get_draft())
        edited.sequence += 1
        edited._publish(edited._get_draft())
        path = "crm_suite_base/migrations/19.0.1.4.0/post-lifecycle.py"
        runpy.run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.2.0")
        self.assertLessEqual(silent, untouched.from_stage_ids)
        self.assertEqual((untouched.version, untouched.state), (2, "published"))
        self.assertFalse(silent & edited.from_stage_ids)

    def test_given_up_by_hand_is_held_until_it_buys(self):
        """What a person knows of a customer is not undone by what was true before."""
        self._use_defaults()
        figures = {"purchase_count": 6, "purchase_count_12m": 6, "interval_mean": 20}
        self._set_figures(self.customer, **figures, silent_for=2)
        for code in ("at_risk", "dormant", "lost"):
            self.run_rules()
            self.customer.with_user(self.rep).crm_suite_lifecycle_id = self.stage_of(
                code
            )
            self.run_rules()
            self.assertEqual(self.customer.crm_suite_lifecycle_id.code, code)
            answer = self.customer.with_user(self.rep).explain("lifecycle")
            self.assertIn("unless it buys again", answer["note"])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET crm_suite_lifecycle_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(days=5), self.customer.id],
        )
        self.env.invalidate_all()
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "won_back")
        self.assertFalse(self.customer.crm_suite_lifecycle_override_id)

    def test_bought_after_it_was_given_up_by_the_clock_of_the_company(self):
        """The day on which it was given up is one of the company, as of the order."""
        self._create_lifecycle_rule("loyal", [], backward=True)
        for zone, moment, day, code in (
            # On the evening before, and on the same evening.
            ("America/Manaus", "2026-03-11 00:30:00", "2026-03-11", "loyal"),
            ("America/Manaus", "2026-03-11 00:30:00", "2026-03-10", "lost"),
            # In the morning of the same day, and of the day before.
            ("Asia/Shanghai", "2026-03-10 23:30:00", "2026-03-11", "lost"),
            ("Asia/Shanghai", "2026-03-10 23:30:00", "2026-03-12", "loyal"),
        ):
            with self.subTest(zone=zone, day=day):
                self.env.company.partner_id.tz = zone
                customer = self._create_customer(name=day)
                customer.with_user(self.rep).crm_suite_lifecycle_id = self.stage_of(
                    "lost"
                )
                customer.crm_suite_lifecycle_date = moment
                self._set_figures(customer, purchase_count=1, last_purchase=day)
                self.run_rules(customer)
                self.assertEqual(customer.crm_suite_lifecycle_id.code, code)

    def test_rules_over_closed_figures_tell_nothing(self):
        """Whom they move would tell what the reader may not know."""
        rule = self._create_lifecycle_rule(
            "at_risk", [("crm_suite_overdue", ">", 99)], name="Owes us"
        )
        self._set_figures(self.customer, receivable_overdue=777)
        self.run_rules()
        step = self.customer.crm_suite_transition_ids[0]
        self.assertEqual(step.rule_id, rule)
        for record, topic in ((self.customer, "lifecycle"), (step, "step")):
            answer = record.with_user(self.rep).explain(topic)
            self.assertIn("may not see moved the customer", answer["sentence"])
            self.assertFalse(answer["rule"])
            self.assertNotIn("Owes us", repr(answer))
            answer = record.with_user(self.steward).explain(topic)
            self.assertIn("“Owes us” moved", answer["sentence"])
            self.assertEqual(answer["rule"]["name"], "Owes us")

    def test_decided_by_hand_is_not_moved_on(self):
        """Not even where the same stage was set in the form before."""
        self.customer.crm_suite_lifecycle_id = self.stage_of("qualified")
        self.env["crm.suite.override"].with_user(self.rep).create(
            {
                "partner_ids": [(6, 0, self.customer.ids)],
                "topic": "lifecycle",
                "stage_id": self.stage_of("qualified").id,
                "reason": "They told us",
            }
        ).action_decide()
        self._create_lifecycle_rule("loyal", [])
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "qualified")

    def test_backward_by_hand_is_held(self):
        self.customer.crm_suite_lifecycle_id = self.stage_of("loyal")
        self.customer.with_user(self.rep).crm_suite_lifecycle_id = self.stage_of(
            "first"
        )
        self._create_lifecycle_rule("loyal", [])
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "first")
        until = self.customer.crm_suite_lifecycle_override_until
        self.assertEqual(until, self.today + timedelta(days=90))
        self.customer.crm_suite_lifecycle_override_until = self.today - timedelta(1)
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "loyal")
        self.assertFalse(self.customer.crm_suite_lifecycle_override_id)

    def test_override(self):
        self.env["crm.suite.override"].with_user(self.rep).create(
            {
                "partner_ids": [(6, 0, self.customer.ids)],
                "topic": "lifecycle",
                "stage_id": self.stage_of("repeat").id,
                "reason": "Bought at our partner's",
            }
        ).action_decide()
        self._create_lifecycle_rule("loyal", [])
        self.run_rules()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "repeat")
        answer = self.customer.with_user(self.rep).explain("lifecycle")
        self.assertIn("Bought at our partner's", [i["text"] for i in answer["inputs"]])
        self.assertEqual(self.steps()[-1], ("lead", "repeat", "override"))

    def test_mixed_selection(self):
        """Only those who change get a step."""
        second = self._create_customer(name="Second")
        second.crm_suite_lifecycle_id = self.stage_of("loyal")
        both = self.customer | second
        both.crm_suite_lifecycle_id = self.stage_of("loyal")
        self.assertEqual(self.steps()[-1], ("lead", "loyal", "person"))
        self.assertEqual(len(self.steps(second)), 2)

    # === PAST THE ORM === #

    def test_found_changed(self):
        """What a program did to the column becomes a step with the next run."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET crm_suite_lifecycle_id = %s WHERE id = %s",
            [self.stage_of("repeat").id, self.customer.id],
        )
        self.env.invalidate_all()
        self.run_rules()
        self.assertEqual(self.steps()[-1], ("lead", "repeat", "found"))

    def test_adopted(self):
        partner = self.env["res.partner"].create({"name": "Buyer", "customer_rank": 1})
        self.env["res.partner"]._crm_suite_adopt_customers()
        self.run_rules(partner)
        self.assertEqual(self.steps(partner), [(False, "first", "found")])

    def test_undo_of_a_run(self):
        self._create_lifecycle_rule("loyal", [], publish=False)
        before = self.customer.crm_suite_lifecycle_date
        result = self.LifecycleRule.with_user(self.steward).apply(self.customer.ids)
        self.assertEqual(self.steps()[-1], ("lead", "loyal", "rule"))
        operation = self.env["crm.suite.operation"].browse(result["operation_id"])
        undo = operation.with_user(self.steward).action_undo()
        self.env.invalidate_all()
        self.assertEqual(self.steps(), [(False, "lead", "person")])
        self.assertEqual(self.customer.crm_suite_lifecycle_date, before)
        again = self.env["crm.suite.operation"].browse(undo["operation_id"])
        again.with_user(self.steward).action_undo()
        self.env.invalidate_all()
        self.assertEqual(self.customer.crm_suite_lifecycle_id.code, "loyal")
        self.assertEqual(self.steps()[-1], ("lead", "loyal", "undo"))

    def test_undo_of_a_mass_edit(self):
        second = self._create_customer(name="Second")
        both = (self.customer | second).with_user(self.steward)
        operations = self.env["crm.suite.operation"].with_user(self.steward)
        with operations.record("mass_edit", "Test") as operation:
            both.crm_suite_lifecycle_id = self.stage_of("qualified")
        self.assertEqual(len(self.steps()), 2)
        operation.action_undo()
        self.env.invalidate_all()
        self.assertEqual(self.steps(), [(False, "lead", "person")])

    def test_undo_leaves_the_steps_of_who_went_on(self):
        """What a run did to them happened, and others went on from there."""
        second = self._create_customer(name="Second")
        both = self.customer | second
        rule = self._create_lifecycle_rule("loyal", [], publish=False)
        result = self.LifecycleRule.with_user(self.steward).apply(both.ids)
        second.crm_suite_lifecycle_id = self.stage_of("first")
        operation = self.env["crm.suite.operation"].browse(result["operation_id"])
        operation.with_user(self.steward).action_undo({"res.partner": both.ids})
        self.env.invalidate_all()
        self.assertEqual(self.steps(), [(False, "lead", "person")])
        went_on = [
            (False, "lead", "person"),
            ("lead", "loyal", "rule"),
            ("loyal", "first", "person"),
        ]
        self.assertEqual(self.steps(second), went_on)
        self.assertEqual(second.crm_suite_lifecycle_id.code, "first")
        self.assertTrue(rule.exists())

    def test_undo_of_a_part_leaves_the_steps_of_the_others(self):
        second = self._create_customer(name="Second")
        both = self.customer | second
        operations = self.env["crm.suite.operation"].with_user(self.steward)
        with operations.record("mass_edit", "Test") as operation:
            both.with_user(self.steward).crm_suite_lifecycle_id = self.stage_of("first")
        second.crm_suite_lifecycle_id = self.stage_of("repeat")
        operation.action_undo({"res.partner": self.customer.ids})
        self.env.invalidate_all()
        self.assertEqual(self.steps(), [(False, "lead", "person")])
        self.assertEqual(self.steps(second)[1:2], [("lead", "first", "person")])

    def test_undo_of_a_creation_keeps_the_history_of_who_stays(self):
        operations = self.env["crm.suite.operation"].with_user(self.steward)
        with operations.record("import", "Test") as operation:
            partner = (
                self.env["res.partner"]
                .with_user(self.steward)
                .create({"name": "Buyer", "crm_suite_lifecycle_id": self.stage.id})
            )
        self._create_order(partner)
        self._create_lifecycle_rule("first", [])
        self.run_rules(partner)
        operation.action_undo()
        self.env.invalidate_all()
        self.assertTrue(partner.exists(), "it is used")
        self.assertEqual(
            self.steps(partner), [(False, "lead", "person"), ("lead", "first", "rule")]
        )

    def test_history_comes_back_with_the_customer(self):
        operations = self.env["crm.suite.operation"].with_user(self.steward)
        partner = self._create_customer(name="Deleted by mistake")
        partner.crm_suite_lifecycle_id = self.stage_of("repeat")
        with operations.record("other", "Cleaning") as operation:
            partner.with_user(self.steward).unlink()
        operation.action_undo()
        self.env.invalidate_all()
        self.assertEqual(
            self.steps(partner),
            [(False, "lead", "person"), ("lead", "repeat", "person")],
        )

    # === READING === #

    def test_duration(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_suite_lifecycle_transition SET at = at - interval '10 days' "
            "WHERE partner_id = %s",
            [self.customer.id],
        )
        self.env.invalidate_all()
        self.customer.crm_suite_lifecycle_id = self.stage_of("first")
        step = self.customer.crm_suite_transition_ids[0]
        self.assertAlmostEqual(step.duration, 10, 1)

    def test_funnel(self):
        funnel = self.env["crm.suite.lifecycle.funnel"].with_user(self.rep)
        before = funnel.search([("stage_id", "=", self.stage.id)]).onward
        self.customer.crm_suite_lifecycle_id = self.stage_of("first")
        self.env.flush_all()
        self.env.invalidate_all()
        row = funnel.search([("stage_id", "=", self.stage.id)])
        self.assertEqual(row.onward, before + 1)
        self.assertLessEqual(row.conversion, 100)
        self.assertTrue(row.action_show_customers()["domain"])

    def test_funnel_goes_by_the_kind_of_stage(self):
        """Shown behind Opportunity, Lost is no success; a comeback is no failure."""
        deal, lost, won = map(self.stage_of, ("opportunity", "lost", "first"))
        risk, repeat = map(self.stage_of, ("at_risk", "repeat"))
        customers = [self._create_customer(name=f"F{n}") for n in range(10)]
        customers = self.env["res.partner"].union(*customers)
        self.env.cr.execute("DELETE FROM crm_suite_lifecycle_transition")
        customers.crm_suite_lifecycle_id = deal
        customers[:3].crm_suite_lifecycle_id = won
        customers[3:].crm_suite_lifecycle_id = lost
        customers[:2].crm_suite_lifecycle_id = risk
        customers[0].crm_suite_lifecycle_id = repeat
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["crm.suite.lifecycle.funnel"].with_user(self.rep).search([])
        found = {
            row.stage_id: (row.entered, row.onward, row.back, row.conversion)
            for row in rows
        }
        self.assertEqual(found[deal], (10, 3, 7, 30))
        self.assertEqual(found[won], (3, 0, 2, 0))
        self.assertEqual(found[risk], (2, 1, 0, 50))

    def test_funnel_of_a_period(self):
        """Those who came in lately, and what became of them; others do not count."""
        self.env.flush_all()

        def row(**context):
            self.env.flush_all()
            self.env.invalidate_all()
            funnel = self.env["crm.suite.lifecycle.funnel"].with_user(self.rep)
            found = funnel.with_context(**context).search(
                [("stage_id", "=", self.stage.id)]
            )
            return found.entered, found.onward

        days = {"crm_suite_funnel_days": 30}
        before, ever = row(**days), row()
        self.env.cr.execute(
            "UPDATE crm_suite_lifecycle_transition SET at = at - interval '40 days' "
            "WHERE partner_id = %s",
            [self.customer.id],
        )
        self.assertEqual(row(**days), (before[0] - 1, before[1]))
        self.customer.crm_suite_lifecycle_id = self.stage_of("first")
        self.assertEqual(row(**days), (before[0] - 1, before[1]), "came in before")
        self.assertEqual(row(), (ever[0], ever[1] + 1))
        for nonsense in ("30", -1, True, [30]):
            self.assertEqual(row(crm_suite_funnel_days=nonsense), row())

    def test_steps_are_not_edited(self):
        step = self.customer.crm_suite_transition_ids[0]
        for user in (self.rep, self.steward):
            with self.assertRaises(AccessError):
                step.with_user(user).write({"to_id": self.stage_of("lost").id})
        with self.assertRaises(UserError):
            step.unlink()

    def test_steps_of_another_company(self):
        other = self._other_company()
        theirs = self._create_customer(name="Theirs", company_id=other.id)
        steps = self.Transition.with_user(self.rep)
        self.assertFalse(steps.search([("partner_id", "=", theirs.id)]))
        self.assertTrue(steps.search([("partner_id", "=", self.customer.id)]))

    def test_settings(self):
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.crm_suite_usual_interval_days, 180)
        with self.assertRaises(UserError):
            settings.crm_suite_override_days = 0

    def test_chain(self):
        """Quality, grade and stage follow the figures in this order."""
        steps = sorted(self.env["crm.suite.recalculation"]._steps())
        models = [model for _order, model, _method in steps]
        ours = [
            "crm.suite.customer.metric",
            "crm.suite.quality.criterion",
            "crm.suite.grade.rule",
            "crm.suite.lifecycle.rule",
        ]
        self.assertEqual([m for m in models if m in ours], ours)

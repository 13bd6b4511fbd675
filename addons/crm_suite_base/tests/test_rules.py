import io

from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.crm_suite_base.models.rule_dry_run import dry_run
from odoo.addons.crm_suite_base.models.rule_words import describe_domain

from .rules_common import RulesCase

RULES_LOGGER = "odoo.addons.crm_suite_base.models.rule_mixin"
GONE = "[('x_gone', '=', 1)]"
SIMULATION_TABLES = (
    "crm_suite_simulation",
    "crm_suite_simulation_line",
    "crm_suite_simulation_total",
)


@tagged("post_install", "-at_install")
class TestRules(RulesCase):
    """Drafts, versions, order, companies: what every set of rules shares."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.big = cls._create_customer(name="Big Buyer", user_id=cls.rep.id)
        cls.small = cls._create_customer(name="Small Buyer", user_id=cls.lead.id)
        cls.customers = cls.big | cls.small
        cls._set_figures(cls.big, revenue_12m=90000, purchase_count_12m=5)
        cls._set_figures(cls.small, revenue_12m=900, purchase_count_12m=1)

    def recalculate(self, partners=None):
        partners = self.customers if partners is None else partners
        self.GradeRule._recalculate(partners.ids)

    # === MATCHING === #

    def test_first_match_wins(self):
        self._create_grade_rule("C", [], sequence=20)
        rule = self._create_grade_rule(
            "A", [("crm_suite_revenue_12m", ">=", 50000)], sequence=10
        )
        self.recalculate()
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["A"])
        self.assertEqual(self.big.crm_suite_grade_rule_id, rule)
        self.assertEqual(self.big.crm_suite_grade_version, 1)
        self.assertEqual(self.small.crm_suite_grade_id, self.grades["C"])

    def test_nobody_fits(self):
        self._create_grade_rule("A", [("crm_suite_revenue_12m", ">=", 50000)])
        self.recalculate()
        self.assertFalse(self.small.crm_suite_grade_id)

    def test_only_the_named_customers(self):
        self._create_grade_rule("C", [])
        self.recalculate(self.big)
        self.assertTrue(self.big.crm_suite_grade_id)
        self.assertFalse(self.small.crm_suite_grade_id)

    def test_no_customers_is_not_all_customers(self):
        self._create_grade_rule("C", [])
        self.GradeRule._recalculate([])
        self.assertFalse(self.big.crm_suite_grade_id)

    def test_contacts_and_others_have_no_grade(self):
        """Graded is the customer: not its people, not who is no customer."""
        self._create_grade_rule("C", [])
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        self.recalculate(self.customer | self.person | stranger)
        self.assertTrue(self.customer.crm_suite_grade_id)
        self.assertFalse((self.person | stranger).crm_suite_grade_id)

    def test_archived_keep_their_grade(self):
        self._create_grade_rule("C", [])
        self.recalculate()
        self.big.active = False
        self.GradeRule.search([]).write({"version": 0})
        self.recalculate()
        self.assertTrue(self.big.crm_suite_grade_id)
        self.assertFalse(self.small.crm_suite_grade_id)

    def test_second_run_writes_nothing(self):
        self._create_grade_rule("C", [])
        self.recalculate()
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id, ctid FROM res_partner WHERE id = ANY(%s)", [self.customers.ids]
        )
        before = self.env.cr.fetchall()
        self.recalculate()
        self.env.cr.execute(
            "SELECT id, ctid FROM res_partner WHERE id = ANY(%s)", [self.customers.ids]
        )
        self.assertEqual(before, self.env.cr.fetchall())

    def test_write_date_stays(self):
        """A run is no edit: whoever looks for edited customers finds none."""
        self._create_grade_rule("C", [])
        self.env.flush_all()
        before = self.big.write_date
        self.recalculate()
        self.big.invalidate_recordset()
        self.assertEqual(self.big.write_date, before)

    def test_figures_of_the_own_company(self):
        """A customer of another company is looked at with that company's figures."""
        other = self._other_company()
        theirs = self._create_customer(name="Theirs", company_id=other.id)
        self._set_figures(theirs, company=other, revenue_12m=70000)
        self._set_figures(theirs, revenue_12m=0)
        self._create_grade_rule("A", [("crm_suite_revenue_12m", ">=", 50000)])
        self.recalculate(theirs)
        self.assertEqual(theirs.crm_suite_grade_id, self.grades["A"])

    def test_shared_customer_belongs_where_it_buys(self):
        other = self._other_company()
        self._set_figures(self.small, purchase_count=1, revenue_12m=900)
        self._set_figures(
            self.small, company=other, purchase_count=9, revenue_12m=70000
        )
        self._create_grade_rule("A", [("crm_suite_revenue_12m", ">=", 50000)])
        self.recalculate()
        self.assertEqual(self.small.crm_suite_grade_id, self.grades["A"])

    def test_rule_of_a_company(self):
        other = self._other_company()
        theirs = self._create_customer(name="Theirs", company_id=other.id)
        self._create_grade_rule("A", [], company_id=other.id, sequence=1)
        self._create_grade_rule("C", [], sequence=2)
        self.recalculate(self.customers | theirs)
        self.assertEqual(theirs.crm_suite_grade_id, self.grades["A"])
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["C"])

    # === DRAFTS === #

    def test_drafts_decide_nothing(self):
        rule = self._create_grade_rule("C", [])
        self.recalculate()
        rule.write({"grade_id": self.grades["A"].id, "domain": "[]"})
        self._create_grade_rule("B", [], publish=False, sequence=1)
        self.recalculate()
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["C"])
        self.assertEqual(rule.state, "changed")

    def test_states(self):
        rule = self._create_grade_rule("C", [], publish=False)
        self.assertEqual(rule.state, "draft")
        rule._publish(rule._get_draft())
        self.assertEqual(rule.state, "published")
        rule.active = False
        self.assertEqual(rule.state, "changed")
        rule._publish(rule._get_draft())
        self.assertEqual(rule.state, "off")

    def test_discard(self):
        rule = self._create_grade_rule("C", [])
        rule.write({"grade_id": self.grades["A"].id, "sequence": 99})
        rule.with_user(self.steward).action_discard()
        self.assertEqual(rule.grade_id, self.grades["C"])
        self.assertEqual(rule.state, "published")

    def test_rule_in_force_stays(self):
        rule = self._create_grade_rule("C", [])
        with self.assertRaisesRegex(UserError, "in force"):
            rule.unlink()
        self._create_grade_rule("C", [], publish=False).unlink()

    # === APPLYING AND UNDOING === #

    def test_apply_and_undo(self):
        rule = self._create_grade_rule("C", [])
        self.recalculate()
        rule.with_user(self.steward).write({"grade_id": self.grades["A"].id})
        result = self.GradeRule.with_user(self.steward).apply(self.customers.ids)
        self.assertEqual(result["moved"], 2)
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["A"])
        self.assertEqual((rule.version, rule.state), (2, "published"))
        operation = self.env["crm.suite.operation"].browse(result["operation_id"])
        self.assertEqual((operation.kind, operation.user_id), ("rule", self.steward))
        undone = operation.with_user(self.steward).action_undo()
        self.assertFalse(undone["kept"])
        self.assertEqual(self.customers.crm_suite_grade_id, self.grades["C"])
        self.assertEqual((rule.version, rule.state), (1, "published"))
        self.assertEqual(rule.grade_id, self.grades["C"], "what the rules said")
        self.recalculate()
        self.assertEqual(self.customers.crm_suite_grade_id, self.grades["C"])

    def test_undo_keeps_what_changed_since(self):
        self._create_grade_rule("C", [], publish=False)
        result = self.GradeRule.with_user(self.steward).apply(self.customers.ids)
        self.big.crm_suite_grade_override_id = self.grades["B"]
        operation = self.env["crm.suite.operation"].browse(result["operation_id"])
        undone = operation.with_user(self.steward).action_undo()
        self.assertEqual([k["res_id"] for k in undone["kept"]], self.big.ids)
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["B"])
        self.assertFalse(self.small.crm_suite_grade_id)

    def test_what_reads_the_result_follows(self):
        """Within minutes, as of any other change; a simulation concerns nobody."""
        graded = {"kind": "grade", "operator": "in", "records": self.grades["A"].ids}
        segment = self.env["crm.suite.segment"].create(
            {"name": "A", "definition": {"op": "all", "items": [graded]}}
        )
        rule = self._create_grade_rule("C", [])
        self.recalculate()
        rule.grade_id = self.grades["A"]
        rules = self.GradeRule.with_user(self.steward)
        dirty = self.env["crm.suite.metric.dirty"]
        self.env.cr.execute("DELETE FROM crm_suite_metric_dirty")
        self.assertEqual(rules.simulate(self.customers.ids)["moved"], 2)
        self.assertFalse(dirty._count())
        rules.apply(self.customers.ids)
        self.env["crm.suite.metric.run"]._run_chunk()
        self.assertFalse(dirty._count())
        self.assertEqual(segment.member_ids & self.customers, self.customers)
        events = segment.sudo().event_ids
        self.assertLessEqual(self.customers, events.partner_id)

    def test_crash_leaves_everything(self):
        """What breaks half-way leaves neither rules nor customers changed."""
        rule = self._create_grade_rule("C", [])
        rule.grade_id = self.grades["A"]
        self.env.flush_all()
        before = self.checksums()

        def crash(*args):
            raise RuntimeError("power cut")

        self.patch(type(self.GradeRule), "_write_matches", crash)
        with self.assertRaises(RuntimeError), self.env.cr.savepoint():
            self.GradeRule.apply()
        self.assertEqual(self.checksums(), before)
        self.assertEqual(rule.state, "changed")

    # === WHAT A RULE IN FORCE NAMES === #

    def test_grade_of_a_rule_in_force_stays(self):
        """Also where the draft says something else already."""
        grade = self.env["crm.suite.grade"].create({"name": "S", "code": "S"})
        rule = self._create_grade_rule("A", [("id", "=", 0)], grade_id=grade.id)
        rule.grade_id = self.grades["A"]
        with self.assertRaisesRegex(UserError, "“S” is part of “Rule A”"):
            grade.with_user(self.manager).unlink()
        self.GradeRule.with_user(self.steward).apply(self.customers.ids)
        grade.with_user(self.manager).unlink()

    def test_stage_of_a_rule_in_force_stays(self):
        stage = self.stage_of("won_back")
        rule = self._create_lifecycle_rule("loyal", [], sources=["lead", "won_back"])
        rule.from_stage_ids -= stage
        # Nothing else refers to it.
        self.LifecycleRule.with_context(active_test=False).search(
            [("stage_id", "=", stage.id)]
        ).unlink()
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM crm_suite_lifecycle_transition")
        self.env.cr.execute(
            "UPDATE res_partner SET crm_suite_lifecycle_id = NULL"
            " WHERE crm_suite_lifecycle_id = %s",
            [stage.id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "is part of “To loyal”"):
            stage.unlink()
        self.LifecycleRule.with_user(self.steward).apply(self.customers.ids)
        stage.unlink()

    def test_rules_that_name_what_is_gone(self):
        """They can be changed, tried out, discarded and applied nevertheless."""
        grade = self._create_grade_rule("A", [])
        stage = self._create_lifecycle_rule("loyal", [])
        for rule, name, gone in (
            (grade, "grade_id", 2**30),
            (stage, "from_stage_ids", [2**30]),
        ):
            rule.published = {**rule.published, name: gone}
            self.assertEqual(rule.state, "changed")
            rules = rule.with_user(self.steward).browse()
            rules.action_discard()
            rules.simulate(self.customers.ids)
            rules.apply(self.customers.ids)
            self.assertEqual(rule.state, "published")
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["A"])
        self.assertEqual(self.big.crm_suite_lifecycle_id.code, "loyal")

    # === A CONDITION OVER A FIELD THAT IS GONE === #

    def lose_field(self, rule):
        """Let a rule ask for a field that is deleted since it was applied."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE %s
                   SET domain = %s,
                       published = jsonb_set(published, '{domain}', to_jsonb(%s::text))
                 WHERE id = %s
                """,
                SQL.identifier(rule._table),
                GONE,
                GONE,
                rule.id,
            )
        )
        self.env.invalidate_all()

    @mute_logger(RULES_LOGGER)
    def test_the_others_go_on(self):
        self._create_grade_rule("C", [], sequence=20)
        broken = self._create_grade_rule("A", [], sequence=10)
        self.lose_field(broken)
        self.recalculate()
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["C"])
        self.assertIn("x_gone", broken.with_user(self.steward).problem)
        told = self.big.with_user(self.rep).explain("grade")
        self.assertEqual(len(told["steps"]), 1)
        checks = self.env["crm.suite.health.check"]
        state, facts = checks._health_sources()["conditions"].find()
        self.assertEqual((state, facts), ("error", {broken._name: broken.ids}))
        self.assertIn("Rule A", checks._describe_left_out(facts))

    @mute_logger(RULES_LOGGER)
    def test_it_is_mended(self):
        other = self._create_grade_rule("C", [], sequence=20)
        broken = self._create_grade_rule("A", [], sequence=10)
        self.lose_field(broken)
        rules = self.GradeRule.with_user(self.steward)
        other.with_user(self.steward).grade_id = self.grades["B"]
        rules.apply(self.customers.ids)
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["B"])
        broken.with_user(self.steward).domain = "[('is_company', '=', True)]"
        self.assertTrue(rules.simulate(self.customers.ids)["moved"])
        broken.with_user(self.steward).action_discard()
        self.assertEqual(broken.domain, GONE)
        broken.with_user(self.steward).domain = "[('is_company', '=', True)]"
        done = rules.apply(self.customers.ids)
        self.assertFalse(broken.problem)
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["A"])
        operation = self.env["crm.suite.operation"].browse(done["operation_id"])
        operation.with_user(self.steward).action_undo()
        self.assertEqual(broken.domain, GONE)
        self.assertTrue(broken.problem)

    @mute_logger(RULES_LOGGER)
    def test_it_is_switched_off(self):
        broken = self._create_grade_rule("A", [])
        self.lose_field(broken)
        broken.with_user(self.steward).active = False
        self.GradeRule.with_user(self.steward).apply(self.customers.ids)
        self.assertEqual((broken.state, broken.problem), ("off", False))
        broken.unlink()

    def test_it_does_not_come_into_force(self):
        draft = self._create_grade_rule("A", [], publish=False)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_suite_grade_rule SET domain = %s WHERE id = %s",
            [GONE, draft.id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(ValidationError, "Rule A.*x_gone"):
            self.GradeRule.with_user(self.steward).apply(self.customers.ids)

    @mute_logger(RULES_LOGGER)
    def test_stages_and_quality_go_on(self):
        stay = self._create_lifecycle_rule("loyal", [], sequence=20)
        self.lose_field(self._create_lifecycle_rule("lost", [], sequence=10))
        self.LifecycleRule._recalculate(self.big.ids)
        self.assertEqual(self.big.crm_suite_lifecycle_id, stay.stage_id)
        criteria = self.env["crm.suite.quality.criterion"]
        criteria.search([]).write({"version": 0})
        for name, domain in (("Named", [("name", "!=", False)]), ("Gone", [])):
            criterion = criteria.create({"name": name, "domain": repr(domain)})
            criterion._publish(criterion._get_draft())
        self.lose_field(criterion)
        criteria._recalculate(self.big.ids)
        self.assertEqual(self.big.crm_suite_quality, 100)
        self.assertEqual(len(self.big.explain("quality")["steps"]), 1)
        self.assertFalse(self.big.crm_suite_quality_hint)

    # === RIGHTS === #

    def test_who_may_change_rules(self):
        for user in (self.rep, self.agent, self.plain):
            rules = self.GradeRule.with_user(user)
            for method in ("apply", "simulate", "action_simulate", "action_apply"):
                with self.subTest(user=user.login, method=method):
                    with self.assertRaises(AccessError):
                        getattr(rules, method)()
            with self.assertRaises(AccessError):
                rules.create({"name": "X", "grade_id": self.grades["A"].id})

    def test_analyst_reads_only(self):
        rule = self._create_grade_rule("C", [])
        self.assertEqual(rule.with_user(self.analyst).state, "published")
        with self.assertRaises(AccessError):
            rule.with_user(self.analyst).write({"sequence": 3})

    def test_publishing_by_hand_is_refused(self):
        rule = self._create_grade_rule("C", [])
        with self.assertRaises(AccessError):
            rule.with_user(self.steward).write({"published": {}, "version": 9})
        with self.assertRaises(AccessError):
            self.GradeRule.with_user(self.steward).create(
                {"name": "X", "grade_id": self.grades["A"].id, "version": 1}
            )

    def test_condition_over_closed_fields(self):
        """A rule runs for everybody, so its author must be able to read what it reads."""
        with self.assertRaisesRegex(ValidationError, "may not read"):
            self.GradeRule.with_user(self.steward).create(
                {
                    "name": "Curious",
                    "grade_id": self.grades["A"].id,
                    "domain": "[('credit', '>', 5)]",
                }
            )

    def test_closed_fields_further_away(self):
        """The same along a path and inside a nested condition."""
        for domain in (
            [("commercial_partner_id.credit", ">", 5)],
            [("child_ids", "any", [("credit", ">", 5)])],
            [("invoice_ids.name", "=", "INV/1")],
        ):
            with self.subTest(domain=domain), self.assertRaises(ValidationError):
                self.GradeRule.with_user(self.steward).create(
                    {
                        "name": "Curious",
                        "grade_id": self.grades["A"].id,
                        "domain": repr(domain),
                    }
                )

    def test_bad_conditions(self):
        for domain in (
            "[('nothing', '=', 1)]",
            "[(",
            "__import__('os')",
            "[1, 2]",
            "7",
        ):
            with self.subTest(domain=domain), self.assertRaises(ValidationError):
                self.GradeRule.create(
                    {
                        "name": "Bad",
                        "grade_id": self.grades["A"].id,
                        "domain": domain,
                    }
                )

    def test_rules_of_another_company(self):
        other = self._other_company()
        rule = self._create_grade_rule("A", [], publish=False, company_id=other.id)
        self.assertNotIn(rule, self.GradeRule.with_user(self.steward).search([]))
        self.GradeRule.with_user(self.steward).apply(self.customers.ids)
        self.assertEqual(rule.state, "draft", "not his to put into force")

    def test_bad_customers(self):
        for records in ("all", [["id", ">", 0]], {"a": 1}):
            with self.subTest(records=records), self.assertRaises(UserError):
                self.GradeRule.simulate(records)


@tagged("post_install", "-at_install")
class TestSimulation(RulesCase):
    """The same code, taken back: what it says is true, and nothing stays behind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.big = cls._create_customer(name="Big Buyer", user_id=cls.rep.id)
        cls.small = cls._create_customer(name="Small Buyer", user_id=cls.rep.id)
        cls._set_figures(cls.big, revenue_12m=90000)
        cls._set_figures(cls.small, revenue_12m=900)
        cls.rule = cls._create_grade_rule("C", [])
        cls.GradeRule._recalculate()
        cls.rule.write(
            {
                "grade_id": cls.grades["A"].id,
                "domain": "[('crm_suite_revenue_12m', '>=', 50000)]",
            }
        )
        cls.customers = [cls.big.id, cls.small.id]

    def test_nothing_stays(self):
        """Every table of the database is the same before and after."""
        for user in (self.steward, self.manager):
            with self.subTest(user=user.login):
                rules = self.GradeRule.with_user(user)
                before = self.checksums()
                result = rules.simulate()
                self.assertEqual(self.checksums(), before)
                self.assertGreaterEqual(result["moved"], 2)
        self.assertEqual(self.rule.state, "changed")
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["C"])

    def test_screen_leaves_only_the_screen(self):
        before = self.checksums(SIMULATION_TABLES)
        self.GradeRule.with_user(self.steward).action_simulate()
        self.assertEqual(self.checksums(SIMULATION_TABLES), before)

    def test_lifecycle_too(self):
        self._create_lifecycle_rule("loyal", [], publish=False)
        before = self.checksums()
        result = self.LifecycleRule.with_user(self.steward).simulate()
        self.assertEqual(self.checksums(), before)
        self.assertGreaterEqual(result["moved"], 2)
        self.assertEqual(self.big.crm_suite_lifecycle_id, self.stage)

    def test_hooks_are_forgotten(self):
        """What waits for the commit inside is not done after it."""
        done = []
        self.env.cr.postcommit.add(lambda: done.append("before"))
        kept = list(self.env.cr.postcommit._funcs)
        with dry_run(self.env):
            self.env.cr.postcommit.add(lambda: done.append("inside"))
            self.env["mail.mail"].create({"subject": "Never sent"})
        self.assertEqual(list(self.env.cr.postcommit._funcs), kept)
        self.env.cr.postcommit.clear()
        self.assertFalse(self.env["mail.mail"].search([("subject", "=", "Never sent")]))

    def test_says_what_apply_does(self):
        rules = self.GradeRule.with_user(self.steward)
        told = rules.simulate(self.customers)
        self.assertEqual(told["customers"], 2)
        self.assertEqual(
            sorted((m["before"], m["after"], m["count"]) for m in told["moves"]),
            [("C", "A", 1), ("C", "–", 1)],
        )
        self.assertEqual(
            told["owners"], [{"id": self.rep.id, "name": self.rep.name, "count": 2}]
        )
        lines = {line["id"]: line for line in told["lines"]}
        self.assertEqual(lines[self.big.id]["after"], "A")
        self.assertIn("Rule C", lines[self.big.id]["reason"])
        self.assertIn("50,000", lines[self.big.id]["reason"])
        self.assertIn("No rule fits", lines[self.small.id]["reason"])
        done = rules.apply(self.customers)
        self.assertEqual(done["moved"], told["moved"])
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["A"])
        self.assertFalse(self.small.crm_suite_grade_id)

    def test_nothing_to_change(self):
        self.rule.action_discard()
        self.assertEqual(self.GradeRule.simulate(self.customers)["moved"], 0)
        action = self.GradeRule.with_user(self.steward).action_simulate()
        screen = self.env["crm.suite.simulation"].browse(action["res_id"])
        self.assertIn("Nothing would change", screen.summary)
        with self.assertRaises(UserError):
            screen.with_user(self.steward).action_export()

    def _open(self, user):
        action = self.GradeRule.with_user(user).action_simulate()
        return self.env["crm.suite.simulation"].with_user(user).browse(action["res_id"])

    def test_screen(self):
        screen = self._open(self.steward)
        ours = screen.line_ids.filtered(lambda li: li.partner_id.id in self.customers)
        self.assertEqual(set(ours.mapped("move")), {"C → A", "C → –"})
        self.assertEqual(screen.moved_count, len(screen.line_ids) + screen.hidden_count)
        self.assertEqual(
            sum(screen.move_ids.mapped("count")),
            screen.moved_count,
            "the totals add up",
        )
        self.assertEqual(screen.changed_count, 1)
        self.assertTrue(screen.summary)

    def test_screen_tells_of_every_owner(self):
        """The list of owners is paged, not cut: its totals add up to all who move."""
        for number in range(15):
            owner = new_test_user(self.env, f"owner_{number}", groups="base.group_user")
            self._set_figures(
                self._create_customer(name=f"Of {number}", user_id=owner.id),
                revenue_12m=90000,
            )
        screen = self._open(self.steward)
        owners = {total.name: total.count for total in screen.owner_ids}
        self.assertEqual(sum(owners.values()), screen.moved_count)
        for number in range(15):
            self.assertEqual(owners[f"owner_{number} (base.group_user)"], 1)
        lines = screen.line_ids.filtered(lambda line: line.user_id == self.rep)
        self.assertEqual(owners[self.rep.name], len(lines))

    def test_screen_is_ones_own(self):
        screen = self._open(self.steward)
        with self.assertRaises(AccessError):
            screen.with_user(self.manager).action_apply()
        with self.assertRaises(AccessError):
            screen.with_user(self.rep).read(["summary"])

    def test_customers_of_another_company_are_hidden(self):
        other = self._other_company()
        theirs = self._create_customer(name="Theirs", company_id=other.id)
        self._set_figures(theirs, company=other, revenue_12m=90000)
        screen = self._open(self.steward)
        self.assertNotIn(theirs, screen.sudo().line_ids.partner_id)
        self.assertTrue(screen.hidden_count)
        told = self.GradeRule.with_user(self.steward).simulate()
        self.assertNotIn(theirs.id, [line["id"] for line in told["lines"]])

    def test_apply_from_the_screen(self):
        action = self._open(self.steward).action_apply()
        self.assertEqual(self.big.crm_suite_grade_id, self.grades["A"])
        self.assertTrue(action["params"]["id"], "with Undo in the notification")

    def test_discard_from_the_screen(self):
        self._open(self.steward).action_discard()
        self.assertEqual(self.rule.state, "published")

    def test_export(self):
        action = self._open(self.steward).action_export()
        export = self.env["crm.suite.export"].browse(action["params"]["export_id"])
        with export.with_user(self.steward).sudo()._download() as output:
            sheet = load_workbook(io.BytesIO(output.read())).active
        rows = {row[0]: row[1:] for row in sheet.iter_rows(values_only=True)}
        self.assertEqual(
            rows["Big Buyer"][:3], (self.rep.name, "C", "A"), "owner, before, after"
        )
        self.assertIn("50,000", rows["Big Buyer"][3], "and why")
        self.assertEqual(rows["Small Buyer"][1:3], ("C", "–"))

    def test_export_needs_the_right(self):
        self.steward.group_ids -= self.env.ref(
            "crm_suite_base.group_crm_suite_data_steward"
        )
        self.steward.group_ids += self.env.ref(
            "crm_suite_base.group_crm_suite_sales_manager"
        )
        screen = self._open(self.steward)
        self.env.ref(
            "crm_suite_base.group_crm_suite_sales_manager"
        ).implied_ids -= self.env.ref("base.group_allow_export")
        with self.assertRaises(AccessError):
            screen.action_export()


@tagged("post_install", "-at_install")
class TestRuleWords(RulesCase):
    """Conditions as sentences."""

    def words(self, domain):
        return describe_domain(self.env["res.partner"], domain)

    def test_words(self):
        industry = self.env["res.partner.industry"].create({"name": "Fishing"})
        cases = {
            "everybody": [],
            "Is a Company": [("is_company", "=", True)],
            "not “Is a Company”": [("is_company", "=", False)],
            "City is empty": [("city", "=", False)],
            "City is filled": [("city", "!=", False)],
            "City contains “shen”": [("city", "ilike", "shen")],
            "Industry is Fishing": [("industry_id", "=", industry.id)],
            "Industry is Fishing ": [("industry_id", "in", [industry.id])],
            "Purchases is 0": [("crm_suite_purchase_count", "=", 0)],
            "Purchases at least 1,000": [("crm_suite_purchase_count", ">=", 1000)],
            "Silence (× Usual Interval) at least 1.5": [
                ("crm_suite_silence", ">=", 1.5)
            ],
            "Data Reviewed On before 30 days ago": [
                ("crm_suite_reviewed_on", "<", "today -30d")
            ],
            "Lifecycle › Name is Lead": [("crm_suite_lifecycle_id.name", "=", "Lead")],
            "Is a Company and (City is filled or Zip is filled)": [
                ("is_company", "=", True),
                "|",
                ("city", "!=", False),
                ("zip", "!=", False),
            ],
        }
        for text, domain in cases.items():
            with self.subTest(text=text):
                self.assertEqual(self.words(domain), text.strip())

    def test_names_need_the_right(self):
        """Of a record that the reader may not see the name stays away."""
        secret = self.env["res.partner"].create(
            {"name": "Secret", "company_id": self._other_company().id}
        )
        text = describe_domain(
            self.env["res.partner"].with_user(self.rep), [("parent_id", "=", secret.id)]
        )
        self.assertNotIn("Secret", text)

    def test_sentence_of_a_rule(self):
        rule = self._create_grade_rule("A", [("is_company", "=", True)])
        self.assertEqual(rule.sentence, "Is a Company")

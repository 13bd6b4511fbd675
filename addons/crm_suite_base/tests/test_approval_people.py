from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .approval_common import ApprovalCase, chain
from .common import ROLE


@tagged("post_install", "-at_install")
class TestApprovalPeople(ApprovalCase):
    """Whom the rules of a step find. Rep, lead of the team, boss and chief stand above
    each other; the customer has a team of colleagues."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chief = new_test_user(cls.env, "suite_chief", f"{ROLE}sales_manager")
        cls.top_team.crm_suite_parent_id = cls.env["crm.team"].create(
            {"name": "All", "user_id": cls.chief.id, "company_id": False}
        )
        cls.customer.crm_suite_member_ids = [
            Command.create({"user_id": cls.agent.id, "role": "Presales"}),
            Command.create({"user_id": cls.finance.id, "role": "books"}),
            Command.create({"user_id": cls.marketer.id, "role": " presales "}),
        ]

    def flow_of(self, *rules, publish=True, **values):
        self.flow.action_switch_off()
        step = self.ask("step", approvers=list(rules), **values)
        return self._create_flow(chain(step), publish=publish)

    def asked(self, *rules, **values):
        """Who is asked about an order of the rep, in turn."""
        self.flow_of(*rules, **values)
        _order, request = self.held()
        return request, request.sudo().task_ids.sorted("place").user_id.mapped("login")

    def evaluate(self, expression, expect="boolean"):
        facts = self.env["crm.suite.approval.facts"].sudo()
        return facts._evaluate(expression, self._order(), self.rep, expect)

    # === SUPERIORS === #

    def test_the_superior_of_a_level(self):
        rule = {"by": "manager", "level": 2}
        self.assertEqual(self.asked(rule)[1], ["suite_boss"])

    def test_each_superior_up_to_a_level_in_turn(self):
        rule = {"by": "manager", "level": 2, "up_to": True}
        self.flow_of(rule, mode="sequence")
        order, request = self.held()
        self.assertEqual(self.holders(request), ["suite_lead"])
        self.decide(request, self.lead)
        self.assertEqual(self.holders(request), ["suite_boss"])
        self.decide(request, self.boss)
        self.assertEqual(order.state, "sale", "The chief is above the level")

    def test_it_ends_with_the_highest(self):
        rule = {"by": "manager", "level": 9, "up_to": True}
        request, people = self.asked(rule, mode="sequence")
        self.assertEqual(people, ["suite_lead", "suite_boss", "suite_chief"])
        self.decide(request, self.lead)
        self.decide(request, self.boss, "reject")
        self.assertEqual(request.state, "rejected")

    def test_a_level_that_is_missing_finds_nobody(self):
        request, people = self.asked({"by": "manager", "level": 9})
        self.assertEqual((people, request.state), ([], "exception"))

    def test_in_turn_needs_one_after_the_other(self):
        rule = {"by": "manager", "level": 2, "up_to": True}
        flow = self.flow_of(rule, mode="all", publish=False)
        [problem] = flow.check_graph()
        self.assertEqual((problem["node"], problem["field"]), ("step", "mode"))
        with self.assertRaisesRegex(UserError, "one after the other"):
            flow.action_publish()

    # === EXPRESSIONS === #

    def test_people_by_an_expression(self):
        rule = {"by": "expression", "expression": "manager(user_id, 3)"}
        self.assertEqual(self.asked(rule)[1], ["suite_chief"])

    def test_a_choice_in_an_expression(self):
        text = "if(amount_total > 500, manager(submitter, 2), team_lead())"
        rule = {"by": "expression", "expression": text}
        self.flow_of(rule)
        for price, who in ((1000, "suite_boss"), (100, "suite_lead")):
            _order, request = self.held(price=price)
            self.assertEqual(self.holders(request), [who])

    def test_role_in_the_team_of_the_customer(self):
        rule = {"by": "expression", "expression": 'team_role("presales")'}
        request, people = self.asked(rule, mode="all")
        self.assertEqual(set(people), {"suite_agent", "suite_marketer"})
        self.decide(request, self.agent)
        self.assertEqual(self.holders(request), ["suite_marketer"])

    def test_users_behind_a_relation(self):
        rule = {
            "by": "expression",
            "expression": "partner_id.crm_suite_member_ids.user_id",
        }
        _request, people = self.asked(rule, mode="all")
        self.assertEqual(len(people), 3)

    def test_nobody_found_by_an_expression(self):
        rule = {"by": "expression", "expression": 'team_role("pilot")'}
        self.assertEqual(self.asked(rule)[0].state, "exception")

    def test_members_may_be_asked_about_in_a_condition(self):
        self.assertTrue(self.evaluate('count(team_role("presales")) == 2'))
        self.customer.crm_suite_member_ids[0].user_id = self.rep
        self.assertTrue(self.evaluate('submitter in team_role("presales")'))
        self.assertFalse(self.evaluate('submitter in team_role("books")'))

    def test_an_expression_has_to_give_users(self):
        for text, said in (
            ("amount_total", "must give users"),
            ("partner_id", "must give users"),
            ("empty", "must give users"),
            ("order_line", "must give users"),
            ("partner_id.nobody", "has no field"),
            ("manager(submitter", "character"),
            ("__import__('os')", "no function"),
            ("", "Write the expression"),
        ):
            with self.subTest(text):
                rule = {"by": "expression", "expression": text}
                flow = self.flow_of(rule, publish=False)
                [problem] = flow.check_graph()
                self.assertEqual(problem["field"], "approvers[0].expression")
                self.assertIn(said, problem["message"])

    # === FIELDS, ROLES, RANK === #

    def test_a_field_of_the_document(self):
        rule = {"by": "field", "field": "partner_id.user_id"}
        self.customer.user_id = self.boss
        self.assertEqual(self.asked(rule)[1], ["suite_boss"])

    def test_functions_about_people(self):
        self.assertTrue(self.evaluate('has_role(submitter, "approval TEAM")'))
        self.assertFalse(self.evaluate('has_role(submitter, "Top")'))
        self.assertEqual(
            self.evaluate("manager(submitter)", "any"), self.lead.id, "By default 1"
        )
        self.assertIsNone(self.evaluate("manager(submitter, 7)", "any"))
        self.assertTrue(self.evaluate("outranks(manager(submitter), submitter)"))
        self.assertFalse(self.evaluate("outranks(submitter, manager(submitter))"))

    def test_who_stands_above_those_asked_is_not_asked(self):
        rule = {"by": "users", "user_ids": self.lead.ids}
        self.flow_of(rule, outrank=True)
        order = self._order(user_id=self.boss.id)
        self.confirm(order, self.boss)
        self.assertEqual(order.state, "sale", "The boss stands above the lead")
        [skipped] = order.crm_suite_approval_id.event_ids.filtered(
            lambda e: e.kind == "skip"
        )
        self.assertEqual(skipped.node, "step")
        order, request = self.held()
        self.assertEqual(self.holders(request), ["suite_lead"])

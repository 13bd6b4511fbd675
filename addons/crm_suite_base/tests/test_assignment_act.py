from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .assignment_common import AssignmentCase


@tagged("post_install", "-at_install")
class TestAssignmentAct(AssignmentCase):
    """Records chosen in a list are given to a policy."""

    def _act(self, records, user=None, **values):
        acts = self.env["crm.suite.assignment.act"].with_user(user or self.lead)
        context = {"active_model": records._name, "active_ids": records.ids}
        return acts.with_context(**context).create(values)

    def test_chosen_leads(self):
        free, owned = self._create_leads(3), self._create_leads(user_id=self.cai.id)
        left = self._create_leads()
        act = self._act(free | owned, policy_id=self.policy.id)
        self.assertEqual((act.record_count, act.free_count), (4, 3))
        act.action_assign()
        self.assertEqual(free.user_id, self.people)
        self.assertEqual(owned.user_id, self.cai)
        self.assertFalse(left.user_id, "was not chosen")
        operation = self.env["crm.suite.operation"].search(
            [("kind", "=", "assign"), ("user_id", "=", self.lead.id)]
        )
        operation.action_undo()
        self.assertFalse(free.user_id)

    def test_chosen_customers(self):
        policy = self._create_policy(name="Customers", res_model="res.partner")
        self._create_rule(policy)
        customers = self._create_customer(name="Zwei") | self._create_customer(
            name="Drei"
        )
        customers.user_id = False
        act = self._act(customers, policy_id=policy.id)
        self.assertEqual(act.free_count, 2)
        act.action_assign()
        self.assertEqual(len(customers.user_id), 2)

    def test_simulation_gives_nothing_away(self):
        leads = self._create_leads(2)
        action = self._act(leads, policy_id=self.policy.id).action_simulate()
        simulation = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(sum(simulation.person_ids.mapped("count")), 2)
        self.assertFalse(leads.user_id)

    def test_nothing_to_assign_is_said(self):
        owned = self._create_leads(user_id=self.cai.id)
        with self.assertRaisesRegex(UserError, "have an owner"):
            self._act(owned, policy_id=self.policy.id).action_assign()

    def test_a_policy_of_other_records(self):
        with self.assertRaisesRegex(UserError, "assigns other records"):
            self._act(self.customer, policy_id=self.policy.id).action_assign()
        with self.assertRaisesRegex(UserError, "Choose a policy"):
            self._act(self.customer, policy_id=False).action_assign()

    def test_who_may(self):
        leads = self._create_leads()
        for user in (self.rep, self.agent, self.plain):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._act(leads, user)
        act = self._act(leads, policy_id=self.policy.id)
        with self.assertRaises(AccessError):
            act.with_user(self.steward).action_assign()

    def test_managers_of_other_departments_see_their_simulation(self):
        user = self.marketer
        user.group_ids = [
            (4, self.env.ref("crm_suite_base.group_crm_suite_marketing_manager").id)
        ]
        policy = self._create_policy(name="Customers", res_model="res.partner")
        self._create_rule(policy)
        self.customer.user_id = False
        action = self._act(self.customer, user, policy_id=policy.id).action_simulate()
        simulation = self.env[action["res_model"]].with_user(user)
        self.assertTrue(simulation.browse(action["res_id"]).line_ids[:1].user_id)

    def test_companies_of_many_records_are_checked(self):
        """Records that are the same in this are looked at once; the odd one is found."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        team = self.env["crm.team"].create({"name": "There", "company_id": company.id})
        here = {"name": "Ask", "company_id": self.env.company.id, "team_id": False}
        leads = self.env["crm.lead"].create([dict(here) for _number in range(5)])
        wrong = {**here, "team_id": team.id}
        with self.assertRaisesRegex(UserError, "belongs to another company"):
            self.env["crm.lead"].create([*(dict(here) for _number in range(5)), wrong])
        with self.assertRaisesRegex(UserError, "belongs to another company"):
            leads.write({"company_id": self.env.company.id, "team_id": team.id})
        leads.write({"company_id": company.id, "team_id": team.id})
        self.assertEqual(leads.team_id, team)

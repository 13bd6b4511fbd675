from collections import Counter

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .assignment_common import AssignmentCase


@tagged("post_install", "-at_install")
class TestHandover(AssignmentCase):
    """Everything of who leaves goes to others in one step, and back in one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"]
        for number in range(4):
            cls.customers |= cls._create_customer(
                name=f"Handed {number}", user_id=cls.ana.id
            )
        cls.contact = cls._create_contact(cls.customers[0], user_id=cls.ana.id)
        cls.leads = cls.env["crm.lead"].create(
            [
                {
                    "name": f"Deal {number}",
                    "partner_id": customer.id,
                    "user_id": cls.ana.id,
                }
                for number, customer in enumerate(cls.customers)
            ]
        )
        cls.free_lead = cls._create_leads(1, user_id=cls.ana.id)
        cls.won = cls._create_leads(1, user_id=cls.ana.id)
        cls.won.action_set_won()
        cls.activity = cls.leads[1].activity_schedule(
            "mail.mail_activity_data_todo", user_id=cls.ana.id
        )

    def wizard(self, user=None, **values):
        return (
            self.env["crm.suite.handover"]
            .with_user(user or self.lead)
            .create(
                {
                    "user_id": self.ana.id,
                    "recipient_ids": [Command.set((self.ben | self.cai).ids)],
                    "reason": "Leaves",
                    **values,
                }
            )
        )

    def test_everything_goes_and_comes_back_in_one_step(self):
        wizard = self.wizard()
        self.assertIn(self.ben.name, wizard.preview)
        wizard.action_hand_over()
        owners = [customer.user_id for customer in self.customers]
        self.assertEqual(owners, [self.ben, self.cai, self.ben, self.cai])
        self.assertEqual(self.contact.user_id, self.ben, "goes with its company")
        for lead, customer in zip(self.leads, self.customers, strict=True):
            self.assertEqual(lead.user_id, customer.user_id, "one person to talk to")
        self.assertEqual(self.activity.user_id, self.leads[1].user_id)
        self.assertIn(self.free_lead.user_id, self.ben | self.cai)
        self.assertEqual(self.won.user_id, self.ana, "what is over stays")
        self.assertFalse(
            self.policy.member_ids.filtered(lambda m: m.user_id == self.ana)
        )
        operation = self.env["crm.suite.operation"].search(
            [("user_id", "=", self.lead.id), ("kind", "=", "assign")], limit=1
        )
        self.assertIn(self.ana.name, operation.name)
        result = operation.with_user(self.lead).action_undo()
        self.assertEqual(result["kept"], [])
        everything = self.customers | self.contact
        self.assertEqual(everything.user_id | self.leads.user_id, self.ana)
        self.assertEqual(self.activity.user_id, self.ana)
        self.assertTrue(
            self.policy.member_ids.filtered(lambda m: m.user_id == self.ana)
        )

    def test_the_company_below_another_one_goes_too(self):
        parent = self._create_customer(name="Parent", user_id=self.ben.id)
        below = self._create_customer(
            name="Below", parent_id=parent.id, user_id=self.ana.id
        )
        self.wizard().action_hand_over()
        self.assertNotEqual(below.user_id, self.ana)

    def test_a_company_below_that_is_no_customer_goes_along(self):
        parent = self._create_customer(name="Parent", user_id=self.ana.id)
        below = self.env["res.partner"].create(
            {
                "name": "Below",
                "is_company": True,
                "parent_id": parent.id,
                "user_id": self.ana.id,
                "crm_suite_lifecycle_id": False,
            }
        )
        self.wizard().action_hand_over()
        self.assertNotIn(parent.user_id, (self.ana, self.env["res.users"]))
        self.assertEqual(below.user_id, parent.user_id)

    def test_contacts_of_a_company_below_go_with_it(self):
        """Parent and the company below go to different people, each with its own."""
        below = self._create_customer(
            name="Below", parent_id=self.customers[0].id, user_id=self.ana.id
        )
        ours = self._create_contact(below, name="Ours", user_id=self.ana.id)
        inner = self._create_contact(ours, name="Inner", user_id=self.ana.id)
        self.customers[1:].user_id = self.rep
        self.wizard().action_hand_over()
        parent = self.customers[0]
        self.assertNotEqual(below.user_id, parent.user_id)
        self.assertEqual(self.contact.user_id, parent.user_id)
        self.assertEqual((ours | inner).user_id, below.user_id)

    def test_archived_customers_go_too(self):
        archived = self.customers[3] | self._create_contact(
            self.customers[0], name="Former", user_id=self.ana.id
        )
        archived.active = False
        self.wizard().action_hand_over()
        self.assertNotIn(self.ana, archived.user_id)
        self.assertFalse(any(archived.mapped("active")))
        owners = self.customers.mapped(lambda customer: customer.user_id.id)
        self.assertEqual(Counter(owners), {self.ben.id: 2, self.cai.id: 2})

    def test_contacts_of_customers_of_others_go_to_these(self):
        theirs = self._create_customer(name="Theirs", user_id=self.rep.id)
        nobodys = self._create_customer(name="Nobody's", user_id=False)
        one = self._create_contact(theirs, name="One", user_id=self.ana.id)
        two = self._create_contact(nobodys, name="Two", user_id=self.ana.id)
        self.wizard().action_hand_over()
        self.assertEqual(one.user_id, self.rep)
        self.assertIn(two.user_id, self.ben | self.cai)
        self.assertEqual(theirs.user_id, self.rep)

    def test_customers_of_another_company(self):
        """Those where the lead works too, whatever he looks at; to who works there."""
        other = self._other_company()
        there = self._create_customer(name="There", company_id=other.id)
        there.user_id = self.ana
        self.assertIn("1 customers stay", self.wizard().preview)
        self.lead.company_ids += other
        here = {"allowed_company_ids": self.env.company.ids}
        self.assertIn("1 customers stay", self.wizard().with_context(**here).preview)
        self.cai.company_ids += other
        wizard = self.wizard().with_context(**here)
        self.assertNotIn("stay", wizard.preview)
        wizard.action_hand_over()
        self.assertEqual(there.user_id, self.cai)
        self.assertNotIn(self.ana, self.customers.user_id)
        counts = Counter(customer.user_id.id for customer in self.customers | there)
        self.assertEqual(sorted(counts.values()), [2, 3])

    def test_nobody_gets_what_is_of_a_company_in_which_he_does_not_work(self):
        other = self._other_company()
        self.lead.company_ids += other
        there = self._create_customer(name="There", company_id=other.id)
        there.user_id = self.ana
        self.wizard().action_hand_over()
        self.assertEqual(there.user_id, self.ana)

    def _put_into_pools(self, records, admin=None):
        for model, name in (("res.partner", "Held"), ("crm.lead", "Held Leads")):
            pool = self.env["crm.suite.pool"].create(
                {
                    "name": name,
                    "res_model": model,
                    "admin_ids": [Command.set((admin or self.manager).ids)],
                    "user_ids": [Command.set(self.people.ids)],
                }
            )
            held = [r.id for r in records if r._name == model]
            self.assertTrue(all(row["ok"] for row in pool.action_add(held)))

    def test_what_pools_hold_stays_with_its_owner(self):
        """Only their admins give it away; nothing else waits for that."""
        customer, lead = self.customers[3], self.free_lead
        self._put_into_pools([customer, lead])
        wizard = self.wizard()
        self.assertIn("1 of the pool “Held” stay", wizard.preview)
        self.assertIn("1 of the pool “Held Leads” stay", wizard.preview)
        self.assertIn(self.manager.name, wizard.preview)
        self.assertNotIn("do not see them", wizard.preview)
        self.assertEqual(sum(map(len, wizard._make_plan()["res.partner"].values())), 3)
        wizard.action_hand_over()
        self.assertEqual((customer | lead.partner_id).user_id, self.ana)
        self.assertEqual(lead.user_id, self.ana)
        self.assertNotIn(self.ana, self.customers[:3].user_id)
        self.assertNotIn(self.ana, self.leads.user_id)

    def test_admins_of_a_pool_hand_over_what_it_holds(self):
        self._put_into_pools([self.customers[3], self.free_lead], self.lead)
        wizard = self.wizard()
        self.assertNotIn("of the pool", wizard.preview)
        wizard.action_hand_over()
        self.assertNotIn(self.ana, self.customers.user_id)
        self.assertNotIn(self.ana, self.free_lead.user_id)

    def test_preview_counts_what_happens(self):
        wizard = self.wizard()
        plan = wizard._make_plan()
        self.assertEqual(
            [len(plan["res.partner"][user]) for user in (self.ben, self.cai)], [2, 2]
        )
        self.assertEqual(sum(map(len, plan["crm.lead"].values())), 5)

    def test_only_what_was_chosen(self):
        wizard = self.wizard(
            with_leads=False, with_activities=False, leave_policies=False
        )
        wizard.action_hand_over()
        self.assertEqual(self.leads.user_id, self.ana)
        self.assertEqual(self.activity.user_id, self.ana)
        self.assertNotIn(self.ana, self.customers.user_id)

    def test_a_data_steward_hands_over_customers_alone(self):
        """He has no part in sales: the leads stay, and he is told before."""
        wizard = self.wizard(self.steward)
        self.assertIn("A sales lead hands them over", wizard.preview)
        self.assertNotIn("A sales lead hands them over", self.wizard().preview)
        wizard.action_hand_over()
        self.assertEqual(set(self.customers.user_id), set(self.ben | self.cai))
        self.assertEqual(self.leads.user_id, self.ana)

    def test_wrong_choices(self):
        with self.assertRaisesRegex(UserError, "at least one"):
            self.wizard(recipient_ids=[]).action_hand_over()
        with self.assertRaisesRegex(UserError, "choose others"):
            self.wizard(recipient_ids=[Command.set(self.ana.ids)]).action_hand_over()
        with self.assertRaisesRegex(UserError, "looks after nothing"):
            self.wizard(user_id=self.rep.id).action_hand_over()

    def test_rights(self):
        with self.assertRaises(AccessError):
            self.wizard(user=self.rep)
        other = self.wizard()
        with self.assertRaises(AccessError):
            other.with_user(self.steward).action_hand_over()
        self.assertEqual(self.customers.user_id, self.ana)

from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .approval_common import ApprovalCase, chain


@tagged("post_install", "-at_install")
class TestApprovalLead(ApprovalCase):
    """Leads and deals wait as orders and customers do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.won = cls.env["crm.stage"].search([("is_won", "=", True)], limit=1)
        cls.first = cls.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        cls.graph = chain(cls.ask("boss", cls.boss))

    @classmethod
    def hold(cls, step, domain="[('expected_revenue', '>', 1000)]"):
        return cls._create_flow(
            cls.graph,
            name=step,
            model_id=cls.env["ir.model"]._get("crm.lead").id,
            start_method=step,
            start_domain=domain,
        )

    def lead_of(self, revenue=5000, **values):
        return (
            self.env["crm.lead"]
            .with_user(self.rep)
            .create(
                {
                    "name": "Line of presses",
                    "type": "opportunity",
                    "user_id": self.rep.id,
                    "team_id": self.team.id,
                    "stage_id": self.first.id,
                    "expected_revenue": revenue,
                    **values,
                }
            )
        )

    def test_winning_waits_and_is_then_done_by_itself(self):
        self.hold("action_set_won")
        small, big = self.lead_of(500), self.lead_of()
        small.action_set_won()
        self.assertTrue(small.stage_id.is_won)
        self.assertIs(big.action_set_won_rainbowman(), True, "Nothing to celebrate")
        self.assertFalse(big.stage_id.is_won)
        request = big.crm_suite_approval_id
        self.assertEqual(request.state, "running")
        self.assertIn("5,000", request.with_user(self.rep).about)
        with self.assertRaisesRegex(UserError, "Win a deal"):
            big.stage_id = self.won
        self.decide(request, self.boss)
        self.assertTrue(big.stage_id.is_won)
        self.assertEqual(request.effect_state, "done")

    def test_a_later_date_is_higher(self):
        flow = self._create_flow(
            self.graph,
            model_id=self.env["ir.model"]._get("crm.lead").id,
            start="fields",
            start_method=False,
            start_fields="date_deadline",
            start_direction="higher",
            start_domain="[]",
        )
        deal = self.lead_of()
        deal.date_deadline = "2026-12-24"
        self.assertFalse(deal.date_deadline, "no date is the lowest")
        deal.sudo().crm_suite_approval_id.with_user(self.boss).action_withdraw()
        flow.action_switch_off()
        deal.date_deadline = "2026-12-24"
        flow.action_publish()
        deal.date_deadline = "2026-12-20"
        self.assertEqual(deal.date_deadline, date(2026, 12, 20))
        deal.date_deadline = "2026-12-31"
        self.assertEqual(deal.date_deadline, date(2026, 12, 20))

    def test_nothing_is_imported_as_won(self):
        self.hold("action_set_won")
        with self.assertRaisesRegex(UserError, "needs an agreement"):
            self.lead_of(stage_id=self.won.id)
        self.lead_of(500, stage_id=self.won.id)

    def test_losing_waits_with_its_reason(self):
        self.hold("action_set_lost")
        deal = self.lead_of()
        reason = self.env["crm.lost.reason"].create({"name": "Too dear"})
        deal.action_set_lost(lost_reason_id=reason.id, date_deadline=date(2030, 5, 1))
        self.assertTrue(deal.active)
        request = deal.crm_suite_approval_id
        with self.assertRaisesRegex(UserError, "waits"):
            deal.write({"active": False, "probability": 0})
        deal.write({"probability": 10})
        deal.action_archive()
        self.assertEqual(request.state, "cancelled", "Archived, which is no loss")
        with self.assertRaisesRegex(UserError, "needs an agreement"):
            deal.probability = 0
        deal.action_unarchive()
        deal.action_set_lost(lost_reason_id=reason.id, date_deadline=date(2030, 5, 1))
        self.decide(deal.crm_suite_approval_id, self.boss)
        self.assertFalse(deal.active)
        self.assertEqual(deal.won_status, "lost")
        self.assertEqual(deal.lost_reason_id, reason)
        self.assertEqual(deal.date_deadline, date(2030, 5, 1))

    def test_converting_waits_with_its_customer(self):
        self.hold("convert_opportunity")
        lead = self.lead_of(type="lead")
        lead.convert_opportunity(self.customer.with_user(self.rep), False, False)
        self.assertEqual(lead.type, "lead")
        with self.assertRaisesRegex(UserError, "waits"):
            lead.type = "opportunity"
        self.decide(lead.crm_suite_approval_id, self.boss)
        self.assertEqual(lead.type, "opportunity")
        self.assertEqual(lead.partner_id, self.customer)

    def test_arguments_that_were_sent_reach_no_records(self):
        """A caller writes what looks like the mark of a record: it stays what it is."""
        self.hold("action_set_lost")
        deal = self.lead_of()
        sent = {"model": "res.users", "ids": [self.boss.id]}
        deal.action_set_lost(description=sent)
        effect = deal.sudo().crm_suite_approval_id.effect
        self.assertEqual(effect["kwargs"], {"description": {"value": sent}})

    def test_leaving_a_pool_waits(self):
        self.hold("pool_claim", "[]")
        pool = self.env["crm.suite.pool"].create(
            {
                "name": "Leads of the fair",
                "res_model": "crm.lead",
                "company_id": self.env.company.id,
                "user_ids": [(6, 0, self.rep.ids)],
                "admin_ids": [(6, 0, self.lead.ids)],
                "cooldown_days": 0,
            }
        )
        lead = self.lead_of(user_id=False)
        pool.action_add(lead.ids)
        [row] = pool.with_user(self.rep).action_claim(lead.ids)
        self.assertFalse(row["ok"])
        self.assertFalse(lead.user_id)
        self.decide(lead.sudo().crm_suite_approval_id, self.boss)
        self.assertEqual(lead.user_id, self.rep)

    def test_others_neither_decide_nor_see_it(self):
        self.hold("action_set_won")
        deal = self.lead_of()
        deal.action_set_won()
        request = deal.crm_suite_approval_id
        self.assertIn(request, self.Request.with_user(self.lead).search([]))
        self.assertNotIn(request, self.Request.with_user(self.agent).search([]))
        task = request.sudo().task_ids
        with self.assertRaises(AccessError):
            task.with_user(self.lead).action_agree()

    def test_a_step_of_other_documents_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "Win a deal"):
            self.hold("action_confirm")


@tagged("post_install", "-at_install")
class TestApprovalForm(ApprovalCase):
    """The forms of all documents show what waits."""

    FORMS = [
        ("sale.order", "sale.view_order_form"),
        ("crm.lead", "crm.crm_lead_view_form"),
        ("res.partner", "base.view_partner_form"),
        ("res.partner", "crm_suite_base.res_partner_view_form_customer"),
    ]

    def arch(self, model, view, user):
        views = self.env[model].with_user(user)
        return views.get_view(self.env.ref(view).id, "form")["arch"]

    def test_each_form_shows_it_once(self):
        for model, view in self.FORMS:
            arch = self.arch(model, view, self.rep)
            for part in (
                'name="crm_suite_approval_waiting"',
                'string="Ask for Approval"',
                'invisible="not crm_suite_approval_rejected"',
            ):
                self.assertEqual(arch.count(part), 1, f"{view}: {part}")
            self.assertIn('icon="fa-check-square-o"', arch, view)

    def test_without_a_role_nothing_is_shown(self):
        arch = self.arch("res.partner", "base.view_partner_form", self.clerk)
        self.assertNotIn("crm_suite_approval", arch)

    def test_a_rejection_is_said_for_a_while(self):
        self._create_flow(
            chain(self.ask("boss", self.boss)),
            model_id=self.env["ir.model"]._get("res.partner").id,
            start="button",
            start_method=False,
            start_domain=f"[('id', '=', {self.customer.id})]",
        )
        customer = self.customer.with_user(self.rep)
        customer.user_id = self.rep
        customer.action_crm_suite_ask_approval()
        request = customer.sudo().crm_suite_approval_id
        self.assertFalse(customer.crm_suite_approval_rejected)
        self.decide(request, self.boss, "reject")
        self.assertTrue(customer.crm_suite_approval_rejected)
        form = Form(customer, "crm_suite_base.res_partner_view_form_customer")
        self.assertTrue(form.crm_suite_approval_rejected)
        request.finished_at = "2020-01-01"
        customer.invalidate_recordset()
        self.assertFalse(customer.crm_suite_approval_rejected)

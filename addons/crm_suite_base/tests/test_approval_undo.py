from odoo.tests import tagged

from .approval_common import ApprovalCase, chain


@tagged("post_install", "-at_install")
class TestApprovalUndo(ApprovalCase):
    """An undo is no way past the people, and none to make their decisions undone."""

    def operation(self):
        return self.env["crm.suite.operation"].record("mass_edit", "Test")

    def undo(self, operation):
        result = operation.action_undo()
        self.env.flush_all()
        self.env.invalidate_all()
        return result

    def two_steps(self):
        """Finance has agreed to a lower discount than there was; the boss is asked."""
        self.flow.graph = chain(
            self.ask(
                "finance",
                self.finance,
                watch=[{"field": "max(lines.discount)", "worse": "higher"}],
            ),
            self.ask("boss", self.boss),
        )
        self.flow.action_publish()
        order, request = self.held(30)
        with self.operation() as operation:
            order.order_line.discount = 20
        self.decide(request, self.finance)
        self.assertEqual(self.holders(request), ["suite_boss"])
        return order, request, operation

    def test_who_judged_by_it_is_asked_again(self):
        order, request, operation = self.two_steps()
        self.undo(operation)
        self.assertEqual(order.order_line.discount, 30)
        self.assertIn("suite_finance", self.holders(request))
        change = request.event_ids.filtered(lambda e: e.kind == "change" and e.comment)[
            -1:
        ]
        self.assertIn("20", change.comment)
        self.assertIn("30", change.comment)

    def test_what_was_asked_is_not_taken_back(self):
        """An operation starts a request; its undo leaves request and pointer."""
        self.flow.action_switch_off()
        self._create_flow(
            chain(self.ask("finance", self.finance)),
            start="fields",
            start_method=False,
            start_fields="client_order_ref",
            start_holds=False,
            start_domain="[]",
        )
        order = self._order()
        with self.operation() as operation:
            order.client_order_ref = "PO 7"
        request = order.crm_suite_approval_id
        self.decide(request, self.finance)
        self.undo(operation)
        self.assertFalse(order.client_order_ref)
        self.assertEqual(order.crm_suite_approval_id, request)
        self.assertEqual(request.state, "agreed")
        self.assertTrue(request.event_ids)

    def test_an_undo_starts_nothing(self):
        order = self._order()
        with self.operation() as operation:
            order.client_order_ref = "PO 7"
        self._create_flow(
            chain(self.ask("finance", self.finance)),
            start="edit",
            start_method=False,
            start_domain="[]",
        )
        operation.with_user(self.env.ref("base.user_admin")).action_undo()
        self.assertFalse(order.client_order_ref)
        self.assertFalse(order.crm_suite_approval_id)

    def test_what_waits_is_not_brought_about_by_an_undo(self):
        won = self.env["crm.stage"].search([("is_won", "=", True)], limit=1)
        first = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        deals = self.env["crm.lead"].create(
            [
                {"name": f"Deal {number}", "type": "opportunity", "stage_id": won.id}
                for number in range(2)
            ]
        )
        with self.operation() as operation:
            deals.stage_id = first
        self._create_flow(
            chain(self.ask("boss", self.boss)),
            model_id=self.env["ir.model"]._get("crm.lead").id,
            start_method="action_set_won",
            start_domain="[]",
        )
        deals[0].action_set_won()
        self.assertEqual(deals[0].crm_suite_approval_id.state, "running")
        self.undo(operation)
        self.assertFalse(deals[0].stage_id.is_won, "It waits for the boss")
        self.assertTrue(deals[1].stage_id.is_won, "About this one nobody is asked")
        self.decide(deals[0].crm_suite_approval_id, self.boss)
        self.assertTrue(deals[0].stage_id.is_won)


@tagged("post_install", "-at_install")
class TestApprovalMerge(ApprovalCase):
    """A merge changes a customer as an edit does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stays = cls._create_customer(name="Nanfang Ltd", user_id=cls.rep.id)
        cls.goes = cls._create_customer(
            name="Nanfang", city="Shenzhen", user_id=cls.rep.id
        )
        cls.partner_model = cls.env["ir.model"]._get("res.partner")

    def by_button(self):
        watch = [{"field": "city", "worse": "changed"}]
        return self._create_flow(
            chain(
                self.ask("finance", self.finance, watch=watch),
                self.ask("boss", self.boss),
            ),
            model_id=self.partner_model.id,
            start="button",
            start_method=False,
            start_domain="[]",
        )

    def ask_about(self, customer):
        [request_id] = customer.with_user(self.rep).crm_suite_request_approval()
        return self.Request.browse(request_id)

    def merge(self):
        partners = (self.stays | self.goes).with_user(self.steward)
        operation_id = partners.crm_suite_merge(self.stays.id)
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["crm.suite.operation"].browse(operation_id)

    def test_who_judged_by_it_is_asked_again(self):
        self.by_button()
        request = self.ask_about(self.stays)
        self.decide(request, self.finance)
        self.merge()
        self.assertEqual(self.stays.city, "Shenzhen")
        self.assertIn("suite_finance", self.holders(request))
        change = request.event_ids.filtered(lambda e: e.kind == "change" and e.comment)[
            -1:
        ]
        self.assertIn("Shenzhen", change.comment)

    def test_what_runs_goes_on_about_who_takes_over(self):
        self.by_button()
        request = self.ask_about(self.goes)
        operation = self.merge()
        self.assertEqual((request.state, request.res_id), ("running", self.stays.id))
        self.assertEqual(self.stays.crm_suite_approval_id, request)
        operation.with_user(self.steward).action_undo()
        self.env.invalidate_all()
        self.assertEqual((request.state, request.res_id), ("running", self.goes.id))
        self.assertEqual(self.goes.crm_suite_approval_id, request)
        self.assertFalse(self.stays.crm_suite_approval_id)

    def test_of_two_alike_one_goes_on(self):
        self.by_button()
        first, second = self.ask_about(self.stays), self.ask_about(self.goes)
        self.merge()
        self.assertEqual(first.state, "running")
        self.assertEqual(second.state, "cancelled")
        self.assertFalse(second.task_ids.filtered(lambda t: t.state == "open"))
        self.assertEqual(self.stays.crm_suite_approval_id, first)

    def test_a_value_that_waits_is_put_to_the_people(self):
        self.goes.credit_limit = 5000
        self._create_flow(
            chain(self.ask("finance", self.finance)),
            model_id=self.partner_model.id,
            start="fields",
            start_method=False,
            start_fields="credit_limit",
            start_direction="higher",
            start_domain="[]",
        )
        self.merge()
        self.assertFalse(self.stays.credit_limit)
        request = self.stays.crm_suite_approval_id
        self.assertEqual(request.effect["values"], {"credit_limit": 5000})
        self.assertEqual(request.submitter_id, self.steward)

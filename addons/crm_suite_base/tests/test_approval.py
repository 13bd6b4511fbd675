from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .approval_common import ApprovalCase, chain


@tagged("post_install", "-at_install")
class TestApproval(ApprovalCase):
    """An order goes its way: asked, decided, returned, done."""

    def test_order_without_much_discount_is_confirmed_at_once(self):
        order = self._order(discount=5)
        self.confirm(order)
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.crm_suite_approval_id)

    def test_order_waits_and_is_confirmed_by_itself_as_the_submitter(self):
        order, request = self.held()
        self.assertEqual((order.state, request.state), ("draft", "running"))
        self.assertEqual(self.holders(request), ["suite_lead"])
        self.decide(request, self.lead)
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.assertEqual(order.state, "draft")
        self.decide(request, self.finance)
        self.assertEqual((order.state, request.state), ("sale", "agreed"))
        self.assertEqual(request.effect_state, "done")
        effect = request.event_ids.filtered(lambda e: e.kind == "effect")
        self.assertEqual(effect.user_id, self.rep)

    def test_discount_is_compared_with_the_grade_of_the_customer(self):
        """The same discount waits for one customer and not for another."""
        grade = self.env["crm.suite.grade"].create(
            {"name": "Eighteen", "code": "X18", "discount_limit": 18}
        )
        order = self._order(discount=18)
        self.assertEqual(order.crm_suite_discount_above, 0, "no grade, no limit")
        self.customer.crm_suite_grade_id = grade
        order.invalidate_recordset()
        self.assertEqual(order.crm_suite_discount_above, 0)
        self.assertFalse(order.crm_suite_discount_hint)
        order.order_line.discount = 20
        self.assertEqual(order.crm_suite_discount_above, 2)
        self.assertIn("grade Eighteen allows 18", order.crm_suite_discount_hint)
        facts = self.env["crm.suite.approval.facts"]
        above = "crm_suite_discount_above > 0"
        self.assertTrue(facts._evaluate(above, order, self.rep))
        self.assertEqual(facts._fact("crm_suite_discount_above", order), 2)
        orders = self.env["sale.order"].with_user(self.rep)
        mine = ("id", "=", order.id)
        for operator, value, found in (
            (">", 0, 1),
            ("=", 0, 0),
            (">=", 2, 1),
            ("<", 2, 0),
        ):
            asked = ("crm_suite_discount_above", operator, value)
            self.assertEqual(orders.search_count([mine, asked]), found, asked)
        grade.discount_limit = 25
        order.invalidate_recordset()
        self.assertFalse(facts._evaluate(above, order, self.rep))
        self.assertTrue(orders.search([mine, ("crm_suite_discount_above", "=", 0)]))

    def test_flow_waits_for_a_discount_above_the_grade(self):
        self.flow.start_domain = "[('crm_suite_discount_above', '>', 0)]"
        self.flow.action_publish()
        order = self._order(discount=40)
        self.confirm(order)
        self.assertEqual(order.state, "sale", "without a grade there is no limit")
        self.customer.crm_suite_grade_id = self.env["crm.suite.grade"].create(
            {"name": "None", "code": "X0"}
        )
        order, request = self.held(discount=5)
        self.assertEqual((order.state, request.state), ("draft", "running"))

    def test_confirming_again_asks_nobody_twice(self):
        order, request = self.held()
        self.confirm(order)
        self.assertEqual(order.crm_suite_approval_id, request)
        self.assertEqual(len(request.task_ids), 1)

    def test_of_several_orders_only_those_that_must_wait(self):
        orders = self._order(discount=20) | self._order(discount=1)
        self.confirm(orders)
        self.assertEqual(orders.mapped("state"), ["draft", "sale"])

    def test_rejection_ends_it_and_it_can_be_asked_again(self):
        order, request = self.held()
        self.decide(request, self.lead, "reject", "Too much")
        self.assertEqual((order.state, request.state), ("draft", "rejected"))
        self.confirm(order)
        self.assertNotEqual(order.crm_suite_approval_id, request)
        self.assertEqual(order.crm_suite_approval_id.state, "running")

    def test_return_is_no_rejection(self):
        order, request = self.held()
        self.decide(request, self.lead, "return", "Say why so much")
        self.assertEqual(request.state, "running")
        self.assertEqual(self.holders(request), ["suite_rep"])
        self.decide(request, self.rep)
        self.assertEqual(self.holders(request), ["suite_lead"])
        self.decide(request, self.lead)
        self.decide(request, self.finance)
        self.assertEqual(order.state, "sale")

    def test_lead_adds_a_signer_before_himself(self):
        order, request = self.held()
        self.decide(request, self.lead, "add_before", user_id=self.boss.id)
        self.assertEqual(self.holders(request), ["suite_boss"])
        self.decide(request, self.boss)
        self.assertEqual(self.holders(request), ["suite_lead"])
        self.decide(request, self.lead)
        self.decide(request, self.finance)
        self.assertEqual(order.state, "sale")

    def test_transfer(self):
        _order, request = self.held()
        self.decide(request, self.lead, "transfer", user_id=self.boss.id)
        self.assertEqual(self.holders(request), ["suite_boss"])

    def test_transfer_to_somebody_without_a_role_is_refused(self):
        _order, request = self.held()
        with self.assertRaisesRegex(UserError, "cannot decide here"):
            self.decide(request, self.lead, "transfer", user_id=self.plain.id)

    def test_withdraw_by_who_asked(self):
        order, request = self.held()
        with self.assertRaises(AccessError):
            request.with_user(self.agent).action_withdraw()
        request.with_user(self.rep).action_withdraw("Changed my mind")
        self.assertEqual((request.state, order.state), ("withdrawn", "draft"))
        self.assertFalse(request.task_ids.filtered(lambda t: t.state == "open"))

    def test_retrieve_until_the_next_acts(self):
        _order, request = self.held()
        self.decide(request, self.lead)
        request.with_user(self.lead).action_retrieve()
        self.assertEqual(self.holders(request), ["suite_lead"])
        self.decide(request, self.lead)
        self.decide(request, self.finance)
        with self.assertRaises(UserError):
            request.with_user(self.lead).action_retrieve()

    def test_others_cannot_decide(self):
        _order, request = self.held()
        task = self.task(request, self.lead)
        with self.assertRaises(AccessError):
            task.with_user(self.boss).action_decide("agree")

    def test_second_decision_says_who_was_first(self):
        graph = chain(self.ask("both", self.lead, self.boss))
        self._create_flow(graph, sequence=1)
        _order, request = self.held()
        second = self.task(request, self.boss)
        mine = self.task(request, self.lead)
        self.decide(request, self.lead)
        with self.assertRaisesRegex(UserError, "has decided"):
            mine.action_decide("agree")
        with self.assertRaisesRegex(UserError, "does not wait for you"):
            second.action_decide("agree")

    def test_reasons_are_required(self):
        _order, request = self.held()
        for decision in ("reject", "return"):
            with self.assertRaisesRegex(UserError, "Say why"):
                self.decide(request, self.lead, decision, " ")

    def test_bad_arguments_are_told(self):
        _order, request = self.held()
        task = self.task(request, self.lead)
        for arguments in (
            ("dance",),
            ("agree", 5),
            ("transfer", "x"),
        ):
            with self.assertRaises(UserError):
                task.action_decide(*arguments)
        for options in ({"user_id": "me"}, {"to": 4}, {"nonsense": 1}):
            with self.assertRaises(UserError):
                task.action_decide("transfer", "x", **options)

    def test_cancelled_and_deleted_orders_end_their_requests(self):
        order, request = self.held()
        order.action_cancel()
        self.assertEqual(request.state, "cancelled")
        order, request = self.held()
        order.unlink()
        self.assertEqual(request.state, "cancelled")

    def test_trace_and_explanation(self):
        _order, request = self.held()
        self.decide(request, self.lead)
        trace = request.with_user(self.rep).trace()
        self.assertEqual(trace["nodes"]["leader"]["state"], "done")
        self.assertEqual(trace["nodes"]["finance"]["state"], "open")
        self.assertEqual(trace["nodes"]["finance"]["who"][0]["id"], self.finance.id)
        self.assertIn("agree", [event["kind"] for event in trace["events"]])
        why = request.with_user(self.rep).explain("waiting")
        self.assertIn("suite_finance", why["sentence"])

    def test_history_cannot_be_changed(self):
        _order, request = self.held()
        with self.assertRaises(UserError):
            request.event_ids[0].write({"comment": "x"})
        with self.assertRaises(UserError):
            request.version_id.write({"graph": {}})


@tagged("post_install", "-at_install")
class TestApprovalChange(ApprovalCase):
    """The order changes while people are asked."""

    def test_only_those_whose_criterion_got_worse_are_asked_again(self):
        graph = chain(
            self.ask("leader", self.lead),
            self.ask(
                "finance",
                self.finance,
                watch=[{"field": "max(lines.discount)", "worse": "higher"}],
            ),
            self.ask("boss", self.boss),
        )
        self._create_flow(graph, sequence=1)
        order, request = self.held()
        self.decide(request, self.lead)
        self.decide(request, self.finance)
        order.with_user(self.rep).order_line.discount = 16
        self.assertEqual(self.holders(request), ["suite_boss"])
        order.with_user(self.rep).write(
            {"order_line": [(1, order.order_line.id, {"discount": 25})]}
        )
        self.assertEqual(sorted(self.holders(request)), ["suite_boss", "suite_finance"])
        self.decide(request, self.boss)
        self.assertEqual(
            order.state, "draft", "What goes on waits for who judges again"
        )
        self.decide(request, self.finance)
        self.assertEqual(order.state, "sale")

    def test_change_is_in_the_history(self):
        order, request = self.held()
        order.with_user(self.rep).order_line.discount = 20
        change = request.event_ids.filtered(lambda e: e.kind == "change")
        self.assertIn("20", change[0].comment)


@tagged("post_install", "-at_install")
class TestApprovalGate(ApprovalCase):
    """No way leads around the gate."""

    def test_state_cannot_be_written(self):
        order = self._order()
        for user in (self.rep, self.env.user):
            with self.assertRaisesRegex(UserError, "needs an agreement"):
                order.with_user(user).write({"state": "sale"})
        with self.assertRaises(UserError):
            order.sudo().state = "sale"
        self.confirm(order)
        with self.assertRaisesRegex(UserError, "waits"):
            order.sudo().write({"state": "sale"})

    def test_created_as_confirmed(self):
        values = self._order().copy_data()[0]
        with self.assertRaises(UserError):
            self.env["sale.order"].create({**values, "state": "sale"})

    def test_imported_as_confirmed(self):
        """The host's import writes and creates: neither goes past the flow."""
        order, low = self._order(), self._order(discount=1)
        product = order.order_line.product_id
        orders = self.env["sale.order"]
        names = [".id", "state"]
        found = orders.load(names, [[str(order.id), "sale"]])
        self.assertFalse(found["ids"])
        self.assertIn("needs an agreement first", found["messages"][0]["message"])
        self.assertEqual(order.state, "draft")
        self.assertEqual(orders.load(names, [[str(low.id), "sale"]])["ids"], low.ids)
        names = ["partner_id/.id", "team_id/.id", "state"]
        names += ["order_line/product_id/.id", "order_line/discount"]
        row = [str(self.customer.id), str(self.team.id), "sale", str(product.id)]
        before = orders.search_count([])
        found = orders.load(names, [[*row, "18"]])
        self.assertFalse(found["ids"])
        self.assertIn("needs an agreement first", found["messages"][0]["message"])
        self.assertEqual(orders.search_count([]), before)
        self.assertTrue(orders.load(names, [[*row, "1"]])["ids"])

    def test_inner_method(self):
        order = self._order()
        with self.assertRaises(UserError):
            order.sudo()._action_confirm()

    def test_portal_signature_waits_as_the_salesman(self):
        order = self._order()
        order.with_user(self.env.ref("base.public_user")).sudo()._validate_order()
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.crm_suite_approval_id.submitter_id, self.rep)

    def test_server_action(self):
        order = self._order()
        action = self.env["ir.actions.server"].create(
            {
                "name": "Confirm",
                "model_id": self.env["ir.model"]._get("sale.order").id,
                "state": "code",
                "code": "records.action_confirm()",
            }
        )
        action.with_context(active_model="sale.order", active_ids=order.ids).run()
        self.assertEqual(order.state, "draft")

    def test_context_opens_nothing(self):
        order = self._order()
        order.with_context(
            crm_suite_approval_passing=True, approval=True
        ).action_confirm()
        self.assertEqual(order.state, "draft")

    def test_agreement_is_good_for_once(self):
        order, request = self.held()
        self.decide(request, self.lead)
        self.decide(request, self.finance)
        order.action_cancel()
        order.action_draft()
        self.confirm(order)
        self.assertEqual(order.state, "draft")
        self.assertNotEqual(order.crm_suite_approval_id, request)

    def failed(self):
        """An order that all have agreed to and that the host does not confirm."""
        order, request = self.held()
        self.decide(request, self.lead)
        line = self.env["sale.order.line"].create(
            {"order_id": order.id, "name": "No product", "product_uom_qty": 1}
        )
        self.decide(request, self.finance)
        self.assertEqual((request.state, request.effect_state), ("agreed", "failed"))
        return order, request, line

    def test_what_was_agreed_to_is_not_made_worse(self):
        order, request, line = self.failed()
        line.unlink()
        order.with_user(self.rep).order_line.discount = 60
        self.assertEqual((request.state, request.effect_state), ("running", "none"))
        self.confirm(order)
        self.assertEqual(order.state, "draft")
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.decide(request, self.finance)
        self.assertEqual((order.state, request.effect_state), ("sale", "done"))

    def test_what_was_agreed_to_may_become_better(self):
        order, request, line = self.failed()
        line.unlink()
        order.with_user(self.rep).order_line.discount = 17
        self.assertEqual(request.state, "agreed")
        self.confirm(order)
        self.assertEqual((order.state, request.effect_state), ("sale", "done"))

    def test_what_was_agreed_to_ends_with_the_document(self):
        order, request, line = self.failed()
        line.unlink()
        order.action_cancel()
        self.assertEqual((request.state, request.effect_state), ("agreed", "dropped"))
        order.action_draft()
        self.confirm(order)
        self.assertNotEqual(order.crm_suite_approval_id, request)
        self.assertEqual(order.state, "draft")

    def test_what_was_agreed_to_is_withdrawn(self):
        order, request, _line = self.failed()
        self.assertTrue(request.with_user(self.rep).can_withdraw)
        with self.assertRaises(AccessError):
            request.with_user(self.finance).action_withdraw()
        request.with_user(self.rep).action_withdraw("Not now")
        self.assertEqual(
            (request.effect_state, request.effect_next), ("dropped", False)
        )
        self.assertFalse(request.with_user(self.rep).can_withdraw)
        with self.assertRaisesRegex(UserError, "already"):
            request.with_user(self.rep).action_withdraw()

    def test_request_ends_when_its_step_needs_it_no_more(self):
        order, request = self.held()
        order.with_user(self.rep).order_line.discount = 10
        self.confirm(order)
        self.assertEqual((order.state, request.state), ("sale", "cancelled"))
        self.assertFalse(request.task_ids.filtered(lambda t: t.state == "open"))

    def test_agreement_is_used_when_its_step_needs_it_no_more(self):
        order, request, line = self.failed()
        line.unlink()
        order.with_user(self.rep).order_line.discount = 10
        self.confirm(order)
        self.assertEqual((order.state, request.effect_state), ("sale", "done"))

    def test_flow_switched_off_leaves_nobody_asked(self):
        order, request = self.held()
        self.flow.action_switch_off()
        self.confirm(order)
        self.assertEqual((order.state, request.state), ("sale", "cancelled"))

    def test_request_is_not_hidden_by_one_that_asks_nobody(self):
        self._create_flow(
            chain(self.ask("boss", self.boss)),
            name="By button",
            start="button",
            start_method=False,
        )
        self.flow.graph = chain()
        self.flow.action_publish()
        order = self._order()
        order.with_user(self.rep).action_crm_suite_ask_approval()
        request = order.crm_suite_approval_id
        self.confirm(order)
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.crm_suite_approval_id, request)
        order.action_cancel()
        self.assertEqual(request.state, "cancelled")

    def test_customer_who_signed_gets_the_confirmation(self):
        order = self._order()
        order.with_user(self.env.ref("base.public_user")).sudo()._validate_order()
        request = order.crm_suite_approval_id
        self.decide(request, self.lead)
        with patch.object(
            type(order), "_send_order_confirmation_mail", autospec=True
        ) as send:
            self.decide(request, self.finance)
        self.assertEqual(order.state, "sale")
        send.assert_called_once()

    def test_failed_effect_is_kept_and_tried_again(self):
        order, request, line = self.failed()
        self.assertIn("product", request.effect_error)
        line.unlink()
        request.effect_next = "2020-01-01 00:00:00"
        self.run_cron("ir_cron_approval_effects")
        self.assertEqual((order.state, request.effect_state), ("sale", "done"))

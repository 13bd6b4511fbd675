from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .approval_common import ApprovalCase, chain


def action(key, kind, **values):
    return {"id": key, "type": "action", "name": key.title(), "action": kind, **values}


@tagged("post_install", "-at_install")
class TestApprovalActions(ApprovalCase):
    """What a published flow does by itself, and flows within flows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.flow.action_switch_off()
        cls.order_model = cls.env["ir.model"]._get("sale.order")

    def run_flow(self, *nodes, **values):
        """Put an order of the rep to a flow of these steps."""
        flow = self._create_flow(
            chain(*nodes), start="button", start_method=False, start_domain="[]"
        )
        order = self._order(**values)
        [request_id] = order.with_user(self.rep).crm_suite_request_approval(flow.id)
        self.env.flush_all()
        return order, self.Request.browse(request_id)

    def server_action(self, code):
        return self.env["ir.actions.server"].create(
            {
                "name": "By the flow",
                "model_id": self.order_model.id,
                "state": "code",
                "code": code,
            }
        )

    def test_set_a_field(self):
        order, request = self.run_flow(
            action("text", "set_field", field="client_order_ref", value='"Checked"'),
            action(
                "day",
                "set_field",
                field="validity_date",
                value="today() + 5",
            ),
        )
        self.assertEqual(order.client_order_ref, "Checked")
        today = fields.Date.context_today(order)
        self.assertEqual(order.validity_date, today + timedelta(days=5))
        self.assertEqual(request.state, "agreed")
        done = request.event_ids.filtered(lambda e: e.kind == "action")
        self.assertEqual(done.mapped("node"), ["text", "day"])

    def test_who_judged_by_a_field_that_is_set_is_asked_again(self):
        watch = [{"field": "client_order_ref", "worse": "changed"}]
        order, request = self.run_flow(
            self.ask("lead", self.lead, watch=watch),
            self.ask("finance", self.finance),
            action("text", "set_field", field="client_order_ref", value='"Checked"'),
        )
        self.decide(request, self.lead)
        self.decide(request, self.finance)
        self.assertEqual(order.client_order_ref, "Checked")
        self.assertEqual(self.holders(request), ["suite_lead"], "and nobody else")
        self.decide(request, self.lead)
        self.assertEqual(request.state, "agreed")
        done = request.event_ids.filtered(lambda e: e.kind == "action")
        self.assertEqual(len(done), 1)

    def test_who_agreed_around_is_asked_again_for_what_is_set_within(self):
        watch = [{"field": "client_order_ref", "worse": "changed"}]
        inner = self._create_flow(
            chain(
                action("text", "set_field", field="client_order_ref", value='"Checked"')
            ),
            name="Inner",
            start="button",
            start_method=False,
            start_domain="[('id', '=', 0)]",
        )
        sub = {"id": "sub", "type": "subflow", "name": "Sub", "flow_id": inner.id}
        order, request = self.run_flow(self.ask("lead", self.lead, watch=watch), sub)
        self.decide(request, self.lead)
        self.assertEqual(order.client_order_ref, "Checked")
        self.assertEqual(request.child_ids.state, "agreed")
        self.assertEqual(self.holders(request), ["suite_lead"])
        self.decide(request, self.lead)
        self.assertEqual(request.state, "agreed")
        self.assertEqual(len(request.child_ids), 1)

    def test_run_a_server_action(self):
        code = "record.write({'client_order_ref': 'By %s' % record.name})"
        server = self.server_action(code)
        order, request = self.run_flow(
            self.ask("finance", self.finance),
            action("run", "server_action", server_action_id=server.id),
        )
        self.assertFalse(order.client_order_ref)
        self.decide(request, self.finance)
        self.assertEqual(order.client_order_ref, f"By {order.name}")
        self.assertEqual(request.state, "agreed")

    def test_what_fails_waits_for_an_administrator_and_goes_on(self):
        server = self.server_action("raise UserError('No paper')")
        order, request = self.run_flow(
            action("text", "set_field", field="client_order_ref", value='"Before"'),
            action("run", "server_action", server_action_id=server.id),
            self.ask("finance", self.finance),
        )
        self.assertEqual(request.state, "exception")
        self.assertEqual(order.client_order_ref, "Before")
        failed = request.event_ids.filtered(lambda e: e.kind == "failure")
        self.assertIn("No paper", failed.comment)
        server.code = "record.write({'note': 'Done'})"
        request.with_user(self.admin).action_retry()
        self.env.invalidate_all()
        self.assertIn("Done", order.note)
        self.assertEqual(self.holders(request), ["suite_finance"])

    def test_plan_activities(self):
        order, request = self.run_flow(
            action("mine", "activity", summary="Call back", days=2),
            action(
                "theirs",
                "activity",
                summary="Check the books",
                approvers=[{"by": "users", "user_ids": [self.finance.id]}],
            ),
        )
        self.assertEqual(request.state, "agreed")
        planned = {a.summary: a for a in order.activity_ids}
        self.assertEqual(planned["Call back"].user_id, self.rep)
        self.assertEqual(planned["Check the books"].user_id, self.finance)
        self.assertEqual(
            planned["Call back"].date_deadline
            - planned["Check the books"].date_deadline,
            timedelta(days=2),
        )

    # === FLOWS WITHIN FLOWS === #

    def within(self, **values):
        inner = self._create_flow(
            chain(self.ask("finance", self.finance)),
            name="Inner",
            start="button",
            start_method=False,
            start_domain="[('id', '=', 0)]",
        )
        sub = {"id": "sub", "type": "subflow", "name": "Sub", "flow_id": inner.id}
        return (inner, *self.run_flow({**sub, **values}, self.ask("boss", self.boss)))

    def test_a_flow_within_a_flow(self):
        _inner, order, request = self.within()
        part = request.child_ids
        self.assertEqual(self.holders(part), ["suite_finance"])
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.assertEqual(order.crm_suite_approval_id, request, "Not its part")
        self.decide(part, self.finance)
        self.assertEqual(part.state, "agreed")
        self.assertEqual(self.holders(request), ["suite_boss"])
        self.decide(request, self.boss)
        self.assertEqual(request.state, "agreed")

    def test_what_the_part_rejects_the_whole_has_rejected(self):
        _inner, _order, request = self.within()
        self.decide(request.child_ids, self.finance, "reject")
        self.assertEqual(request.state, "rejected")

    def test_the_part_ends_with_the_whole(self):
        _inner, _order, request = self.within()
        request.with_user(self.rep).action_withdraw()
        self.assertEqual(request.state, "withdrawn")
        self.assertEqual(request.child_ids.state, "cancelled")
        self.assertFalse(
            request.child_ids.task_ids.filtered(lambda t: t.state == "open")
        )

    def test_a_part_that_is_switched_off_stops_it(self):
        inner, _order, request = self.within()
        inner.action_switch_off()
        order = self._order()
        [again] = order.with_user(self.rep).crm_suite_request_approval(
            request.flow_id.id
        )
        again = self.Request.browse(again)
        self.assertEqual(again.state, "exception")
        inner.action_publish()
        again.with_user(self.admin).action_retry()
        self.env.invalidate_all()
        self.assertEqual(self.holders(again.child_ids[-1]), ["suite_finance"])

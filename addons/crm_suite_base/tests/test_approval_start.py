from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .approval_common import ApprovalCase, chain


@tagged("post_install", "-at_install")
class TestApprovalStart(ApprovalCase):
    """Flows that begin beside what is done: with a new record, with any edit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.flow.action_switch_off()

    @classmethod
    def begin(cls, start, domain="[('amount_total', '>', 500)]", **values):
        return cls._create_flow(
            chain(cls.ask("finance", cls.finance)),
            name=start,
            start=start,
            start_method=False,
            start_domain=domain,
            **values,
        )

    def test_a_new_record(self):
        self.begin("create")
        order = self._order()
        self.assertEqual(order.crm_suite_approval_id.state, "running")
        self.assertFalse(self._order(price=100).crm_suite_approval_id)
        order.with_user(self.rep).client_order_ref = "An edit is no new record"
        self.assertEqual(self._count(order), 1)
        self.decide(order.crm_suite_approval_id, self.finance)
        self.assertEqual(order.state, "draft", "Nothing waited")

    def test_any_edit(self):
        self.begin("edit")
        order, small = self._order(), self._order(price=100)
        self.assertFalse(order.crm_suite_approval_id, "Made, not edited")
        (order | small).with_user(self.rep).client_order_ref = "PO 7"
        self.assertEqual(order.client_order_ref, "PO 7", "Nothing waits")
        request = order.crm_suite_approval_id
        self.assertEqual(request.state, "running")
        self.assertEqual(request.submitter_id, self.rep)
        self.assertFalse(small.crm_suite_approval_id)
        order.with_user(self.rep).client_order_ref = "PO 8"
        self.assertEqual(self._count(order), 1, "Nothing is asked twice")
        self.decide(request, self.finance)
        order.with_user(self.rep).client_order_ref = "PO 9"
        self.assertEqual(self._count(order), 2)

    def test_an_edit_of_the_lines(self):
        self.begin("edit")
        order = self._order().with_user(self.rep)
        order.order_line.write({"name": "Other words"})
        self.assertEqual(self._count(order), 1)
        other = self._order().with_user(self.rep)
        other.write(
            {"order_line": [Command.update(other.order_line.id, {"name": "x"})]}
        )
        self.assertEqual(self._count(other), 1)

    def test_what_the_system_writes_is_no_edit(self):
        self.begin("edit")
        order = self._order()
        order.with_user(self.rep).sudo().client_order_ref = "By a program"
        order.with_user(self.rep).write({})
        self.assertFalse(order.crm_suite_approval_id)

    def test_what_follows_an_edit_is_none(self):
        """The contacts of a company take over its address."""
        self.begin("edit", "[]", model_id=self.env["ir.model"]._get("res.partner").id)
        company = self.customer.with_user(self.lead)
        company.write({"street": "2 New Road"})
        self.assertEqual(self.person.street, "2 New Road")
        self.assertTrue(company.crm_suite_approval_id)
        self.assertFalse(self.person.crm_suite_approval_id)

    def test_the_flow_itself_does_not_start_it_again(self):
        graph = chain(
            {
                "id": "note",
                "type": "action",
                "name": "Note",
                "action": "set_field",
                "field": "client_order_ref",
                "value": '"checked"',
            }
        )
        flow = self.begin("edit")
        flow.graph = graph
        flow.action_publish()
        order = self._order()
        order.with_user(self.rep).note = "x"
        self.assertEqual(order.client_order_ref, "checked")
        self.assertEqual(self._count(order), 1)

    def test_a_condition_is_read_once_and_asked_anew(self):
        text = "[('date_order', '>=', 'today')]"
        domain = self.Flow._prepare_domain("sale.order", text)
        self.assertIs(self.Flow._prepare_domain("sale.order", text), domain)
        self.assertIn("today", str(domain), "No date of the day on which it was read")
        self.begin("edit", text)
        old, new = self._order(), self._order()
        old.date_order = fields.Datetime.now() - timedelta(days=3)
        (old | new).with_user(self.rep).client_order_ref = "PO 7"
        self.assertFalse(old.crm_suite_approval_id)
        self.assertTrue(new.crm_suite_approval_id)

    def _count(self, order):
        return self.Request.search_count(
            [("res_model", "=", order._name), ("res_id", "=", order.id)]
        )

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .approval_common import ApprovalCase, chain
from .approval_plain import fork
from .common import ROLE

DISCOUNT = [{"field": "max(lines.discount)", "worse": "higher"}]


@tagged("post_install", "-at_install")
class TestApprovalParts(ApprovalCase):
    """A document waits in a flow within its flow, as if it were one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.flow.action_switch_off()

    def part(self, *nodes, graph=None, **values):
        """A flow that begins only within another, as a step of that."""
        flow = self._create_flow(
            graph or chain(*nodes),
            name="Inner",
            start="button",
            start_method=False,
            start_domain="[('id', '=', 0)]",
            **values,
        )
        return {"id": "sub", "type": "subflow", "name": "Sub", "flow_id": flow.id}

    def fork(self, when, node, other=None):
        """A graph that asks at one step or, otherwise, at another one or nowhere."""
        graph = chain({"id": "if", "type": "condition", "name": "Much?"}, node)
        graph["edges"][1]["when"] = when
        goal = other["id"] if other else "end"
        graph["edges"].append({"id": "else", "from": "if", "to": goal, "default": True})
        if other:
            graph["nodes"].insert(2, other)
            graph["edges"].append({"id": "last", "from": goal, "to": "end"})
        return graph

    def within(self, *nodes):
        """An order that waits in the inner flow; afterwards the boss is asked."""
        self._create_flow(chain(self.part(*nodes), self.ask("boss", self.boss)))
        order, request = self.held()
        return order, request, request.child_ids

    def test_what_was_agreed_to_is_asked_again_within_the_flow_within(self):
        inner = self.part(self.ask("finance", self.finance, watch=DISCOUNT))
        middle = self.part(inner)
        self._create_flow(chain(middle, self.ask("boss", self.boss)))
        order, request = self.held()
        line = self.env["sale.order.line"].create(
            {"order_id": order.id, "name": "No product", "product_uom_qty": 1}
        )
        part = request.child_ids.child_ids
        self.decide(part, self.finance)
        self.decide(request, self.boss)
        self.assertEqual((request.state, request.effect_state), ("agreed", "failed"))
        line.unlink()
        order.order_line.discount = 30
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.decide(part, self.finance)
        self.assertEqual((order.state, request.state), ("sale", "agreed"))

    # === WHO HAS IT === #

    def test_the_document_says_for_whom_it_waits(self):
        order, request, part = self.within(self.ask("finance", self.finance))
        mine = order.with_user(self.rep)
        self.assertIn(self.finance.name, mine.crm_suite_approval_waiting)
        self.assertIn("Finance", mine.crm_suite_approval_waiting, "the step in it")
        self.assertFalse(mine.crm_suite_approval_mine)
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.decide(part, self.finance)
        self.assertIn(self.boss.name, mine.crm_suite_approval_waiting)
        self.assertEqual(self.holders(request), ["suite_boss"])
        self.assertEqual(self.holders(part), [])

    def test_who_is_asked_within_decides_on_the_document(self):
        order, request, part = self.within(self.ask("lead", self.lead))
        theirs = order.with_user(self.lead)
        self.assertTrue(theirs.crm_suite_approval_mine)
        whole = request.with_user(self.lead)
        self.assertTrue(whole.can_decide)
        self.assertFalse(request.with_user(self.boss).can_decide)
        action = whole.action_decide_mine()
        task = self.Task.browse(action["context"]["default_task_id"])
        self.assertEqual((task.request_id, task.user_id), (part, self.lead))
        self.decide(part, self.lead)
        self.assertFalse(theirs.crm_suite_approval_mine)

    def test_wholes_are_found_by_who_is_asked_within(self):
        _order, request, part = self.within(self.ask("finance", self.finance))

        def found(user):
            domain = [("id", "in", (request | part).ids), ("holder_ids", "=", user.id)]
            return self.Request.search(domain)

        self.assertEqual(found(self.finance), request | part)
        self.assertFalse(found(self.boss))
        self.decide(part, self.finance)
        self.assertEqual(found(self.boss), request)
        self.assertFalse(found(self.finance))

    def test_a_part_of_a_part(self):
        step = self.part(self.ask("finance", self.finance))
        order, request, part = self.within(step)
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.assertEqual(self.holders(part), ["suite_finance"])
        waiting = order.with_user(self.rep).crm_suite_approval_waiting
        self.assertIn(self.finance.name, waiting)
        self.decide(part.child_ids, self.finance)
        self.assertEqual(self.holders(request), ["suite_boss"])

    def test_the_drawing_of_the_whole_shows_who_has_it(self):
        _order, request, part = self.within(self.ask("finance", self.finance))
        shown = request.with_user(self.rep).trace()["nodes"]["sub"]
        self.assertEqual(shown["state"], "open")
        self.assertEqual([p["name"] for p in shown["who"]], [self.finance.name])
        self.assertEqual([t["status"] for t in shown["tasks"]], ["open"])
        self.decide(part, self.finance)
        shown = request.with_user(self.rep).trace()["nodes"]["sub"]
        self.assertEqual((shown["state"], len(shown["tasks"])), ("done", 1))

    def test_a_part_that_stands_still_is_seen_from_outside(self):
        rules = [{"by": "manager", "level": 9}]
        order, request, part = self.within(self.ask("nobody", approvers=rules))
        self.assertEqual((request.state, part.state), ("running", "exception"))
        waiting = order.with_user(self.rep).crm_suite_approval_waiting
        self.assertIn("an administrator looks after it", waiting)
        shown = request.with_user(self.rep).trace()["nodes"]["sub"]
        self.assertEqual((shown["state"], shown["error"]), ("exception", "nobody"))

    def test_the_parts_are_opened_from_the_whole(self):
        _order, request, part = self.within(self.ask("finance", self.finance))
        self.assertEqual((request.part_count, part.part_count), (1, 0))
        action = request.with_user(self.rep).action_open_parts()
        self.assertEqual(self.Request.search(action["domain"]), part)
        outsider = new_test_user(self.env, "suite_outside", f"{ROLE}sales_rep")
        with self.assertRaises(AccessError):
            request.with_user(outsider).action_open_parts()

    def test_a_word_is_told_to_who_is_asked_within(self):
        _order, request, _part = self.within(self.ask("finance", self.finance))
        self.assertIn(self.finance, request._get_participants())

    def test_a_part_judges_the_value_that_waits(self):
        model = self.env["ir.model"]._get("res.partner")
        much = self.fork("credit_limit > 1000", self.ask("finance", self.finance))
        step = self.part(graph=much, model_id=model.id)
        self._create_flow(
            chain(step, self.ask("boss", self.boss)),
            model_id=model.id,
            start="fields",
            start_method=False,
            start_fields="credit_limit",
            start_domain="[]",
        )
        self.env.user.group_ids |= self.env.ref("account.group_account_invoice")
        self.customer.with_user(self.env.user).credit_limit = 5000
        request = self.customer.crm_suite_approval_id
        self.assertEqual(self.customer.credit_limit, 0)
        self.assertEqual(self.holders(request), ["suite_finance"], "5000 is much")
        self.assertIn("5,000", request.child_ids.proposal_text)
        self.assertEqual(request.child_ids.about, request.about)
        self.decide(request.child_ids, self.finance)
        self.decide(request, self.boss)
        self.assertEqual(self.customer.credit_limit, 5000)

    # === EDITS === #

    def test_an_edit_asks_again_within(self):
        order, request, part = self.within(
            self.ask("finance", self.finance, watch=DISCOUNT),
            self.ask("lead", self.lead),
        )
        self.decide(part, self.finance)
        order.with_user(self.rep).order_line.discount = 16
        self.assertEqual(self.holders(part), ["suite_lead"], "nothing got worse")
        order.with_user(self.rep).order_line.discount = 25
        self.assertEqual(sorted(self.holders(part)), ["suite_finance", "suite_lead"])
        self.assertEqual(self.holders(request), self.holders(part))
        change = part.event_ids.filtered(lambda e: e.kind == "change")
        self.assertIn("25.00", str(change.mapped("comment")))
        self.decide(part, self.lead)
        self.assertEqual(part.state, "running", "finance judges again first")
        self.decide(part, self.finance)
        self.assertEqual(self.holders(request), ["suite_boss"])

    def test_an_edit_asks_again_who_agreed_within(self):
        order, request, part = self.within(
            self.ask("lead", self.lead),
            self.ask("finance", self.finance, watch=DISCOUNT),
        )
        self.decide(part, self.lead)
        self.decide(part, self.finance)
        self.assertEqual(part.state, "agreed")
        order.with_user(self.rep).order_line.discount = 16
        self.assertEqual(self.holders(request), ["suite_boss"], "nothing got worse")
        order.with_user(self.rep).order_line.discount = 25
        self.assertEqual((part.state, part.finished_at), ("running", False))
        self.assertEqual(self.holders(part), ["suite_finance"], "not the lead")
        self.assertEqual(sorted(self.holders(request)), ["suite_boss", "suite_finance"])
        self.decide(request, self.boss)
        self.assertEqual(order.state, "draft", "finance judges again first")
        self.decide(part, self.finance)
        self.assertEqual((part.state, request.state), ("agreed", "agreed"))
        self.assertEqual(order.state, "sale")

    def test_who_judges_again_within_rejects(self):
        order, request, part = self.within(
            self.ask("finance", self.finance, watch=DISCOUNT)
        )
        self.decide(part, self.finance)
        order.with_user(self.rep).order_line.discount = 25
        self.decide(part, self.finance, "reject")
        self.assertEqual((part.state, request.state), ("rejected", "rejected"))
        self.assertEqual(order.state, "draft")

    def test_an_edit_leads_another_way_within(self):
        much = self.fork(
            "max(lines.discount) > 20",
            self.ask("finance", self.finance),
            self.ask("lead", self.lead),
        )
        self._create_flow(chain(self.part(graph=much)))
        order, request = self.held()
        self.assertEqual(self.holders(request), ["suite_lead"])
        order.with_user(self.rep).order_line.discount = 30
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.decide(request.child_ids, self.finance)
        self.assertEqual(order.state, "sale")

    # === LEFT BY THE FLOW AROUND IT === #

    def test_an_edit_leads_past_the_flow_within(self):
        inner = self.part(self.ask("finance", self.finance))
        much = "max(lines.discount) > 20"
        self._create_flow(self.fork(much, inner, self.ask("lead", self.lead)))
        order, request = self.held(discount=25)
        order.with_user(self.rep).order_line.discount = 16
        self.assertEqual(request.child_ids.state, "cancelled")
        self.assertEqual(self.holders(request), ["suite_lead"])
        self.decide(request, self.lead)
        self.assertEqual(order.state, "sale")

    def test_a_return_leaves_the_flow_within(self):
        graph = fork(
            [self.part(self.ask("finance", self.finance))],
            [self.ask("lead", self.lead, return_to="start")],
        )
        self._create_flow(graph)
        _order, request = self.held()
        self.decide(request, self.lead, "return")
        self.assertEqual(request.child_ids.state, "cancelled")
        self.assertEqual(self.holders(request), ["suite_rep"])

    def test_an_administrator_leads_past_the_flow_within(self):
        _order, request, part = self.within(self.ask("finance", self.finance))
        request.with_user(self.admin).action_rescue(
            "move", "He is ill", visit=part.parent_visit, to="boss"
        )
        self.assertEqual(part.state, "cancelled")
        self.assertEqual(self.holders(request), ["suite_boss"])

    # === CHOSEN BY THE SUBMITTER === #

    def choose(self, action, users):
        window = self.env["crm.suite.approval.choose"].with_user(self.rep)
        window = window.with_context(**action["context"]).create({})
        window.line_ids.user_ids = users
        window.action_choose()

    def test_the_submitter_chooses_within_as_he_asks(self):
        self._create_flow(
            chain(self.part(self.ask("who", approvers=[{"by": "chosen"}])))
        )
        order = self._order()
        action = self.confirm(order)
        self.assertEqual(action["res_model"], "crm.suite.approval.choose")
        request = order.crm_suite_approval_id
        self.assertTrue(request.with_user(self.rep).can_choose)
        self.assertFalse(request.with_user(self.lead).can_choose)
        self.assertIn("has to choose", order.crm_suite_approval_waiting)
        self.choose(action, self.finance)
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.assertFalse(request.with_user(self.rep).can_choose)
        self.decide(request.child_ids, self.finance)
        self.assertEqual(order.state, "sale")

    def test_the_submitter_is_told_to_choose_later_on(self):
        self._create_flow(
            chain(
                self.ask("boss", self.boss),
                self.part(self.ask("who", approvers=[{"by": "chosen"}])),
            )
        )
        order, request = self.held()
        self.assertFalse(request.with_user(self.rep).can_choose)
        self.decide(request, self.boss)
        part = request.child_ids
        told = self.env["mail.message"].search(
            [
                ("model", "=", part._name),
                ("res_id", "=", part.id),
                ("partner_ids", "in", self.rep.partner_id.ids),
            ]
        )
        self.assertIn("Choose who decides", told.subject)
        self.choose(request.with_user(self.rep).action_open_choice(), self.lead)
        self.assertEqual(self.holders(request), ["suite_lead"])
        self.decide(part, self.lead)
        self.assertEqual(order.state, "sale")

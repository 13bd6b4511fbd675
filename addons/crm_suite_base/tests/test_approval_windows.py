from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .approval_common import ApprovalCase, chain
from .common import ROLE


@tagged("post_install", "-at_install")
class TestApprovalWindows(ApprovalCase):
    """The windows in which people choose, help and move requests."""

    # === CHOSEN BY THE SUBMITTER === #

    def _publish_choice(self, **values):
        self.flow.graph = chain(self.ask("who", approvers=[{"by": "chosen"}], **values))
        self.flow.action_publish()

    def test_the_submitter_is_asked_at_once(self):
        self._publish_choice()
        order = self._order()
        action = self.confirm(order)
        self.assertEqual(action["res_model"], "crm.suite.approval.choose")
        request = order.crm_suite_approval_id
        self.assertTrue(request.with_user(self.rep).can_choose)
        self.assertIn(self.rep.name, request._describe_waiting())
        window = self.env["crm.suite.approval.choose"].with_user(self.rep)
        window = window.with_context(**action["context"]).create({})
        self.assertEqual(window.line_ids.mapped("name"), ["Who"])
        with self.assertRaises(UserError):
            window.action_choose()
        window.line_ids.user_ids = self.lead | self.finance
        window.action_choose()
        self.assertEqual(set(self.holders(request)), {"suite_lead", "suite_finance"})
        self.assertFalse(request.with_user(self.rep).can_choose)
        self.assertIn("choose", request.event_ids.mapped("kind"))
        self.decide(request, self.finance)
        self.assertEqual(order.state, "sale")

    def test_nobody_else_chooses(self):
        self._publish_choice()
        order = self._order()
        self.confirm(order)
        request = order.crm_suite_approval_id
        with self.assertRaises(AccessError):
            request.with_user(self.lead).action_choose({"who": [self.lead.id]})
        for bad in ({"who": "x"}, ["who"], {"who": [True]}, {"finance": [1]}):
            with self.assertRaises(UserError):
                request.with_user(self.rep).action_choose(bad)
        request.with_user(self.boss).action_choose({"who": [self.lead.id]})
        self.assertEqual(self.holders(request), ["suite_lead"])

    def test_nobody_chooses_who_asked(self):
        self._publish_choice(outrank=True)
        order = self._order()
        action = self.confirm(order)
        request = order.crm_suite_approval_id
        own = {"who": [self.finance.id, self.rep.id]}
        with self.assertRaisesRegex(UserError, "submitted"):
            request.with_user(self.rep).action_choose(own)
        with self.assertRaisesRegex(UserError, "submitted"):
            request.with_user(self.boss).action_choose(own)
        with self.assertRaisesRegex(UserError, "submitted"):
            self._order().with_user(self.rep).crm_suite_request_approval(
                self.flow.id, chosen={"who": self.rep.ids}
            )
        window = self.env["crm.suite.approval.choose"].with_user(self.rep)
        form = Form(window.with_context(**action["context"]))
        with form.line_ids.edit(0) as line:
            self.assertEqual(line.left_out_id, self.rep)
            line.user_ids.add(self.lead)
        form.save().action_choose()
        self.assertEqual(self.holders(request), ["suite_lead"])

    def test_who_asked_may_choose_himself_to_fill_in(self):
        self.flow.graph = chain(
            {
                "id": "who",
                "type": "fill",
                "name": "Who",
                "fields": ["client_order_ref"],
                "approvers": [{"by": "chosen"}],
            }
        )
        self.flow.action_publish()
        order = self._order()
        action = self.confirm(order)
        window = self.env["crm.suite.approval.choose"].with_user(self.rep)
        form = Form(window.with_context(**action["context"]))
        with form.line_ids.edit(0) as line:
            self.assertFalse(line.left_out_id)
            line.user_ids.add(self.rep)
        form.save().action_choose()
        self.assertEqual(self.holders(order.crm_suite_approval_id), ["suite_rep"])

    def test_administrators_are_not_called_for_a_choice(self):
        def told():
            messages = self.env["mail.message"].search([("id", ">", last)])
            return self.admin.partner_id in messages.notified_partner_ids

        last = self.env["mail.message"].search([], limit=1, order="id desc").id
        self._publish_choice()
        self.confirm(self._order())
        self.assertFalse(told())
        self.flow.graph = chain(
            self.ask("who", approvers=[{"by": "manager", "level": 9}])
        )
        self.flow.action_publish()
        self.confirm(self._order())
        self.assertTrue(told(), "nobody is there for the ninth level")

    # === BUTTON === #

    def test_asked_by_the_button(self):
        self.flow.action_switch_off()
        self._create_flow(
            graph=chain(self.ask("lead", self.lead)),
            start="button",
            start_method=False,
            start_domain="[]",
        )
        order = self._order().with_user(self.rep)
        self.assertTrue(order.crm_suite_approval_offered)
        order.action_crm_suite_ask_approval()
        order.invalidate_recordset()
        self.assertFalse(order.crm_suite_approval_offered, "it is under way")
        self.decide(order.crm_suite_approval_id.sudo(False), self.lead)
        self.assertEqual(order.state, "draft", "the flow waits for nothing")

    def test_the_button_asks_the_flow_that_has_it(self):
        self._create_flow(
            graph=chain(self.ask("lead", self.lead)),
            start="button",
            start_method=False,
            start_domain="[]",
            sequence=self.flow.sequence + 1,
        )
        order = self._order().with_user(self.rep)
        order.action_crm_suite_ask_approval()
        self.assertEqual(
            self.holders(order.crm_suite_approval_id.sudo(False)), ["suite_lead"]
        )
        self.assertEqual(order.crm_suite_approval_id.sudo().effect, False)

    # === RESCUE === #

    def _help(self, request, user, **values):
        window = self.env["crm.suite.approval.rescue"].with_user(user)
        window = window.with_context(default_request_id=request.id)
        return window.create({"reason": "He left the company", **values})

    def test_other_people_are_asked(self):
        order, request = self.held()
        window = self._help(request, self.admin, user_ids=[(6, 0, self.boss.ids)])
        self.assertEqual(dict(window.visit_choices)[window.visit], "Leader")
        window.action_apply()
        self.assertEqual(self.holders(request), ["suite_boss"])

    def test_only_who_can_decide_is_asked_instead(self):
        order, request = self.held()
        stranger = new_test_user(self.env, "rescue_stranger", "base.group_user")
        left = new_test_user(self.env, "rescue_left", f"{ROLE}sales_rep")
        left.active = False
        window = self._help(request, self.admin, user_ids=[(6, 0, stranger.ids)])
        with self.assertRaisesRegex(UserError, "rescue_stranger"):
            window.action_apply()
        rescue = request.with_user(self.admin).action_rescue
        for wrong in (left.ids, [left.id + 1000], ["1"], [True], "1", 1):
            with self.subTest(wrong=wrong), self.assertRaises(UserError):
                rescue("put", "He left", user_ids=wrong)
        self.assertEqual(self.holders(request), ["suite_lead"])

    def test_taken_to_another_step(self):
        order, request = self.held()
        self._help(request, self.admin, act="move", to="finance").action_apply()
        self.assertEqual(self.holders(request), ["suite_finance"])

    def test_ended(self):
        order, request = self.held()
        self._help(request, self.admin, act="end", result="rejected").action_apply()
        self.assertEqual((request.state, order.state), ("rejected", "draft"))

    def test_only_administrators_help(self):
        order, request = self.held()
        with self.assertRaises(AccessError):
            self._help(request, self.boss)

    # === MIGRATION === #

    def _open_migration(self):
        window = self.env["crm.suite.approval.migration"].with_user(self.admin)
        return Form(window.with_context(default_flow_id=self.flow.id))

    def test_requests_move_with_a_choice(self):
        order, request = self.held()
        self.assertFalse(self.flow.old_count)
        self.flow.graph = chain(
            self.ask("head", self.boss, may_transfer=True),
            self.ask("cash", self.finance),
        )
        self.flow.action_publish()
        self.flow.invalidate_recordset()
        self.assertEqual(self.flow.old_count, 1)
        form = self._open_migration()
        self.assertEqual((form.count, form.ok), (1, 0))
        with form.line_ids.edit(0) as line:
            self.assertEqual(line.name, "Leader")
            line.to = "head"
        window = form.save()
        window.action_preview()
        self.assertEqual(window.ok, 1)
        action = window.action_migrate()
        self.assertIn("1", action["params"]["message"])
        self.assertEqual(request.version_id, self.flow.current_version_id)
        self.assertEqual(self.holders(request), ["suite_lead"], "nobody is asked anew")
        self.decide(request, self.lead)
        self.assertEqual(self.holders(request), ["suite_finance"])

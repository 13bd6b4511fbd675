from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .approval_common import ApprovalCase, chain
from .common import ROLE

LIMITS = "ir_cron_approval_limits"


@tagged("post_install", "-at_install")
class TestApprovalLeft(ApprovalCase):
    """Who is asked, or asked himself, leaves the company while a document waits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.heir = new_test_user(cls.env, "suite_heir", f"{ROLE}sales_rep")
        cls.team.member_ids = [Command.link(cls.heir.id)]

    def leave(self, user):
        user.action_archive()
        self.env.flush_all()
        self.run_cron(LIMITS)

    def told(self, request, user):
        messages = self.env["mail.message"].search(
            [
                ("model", "=", request._name),
                ("res_id", "=", request.id),
                ("partner_ids", "in", user.partner_id.ids),
            ]
        )
        return messages.mapped("subject")

    # === WHO IS ASKED === #

    def test_whom_the_rule_names_now_is_asked(self):
        order, request = self.held()
        self.team.user_id = self.boss
        self.leave(self.lead)
        self.assertEqual(self.holders(request), ["suite_boss"])
        self.assertIn(self.boss.name, order.crm_suite_approval_waiting)
        left = request.event_ids.filtered(lambda e: e.user_id == self.lead)
        self.assertIn("has left", left.comment)
        self.decide(request, self.boss)
        self.decide(request, self.finance)
        self.assertEqual(order.state, "sale")

    def test_nobody_else_is_for_an_administrator(self):
        order, request = self.held()
        self.leave(self.lead)
        self.assertEqual(request.state, "exception")
        self.assertEqual(self.holders(request), [])
        self.assertIn("an administrator", order.crm_suite_approval_waiting)
        self.assertIn("Nobody was found", str(self.told(request, self.admin)))
        request.with_user(self.admin).action_rescue(
            "put", "He has left", user_ids=[self.boss.id]
        )
        self.assertEqual(self.holders(request), ["suite_boss"])

    def test_it_is_looked_at_at_once(self):
        _order, request = self.held()
        self.assertFalse(request.next_tick)
        triggers = self.env["ir.cron.trigger"]
        cron = self.env.ref(f"crm_suite_base.{LIMITS}")
        before = triggers.search_count([("cron_id", "=", cron.id)])
        self.finance.action_archive()
        self.assertFalse(request.next_tick, "his turn comes later")
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), before)
        self.lead.active = False
        self.assertTrue(request.next_tick)
        self.assertGreater(triggers.search_count([("cron_id", "=", cron.id)]), before)

    def test_who_comes_later_is_found_then(self):
        _order, request = self.held()
        self.leave(self.finance)
        self.assertEqual(self.holders(request), ["suite_lead"])
        self.decide(request, self.lead)
        self.assertEqual(request.state, "exception")

    def test_the_others_go_on(self):
        step = self.ask("both", self.lead, self.finance, mode="all")
        self._create_flow(chain(step), sequence=1)
        order, request = self.held()
        self.leave(self.lead)
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.decide(request, self.finance)
        self.assertEqual(order.state, "sale")

    def test_who_is_asked_within(self):
        inner = self._create_flow(
            chain(self.ask("in", approvers=[{"by": "manager", "level": 1}])),
            start="button",
            start_method=False,
        )
        sub = {"id": "sub", "type": "subflow", "name": "Sub", "flow_id": inner.id}
        self._create_flow(chain(sub), sequence=1)
        order, request = self.held()
        self.assertEqual(self.holders(request), ["suite_lead"])
        self.team.user_id = self.boss
        self.leave(self.lead)
        self.assertEqual(self.holders(request), ["suite_boss"])
        self.decide(request.child_ids, self.boss)
        self.assertEqual(order.state, "sale")

    # === HANDED OVER BEFORE === #

    def hand_over(self, *recipients, user=None, **values):
        values = {"recipient_ids": [u.id for u in recipients], **values}
        wizard = self.env["crm.suite.handover"].with_user(user or self.admin)
        return wizard.create({"user_id": self.finance.id, **values})

    def waiting_for_finance(self):
        step = self.ask("finance", self.finance)
        self._create_flow(chain(step, {**step, "id": "again"}), sequence=1)
        return self.held()

    def test_approvals_are_handed_over(self):
        order, request = self.waiting_for_finance()
        wizard = self.hand_over(self.boss)
        self.assertIn("Approvals", wizard.preview)
        wizard.action_hand_over()
        self.assertEqual(self.holders(request), ["suite_boss"])
        told = request.event_ids.filtered(lambda e: e.user_id == self.admin)
        self.assertIn(self.boss.name, told.comment)
        self.decide(request, self.boss)
        self.assertEqual(self.holders(request), ["suite_boss"], "later ones, too")
        self.decide(request, self.boss)
        self.assertEqual(order.state, "sale")

    def test_approvals_go_to_who_may_decide(self):
        _order, request = self.waiting_for_finance()
        wizard = self.hand_over(self.rep, self.boss)
        wizard.action_hand_over()
        self.assertEqual(self.holders(request), ["suite_boss"], "not who asked")

    def test_approvals_stay_where_nobody_may_take_them(self):
        _order, request = self.waiting_for_finance()
        with self.assertRaisesRegex(UserError, "looks after nothing"):
            self.hand_over(self.rep).action_hand_over()
        with self.assertRaisesRegex(UserError, "looks after nothing"):
            self.hand_over(self.boss, with_approvals=False).action_hand_over()
        self.assertEqual(self.holders(request), ["suite_finance"])

    def test_only_administrators_hand_approvals_over(self):
        _order, request = self.waiting_for_finance()
        wizard = self.hand_over(self.lead, user=self.lead)
        self.assertNotIn("Approvals", wizard.preview)
        with self.assertRaisesRegex(UserError, "looks after nothing"):
            wizard.action_hand_over()
        self.assertEqual(self.holders(request), ["suite_finance"])

    def test_what_came_back_goes_to_who_may_change_it(self):
        _order, request = self.returned()
        self.hand_over(self.finance, self.boss, user_id=self.rep.id).action_hand_over()
        self.assertEqual(self.holders(request), ["suite_boss"])

    # === WHO ASKED === #

    def returned(self):
        order, request = self.held()
        self.decide(request, self.lead, "return", "Too much")
        self.assertEqual(self.holders(request), ["suite_rep"])
        return order, request

    def test_who_has_the_document_now_revises(self):
        order, request = self.returned()
        order.user_id = self.heir
        self.leave(self.rep)
        self.assertEqual(self.holders(request), ["suite_heir"])
        self.assertTrue(order.with_user(self.heir).crm_suite_approval_returned)
        self.decide(request, self.heir, comment="")
        self.assertEqual(self.holders(request), ["suite_lead"], "his superior")

    def test_who_leads_the_team_answers_where_the_document_is_nobodys(self):
        order, request = self.returned()
        order.user_id = False
        self.leave(self.rep)
        self.assertEqual(self.holders(request), ["suite_lead"])

    def test_nobody_revises(self):
        order, request = self.returned()
        order.write({"user_id": False, "team_id": False})
        self.leave(self.rep)
        self.assertEqual(request.state, "exception")
        request.with_user(self.admin).action_retry()
        self.assertEqual(request.state, "exception", "nobody yet")
        order.user_id = self.heir
        request.with_user(self.admin).action_retry()
        self.assertEqual(self.holders(request), ["suite_heir"])

    def test_who_has_the_document_now_hears_what_came_of_it(self):
        order, request = self.held()
        order.user_id = self.heir
        self.rep.action_archive()
        self.decide(request, self.lead, "reject")
        self.run_cron("ir_cron_approval_notices")
        self.assertFalse(self.told(request, self.rep))
        self.assertIn("Rejected", str(self.told(request, self.heir)))

    def test_who_has_the_document_now_may_withdraw(self):
        order, request = self.held()
        order.user_id = self.heir
        self.assertFalse(request.with_user(self.heir).can_withdraw)
        self.rep.action_archive()
        request.invalidate_recordset()
        self.assertTrue(request.with_user(self.heir).can_withdraw)
        request.with_user(self.heir).action_withdraw()
        self.assertEqual(request.state, "withdrawn")

    def choosing(self):
        step = self.ask("who", approvers=[{"by": "chosen"}])
        self._create_flow(chain(step), sequence=1)
        return self.held()

    def test_who_has_the_document_now_chooses(self):
        order, request = self.choosing()
        order.user_id = self.heir
        self.leave(self.rep)
        self.assertIn(self.heir.name, order.crm_suite_approval_waiting)
        self.assertIn("Choose who decides", str(self.told(request, self.heir)))
        request.with_user(self.heir).action_choose({"who": [self.lead.id]})
        self.assertEqual(self.holders(request), ["suite_lead"])

    def test_a_choice_that_is_nobodys_is_for_an_administrator(self):
        order, request = self.choosing()
        order.write({"user_id": False, "team_id": False})
        self.assertFalse(self.told(request, self.admin))
        self.leave(self.rep)
        self.assertIn("an administrator", order.crm_suite_approval_waiting)
        self.assertTrue(self.told(request, self.admin))

    def test_nobody_is_chosen_who_cannot_decide(self):
        _order, request = self.choosing()
        self.leave(self.finance)
        with self.assertRaisesRegex(UserError, "cannot decide here"):
            request.with_user(self.rep).action_choose({"who": [self.finance.id]})
        self.assertTrue(request.with_user(self.rep).can_choose)

    def test_whom_the_submitter_chose_has_left(self):
        order, request = self.choosing()
        request.with_user(self.rep).action_choose({"who": [self.lead.id]})
        self.leave(self.lead)
        self.assertIn(
            f"{self.rep.name} has to choose", order.crm_suite_approval_waiting
        )
        self.assertIn("Choose who decides", str(self.told(request, self.rep)))
        request.with_user(self.rep).action_choose({"who": [self.finance.id]})
        self.assertEqual(self.holders(request), ["suite_finance"])

    # === PATHS ARE LOST === #

    def test_the_history_says_why_a_join_stands_still(self):
        _order, request = self.held()
        events = [
            {"event": "exception", "node": "lead", "code": "lost", "comment": ""},
            {"event": "exception", "node": "lead", "code": "nobody", "comment": ""},
        ]
        rows = request._get_event_rows(events, {}, {})
        said = [row["comment"] for row in rows]
        self.assertEqual(
            said, ["Not all paths that meet here can arrive any more.", False]
        )

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .approval_common import ApprovalCase, chain


@tagged("post_install", "-at_install")
class TestApprovalLimit(ApprovalCase):
    """Time limits in working time, absences, people who are not found."""

    def limited(self, **limit):
        graph = chain(
            self.ask(
                "leader", self.lead, limit={"hours": 8, **limit}, return_to="start"
            ),
            self.ask("finance", self.finance),
        )
        self._create_flow(graph, sequence=1)
        return self.held()

    def test_due_in_working_hours(self):
        _order, request = self.limited(then="remind")
        task = self.task(request, self.lead)
        self.assertGreaterEqual(task.due_at - task.opened_at, timedelta(hours=8))
        self.assertTrue(request.next_tick)

    def test_limit_agrees_once_however_late(self):
        order, request = self.limited(then="agree")
        self.let_pass(request)
        self.run_cron("ir_cron_approval_limits")
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.run_cron("ir_cron_approval_limits")
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.assertEqual(order.state, "draft")
        self.assertToldByClock(request, "agree")

    def test_limit_returns(self):
        _order, request = self.limited(then="return")
        self.let_pass(request)
        self.run_cron("ir_cron_approval_limits")
        self.assertEqual(self.holders(request), ["suite_rep"])
        self.assertToldByClock(request, "return")

    def assertToldByClock(self, request, kind):
        """In words, and in the language of the reader."""
        self.env["res.lang"]._activate_lang("zh_CN")
        event = request.event_ids.filtered(lambda e: e.kind == kind)
        self.assertFalse(event.comment)
        for lang, words in (
            ("en_US", "The time limit has passed"),
            ("zh_CN", "已超时"),
        ):
            spoken = request.with_context(lang=lang)
            self.assertEqual(spoken.event_ids.browse(event.id).remark, words)
            told = [row["comment"] for row in spoken._read_events()]
            self.assertIn(words, told)
            self.assertNotIn("limit", told)

    def test_limit_escalates(self):
        _order, request = self.limited(
            then="escalate", escalate_to={"by": "manager", "level": 1}
        )
        self.let_pass(request)
        self.run_cron("ir_cron_approval_limits")
        self.assertEqual(self.holders(request), ["suite_boss"])

    def test_escalates_to_the_superior_of_who_is_late(self):
        """Nobody is above finance: it stands still, is reminded of, and tried again."""
        limit = {
            "hours": 8,
            "then": "escalate",
            "escalate_to": {"by": "manager", "level": 1},
            "remind_every": 8,
        }
        self._create_flow(chain(self.ask("finance", self.finance, limit=limit)))
        self.flow.action_switch_off()
        _order, request = self.held()
        self.let_pass(request)
        self.run_cron("ir_cron_approval_limits")
        self.assertEqual(request.state, "exception")
        self.assertEqual(self.holders(request), ["suite_finance"])
        waiting = request._describe_waiting()
        self.assertIn(self.finance.name, waiting, "it still waits for a person")
        self.let_pass(request)
        self.run_cron("ir_cron_approval_limits")
        reminders = request.event_ids.filtered(lambda e: e.kind == "remind")
        self.assertTrue(reminders, "limits act while something stands still")
        self.env["crm.team"].create(
            {
                "name": "Finance",
                "user_id": self.boss.id,
                "company_id": False,
                "member_ids": [(6, 0, self.finance.ids)],
            }
        )
        request.with_user(self.admin).action_retry()
        self.assertEqual(self.holders(request), ["suite_boss"])
        self.assertEqual(request.state, "running")

    def test_a_branch_is_reminded_while_another_stands_still(self):
        """What nobody was found for says so; a failed action says something else."""
        graph = {
            "schema": 1,
            "nodes": [
                {"id": "start", "type": "start", "name": "Start"},
                {"id": "fork", "type": "parallel", "name": "Fork"},
                self.ask("nobody", approvers=[{"by": "manager", "level": 9}]),
                self.ask("leader", self.lead, limit={"hours": 8, "then": "agree"}),
                {"id": "join", "type": "join", "name": "Join"},
                {"id": "end", "type": "end", "name": "End"},
            ],
            "edges": [
                {"id": f"e{number}", "from": one, "to": two}
                for number, (one, two) in enumerate(
                    [
                        ("start", "fork"),
                        ("fork", "nobody"),
                        ("fork", "leader"),
                        ("nobody", "join"),
                        ("leader", "join"),
                        ("join", "end"),
                    ]
                )
            ],
        }
        self._create_flow(graph, sequence=1)
        _order, request = self.held()
        self.assertEqual(request.state, "exception")
        self.assertIn("nobody was found", request._describe_waiting())
        self.let_pass(request)
        self.run_cron("ir_cron_approval_limits")
        task = request.task_ids.filtered(lambda t: t.user_id == self.lead)
        self.assertEqual(task.state, "agreed")

    def test_a_role_is_the_same_in_every_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.team.with_context(lang="zh_CN").name = "审批团队"
        for lang in ("en_US", "zh_CN"):
            rep = self.rep.with_context(lang=lang)
            for name in ("Approval team", "审批团队", " approval TEAM "):
                self.assertTrue(rep._crm_suite_in_team(name), (lang, name))
            self.assertFalse(rep._crm_suite_in_team("Finance"))

    def test_reminds_once(self):
        _order, request = self.limited(then="remind")
        self.let_pass(request)
        for _times in range(2):
            self.run_cron("ir_cron_approval_limits")
        reminders = request.event_ids.filtered(lambda e: e.kind == "remind")
        self.assertEqual(len(reminders), 1)
        self.assertEqual(self.holders(request), ["suite_lead"])

    def test_cover_decides_and_the_history_says_for_whom(self):
        _order, request = self.held()
        self.cover(self.lead, self.boss)
        task = self.task(request, self.lead).with_user(self.boss)
        self.assertIn(task, self.Task.with_user(self.boss).search([]))
        self.assertEqual(task.stands_for, self.lead.name)
        self.assertIn(
            task.id,
            self.Task.with_user(self.boss)
            .search(self.Task.with_user(self.boss)._get_inbox_domain())
            .ids,
        )
        task.action_decide("agree", "For him")
        vote = request.event_ids.filtered("is_vote")
        self.assertEqual((vote.user_id, vote.principal_id), (self.boss, self.lead))
        self.assertEqual(self.holders(request), ["suite_finance"])

    def test_nobody_decides_as_a_cover_what_he_asked_himself(self):
        self._create_flow(chain(self.ask("leader", self.lead)), sequence=1)
        order, request = self.held()
        other = self._order()
        self.confirm(other, self.boss)
        self.cover(self.lead, self.rep)
        tasks = self.Task.with_user(self.rep)
        inbox = tasks.search(tasks._get_inbox_domain())
        task = self.task(request, self.lead).with_user(self.rep)
        theirs = self.task(other.crm_suite_approval_id, self.lead).with_user(self.rep)
        self.assertEqual((task | theirs).mapped("can_decide"), [False, True])
        self.assertEqual(inbox & (task | theirs), theirs)
        self.assertFalse(request.with_user(self.rep).can_decide)
        self.assertFalse(order.with_user(self.rep).crm_suite_approval_mine)
        with self.assertRaisesRegex(AccessError, "asked yourself"):
            task.action_decide("agree")
        self.run_cron("ir_cron_approval_notices")
        for row, user in ((task, self.lead), (theirs, self.rep)):
            told = self.env["mail.message"].search(
                [("model", "=", request._name), ("res_id", "=", row.request_id.id)]
            )
            self.assertEqual(told.partner_ids, user.partner_id)
        theirs.action_decide("agree")
        self.assertEqual(other.state, "sale")
        self.decide(request, self.lead)
        self.assertEqual(order.state, "sale")

    def test_nobody_found_goes_to_the_administrators(self):
        graph = chain(self.ask("leader", approvers=[{"by": "manager", "level": 9}]))
        self._create_flow(graph, sequence=1)
        order, request = self.held()
        self.assertEqual((request.state, order.state), ("exception", "draft"))
        self.assertIn("nobody", request._describe_waiting())
        with self.assertRaises(UserError):
            request.with_user(self.boss).action_rescue("end", "x")
        request.with_user(self.admin).action_rescue(
            "put", "He knows", user_ids=[self.boss.id]
        )
        self.assertEqual(self.holders(request), ["suite_boss"])
        self.decide(request, self.boss)
        self.assertEqual(order.state, "sale")

    def test_people_are_told_once(self):
        _order, request = self.held()
        task = self.task(request, self.lead).sudo()
        self.assertEqual(task.notice, "todo")
        self.run_cron("ir_cron_approval_notices")
        self.assertEqual(task.notice, "sent")
        messages = self.env["mail.message"].search(
            [("model", "=", request._name), ("res_id", "=", request.id)]
        )
        self.assertEqual(messages.mapped("partner_ids"), self.lead.partner_id)
        self.assertIn("/crm_suite/approval/", messages.body)

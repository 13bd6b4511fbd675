from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .approval_common import ApprovalCase, chain


@tagged("post_install", "-at_install")
class TestApprovalAnalysis(ApprovalCase):
    """Time per node and person, share of returns, what is late."""

    MEASURES = ["hours:avg", "return_share:avg", "late_share:avg", "__count"]

    def read_group(self, groupby, user=None, domain=()):
        events = self.env["crm.suite.approval.event"].with_user(user or self.boss)
        domain = [("flow_id", "=", self.flow.id), *domain]
        rows = events.formatted_read_group(domain, [groupby], self.MEASURES)
        return {row[groupby]: row for row in rows}

    def test_shares_of_each_node_and_person(self):
        """Finance returns one of two; what the others did is no part of that."""
        for decision in ("agree", "return"):
            _order, request = self.held()
            self.decide(request, self.lead)
            self.decide(request, self.finance, decision)
        nodes = self.read_group("node_name")
        self.assertEqual(nodes["Leader"]["return_share:avg"], 0)
        self.assertEqual(nodes["Finance"]["return_share:avg"], 0.5)
        people = self.read_group("user_id")
        finance = (self.finance.id, self.finance.display_name)
        self.assertEqual(people[finance]["return_share:avg"], 0.5)

    def test_late_decisions(self):
        for late in (False, True):
            _order, request = self.held()
            due = fields.Datetime.now() + timedelta(days=-1 if late else 1)
            self.task(request, self.lead).sudo().due_at = due
            self.decide(request, self.lead)
        nodes = self.read_group("node_name")
        self.assertEqual(nodes["Leader"]["late_share:avg"], 0.5)
        events = self.env["crm.suite.approval.event"].search(
            [("flow_id", "=", self.flow.id), ("is_vote", "=", True)]
        )
        self.assertEqual(sorted(events.mapped("late_share")), [0, 1])

    def test_who_lets_the_limit_act_is_late(self):
        """Of two tasks of the leader one was left to the limit; what the limit did is
        no decision of anybody, so none of his returns."""
        for then in ("agree", "return", "escalate"):
            limit = {"hours": 8, "then": then}
            if then == "escalate":
                limit["escalate_to"] = {"by": "manager", "level": 1}
            self.flow.graph = chain(self.ask("leader", self.lead, limit=limit))
            self.flow.action_publish()
            before = self.env["crm.suite.approval.event"].search(
                [], order="id desc", limit=1
            )
            newer = [("id", ">", before.id)]
            _order, request = self.held()
            self.decide(request, self.lead)
            _order, request = self.held()
            self.let_pass(request)
            self.run_cron("ir_cron_approval_limits")
            lead = (self.lead.id, self.lead.display_name)
            rows = self.read_group("user_id", domain=newer)
            self.assertEqual(rows[lead]["late_share:avg"], 0.5, then)
            self.assertEqual(rows[lead]["return_share:avg"], 0, then)
            boss = (self.boss.id, self.boss.display_name)
            self.assertFalse(rows.get(boss, {}).get("late_share:avg"), then)
            missed = request.event_ids.filtered("is_missed")
            self.assertEqual(missed.user_id, self.lead, then)
            self.assertEqual(missed.mapped("late_share"), [1], then)
            self.assertGreater(missed.hours, 8, then)

    def test_a_reminder_is_no_miss(self):
        limit = {"hours": 8, "then": "remind"}
        self.flow.graph = chain(self.ask("leader", self.lead, limit=limit))
        self.flow.action_publish()
        _order, request = self.held()
        self.let_pass(request)
        self.run_cron("ir_cron_approval_limits")
        self.assertIn("remind", request.event_ids.mapped("kind"))
        self.assertFalse(request.event_ids.filtered("is_missed"))
        self.decide(request, self.lead)
        self.assertEqual(self.read_group("node_name")["Leader"]["late_share:avg"], 1)

    def test_nothing_decided_has_no_share(self):
        self.held()
        self.assertFalse(self.read_group("kind")["start"]["return_share:avg"])

    def test_measures_are_offered_in_the_views(self):
        events = self.env["crm.suite.approval.event"].with_user(self.boss)
        action = self.env.ref("crm_suite_base.approval_event_action")
        kinds = [(False, kind) for kind in action.view_mode.split(",")]
        views = events.get_views(kinds)
        described = views["models"]["crm.suite.approval.event"]["fields"]
        for name in ("hours", "return_share", "late_share"):
            self.assertEqual(described[name]["aggregator"], "avg", name)
            self.assertIn(f'name="{name}"', views["views"]["pivot"]["arch"])

    def test_only_of_requests_that_one_may_see(self):
        _order, request = self.held()
        self.decide(request, self.lead)
        self.assertTrue(self.read_group("node_name"))
        self.assertFalse(self.read_group("node_name", self.agent))

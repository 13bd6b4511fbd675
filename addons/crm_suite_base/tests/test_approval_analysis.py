from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .approval_common import ApprovalCase


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

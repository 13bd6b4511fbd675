from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .approval_common import ApprovalCase


@tagged("post_install", "-at_install")
class TestApprovalComment(ApprovalCase):
    """A word about a request decides nothing and reaches those who take part."""

    def told(self, request, after):
        """Who got a message about the request since, by login."""
        messages = self.env["mail.message"].search(
            [
                ("model", "=", request._name),
                ("res_id", "=", request.id),
                ("id", ">", after),
            ]
        )
        users = messages.mapped("notified_partner_ids.user_ids.login")
        return sorted(users), messages.author_id

    def last_message(self):
        return self.env["mail.message"].search([], order="id desc", limit=1).id

    def test_those_who_take_part_read_it(self):
        _order, request = self.held()
        self.decide(request, self.lead)
        before = self.last_message()
        request.with_user(self.rep).action_comment("The customer waits for us")
        event = request.event_ids[-1]
        self.assertEqual((event.kind, event.user_id), ("comment", self.rep))
        users, author = self.told(request, before)
        self.assertEqual(users, ["suite_finance", "suite_lead"])
        self.assertEqual(author, self.rep.partner_id)
        self.assertEqual(self.holders(request), ["suite_finance"], "Nothing moved")
        trace = request.with_user(self.finance).trace()
        self.assertEqual(trace["events"][-1]["comment"], "The customer waits for us")
        before = self.last_message()
        request.with_user(self.finance).action_comment("I know")
        self.assertEqual(self.told(request, before)[0], ["suite_lead", "suite_rep"])

    def test_it_is_not_the_reason_of_a_decision(self):
        _order, request = self.held()
        self.decide(request, self.lead, "reject", "Too cheap")
        with self.assertRaisesRegex(UserError, "nothing waits"):
            request.with_user(self.lead).action_comment("Sorry")
        _order, request = self.held()
        self.decide(request, self.lead, comment="Fine")
        request.with_user(self.rep).action_comment("Please hurry")
        self.decide(request, self.finance, comment="")
        before = self.last_message()
        self.run_cron("ir_cron_approval_notices")
        bodies = self.env["mail.message"].search([("id", ">", before)]).mapped("body")
        self.assertNotIn("Please hurry", "".join(bodies))

    def test_nothing_to_say(self):
        _order, request = self.held()
        for text in ("", "  ", None):
            with self.assertRaisesRegex(UserError, "want to say"):
                request.with_user(self.rep).action_comment(text)
        with self.assertRaises(UserError):
            request.with_user(self.rep).action_comment(["x"])

    def test_who_may_not_read_it_says_nothing(self):
        _order, request = self.held()
        for user in (self.agent, self.plain):
            with self.assertRaises(AccessError):
                request.with_user(user).action_comment("Me too")
        self.assertFalse(request.event_ids.filtered(lambda e: e.kind == "comment"))

    def test_in_the_window(self):
        _order, request = self.held()
        window = self.env["crm.suite.approval.comment"].with_user(self.rep)
        window.create({"request_id": request.id, "comment": "Here"}).action_comment()
        self.assertEqual(request.event_ids[-1].comment, "Here")

    def test_who_decides_may_only_comment(self):
        _order, request = self.held()
        task = self.task(request, self.lead)
        window = self.env["crm.suite.approval.decide"].with_user(self.lead)
        window = window.create({"task_id": task.id, "comment": "Why 18 percent?"})
        window.action_comment()
        self.assertEqual(request.event_ids[-1].kind, "comment")
        self.assertEqual(task.state, "open")

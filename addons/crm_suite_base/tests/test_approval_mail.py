from datetime import timedelta

from odoo.tests import HttpCase, tagged
from odoo.tools.misc import hash_sign

from ..models.approval_notice import SCOPE
from .approval_common import ApprovalCase, chain


@tagged("post_install", "-at_install")
class TestApprovalMail(ApprovalCase, HttpCase):
    """Deciding from a mail: opening changes nothing, sending the form does, once."""

    def setUp(self):
        super().setUp()
        self.order, self.request = self.held()
        self.ours = self.task(self.request, self.lead).sudo()
        self.url = f"/crm_suite/approval/{self.ours._make_token(self.lead)}"

    def post(self, url=None, **data):
        response = self.url_open(url or self.url, data={"comment": "By mail", **data})
        self.env.invalidate_all()
        return response

    def test_opening_decides_nothing(self):
        for _times in range(2):
            response = self.url_open(self.url)
            self.assertEqual(response.status_code, 200)
            self.assertIn(self.order.name, response.text)
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        self.env.invalidate_all()
        self.assertEqual(self.ours.state, "open")

    def test_form_decides_once_and_logs_the_way(self):
        response = self.post(decision="agree")
        self.assertIn("Thank you", response.text)
        self.assertEqual(self.ours.state, "agreed")
        vote = self.request.event_ids.filtered("is_vote")
        self.assertEqual((vote.user_id, vote.channel), (self.lead, "mail"))
        self.assertTrue(vote.address)
        response = self.post(decision="reject")
        self.assertIn("decided already", response.text)
        self.assertEqual(self.request.state, "running")

    def test_the_page_tells_what_the_others_said(self):
        self.decide(self.request, self.lead, comment="Worth <it>")
        task = self.task(self.request, self.finance).sudo()
        url = f"/crm_suite/approval/{task._make_token(self.finance)}"
        said = f"{self.lead.name} · Agreed: Worth &lt;it&gt;"
        self.assertIn(said, self.url_open(url).text)

    def test_reason_is_asked_for(self):
        response = self.post(decision="reject", comment=" ")
        self.assertIn("Say why", response.text)
        self.assertEqual(self.ours.state, "open")

    def test_wrong_and_old_links(self):
        old = hash_sign(
            self.env, SCOPE, [self.ours.id, self.lead.id], timedelta(hours=-1)
        )
        other = hash_sign(self.env, "other", [self.ours.id, self.lead.id])
        for token in ("x", "AAAA", old, other, "é"):
            response = self.post(f"/crm_suite/approval/{token}", decision="agree")
            self.assertEqual(response.status_code, 404, token)
        self.assertEqual(self.ours.state, "open")

    def test_link_of_somebody_who_may_not(self):
        token = self.ours._make_token(self.agent)
        response = self.post(f"/crm_suite/approval/{token}", decision="agree")
        self.assertNotIn("Thank you", response.text)
        self.assertEqual(self.ours.state, "open")

    def test_the_whole_story(self):
        """Added by the lead, returned by finance, a lower discount, agreed by mail."""
        graph = chain(
            self.ask(
                "leader",
                self.lead,
                may_add=True,
                return_to="start",
                watch=[{"field": "max(lines.discount)", "worse": "higher"}],
            )
        )
        self._create_flow(graph, sequence=1)
        order, request = self.held(discount=18)
        self.decide(request, self.lead, "add_after", user_id=self.finance.id)
        self.assertEqual(self.holders(request), ["suite_finance"])
        self.decide(request, self.finance, "return", "Lower it")
        self.assertEqual(self.holders(request), ["suite_rep"])
        order.with_user(self.rep).order_line.discount = 16
        self.decide(request, self.rep)
        waiting = self.holders(request)
        self.assertNotIn("suite_lead", waiting, "His criterion did not get worse")
        task = self.task(request, self.finance).sudo()
        response = self.post(
            f"/crm_suite/approval/{task._make_token(self.finance)}", decision="agree"
        )
        self.assertIn("Thank you", response.text)
        self.assertEqual((request.state, order.state), ("agreed", "sale"))

    def test_cover_decides_by_his_own_link(self):
        self.cover(self.lead, self.boss)
        token = self.ours._make_token(self.boss)
        self.post(f"/crm_suite/approval/{token}", decision="agree")
        vote = self.request.event_ids.filtered("is_vote")
        self.assertEqual((vote.user_id, vote.principal_id), (self.boss, self.lead))

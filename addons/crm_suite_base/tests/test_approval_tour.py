from odoo import Command
from odoo.tests import tagged

from .approval_common import chain, make_story_order
from .tour_common import TourCase

# Sends the form of the page as its green button does, and reads the answer.
AGREE = """
const form = document.querySelector("form");
const button = document.querySelector("button.agree");
fetch(form.action, { method: "post", body: new URLSearchParams(new FormData(form, button)) })
    .then((response) => response.text())
    .then((text) => {
        const page = new DOMParser().parseFromString(text, "text/html");
        if (page.querySelector("form") || !page.querySelector("main p")) {
            throw new Error("It was not taken");
        }
        console.log("test successful");
    })
    .catch((error) => console.error(error.message));
"""


class ApprovalStory(TourCase):
    """An order with 18 % discount, from confirming it to what finance agrees to.

    The rep confirms; it waits; the lead adds finance as a signer, finance returns it,
    the rep lowers the discount, only who must is asked again, finance agrees from the
    mail, the order confirms by itself.
    """

    lang = "en_US"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang(cls.lang)
        cls.env["crm.suite.approval.flow"].search([]).action_switch_off()
        cls.rep, cls.lead, cls.finance = people = list(
            cls._create_people(
                ("story_rep", "sales_rep", "Story Rep"),
                ("story_lead", "sales_lead", "Story Lead"),
                ("story_finance", "analyst", "Story Finance"),
            )
        )
        for user in people:
            user.lang = cls.lang
            user.group_ids += cls.env.ref("sale.group_discount_per_so_line")
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Story team",
                "user_id": cls.lead.id,
                "company_id": False,
                "member_ids": [Command.set((cls.rep | cls.lead).ids)],
            }
        )
        lead = {
            "id": "lead",
            "type": "approval",
            "name": "Lead",
            "approvers": [{"by": "users", "user_ids": cls.lead.ids}],
            "mode": "any",
            "may_add": True,
            "may_transfer": True,
            "return_to": "start",
            "watch": [{"field": "max(lines.discount)", "worse": "higher"}],
        }
        flow = cls.env["crm.suite.approval.flow"].create(
            {
                "name": "Story",
                "model_id": cls.env["ir.model"]._get("sale.order").id,
                "company_id": False,
                "start": "method",
                "start_method": "action_confirm",
                "start_domain": "[('order_line.discount', '>', 15)]",
                "graph": chain(lead),
            }
        )
        flow.action_publish()
        cls.order = make_story_order(cls.env, cls.rep, discount=18, team_id=cls.team.id)

    def _holders(self):
        self.env.invalidate_all()
        return self.order.crm_suite_approval_id.holder_ids

    def _tell(self):
        order = f"/odoo/sales/{self.order.id}"
        tasks = "/odoo/action-crm_suite_base.approval_task_action"

        def tour(name, user, url=order):
            self.start_tour(
                url, f"crm_suite_approval_{name}", login=user.login, timeout=120
            )

        tour("rep_confirms", self.rep)
        self.assertEqual(self._holders(), self.lead)
        tour("lead_adds_finance", self.lead)
        self.assertEqual(self._holders(), self.finance)
        tour("finance_returns", self.finance, tasks)
        self.assertEqual(self._holders(), self.rep)
        tour("rep_lowers", self.rep)
        self.assertEqual(self._holders(), self.finance, "the lead's figure is better")
        self.assertEqual(self.order.order_line.discount, 16)
        task = self.order.crm_suite_approval_id.task_ids.filtered(
            lambda t: t.state == "open"
        )
        link = f"/crm_suite/approval/{task._make_token(self.finance)}"
        self.browser_js(link, AGREE, ready="!!document.querySelector('form')")
        self.env.invalidate_all()
        self.assertEqual(self.order.state, "sale")
        tour("order_is_confirmed", self.rep)


@tagged("post_install", "-at_install")
class TestApprovalStory(ApprovalStory):
    def test_story(self):
        self._tell()


@tagged("post_install", "-at_install")
class TestApprovalStoryChinese(ApprovalStory):
    lang = "zh_CN"

    def test_story(self):
        self._tell()


@tagged("post_install", "-at_install")
class TestApprovalStoryPhone(ApprovalStory):
    lang = "zh_CN"
    browser_size = "390x844"
    touch_enabled = True

    def test_story(self):
        self._tell()

import re

from odoo import Command
from odoo.tests import tagged

from ..demo.demo_decisions import TO_CONFIRM
from .approval_common import make_story_order
from .tour_common import TourCase

CRON = "crm_suite_base.ir_cron_approval_notices"

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
    mail, the order confirms by itself. On the demo company, where there is one.
    """

    lang = "en_US"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang(cls.lang)
        cls.demo = cls.env["crm.suite.demo"]
        cls.rep, cls.lead, cls.finance = people = (
            [cls.demo._demo_user(name) for name in ("li_na", "zhang_wei", "he_min")]
            if cls.demo._demo_customers()
            else cls._create_story_people()
        )
        for user in people:
            user.write({"lang": cls.lang, "password": user.login})
        cls.order = cls._find_order() or cls._create_story()

    @classmethod
    def _find_order(cls):
        """The quotation of the demo company; none where somebody has tried it."""
        order = cls.env.ref(f"crm_suite_base.{TO_CONFIRM}", raise_if_not_found=False)
        return order if order and order.state == "draft" else None

    @classmethod
    def _create_story_people(cls):
        """Where there is no demo company: people of the same names and roles."""
        return list(
            cls._create_people(
                ("story_rep", "sales_rep", "李娜 Li Na"),
                ("story_lead", "sales_lead", "张伟 Zhang Wei"),
                ("story_finance", "analyst", "何敏 He Min"),
            )
        )

    @classmethod
    def _create_story(cls):
        """The flow of the demo company and an order, where they are not there."""
        for user in (cls.rep, cls.lead, cls.finance):
            user.group_ids += cls.env.ref("sale.group_discount_per_so_line")
        cls.env["crm.suite.approval.flow"].search([]).action_switch_off()
        [boss] = cls._create_people(("story_boss", "sales_manager", "Story Boss"))
        team = cls.env["crm.team"].create(
            {
                "name": "Story team",
                "user_id": cls.lead.id,
                "company_id": False,
                "member_ids": [Command.set((cls.rep | cls.lead).ids)],
            }
        )
        flow = cls.env["crm.suite.approval.flow"].create(
            {
                "name": "Story",
                "model_id": cls.env["ir.model"]._get("sale.order").id,
                "company_id": False,
                "start": "method",
                "start_method": "action_confirm",
                "start_domain": "[('order_line.discount', '>', 15)]",
                "graph": cls.demo._approval_graph(cls.finance, boss),
            }
        )
        flow.action_publish()
        return make_story_order(cls.env, cls.rep, discount=18, team_id=team.id)

    def _holders(self):
        self.env.invalidate_all()
        return self.order.crm_suite_approval_id.holder_ids

    def _link_in_the_mail(self, user):
        """The way to the page of the decision, as the mail of somebody has it."""
        self.env.ref(CRON).method_direct_trigger()
        mails = self.env["mail.mail"].search(
            [("recipient_ids", "in", user.partner_id.ids)], order="id desc", limit=1
        )
        [link] = re.findall(r"/crm_suite/approval/[^\"]+", mails.body_html)
        return link

    def _tell(self):
        order = f"/odoo/sales/{self.order.id}"
        tasks = "/odoo/action-crm_suite_base.approval_task_action"

        def tour(name, user, url=order):
            self.start_tour(
                url, f"crm_suite_approval_{name}", login=user.login, timeout=120
            )

        self.assertEqual(self.order.order_line.discount, 18)
        tour("rep_confirms", self.rep)
        self.assertEqual(self._holders(), self.lead)
        tour("lead_adds_finance", self.lead)
        self.assertEqual(self._holders(), self.finance)
        tour("finance_returns", self.finance, tasks)
        self.assertEqual(self._holders(), self.rep)
        tour("rep_lowers", self.rep)
        self.assertEqual(self._holders(), self.finance, "the lead's figure is better")
        self.assertEqual(self.order.order_line.discount, 16)
        link = self._link_in_the_mail(self.finance)
        self.browser_js(link, AGREE, ready="!!document.querySelector('form')")
        self.env.invalidate_all()
        self.assertEqual(self.order.state, "sale")
        self.assertEqual(self.order.crm_suite_approval_id.state, "agreed")
        tour("order_is_confirmed", self.rep)


class PhoneStory(ApprovalStory):
    browser_size = "390x844"
    touch_enabled = True


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
class TestApprovalStoryPhone(PhoneStory):
    def test_story(self):
        self._tell()


@tagged("post_install", "-at_install")
class TestApprovalStoryPhoneChinese(PhoneStory):
    lang = "zh_CN"

    def test_story(self):
        self._tell()

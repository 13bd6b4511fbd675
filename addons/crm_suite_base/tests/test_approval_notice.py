from unittest.mock import patch

from odoo.exceptions import ConcurrencyError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .approval_common import ApprovalCase

NOTICES = "odoo.addons.crm_suite_base.models.approval_notice"


@tagged("post_install", "-at_install")
class TestApprovalNotice(ApprovalCase):
    """Who asked hears what came of it, from the scheduled action that is woken."""

    def rejected(self):
        _order, request = self.held()
        # Whom the first notice reaches is the subject of other tests.
        request.task_ids.notice = "sent"
        self.decide(request, self.lead, "reject", "Too much")
        return request

    def messages(self, request, user=None):
        return self.env["mail.message"].search(
            [
                ("model", "=", request._name),
                ("res_id", "=", request.id),
                ("partner_ids", "in", (user or self.rep).partner_id.ids),
            ]
        )

    def test_result(self):
        cron = self.env.ref("crm_suite_base.ir_cron_approval_notices")
        triggers = [("cron_id", "=", cron.id)]
        before = self.env["ir.cron.trigger"].search(triggers)
        request = self.rejected()
        woken = self.env["ir.cron.trigger"].search(triggers) - before
        # By the new task, and by the result.
        self.assertEqual(len(woken), 2, "at once, not at the next full hour")
        self.assertEqual(request.notice, "todo")
        self.assertFalse(self.messages(request))
        self.run_cron("ir_cron_approval_notices")
        self.assertEqual(request.notice, "sent")
        message = self.messages(request)
        self.assertEqual(message.subject, f"Rejected: {request.name}")
        self.assertIn("Too much", message.body)
        self.assertEqual(message.author_id, self.rep.partner_id)
        self.run_cron("ir_cron_approval_notices")
        self.assertEqual(self.messages(request), message, "once")

    def test_in_his_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.rep.lang = "zh_CN"
        request = self.rejected()
        self.run_cron("ir_cron_approval_notices")
        subject = self.messages(request).subject
        self.assertIn(request.name, subject)
        self.assertNotIn("Rejected", subject)

    def test_withdrawn_by_himself(self):
        _order, request = self.held()
        request.with_user(self.rep).action_withdraw()
        self.assertFalse(request.notice)

    def test_one_that_fails_holds_up_nobody(self):
        good, bad, last = (self.rejected() for _number in range(3))
        tell = type(self.Request)._tell

        def fail(requests, *args):
            if requests == bad:
                raise ValueError("No mail today")
            return tell(requests, *args)

        with patch.object(type(self.Request), "_tell", fail), mute_logger(NOTICES):
            self.run_cron("ir_cron_approval_notices")
        self.assertEqual([len(self.messages(r)) for r in (good, bad, last)], [1, 0, 1])
        self.assertEqual(set((good | bad | last).mapped("notice")), {"sent"})

    def test_who_met_another_transaction_is_told_later(self):
        request = self.rejected()
        with patch.object(
            type(self.Request), "_tell", side_effect=ConcurrencyError("Met")
        ):
            self.run_cron("ir_cron_approval_notices")
        self.assertEqual(request.notice, "todo")
        self.run_cron("ir_cron_approval_notices")
        self.assertEqual(len(self.messages(request)), 1)

    def test_the_colon_of_the_language(self):
        """Names and what is said of them: figures, changes, titles, in mails too."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.lead.lang = "zh_CN"
        order, request = self.held()
        self.decide(request, self.lead, "add_before", "Look", user_ids=[self.boss.id])
        self.decide(request, self.boss, comment="Fine")
        self.run_cron("ir_cron_approval_notices")
        bodies = self.messages(request, self.lead).mapped("body")
        self.assertIn(f"{self.boss.name}：Fine", "".join(bodies))
        local = request.with_context(lang="zh_CN")
        texts = [
            local.display_name,
            local.event_ids[:1].display_name,
            order.with_context(lang="zh_CN")._approval_change_text("name", "A", "B"),
            *local.figures_text.splitlines(),
        ]
        for text in texts:
            self.assertIn("：", text)
            self.assertNotIn(": ", text)
        self.assertIn(": ", request.with_context(lang="en_US").figures_text)

import runpy
from unittest.mock import patch

from odoo.exceptions import AccessError, ConcurrencyError
from odoo.tests import tagged
from odoo.tools import file_path, mute_logger

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

    def told(self):
        """The message with the link by which the lead decides."""
        _order, request = self.held()
        self.run_cron("ir_cron_approval_notices")
        message = self.messages(request, self.lead)
        self.assertIn("/crm_suite/approval/", message.body)
        return message

    def assertOnlyForTheLead(self, message):
        for user in (self.rep, self.boss, self.finance, self.admin):
            with self.subTest(user=user.login):
                theirs = message.with_user(user)
                self.assertFalse(theirs.search([("id", "=", message.id)]))
                with self.assertRaises(AccessError):
                    theirs.read(["body"])
                with self.assertRaises(AccessError):
                    theirs.write({"partner_ids": [(4, user.partner_id.id)]})
                with self.assertRaises(AccessError):
                    self.env["mail.notification"].with_user(user).create(
                        {
                            "mail_message_id": message.id,
                            "res_partner_id": user.partner_id.id,
                        }
                    )
        mine = message.with_user(self.lead)
        self.assertEqual(mine.search([("id", "=", message.id)]), message)

    def test_the_link_is_only_for_who_decides(self):
        message = self.told()
        self.assertOnlyForTheLead(message)
        self.assertIn(self.rep.name, message.body)
        self.assertNotIn(self.rep.email, f"{message.email_from} {message.reply_to}")

    def test_no_answer_in_a_channel_shows_the_link(self):
        message = self.told()
        channel = self.env["discuss.channel"].with_user(self.rep)
        channel = channel._create_group(partners_to=[], name="Mine")
        said = channel.message_post(body="Hello", message_type="comment")
        values = {
            "model": channel._name,
            "res_id": channel.id,
            "message_type": "comment",
            "body": "And?",
        }
        messages = self.env["mail.message"].with_user(self.rep)
        answer = messages.create({**values, "parent_id": said.id})
        self.assertEqual(answer.parent_id, said)
        with self.assertRaisesRegex(AccessError, "same channel"):
            messages.create({**values, "parent_id": message.id})
        with self.assertRaisesRegex(AccessError, "same channel"):
            answer.parent_id = message.id

    def test_links_from_before_an_upgrade(self):
        message, asker = self.told(), self.rep.partner_id
        message.author_id = asker
        message.notification_ids.author_id = asker
        other = self.rejected()
        self.run_cron("ir_cron_approval_notices")
        answer = self.messages(other)
        self.env.flush_all()
        path = "crm_suite_base/migrations/19.0.1.5.0/post-mail.py"
        runpy.run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.4.0")
        self.env.invalidate_all()
        self.assertOnlyForTheLead(message)
        self.assertNotIn(asker, message.notification_ids.author_id)
        self.assertEqual(answer.author_id, asker)

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

import base64
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .merge_common import MergeCase

FOLLOW = "odoo.addons.crm_suite_base.models.res_partner_merge_follow"
REPLY = """\
Return-Path: <office@nanfang.cn>
From: "Nanfang" <office@nanfang.cn>
To: catchall@example.com
Subject: Re: Offer
Message-Id: <reply-{number}@nanfang.cn>
In-Reply-To: {reference}
References: {reference}
Content-Type: text/plain; charset=utf-8

We take it.
"""


@tagged("post_install", "-at_install")
class TestMergeLinks(MergeCase):
    """Old links, references, ids and addresses lead to the survivor."""

    def deliver(self, text):
        return self.env["mail.thread"].message_process("res.partner", text)

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_reply_to_the_merged_thread(self):
        sent = self.goes.message_post(body="Offer", message_type="comment")
        self.merge()
        reply = REPLY.format(number=1, reference=sent.message_id)
        self.assertEqual(self.deliver(reply), self.stays.id)
        message = self.stays.message_ids.filtered(lambda m: "We take it" in m.body)
        self.assertEqual(message.author_id, self.stays)

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_mail_to_a_thread_by_its_old_id(self):
        self.merge()
        text = REPLY.format(number=2, reference="<unknown@elsewhere>")
        thread = self.env["mail.thread"].message_process(
            "res.partner", text, thread_id=self.goes.id
        )
        self.assertEqual(thread, self.stays.id)

    def test_external_id(self):
        self.env["ir.model.data"].create(
            {"module": "__erp__", "name": "c18", "model": "res.partner"}
            | {"res_id": self.goes.id}
        )
        self.assertEqual(self.env.ref("__erp__.c18"), self.goes)
        operation = self.merge()
        self.assertEqual(self.env.ref("__erp__.c18"), self.stays)
        self.undo(operation)
        self.assertEqual(self.env.ref("__erp__.c18"), self.goes)

    def test_link_in_a_mail_opens_the_survivor(self):
        self.merge()
        action = self.goes._get_access_action(access_uid=self.rep.id)
        self.assertEqual(action["res_id"], self.stays.id)
        shown = self.goes.with_context(crm_suite_show_merged=True)
        self.assertEqual(shown.get_formview_action()["res_id"], self.goes.id)

    def test_page_tells_who_was_merged(self):
        operation = self.merge()
        info = self.goes.with_user(self.rep).crm_suite_merge_info()
        self.assertEqual(info["into"]["id"], self.stays.id)
        info = self.stays.with_user(self.rep).crm_suite_merge_info()
        self.assertEqual([row["id"] for row in info["merged"]], self.goes.ids)
        self.assertFalse(info["merged"][0]["can_undo"])
        info = self.stays.with_user(self.steward).crm_suite_merge_info()
        self.assertEqual(info["merged"][0]["operation_id"], operation.id)
        self.assertTrue(info["merged"][0]["can_undo"])

    def test_portal_link_of_a_document_posts_as_the_survivor(self):
        order = self._create_order(self.goes, confirm=False)
        self.merge()
        message = order.message_post(body="Yes", author_id=self.goes.id)
        self.assertEqual(message.author_id, self.stays)

    def test_unsubscribe_link_of_an_old_mail(self):
        order = self._create_order(self.customer, confirm=False)
        order.message_subscribe(self.goes.ids)
        self.merge()
        self.assertIn(self.stays, order.message_follower_ids.partner_id)
        order.message_unsubscribe(self.goes.ids)
        self.assertNotIn(self.stays, order.message_follower_ids.partner_id)

    def test_invitation_to_the_portal(self):
        self.goes.signup_prepare()
        token = self.goes._generate_signup_token()
        self.merge()
        partner = self.env["res.partner"]._get_partner_from_token(token)
        self.assertEqual(partner, self.stays)

    def test_invitation_does_not_give_away_an_existing_login(self):
        self.goes.signup_prepare()
        token = self.goes._generate_signup_token()
        new_test_user(
            self.env, "portal_kept", "base.group_portal", partner_id=self.stays.id
        )
        self.merge()
        self.assertFalse(self.env["res.partner"]._get_partner_from_token(token))

    def test_password_link_of_the_login_that_moved(self):
        user = new_test_user(
            self.env, "portal_moved", "base.group_portal", partner_id=self.goes.id
        )
        self.goes.signup_prepare(signup_type="reset")
        token = self.goes._generate_signup_token()
        self.merge()
        partner = self.env["res.partner"]._get_partner_from_token(token)
        self.assertEqual(partner.user_ids, user)

    def test_mail_from_a_second_address(self):
        self.merge()
        found = self.env["res.partner"]._find_or_create_from_emails(
            ["Office <office@nanfang.cn>", "new@nowhere.cn", "info@nanfang.cn"]
        )
        self.assertEqual(found[0], self.stays)
        self.assertEqual(found[1].email, "new@nowhere.cn")
        self.assertEqual(found[2], self.stays)

    def test_search_for_a_second_number(self):
        self.merge()
        partners = self.env["res.partner"].with_user(self.rep)
        for text in ("075586013302", "8601 3302", "+86 755 8601 3302"):
            found = partners.search([("phone_mobile_search", "ilike", text)])
            self.assertIn(self.stays, found, text)

    def test_picture_is_taken_over(self):
        pixel = (
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
            "WjR9awAAAABJRU5ErkJggg=="
        )
        self.goes.image_1920 = pixel
        operation = self.merge()
        self.assertTrue(base64.b64decode(self.stays.image_1920))
        self.undo(operation)
        self.assertFalse(self.stays.image_1920)
        self.assertTrue(self.goes.image_1920)

    def test_late_documents_follow_and_go_back_with_the_merge(self):
        operation = self.merge()
        late = self.env["crm.lead"].create(
            {"name": "From a program", "partner_id": self.goes.id}
        )
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.merge_follow_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(late.partner_id, self.stays)
        self.assertEqual(len(operation.child_ids), 1)
        self.undo(operation)
        self.assertEqual(late.partner_id, self.goes)

    def _make_late(self, partner):
        return self.env["crm.lead"].create(
            {"name": "From a program", "partner_id": partner.id}
        )

    def test_late_documents_of_more_records_than_there_is_time_for(self):
        self.merge(self.stays | self.goes | self.other)
        late = self._make_late(self.goes) | self._make_late(self.other)
        cron = self.env["res.partner"]
        runs = cron.search_count(
            [("crm_suite_merged_into_id", "!=", False), ("active", "in", (True, False))]
        )
        with (
            patch(f"{FOLLOW}.BATCH", 1),
            patch.object(
                type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: 0
            ),
        ):
            for _run in range(runs):
                cron._cron_follow_merged()
            self.assertEqual(late.partner_id, self.stays)
            cron._cron_follow_merged()
            # The next round begins with the first one again.
            late = self._make_late(self.goes)
            for _run in range(runs):
                cron._cron_follow_merged()
        self.assertEqual(late.partner_id, self.stays)

    def test_late_document_that_cannot_move_holds_up_no_other(self):
        self.merge(self.stays | self.goes | self.other)
        stuck, late = self._make_late(self.goes), self._make_late(self.other)
        follow = type(self.goes)._crm_suite_follow_one
        reason = "Not this one"

        def refuse(partner, survivor):
            if partner == self.goes:
                raise UserError(reason)
            return follow(partner, survivor)

        with (
            self.enter_registry_test_mode(),
            patch.object(type(self.goes), "_crm_suite_follow_one", refuse),
            self.assertLogs(FOLLOW, "ERROR") as logs,
        ):
            self.env.ref("crm_suite_base.merge_follow_cron").method_direct_trigger()
        self.assertIn(str(self.goes.id), logs.output[0])
        self.assertEqual(late.partner_id, self.stays)
        self.assertEqual(stuck.partner_id, self.goes)

    def test_nothing_late_makes_no_operation(self):
        self.merge()
        operations = self.env["crm.suite.operation"].search_count([])
        self.assertFalse(self.goes._crm_suite_follow())
        self.assertEqual(self.env["crm.suite.operation"].search_count([]), operations)

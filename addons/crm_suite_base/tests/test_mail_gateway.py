from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

MAIL = """\
Message-Id: <{id}@outside.example>
From: {sender}
To: {to}
Subject: {subject}
{headers}Content-Type: text/plain; charset=utf-8

Hello
"""


@tagged("post_install", "-at_install")
class TestMailGateway(TransactionCase):
    """Who may deliver incoming mail to customers and leads."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = new_test_user(cls.env, "gw_plain")
        cls.rep = new_test_user(
            cls.env, "gw_rep", groups="crm_suite_base.group_crm_suite_sales_rep"
        )
        cls.suite_admin = new_test_user(
            cls.env, "gw_suite_admin", groups="crm_suite_base.group_crm_suite_admin"
        )
        cls.gateway = new_test_user(
            cls.env,
            "gw_script",
            groups="crm_suite_base.group_crm_suite_mail_gateway",
        )
        cls.system = new_test_user(cls.env, "gw_system", groups="base.group_system")
        cls.customer = cls.env["res.partner"].create(
            {"name": "Yilu Trading", "email": "buyer@yilu.example"}
        )
        cls.lead = cls.env["crm.lead"].create(
            {"name": "A deal", "email_from": "buyer@yilu.example"}
        )
        alias_domain = cls.env["mail.alias.domain"].search([], limit=1) or cls.env[
            "mail.alias.domain"
        ].create({"name": "gw.example"})
        cls.lead_alias = cls.env["mail.alias"].create(
            {
                "alias_name": "gwleads",
                "alias_domain_id": alias_domain.id,
                "alias_model_id": cls.env["ir.model"]._get_id("crm.lead"),
                "alias_contact": "everyone",
            }
        )
        cls.sent = 0

    def deliver(self, user, model, to="nobody@nowhere.example", headers="", **kwargs):
        type(self).sent += 1
        mail = MAIL.format(
            id=f"gw-{self.sent}",
            sender=kwargs.pop("sender", "Boss <boss@yilu.example>"),
            to=to,
            subject="Written from outside",
            headers=headers,
        )
        thread = self.env["mail.thread"].with_user(user)
        return thread.message_process(model, mail, **kwargs)

    def assertRefused(self, *args, **kwargs):
        partners = self.env["res.partner"].with_context(active_test=False)
        leads = self.env["crm.lead"].with_context(active_test=False)
        messages = self.env["mail.message"]
        before = [model.search_count([]) for model in (partners, leads, messages)]
        with self.assertRaises(AccessError):
            self.deliver(*args, **kwargs)
        after = [model.search_count([]) for model in (partners, leads, messages)]
        self.assertEqual(after, before)

    def test_create_by_fallback_model(self):
        """The model named by the caller, with values of the caller."""
        for user in (self.plain, self.rep, self.suite_admin):
            is_system = user.has_group("base.group_system")
            self.assertFalse(is_system, "the test user must be an ordinary one")
            for model in ("res.partner", "crm.lead"):
                with self.subTest(user=user.login, model=model):
                    self.assertRefused(
                        user, model, custom_values={"name": "Mallory", "active": True}
                    )

    def test_update_by_thread_id(self):
        self.assertRefused(self.plain, "crm.lead", thread_id=self.lead.id)
        self.assertRefused(self.plain, "res.partner", thread_id=self.customer.id)

    def test_reply_by_references(self):
        """A reference to a message of a customer routes there whatever the model."""
        note = self.customer.message_post(body="Dear customer")
        reference = f"In-Reply-To: {note.message_id}\n"
        self.assertRefused(self.rep, None, headers=reference)
        self.deliver(self.gateway, None, headers=reference)
        self.assertIn("Hello", self.customer.message_ids[0].body)

    def test_create_by_alias(self):
        to = self.lead_alias.alias_full_name
        self.assertRefused(self.plain, None, to=to)
        lead = self.env["crm.lead"].browse(self.deliver(self.gateway, None, to=to))
        self.assertEqual(lead.name, "Written from outside")

    def test_called_on_another_model(self):
        """The method is inherited by every model with a chatter."""
        for model in ("crm.lead", "res.partner", "calendar.event"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                mail = MAIL.format(
                    id=f"gw-on-{model}",
                    sender="a@b.example",
                    to="c@d.example",
                    subject="x",
                    headers="",
                )
                self.env[model].with_user(self.plain).message_process("crm.lead", mail)

    def test_forged_bounce(self):
        """A bounce counts against a customer and can end on the blacklist."""
        bounce = "X-Forged: yes\n"
        self.assertRefused(
            self.plain,
            None,
            sender="MAILER-DAEMON <mailer-daemon@yilu.example>",
            headers=bounce,
        )

    def test_bounce_counter_kept(self):
        """Mail to another model does not clear the bounces of the claimed sender."""
        self.customer.message_bounce = 3
        event = self.env["calendar.event"].create({"name": "x"})
        kwargs = {"thread_id": event.id, "sender": "buyer@yilu.example"}
        self.deliver(self.plain, "calendar.event", **kwargs)
        self.assertEqual(self.customer.message_bounce, 3)
        self.deliver(self.gateway, "calendar.event", **kwargs)
        self.assertEqual(self.customer.message_bounce, 0)

    def test_trusted_callers(self):
        """Mailgate account, settings administrator, fetchmail and crons deliver."""
        for user in (self.gateway, self.system, self.env.ref("base.user_root")):
            with self.subTest(user=user.login):
                lead = self.env["crm.lead"].browse(self.deliver(user, "crm.lead"))
                self.assertEqual(lead.name, "Written from outside")
        superuser = self.env["mail.thread"].with_user(self.plain).sudo()
        mail = MAIL.format(
            id="gw-su", sender="a@b.example", to="c@d.example", subject="s", headers=""
        )
        self.assertTrue(superuser.message_process("crm.lead", mail))

    def test_suite_models_guarded(self):
        guards = self.env["mail.thread"]._crm_suite_gateway_guards
        self.assertTrue(guards("crm.suite.anything"))
        self.assertFalse(guards("calendar.event"))

    def test_posting_is_untouched(self):
        """People write on a record as before: that checks their rights already."""
        self.lead.user_id = self.rep
        lead = self.lead.with_user(self.rep)
        self.assertTrue(lead.message_post(body="Called"))

import json

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from .pool_common import PHONE, PoolCase

SECRETS = ("boss@", "wang@", PHONE, "Secret Road", "518000", "x@y.example")


@tagged("post_install", "-at_install")
class TestPoolMaskMail(HttpCase, PoolCase):
    """Contact data do not leave by cards, recipients, messages and new contacts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"zip": "518000", "website": "https://boss@secret.example"})
        lead_pool = cls.Pool.create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "admin_ids": [Command.set(cls.lead.ids)],
                "user_ids": [Command.set(cls.rep.ids)],
            }
        )
        cls.form = cls.env["crm.lead"].create(
            {
                "name": "Web form",
                "contact_name": "X",
                "email_from": "x@y.example",
                "phone": "+86 755 8601 9999",
                "user_id": False,
            }
        )
        cls._as_pool(lead_pool.action_add(cls.form.ids))
        cls.mine = cls._create_customer(
            name="Mine", user_id=cls.rep.id, email="mine@b.example"
        )

    def assertHidden(self, told):
        for secret in SECRETS:
            self.assertNotRegex(told, secret)

    def assertClaimFirst(self):
        return self.assertRaisesRegex(UserError, "Claim first")

    def ask(self, path, **params):
        return json.dumps(self.make_jsonrpc_request(path, params))

    # === CARDS === #

    def test_cards(self):
        paths = (
            f"/web/partner/vcard?partner_ids={self.customer.id}",
            f"/web_enterprise/partner/{self.customer.id}/vcard",
        )
        for user in (self.rep, self.plain):
            self.authenticate(user.login, user.login)
            for path in paths:
                told = self.url_open(path).text
                self.assertIn("Huaqiang", told)
                self.assertHidden(told)
        self.authenticate(self.lead.login, self.lead.login)
        self.assertIn("boss@huaqiang.example", self.url_open(paths[0]).text)

    def test_card_shows_what_is_public(self):
        field = self.env["ir.model.fields"]._get("res.partner", "email")
        self.pool.public_field_ids = field
        card = self.customer.with_user(self.rep)._get_vcard_file().decode()
        self.assertIn("boss@huaqiang.example", card)
        self.assertNotRegex(card, PHONE)

    def test_cards_of_many_are_an_export(self):
        """Who may not export gets no archive of all contacts."""
        ids = ",".join(str(id_) for id_ in (self.customer | self.mine).ids)
        right = self.env.ref("base.group_allow_export")
        (self.rep | self.plain).group_ids -= right
        for user in (self.rep, self.plain):
            self.authenticate(user.login, user.login)
            with mute_logger("odoo.http"):
                answer = self.url_open(f"/web/partner/vcard?partner_ids={ids}")
            self.assertEqual(answer.status_code, 403)
        self.rep.group_ids += right
        self.authenticate(self.rep.login, self.rep.login)
        answer = self.url_open(f"/web/partner/vcard?partner_ids={ids}")
        self.assertEqual(answer.headers["Content-Type"], "application/zip")

    # === RECIPIENTS === #

    def test_nobody_is_suggested_and_nothing_created(self):
        self.authenticate(self.rep.login, self.rep.login)
        before = self.Partner.search_count([])
        for record in (self.customer, self.person, self.form):
            thread = {"thread_model": record._name, "thread_id": record.id}
            request = {**thread, "request_list": ["suggestedRecipients"]}
            told = [
                self.ask("/mail/thread/recipients", **thread),
                self.ask("/mail/thread/recipients/get_suggested_recipients", **thread),
                self.ask("/mail/data", fetch_params=[["mail.thread", request]]),
            ]
            self.assertHidden(repr(told))
        self.assertEqual(self.Partner.search_count([]), before)

    def test_nobody_is_suggested_by_way_of_another_record(self):
        self.authenticate(self.rep.login, self.rep.login)
        path = "/mail/thread/recipients/get_suggested_recipients"
        mine = {"thread_model": "res.partner", "thread_id": self.mine.id}
        told = self.ask(path, **mine, partner_ids=self.customer.ids)
        self.assertHidden(told)
        self.assertIn("mine@b.example", self.ask(path, **mine))

    def test_who_knows_the_address_learns_no_more(self):
        form = self.form.with_user(self.rep)
        self.assertNotRegex(repr(form._get_customer_information()), PHONE)
        self.assertRegex(repr(self.form._get_customer_information()), PHONE)

    def test_suggested_to_who_sees_them(self):
        found = self.customer.with_user(self.lead)._message_get_suggested_recipients()
        self.assertIn("boss@huaqiang.example", repr(found))
        self.claim(self.rep)
        found = self.customer.with_user(self.rep)._message_get_suggested_recipients()
        self.assertIn("boss@huaqiang.example", repr(found))

    # === MESSAGES === #

    @mute_logger("odoo.http")
    def test_no_message_to_a_hidden_address(self):
        mine = self.mine.with_user(self.rep)
        for send in (mine.message_post, mine.message_notify):
            with self.assertClaimFirst():
                send(body="Hello", partner_ids=self.customer.ids)
            send(body="Hello", partner_ids=self.rival.partner_id.ids)
        self.mine.message_post(body="Hello", partner_ids=self.customer.ids)
        self.authenticate(self.rep.login, self.rep.login)
        with self.assertRaisesRegex(JsonRpcException, "UserError"):
            self.ask(
                "/mail/message/post",
                thread_model="res.partner",
                thread_id=self.mine.id,
                post_data={"body": "Hello", "partner_ids": self.customer.ids},
            )

    def test_no_mail_from_the_composer(self):
        for record, masked in ((self.customer, True), (self.mine, False)):
            composer = (
                self.env["mail.compose.message"]
                .with_user(self.rep)
                .create(
                    {
                        "model": "res.partner",
                        "res_ids": repr(record.ids),
                        "composition_mode": "mass_mail",
                        "subject": "Hello",
                        "body": "<p>Hello</p>",
                    }
                )
            )
            if masked:
                with self.assertClaimFirst():
                    composer.action_send_mail()
            else:
                composer.action_send_mail()

    def test_no_template_about_what_is_hidden(self):
        """A template of somebody else may show the address to who fills it in."""
        template = self.env["mail.template"].create(
            {
                "name": "About",
                "model_id": self.env["ir.model"]._get("res.partner").id,
                "subject": "{{ object.email }}",
            }
        )
        template = template.with_user(self.rep)
        with self.assertClaimFirst():
            template._render_field("subject", self.customer.ids)
        told = template._render_field("subject", self.mine.ids)
        self.assertIn("mine@b.example", repr(told))

    def test_no_text_message_to_a_hidden_number(self):
        if "sms.composer" not in self.env:
            self.skipTest("The host's text messages are not installed.")
        composers = self.env["sms.composer"].with_user(self.rep)
        for record in (self.customer, self.person, self.form):
            with self.assertClaimFirst():
                composer = composers.create(
                    {
                        "res_model": record._name,
                        "res_id": record.id,
                        "res_ids": repr(record.ids),
                        "composition_mode": "comment",
                        "body": "x",
                    }
                )
                composer.read(["recipient_single_number"])
            many = composers.create(
                {
                    "res_model": record._name,
                    "res_ids": repr(record.ids),
                    "composition_mode": "mass",
                    "body": "{{ object.phone }}",
                }
            )
            with self.assertClaimFirst():
                many.action_send_sms()

    def test_no_number_by_way_of_a_quote(self):
        if "sms.composer" not in self.env:
            self.skipTest("The host's text messages are not installed.")
        order = self._create_order(self.customer).with_user(self.rep)
        with self.assertClaimFirst():
            order._sms_get_recipients_info()
        self.claim(self.rep)
        self.assertRegex(repr(order._sms_get_recipients_info()), PHONE)

    # === WHAT IS MADE OF THEM === #

    def test_contact_of_a_hidden_company(self):
        partners = self.Partner.with_user(self.rep)
        address = {"street": {}, "zip": {}, "parent_id": {}}
        for answer in (
            partners.onchange(
                {"parent_id": self.customer.id, "name": "Li", "type": "contact"},
                ["parent_id"],
                address,
            ),
            partners.with_context(default_parent_id=self.customer.id).onchange(
                {}, [], address
            ),
        ):
            self.assertHidden(repr(answer))
        # A branch is a customer of its own, and would show the address.
        branch = {"name": "Branch", "is_company": True}
        with self.assertClaimFirst():
            partners.create({**branch, "parent_id": self.customer.id})
        with self.assertClaimFirst():
            partners.with_context(default_parent_id=self.customer.id).create(branch)
        with self.assertClaimFirst():
            self.mine.with_user(self.rep).parent_id = self.customer
        self.claim(self.rep)
        branch = partners.create({**branch, "parent_id": self.customer.id})
        self.assertEqual(branch.street, "1 Secret Road")

    def test_deal_and_quote_with_the_customer_as_default(self):
        for model, values in (
            ("crm.lead", {"name": "Deal", "type": "opportunity"}),
            ("sale.order", {}),
        ):
            records = self.env[model].with_user(self.rep)
            records = records.with_context(default_partner_id=self.customer.id)
            with self.assertClaimFirst():
                records.create(values)
            with self.assertClaimFirst():
                records.onchange({}, [], {"partner_id": {}})

    # === GUESSING === #

    def test_what_was_said_cannot_be_guessed(self):
        for record in (self.customer, self.form):
            record.message_post(
                body="Ring 13900001111", message_type="email", email_from="q@b.example"
            )
            records = record.with_user(self.rep)
            for domain in (
                [("message_ids.body", "ilike", "13900001111")],
                [("message_ids.email_from", "=", "q@b.example")],
                [("message_ids", "any", [("body", "ilike", "13900001111")])],
                [("website_message_ids.body", "ilike", "13900001111")],
            ):
                self.assertNotIn(record, records.search(domain).sudo(), domain)
                self.assertIn(record, record.search(domain[:1]), domain)
                # Nor by what is not said: it is answered as for any other word.
                field, operator, value = domain[0]
                other = [("id", "=", -1)] if operator == "any" else "zzqqzz"
                not_said = [
                    records.search(
                        [("id", "=", record.id), "!", (field, operator, text)]
                    )
                    for text in (value, other)
                ]
                self.assertEqual(*not_said, domain)
        domain = [("parent_id.message_ids.body", "ilike", "13900001111")]
        self.assertFalse(self.person.with_user(self.rep).search(domain))
        self.assertIn(self.person, self.person.search(domain))
        self.claim(self.rep)
        found = self.Partner.with_user(self.rep).search(
            [("message_ids.body", "ilike", "13900001111")]
        )
        self.assertEqual(found.sudo(), self.customer)

    def test_what_is_planned_is_neither_read_nor_guessed(self):
        """Notes of an activity name numbers, as messages do."""
        for record in (self.customer, self.form):
            record.activity_schedule(
                "mail.mail_activity_data_call",
                summary="Ring 13900001111",
                note="Or 13900002222",
                user_id=self.lead.id,
            )
            records = record.with_user(self.rep)
            told = records.web_read(
                {
                    "activity_summary": {},
                    "activity_ids": {"fields": {"summary": {}, "note": {}}},
                }
            )
            told += records.search_read([("id", "=", record.id)], ["activity_summary"])
            activities = self.env["mail.activity"].with_user(self.rep)
            told += activities.search_read([], ["summary", "note"])
            told.append(activities.get_activity_data(record._name, []))
            self.assertNotIn("1390000", repr(told))
            for domain in (
                [("activity_summary", "ilike", "13900001111")],
                [("activity_ids.note", "ilike", "13900002222")],
                [("activity_ids", "any", [("summary", "ilike", "13900001111")])],
            ):
                self.assertNotIn(record, records.search(domain).sudo(), domain)
                self.assertIn(record, record.search(domain), domain)
        domain = [("parent_id.activity_ids.note", "ilike", "13900002222")]
        self.assertFalse(self.person.with_user(self.rep).search(domain))
        self.claim(self.rep)
        customer = self.customer.with_user(self.rep)
        [row] = customer.read(["activity_summary"])
        self.assertEqual(row["activity_summary"], "Ring 13900001111")
        domain = [("activity_summary", "ilike", "13900001111")]
        self.assertEqual(customer.search(domain), customer)

    def test_followers_are_masked(self):
        self.mine.message_subscribe((self.customer | self.mine).ids)
        followers = self.env["mail.followers"].with_user(self.rep)
        followers = followers.search(
            [("res_model", "=", "res.partner"), ("res_id", "=", self.mine.id)]
        )
        told = followers.read(["name", "email", "display_name"])
        told += followers._read_group([("id", "in", followers.ids)], ["email"])
        self.authenticate(self.rep.login, self.rep.login)
        thread = {"thread_model": "res.partner", "thread_id": self.mine.id}
        request = {**thread, "request_list": ["followers"]}
        shown = self.ask("/mail/data", fetch_params=[["mail.thread", request]])
        for text in (repr(told), shown):
            self.assertHidden(text)
            self.assertIn("Huaqiang", text)
            self.assertIn("mine@b.example", text)
        self.assertFalse(
            followers.search([("id", "in", followers.ids), ("email", "ilike", "boss@")])
        )
        self.claim(self.rep)
        shown = self.ask("/mail/data", fetch_params=[["mail.thread", request]])
        self.assertIn("boss@huaqiang.example", shown)

    def test_followers_are_found_by_what_is_seen_of_them(self):
        self.mine.message_subscribe(self.customer.ids)
        mine = self.mine.with_user(self.rep)
        for domain in (
            [("message_partner_ids", "ilike", "boss@huaqiang.example")],
            [("message_partner_ids", "=", "boss@huaqiang.example")],
            [("message_partner_ids.email", "ilike", "boss@")],
        ):
            self.assertFalse(mine.search(domain), domain)
        for domain in (
            [("message_partner_ids", "ilike", "Huaqiang")],
            [("message_partner_ids", "in", self.customer.ids)],
        ):
            self.assertEqual(mine.search(domain), mine, domain)

import base64

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ..models.pool_mask import MASK
from .pool_common import PHONE, PoolCase


@tagged("post_install", "-at_install")
class TestPoolMask(PoolCase):
    def test_hidden_in_every_way_of_reading(self):
        partners = self.Partner.with_user(self.rep)
        customer = self.customer.with_user(self.rep)
        [row] = customer.read(["name", "email", "phone", "street", "city"])
        self.assertEqual((row["email"], row["phone"]), (MASK, MASK))
        self.assertEqual(row["name"], "Huaqiang Electronics")
        [row] = self.person.with_user(self.rep).read(["email", "email_normalized"])
        self.assertEqual((row["email"], row["email_normalized"]), (MASK, MASK))
        [row] = customer.web_read({"email": {}, "child_ids": {"fields": {"email": {}}}})
        self.assertEqual((row["email"], row["child_ids"][0]["email"]), (MASK, MASK))
        [row] = partners.search_read([("id", "=", customer.id)], ["street"])
        self.assertEqual(row["street"], MASK)
        shown = customer.with_context(show_email=True, show_address=True).display_name
        self.assertNotIn("boss@", shown)
        self.assertNotIn("Secret", shown)
        with self.assertRaises(UserError):
            customer.copy()

    def test_hidden_from_the_hosts_export(self):
        self.rep.group_ids += self.env.ref("base.group_allow_export")
        customer = self.customer.with_user(self.rep)
        self.assertTrue(customer.export_data(["name", "city"])["datas"])
        with self.assertRaisesRegex(UserError, "Claim first"):
            customer.export_data(["name", "email"])
        with self.assertRaisesRegex(UserError, "Claim first"):
            customer.export_data(["name", "child_ids/email"])
        lead = self.env["crm.lead"].create(
            {"name": "Theirs", "partner_id": customer.id, "user_id": self.rep.id}
        )
        lead = lead.with_user(self.rep)
        self.assertTrue(lead.export_data(["name", "partner_id/name"])["datas"])
        with self.assertRaisesRegex(UserError, "Claim first"):
            lead.export_data(["name", "partner_id/email"])

    def test_hidden_from_searching_grouping_and_sorting(self):
        partners = self.Partner.with_user(self.rep)
        for domain in (
            [("email", "=", "boss@huaqiang.example")],
            [("email", "ilike", "boss")],
            [("child_ids.email", "ilike", "wang@")],
            [("phone_mobile_search", "ilike", "86013388")],
            [("email_normalized", "=", "boss@huaqiang.example")],
            [("street", "=like", "1 Secret%")],
        ):
            self.assertNotIn(self.customer, partners.search(domain).sudo(), domain)
            self.assertIn(self.customer, self.Partner.search(domain), domain)
        one = [("id", "=", self.customer.id)]
        self.assertIn(
            self.customer,
            partners.search([*one, ("email", "not ilike", "boss")]).sudo()
            | partners.search([*one, ("email", "=", False)]).sudo(),
        )
        [(value, _count)] = partners._read_group(one, ["email"], ["__count"])
        self.assertFalse(value)
        [(values,)] = partners._read_group(one, [], ["phone:array_agg"])
        self.assertEqual(values, [None])
        self.assertFalse(partners.name_search("boss@huaqiang.example"))

    def test_hidden_in_the_accounts_of_customers(self):
        self.person.write({"phone": "13900002222", "street": "1 Secret Road"})
        account = new_test_user(
            self.env,
            "wang@huaqiang.example",
            "base.group_portal",
            name="Wang",
            email="wang@huaqiang.example",
            partner_id=self.person.id,
        )
        account.signature = "Ring 13900002222"
        self.env.flush_all()
        self.env.invalidate_all()
        mine = account.with_user(self.rep)
        one = [("id", "=", account.id)]
        names = ["name", "login", "email", "phone", "street", "signature"]
        self.assertEqual(account.partner_id, self.person)
        [row] = mine.search_read(one, names)
        self.assertEqual(row["name"], "Wang")
        for name in names[1:5]:
            self.assertEqual(row[name], MASK)
        self.assertFalse(row["signature"])
        told = [row]
        told += self.person.with_user(self.rep).web_read(
            {"user_ids": {"fields": {"login": {}}}}
        )
        told += mine._read_group(one, ["login"], ["phone:array_agg"])
        told += mine._read_group(one, ["email"], ["login:array_agg"])
        for secret in ("wang@", "13900002222", "Secret"):
            self.assertNotIn(secret, repr(told))
        self.person.message_post(body="Said in secret")
        for condition in (
            ("login", "=like", "wang@%"),
            ("email", "=like", "wang@%"),
            ("phone", "like", "139"),
            ("partner_id", "ilike", "wang@"),
            ("partner_id.email", "ilike", "wang@"),
            ("message_ids.body", "ilike", "in secret"),
            ("partner_id.message_ids.body", "ilike", "in secret"),
            ("partner_id", "any", [("message_ids.body", "ilike", "in secret")]),
        ):
            self.assertFalse(mine.search([*one, condition]), condition)
            self.assertTrue(account.search([*one, condition]), condition)
        self.assertFalse(mine.name_search("wang@huaqiang.example"))
        self.rep.group_ids += self.env.ref("base.group_allow_export")
        self.assertTrue(mine.export_data(["name"])["datas"])
        with self.assertRaisesRegex(UserError, "Claim first"):
            mine.export_data(["login"])
        # The host's own code goes on, and so do colleagues and who claimed.
        self.assertEqual(account.email, "wang@huaqiang.example")
        colleague = self.rival.with_user(self.rep).read(["login", "email"])
        self.assertEqual(colleague[0]["login"], "suite_rival")
        self.assertEqual(account.read(["login"])[0]["login"], account.login)
        self.assertTrue(self.claim(self.rep)[0]["ok"])
        self.assertEqual(mine.read(["login"])[0]["login"], "wang@huaqiang.example")
        self.assertEqual(mine.search([("login", "=like", "wang@%")]), mine)

    def test_hidden_on_the_page_and_in_the_timeline(self):
        self.customer.message_post(
            body="Call me: 13900001111", message_type="email", email_from="a@b.example"
        )
        self.env["crm.suite.call"].create(
            {"partner_id": self.customer.id, "summary": "Number is 13900001111"}
        )
        now = fields.Datetime.now()
        self.env["calendar.event"].create(
            {
                "name": "Visit",
                "location": "1 Secret Road",
                "start": now,
                "stop": now,
                "user_id": self.lead.id,
                "partner_ids": [Command.set(self.person.ids)],
            }
        )
        page = self.Partner.with_user(self.rep).crm_suite_360(self.customer.id)
        said = (
            self.env["crm.suite.interaction"]
            .with_user(self.rep)
            .search_read([("commercial_partner_id", "=", self.customer.id)])
        )
        for secret in ("13900001111", "boss@", PHONE, "wang@", "Secret Road"):
            self.assertNotRegex(repr(page), secret)
            self.assertNotRegex(repr(said), secret)
        messages = self.env["mail.message"].with_user(self.rival)
        found = messages.search([("body", "ilike", "13900001111")])
        self.assertFalse(found)
        [row] = (
            self.env["crm.suite.call"]
            .with_user(self.rival)
            .search_read([("partner_id", "=", self.customer.id)], ["summary"])
        )
        self.assertEqual(row["summary"], MASK)

    def _create_meeting(self, **values):
        now = fields.Datetime.now()
        return self.env["calendar.event"].create(
            {
                "name": "Visit",
                "location": "1 Secret Road",
                "description": "Ring 13900001111",
                "start": now,
                "stop": now,
                "user_id": self.lead.id,
                "partner_ids": [Command.set((self.person | self.lead.partner_id).ids)],
                **values,
            }
        )

    def test_hidden_in_meetings(self):
        self.person.phone = "13900002222"
        meeting = self._create_meeting().with_user(self.rep)
        told = meeting.web_read(
            {
                "location": {},
                "description": {},
                "attendee_ids": {"fields": {"email": {}, "phone": {}}},
                "partner_ids": {"fields": {"display_name": {}, "email": {}}},
            }
        )
        told += meeting.search_read([("id", "=", meeting.id)])
        told += meeting.attendee_ids.read()
        told += meeting._read_group(
            [("id", "=", meeting.id)], ["location"], ["description:array_agg"]
        )
        told += meeting.attendee_ids._read_group(
            [("event_id", "=", meeting.id)], ["email", "phone"]
        )
        for secret in ("Secret Road", "1390000", "wang@", meeting.sudo().access_token):
            self.assertNotIn(secret or "1390000", repr(told))
        for token in meeting.sudo().attendee_ids.mapped("access_token"):
            self.assertNotIn(token, repr(told))
        attendees = self.env["calendar.attendee"].with_user(self.rep)
        for domain in (
            [("location", "ilike", "Secret")],
            [("description", "ilike", "13900001111")],
            [("attendee_ids.email", "ilike", "wang@")],
            [("partner_ids.email", "ilike", "wang@")],
        ):
            self.assertNotIn(meeting, meeting.search(domain), domain)
            self.assertIn(meeting.sudo(), meeting.sudo().search(domain), domain)
        self.assertFalse(attendees.search([("phone", "ilike", "13900002222")]))
        self.assertTrue(attendees.sudo().search([("phone", "ilike", "13900002222")]))

    def test_hidden_from_the_export_and_the_history_of_meetings(self):
        self.rep.group_ids += self.env.ref("base.group_allow_export")
        meeting = self._create_meeting()
        meeting.message_post(body="Now at 2 Secret Road", message_type="comment")
        meeting = meeting.with_user(self.rep)
        self.assertTrue(meeting.export_data(["name", "start"])["datas"])
        for path in ("location", "attendee_ids/email", "partner_ids/phone"):
            with self.subTest(path), self.assertRaisesRegex(UserError, "Claim first"):
                # By default many2many fields are exported as names only.
                meeting.with_context(import_compat=False).export_data(["name", path])
        messages = self.env["mail.message"].with_user(self.rep)
        about = [("model", "=", "calendar.event"), ("res_id", "=", meeting.id)]
        self.assertFalse(messages.search(about))
        self.assertTrue(messages.with_user(self.lead).search(about))
        self.claim(self.rep)
        self.assertTrue(messages.search(about))
        self.assertTrue(meeting.export_data(["attendee_ids/email"])["datas"])

    def test_nobody_joins_a_meeting_to_read_it(self):
        meeting = self._create_meeting().with_user(self.rep)
        for values in (
            {"user_id": self.rep.id},
            {"partner_ids": [Command.link(self.rep.partner_id.id)]},
        ):
            with self.assertRaisesRegex(UserError, "Claim first"):
                meeting.write(values)
        with self.assertRaisesRegex(UserError, "Claim first"):
            meeting.copy({"user_id": self.rep.id})
        meeting.write({"name": "Visit at noon"})
        mine = self._create_meeting(user_id=self.rep.id).with_user(self.rep)
        mine.partner_ids += self.rival.partner_id
        for user in (self.rep, self.rival):
            [row] = mine.with_user(user).read(["location"])
            self.assertEqual(row["location"], "1 Secret Road")
            [row] = (
                mine.attendee_ids.filtered(
                    lambda attendee: attendee.partner_id == self.person
                )
                .with_user(user)
                .read(["email"])
            )
            self.assertEqual(row["email"], MASK)

    def test_meetings_of_others_are_as_they_were(self):
        known = self._create_customer(name="Known", email="known@b.example")
        meeting = self._create_meeting(partner_ids=[Command.set(known.ids)])
        [row] = meeting.with_user(self.rep).read(["location"])
        self.assertEqual(row["location"], "1 Secret Road")
        [row] = meeting.attendee_ids.with_user(self.rep).read(["email"])
        self.assertEqual(row["email"], "known@b.example")
        found = (
            self.env["calendar.event"]
            .with_user(self.rep)
            .search([("attendee_ids.email", "=", "known@b.example")])
        )
        self.assertEqual(found, meeting)

    def test_hidden_from_the_suites_export(self):
        result = self.Partner.with_user(self.analyst).crm_suite_export(
            [("id", "=", self.customer.id)], ["name", "email"], "csv"
        )
        content = base64.b64decode(result["content"]).decode("utf-8-sig")
        self.assertIn("Huaqiang", content)
        self.assertNotIn("boss@", content)

    def test_hidden_where_the_name_of_a_link_is_contact_data(self):
        self.env["crm.suite.contact.point"].create(
            {
                "partner_id": self.customer.id,
                "kind": "phone",
                "value": "+8613900002222",
            }
        )
        for user, seen in ((self.analyst, False), (self.lead, True)):
            user.group_ids |= self.env.ref("base.group_allow_export")
            result = self.Partner.with_user(user).crm_suite_export(
                [("id", "=", self.customer.id)],
                ["name", "crm_suite_contact_point_ids"],
                "csv",
            )
            content = base64.b64decode(result["content"]).decode("utf-8-sig")
            self.assertIn("Huaqiang", content)
            self.assertEqual("13900002222" in content, seen)

    def test_hidden_where_a_segment_explains(self):
        segment = (
            self.env["crm.suite.segment"]
            .with_user(self.rep)
            .create(
                {
                    "name": "Reached by mail",
                    "kind": "dynamic",
                    "definition": {
                        "op": "any",
                        "items": [
                            {"kind": "attribute", "field": "email", "operator": "set"},
                            {"kind": "attribute", "field": "name", "operator": "set"},
                        ],
                    },
                }
            )
        )
        self.assertNotIn("boss@", repr(segment.explain_member(self.customer.id)))
        open_to = segment.with_user(self.lead).explain_member(self.customer.id)
        self.assertIn("boss@", repr(open_to))

    def test_link_to_pay_begins_with_the_claim(self):
        links = self.env["payment.link.wizard"].with_user(self.rep)
        values = {"res_model": "sale.order", "res_id": 1, "amount": 1}
        with self.assertRaisesRegex(UserError, "Claim first"):
            links.create({**values, "partner_id": self.customer.id})
        link = links.create(values)
        with self.assertRaisesRegex(UserError, "Claim first"):
            link.partner_id = self.customer
        with self.assertRaisesRegex(UserError, "Claim first"):
            links.onchange(
                {**values, "partner_id": self.customer.id},
                ["partner_id"],
                {"partner_email": {}},
            )

    def test_quote_and_deal_begin_with_the_claim(self):
        with self.assertRaises(UserError):
            self.env["sale.order"].with_user(self.rep).create(
                {"partner_id": self.customer.id}
            )
        with self.assertRaises(UserError):
            self.env["crm.lead"].with_user(self.rep).create(
                {"name": "Deal", "partner_id": self.customer.id}
            )
        deal = self.env["crm.lead"].with_user(self.rep).create({"name": "Deal"})
        # The host's own code gives records where ids are meant.
        for given in (self.customer.id, self.customer):
            with self.assertRaises(UserError):
                deal.write({"partner_id": given})
        self.claim(self.rep)
        deal.write({"partner_id": self.customer.with_user(self.rep)})
        self.assertEqual(deal.partner_id, self.customer)
        order = (
            self.env["sale.order"]
            .with_user(self.rep)
            .create({"partner_id": self.customer.id})
        )
        self.assertTrue(order)

    def test_no_quote_is_pointed_at_a_masked_customer(self):
        mine = self._create_customer(name="Mine", user_id=self.rep.id)
        orders = self.env["sale.order"].with_user(self.rep)
        order = orders.create({"partner_id": mine.id})
        for name in ("partner_id", "partner_invoice_id", "partner_shipping_id"):
            given = {name: self.customer.id}
            with self.subTest(name), self.assertRaisesRegex(UserError, "Claim first"):
                order.write(given)
            with self.subTest(name), self.assertRaisesRegex(UserError, "Claim first"):
                orders.create({"partner_id": mine.id, **given})
            with self.subTest(name), self.assertRaisesRegex(UserError, "Claim first"):
                orders.onchange({"partner_id": mine.id, **given}, [name], {name: {}})
            with self.subTest(name), self.assertRaisesRegex(UserError, "Claim first"):
                others = orders.with_context(**{f"default_{name}": self.customer.id})
                others.create({"partner_id": mine.id} if name != "partner_id" else {})
        self.claim(self.rep)
        order.write({"partner_shipping_id": self.customer.id})
        self.assertEqual(order.partner_shipping_id, self.customer)

    def assertHidden(self, told):
        for secret in ("boss@", PHONE, "Secret Road", "wang@"):
            self.assertNotRegex(repr(told), secret)

    def test_hidden_where_duplicates_are_compared(self):
        twin = self._create_customer(
            name="Huaqiang Electronics Ltd",
            phone="+86 755 8601 3388",
            user_id=self.rep.id,
        )
        pairs = self.env["crm.suite.duplicate.pair"]
        pair = pairs.search(
            [("left_model", "=", "res.partner"), ("right_model", "=", "res.partner")]
        ).filtered(lambda p: {p.left_id, p.right_id} == {twin.id, self.customer.id})
        self.assertTrue(pair)
        data = pair.with_user(self.rep).get_comparison()
        texts = {line["name"]: line["values"] for line in data["fields"]}
        place = [row["id"] for row in data["records"]].index(self.customer.id)
        self.assertEqual(texts["phone"][place], MASK)
        self.assertNotEqual(texts["phone"][1 - place], MASK)
        self.assertNotIn("boss@", repr(data))
        self.assertNotIn("Secret Road", repr(data))
        self.assertEqual(
            set(texts["user_id"]), {self.rep.name, ""}, "links are as they were"
        )
        seen = pair.with_user(self.steward).get_comparison()
        self.assertIn("boss@huaqiang.example", repr(seen))

    def test_hidden_where_a_merge_is_shown(self):
        self.pool.admin_ids = False
        twin = self._create_customer(name="Huaqiang Ltd", user_id=self.lead.id)
        both = self.customer | twin
        told = both.with_user(self.lead).crm_suite_merge_preview(twin.id)
        self.assertHidden(told)
        self.assertIn(MASK, repr(told["lines"]))
        twin.write({"email": "twin@b.example", "phone": "+86 755 2222 2222"})
        told = both.with_user(self.lead).crm_suite_merge_preview(twin.id)
        self.assertHidden(told)
        self.assertEqual({row["value"] for row in told["kept"]}, {MASK})
        told = both.with_user(self.lead).crm_suite_merge_preview(self.customer.id)
        self.assertEqual(
            {row["value"] for row in told["kept"]},
            {"twin@b.example", "+8675522222222"},
        )
        told = both.with_user(self.steward).crm_suite_merge_preview(twin.id)
        self.assertIn("boss@huaqiang.example", repr(told))

    def test_nobody_is_invited_to_the_portal_before_the_claim(self):
        self.rep.group_ids += self.env.ref("base.group_partner_manager")
        wizards = self.env["portal.wizard"].with_user(self.rep)
        wizards = wizards.with_context(active_ids=self.customer.ids)
        with self.assertRaisesRegex(UserError, "Claim first"):
            wizards.action_open_wizard()
        with self.assertRaisesRegex(UserError, "Claim first"):
            wizards.onchange({}, [], {"user_ids": {"fields": {"email": {}}}})
        wizard = wizards.with_context(active_ids=[]).create({})
        with self.assertRaisesRegex(UserError, "Claim first"):
            wizard.partner_ids = self.customer
        self.claim(self.rep)
        wizard = wizards.browse(wizards.action_open_wizard()["res_id"])
        self.assertIn("boss@huaqiang.example", wizard.user_ids.mapped("email"))

    def test_shown_to_owner_admin_manager_and_where_public(self):
        for user in (self.lead, self.steward):
            [row] = self.customer.with_user(user).read(["email"])
            self.assertEqual(row["email"], "boss@huaqiang.example")
        field = self.env["ir.model.fields"]._get("res.partner", "street")
        self.pool.public_field_ids = field
        [row] = self.customer.with_user(self.rep).read(["street", "email"])
        self.assertEqual((row["street"], row["email"]), ("1 Secret Road", MASK))
        self.claim(self.rep)
        for user in (self.rep, self.rival):
            [row] = self.customer.with_user(user).read(["email"])
            self.assertEqual(row["email"], "boss@huaqiang.example")

    def test_programs_do_not_make_a_customer_with_a_hidden_key_again(self):
        email, phone = "boss@huaqiang.example", "+86 755 8601 3388"
        before = self.Partner.search_count([])
        partners = self.Partner.with_user(self.rep)
        for key, value in (
            ("email", email),
            ("email", email.upper()),
            ("phone", phone),
        ):
            with self.assertRaisesRegex(UserError, "already there: Huaqiang") as caught:
                partners.crm_suite_upsert({"name": "New", key: value}, key)
            self.assertNotRegex(str(caught.exception), f"boss@|{PHONE}")
        answers = partners.crm_suite_upsert(
            [
                {"name": "New", "email": email},
                {"name": "Other", "email": "other@huaqiang.example"},
            ],
            "email",
        )
        self.assertEqual([row["action"] for row in answers], ["error", "created"])
        self.assertIn("already there", answers[0]["error"])
        self.assertEqual(self.Partner.search_count([]), before + 1)
        # Who sees the key, and who claimed the customer, brings it up to date.
        self.claim(self.rep)
        answer = partners.crm_suite_upsert({"email": email, "city": "Wuhan"}, "email")
        self.assertEqual(answer, {"id": self.customer.id, "action": "updated"})

    def test_who_may_not_read_the_customer_is_told_no_more_than_by_the_check(self):
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.visibility", '{"sales_rep": "own"}'
        )
        partners = self.Partner.with_user(self.stranger)
        with self.assertRaises(UserError) as caught:
            partners.crm_suite_upsert(
                {"name": "New", "email": "boss@huaqiang.example"}, "email"
            )
        self.assertEqual(
            str(caught.exception),
            "This customer is already there: In the pool “Test Pool”."
            " Use the conflict check to ask for access.",
        )

    def test_reading_masked_leaves_the_real_value_to_the_server(self):
        customer = self.customer.with_user(self.rep)
        self.env.invalidate_all()
        customer.read(["email"])
        self.assertEqual(customer.sudo().email, "boss@huaqiang.example")
        self.assertEqual(self.customer.email, "boss@huaqiang.example")

    def test_what_is_known_is_not_asked_for_and_not_older_than_it_is(self):
        """A record just made is open without a query; one just moved is not."""
        customer = self.customer.with_user(self.rep)
        fresh = self._create_customer(name="Just made").with_user(self.rep)
        lead = self.env["crm.lead"].create({"name": "Just made"}).with_user(self.rep)
        pool_ids = customer._pool_hiding()
        self.assertIn(self.pool.id, pool_ids)
        fresh.env.flush_all()
        with self.assertQueryCount(0):
            self.assertFalse(fresh._pool_get_masked(pool_ids))
            self.assertFalse(lead._pool_get_masked(pool_ids))
        lead.sudo().partner_id = self.person
        self.assertEqual(lead._pool_get_masked(pool_ids), {lead.id})
        person = self.Partner.create({"name": "Somebody"}).with_user(self.rep)
        person.sudo().parent_id = self.customer
        self.assertEqual(person._pool_get_masked(pool_ids), {person.id})
        for cached in (True, False):
            if not cached:
                self.env.invalidate_all()
            self.assertEqual(customer._pool_get_masked(pool_ids), {customer.id})
            self.customer.user_id = self.rival
            self.assertFalse((customer | person)._pool_get_masked(pool_ids))
            self.assertFalse(lead._pool_get_masked(pool_ids))
            self.customer.user_id = False

    def test_leads(self):
        pool = self.Pool.create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "admin_ids": [Command.set(self.lead.ids)],
                "user_ids": [Command.set(self.rep.ids)],
            }
        )
        lead = self.env["crm.lead"].create(
            {"name": "Web form", "email_from": "x@y.example", "user_id": False}
        )
        self._as_pool(pool.action_add(lead.ids))
        [row] = lead.with_user(self.rep).read(["email_from", "name"])
        self.assertEqual((row["email_from"], row["name"]), (MASK, "Web form"))
        lead.partner_id = self._create_customer(name="Open", user_id=self.lead.id)
        lead.user_id = False
        self.env["crm.suite.call"].create(
            {"lead_id": lead.id, "summary": "Ring 13900001111"}
        )
        lead.message_post(body="Or 13900001111", message_type="email")
        timeline = self.env["crm.suite.interaction"].with_user(self.rep)
        said = timeline.search_read([("date", ">=", lead.create_date)])
        self.assertNotIn("13900001111", repr(said))
        found = self.env["crm.lead"].with_user(self.rep)
        self.assertFalse(found.search([("email_from", "=", "x@y.example")]))
        self.assertTrue(pool.with_user(self.rep).action_claim(lead.ids)[0]["ok"])
        [row] = lead.with_user(self.rep).read(["email_from"])
        self.assertEqual(row["email_from"], "x@y.example")

import xmlrpc.client
from datetime import datetime, timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CustomerCase


@tagged("-at_install", "post_install")
class TestTimeline(CustomerCase):
    """Every source appears, for those who may read it and for nobody else."""

    def rows(self, user=None, partner=None, **filters):
        partners = self.Partner.with_user(user or self.lead)
        partner = partner or self.customer
        return partners.crm_suite_timeline(partner.id, filters)["rows"]

    def kinds(self, user=None, **filters):
        return [row["kind"] for row in self.rows(user, **filters)]

    def post(self, record, author, **values):
        return record.with_user(author).message_post(
            message_type="comment", **{"subtype_xmlid": "mail.mt_comment", **values}
        )

    # ------------------------------------------------------------------
    # Sources
    # ------------------------------------------------------------------

    def test_mail_in_and_out_and_notes(self):
        self.env["mail.message"].create(
            {
                "model": "res.partner",
                "res_id": self.person.id,
                "message_type": "email",
                "subtype_id": self.env.ref("mail.mt_comment").id,
                "author_id": self.person.id,
                "subject": "Need a quote",
                "body": "<style>p {color: red}</style><p>Dear&nbsp;Li &amp; team</p>",
            }
        )
        self.post(self.customer, self.rep, body="Our answer")
        self.post(self.customer, self.rep, body="Keen", subtype_xmlid="mail.mt_note")
        note, sent, received = self.rows(kinds=["note", "email_in", "email_out"])
        self.assertEqual(received["kind"], "email_in")
        self.assertEqual(received["direction"], "in")
        self.assertEqual(received["title"], "Need a quote")
        self.assertEqual(received["summary"], "Dear Li & team")
        self.assertEqual(received["person"], "Wang Lei")
        self.assertEqual((sent["kind"], sent["direction"]), ("email_out", "out"))
        self.assertEqual(sent["user_id"], self.rep.id)
        self.assertEqual((note["kind"], note["channel"]), ("note", "internal"))

    def test_rows_and_page_travel_over_xmlrpc(self):
        """XML-RPC refuses a page in which any value is missing."""
        self.post(self.customer, self.rep, body="Our answer")
        self.assertTrue(xmlrpc.client.dumps((self.rows(),)))
        page = self.Partner.with_user(self.lead).crm_suite_360(self.customer.id)
        self.assertTrue(xmlrpc.client.dumps((page,)))

    def test_mail_on_a_document_needs_the_document(self):
        order = self._create_order(self.person, confirm=False)
        self.post(order, self.rep, body="About your quotation")
        mail = {"kinds": ["email_out"]}
        self.assertEqual(self.rows(self.lead, **mail)[0]["res_model"], "sale.order")
        self.assertFalse(self.rows(self.agent, **mail))
        order.user_id = self.lead
        self.assertFalse(self.rows(self.rep, **mail), "not his order any more")

    def test_log_lines_of_the_system_are_no_contact(self):
        self.customer.message_post(body="Changed", message_type="notification")
        self.assertFalse(self.rows(kinds=["note", "email_out"]))

    def test_sms(self):
        self.customer.message_post(body="Hello", message_type="sms")
        self.assertEqual(self.kinds(channels=["sms"]), ["sms"])

    def test_activity_to_do_and_done(self):
        activity = self.customer.activity_schedule(
            "mail.mail_activity_data_todo", summary="Send samples", user_id=self.rep.id
        )
        row = self.rows(kinds=["activity"])[0]
        self.assertEqual((row["title"], row["state"]), ("Send samples", "planned"))
        self.assertTrue(self.rows(self.agent, kinds=["activity"]))
        self.assertFalse(
            self.rows(self.analyst, kinds=["activity"]), "as in the host's chatter"
        )
        activity.action_feedback(feedback="Sent")
        row = self.rows(kinds=["activity"])[0]
        self.assertEqual((row["summary"], row["state"]), ("Sent", "done"))

    def test_activity_on_a_deal_and_an_order(self):
        """They are the customer's, for who sees the deal or the order."""
        deal = self.env["crm.lead"].create(
            {"name": "Chairs", "partner_id": self.person.id, "user_id": self.rep.id}
        )
        deal.activity_schedule(
            "mail.mail_activity_data_todo", summary="Draw up", user_id=self.rep.id
        )
        order = self._create_order(self.customer, confirm=False)
        order.activity_schedule(
            "mail.mail_activity_data_call", summary="Ask", user_id=self.rep.id
        )
        rows = self.rows(kinds=["activity"])
        self.assertEqual({row["title"] for row in rows}, {"Draw up", "Ask"})
        self.assertEqual({row["summary"] for row in rows}, {"Chairs", order.name})
        self.assertEqual(len({row["id"] for row in rows}), 2)
        self.assertEqual(
            [
                row["title"]
                for row in self.rows(partner=self.person, kinds=["activity"])
            ],
            ["Draw up"],
        )
        self.assertFalse(self.rows(self.agent, kinds=["activity"]))
        deal.user_id = order.user_id = self.lead
        self.env["mail.activity"].search(
            [("res_model", "in", ["crm.lead", "sale.order"])]
        ).user_id = self.lead
        self.assertFalse(self.rows(self.rep, kinds=["activity"]), "not his any more")
        self.assertEqual(len(self.rows(kinds=["activity"])), 2)

    def test_meeting_once_for_all_who_came(self):
        second = self._create_contact(self.customer, name="Zhao Min")
        event = self.env["calendar.event"].create(
            {
                "name": "Kick-off",
                "user_id": self.rep.id,
                "start": "2026-01-05 10:00:00",
                "stop": "2026-01-05 11:00:00",
                "partner_ids": [Command.set((self.person | second).ids)],
            }
        )
        rows = self.rows(kinds=["meeting"])
        self.assertEqual([row["title"] for row in rows], ["Kick-off"])
        event.privacy = "private"
        self.assertFalse(
            self.rows(kinds=["meeting"]), "somebody else's private meeting"
        )
        self.assertTrue(self.rows(self.rep, kinds=["meeting"]))

    def test_meeting_is_on_the_page_of_each_who_came(self):
        second = self._create_contact(self.customer, name="Zhao Min")
        self.env["calendar.event"].create(
            {
                "name": "Kick-off",
                "start": "2026-01-05 10:00:00",
                "stop": "2026-01-05 11:00:00",
                "partner_ids": [Command.set((self.person | second).ids)],
            }
        )
        for person in (self.person, second):
            self.assertEqual(len(self.rows(partner=person, kinds=["meeting"])), 1)

    def test_call_and_visit(self):
        calls = self.env["crm.suite.call"].with_user(self.rep)
        calls.quick_log({"partner_id": self.person.id, "text": "Asked for prices"})
        calls.quick_log({"partner_id": self.customer.id, "kind": "walk_in"})
        self.assertEqual(set(self.kinds(kinds=["call", "visit"])), {"call", "visit"})
        row = self.rows(kinds=["call"])[0]
        self.assertEqual(row["title"], "Asked for prices")
        self.assertEqual(row["partner_id"], self.person.id)
        self.assertEqual(row["state_label"], "Reached")

    def test_documents_and_who_may_see_them(self):
        self.env["crm.lead"].create(
            {"name": "Deal", "partner_id": self.person.id, "user_id": self.rep.id}
        )
        self._create_order(self.customer, confirm=False)
        self._create_order(self.customer, price=250)
        self._create_invoice(self.customer)
        documents = {"channels": ["document"]}
        self.assertEqual(
            sorted(self.kinds(self.lead, **documents)),
            ["delivery", "invoice", "lead", "order", "quote"],
        )
        order = self.rows(kinds=["order"])[0]
        self.assertEqual((order["amount"], order["state"]), (250, "sale"))
        for user in (self.agent, self.marketer, self.analyst, self.steward):
            self.assertFalse(self.kinds(user, **documents), user.login)

    def test_documents_of_a_colleague(self):
        self._create_order(self.customer, user_id=self.lead.id)
        self.assertEqual(self.kinds(self.lead, kinds=["order"]), ["order"])
        self.assertFalse(self.kinds(self.rep, kinds=["order"]))

    def test_payment(self):
        journal = self.env["account.journal"].create(
            {"name": "Bank", "code": "SUITB", "type": "bank"}
        )
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.customer.id,
                "partner_type": "customer",
                "payment_type": "inbound",
                "amount": 70,
                "journal_id": journal.id,
            }
        )
        accountant = self._accountant()
        self.assertFalse(self.kinds(accountant, kinds=["payment"]), "still a draft")
        payment.state = "paid"
        row = self.rows(accountant, kinds=["payment"])[0]
        self.assertEqual((row["amount"], row["direction"]), (70, "in"))
        self.assertFalse(self.kinds(self.lead, kinds=["payment"]))

    def test_earlier_purchases(self):
        self.env["crm.suite.purchase"].create(
            {
                "partner_id": self.customer.id,
                "date": "2019-05-06",
                "reference": "OLD-1",
                "product_name": "Chair",
                "amount": 30,
            }
        )
        row = self.rows(self.analyst, kinds=["purchase"])[0]
        self.assertEqual((row["title"], row["summary"]), ("Chair", "OLD-1"))
        self.assertEqual((row["amount"], row["date"][:10]), (30, "2019-05-06"))
        value = self.Partner.with_user(self.analyst).crm_suite_360(self.customer.id)
        value = value["blocks"]["value"]
        self.assertEqual((value["external_count"], value["external_amount"]), (1, 30))
        self.assertNotIn("revenue", value)

    def test_website_visits(self):
        if "website.visitor" not in self.env:
            self.skipTest("the website is not installed")
        visitor = self.env["website.visitor"].create(
            {
                "access_token": str(self.person.id),
                "partner_id": self.person.id,
                "website_id": self.env["website"].search([], limit=1).id,
            }
        )
        self.env["website.track"].create({"visitor_id": visitor.id, "url": "/shop"})
        self.assertFalse(self.kinds(self.analyst, kinds=["web"]))
        self.analyst.group_ids += self.env.ref("website.group_website_designer")
        row = self.rows(self.analyst, kinds=["web"])[0]
        self.assertEqual((row["title"], row["res_model"]), ("/shop", "website.visitor"))

    def _accountant(self):
        self.analyst.group_ids += self.env.ref("account.group_account_readonly")
        return self.analyst

    def test_other_company(self):
        other = self._other_company()
        self.env["crm.lead"].create(
            {"name": "Deal", "partner_id": self.customer.id, "company_id": other.id}
        )
        self.assertFalse(self.kinds(kinds=["lead"]))
        self.lead.company_ids += other
        both = self.Partner.with_user(self.lead).with_context(
            allowed_company_ids=(self.env.company | other).ids
        )
        page = both.crm_suite_timeline(self.customer.id, {"kinds": ["lead"]})
        self.assertEqual(len(page["rows"]), 1)

    # ------------------------------------------------------------------
    # Pages and filters
    # ------------------------------------------------------------------

    def test_pages_show_every_row_once(self):
        moment = datetime(2026, 1, 1)
        self.env["crm.suite.call"].create(
            [
                {
                    "partner_id": self.customer.id,
                    # Two at a time: rows of one moment must not be lost between pages.
                    "date": moment + timedelta(hours=number // 2),
                    "summary": str(number),
                }
                for number in range(13)
            ]
        )
        seen, cursor = [], False
        for _page in range(5):
            page = self.Partner.with_user(self.lead).crm_suite_timeline(
                self.customer.id, {"kinds": ["call"]}, cursor, 3
            )
            seen += page["rows"]
            cursor = page["next"]
        self.assertFalse(cursor)
        self.assertEqual(len({row["id"] for row in seen}), 13)
        dates = [row["date"] for row in seen]
        self.assertEqual(dates, sorted(dates, reverse=True))

    def test_filters(self):
        self.lead.tz = "Asia/Shanghai"
        calls = self.env["crm.suite.call"]
        other = self._create_contact(self.customer, name="Zhao Min")
        for day, contact, text in (
            # Two o'clock in the night of the 11th in Shanghai.
            ("2026-01-10 18:00:00", self.person, "prices 100%"),
            ("2026-01-12 08:00:00", other, "samples"),
        ):
            calls.create(
                {
                    "partner_id": self.customer.id,
                    "contact_id": contact.id,
                    "date": day,
                    "summary": text,
                }
            )

        def texts(**filters):
            rows = self.rows(self.lead, kinds=["call"], **filters)
            return [row["summary"] for row in rows]

        self.assertEqual(texts(), ["samples", "prices 100%"])
        self.assertEqual(texts(person_id=other.id), ["samples"])
        self.assertEqual(texts(search="PRICES 100%"), ["prices 100%"])
        self.assertFalse(texts(search="1_0"))
        self.assertEqual(texts(date_to="2026-01-11"), ["prices 100%"])
        self.assertFalse(texts(date_to="2026-01-10"))
        self.assertEqual(
            texts(date_from="2026-01-11", date_to="2026-01-12"),
            ["samples", "prices 100%"],
        )

    def test_a_day_without_a_time_is_the_same_by_every_clock(self):
        for day in ("2026-01-10", "2026-01-11"):
            self.env["crm.suite.purchase"].create(
                {"partner_id": self.customer.id, "date": day, "reference": day}
            )
        # In New York the last minute of the 9th, the first and the last of the 10th.
        for moment in ("10 04:59:00", "10 05:00:00", "11 04:59:00"):
            self.env["crm.suite.call"].create(
                {
                    "partner_id": self.customer.id,
                    "date": f"2026-01-{moment}",
                    "summary": moment,
                }
            )
        period = {"date_from": "2026-01-10", "date_to": "2026-01-10"}
        for zone, calls in (
            ("America/New_York", ["11 04:59:00", "10 05:00:00"]),
            ("UTC", ["10 05:00:00", "10 04:59:00"]),
            ("Asia/Shanghai", ["10 05:00:00", "10 04:59:00"]),
        ):
            for user, kind, expected in (
                (self.analyst, "purchase", ["2026-01-10"]),
                (self.lead, "call", calls),
            ):
                partners = self.Partner.with_user(user).with_context(tz=zone)
                page = partners.crm_suite_timeline(
                    self.customer.id, {**period, "kinds": [kind]}
                )
                texts = [row["summary"] for row in page["rows"]]
                self.assertEqual(texts, expected, zone)

    def test_contact_and_subsidiary(self):
        daughter = self._create_customer(name="Daughter", parent_id=self.customer.id)
        calls = self.env["crm.suite.call"]
        calls.create({"partner_id": daughter.id, "summary": "daughter"})
        calls.create({"partner_id": self.person.id, "summary": "person"})

        def texts(partner, **filters):
            rows = self.rows(partner=partner, kinds=["call"], **filters)
            return {row["summary"] for row in rows}

        self.assertEqual(texts(self.customer), {"person"})
        self.assertEqual(texts(self.person), {"person"})
        self.assertEqual(texts(daughter), {"daughter"})
        self.assertEqual(
            texts(self.customer, subsidiaries=True), {"person", "daughter"}
        )

    def test_bad_calls(self):
        partners = self.Partner.with_user(self.lead)
        with self.assertRaisesRegex(UserError, "nofilter"):
            partners.crm_suite_timeline(self.customer.id, {"nofilter": 1})
        with self.assertRaises(UserError):
            partners.crm_suite_timeline(self.customer.id, {}, "nowhere")
        for filters in (
            "x",
            {"date_from": "heute"},
            {"person_id": "x"},
            {"kinds": 5},
        ):
            with self.assertRaises(UserError):
                partners.crm_suite_timeline(self.customer.id, filters)
        with self.assertRaises(UserError):
            partners.crm_suite_timeline(self.customer.id, limit="x")
        gone = self._create_customer()
        gone_id = gone.id
        gone.unlink()
        with self.assertRaises(UserError):
            partners.crm_suite_timeline(gone_id)
        for user in (self.plain, self.clerk):
            with self.assertRaises(AccessError):
                self.rows(user)
        self.customer.company_id = self._other_company()
        with self.assertRaises(AccessError):
            self.rows(self.lead)

    def test_as_a_model(self):
        """Lists, groups and reading by id work on the union as on a table."""
        self.env["crm.suite.call"].create(
            [{"partner_id": self.customer.id, "summary": "x"}] * 3
        )
        interactions = self.env["crm.suite.interaction"].with_user(self.lead)
        mine = [("commercial_partner_id", "=", self.customer.id), ("kind", "=", "call")]
        rows = interactions.search(mine)
        self.assertEqual(len(rows), 3)
        self.env.invalidate_all()
        self.assertEqual(rows.mapped("summary"), ["x"] * 3)
        self.assertEqual(rows[0].action_open()["res_model"], "crm.suite.call")
        self.assertEqual(
            interactions._read_group(mine, ["kind"], ["__count"]), [("call", 3)]
        )
        with self.assertRaises(AccessError):
            interactions.with_user(self.plain).search(mine)
        with self.assertRaises(AccessError):
            rows.with_user(self.steward).unlink()

    def test_queries_do_not_grow_with_the_rows(self):
        calls = self.env["crm.suite.call"]

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.rows(kinds=["call"])
            return self.cr.sql_log_count - before

        calls.create({"partner_id": self.customer.id, "user_id": self.rep.id})
        queries()
        few = queries()
        calls.create(
            [
                {"partner_id": self.customer.id, "user_id": user.id, "summary": "y"}
                for user in (self.rep, self.lead, self.agent) * 10
            ]
        )
        self.assertEqual(queries(), few)

    def test_last_contact_and_its_filters(self):
        old, new, never = (
            self._create_customer(name=name) for name in ("Old", "New", "Never")
        )
        now = fields.Datetime.now()
        for partner, days in ((old, 90), (new, 2)):
            contact = self._create_contact(partner)
            self.env["crm.suite.call"].create(
                {"partner_id": contact.id, "date": now - timedelta(days=days)}
            )
        self.customer.message_post(body="A note is no contact")
        customers = self.Partner.with_user(self.rep)
        mine = ("id", "in", (old | new | never).ids)

        def found(*condition):
            return set(customers.search([mine, condition]).mapped("name"))

        last = "crm_suite_last_contact_date"
        self.assertEqual(found(last, "<", "-30d"), {"Old", "Never"})
        self.assertEqual(found(last, ">=", "-30d"), {"New"})
        self.assertEqual(found(last, "=", False), {"Never"})
        self.assertEqual(found(last, "!=", False), {"Old", "New"})
        self.assertEqual(found("crm_suite_no_contact", "=", True), {"Old", "Never"})
        self.assertEqual(found("crm_suite_no_contact", "=", False), {"New"})
        self.env["ir.config_parameter"].set_param("crm_suite_base.no_contact_days", 365)
        self.assertEqual(found("crm_suite_no_contact", "=", True), {"Never"})
        shown = (old | new | never).with_user(self.rep)
        self.assertEqual(
            [bool(partner.crm_suite_last_contact_date) for partner in shown],
            [True, True, False],
        )

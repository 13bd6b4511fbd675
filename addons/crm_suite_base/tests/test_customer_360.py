from datetime import datetime, time, timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import CustomerCase

ALWAYS = {
    "identity",
    "contact",
    "contacts",
    "structure",
    "relations",
    "consents",
    "preferences",
    "timeline",
}
SALES = {"value", "receivable", "deals", "quotes", "orders", "deliveries"}


@tagged("-at_install", "post_install")
class TestCustomer360(CustomerCase):
    def page(self, user=None, partner=None, **options):
        partners = self.Partner.with_user(user or self.lead)
        partner = partner or self.customer
        return partners.crm_suite_360(partner.id, **options)["blocks"]

    def test_blocks_obey_the_rights_of_the_viewer(self):
        """A block is absent, not empty: an empty one would say something too."""
        self._create_order(self.customer)
        self._create_invoice(self.customer)
        self.assertLessEqual(ALWAYS | SALES, set(self.page(self.lead)))
        for user in (self.agent, self.marketer, self.analyst, self.steward):
            blocks = self.page(user)
            self.assertLessEqual(ALWAYS, set(blocks), user.login)
            self.assertFalse({"receivable", "deals", "quotes", "orders"} & set(blocks))
            self.assertNotIn("order_count", blocks.get("value", {}))
            self.assertNotIn("revenue", blocks["structure"]["totals"])
            self.assertNotIn("open", blocks["structure"]["totals"])
        for user in (self.plain, self.clerk):
            with self.assertRaises(AccessError):
                self.page(user)

    def test_a_representative_sees_his_own_figures(self):
        self._create_order(self.customer, price=100)
        self._create_order(self.customer, price=900, user_id=self.lead.id)
        self.assertEqual(self.page(self.lead)["value"]["revenue"], 1000)
        self.assertEqual(self.page(self.rep)["value"]["revenue"], 100)
        self.assertEqual(self.page(self.rep)["value"]["order_count"], 1)

    def test_figures_of_own_documents_are_marked(self):
        """Who sees only his own orders must not take their sum for the customer's."""
        self._create_order(self.customer, price=900, user_id=self.lead.id)
        for name in ("value", "receivable", "deals", "quotes", "orders"):
            self.assertTrue(self.page(self.rep)[name].get("own_only"), name)
            self.assertNotIn("own_only", self.page(self.lead)[name], name)

    def test_other_company(self):
        self.customer.company_id = self._other_company()
        with self.assertRaises(AccessError):
            self.page(self.lead)

    @freeze_time("2026-03-31 20:00:00")
    def test_value(self):
        """Days and months are those of Shanghai, where it is the first of April."""
        self.lead.tz = "Asia/Shanghai"
        for date, price in (
            ("2026-03-31 17:00:00", 100),
            ("2026-03-11 08:00:00", 300),
            ("2024-12-31 08:00:00", 600),
        ):
            order = self._create_order(self.person, price=price)
            order.date_order = date
        self._create_order(self.person, confirm=False)
        value = self.page()["value"]
        self.assertEqual(value["order_count"], 3)
        self.assertEqual(value["revenue"], 1000)
        self.assertEqual(value["first_order"], "2024-12-31")
        self.assertEqual(value["last_order"], "2026-04-01")
        self.assertEqual(value["days_since"], 0)
        self.assertEqual(value["average_interval_days"], 227.5)
        self.assertEqual(value["trend_months"][-2:], ["2026-03", "2026-04"])
        self.assertEqual(value["trend"], [0.0] * 10 + [300, 100])

    def test_value_in_the_currency_of_the_company(self):
        currency = self.env["res.currency"].create(
            {
                "name": "XTS",
                "symbol": "x",
                "rate_ids": [Command.create({"rate": 4, "name": "2020-01-01"})],
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "X", "currency_id": currency.id}
        )
        self._create_order(self.customer, price=100, pricelist_id=pricelist.id)
        self._create_order(
            self.customer, price=100, pricelist_id=pricelist.id, confirm=False
        )
        blocks = self.page()
        self.assertAlmostEqual(blocks["value"]["revenue"], 25)
        self.assertAlmostEqual(blocks["quotes"]["amount"], 25)
        self.assertEqual(blocks["quotes"]["items"][0]["amount_total"], 100)

    def test_receivable(self):
        today = fields.Date.context_today(self.customer.with_user(self.lead))
        for days, amount in ((-20, 500), (30, 80)):
            self._create_invoice(
                self.customer,
                amount,
                invoice_date=today - timedelta(days=40),
                invoice_date_due=today + timedelta(days=days),
                invoice_payment_term_id=False,
            )
        self.assertEqual(
            self.page()["receivable"],
            {
                "open": 580,
                "overdue": 500,
                "overdue_days": 20,
                "currency": self.env.company.currency_id.name,
            },
        )
        customers = self.Partner.with_user(self.lead)
        mine = ("id", "in", (self.customer | self.person).ids)

        def found(operator, value, user=None):
            domain = [mine, ("crm_suite_overdue_amount", operator, value)]
            return customers.with_user(user or self.lead).search(domain)

        self.assertEqual(found(">", 499), self.customer | self.person)
        self.assertFalse(found(">", 500))
        self.assertFalse(found("<=", 0))
        self.assertEqual(len(found("<=", 500)), 2)
        for user in (self.agent, self.steward):
            self.assertFalse(found(">", 0, user), "tells nothing without the right")
            self.assertFalse(found("<=", 0, user))
            seen = self.customer.with_user(user).crm_suite_overdue_amount
            self.assertEqual(seen, 0)
        seen = self.customer.with_user(self.lead).crm_suite_overdue_amount
        self.assertEqual(seen, 500)

    def test_credit_notes_lower_what_is_open(self):
        invoice = self._create_invoice(self.customer, 100)
        credit = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        credit.invoice_line_ids.price_unit = 30
        credit.action_post()
        receivable = self.page()["receivable"]
        self.assertEqual(receivable["open"], 70)

    def test_open_documents(self):
        self.env["crm.lead"].create(
            {
                "name": "Deal",
                "type": "opportunity",
                "partner_id": self.person.id,
                "user_id": self.rep.id,
                "expected_revenue": 5000,
            }
        )
        lost = self.env["crm.lead"].create(
            {"name": "Lost", "partner_id": self.customer.id, "expected_revenue": 9}
        )
        lost.action_set_lost()
        quote = self._create_order(self.customer, confirm=False)
        order = self._create_order(self.customer)
        blocks = self.page()
        deals = blocks["deals"]
        self.assertEqual((deals["count"], deals["amount"]), (1, 5000))
        self.assertEqual(deals["items"][0]["name"], "Deal")
        self.assertEqual([row["id"] for row in blocks["quotes"]["items"]], quote.ids)
        self.assertEqual([row["id"] for row in blocks["orders"]["items"]], order.ids)
        delivery = blocks["deliveries"]
        self.assertEqual(delivery["count"], 1)
        self.assertEqual(delivery["items"][0]["id"], order.picking_ids.id)
        self.assertTrue(delivery["items"][0]["state_label"])

    def test_a_municipality_is_named_once(self):
        shanghai = self.env.ref("base.state_cn_SH")
        self.customer.write(
            {
                "country_id": shanghai.country_id.id,
                "state_id": shanghai.id,
                "city": shanghai.name,
            }
        )
        region = self.page(self.analyst)["identity"]["region"]
        self.assertEqual(region.count(shanghai.name), 1)

    def test_identity_names_what_is_missing(self):
        self.customer.write({"phone": "0755-86013388", "user_id": self.rep.id})
        identity = self.page(self.analyst)["identity"]
        self.assertEqual(identity["phone"], "+8675586013388")
        self.assertEqual(identity["phone_display"], "0755 8601 3388")
        self.assertEqual(identity["owner"]["id"], self.rep.id)
        self.assertEqual(identity["lifecycle"]["code"], "lead")
        self.assertEqual(
            identity["quality_missing"], ["Email", "Industry", "Company Size"]
        )
        customers = self.Partner.with_user(self.analyst)
        mine = ("id", "in", (self.customer | self.person).ids)
        domain = [mine, ("crm_suite_incomplete", "=", True)]
        self.assertIn(self.customer, customers.search(domain))
        self.assertTrue(self.customer.with_user(self.analyst).crm_suite_incomplete)
        self.customer.write(
            {
                "email": "a@b.cn",
                "industry_id": self.env["res.partner.industry"].search([], limit=1).id,
                "crm_suite_size": "1_19",
            }
        )
        self.assertNotIn(self.customer, customers.search(domain))
        domain = [mine, ("crm_suite_incomplete", "=", False)]
        self.assertIn(self.customer, customers.search(domain))
        self.assertFalse(self.page()["identity"]["quality_missing"])

    def test_my_team(self):
        team = self.env["crm.team"].create({"name": "East", "user_id": self.lead.id})
        other = self._create_customer(name="Other")
        self.customer.crm_suite_team_id = team
        mine = [("id", "in", (self.customer | other).ids)]
        domain = [*mine, ("crm_suite_my_team", "=", True)]
        self.assertEqual(
            self.Partner.with_user(self.lead).search(domain), self.customer
        )
        self.assertTrue(self.customer.with_user(self.lead).crm_suite_my_team)
        self.assertFalse(self.Partner.with_user(self.agent).search(domain))
        domain = [*mine, ("crm_suite_my_team", "=", False)]
        self.assertEqual(self.Partner.with_user(self.lead).search(domain), other)

    def test_contacts_structure_relations(self):
        daughter = self._create_customer(name="Daughter", parent_id=self.customer.id)
        rival = self._create_customer(name="Rival")
        self._create_order(daughter, price=40)
        self._create_order(self.customer, price=2)
        relations = self.env["crm.suite.relation"]
        relations.create(
            {
                "partner_id": self.person.id,
                "related_partner_id": self.customer.id,
                "type_id": self.env.ref("crm_suite_base.relation_type_employment").id,
                "decision_role": "decider",
            }
        )
        relations.create(
            {
                "partner_id": rival.id,
                "related_partner_id": self.customer.id,
                "type_id": self.env.ref("crm_suite_base.relation_type_supplier").id,
            }
        )
        blocks = self.page()
        self.assertEqual(
            [(row["name"], row["roles"]) for row in blocks["contacts"]],
            [("Wang Lei", ["Decider"])],
        )
        structure = blocks["structure"]
        self.assertEqual(
            structure["subsidiaries"], [{"id": daughter.id, "name": "Daughter"}]
        )
        self.assertEqual(structure["totals"]["revenue"], 42)
        self.assertEqual(blocks["value"]["revenue"], 2)
        found = {row["partner"]["name"]: row["type"] for row in blocks["relations"]}
        self.assertEqual(found, {"Rival": "buys from", "Wang Lei": "employs"})
        parent = self.page(partner=daughter)["structure"]["parent"]
        self.assertEqual(parent["id"], self.customer.id)

    def test_hidden_subsidiary_is_not_counted(self):
        daughter = self._create_customer(name="Daughter", parent_id=self.customer.id)
        self._create_order(daughter, price=40)
        daughter.company_id = self._other_company()
        structure = self.page()["structure"]
        self.assertFalse(structure["subsidiaries"])
        self.assertEqual(structure["totals"]["revenue"], 0)

    def _create_group(self):
        """A company with one below it; both order, owe, ask and talk."""
        daughter = self._create_customer(name="Daughter", parent_id=self.customer.id)
        calls = self.env["crm.suite.call"].with_user(self.lead)
        for partner, amount in ((self.customer, 2), (daughter, 40)):
            self._create_order(partner, price=amount)
            self._create_order(partner, price=amount, confirm=False)
            self._create_invoice(partner, amount=amount)
            self.env["crm.lead"].create(
                {
                    "name": partner.name,
                    "type": "opportunity",
                    "partner_id": partner.id,
                    "expected_revenue": amount,
                }
            )
        calls.quick_log({"partner_id": daughter.id, "text": "next: offer tomorrow"})
        return daughter

    def test_page_with_subsidiaries(self):
        """Everything that has a sum is rolled up alike, and says of whom it is."""
        daughter = self._create_group()
        alone, together = self.page(), self.page(subsidiaries=True)
        for name, key in (
            ("value", "revenue"),
            ("deals", "amount"),
            ("quotes", "amount"),
            ("receivable", "open"),
        ):
            with self.subTest(block=name):
                own = alone[name][key]
                self.assertTrue(own)
                self.assertAlmostEqual(together[name][key], 21 * own)
        self.assertEqual((alone["deals"]["count"], together["deals"]["count"]), (1, 2))
        self.assertEqual(together["value"]["order_count"], 2)
        for name in ("deals", "quotes"):
            theirs, own = together[name]["items"]
            self.assertEqual(theirs["customer"]["id"], daughter.id)
            self.assertNotIn("customer", own)
        self.assertFalse(alone["contact"]["last"] or alone["contact"]["next"])
        self.assertEqual(together["contact"]["last"]["kind"], "call")
        self.assertEqual(together["contact"]["next"]["summary"], "offer")
        calls = [row["kind"] for row in together["timeline"]["rows"]].count("call")
        self.assertEqual(calls, 1)
        self.assertEqual(alone["structure"]["counted"], self.customer.ids)
        self.assertEqual(
            set(together["structure"]["counted"]), set((self.customer | daughter).ids)
        )
        self.assertEqual(alone["structure"]["totals"], together["structure"]["totals"])

    def test_calculated_figures_with_subsidiaries(self):
        daughter = self._create_group()
        both = self.customer | daughter
        self.env["crm.suite.customer.metric"]._refresh(both.ids)
        value = self.page(subsidiaries=True)["value"]
        # Orders, and invoices that have none.
        self.assertEqual((value["revenue"], value["order_count"]), (84, 4))
        self.assertTrue(value["counts_all"])
        # Companies that buy at their own pace have no rhythm together.
        self.assertNotIn("usual_interval_days", value)
        self.assertFalse(value["average_interval_days"])
        self.assertIn("usual_interval_days", self.page()["value"])

    def test_subsidiaries_stay_within_the_rights(self):
        """A contact has none; those that the viewer may not see are not counted."""
        daughter = self._create_group()
        person = self.page(partner=self.person, subsidiaries=True)
        self.assertEqual(person["value"]["revenue"], 2)
        own = self.page(self.rep, subsidiaries=True)
        self.assertTrue(own["value"]["own_only"])
        daughter.company_id = self._other_company()
        hidden = self.page(subsidiaries=True)
        self.assertEqual(hidden["deals"]["count"], 1)
        self.assertEqual(hidden["structure"]["counted"], self.customer.ids)

    def test_contact_and_consents(self):
        self.customer.write({"email": "a@b.cn", "crm_suite_preferred_channel": "sms"})
        self.env["mail.blacklist"]._add("a@b.cn")
        self.env["crm.suite.call"].with_user(self.rep).quick_log(
            {"partner_id": self.person.id, "text": "Prices. next: offer tomorrow"}
        )
        blocks = self.page(self.agent)
        self.assertEqual(blocks["contact"]["last"]["kind"], "call")
        self.assertEqual(blocks["contact"]["next"]["summary"], "offer")
        consents = {row["channel"]: row for row in blocks["consents"]}
        self.assertFalse(consents["email"]["allowed"])
        self.assertTrue(consents["email"]["reason"])
        self.assertEqual(consents["sms"]["reason"], "No number")
        self.assertEqual(blocks["preferences"]["channel_label"], "SMS")

    def test_categories(self):
        chairs, tables, lamps, rugs = self.env["product.category"].create(
            [{"name": name} for name in ("Chairs", "Tables", "Lamps", "Rugs")]
        )
        self.assertFalse(self.page()["value"].get("categories"))
        for category, amount in ((tables, 30), (chairs, 50), (lamps, 15), (rugs, 5)):
            product = self.env["product.product"].create(
                {"name": "Product", "categ_id": category.id}
            )
            self.env["crm.suite.purchase"].create(
                {
                    "partner_id": self.customer.id,
                    "date": "2026-01-02",
                    "amount": amount,
                    "product_id": product.id,
                }
            )
        metrics = self.env["crm.suite.customer.metric"]
        metrics._refresh([self.customer.id])
        self.assertEqual(
            self.page()["value"]["categories"],
            [
                {"id": chairs.id, "name": "Chairs", "share": 0.5},
                {"id": tables.id, "name": "Tables", "share": 0.3},
                {"id": lamps.id, "name": "Lamps", "share": 0.15},
            ],
        )
        row = metrics.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(
            row.category_text, "Chairs 50%, Tables 30%, Lamps 15%, Rugs 5%"
        )

    def test_next_step_is_the_first_of_all_that_is_planned(self):
        def next_step(user=None, partner=None):
            return self.page(user, partner)["contact"]["next"]

        today = fields.Date.context_today(self.customer)

        def plan(record, days, summary):
            return record.activity_schedule(
                "mail.mail_activity_data_todo",
                today + timedelta(days=days),
                summary=summary,
                user_id=self.rep.id,
            )

        self.assertFalse(next_step())
        plan(self.customer, 9, "Write")
        self.assertIs(next_step()["document"], False, "it stands on this page")
        order = self._create_order(self.customer, confirm=False)
        plan(order, 7, "Follow up")
        self.assertEqual(next_step()["summary"], "Follow up")
        self.assertEqual(
            next_step()["document"], {"model": "sale.order", "id": order.id}
        )
        self.assertEqual(
            next_step(self.agent)["summary"], "Write", "no right to orders"
        )
        event = self.env["calendar.event"].create(
            {
                "name": "Fair",
                "user_id": self.rep.id,
                "start": datetime.combine(today + timedelta(days=5), time(10)),
                "stop": datetime.combine(today + timedelta(days=5), time(11)),
                "partner_ids": [Command.set(self.person.ids)],
            }
        )
        found = next_step()
        self.assertEqual((found["summary"], found["model"]), ("Fair", "calendar.event"))
        self.assertEqual(found["date"], str(today + timedelta(days=5)))
        self.assertEqual((found["id"], found["state"]), (event.id, "planned"))
        self.assertEqual(found["document"], {"model": "calendar.event", "id": event.id})
        self.assertEqual(next_step(partner=self.person)["summary"], "Fair")
        event.privacy = "private"
        self.assertEqual(next_step()["summary"], "Follow up")
        event.write({"privacy": "public", "active": False})
        self.assertEqual(next_step()["summary"], "Follow up", "called off")
        deal = self.env["crm.lead"].create(
            {"name": "Chairs", "partner_id": self.person.id, "user_id": self.rep.id}
        )
        late = plan(deal, -1, "Late")
        self.assertEqual(
            (next_step()["summary"], next_step()["state"]), ("Late", "overdue")
        )
        late.action_feedback()
        self.assertEqual(next_step()["summary"], "Follow up", "done is not planned")

    def test_page_of_a_person_shows_the_figures_of_the_company(self):
        self._create_order(self.customer, price=7)
        blocks = self.page(partner=self.person)
        self.assertEqual(blocks["identity"]["name"], "Wang Lei")
        self.assertEqual(blocks["identity"]["company"]["id"], self.customer.id)
        self.assertEqual(blocks["value"]["revenue"], 7)

    def test_queries_do_not_grow_with_the_history(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.page()
            return self.cr.sql_log_count - before

        def history(number):
            for _order in range(number):
                self._create_order(self.customer)
            self._create_order(self.customer, confirm=False)
            self.env["crm.suite.call"].create(
                [{"partner_id": self.customer.id, "user_id": self.rep.id}] * number
            )

        history(1)
        queries()
        few = queries()
        history(12)
        self.assertEqual(queries(), few)

    def test_preview_of_deletion(self):
        contact = self._create_customer(name="To delete")
        self.env["crm.suite.call"].create({"partner_id": contact.id})
        contact.activity_schedule("mail.mail_activity_data_todo", summary="X")
        preview = contact.with_user(self.steward).crm_suite_delete_preview()
        goes = {row["model"]: row["count"] for row in preview["goes"]}
        self.assertEqual(goes["crm.suite.call"], 1)
        self.assertEqual(goes["mail.activity"], 1)
        self.assertFalse(preview["blocks"])
        self.assertTrue(preview["can_delete"])
        self.assertFalse(
            contact.with_user(self.analyst).crm_suite_delete_preview()["can_delete"]
        )
        self._create_order(contact)
        preview = contact.with_user(self.steward).crm_suite_delete_preview()
        blocks = {row["model"]: row for row in preview["blocks"]}
        self.assertFalse(preview["can_delete"])
        self.assertIn("sale.order", blocks)
        self.assertIs(blocks["sale.order"]["count"], False, "not his to count")
        self.assertFalse(blocks["sale.order"]["names"])
        preview = contact.with_user(self.lead).crm_suite_delete_preview()
        blocks = {row["model"]: row["count"] for row in preview["blocks"]}
        self.assertEqual(blocks["sale.order"], 1)
        with self.assertRaises(AccessError):
            contact.with_user(self.plain).crm_suite_delete_preview()


@tagged("-at_install", "post_install")
class TestCustomerAccess(CustomerCase):
    """What a user without a role gets of ours: nothing."""

    def test_fields_are_hidden_from_users_without_role(self):
        ours = [name for name in self.Partner._fields if name.startswith("crm_suite_")]
        self.assertGreater(len(ours), 15)
        for user in (self.plain, self.clerk):
            partners = self.Partner.with_user(user)
            self.assertFalse(set(partners.fields_get()) & set(ours))
            for name in ours:
                with self.assertRaises(AccessError, msg=name):
                    self.customer.with_user(user).read([name])
                with self.assertRaises(AccessError, msg=name):
                    partners.search([(name, "!=", False)])
            with self.assertRaises(AccessError):
                self.customer.with_user(user).write({"crm_suite_needs": "x"})
            self.customer.with_user(user).read(["name"])

    def test_models_are_closed_to_users_without_role(self):
        for model in (
            "crm.suite.call",
            "crm.suite.relation",
            "crm.suite.relation.type",
            "crm.suite.interaction",
            "crm.suite.lifecycle.stage",
        ):
            for user in (self.plain, self.clerk):
                with self.assertRaises(AccessError, msg=model):
                    self.env[model].with_user(user).search([])

    def test_every_role_reads_and_the_right_ones_write(self):
        writers = {"rep", "lead", "agent", "marketer", "steward"}
        for name in (*writers, "analyst"):
            customer = self.customer.with_user(getattr(self, name))
            self.assertEqual(customer.crm_suite_lifecycle_id.code, "lead", name)
            if name in writers:
                customer.crm_suite_needs = name
            else:
                with self.assertRaises(AccessError):
                    customer.crm_suite_needs = name

    def test_settings_are_for_the_administrator(self):
        for user in (self.analyst, self.steward):
            with self.assertRaises(AccessError):
                self.env["crm.suite.relation.type"].with_user(user).create(
                    {"name": "x", "inverse_name": "y"}
                )

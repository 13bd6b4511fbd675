from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import CustomerCase

GROUPS = (
    "country_id",
    "grade_id",
    "industry_id",
    "lifecycle_id",
    "owner_id",
    "segment_ids",
)


class FiguresCase(CustomerCase):
    """Purchases of one customer and the row of figures that follows from them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.partner_id.tz = "Asia/Shanghai"
        cls.metrics = cls.env["crm.suite.customer.metric"]
        # For eight hours not that of the database.
        cls.today = datetime.now(ZoneInfo("Asia/Shanghai")).date()

    def order(self, days_ago=10, price=100.0, partner=None, **values):
        order = self._create_order(partner or self.customer, price, **values)
        moment = fields.Datetime.now() - timedelta(days=days_ago)
        order.date_order = moment
        return order

    def figures(self, partner=None, company=None):
        """The row of the customer, calculated now."""
        partner = partner or self.customer
        self.metrics._refresh([partner.id])
        return self.row(partner, company)

    def row(self, partner=None, company=None):
        return self.metrics.search(
            [
                ("partner_id", "=", (partner or self.customer).id),
                ("company_id", "=", (company or self.env.company).id),
            ]
        )

    def facts(self, partner=None, user=None):
        facts = self.env["crm.suite.purchase.fact"].with_user(user or self.env.user)
        domain = [("partner_id", "=", (partner or self.customer).id)]
        return facts.search(domain, order="day, id")

    def purchase(self, days_ago=10, amount=100.0, partner=None, **values):
        return self.env["crm.suite.purchase"].create(
            {
                "partner_id": (partner or self.customer).id,
                "date": self.today - timedelta(days=days_ago),
                "amount": amount,
                **values,
            }
        )


@tagged("-at_install", "post_install")
class TestFigures(FiguresCase):
    def test_orders_and_earlier_purchases(self):
        for days_ago, price in ((400, 50), (100, 100), (40, 300)):
            self.order(days_ago, price, partner=self.person)
        self.purchase(10, 150)
        row = self.figures()
        self.assertEqual(row.purchase_count, 4)
        self.assertEqual(row.revenue, 600)
        self.assertEqual(row.average_purchase, 150)
        self.assertEqual(row.purchase_count_12m, 3)
        self.assertEqual(row.revenue_12m, 550)
        self.assertEqual((row.last_purchase - row.first_purchase).days, 390)
        self.assertEqual(row.interval_mean, 130)
        self.assertAlmostEqual(row.interval_deviation, 147.99, 2)
        self.assertEqual(
            row.expected_next_purchase, row.last_purchase + timedelta(days=130)
        )
        self.assertEqual(sum(row.trend.values()), 550)
        self.assertEqual(row.preferred_channel, "order")

    def test_quotes_are_no_purchases(self):
        self.order(confirm=False)
        self.assertFalse(self.figures())

    def test_figures_of_a_list(self):
        self.order(price=700)
        self.figures()
        mine = [("id", "in", (self.customer | self.person).ids)]
        partners = self.Partner.with_user(self.agent)
        both = partners.search(mine)

        def found(*condition):
            return partners.search([*mine, condition])

        self.assertEqual(found("crm_suite_revenue", ">", 600), both)
        self.assertFalse(found("crm_suite_revenue", ">", 700))
        self.assertFalse(found("crm_suite_revenue", "<", 700))
        self.assertFalse(found("crm_suite_purchase_count", "=", 0))
        self.assertEqual(found("crm_suite_last_purchase", "!=", False), both)
        self.assertFalse(found("crm_suite_last_purchase", "=", False))
        self.assertEqual(found("crm_suite_expected_next", "=", False), both)
        self.assertEqual(both.mapped("crm_suite_revenue"), [700, 700])

    def test_sorting_of_a_list(self):
        small, big, none = (self._create_customer(name=name) for name in "ABC")
        self.order(price=10, partner=small)
        self.order(price=20, partner=big)
        three = small | big | none
        self.metrics._refresh(three.ids)
        ordered = self.Partner.with_user(self.agent).search(
            [("id", "in", three.ids)], order="crm_suite_revenue desc, id"
        )
        self.assertEqual(ordered.ids, (big | small | none).ids)

    def test_only_what_differs_is_written(self):
        self.order()
        self.assertEqual(self.metrics._refresh([self.customer.id]), [self.customer.id])
        self.assertEqual(self.metrics._refresh([self.customer.id]), [])
        self.assertNotIn(self.customer.id, self.metrics._refresh())

    def test_groups_by_what_the_customer_is(self):
        industry = self.env["res.partner.industry"].create({"name": "Looms"})
        self.customer.write({"industry_id": industry.id, "user_id": self.rep.id})
        other = self._create_customer(name="Other", user_id=self.lead.id)
        self.order(price=700)
        self.order(price=50, partner=other)
        self.metrics._refresh([self.customer.id, other.id])
        mine = [("partner_id", "in", (self.customer | other).ids)]
        rows = self.metrics.with_user(self.agent)

        def sums(name):
            found = rows._read_group(mine, [name], ["revenue:sum"])
            return {group.id: revenue for group, revenue in found}

        self.assertEqual(sums("industry_id"), {industry.id: 700, False: 50})
        self.assertEqual(sums("owner_id"), {self.rep.id: 700, self.lead.id: 50})
        self.assertEqual(sums("lifecycle_id"), {self.stage.id: 750})
        self.assertEqual(sums("country_id"), {self.china.id: 750})
        self.assertEqual(sums("grade_id"), {False: 750})
        found = rows.search([*mine, ("industry_id", "=", industry.id)])
        self.assertEqual(found.partner_id, self.customer)
        groupable = rows.fields_get(attributes=["groupable", "store"])
        for name in (*GROUPS, "state_id"):
            self.assertTrue(groupable[name]["groupable"], name)
            self.assertFalse(groupable[name]["store"], "nothing is written for it")

    def test_groups_by_segment(self):
        """Only segments that one sees; who is in two counts in both."""
        first, second, hidden = self.env["crm.suite.segment"].create(
            [
                {"name": name, "kind": "static", "company_id": company}
                for name, company in (
                    ("First", self.env.company.id),
                    ("Second", self.env.company.id),
                    ("Theirs", self._other_company().id),
                )
            ]
        )
        other = self._create_customer(name="Other")
        self.order(price=700)
        self.order(price=50, partner=other)
        self.metrics._refresh([self.customer.id, other.id])
        both = [self.customer.id, other.id]
        for segment, ids in ((first, both), (second, both[:1]), (hidden, both)):
            segment.action_add(ids)
        second.action_remove(both[:1])
        second.action_add(both[1:])
        rows = self.metrics.with_user(self.agent)
        mine = [("partner_id", "in", both)]
        found = rows._read_group(mine, ["segment_ids"], ["revenue:sum"])
        self.assertEqual(
            {segment.id: revenue for segment, revenue in found},
            {first.id: 750, second.id: 50},
        )
        self.assertEqual(
            rows.search([*mine, ("segment_ids", "=", second.id)]).partner_id, other
        )
        row = rows.search([("partner_id", "=", other.id)])
        self.assertEqual(row.segment_ids, first | second)

    def test_purchases_of_a_segment(self):
        other = self._create_customer(name="Other")
        self.order(price=700)
        self.order(price=50, partner=other)
        segment = self.env["crm.suite.segment"].create(
            {"name": "Others", "kind": "static"}
        )
        segment.action_add(other.ids)
        facts = self.env["crm.suite.purchase.fact"].with_user(self.lead)
        found = facts.search([("segment_ids", "in", segment.ids)])
        self.assertEqual(found.partner_id, other)
        self.assertIn(segment, found.segment_ids)
        view = self.env.ref("crm_suite_base.purchase_fact_view_search")
        self.assertIn('name="segment_ids"', view.arch)

    def test_rights(self):
        self.order()
        row = self.figures()
        for user in (self.plain, self.clerk):
            with self.assertRaises(AccessError):
                row.with_user(user).read(["revenue"])
            with self.assertRaises(AccessError):
                self.Partner.with_user(user).search([("crm_suite_revenue", ">", 0)])
        self.assertEqual(row.with_user(self.agent).revenue, 100)
        with self.assertRaises(AccessError):
            row.with_user(self.agent).read(["receivable_open"])
        self.assertEqual(row.with_user(self.steward).receivable_open, 0)
        with self.assertRaises(AccessError):
            row.with_user(self.agent).action_refresh()
        self.assertEqual(row.with_user(self.steward).action_refresh(), 0)

    def test_rows_of_customers_out_of_reach(self):
        self.order()
        row = self.figures()
        self.customer.company_id = self._other_company()
        mine = row.with_user(self.agent)
        self.assertFalse(mine.search([("id", "=", row.id)]))
        with self.assertRaises(AccessError):
            mine.read(["revenue"])

    def test_facts_obey_the_rights_to_the_documents(self):
        self.order(price=100)
        self.order(price=900, user_id=self.lead.id)
        self.purchase()
        self.assertEqual(len(self.facts()), 3)
        self.assertEqual(len(self.facts(user=self.lead)), 3)
        self.assertEqual(len(self.facts(user=self.rep)), 2, "his own and the history")
        self.assertEqual(len(self.facts(user=self.agent)), 1, "the history alone")

    def test_page_shows_the_figures(self):
        """Everybody sees what the list of figures shows him, whose orders he may open."""
        for days_ago in (90, 60, 30):
            self.order(days_ago, price=100)
        self.order(20, price=900, user_id=self.lead.id)
        self.purchase(10, 50)
        self.figures()

        def value(user):
            page = self.Partner.with_user(user).crm_suite_360(self.customer.id)
            return page["blocks"]["value"]

        seen = value(self.lead)
        self.assertEqual((seen["order_count"], seen["revenue"]), (5, 1250))
        self.assertTrue(seen["counts_all"])
        self.assertEqual(sum(seen["trend"]), 1250)
        self.assertEqual(seen["usual_interval_days"], 20)
        self.assertTrue(seen["expected_next"])
        self.assertEqual(seen["figure_ids"], self.figures().ids)
        for user in (self.rep, self.agent, self.marketer, self.analyst, self.steward):
            self.assertEqual(value(user), seen, user.login)
            self.assertEqual(self.figures().with_user(user).revenue, 1250)

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CustomerCase


@tagged("-at_install", "post_install")
class TestRelation(CustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.new_company = cls._create_customer(name="New Employer")
        cls.reports_to = cls.env.ref("crm_suite_base.relation_type_reports_to")
        cls.Relation = cls.env["crm.suite.relation"]

    def relate(self, one, other, kind=None, **values):
        return self.Relation.create(
            {
                "partner_id": one.id,
                "related_partner_id": other.id,
                "type_id": (kind or self.reports_to).id,
                **values,
            }
        )

    def test_former_employer_is_kept(self):
        self.person.function = "Buyer"
        self.person.with_user(self.clerk).write({"parent_id": self.new_company.id})
        # Today by the calendar of the user, who is ahead of the server.
        person = self.person.with_context(tz=self.clerk.tz)
        self.assertRecordValues(
            person.crm_suite_relation_ids,
            [
                {
                    "related_partner_id": self.customer.id,
                    "category": "employment",
                    "role": "Buyer",
                    "date_to": fields.Date.context_today(person),
                    "is_current": False,
                }
            ],
        )
        self.person.parent_id = self.customer
        self.assertEqual(len(self.person.crm_suite_relation_ids), 2)

    def test_running_employment_is_ended_not_doubled(self):
        kind = self.env.ref("crm_suite_base.relation_type_employment")
        relation = self.relate(
            self.person, self.customer, kind, decision_role="decider", role="CEO"
        )
        self.person.parent_id = self.new_company
        self.assertEqual(self.person.crm_suite_relation_ids, relation)
        self.assertTrue(relation.date_to)
        self.assertEqual(relation.role, "CEO")

    def test_employment_that_has_not_begun_ends_where_it_begins(self):
        kind = self.env.ref("crm_suite_base.relation_type_employment")
        start = fields.Date.today() + timedelta(days=10)
        relation = self.relate(self.person, self.customer, kind, date_from=start)
        self.person.with_user(self.clerk).write({"parent_id": self.new_company.id})
        self.env.flush_all()
        self.assertEqual(self.person.parent_id, self.new_company)
        self.assertEqual(relation.date_to, start)

    def test_no_relation_for_others(self):
        company = self.Partner.create({"name": "Vendor", "is_company": True})
        contact = self._create_contact(company)
        contact.parent_id = self.customer
        self.assertFalse(contact.crm_suite_relation_ids)
        self.person.write({"parent_id": self.customer.id})
        self.assertFalse(self.person.crm_suite_relation_ids)

    def test_rules(self):
        boss = self._create_contact(self.customer, name="Boss")
        self.relate(self.person, boss)
        with self.assertRaises(ValidationError):
            self.relate(boss, self.person)
        for values in (
            {"related_partner_id": self.person.id},
            {"date_from": "2026-02-01", "date_to": "2026-01-01"},
            {},
        ):
            with (
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.relate(self.person, boss, **values)

    def test_current_relations_are_searchable(self):
        relation = self.relate(self.person, self.customer, date_from="2020-01-01")
        old = self.relate(self.person, self.new_company, date_to="2021-01-01")
        both = [("id", "in", (relation | old).ids)]
        self.assertEqual(
            self.Relation.search([*both, ("is_current", "=", True)]), relation
        )
        self.assertEqual(self.Relation.search([*both, ("is_current", "=", False)]), old)
        self.assertEqual(self.Relation.search([*both, ("is_current", "!=", True)]), old)

    def test_organisation_chart(self):
        daughter = self._create_customer(name="Daughter", parent_id=self.customer.id)
        boss = self._create_contact(self.customer, name="Boss")
        clerk = self._create_contact(daughter, name="Clerk")
        self.relate(self.person, boss)
        chart = self.Partner.with_user(self.analyst).crm_suite_structure(clerk.id)
        self.assertEqual(chart["root"], self.customer.id)
        edges = {(edge["from"], edge["to"], edge["kind"]) for edge in chart["edges"]}
        self.assertEqual(
            edges,
            {
                (self.customer.id, daughter.id, "company"),
                (self.customer.id, boss.id, "member"),
                (boss.id, self.person.id, "reports_to"),
                (daughter.id, clerk.id, "member"),
            },
        )
        nodes = {node["id"]: node for node in chart["nodes"]}
        self.assertEqual(len(nodes), 5)
        self.assertEqual(nodes[daughter.id]["kind"], "company")
        with self.assertRaises(AccessError):
            self.Partner.with_user(self.plain).crm_suite_structure(clerk.id)

    def test_who_may(self):
        relation = self.relate(self.person, self.customer)
        for user in (self.plain, self.clerk):
            with self.assertRaises(AccessError):
                relation.with_user(user).read(["role"])
        with self.assertRaises(AccessError):
            relation.with_user(self.analyst).write({"role": "x"})
        relation.with_user(self.agent).write({"role": "x"})
        self.new_company.company_id = self._other_company()
        hidden = self.relate(self.person, self.new_company)
        with self.assertRaises(AccessError):
            hidden.with_user(self.lead).read(["role"])

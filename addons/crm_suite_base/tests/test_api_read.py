import datetime

from jsonschema import Draft202012Validator

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from ..tools.api_openapi import PLURALS
from ..tools.api_reading import read_fields, record_schema
from .api_common import EVERYTHING, ApiCase
from .common import ROLE
from .pool_common import PHONE, PoolCase


@tagged("post_install", "-at_install")
class TestApiRead(ApiCase, HttpCase):
    """What programs read: only what the user of the key may."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {
                "ref": "READ-1",
                "email": "boss@huaqiang.example",
                "phone": "+86 755 8601 3388",
                "user_id": cls.rep.id,
            }
        )
        cls.others = cls.Partner.browse()
        for number in range(5):
            cls.others |= cls._create_customer(name=f"Read {number}", ref="READ-MANY")

    def get(self, path, **options):
        response = self.call(path, **options)
        self.assertEqual(response.status_code, 200, response.text)
        return response.data

    def assertDescribed(self, entity, row):
        errors = list(Draft202012Validator(record_schema(entity)).iter_errors(row))
        self.assertFalse(errors, row)

    # === ONE === #

    def test_customer(self):
        self.customer.category_id = self.env["res.partner.category"].create(
            {"name": "Reader"}
        )
        row = self.get(f"customers/{self.customer.id}")
        self.assertDescribed("customer", row)
        self.assertEqual(row["id"], self.customer.id)
        self.assertEqual(row["name"], "Huaqiang Electronics")
        self.assertEqual(row["phone"], "+8675586013388")
        self.assertEqual(row["user_id"], {"id": self.rep.id, "name": self.rep.name})
        self.assertEqual([tag["name"] for tag in row["category_id"]], ["Reader"])
        self.assertIs(row["active"], True)
        self.assertIsNone(row["vat"])
        self.assertRegex(row["write_date"], r"^20..-..-..T..:..:..Z$")
        self.assertNotIn("masked", row)
        log = self.last_log()
        self.assertEqual((log.method, log.row_count, log.outcome), ("GET", 1, "done"))

    def test_every_field_of_the_description_is_there(self):
        """An administrator lacks no group, so nothing is left out."""
        admin = self.env.ref("base.user_admin")
        _key, text = self.make_key(admin)
        records = {
            "customer": self.customer,
            "lead": self.env["crm.lead"].create({"name": "Ask"}),
            "interaction": self.env["crm.suite.call"].create(
                {"partner_id": self.customer.id, "reference": "R-1"}
            ),
            "purchase": self.env["crm.suite.purchase"].create(
                {"partner_id": self.customer.id, "amount": 5, "product_name": "x"}
            ),
        }
        for entity, record in records.items():
            row = self.get(f"{PLURALS[entity]}/{record.id}", key=text)
            self.assertDescribed(entity, row)
            custom = {name for name in row if name.startswith("x_crm_")}
            self.assertEqual(row.keys() - custom, {"id", *read_fields(entity)})

    def test_what_was_written_is_read(self):
        sent = {"reference": "C-77", "customer_ref": "READ-1", "kind": "visit"}
        sent.update(date="2026-03-05T08:00:00Z", next_date="2026-03-09", duration=5)
        done = self.call("interactions", sent).data
        row = self.get(f"interactions/{done['id']}")
        for name in ("reference", "kind", "date", "next_date", "duration"):
            self.assertEqual(row[name], sent[name])
        self.assertEqual(row["partner_id"]["id"], self.customer.id)

    def test_none_and_foreign_are_told_alike(self):
        colleague = self.rep.partner_id
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self._create_customer(name="Foreign", company_id=company.id)
        told = set()
        for id_ in (0, 2**31 - 1, 2**40, colleague.id, foreign.id):
            response = self.call(f"customers/{id_}")
            self.assertProblem(response, 404, "not_found")
            told.add(response.text)
        self.assertEqual(len(told), 1)

    def test_rights_of_the_user(self):
        lead = self.env["crm.lead"].create({"name": "Mine", "user_id": self.lead.id})
        _key, text = self.make_key(self.rep)
        self.assertEqual(self.get(f"leads/{lead.id}")["name"], "Mine")
        self.assertProblem(self.call(f"leads/{lead.id}", key=text), 404, "not_found")
        ids = [row["id"] for row in self.get("leads?limit=500", key=text)["rows"]]
        self.assertNotIn(lead.id, ids)

    def test_groups_of_fields(self):
        """A field that the user may not read is left out, and finds nothing."""
        field = self.env["res.partner"]._fields["vat"]
        self.addCleanup(setattr, field, "groups", field.groups)
        self.customer.vat = "91110000600037341L"
        self.assertIn("vat", self.get(f"customers/{self.customer.id}"))
        field.groups = "base.group_system"
        row = self.get(f"customers/{self.customer.id}")
        self.assertNotIn("vat", row)
        response = self.call("customers?vat=91110000600037341L")
        self.assertProblem(response, 403, "forbidden")

    def test_no_role_no_rows(self):
        user = new_test_user(self.env, "suite_once", f"{ROLE}sales_lead")
        _key, text = self.make_key(user)
        user.group_ids = self.env.ref("base.group_user")
        response = self.call(f"customers/{self.customer.id}", key=text)
        self.assertProblem(response, 403, "forbidden")

    def test_field_of_an_administrator(self):
        field = self.add_field("Loading dock")
        name = field.technical_name
        self.customer[name] = "North"
        self.assertEqual(self.get(f"customers/{self.customer.id}")[name], "North")

    # === LISTS === #

    def test_pages(self):
        seen, after, pages = [], 0, 0
        while after is not None:
            page = self.get(f"customers?ref=READ-MANY&limit=2&after={after}")
            self.assertEqual(page["as_of"] is None, bool(after))
            seen += [row["id"] for row in page["rows"]]
            after, pages = page["next"], pages + 1
            self.assertLess(pages, 9)
        self.assertEqual((seen, pages), (self.others.ids, 3))
        self.assertEqual(self.last_log().row_count, 1)

    def test_query_count_is_that_of_one(self):
        """Twenty rows cost no more queries than two."""
        tags = self.env["res.partner.category"].create(
            [{"name": f"T{number}"} for number in range(4)]
        )
        for number in range(20):
            tag = tags[number % 4]
            self._create_customer(
                name=f"Q{number}", ref="READ-Q", category_id=tag, user_id=self.rep.id
            )
        service = self.env["crm.suite.api"].with_user(self.lead)
        partners = self.env["res.partner"].with_user(self.lead)
        found = partners.search([("ref", "=", "READ-Q")])
        self.env.flush_all()
        counts = []
        for records in (found[:2], found[:2], found):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            service._describe_records(records, "customer")
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_keys_in_any_spelling(self):
        for query in (
            "ref=READ-1",
            "email=Boss@Huaqiang.Example",
            "phone=0755-8601 3388",
            "phone=%2B86 755 86013388",
        ):
            rows = self.get(f"customers?{query}")["rows"]
            self.assertEqual([row["id"] for row in rows], self.customer.ids, query)
        # As a customer whom the suite found when it was installed.
        adopted = self.Partner.create({"name": "Old", "email": "Old@Adopted.Example"})
        adopted.crm_suite_lifecycle_id = self.stage
        self.assertEqual(adopted.email, "Old@Adopted.Example")
        rows = self.get("customers?email=old@adopted.example")["rows"]
        self.assertEqual([row["id"] for row in rows], adopted.ids)
        lead = self.env["crm.lead"].create(
            {"name": "Ask", "email_from": "Ann <ANN@ask.example>"}
        )
        rows = self.get("leads?email_from=ann@Ask.example")["rows"]
        self.assertEqual([row["id"] for row in rows], lead.ids)

    def test_of_a_customer(self):
        self.assertEqual(
            [
                row["id"]
                for row in self.get(f"customers?parent_id={self.customer.id}")["rows"]
            ],
            self.person.ids,
        )
        self.env["crm.suite.purchase"].create(
            {"partner_id": self.others[0].id, "amount": 3, "product_name": "x"}
        )
        purchase = self.env["crm.suite.purchase"].create(
            {"partner_id": self.customer.id, "amount": 5, "product_name": "y"}
        )
        [row] = self.get(f"purchases?customer_id={self.customer.id}")["rows"]
        self.assertEqual((row["id"], row["amount"]), (purchase.id, 5))
        lead = self.env["crm.lead"].create(
            {"name": "Ask", "partner_id": self.person.id}
        )
        call = self.env["crm.suite.call"].create({"partner_id": self.person.id})
        for path, record in (("leads", lead), ("interactions", call)):
            rows = self.get(f"{path}?customer_id={self.customer.id}")["rows"]
            self.assertEqual([row["id"] for row in rows], record.ids, path)

    def test_archived(self):
        self.others[0].active = False
        ids = self.others.ids
        plain = self.get("customers?ref=READ-MANY")["rows"]
        self.assertEqual([row["id"] for row in plain], ids[1:])
        rows = self.get("customers?ref=READ-MANY&archived=yes")["rows"]
        self.assertEqual([row["id"] for row in rows], ids)
        self.assertIs(rows[0]["active"], False)

    def test_updated_since(self):
        old = fields.Datetime.to_string(
            fields.Datetime.now() - datetime.timedelta(days=3)
        )
        self.env.flush_all()
        self.cr.execute(
            "UPDATE res_partner SET write_date = %s WHERE id != %s AND ref = 'READ-MANY'",
            [old, self.others[2].id],
        )
        day = fields.Datetime.now() - datetime.timedelta(days=1)
        for since in (f"{day:%Y-%m-%d}", f"{day:%Y-%m-%dT%H:%M:%SZ}"):
            found = self.get(f"customers?ref=READ-MANY&updated_since={since}")
            self.assertEqual([r["id"] for r in found["rows"]], self.others[2].ids)
        self.assertRegex(found["as_of"], r"^20..-..-..T..:..:..Z$")
        self.assertLess(
            datetime.datetime.fromisoformat(found["as_of"][:-1]), fields.Datetime.now()
        )

    def test_bad_queries(self):
        for query in (
            "limit=0",
            "limit=501",
            "limit=x",
            "after=-1",
            "after=99999999999999",
            "archived=maybe",
            "updated_since=yesterday",
            "updated_since=2026-13-40",
            "updated_since=0000-00-00",
            "ref=",
            "ref=%20",
            "ref=%00",
            "ref=" + "x" * 201,
            "email=nobody at nowhere",
            "phone=12",
            "updatd_since=2026-01-01",
            "parent_id=x",
        ):
            response = self.call(f"customers?{query}")
            self.assertProblem(response, 400, "bad_request")
        response = self.call("leads?phone=x")
        self.assertProblem(response, 400, "bad_request")

    def test_verbs(self):
        response = self.call("customers", method="PUT")
        self.assertProblem(response, 405, "method")
        self.assertEqual(response.headers["Allow"], "GET, POST")
        response = self.call("customers/1", {"name": "x"})
        self.assertProblem(response, 405, "method")
        self.assertEqual(response.headers["Allow"], "GET")

    def test_limit_holds(self):
        self.env["ir.config_parameter"].set_param("crm_suite_base.api_requests", 2)
        codes = [self.call("customers?limit=1").status_code for _n in range(3)]
        self.assertEqual(codes, [200, 200, 429])

    def test_writing_key_reads_nothing(self):
        writing = [name for name in EVERYTHING if not name.endswith("_read")]
        _key, text = self.make_key(self.lead, writing)
        self.assertProblem(self.call("customers", key=text), 403, "scope")


@tagged("post_install", "-at_install")
class TestApiReadPool(ApiCase, PoolCase, HttpCase):
    """Contact data in a pool are for who claims the customer."""

    def setUp(self):
        super().setUp()
        _key, self.text = self.make_key(self.rival)

    def test_masked_until_claimed(self):
        response = self.call(f"customers/{self.customer.id}")
        row = response.data
        self.assertEqual(row["name"], self.customer.name)
        self.assertIsNone(row["email"])
        self.assertLessEqual({"email", "phone", "street"}, set(row["masked"]))
        for secret in ("boss@", PHONE, "Secret"):
            self.assertNotRegex(response.text, secret)
        for query in ("email=boss@huaqiang.example", "phone=075586013388"):
            found = self.call(f"customers?{query}")
            self.assertEqual(found.data["rows"], [], query)
        contact = self.call(f"customers?parent_id={self.customer.id}")
        self.assertNotIn("wang@", contact.text)
        [result] = self.claim(self.rival)
        self.assertTrue(result["ok"])
        row = self.call(f"customers/{self.customer.id}").data
        self.assertEqual(row["email"], "boss@huaqiang.example")
        self.assertNotIn("masked", row)

    def test_hidden_key_makes_no_second_customer(self):
        rows = [
            {"name": "New", "email": "boss@huaqiang.example"},
            {"name": "Other", "email": "other@huaqiang.example"},
        ]
        response = self.call("customers?key=email", {"rows": rows})
        refused, made = response.data["results"]
        self.assertEqual(
            (refused["result"], refused["code"]), ("rejected", "duplicate")
        )
        self.assertEqual(made["result"], "created")
        self.assertNotIn("boss@", response.text)

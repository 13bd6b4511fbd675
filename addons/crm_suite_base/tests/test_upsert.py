from psycopg2.errors import LockNotAvailable

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, ConcurrencyError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CustomerCase


@tagged("-at_install", "post_install")
class TestUpsert(CustomerCase):
    def upsert(self, values, key="ref", user=None):
        return self.Partner.with_user(user or self.rep).crm_suite_upsert(values, key)

    def test_created_then_unchanged_then_updated(self):
        values = {
            "ref": "U1",
            "name": " 新客户　A ",
            "is_company": True,
            "country_id": "CN",
            "state_id": "浙江省",
            "phone": "0571-88157838",
            "category_id": ["Gold"],
            "user_id": "suite_rep",
            "crm_suite_size": "20_99",
        }
        self.env["res.partner.category"].create({"name": "Gold"})
        first = self.upsert(values)
        self.assertEqual(first["action"], "created")
        again = self.upsert(values)
        self.assertEqual(again, {"id": first["id"], "action": "unchanged"})
        customer = self.Partner.browse(first["id"])
        self.assertRecordValues(
            customer,
            [
                {
                    "name": "新客户 A",
                    "phone": "+8657188157838",
                    "user_id": self.rep.id,
                    "country_id": self.china.id,
                    "crm_suite_lifecycle_id": self.stage.id,
                }
            ],
        )
        self.assertEqual(customer.category_id.mapped("name"), ["Gold"])
        self.assertEqual(self.upsert({**values, "name": "B"})["action"], "updated")
        self.assertEqual(customer.name, "B")

    def test_key_is_compared_in_its_one_spelling(self):
        first = self.upsert({"name": "A", "email": "A@Example.com"}, "email")
        again = self.upsert({"name": "A", "email": "a@example.COM"}, "email")
        self.assertEqual(again, {"id": first["id"], "action": "unchanged"})

    def test_partners_who_are_no_customers_are_found_in_any_spelling(self):
        for name, typed, key in (
            ("email", "John@Acme.com", "john@acme.com"),
            ("phone", "+86 138 0013 8000", "+8613800138000"),
        ):
            partner = self.Partner.create({"name": "John", name: typed})
            self.assertEqual(partner[name], typed)
            values = {"name": "John", name: key}
            self.assertEqual(self.upsert(values, name)["id"], partner.id)
            again = self.upsert(values, name)
            self.assertEqual(again, {"id": partner.id, "action": "unchanged"})
            self.Partner.create({"name": "John's twin", name: typed})
            with self.assertRaisesRegex(UserError, "2 customers"):
                self.upsert(values, name)

    def test_service_number_as_a_key(self):
        values = {"name": "Bank", "phone": "95588", "country_id": "CN"}
        first = self.upsert(values, "phone")
        self.assertEqual(first["action"], "created")
        again = self.upsert(values, "phone")
        self.assertEqual(again, {"id": first["id"], "action": "unchanged"})

    def test_a_partner_without_a_stage_becomes_a_customer(self):
        vendor = self.Partner.create(
            {"name": "Old Vendor", "ref": "V1", "is_company": True}
        )
        contact = self._create_contact(vendor, ref="V2")
        other = self.Partner.create({"name": "Contact", "ref": "V3"})
        colleague = self.plain.partner_id
        colleague.write({"name": "Contact", "ref": "V4"})
        answer = self.upsert({"ref": "V1", "name": "Old Vendor"})
        self.assertEqual(answer, {"id": vendor.id, "action": "updated"})
        self.assertEqual(vendor.crm_suite_lifecycle_id, self.stage)
        answers = self.upsert(
            [
                {"ref": "V1", "name": "Old Vendor"},
                {"ref": "V2", "name": "Contact"},
                {"ref": "V3", "name": "Contact", "crm_suite_lifecycle_id": False},
                {"ref": "V4", "name": "Contact"},
            ]
        )
        self.assertEqual({answer["action"] for answer in answers}, {"unchanged"})
        self.assertFalse((contact | other | colleague).crm_suite_lifecycle_id)
        loyal = self.env.ref("crm_suite_base.lifecycle_stage_loyal")
        self.upsert({"ref": "V3", "crm_suite_lifecycle_id": loyal.code})
        self.assertEqual(other.crm_suite_lifecycle_id, loyal)

    def test_numbers_of_a_known_customer_are_those_of_its_country(self):
        germany = self.env.ref("base.de")
        customer = self._create_customer(name="A", ref="U1", country_id=germany.id)
        branch = self._create_customer(
            name="B", ref="U2", parent_id=customer.id, country_id=False
        )
        values = {"phone": "0151 23456789", "vat": "DE 123.456.788"}
        rows = [{"ref": ref, **values} for ref in ("U1", "U2")]
        for action in ("updated", "unchanged"):
            self.assertEqual(self.upsert(rows[0])["action"], action)
            answers = self.upsert(rows)
            self.assertEqual(answers[0]["action"], "unchanged")
            self.assertEqual(answers[1]["action"], action)
        self.assertEqual(customer.phone, "+4915123456789")
        self.assertEqual(branch.phone, "+4915123456789")
        self.assertEqual(customer.vat, "DE123456788")
        named = {**rows[0], "country_id": "CN", "phone": "138 0013 8000"}
        self.upsert({**named, "vat": False})
        self.assertEqual(customer.phone, "+8613800138000")
        new, bad = self.upsert(
            [
                {"ref": "U3", "name": "C", "phone": "138 0013 8000"},
                {"ref": "U2", "phone": "138"},
            ]
        )
        self.assertEqual(self.Partner.browse(new["id"]).phone, "+8613800138000")
        self.assertEqual(bad["action"], "error")

    def test_key_of_two_fields(self):
        first = self.upsert({"name": "A", "city": "Wuhan"}, ["name", "city"])
        other = self.upsert({"name": "A", "city": "Xian"}, ["name", "city"])
        self.assertEqual(other["action"], "created")
        again = self.upsert({"name": "A", "city": "Wuhan"}, ["name", "city"])
        self.assertEqual(again["id"], first["id"])

    def test_bad_rows_do_not_take_the_others_along(self):
        answers = self.upsert(
            [
                {"ref": "L1", "name": "A"},
                {"ref": "L2", "name": "B", "email": "bad"},
                {"ref": "L3", "nofield": 1},
                {"name": "no key"},
                "no row",
                {"ref": "L4", "name": False},
                {"ref": "L1", "name": "A2"},
                {"ref": "L5", "name": "E"},
            ]
        )
        self.assertEqual(
            [answer["action"] for answer in answers],
            [
                "created",
                "error",
                "error",
                "error",
                "error",
                "error",
                "updated",
                "created",
            ],
        )
        self.assertIn("name@company.com", answers[1]["error"])
        self.assertIn("nofield", answers[2]["error"])
        self.assertIn("ref", answers[3]["error"])
        self.assertEqual(answers[0]["id"], answers[6]["id"])
        self.assertEqual(self.Partner.browse(answers[0]["id"]).name, "A2")
        self.assertFalse(self.Partner.search([("ref", "in", ("L2", "L3", "L4"))]))

    def test_values_of_a_wrong_type_are_refused_alone(self):
        bad = [
            {"ref": ["W1"], "name": "A"},
            {"ref": {"a": 1}, "name": "A"},
            {"ref": "W2", "name": ["A"]},
            {"ref": "W2", "name": "A", "crm_suite_employees": 2**40},
            {"ref": "W2", "name": "A", "crm_suite_annual_revenue": float("nan")},
            {"ref": "W2", "name": "A", "country_id": True},
            {"ref": "W2", "name": "A", "country_id": ["CN"]},
            {"ref": "W2", "name": "A", "category_id": [["x"]]},
            {"ref": "W2", "name": "A", "crm_suite_lifecycle_id": "no such stage"},
        ]
        answers = self.upsert([*bad, {"ref": "W3\0", "name": "Good\0"}])
        self.assertEqual(
            [answer["action"] for answer in answers], ["error"] * 9 + ["created"]
        )
        good = self.Partner.browse(answers[-1]["id"])
        self.assertEqual((good.name, good.ref), ("Good", "W3"))
        for key in (5, {"ref": 1}, [["ref"]], [None]):
            with self.subTest(key), self.assertRaises(UserError):
                self.upsert({"ref": "W4", "name": "A"}, key)
        for values in bad:
            with self.subTest(values), self.assertRaises(UserError):
                self.upsert(values)

    def test_a_stage_is_given_by_its_code_or_name(self):
        stage = self.env.ref("crm_suite_base.lifecycle_stage_loyal")
        for number, value in enumerate((stage.code, stage.name, stage.id)):
            answer = self.upsert(
                {"ref": f"S{number}", "name": "A", "crm_suite_lifecycle_id": value}
            )
            partner = self.Partner.browse(answer["id"])
            self.assertEqual(partner.crm_suite_lifecycle_id, stage)

    def test_the_first_stage_is_looked_up_once(self):
        first = self.Partner._crm_suite_first_stage()
        self.assertEqual(first.code, "lead")
        with self.assertQueryCount(0):
            self.Partner._crm_suite_first_stage()
        first.active = False
        self.assertFalse(self.Partner._crm_suite_first_stage())
        first.active = True
        self.assertEqual(self.Partner._crm_suite_first_stage(), first)

    def test_errors_say_what_is_wrong(self):
        twins = self.Partner.create([{"name": "T", "ref": "T"}] * 2)
        for values, key, word in (
            ({"ref": "T", "name": "x"}, "ref", "2 customers"),
            ({"name": "x"}, "ref", "ref"),
            ({"name": "x"}, "nofield", "nofield"),
            ({"name": "x"}, [], "field"),
            ({"ref": "E", "country_id": "Nirgends"}, "ref", "Nirgends"),
            ({"ref": "E", "crm_suite_size": "huge"}, "ref", "1_19"),
            ({"ref": "E", "crm_suite_employees": "many"}, "ref", "many"),
            ({"ref": "E", "create_date": "2020-01-01"}, "ref", "create_date"),
            ({"ref": "E", "child_ids": []}, "ref", "child_ids"),
        ):
            with self.subTest(word), self.assertRaises(UserError) as caught:
                self.upsert(values, key)
            self.assertIn(word, str(caught.exception))
        self.assertEqual(set(twins.mapped("name")), {"T"})

    def test_an_archived_customer_is_found(self):
        self.customer.write({"ref": "OLD", "active": False})
        answer = self.upsert({"ref": "OLD", "name": "Huaqiang Electronics"})
        self.assertEqual(answer, {"id": self.customer.id, "action": "unchanged"})

    def test_rights_of_the_user_hold(self):
        self.customer.ref = "R"
        values = {"ref": "R", "name": "Changed"}
        for user in (self.plain, self.clerk):
            with self.assertRaises(AccessError):
                self.upsert(values, user=user)
        with self.assertRaises(AccessError):
            self.upsert(values, user=self.analyst)
        self.assertEqual(self.customer.name, "Huaqiang Electronics")
        self.assertEqual(self.upsert(values, user=self.agent)["action"], "updated")

    def test_customer_of_another_company_is_not_touched(self):
        self.customer.write({"ref": "OC", "company_id": self._other_company().id})
        answer = self.upsert({"ref": "OC", "name": "Mine"})
        self.assertEqual(answer["action"], "created")
        self.assertNotEqual(answer["id"], self.customer.id)

    def test_values_are_validated_as_by_the_form(self):
        with self.assertRaises(ValidationError):
            self.upsert({"ref": "V", "name": "V", "phone": "12"})

    def test_what_the_rules_note_is_told(self):
        """Only of what the caller may see: a hidden record is not found out."""
        self.env["crm.suite.duplicate.rule"].search([]).write({"on_api": "queue"})
        there = self._create_customer(
            name="苏州白岩阀门有限公司", phone="+8651286001234"
        )
        twin = {"name": "苏州白岩阀门公司", "is_company": True}
        answer = self.upsert({**twin, "ref": "D1", "phone": "0512-86001234"})
        self.assertEqual(answer["action"], "created")
        self.assertIn(there.name, answer["warning"])
        self.assertEqual(
            answer["duplicates"],
            [{"model": "res.partner", "id": there.id, "name": there.name}],
        )
        self.assertEqual(
            set(self.upsert({**twin, "ref": "D1"})), {"id", "action"}, "unchanged"
        )
        self.env["ir.rule"].create(
            {
                "name": "hidden",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', 'not in', {[there.id, answer['id']]})]",
                "groups": [
                    (4, self.env.ref("crm_suite_base.group_crm_suite_sales_rep").id)
                ],
            }
        )
        first, second = self.upsert(
            [
                {**twin, "ref": "D2", "phone": "0512-86001234"},
                {"ref": "D3", "name": "Nobody like it"},
            ]
        )
        self.assertEqual(set(first), {"id", "action"})
        self.assertEqual(set(second), {"id", "action"})
        pairs = self.env["crm.suite.duplicate.pair"].search_count(
            ["|", ("left_id", "=", first["id"]), ("right_id", "=", first["id"])]
        )
        self.assertTrue(pairs, "for the data stewards all the same")

    def test_rows_that_change_nothing_are_read_together(self):
        rows = [{"name": f"Row {n}", "ref": f"ROW-{n}"} for n in range(40)]
        partners = self.env["res.partner"].with_user(self.lead)
        partners.crm_suite_upsert(rows, "ref")
        counts = []
        for part in (rows[:20], rows):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            answers = partners.crm_suite_upsert(part, "ref")
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual({answer["action"] for answer in answers}, {"unchanged"})
        self.assertLess(counts[1], counts[0] + 10)


@tagged("-at_install", "post_install")
class TestUpsertRace(CustomerCase):
    """Two transactions of a real database."""

    def setUp(self):
        super().setUp()
        self.first, self.second = (self._transaction() for _number in range(2))
        self.addCleanup(self._remove)

    def _transaction(self):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        return self.Partner.with_env(self.env(cr=cr, user=SUPERUSER_ID))

    def _remove(self):
        self.first.env.cr.rollback()
        self.first.search([("ref", "=", "RACE")]).unlink()
        self.first.env.cr.commit()

    def test_two_at_once_make_one(self):
        """The second began before the first was done: its view of the database is
        old, which it notices, so the server repeats it and no twin is made."""
        values = {"ref": "RACE", "name": "Race"}
        self.assertFalse(self.second.search([("ref", "=", "RACE")]))
        created = self.first.crm_suite_upsert(values, "ref")
        self.assertEqual(created["action"], "created")
        self.second.env.cr.execute("SET LOCAL lock_timeout = '200ms'")
        with (
            self.assertRaises(LockNotAvailable, msg="the second has to wait"),
            mute_logger("odoo.sql_db"),
            self.second.env.cr.savepoint(),
        ):
            self.second.crm_suite_upsert(values, "ref")
        self.first.env.cr.commit()
        with self.assertRaises(ConcurrencyError):
            self.second.crm_suite_upsert(values, "ref")
        self.second.env.cr.rollback()
        self.assertEqual(
            self.second.crm_suite_upsert(values, "ref"),
            {"id": created["id"], "action": "unchanged"},
        )
        self.second.env.cr.rollback()

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged, users

from ..models import res_partner_normalize
from .common import CustomerCase


@tagged("-at_install", "post_install")
class TestCustomerRules(CustomerCase):
    """One spelling for customers and their contacts, and for nobody else."""

    def test_values_of_a_customer_are_normalised(self):
        customer = self._create_customer(
            name=" 华强　（深圳）ＡＢＣ ",
            phone="0755-86013388 转 8001",
            email="Info@Example.COM",
            vat="9111 0000 6000 3734 1l",
            crm_suite_employees=120,
        )
        self.assertRecordValues(
            customer,
            [
                {
                    "name": "华强 （深圳）ABC",
                    "phone": "+8675586013388",
                    "crm_suite_phone_extension": "8001",
                    "email": "info@example.com",
                    "vat": "91110000600037341L",
                    "crm_suite_size": "100_499",
                }
            ],
        )
        customer.write({"phone": "138 0013 8000", "email": "B@X.com"})
        self.assertEqual(customer.phone, "+8613800138000")
        self.assertEqual(customer.email, "b@x.com")
        self.assertFalse(
            customer.crm_suite_phone_extension, "it belonged to the old number"
        )

    def test_the_same_number_keeps_its_extension(self):
        self.customer.write({"phone": "0755-86013388 转 8001"})
        self.customer.write({"phone": "+86 755 8601 3388"})
        self.assertEqual(self.customer.crm_suite_phone_extension, "8001")

    def test_contact_of_a_customer(self):
        self.person.write({"phone": "010-62345678"})
        self.assertEqual(self.person.phone, "+861062345678")
        contact = self._create_contact(self.customer, email="X@Y.com")
        self.assertEqual(contact.email, "x@y.com")
        with self.assertRaises(ValidationError):
            self._create_contact(self.customer, phone="12")

    def test_everybody_else_is_left_to_the_host(self):
        values = {"name": "  Any　One ", "phone": "12 x", "email": "Two@A.B, c@d"}
        partner = self.Partner.create(values)
        self.assertRecordValues(partner, [values])
        partner.write({"phone": "nonsense"})
        self.assertEqual(partner.phone, "nonsense")

    def test_message_names_field_value_and_rule(self):
        for values, words in {
            ("email", "nobody"): ("Email", "nobody", "name@company.com"),
            ("phone", "12345678901234567890"): ("Phone", "12345678901234567890"),
            ("vat", "91110000600037342L"): ("91110000600037342L", "last character"),
        }.items():
            with self.assertRaises(ValidationError) as caught:
                self.customer.write(dict([values]))
            for word in words:
                self.assertIn(word, str(caught.exception))

    def test_becoming_a_customer_is_checked_too(self):
        partner = self.Partner.create({"name": "P", "phone": "nonsense"})
        partner.crm_suite_lifecycle_id = self.stage
        self.assertEqual(partner.phone, "nonsense", "what is there is not judged")
        with self.assertRaises(ValidationError):
            partner.write({"phone": "other nonsense"})

    def test_number_is_read_by_the_country_of_each(self):
        british = self._create_customer(country_id=self.env.ref("base.uk").id)
        both = british | self._create_customer()
        with self.assertRaises(ValidationError):
            both.write({"phone": "030 901820"})
        both.write({"phone": "+44 20 7946 0018"})
        self.assertEqual(both.mapped("phone"), ["+442079460018"] * 2)
        both.write({"phone": "020 79460018"})
        self.assertEqual(both.mapped("phone"), ["+442079460018", "+862079460018"])

    @users("suite_clerk")
    def test_user_without_role_edits_the_host_fields_of_a_customer(self):
        customer = self.customer.with_user(self.env.user)
        customer.write({"phone": "0755-86013388 转 8001"})
        self.assertEqual(customer.phone, "+8675586013388")
        self.assertEqual(customer.sudo().crm_suite_phone_extension, "8001")

    def test_application_makes_customers(self):
        partners = self.Partner.with_context(crm_suite_managed=True)
        with Form(partners) as form:
            form.name = "Made in the application"
        customer = form.save()
        self.assertEqual(customer.crm_suite_lifecycle_id, self.stage)
        contact = partners.create({"name": "C", "parent_id": customer.id})
        self.assertFalse(contact.crm_suite_lifecycle_id)
        self.assertFalse(self.Partner.create({"name": "N"}).crm_suite_lifecycle_id)

    def test_customers_are_adopted_from_what_happened(self):
        buyer = self.Partner.create({"name": "Buyer", "is_company": True})
        self._create_order(buyer)
        stranger = self.Partner.create({"name": "Stranger"})
        self.assertGreaterEqual(self.Partner._crm_suite_adopt_customers(), 1)
        self.assertEqual(buyer.crm_suite_lifecycle_id.code, "first")
        self.assertFalse(stranger.crm_suite_lifecycle_id)
        self.assertEqual(self.customer.crm_suite_lifecycle_id, self.stage)
        self.assertEqual(self.Partner._crm_suite_adopt_customers(), 0)

    def test_checking_costs_no_query_for_others(self):
        """The same writes with the check switched off make as many queries."""
        names = iter("abcdefgh")

        def queries():
            partners = self.Partner.create([{"name": "P", "is_company": True}] * 4)
            self.env.flush_all()
            self.env.invalidate_all()
            name = next(names)
            before = self.cr.sql_log_count
            # One by one: the records must go on being read together.
            for partner in partners:
                partner.write({"phone": name, "name": name})
            self.env.flush_all()
            return self.cr.sql_log_count - before

        queries()
        checked = queries()
        with patch.object(res_partner_normalize, "CHECKED", frozenset()):
            self.assertEqual(queries(), checked)

    def test_language_of_a_customer_is_that_of_its_country(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.default"].set("res.partner", "lang", "en_US")
        self.lead.lang = "zh_CN"
        partners = self.env["res.partner"].with_user(self.lead)
        stage = {"crm_suite_lifecycle_id": self.stage.id}
        here = partners.create({"name": "甲", "country_id": self.china.id, **stage})
        self.assertEqual(here.lang, "zh_CN")
        self.assertEqual(partners.create({"name": "乙", **stage}).lang, "zh_CN")
        person = partners.create({"name": "王", "parent_id": here.id})
        self.assertEqual(person.lang, "zh_CN")
        abroad = {"name": "Tex", "country_id": self.env.ref("base.us").id, **stage}
        self.assertEqual(partners.create(abroad).lang, "en_US")
        given = partners.create({"name": "丙", "lang": "en_US", **stage})
        self.assertEqual(given.lang, "en_US")
        managed = partners.with_context(crm_suite_managed=True)
        self.assertEqual(managed.default_get(["lang"]), {"lang": "zh_CN"})

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import CustomerCase


@tagged("post_install", "-at_install")
class TestContactPoint(CustomerCase):
    """Further phones and e-mails of a customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Point = cls.env["crm.suite.contact.point"]
        cls.point = cls.Point.create(
            {"partner_id": cls.customer.id, "kind": "phone", "value": "0755-86013311"}
        )

    def test_one_form_for_comparison(self):
        self.assertEqual(self.point.normalized, "+8675586013311")
        mail = self.Point.create(
            {"partner_id": self.customer.id, "kind": "email", "value": "A@Huaqiang.CN"}
        )
        self.assertEqual(mail.normalized, "a@huaqiang.cn")

    def test_what_is_none_is_refused(self):
        for kind, value in (("phone", "ask Wu"), ("email", "nobody")):
            with self.assertRaises(ValidationError):
                self.Point.create(
                    {"partner_id": self.customer.id, "kind": kind, "value": value}
                )

    def test_who_may_not_see_the_customer_sees_no_number(self):
        self.customer.company_id = self._other_company()
        points = self.Point.with_user(self.rep)
        self.assertFalse(points.search([("id", "=", self.point.id)]))
        with self.assertRaises(AccessError):
            points.browse(self.point.id).read(["value"])
        self.assertFalse(
            self.Partner.with_user(self.rep).search(
                [("phone_mobile_search", "ilike", "86013311")]
            )
        )

    def test_readers_do_not_write(self):
        with self.assertRaises(AccessError):
            self.point.with_user(self.analyst).value = "0755-86013312"
        with self.assertRaises(AccessError):
            self.point.with_user(self.plain).read(["value"])

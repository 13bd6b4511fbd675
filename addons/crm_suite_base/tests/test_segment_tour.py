from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.mail.tests.common import MockEmail

SUBJECT = "Chairs for two"


@tagged("post_install", "-at_install")
class TestSegmentTour(HttpCase, MockEmail):
    """What the guide promises to a marketing person, in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.user = new_test_user(
            cls.env,
            "tour_marketing",
            "crm_suite_base.group_crm_suite_marketing_manager",
            name="Tour Marketing",
            email="tour.marketing@example.com",
            tz="UTC",
            lang="en_US",
        )
        cls.grade = cls.env["crm.suite.grade"].create({"name": "Tour A", "code": "TA"})
        cls.state = cls.env["res.country.state"].create(
            {
                "name": "Tour Shanghai",
                "code": "TSH",
                "country_id": cls.env.ref("base.cn").id,
            }
        )
        category = cls.env["product.category"].create({"name": "Tour Chairs"})
        cls.chair = cls.env["product.product"].create(
            {
                "name": "Tour Chair",
                "type": "consu",
                "categ_id": category.id,
                "taxes_id": [Command.clear()],
            }
        )
        cls.inside = cls._create_customer("Tour Inside")
        cls.another = cls._create_customer("Tour Another")
        cls.third = cls._create_customer("Tour Third")
        cls.outside = cls._create_customer("Tour Outside")
        cls.env["crm.suite.call"].create(
            {"partner_id": cls.outside.id, "outcome": "complaint"}
        )
        cls.members = cls.inside | cls.another | cls.third
        customers = cls.members | cls.outside
        cls.env["crm.suite.customer.metric"]._refresh(customers.ids)

    @classmethod
    def _create_customer(cls, name):
        """Somebody who bought chairs every ten days, and stopped months ago."""
        customer = cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "state_id": cls.state.id,
                "email": f"{name.split()[1].lower()}@example.com",
                "crm_suite_lifecycle_id": cls.env.ref(
                    "crm_suite_base.lifecycle_stage_repeat"
                ).id,
                "crm_suite_grade_id": cls.grade.id,
            }
        )
        for days in (200, 190, 180):
            order = cls.env["sale.order"].create(
                {
                    "partner_id": customer.id,
                    "order_line": [Command.create({"product_id": cls.chair.id})],
                }
            )
            order.action_confirm()
            order.date_order = fields.Datetime.subtract(
                fields.Datetime.now(), days=days
            )
        return customer

    def test_marketing_person_builds_a_segment(self):
        with self.mock_mail_gateway():
            self.start_tour(
                "/odoo/crm-segments", "crm_suite_segment", login="tour_marketing"
            )
            self._check_mails()
        segment = self.env["crm.suite.segment"].search(
            [("name", "=", "Tour: silent chair buyers")]
        )
        self.assertEqual(segment.member_ids, self.members)
        self.assertEqual(segment.definition_user_id, self.user)
        self.assertEqual(len(segment.definition["items"]), 5)
        export = self.env["crm.suite.export"].search([("user_id", "=", self.user.id)])
        self.assertEqual((export.state, export.row_count), ("done", 3))

    def _check_mails(self):
        """The two who were selected get the mail, by the host, on their own pages."""
        messages = self.env["mail.message"].search(
            [("model", "=", "res.partner"), ("subject", "=", SUBJECT)]
        )
        chosen = self.inside | self.another
        self.assertEqual(set(messages.mapped("res_id")), set(chosen.ids))
        self.assertEqual(messages.author_id, self.user.partner_id)
        self.assertIn("They rock.", messages[0].body)
        self.env["mail.mail"].search([("subject", "=", SUBJECT)]).send()
        sent = [mail for mail in self._mails if mail["subject"] == SUBJECT]
        told = [address for mail in sent for address in mail["email_to"]]
        self.assertEqual(len(told), 2)
        for name in ("inside@example.com", "another@example.com"):
            self.assertTrue(any(name in address for address in told), name)

from odoo.tests import HttpCase, new_test_user, tagged

from .tour_common import OnThePhone


class CustomerTours(HttpCase):
    """People with a customer, and what they leave behind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The steps name buttons by their English labels.
        cls.env["res.lang"]._activate_lang("en_US")
        cls.rep = new_test_user(
            cls.env,
            "tour_rep",
            "crm_suite_base.group_crm_suite_sales_rep,base.group_partner_manager",
            name="Tour Rep",
            tz="UTC",
            lang="en_US",
            # Its first greeting would cover a phone.
            odoobot_state="disabled",
        )
        cls.analyst = new_test_user(
            cls.env,
            "tour_analyst",
            "crm_suite_base.group_crm_suite_analyst",
            name="Tour Analyst",
            tz="UTC",
            lang="en_US",
        )
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Tour Customer",
                "is_company": True,
                "user_id": cls.rep.id,
                "crm_suite_lifecycle_id": cls.env.ref(
                    "crm_suite_base.lifecycle_stage_lead"
                ).id,
            }
        )

    def _start_in_customers(self, tour, login):
        self.start_tour("/odoo/crm-customers?debug=0", tour, login=login)

    def _log_first_call(self):
        return self.env["crm.suite.call"].create(
            {
                "partner_id": self.customer.id,
                "summary": "first call",
                "user_id": self.rep.id,
            }
        )

    def _meet_first_customer(self):
        """The guided tour runs from the home screen to the logged call."""
        self.start_tour("/odoo", "crm_suite_first_customer", login="tour_rep")
        customer = self.env["res.partner"].search([("name", "=", "Northwind Trading")])
        self.assertEqual(len(customer), 1)
        self.assertEqual(customer.user_id, self.rep)
        self.assertEqual(customer.crm_suite_lifecycle_id.code, "lead")
        call = self.env["crm.suite.call"].search([("partner_id", "=", customer.id)])
        self.assertEqual(call.summary, "They want to see samples")
        self.assertTrue(call.activity_id)

    def _log_quickly(self):
        self._start_in_customers("crm_suite_quick_log", "tour_rep")
        call = self.env["crm.suite.call"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(call.summary, "asked for a price")
        self.assertEqual(call.direction, "in")
        self.assertEqual(call.activity_id.res_id, self.customer.id)


@tagged("post_install", "-at_install")
class TestTours(CustomerTours):
    """The journeys that people of each role make in the browser every day."""

    def test_first_customer(self):
        self._meet_first_customer()

    def test_create_find_edit_delete(self):
        self._start_in_customers("crm_suite_customer_lifecycle", "tour_rep")
        left = self.env["res.partner"].search([("name", "ilike", "Tour Trading")])
        self.assertFalse(left)

    def test_quick_log(self):
        self._log_quickly()

    def test_timeline_filters(self):
        self._log_first_call()
        self.env["crm.lead"].create(
            {
                "name": "Tour Deal",
                "type": "opportunity",
                "partner_id": self.customer.id,
                "user_id": self.rep.id,
            }
        )
        self._start_in_customers("crm_suite_timeline", "tour_rep")

    def test_analyst_reads(self):
        self._log_first_call()
        self._start_in_customers("crm_suite_read_only", "tour_analyst")


@tagged("post_install", "-at_install")
class TestToursPhone(OnThePhone, CustomerTours):
    def test_first_customer(self):
        self._meet_first_customer()

    def test_quick_log(self):
        self._log_quickly()

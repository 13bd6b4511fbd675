import json

from odoo import fields
from odoo.tests import tagged

from .tour_common import OnThePhone, TourCase


@tagged("post_install", "-at_install")
class TestTodoTour(TourCase):
    """A morning of a restricted representative, in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rep, cls.mate = cls._create_people(
            ("tour_rep", "sales_rep", "Tour Rep"),
            ("tour_mate", "sales_rep", "Tour Mate"),
        )
        stage = cls.env.ref("crm_suite_base.lifecycle_stage_lead")
        cls.own, cls.shared, cls.hidden = cls.env["res.partner"].create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "user_id": user.id,
                    "crm_suite_lifecycle_id": stage.id,
                }
                for name, user in (
                    ("Tour Own", cls.rep),
                    ("Tour Shared", cls.mate),
                    ("Tour Hidden", cls.mate),
                )
            ]
        )
        cls.env["crm.suite.customer.member"].create(
            {"partner_id": cls.shared.id, "user_id": cls.rep.id}
        )
        cls.activity = cls.own.activity_schedule(
            "mail.mail_activity_data_call",
            fields.Date.today(),
            summary="Tour call",
            user_id=cls.rep.id,
        )
        today = fields.Date.today()
        cls.own.write({"crm_suite_pool_warned_on": today, "crm_suite_return_on": today})
        requests = cls.env["crm.suite.access.request"].with_user(cls.mate)
        cls.request = requests._request(cls.own, "claim", "May I?")
        cls.env["ir.config_parameter"].set_param(
            "crm_suite_base.visibility", json.dumps({"sales_rep": "own"})
        )

    def test_todo_tour(self):
        self.start_tour("/odoo", "crm_suite_todo", login="tour_rep")
        self.assertEqual(self.request.sudo().state, "refused")
        self.assertEqual(self.request.sudo().reason, "We sign next week")
        self.assertGreater(self.activity.date_deadline, fields.Date.today())


@tagged("post_install", "-at_install")
class TestTodoTourPhone(OnThePhone, TestTodoTour):
    """The same on a telephone."""

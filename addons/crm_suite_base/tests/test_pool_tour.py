from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .tour_common import OnThePhone, TourCase


@tagged("post_install", "-at_install")
class TestPoolTour(TourCase):
    """What a representative and a sales lead do with a pool, in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rep, cls.boss = cls._create_people(
            ("tour_rep", "sales_rep", "Tour Rep"),
            ("tour_lead", "sales_lead", "Tour Lead"),
        )
        cls.pool = cls.env["crm.suite.pool"].create(
            {
                "name": "Tour Pool",
                "sequence": 0,
                "admin_ids": [Command.set(cls.boss.ids)],
                "user_ids": [Command.set(cls.rep.ids)],
            }
        )
        stage = cls.env.ref("crm_suite_base.lifecycle_stage_lead")
        cls.free, cls.neglected, cls.quoted = cls.env["res.partner"].create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "user_id": user and user.id,
                    "email": f"{name.split()[1].lower()}@tour.example",
                    "crm_suite_lifecycle_id": stage.id,
                }
                for name, user in (
                    ("Tour Free Trading", False),
                    ("Tour Neglected Industries", cls.rep),
                    ("Tour Quoted Works", cls.rep),
                )
            ]
        )
        customers = cls.free | cls.neglected | cls.quoted
        cls.pool.action_add(customers.ids)
        (cls.neglected | cls.quoted).write(
            {"crm_suite_owned_since": fields.Datetime.now() - timedelta(days=90)}
        )
        cls.env["sale.order"].create({"partner_id": cls.quoted.id})

    def test_claim_and_return(self):
        self.start_tour(
            "/odoo/action-crm_suite_base.conflict_check_action",
            "crm_suite_pool_rep",
            login="tour_rep",
        )
        self.assertFalse(self.free.user_id)
        self.assertEqual(self.free.crm_suite_pool_reason, "Buys elsewhere until spring")

    def test_simulate_take_back_and_undo(self):
        self.start_tour(
            "/odoo/action-crm_suite_base.pool_action",
            "crm_suite_pool_lead",
            login="tour_lead",
        )
        self.assertEqual(self.neglected.user_id, self.rep)
        moves = self.env["crm.suite.pool.move"].search(
            [("res_id", "=", self.neglected.id), ("res_model", "=", "res.partner")],
            order="id",
        )
        self.assertEqual(moves.mapped("kind")[-2:], ["auto_return", "undo"])
        self.assertEqual(self.quoted.user_id, self.rep)


@tagged("post_install", "-at_install")
class TestPoolTourPhone(OnThePhone, TestPoolTour):
    """The same on a telephone."""

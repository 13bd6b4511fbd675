from odoo.tests import tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestAutomationTour(TourCase):
    """A sales manager takes a rule from the gallery, tries it, and sees it work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss, cls.rep = cls._create_people(
            ("tour_boss", "sales_manager", "Tour Boss"),
            ("tour_rep", "sales_rep", "Tour Rep"),
        )
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Tour Machines",
                "is_company": True,
                "user_id": cls.boss.id,
                "crm_suite_lifecycle_id": cls.env.ref(
                    "crm_suite_base.lifecycle_stage_lead"
                ).id,
            }
        )
        cls.addClassCleanup(cls._restore_registry)

    @classmethod
    def _restore_registry(cls):
        cls.env["base.automation"]._unregister_hook()
        cls.env.registry.registry_invalidated = False
        cls.env.registry.clear_cache()

    def test_two_clicks_and_a_run(self):
        self.start_tour("/odoo/rule-gallery", "crm_suite_automation", login="tour_boss")
        rule = self.env["crm.suite.automation"].search([("user_id", "=", self.boss.id)])
        self.assertEqual(rule.state, "on")
        self.customer.with_user(self.boss).user_id = self.rep
        self.start_tour(
            "/odoo/action-crm_suite_base.automation_run_action",
            "crm_suite_automation_run",
            login="tour_boss",
        )

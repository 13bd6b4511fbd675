from odoo.tests import tagged

from ..models.duplicate_entry import KNOWN
from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestDuplicateTour(TourCase):
    """Duplicates in a browser, as people who are not administrators."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rep, cls.mate, cls.steward = cls._create_people(
            ("tour_asker", "sales_rep", "Tour Rep"),
            ("tour_owner", "sales_rep", "Tour Mate"),
            ("tour_steward", "data_steward", "Tour Steward"),
        )
        stage = cls.env.ref("crm_suite_base.lifecycle_stage_lead")
        partners = cls.env["res.partner"].with_context(
            crm_suite_no_duplicate_check=KNOWN
        )
        cls.pair = partners.create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "phone": "+41445551203",
                    "user_id": cls.mate.id,
                    "crm_suite_lifecycle_id": stage.id,
                }
                for name in ("Tour Gerber Optik AG", "Tour Gerber Optik")
            ]
        )

    def test_conflict_check_and_banner(self):
        self.env["crm.lead"].create(
            {"name": "Tour", "phone": "+41445559988", "user_id": self.mate.id}
        )
        self.start_tour(
            "/odoo/crm-conflict-check", "crm_suite_conflict_check", login="tour_asker"
        )
        queries = self.env["crm.suite.duplicate.query"].search(
            [("user_id", "=", self.rep.id)]
        )
        self.assertGreaterEqual(len(queries), 3, "each question is in the log")
        asked = self.env["crm.suite.access.request"].search(
            [("requester_id", "=", self.rep.id)]
        )
        self.assertEqual(asked.note, "We met at the fair")
        self.assertIn("41445559988", asked.subject)
        self.assertEqual(
            self.env["res.partner"].search_count([("name", "=like", "Tour Gerber%")]), 2
        )

    def test_worklist_merge_and_undo(self):
        self.env["crm.suite.duplicate.run"]._find_now("res.partner")
        self.start_tour(
            "/odoo/crm-duplicates", "crm_suite_duplicate_worklist", login="tour_steward"
        )
        operation = self.env["crm.suite.operation"].search(
            [("kind", "=", "merge"), ("user_id", "=", self.steward.id)]
        )
        self.assertEqual(operation.state, "undone")
        pair = self.env["crm.suite.duplicate.pair"].search(
            [("left_id", "in", self.pair.ids), ("right_id", "in", self.pair.ids)]
        )
        self.assertEqual(pair.state, "new")
        self.assertEqual(set(self.pair.mapped("active")), {True})

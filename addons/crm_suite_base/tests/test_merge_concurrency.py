from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .concurrency_common import ConcurrencyCase


@tagged("post_install", "-at_install")
class TestMergeConcurrency(ConcurrencyCase):
    """Two real transactions at once: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        with self.committing() as env:
            partners = env["res.partner"].create(
                [{"name": f"Concurrent merge {number}"} for number in range(3)]
            )
            partners[0].ref = "CONCURRENT-STAYS"
            partners[1].ref = "CONCURRENT-MERGE"
            self.ids = partners.ids
        self.addCleanup(self._remove)

    def _remove(self):
        with self.committing() as env:
            partners = env["res.partner"].browse(self.ids).exists()
            env["crm.lead"].search([("partner_id", "in", self.ids)]).unlink()
            env["crm.suite.operation"].search(
                [("name", "ilike", "Concurrent merge")]
            ).unlink()
            partners.unlink()

    def merge(self, env, *numbers):
        ids = [self.ids[number] for number in numbers]
        return env["res.partner"].browse(ids).crm_suite_merge(ids[0])

    @mute_logger("odoo.sql_db")
    def test_of_two_merges_that_share_a_record_one_wins(self):
        with self.registry.cursor() as cr:
            second = api.Environment(cr, SUPERUSER_ID, {})
            second["res.partner"].browse(self.ids).mapped("name")
            with self.committing() as first:
                self.merge(first, 0, 1)
            with self.assertRaises(SerializationFailure):
                self.merge(second, 2, 1)
            cr.rollback()
            # What the server does with such a failure: it runs the request again.
            with self.assertRaisesRegex(UserError, "was merged into"):
                self.merge(second, 2, 1)
        with self.committing() as env:
            partners = env["res.partner"].browse(self.ids)
            self.assertEqual(partners.mapped("active"), [True, False, True])
            self.assertEqual(partners[1].crm_suite_merged_into_id, partners[0])

    @mute_logger("odoo.sql_db")
    def test_merge_waits_for_an_edit_and_takes_it_along(self):
        with self.registry.cursor() as cr:
            merge = api.Environment(cr, SUPERUSER_ID, {})
            merge["res.partner"].browse(self.ids).mapped("name")
            with self.committing() as edit:
                edit["res.partner"].browse(self.ids[1]).website = "http://new.example"
            with self.assertRaises(SerializationFailure):
                self.merge(merge, 0, 1)
            cr.rollback()
            self.merge(merge, 0, 1)
        with self.committing() as env:
            partner = env["res.partner"].browse(self.ids[0])
            self.assertEqual(partner.website, "http://new.example")

    def test_document_made_beside_the_merge_follows(self):
        """The import names the loser before the merge, and ends after it began."""
        with self.registry.cursor() as cr:
            merge = api.Environment(cr, SUPERUSER_ID, {})
            merge["res.partner"].browse(self.ids).mapped("name")
            with self.committing() as other:
                other["crm.lead"].create(
                    {"name": "Concurrent", "partner_id": self.ids[1]}
                )
            # Its view of the database is old: it cannot see the lead.
            self.merge(merge, 0, 1)
        with self.committing() as env:
            lead = env["crm.lead"].search([("name", "=", "Concurrent")], limit=1)
            self.assertEqual(lead.partner_id.id, self.ids[1])
            env["res.partner"].browse(self.ids[1])._crm_suite_follow()
        with self.committing() as env:
            lead = env["crm.lead"].search([("name", "=", "Concurrent")], limit=1)
            self.assertEqual(lead.partner_id.id, self.ids[0])

    def test_program_that_names_the_loser_reaches_the_survivor(self):
        with self.committing() as env:
            self.merge(env, 0, 1)
        with self.committing() as env:
            answer = env["res.partner"].crm_suite_upsert(
                {"ref": "CONCURRENT-MERGE", "name": "Old name", "city": "Wuhan"}, "ref"
            )
            self.assertEqual(answer, {"id": self.ids[0], "action": "updated"})
            partner = env["res.partner"].browse(self.ids[0])
            self.assertEqual(
                (partner.name, partner.city), ("Concurrent merge 0", "Wuhan")
            )

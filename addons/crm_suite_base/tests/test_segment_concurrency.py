from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged
from odoo.tools import mute_logger

from .concurrency_common import ConcurrencyCase


@tagged("post_install", "-at_install")
class TestSegmentConcurrency(ConcurrencyCase):
    """Two real transactions at once: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        with self.committing() as env:
            stage = env.ref("crm_suite_base.lifecycle_stage_lead")
            partners = env["res.partner"].create(
                [
                    {"name": f"Concurrent {n}", "crm_suite_lifecycle_id": stage.id}
                    for n in range(3)
                ]
            )
            partners[0].ref = "CONCURRENT"
            condition = {
                "kind": "attribute",
                "field": "ref",
                "operator": "is",
                "text": "CONCURRENT",
            }
            segment = env["crm.suite.segment"].create(
                {
                    "name": "Concurrent",
                    "definition": {"op": "all", "items": [condition]},
                }
            )
            self.partner_ids, self.segment_id = partners.ids, segment.id
        self.addCleanup(self._remove)

    def _remove(self):
        with self.committing() as env:
            self.segment(env).unlink()
            env["res.partner"].browse(self.partner_ids).unlink()

    def segment(self, env):
        return env["crm.suite.segment"].browse(self.segment_id)

    def change(self, env, index):
        env["res.partner"].browse(self.partner_ids[index]).ref = "CONCURRENT"
        self.segment(env)._refresh_in_order([self.partner_ids[index]])

    @mute_logger("odoo.sql_db")
    def test_the_second_run_starts_over_with_what_the_first_wrote(self):
        with self.registry.cursor() as cr:
            second = api.Environment(cr, SUPERUSER_ID, {})
            self.assertEqual(self.segment(second).member_count, 1)
            with self.committing() as first:
                self.change(first, 1)
            with self.assertRaises(SerializationFailure):
                self.change(second, 2)
            cr.rollback()
            # What the server and the scheduler do with such a failure: run it again.
            self.change(second, 2)
        with self.committing() as env:
            self.assertEqual(self.segment(env).member_ids.ids, self.partner_ids)
            self.assertEqual(self.segment(env).member_count, 3)
            events = self.segment(env)._consume("concurrent")
            self.assertEqual(events.partner_id.ids, self.partner_ids)

    def test_two_consumers_of_one_name_never_get_the_same(self):
        with self.committing() as env:
            self.segment(env)._add_cursors("concurrent", from_now=False)
        with self.committing() as first, self.committing() as second:
            self.assertEqual(len(self.segment(first)._consume("concurrent")), 1)
            self.assertFalse(self.segment(second)._consume("concurrent"))
        with self.committing() as env:
            self.assertFalse(self.segment(env)._consume("concurrent"))

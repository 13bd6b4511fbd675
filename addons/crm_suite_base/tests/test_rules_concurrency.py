from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .concurrency_common import ConcurrencyCase

RULES = ("crm.suite.grade.rule", "crm.suite.lifecycle.rule")


@tagged("post_install", "-at_install")
class TestRulesConcurrency(ConcurrencyCase):
    """Two real transactions at once: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        with self.committing() as env:
            stage = env.ref("crm_suite_base.lifecycle_stage_lead")
            partners = env["res.partner"].create(
                [
                    {
                        "name": f"Concurrent {number}",
                        "is_company": True,
                        "crm_suite_lifecycle_id": stage.id,
                    }
                    for number in range(3)
                ]
            )
            self.ids = partners.ids
            self.purchase_ids = (
                env["crm.suite.purchase"]
                .create(
                    [
                        {"partner_id": id_, "amount": 10, "date": fields.Date.today()}
                        for id_ in self.ids
                    ]
                )
                .ids
            )
            env["crm.suite.customer.metric"]._refresh(self.ids)
        self.addCleanup(self._remove)

    def _remove(self):
        with self.committing() as env:
            env["crm.suite.purchase"].browse(self.purchase_ids).unlink()
            env["res.partner"].browse(self.ids).unlink()
            env.cr.execute(
                "DELETE FROM crm_suite_metric_dirty WHERE partner_id = ANY(%s)",
                [self.ids],
            )

    def run_rules(self, env):
        for name in RULES:
            env[name]._recalculate(self.ids)

    def steps(self, env):
        return env["crm.suite.lifecycle.transition"].search(
            [("partner_id", "in", self.ids), ("source", "=", "rule")]
        )

    @mute_logger("odoo.sql_db")
    def test_the_second_run_starts_over_and_finds_nothing_to_do(self):
        with self.registry.cursor() as cr:
            second = api.Environment(cr, SUPERUSER_ID, {})
            self.assertFalse(self.steps(second))
            with self.committing() as first:
                self.run_rules(first)
            with self.assertRaises(SerializationFailure):
                self.run_rules(second)
            cr.rollback()
            # What the scheduler does with such a failure: run it again.
            self.run_rules(second)
        with self.committing() as env:
            steps = self.steps(env)
            self.assertEqual(sorted(steps.partner_id.ids), self.ids)
            self.assertEqual(len(steps), len(self.ids), "each step is noted once")
            partners = env["res.partner"].browse(self.ids)
            self.assertEqual(
                set(partners.mapped("crm_suite_lifecycle_id.code")), {"first"}
            )
            self.assertEqual(steps.to_id, partners.crm_suite_lifecycle_id)

    @mute_logger("odoo.sql_db")
    def test_two_runs_of_different_customers_do_not_wait(self):
        with self.registry.cursor() as cr:
            second = api.Environment(cr, SUPERUSER_ID, {})
            self.assertFalse(self.steps(second))
            with self.committing() as first:
                for name in RULES:
                    first[name]._recalculate(self.ids[:1])
                for name in RULES:
                    second[name]._recalculate(self.ids[1:])
        with self.committing() as env:
            self.assertEqual(sorted(self.steps(env).partner_id.ids), self.ids)

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import tagged

from .concurrency_common import ConcurrencyCase

NAME = "Concurrent figures"


@tagged("post_install", "-at_install")
class TestFiguresConcurrency(ConcurrencyCase):
    """Real transactions side by side: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)
        with self.committing() as env:
            customers = env["res.partner"].create(
                [{"name": f"{NAME} {number}", "is_company": True} for number in "12"]
            )
            self.first_id, self.second_id = customers.ids
        self.run_changes()

    def _remove(self):
        with self.committing() as env:
            partners = env["res.partner"].search([("name", "ilike", NAME)])
            domain = [("partner_id", "in", partners.ids)]
            env["crm.suite.purchase"].search(domain).unlink()
            partners.unlink()
            env["crm.suite.metric.dirty"].search([]).unlink()

    def run_changes(self):
        with self.committing() as env:
            env["crm.suite.metric.run"]._cron_changes()

    def buy(self, env, partner_id, amount=10):
        env["crm.suite.purchase"].create(
            {
                "partner_id": partner_id,
                "date": fields.Date.today(),
                "amount": amount,
                "company_id": env.ref("base.main_company").id,
            }
        )
        env.flush_all()

    def revenue(self, partner_id):
        with self.committing() as env:
            rows = env["crm.suite.customer.metric"].search(
                [("partner_id", "=", partner_id)]
            )
            return sum(rows.mapped("revenue"))

    def test_transaction_that_commits_late(self):
        """It began before the run and ends after it: its rows are dated before the
        run, and yet the next one finds them.
        """
        with self.registry.cursor() as cr:
            late = api.Environment(cr, SUPERUSER_ID, {})
            self.buy(late, self.first_id, 40)
            with self.committing() as env:
                self.buy(env, self.second_id, 5)
            self.run_changes()
            self.assertEqual(self.revenue(self.second_id), 5)
            with self.committing() as env:
                moment, _positions = env["crm.suite.metric.watermark"]._get("changes")
                self.assertLess(moment, late.cr.now())
            late.cr.commit()
        self.assertEqual(self.revenue(self.first_id), 0)
        self.run_changes()
        self.assertEqual(self.revenue(self.first_id), 40)

    def test_of_two_runs_the_second_leaves(self):
        with self.committing() as env:
            self.buy(env, self.first_id)
        with self.registry.cursor() as cr:
            busy = api.Environment(cr, SUPERUSER_ID, {})["crm.suite.metric.run"]
            self.assertTrue(busy._lock())
            self.run_changes()
            self.assertEqual(self.revenue(self.first_id), 0, "it did not wait")
            cr.rollback()
        self.run_changes()
        self.assertEqual(self.revenue(self.first_id), 10)

    def test_run_that_is_killed_half_way(self):
        with self.committing() as env:
            self.buy(env, self.first_id)
        with self.committing() as env:
            horizon = env["crm.suite.metric.watermark"]._horizon()
        with self.committing() as env:
            env["crm.suite.metric.run"]._collect(horizon)
        with self.registry.cursor() as cr:
            killed = api.Environment(cr, SUPERUSER_ID, {})
            self.assertTrue(killed["crm.suite.metric.run"]._run_chunk())
            killed.flush_all()
            cr.rollback()
        self.assertEqual(self.revenue(self.first_id), 0)
        self.run_changes()
        self.assertEqual(self.revenue(self.first_id), 10)

    def test_change_during_the_calculation(self):
        """What is committed while a chunk is calculated waits for the next run."""
        with self.committing() as env:
            self.buy(env, self.first_id, 10)
        with self.committing() as env:
            horizon = env["crm.suite.metric.watermark"]._horizon()
        with self.committing() as env:
            env["crm.suite.metric.run"]._collect(horizon)
        with self.committing() as env:
            self.assertTrue(env["crm.suite.metric.dirty"]._count())
            with self.committing() as other:
                self.buy(other, self.first_id, 7)
            env["crm.suite.metric.run"]._run_chunk()
        self.assertEqual(self.revenue(self.first_id), 10)
        self.run_changes()
        self.assertEqual(self.revenue(self.first_id), 17)

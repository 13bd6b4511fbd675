from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import uniform
from threading import Barrier
from time import sleep

from psycopg2 import OperationalError

from odoo import Command, api
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .concurrency_common import ConcurrencyCase

PEOPLE = 20


@tagged("post_install", "-at_install")
class TestPoolConcurrency(ConcurrencyCase):
    """Twenty transactions at once: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)
        with self.committing() as env:
            people = env["res.users"].concat(
                *(
                    new_test_user(
                        env,
                        f"pool_racer_{number}",
                        "crm_suite_base.group_crm_suite_sales_rep",
                        context={"no_reset_password": True},
                    )
                    for number in range(PEOPLE)
                )
            )
            self.people = people.ids
            pool = env["crm.suite.pool"].create(
                {
                    "name": "Race",
                    "user_ids": [Command.set(people.ids)],
                    "max_person": 3,
                    "max_day": 0,
                }
            )
            self.pool_id = pool.id
            customers = env["res.partner"].create(
                [
                    {
                        "name": f"Race {number}",
                        "crm_suite_lifecycle_id": env.ref(
                            "crm_suite_base.lifecycle_stage_lead"
                        ).id,
                        "user_id": False,
                    }
                    for number in range(PEOPLE)
                ]
            )
            self.customers = customers.ids
            self.assertTrue(all(r["ok"] for r in pool.action_add(customers.ids)))

    def _remove(self):
        with self.committing() as env:
            env.cr.execute(
                "DELETE FROM crm_suite_pool_move WHERE pool_id = %s", [self.pool_id]
            )
            customers = env["res.partner"].browse(self.customers).exists()
            customers.write({"crm_suite_pool_id": False, "user_id": False})
            customers.unlink()
            env["crm.suite.pool"].browse(self.pool_id).exists().unlink()
            operations = env["crm.suite.operation"].search(
                [("user_id", "in", self.people)]
            )
            operations.unlink()
            users = env["res.users"].browse(self.people).exists()
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def race(self, calls):
        """Claim at the same moment, as the server does it: a collision runs again.

        The environments are made here: the thread that runs the tests holds the lock
        of the registry, which a new environment asks for.
        """
        start = Barrier(len(calls))

        def claim(pool, ids):
            start.wait(60)
            for attempt in range(20):
                try:
                    rows = pool.action_claim(ids)
                    pool.env.cr.commit()
                    return rows
                except OperationalError:
                    pool.env.cr.rollback()
                    sleep(uniform(0, 0.05 * (attempt + 1)))
            return []

        with ExitStack() as cursors, ThreadPoolExecutor(len(calls)) as threads:
            waiting = []
            for user_id, ids in calls:
                cr = cursors.enter_context(self.registry.cursor())
                env = api.Environment(cr, user_id, {})
                pool = env["crm.suite.pool"].browse(self.pool_id)
                waiting.append(threads.submit(claim, pool, ids))
            return [answer.result(timeout=120) for answer in waiting]

    def owners(self):
        with self.committing() as env:
            return env["res.partner"].browse(self.customers).mapped("user_id.id")

    @mute_logger("odoo.sql_db")
    def test_of_twenty_people_one_gets_the_customer(self):
        answers = self.race([(user, self.customers[:1]) for user in self.people])
        rows = [row for answer in answers for row in answer]
        self.assertEqual(len(rows), PEOPLE)
        self.assertEqual(sum(row["ok"] for row in rows), 1)
        self.assertTrue(all(row["reason"] for row in rows if not row["ok"]))
        self.assertEqual(len(self.owners()), 1)

    @mute_logger("odoo.sql_db")
    def test_twenty_claims_of_one_person_stop_at_the_limit(self):
        one = self.people[0]
        answers = self.race([(one, [customer]) for customer in self.customers])
        rows = [row for answer in answers for row in answer]
        self.assertEqual(len(rows), PEOPLE)
        self.assertEqual(sum(row["ok"] for row in rows), 3)
        with self.committing() as env:
            owned = env["res.partner"].search_count([("user_id", "=", one)])
        self.assertEqual(owned, 3)

    @mute_logger("odoo.sql_db")
    def test_twenty_people_and_the_last_place_of_the_pool(self):
        with self.committing() as env:
            env["crm.suite.pool"].browse(self.pool_id).max_all = 1
        answers = self.race(
            [(user, [c]) for user, c in zip(self.people, self.customers, strict=True)]
        )
        rows = [row for answer in answers for row in answer]
        self.assertEqual(len(rows), PEOPLE)
        self.assertEqual(sum(row["ok"] for row in rows), 1)
        self.assertTrue(
            all("1 of at most 1" in row["reason"] for row in rows if not row["ok"])
        )
        self.assertEqual(len(self.owners()), 1)

import os
import time
from collections import Counter

from psycopg2.errors import SerializationFailure

import odoo
from odoo import SUPERUSER_ID, Command, api
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from .concurrency_common import ConcurrencyCase

LEADS = 40
CAPACITY = 12
MANY, MANY_CAPACITY = 5000, 1600


@tagged("post_install", "-at_install")
class TestAssignmentConcurrency(ConcurrencyCase):
    """Workers that assign the same leads at once; what is committed is removed by hand."""

    def setUp(self):
        super().setUp()
        with self.committing() as env:
            policies = env["crm.suite.assignment.policy"]
            self.were_on = policies.search([("state", "=", "on")]).ids
            policies.browse(self.were_on).state = "off"
            users = env["res.users"]
            for number in range(3):
                users |= new_test_user(
                    env,
                    f"suite_worker_{number}",
                    "crm_suite_base.group_crm_suite_sales_rep",
                    context={"no_reset_password": True},
                )
            policy = policies.create(
                {
                    "name": "Concurrent",
                    "res_model": "crm.lead",
                    "sticky": False,
                    "member_ids": [
                        Command.create({"user_id": user.id, "capacity": CAPACITY})
                        for user in users
                    ],
                    "rule_ids": [
                        Command.create(
                            {"name": "All", "domain": "[('referred', '=', 'RACE')]"}
                        )
                    ],
                }
            )
            policy._publish_rules()
            leads = env["crm.lead"].create(
                [
                    {"name": f"Race {n}", "referred": "RACE", "user_id": False}
                    for n in range(LEADS)
                ]
            )
            self.policy_id, self.user_ids = policy.id, users.ids
            self.lead_ids = leads.ids
        self.addCleanup(self._remove)

    def _remove(self):
        with self.committing() as env:
            env["crm.lead"].browse(self.lead_ids).unlink()
            logs = env["crm.suite.assignment.log"]
            logs.search([("policy_id", "=", self.policy_id)]).unlink()
            self.policy(env).unlink()
            users = env["res.users"].browse(self.user_ids)
            partners = users.partner_id
            users.unlink()
            partners.unlink()
            env["crm.suite.operation"].search(
                [("name", "ilike", "Concurrent")]
            ).unlink()
            policies = env["crm.suite.assignment.policy"]
            policies.browse(self.were_on).state = "on"

    def policy(self, env):
        return env["crm.suite.assignment.policy"].browse(self.policy_id)

    def check_shares(self, capacity=CAPACITY):
        """Each lead once, nobody above his capacity, nobody more than one above another."""
        with self.committing() as env:
            leads = env["crm.lead"].browse(self.lead_ids)
            counts = Counter(lead.user_id.id for lead in leads if lead.user_id)
            self.assertEqual(counts, dict.fromkeys(self.user_ids, capacity))
            logs = env["crm.suite.assignment.log"].search(
                [("policy_id", "=", self.policy_id), ("to_user_id", "!=", False)]
            )
            self.assertEqual(len(logs), 3 * capacity)
            self.assertEqual(len(set(logs.mapped("res_id"))), len(logs))

    def _make_many(self):
        """So many leads by one statement, and members who cannot carry all of them."""
        with self.committing() as env:
            self.policy(env).member_ids.capacity = MANY_CAPACITY
            env.flush_all()
            columns = [
                name
                for name, field in env["crm.lead"]._fields.items()
                if field.store and field.column_type and name not in ("id", "name")
            ]
            listed = SQL(", ").join(map(SQL.identifier, columns))
            rows = env.execute_query(
                SQL(
                    """
                    INSERT INTO crm_lead (name, %(columns)s)
                    SELECT 'Race', %(columns)s
                      FROM crm_lead CROSS JOIN generate_series(1, %(count)s)
                     WHERE id = %(id)s
                 RETURNING id
                    """,
                    columns=listed,
                    count=MANY - LEADS,
                    id=self.lead_ids[0],
                )
            )
            self.many_ids = [id_ for (id_,) in rows]
            self.lead_ids = self.lead_ids + self.many_ids
        self.addCleanup(self._remove_many)

    def _remove_many(self):
        """Before the rest: one by one they would take longer than the test."""
        with self.committing() as env:
            for table in ("mail_message", "mail_followers"):
                model = "model" if table == "mail_message" else "res_model"
                env.cr.execute(
                    SQL(
                        "DELETE FROM %s WHERE %s = 'crm.lead' AND res_id = ANY(%s)",
                        SQL.identifier(table),
                        SQL.identifier(model),
                        self.many_ids,
                    )
                )
            env.cr.execute(
                SQL("DELETE FROM crm_lead WHERE id = ANY(%s)", self.many_ids)
            )
        self.lead_ids = self.lead_ids[:LEADS]

    def _start_worker(self, start):
        """A process that assigns all leads, as a worker of the server does.

        It begins again after a serialization failure, like the server.
        """
        odoo.sql_db.close_all()
        pid = os.fork()
        if pid:
            return pid
        try:
            time.sleep(max(start - time.time(), 0))
            for _attempt in range(5):
                try:
                    with self.committing() as env:
                        self.policy(env)._assign(self.lead_ids, "sweep")
                    break
                except SerializationFailure:
                    time.sleep(0.1)
            else:
                os._exit(2)
        except BaseException:
            os._exit(1)
        os._exit(0)

    @mute_logger("odoo.sql_db")
    def test_processes_assign_the_same_leads_at_once(self):
        start = time.time() + 0.5
        pids = [self._start_worker(start) for _worker in range(3)]
        for pid in pids:
            _pid, status = os.waitpid(pid, 0)
            self.assertEqual(status, 0, "a worker died or never got its turn")
        self.check_shares()

    @mute_logger("odoo.sql_db")
    def test_two_processes_assign_the_same_5000_leads_at_once(self):
        self._make_many()
        self.assertEqual(len(self.lead_ids), MANY)
        start = time.time() + 0.5
        pids = [self._start_worker(start) for _worker in range(2)]
        for pid in pids:
            _pid, status = os.waitpid(pid, 0)
            self.assertEqual(status, 0, "a worker died or never got its turn")
        self.check_shares(MANY_CAPACITY)

    @mute_logger("odoo.sql_db")
    def test_second_run_starts_over_with_what_the_first_did(self):
        with self.registry.cursor() as cr:
            second = api.Environment(cr, SUPERUSER_ID, {})
            self.assertEqual(
                second["crm.lead"].browse(self.lead_ids[0]).user_id.ids, []
            )
            with self.committing() as first:
                self.policy(first)._assign(self.lead_ids, "sweep")
            with self.assertRaises(SerializationFailure):
                self.policy(second)._assign(self.lead_ids, "sweep")
            cr.rollback()
            self.policy(second)._assign(self.lead_ids, "sweep")
        self.check_shares()

    def test_records_that_somebody_holds_are_left_for_the_next_run(self):
        with self.committing() as holder:
            held = holder["crm.lead"].browse(self.lead_ids[0])
            held.lock_for_update()
            with self.committing() as env:
                logs = self.policy(env)._assign(self.lead_ids[:3], "sweep")
                self.assertEqual(logs.mapped("res_id"), self.lead_ids[1:3])
        with self.committing() as env:
            logs = self.policy(env)._assign(self.lead_ids[:3], "sweep")
            self.assertEqual(logs.mapped("res_id"), self.lead_ids[:1])

    def test_crash_in_the_middle_leaves_nothing(self):
        with self.assertRaises(ZeroDivisionError), self.committing() as env:
            self.policy(env)._assign(self.lead_ids, "sweep")
            env.flush_all()
            _boom = 1 / 0
        with self.committing() as env:
            self.assertFalse(env["crm.lead"].browse(self.lead_ids).user_id)
            self.assertFalse(self.policy(env).rule_ids.queue)
            self.policy(env)._assign(self.lead_ids, "sweep")
        self.check_shares()

    @mute_logger("odoo.sql_db", "odoo.addons.crm_suite_base.models.assignment_sweep")
    def test_scheduled_action_leaves_a_busy_policy_to_the_other_worker(self):
        with self.committing() as env:
            self.policy(env).state = "on"
        with self.registry.cursor() as cr:
            late = api.Environment(cr, SUPERUSER_ID, {})
            self.assertEqual(self.policy(late).state, "on")
            with self.committing() as first:
                self.policy(first)._assign(self.lead_ids, "sweep")
            # Its snapshot is older than the end of the other run.
            with self.assertRaises(SerializationFailure):
                self.policy(late)._run_all(lambda *args: None)
            cr.rollback()
            self.policy(late)._run_all(lambda *args: None)
        self.check_shares()

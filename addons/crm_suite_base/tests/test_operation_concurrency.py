import threading
import time
from contextlib import ExitStack

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .concurrency_common import ConcurrencyCase


@tagged("post_install", "-at_install")
class TestOperationConcurrency(ConcurrencyCase):
    """Two real transactions at once: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        with self.committing() as env:
            self.partner_ids = (
                env["res.partner"]
                .create([{"name": f"Concurrent {number}"} for number in range(2)])
                .ids
            )
        with self.committing() as env:
            with env["crm.suite.operation"].record("mass_edit", "Concurrent") as op:
                env["res.partner"].browse(self.partner_ids).write({"ref": "NEW"})
            self.operation_id = op.id
        self.addCleanup(self._remove)

    def _remove(self):
        with self.committing() as env:
            env["res.partner"].browse(self.partner_ids).exists().unlink()
            operations = env["crm.suite.operation"].search(
                [("name", "ilike", "Concurrent")]
            )
            operations.unlink()

    def operation(self, env):
        return env["crm.suite.operation"].browse(self.operation_id)

    def ref(self):
        with self.committing() as env:
            return env["res.partner"].browse(self.partner_ids).mapped("ref")

    @mute_logger("odoo.sql_db")
    def test_of_two_undos_one_wins_and_the_other_reads_who_did(self):
        with self.registry.cursor() as cr:
            second = api.Environment(cr, SUPERUSER_ID, {})
            self.assertEqual(self.operation(second).state, "done")
            with self.committing() as first:
                self.operation(first).action_undo()
            with self.assertRaises(SerializationFailure):
                self.operation(second).action_undo()
            cr.rollback()
            # What the server does with such a failure: it runs the request again.
            with self.assertRaisesRegex(UserError, "was undone by"):
                self.operation(second).action_undo()
        self.assertEqual(self.ref(), [False, False])

    @mute_logger("odoo.sql_db")
    def test_edit_during_the_undo_is_not_overwritten(self):
        with self.committing() as first, self.registry.cursor() as cr:
            second = api.Environment(cr, SUPERUSER_ID, {})
            self.assertEqual(self.operation(second).undo_preview()["restore"], 2)
            first["res.partner"].browse(self.partner_ids[0]).ref = "MINE"
            first.cr.commit()
            with self.assertRaises(SerializationFailure):
                self.operation(second).action_undo()
            cr.rollback()
            result = self.operation(second).action_undo()
            self.assertEqual((result["restored"], result["kept_count"]), (1, 1))
        self.assertEqual(self.ref(), ["MINE", False])

    def test_running_operation_cannot_be_undone_by_others(self):
        with self.committing() as env:
            operation = env["crm.suite.operation"].begin("import", "Concurrent job")
            self.operation_id = operation.id
        with self.committing() as env, self.operation(env).journal():
            env["res.partner"].browse(self.partner_ids).write({"ref": "JOB"})
            env.flush_all()
            with self.registry.cursor() as cr:
                other = self.operation(api.Environment(cr, SUPERUSER_ID, {}))
                with self.assertRaisesRegex(UserError, "still running"):
                    other.action_undo()
                cr.rollback()

    def test_two_workers_continue_one_operation(self):
        with self.committing() as env:
            operation = env["crm.suite.operation"].begin("import", "Concurrent job")
            self.operation_id = operation.id
        with self.committing() as one, self.committing() as two:
            with self.operation(one).journal(), self.operation(two).journal():
                one["res.partner"].browse(self.partner_ids[0]).ref = "ONE"
                two["res.partner"].browse(self.partner_ids[1]).ref = "TWO"
        with self.committing() as env:
            self.operation(env).close()
            self.assertEqual(self.operation(env).updated_count, 2)
            self.operation(env).action_undo()
        self.assertEqual(self.ref(), ["NEW", "NEW"])

    def test_closing_waits_for_workers_and_they_do_not_overtake_it(self):
        with self.committing() as env:
            operation = env["crm.suite.operation"].begin("import", "Concurrent job")
            self.operation_id = operation.id
        with ExitStack() as cursors:
            # Made here: the thread that runs the tests holds the lock of the registry.
            worker, closer, late = (
                api.Environment(
                    cursors.enter_context(self.registry.cursor()), SUPERUSER_ID, {}
                )
                for _name in range(3)
            )

            def close():
                self.operation(closer).close()
                closer.cr.commit()

            with self.operation(worker).journal():
                worker["res.partner"].browse(self.partner_ids[0]).ref = "CHUNK"
                thread = threading.Thread(target=close)
                thread.start()
                self._await_waiting()
                late.cr.execute("SET LOCAL lock_timeout = '200ms'")
                with mute_logger("odoo.sql_db"), self.assertRaises(LockNotAvailable):
                    with self.operation(late).journal():
                        self.fail("A new chunk began before the one who closes.")
                late.cr.rollback()
                self.assertTrue(thread.is_alive())
            worker.cr.commit()
            thread.join(30)
        with self.committing() as env:
            self.assertEqual(self.operation(env).state, "done")
            self.assertEqual(self.operation(env).updated_count, 1)

    def _await_waiting(self):
        """Until a transaction waits in the line of the operation."""
        for _attempt in range(300):
            with self.registry.cursor() as cr:
                cr.execute(
                    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"
                    " AND NOT granted AND objid = %s",
                    [self.operation_id],
                )
                if cr.rowcount:
                    return
            time.sleep(0.05)
        self.fail("Nobody waits.")

    def test_commit_inside_keeps_the_journal(self):
        with self.committing() as env:
            with env["crm.suite.operation"].record("import", "Concurrent") as operation:
                partner = env["res.partner"].create({"name": "Concurrent new"})
                env.cr.commit()
                partner.ref = "after the commit"
                env.cr.commit()
            self.assertEqual(operation.created_count, 1)
            self.assertEqual(operation.action_undo()["kept"], [])
            self.assertFalse(partner.exists())

    def test_rollback_inside_stops_the_journal(self):
        with self.committing() as env:
            with self.assertRaisesRegex(RuntimeError, "rolled back"):
                with env["crm.suite.operation"].record("import", "Concurrent"):
                    env.cr.rollback()
                    env["res.partner"].create({"name": "Concurrent unjournalled"})
                    env.flush_all()
            env.cr.rollback()

    def test_crash_between_chunks_leaves_what_was_committed(self):
        with self.committing() as env:
            operation = env["crm.suite.operation"].begin("import", "Concurrent job")
            self.operation_id = operation.id
        with self.committing() as env, self.operation(env).journal():
            env["res.partner"].browse(self.partner_ids[0]).ref = "CHUNK"
        with self.assertRaises(ZeroDivisionError), self.committing() as env:
            with self.operation(env).journal():
                env["res.partner"].browse(self.partner_ids[1]).ref = "CHUNK"
                env.flush_all()
                _boom = 1 / 0
        self.assertEqual(self.ref(), ["CHUNK", "NEW"])
        with self.committing() as env:
            self.assertEqual(self.operation(env).state, "open")
            self.assertEqual(self.operation(env).action_undo()["restored"], 1)
        self.assertEqual(self.ref(), ["NEW", "NEW"])

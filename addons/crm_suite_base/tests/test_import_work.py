from contextlib import contextmanager
from unittest.mock import patch

from psycopg2 import OperationalError

from odoo import api
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..models.import_target import ImportTarget
from ..models.import_target_orm import is_try_again
from ..models.import_work import MAX_ATTEMPTS
from .import_common import ImportCommon, ImportHelpers

ROWS = 30
FILE = "名称,编号\n" + "".join(f"公司{n},N{n:03}\n" for n in range(ROWS))
CHUNK = 7


@tagged("post_install", "-at_install")
class TestImportWork(ImportCommon):
    """What workers do with a large file."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(ImportTarget, "_import_chunk", CHUNK))

    def _large_batch(self, text=FILE, **values):
        with self._large():
            return self._batch(text, **values)

    def _count(self):
        return self.partners.search_count([("ref", "=like", "N0__")])

    def test_large_file_is_left_to_the_workers(self):
        batch = self._large_batch()
        self.assertFalse(batch._is_small())
        answer = batch.action_run()
        self.assertEqual((answer["state"], answer["phase"]), ("running", "load"))
        crons = self.env.ref("crm_suite_base.import_worker_1").sudo()
        crons |= self.env.ref("crm_suite_base.import_worker_2").sudo()
        triggers = (
            self.env["ir.cron.trigger"].sudo().search([("cron_id", "in", crons.ids)])
        )
        self.assertEqual(triggers.cron_id, crons)
        self._work(batch)
        self.assertCounts(batch.progress(), created=ROWS)
        self.assertEqual(batch.operation_id.created_count, ROWS)
        self.assertEqual(batch.operation_id.state, "done")

    def test_dry_run_by_workers(self):
        batch = self._large_batch()
        self.assertEqual(batch.action_dry_run()["state"], "checking")
        self._work(batch)
        answer = batch.progress()
        self.assertEqual(answer["state"], "ready")
        self.assertCounts(answer, created=ROWS)
        self.assertFalse(self._count())

    def test_progress_in_the_middle(self):
        batch = self._large_batch()
        batch.action_run()
        memory = {}
        while batch.phase != "import":
            batch._as_worker()._step(memory)
        batch._as_worker()._step(memory)
        self.assertCounts(batch.progress(), created=CHUNK, pending=ROWS - CHUNK)
        self.assertEqual(batch.progress()["percent"], round(100 * CHUNK / ROWS, 1))

    def test_cancel_and_go_on(self):
        batch = self._large_batch()
        batch.action_run()
        memory = {}
        while batch.phase != "import":
            batch._as_worker()._step(memory)
        batch._as_worker()._step(memory)
        answer = batch.action_cancel()
        self.assertEqual(answer["state"], "cancelled")
        self.assertFalse(batch._as_worker()._step(memory), "nothing is done any more")
        self.assertEqual(self._count(), CHUNK)
        batch.action_run()
        self._work(batch)
        self.assertCounts(batch.progress(), created=ROWS)
        self.assertEqual(self._count(), ROWS)
        batch.action_undo()
        self.assertFalse(self._count(), "both parts of the run are undone")

    def test_one_row_of_a_stopped_import(self):
        """The others are not given up for it."""
        batch = self._large_batch()
        batch.action_run()
        memory = {}
        while batch.phase != "import":
            batch._as_worker()._step(memory)
        batch.action_cancel()
        for state in ("cancelled", "failed"):
            batch.sudo().state = state
            row = batch.row_ids.filtered(lambda row: row.state == "pending")[-1]
            answer = row.action_retry()
            self.assertEqual((answer["state"], row.state), (state, "created"))
        self.assertCounts(answer, created=2, pending=ROWS - 2)
        batch.action_run()
        self._work(batch)
        self.assertCounts(batch.progress(), created=ROWS)
        self.assertEqual(batch.state, "done")

    def test_last_row_of_a_stopped_import_ends_it(self):
        batch = self._large_batch("名称,编号\n甲,N001\n")
        batch.action_run()
        memory = {}
        while batch.phase != "import":
            batch._as_worker()._step(memory)
        batch.action_cancel()
        self.assertEqual(batch.row_ids.action_retry()["state"], "done")
        self.assertCounts(batch.progress(), created=1)

    def test_one_row_of_a_stopped_check(self):
        batch = self._large_batch()
        batch.action_dry_run()
        memory = {}
        while batch.phase != "check":
            batch._as_worker()._step(memory)
        batch.action_cancel()
        self.assertEqual(batch.row_ids[0].action_retry()["state"], "previewed")

    def test_failing_rows_do_not_harm_the_others(self):
        """The chunk is halved until those that fail stand alone."""
        create = type(self.partners).create

        def picky(self, vals_list):
            if any(vals.get("name") in ("公司3", "公司5") for vals in vals_list):
                raise UserError(self.env._("Not this one."))
            return create(self, vals_list)

        with patch.object(type(self.partners), "create", picky):
            batch = self._large_batch()
            batch.action_run()
            self._work(batch)
        self.assertCounts(batch.progress(), created=ROWS - 2, rejected=2)
        self.assertRefused(batch.progress(), 5, "", "Not this one.")

    @mute_logger("odoo.addons.crm_suite_base.models.import_target_orm")
    def test_defect_in_a_hook_rejects_its_row(self):
        create = type(self.partners).create

        def broken(self, vals_list):
            if any(vals.get("name") == "公司3" for vals in vals_list):
                raise KeyError("defect")
            return create(self, vals_list)

        with patch.object(type(self.partners), "create", broken):
            _batch, answer = self._import(FILE)
        self.assertCounts(answer, created=ROWS - 1, rejected=1)
        self.assertRefused(answer, 5, "", "KeyError")

    def test_lost_chunk_is_done_again(self):
        """What a crash leaves behind is what was committed: nothing of the chunk."""
        batch = self._large_batch()
        batch.action_run()
        memory = {}
        while batch.phase != "import":
            batch._as_worker()._step(memory)
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            batch._as_worker()._step(memory)
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertCounts(batch.progress(), pending=ROWS)
        self._work(batch)
        self.assertCounts(batch.progress(), created=ROWS)
        self.assertEqual(self._count(), ROWS)

    @mute_logger("odoo.addons.crm_suite_base.models.import_work")
    def test_batch_is_given_up_in_the_end(self):
        batch = self._large_batch()
        batch.action_run()
        for _attempt in range(MAX_ATTEMPTS - 1):
            self.assertTrue(batch._note_failure(KeyError("x")))
        self.assertFalse(batch._note_failure(KeyError("x")))
        self.assertEqual(batch.state, "failed")
        self.assertIn("KeyError", batch.message)
        batch.action_run()
        self._work(batch)
        self.assertCounts(batch.progress(), created=ROWS)

    def test_user_error_ends_the_batch_with_its_words(self):
        batch = self._large_batch()
        batch.action_run()
        self.assertFalse(batch._note_failure(UserError("Too bad.")))
        self.assertEqual((batch.state, batch.message), ("failed", "Too bad."))

    def test_dry_run_sends_nothing(self):
        """What a hook wanted to do after the commit is forgotten."""
        create = type(self.partners).create
        sent = []

        def sending(self, vals_list):
            self.env.cr.postcommit.add(lambda: sent.append(1))
            return create(self, vals_list)

        before = len(self.env.cr.postcommit._funcs)
        with patch.object(type(self.partners), "create", sending):
            batch = self._batch(FILE)
            batch.action_dry_run()
            self.assertEqual(len(self.env.cr.postcommit._funcs), before)
            batch.action_run()
            self.assertGreater(len(self.env.cr.postcommit._funcs), before)

    def test_rows_and_file_are_forgotten_in_the_end(self):
        batch, _answer = self._import(FILE)
        batch.operation_id.sudo().undo_until = "2020-01-01"
        batch._gc_rows()
        self.assertFalse(batch.row_ids)
        self.assertFalse(batch.file)
        self.assertCounts(batch.progress(), created=ROWS)
        self.assertEqual(batch._gc_rows(), (0, 0))

    def test_files_that_were_never_imported_are_forgotten_too(self):
        uploaded, checked, failed, fresh = (self._batch(FILE) for _n in range(4))
        checked.action_dry_run()
        failed.sudo().write({"state": "failed", "loaded": ROWS})
        batches = uploaded + checked + failed
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_suite_import_batch SET write_date = '2020-01-01' WHERE id = ANY(%s)",
            (batches.ids,),
        )
        self.env.invalidate_all()
        for _batch in batches:
            self.assertEqual(fresh._gc_rows()[1], 1)
        self.assertEqual(fresh._gc_rows(), (0, 0))
        self.assertFalse(batches.row_ids)
        self.assertFalse(any(batch.file for batch in batches))
        self.assertTrue(fresh.file)
        self.assertEqual(batches.mapped("state"), ["draft", "draft", "failed"])
        with self.assertRaisesRegex(UserError, "Choose a file"):
            checked.action_run()

    def test_running_import_cannot_be_deleted(self):
        batch = self._large_batch()
        batch.action_run()
        with self.assertRaises(UserError):
            batch.unlink()
        batch.action_cancel()
        batch.unlink()


@tagged("post_install", "-at_install")
class TestImportTwoWorkers(ImportHelpers, TransactionCase):
    """Two transactions on one batch; this needs committed data."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(ImportTarget, "_import_chunk", CHUNK))
        with self._cursor() as env:
            batch = self._committed_batch(env)
            self.batch_id, self.user_id = batch.id, batch.user_id.id
        self.addCleanup(self._remove)

    @contextmanager
    def _cursor(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, api.SUPERUSER_ID, {})

    def _committed_batch(self, env):
        admin = env.ref("base.user_admin")
        self.env = env(user=admin)
        with self._large():
            batch = self._batch(FILE)
            batch.action_run()
        memory = {}
        while batch.phase != "import":
            batch._as_worker()._step(memory)
        return batch

    def _remove(self):
        with self._cursor() as env:
            batch = env["crm.suite.import.batch"].browse(self.batch_id)
            operation = batch.operation_id
            if batch.state == "running":
                batch.action_cancel()
            env["res.partner"].search([("ref", "=like", "N0__")]).unlink()
            batch.unlink()
            operation.unlink()

    def _browse(self, env):
        return env["crm.suite.import.batch"].browse(self.batch_id)._as_worker()

    def _claim(self, env):
        return self._browse(env)._claim_rows("row", CHUNK)

    def test_two_cursors_claim_different_rows(self):
        with self._cursor() as one, self._cursor() as two:
            first = {row.number for row in self._claim(one)}
            second = {row.number for row in self._claim(two)}
            self.assertEqual(len(first), CHUNK)
            self.assertEqual(len(second), CHUNK)
            self.assertFalse(first & second)
            one.cr.rollback()
            two.cr.rollback()

    def test_two_workers_share_a_batch(self):
        """Each takes its chunks while the other has not committed yet."""
        shares = [0, 0]
        with self._cursor() as one, self._cursor() as two:
            envs, memories = (one, two), ({}, {})
            busy = True
            while busy:
                busy = False
                for position, env in enumerate(envs):
                    if self._try_step(env, memories[position]):
                        shares[position] += 1
                        busy = True
                for env in envs:
                    env.cr.commit()
        self.assertGreater(min(shares), 1, "both had something to do")
        with self._cursor() as env:
            answer = env["crm.suite.import.batch"].browse(self.batch_id).progress()
            self.assertEqual(answer["state"], "done")
            self.assertCounts(answer, created=ROWS)
            partners = env["res.partner"].search([("ref", "=like", "N0__")])
            self.assertEqual(len(partners), ROWS)

    def _try_step(self, env, memory):
        """A step of a worker; lost against the other one, it is done again."""
        try:
            return self._browse(env)._step(memory)
        except OperationalError as error:
            self.assertTrue(is_try_again(error), error)
            env.cr.rollback()
            return 1

    def test_worker_waits_for_rows_of_the_other(self):
        with self._cursor() as one, self._cursor() as two:
            rows = self._browse(one)._claim_rows("row", ROWS)
            self.assertEqual(len(rows), ROWS)
            batch = self._browse(two)
            self.assertFalse(batch._step({}))
            self.assertTrue(batch._others_at_work())
            one.cr.rollback()
            self._browse(two).action_cancel()
            self.assertFalse(batch._others_at_work())
            two.cr.rollback()

    def test_waiting_wave_is_not_begun(self):
        """Rows that belong to others wait until those are committed."""
        with self._cursor() as env:
            env.cr.execute(
                "UPDATE crm_suite_import_row SET wave = 2 WHERE batch_id = %s AND number > %s",
                (self.batch_id, 1 + CHUNK),
            )
        with self._cursor() as one, self._cursor() as two:
            self.assertEqual(len(self._claim(one)), CHUNK)
            self.assertFalse(self._claim(two))
            one.cr.rollback()
            two.cr.rollback()

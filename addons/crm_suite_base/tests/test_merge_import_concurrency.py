from contextlib import contextmanager

from psycopg2 import OperationalError

from odoo import api
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..tools.retry import is_try_again
from .import_common import ImportHelpers

FILE = "ref,name,city\nMIC-2,Zweimal GmbH,Kassel\n"


@tagged("post_install", "-at_install")
class TestMergeWhileImport(ImportHelpers, TransactionCase):
    """A customer is merged while an import is about to update it.

    Two real transactions: what is committed here is removed by hand.
    """

    def setUp(self):
        super().setUp()
        with self._cursor() as env:
            stage = env["res.partner"]._crm_suite_first_stage()
            partners = env["res.partner"].create(
                [
                    {
                        "name": name,
                        "is_company": True,
                        "ref": ref,
                        "crm_suite_lifecycle_id": stage.id,
                    }
                    for name, ref in (("Zweimal", "MIC-1"), ("Zweimal GmbH", "MIC-2"))
                ]
            )
            self.ids = partners.ids
            self.env = env(user=env.ref("base.user_admin"))
            with self._large():
                batch = self._batch(FILE)
                batch.action_run()
            self.batch_id = batch.id
            memory = {}
            while batch.phase != "import":
                batch._as_worker()._step(memory)
        self.addCleanup(self._remove)

    def _remove(self):
        with self._cursor() as env:
            batch = env["crm.suite.import.batch"].browse(self.batch_id)
            operations = batch.operation_id
            operations |= env["crm.suite.operation"].search(
                [("kind", "=", "merge"), ("name", "ilike", "Zweimal")]
            )
            if batch.state == "running":
                batch.action_cancel()
            batch.unlink()
            operations.unlink()
            env["res.partner"].with_context(active_test=False).search(
                [("ref", "=like", "MIC-%")]
            ).unlink()

    @contextmanager
    def _cursor(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, api.SUPERUSER_ID, {})

    def _merge(self):
        with self._cursor() as env:
            env["res.partner"].browse(self.ids).crm_suite_merge(self.ids[0])

    def _work(self, env):
        """Steps of a worker; one that lost against the merge is done again."""
        batch, memory, lost = env["crm.suite.import.batch"].browse(self.batch_id), {}, 0
        while True:
            try:
                if not batch._as_worker()._step(memory):
                    return lost
                env.cr.commit()
            except OperationalError as error:
                self.assertTrue(is_try_again(error), error)
                env.cr.rollback()
                memory, lost = {}, lost + 1
                self.assertLess(lost, 5)

    @mute_logger("odoo.sql_db")
    def test_the_survivor_gets_what_the_row_says(self):
        with self._cursor() as worker:
            # Its view of the database is that before the merge.
            worker["res.partner"].browse(self.ids).mapped("name")
            self._merge()
            lost = self._work(worker)
        self.assertGreater(lost, 0, "the worker must have met the merge")
        with self._cursor() as env:
            stays, goes = env["res.partner"].browse(self.ids)
            self.assertEqual((stays.city, goes.city), ("Kassel", False))
            self.assertEqual((stays.active, goes.active), (True, False))
            answer = env["crm.suite.import.batch"].browse(self.batch_id).progress()
            self.assertEqual(answer["state"], "done")
            self.assertCounts(answer, updated=1)
            found = env["res.partner"].with_context(active_test=False)
            self.assertEqual(found.search_count([("ref", "=like", "MIC-%")]), 2)

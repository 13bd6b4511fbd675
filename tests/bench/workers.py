"""Imports as a server does them: started by a user, done by worker processes."""

import base64
import os
import signal
import time

import odoo
from odoo.modules.registry import Registry

from .bench import peak_memory, reset_peak_memory


def make_batch(bench, content, target, fields, file_name="file.csv"):
    """An import of ``content`` whose columns mean ``fields``; returns its id."""
    with bench.env(bench.suite_db, login="admin", commit=True) as env:
        batch = env["crm.suite.import.batch"].create(
            {
                "file": base64.b64encode(content),
                "file_name": file_name,
                "target": target,
                "create_missing": True,
            }
        )
        batch.action_preview()
        batch.mapping = [
            {**column, "field": field}
            for column, field in zip(batch.mapping, fields, strict=True)
        ]
        return batch.id


def call(bench, batch_id, method):
    """Call a method of the import as the user who started it does."""
    with bench.env(bench.suite_db, login="admin", commit=True) as env:
        return getattr(env["crm.suite.import.batch"].browse(batch_id), method)()


def undo(bench, batch_id):
    """Take an import back; a big one is what the scheduled action does.

    :return: what was kept, as the operation lists it
    """
    result = call(bench, batch_id, "action_undo")
    if not result["background"]:
        return result["kept"]
    with bench.env(bench.suite_db) as env:
        env["crm.suite.operation"]._cron_undo()
        operation = env["crm.suite.operation"].browse(result["operation_id"])
        assert operation.state == "done", operation.state
        return operation.kept or []


class Worker:
    """A process that works on an import until it is over, as the scheduled action does.

    A process, as the workers of a server are: with connections of its own.
    """

    def __init__(self, db, batch_id):
        odoo.sql_db.close_all()
        self.output, child_end = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(child_end)
            return
        try:
            growth = _work(db, batch_id)
            os.write(child_end, f"{growth:.0f}".encode())
        except BaseException:
            os._exit(1)
        os._exit(0)

    def kill(self):
        """End it in the middle of whatever it does."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.output)

    def join(self):
        """Wait for its end.

        :return: by how many MiB its memory grew
        """
        _pid, status = os.waitpid(self.pid, 0)
        with os.fdopen(self.output) as output:
            text = output.read()
        assert status == 0, "a worker of the import died"
        return int(text)


def _work(db, batch_id):
    reset_peak_memory()
    before = peak_memory()
    while True:
        with Registry(db).cursor() as cr:
            env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
            batch = env["crm.suite.import.batch"].browse(batch_id)
            if batch.state != "running":
                return peak_memory() - before
            batch._work()
        time.sleep(0.3)

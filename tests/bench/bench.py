"""The two databases under test and the ways to time something in them."""

import contextlib
import os
import time

import odoo
from odoo.modules.registry import Registry

CUSTOMERS = int(os.environ.get("CRM_SUITE_BENCH_CUSTOMERS", 200_000))
INTERACTIONS = int(os.environ.get("CRM_SUITE_BENCH_INTERACTIONS", 5_000_000))
ROUNDS = int(os.environ.get("CRM_SUITE_BENCH_ROUNDS", 15))


class Bench:
    """Handed to every benchmark.

    :ivar suite_db: name of a database with the suite
    :ivar host_db: name of a database with the suite's dependencies only
    """

    def __init__(self, suite_db, host_db):
        self.suite_db = suite_db
        self.host_db = host_db

    @contextlib.contextmanager
    def env(self, db, login=None, commit=False):
        """An environment of ``login`` (the superuser by default) in database ``db``.

        Rolled back at the end unless ``commit`` is set.
        """
        with Registry(db).cursor() as cr:
            env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
            if login:
                user = env["res.users"].search([("login", "=", login)])
                env = odoo.api.Environment(cr, user.id, {"lang": "en_US"})
            yield env
            env.flush_all()
            if commit:
                cr.commit()
            else:
                cr.rollback()

    def seconds(self, db, action, prepare=None, login=None):
        """Time ``action(env, prepared)`` once, flush included, then roll back."""
        with self.env(db, login) as env:
            prepared = prepare(env) if prepare else None
            env.flush_all()
            env.invalidate_all()
            start = time.perf_counter()
            action(env, prepared)
            env.flush_all()
            return time.perf_counter() - start

    def paired(self, action, prepare=None, rounds=ROUNDS):
        """Time one action in both databases in turn.

        In turn, so that a change of the machine's speed touches both.

        :return: seconds with the suite, seconds without
        :rtype: tuple[list[float], list[float]]
        """
        self.seconds(self.suite_db, action, prepare)
        self.seconds(self.host_db, action, prepare)
        ours, base = [], []
        for turn in range(rounds):
            order = [(self.suite_db, ours), (self.host_db, base)]
            for db, times in order if turn % 2 else reversed(order):
                times.append(self.seconds(db, action, prepare))
        return ours, base


def peak_memory():
    """Peak resident memory of this process in MiB."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    raise RuntimeError("VmHWM is missing from /proc/self/status")


def reset_peak_memory():
    """Let :func:`peak_memory` count from now on."""
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")

"""All customers once through the import, with everything that can come between."""

import time

from .bench import CUSTOMERS
from .bench_import import FIELDS, customer_file
from .report import Row
from .workers import Worker, call, make_batch

# What a worker's memory may grow by, whatever the size of the file.
MEMORY_MIB = 300
# Where a worker is killed and where the user cancels, as parts of the file.
KILL, CANCEL = 0.15, 0.4


def run(bench):
    mark = f"long{time.time():.0f}"
    content = customer_file(mark, CUSTOMERS)
    batch_id = make_batch(bench, content, "customer", FIELDS)
    started = time.perf_counter()
    call(bench, batch_id, "action_run")
    crew = [Worker(bench.suite_db, batch_id) for _ in range(2)]
    _wait(bench, batch_id, KILL)
    crew[0].kill()
    crew[0] = Worker(bench.suite_db, batch_id)
    _wait(bench, batch_id, CANCEL)
    call(bench, batch_id, "action_cancel")
    growth = [worker.join() for worker in crew]
    yield _cancelled(bench, batch_id, mark)
    call(bench, batch_id, "action_run")
    crew = [Worker(bench.suite_db, batch_id) for _ in range(2)]
    growth += [worker.join() for worker in crew]
    seconds = time.perf_counter() - started
    yield Row(
        f"import of {CUSTOMERS:,} customers, 2 workers: memory of a worker",
        f"+{max(growth)} MiB",
        f"≤ {MEMORY_MIB} MiB",
        max(growth) <= MEMORY_MIB,
    )
    yield _finished(bench, batch_id, mark, seconds)


def _wait(bench, batch_id, part):
    """Wait until ``part`` of the rows are done."""
    while True:
        progress = call(bench, batch_id, "progress")
        assert progress["state"] == "running", progress
        if progress["created"] >= part * CUSTOMERS:
            return
        time.sleep(2)


def _customers(bench, mark):
    """How many customers of the file there are, and how many different ones."""
    with bench.env(bench.suite_db) as env:
        env.cr.execute(
            "SELECT count(*), count(DISTINCT ref) FROM res_partner WHERE ref LIKE %s",
            [f"{mark}-%"],
        )
        return env.cr.fetchone()


def _cancelled(bench, batch_id, mark):
    progress = call(bench, batch_id, "progress")
    count, different = _customers(bench, mark)
    ok = (
        progress["state"] == "cancelled"
        and count == different == progress["created"]
        and progress["created"] + progress["pending"] == CUSTOMERS
        # Cancelling is prompt: the rest of the file waits.
        and progress["created"] < 2 * CANCEL * CUSTOMERS
    )
    return Row(
        "  cancelled in the middle, after a worker was killed",
        f"{progress['created']:,} created, {progress['pending']:,} waiting",
        "as many customers as rows done",
        ok,
    )


def _finished(bench, batch_id, mark, seconds):
    progress = call(bench, batch_id, "progress")
    count, different = _customers(bench, mark)
    return Row(
        "  gone on to the end",
        f"{different:,} customers in {seconds / 60:.0f} min",
        "every row of the file once",
        progress["state"] == "done"
        and count == different == progress["created"] == CUSTOMERS,
    )

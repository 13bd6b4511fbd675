"""Imports of real files, with figures that are checked against the source.

The files lie in ``shared/data`` beside the checkout, or where
``CRM_SUITE_SHARED_DATA`` says; without them there is nothing to measure.
"""

import os
import pathlib
import time
from decimal import Decimal

from .report import Row
from .workers import Worker, call, make_batch, undo

DATA = pathlib.Path(
    os.environ.get("CRM_SUITE_SHARED_DATA")
    or pathlib.Path(__file__).parents[3] / "shared" / "data"
)


def run(bench):
    path = DATA / "cdnow" / "CDNOW_master.txt"
    if not path.exists():
        yield Row(f"real files: {path} is not there", "skipped")
        return
    yield from _cdnow(bench, path.read_bytes())


def _cdnow(bench, content):
    """All purchases of CDNOW with their customers, and undone without a trace."""
    lines = [line.split() for line in content.decode().splitlines()[1:]]
    expected = (
        len(lines),
        len({line[0] for line in lines}),
        sum(Decimal(line[3]) for line in lines),
    )
    before = _figures(bench)
    fields = ["partner_id/ref", "date", "quantity", "amount"]
    batch_id = make_batch(bench, content, "purchase", fields, "CDNOW_master.txt")
    started = time.perf_counter()
    call(bench, batch_id, "action_run")
    crew = [Worker(bench.suite_db, batch_id) for _ in range(2)]
    for worker in crew:
        worker.join()
    seconds = time.perf_counter() - started
    progress = call(bench, batch_id, "progress")
    found = _figures(bench)
    brought = (
        found[0] - before[0],
        progress["implied"],
        found[2] - before[2],
    )
    yield Row(
        f"CDNOW, imported in {seconds:.0f} s",
        "{:,} purchases of {:,} customers, {:,}".format(*brought),
        "{:,}, {:,}, {:,}".format(*expected),
        brought == expected
        and found[1] - before[1] == expected[1]
        and progress["rejected"] == progress["pending"] == 0,
    )
    started = time.perf_counter()
    kept = undo(bench, batch_id)
    seconds = time.perf_counter() - started
    yield Row(
        f"  undone in {seconds:.0f} s",
        f"{len(kept)} kept",
        "no trace",
        _figures(bench) == before and not kept,
    )


def _figures(bench):
    """Purchases, partners, revenue."""
    with bench.env(bench.suite_db) as env:
        env.cr.execute(
            "SELECT count(*), (SELECT count(*) FROM res_partner),"
            " round(coalesce(sum(amount), 0), 2)::text FROM crm_suite_purchase"
        )
        purchases, partners, revenue = env.cr.fetchone()
        return purchases, partners, Decimal(revenue)

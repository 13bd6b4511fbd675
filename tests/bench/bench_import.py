"""Imports: customers beside the host's ``base_import``, and purchases."""

import base64
import csv
import io
import os
import time

import odoo
from odoo.modules.registry import Registry

from .bench import CUSTOMERS
from .dataset import ensure_customers
from .report import Row

ROWS = int(os.environ.get("CRM_SUITE_BENCH_IMPORT", 10_000))
PURCHASES = int(os.environ.get("CRM_SUITE_BENCH_PURCHASES", 100_000))
FIELDS = ["name", "ref", "email", "phone", "city", "country_id"]
BAR_ONE, BAR_TWO, BAR_PURCHASES = 1.0, 1.6, 10_000


def run(bench):
    mark = f"imp{time.time():.0f}"
    host = ROWS / _host(bench, _customers(mark + "h"))
    yield Row(f"base_import: {ROWS:,} contacts", f"{host:.0f} rows/s")
    for workers, bar in ((1, BAR_ONE), (2, BAR_TWO)):
        rate = ROWS / _ours(
            bench, _customers(f"{mark}w{workers}"), "customer", FIELDS, workers, ROWS
        )
        yield Row(
            f"import of {ROWS:,} customers, {workers} worker(s), vs base_import",
            f"{rate / host:.2f} × ({rate:.0f} rows/s)",
            f"≥ {bar} ×",
            rate / host >= bar,
        )
    fields = ["partner_id/ref", "date", "quantity", "amount"]
    # Of customers that are there: making them is what the lines above measure.
    ensure_customers(bench, bench.suite_db)
    rate = PURCHASES / _ours(bench, _purchases(), "purchase", fields, 1, PURCHASES)
    yield Row(
        f"import of {PURCHASES:,} purchases",
        f"{rate:.0f} rows/s",
        f"≥ {BAR_PURCHASES:,} rows/s",
        rate >= BAR_PURCHASES,
    )


def _file(head, rows):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode()


def _customers(mark):
    return _file(
        ["Name", "Reference", "Email", "Phone", "City", "Country"],
        (
            [
                f"{mark} Customer {number} Ltd",
                f"{mark}-{number}",
                f"info@{mark}{number}.example.com",
                f"+86 138 {number // 10_000:04} {number % 10_000:04}",
                f"City {number % 300}",
                "China",
            ]
            for number in range(ROWS)
        ),
    )


def _purchases():
    return _file(
        ["Customer", "Date", "Quantity", "Amount"],
        (
            [
                f"bench-{number % CUSTOMERS + 1}",
                f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}",
                number % 5 + 1,
                f"{number % 9000 / 100:.2f}",
            ]
            for number in range(PURCHASES)
        ),
    )


def _host(bench, content):
    """Seconds of the host's import of the file, in the database without the suite."""
    options = {
        "has_headers": True,
        "quoting": '"',
        "separator": ",",
        "encoding": "utf-8",
        "date_format": "",
        "datetime_format": "",
        "float_thousand_separator": ",",
        "float_decimal_separator": ".",
        "advanced": True,
    }
    with bench.env(bench.host_db, login="admin") as env:
        wizard = env["base_import.import"].create(
            {
                "res_model": "res.partner",
                "file": content,
                "file_name": "customers.csv",
                "file_type": "text/csv",
            }
        )
        start = time.perf_counter()
        result = wizard.execute_import(FIELDS, [], options)
        env.flush_all()
        assert len(result["ids"] or ()) == ROWS, result["messages"][:3]
        return time.perf_counter() - start


def _ours(bench, content, target, fields, workers, expected):
    """Seconds from starting the run to the last row, committed, journal included."""
    db = bench.suite_db
    with bench.env(db, login="admin", commit=True) as env:
        batch = env["crm.suite.import.batch"].create(
            {
                "file": base64.b64encode(content),
                "file_name": f"{target}.csv",
                "target": target,
                "create_missing": True,
            }
        )
        batch.action_preview()
        batch.mapping = [
            {**column, "field": field}
            for column, field in zip(batch.mapping, fields, strict=True)
        ]
        batch_id = batch.id
    start = time.perf_counter()
    with bench.env(db, login="admin", commit=True) as env:
        env["crm.suite.import.batch"].browse(batch_id).action_run()
    # Processes, as the workers of a server are: each with connections of its own.
    odoo.sql_db.close_all()
    children = [_fork(db, batch_id) for _ in range(workers)]
    for child in children:
        _pid, status = os.waitpid(child, 0)
        assert status == 0, "a worker of the import died"
    seconds = time.perf_counter() - start
    with bench.env(db, login="admin") as env:
        progress = env["crm.suite.import.batch"].browse(batch_id).progress()
        assert progress["state"] == "done", progress
        assert progress["created"] == expected, progress
    return seconds


def _fork(db, batch_id):
    child = os.fork()
    if child:
        return child
    try:
        _work(db, batch_id)
    except BaseException:
        os._exit(1)
    os._exit(0)


def _work(db, batch_id):
    """What the scheduled action does when it is woken, until the import is over."""
    while True:
        with Registry(db).cursor() as cr:
            env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
            batch = env["crm.suite.import.batch"].browse(batch_id)
            if batch.state != "running":
                return
            batch._work()
        time.sleep(0.05)

"""Imports: customers beside the host's ``base_import``, and purchases."""

import csv
import hashlib
import io
import os
import time

from .bench import CUSTOMERS
from .dataset import ensure_customers
from .report import Row
from .workers import Worker, call, make_batch

ROWS = int(os.environ.get("CRM_SUITE_BENCH_IMPORT", 10_000))
PURCHASES = int(os.environ.get("CRM_SUITE_BENCH_PURCHASES", 100_000))
FIELDS = ["name", "ref", "email", "phone", "city", "country_id"]
_SYLLABLES = [a + b + c for a in "bdgk" for b in "aeio" for c in "lmnr"]
BAR_ONE, BAR_TWO, BAR_PURCHASES = 1.0, 1.6, 10_000


def run(bench):
    mark = f"imp{time.time():.0f}"
    host = ROWS / _host(bench, customer_file(mark + "h"))
    yield Row(f"base_import: {ROWS:,} contacts", f"{host:.0f} rows/s")
    for workers, bar in ((1, BAR_ONE), (2, BAR_TWO)):
        rate = ROWS / _ours(
            bench, customer_file(f"{mark}w{workers}"), "customer", FIELDS, workers, ROWS
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
    with bench.env(bench.suite_db, commit=True) as env:
        # Those of an earlier run would be found again.
        env.cr.execute("DELETE FROM crm_suite_purchase WHERE import_key IS NOT NULL")
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


def customer_file(mark, rows=ROWS):
    """A CSV file of customers whose references begin with ``mark``.

    Their names and numbers differ as those of real customers do: names that differ in
    a digit would be thousands of suspected duplicates of each other.
    """
    return _file(
        ["Name", "Reference", "Email", "Phone", "City", "Country"],
        (customer_row(mark, number) for number in range(rows)),
    )


def customer_row(mark, number):
    """Name, reference, e-mail, phone, city and country of one customer."""
    chance = hashlib.sha256(f"{mark}-{number}".encode())
    word = "".join(_SYLLABLES[byte % 64] for byte in chance.digest()[:6])
    digits = f"{int(chance.hexdigest(), 16) % 10**8:08}"
    return [
        f"{word[:6].title()} {word[6:].title()} Ltd",
        f"{mark}-{number}",
        f"info@{mark}{number}.example.com",
        f"+86 139 {digits[:4]} {digits[4:]}",
        f"City {number % 300}",
        "China",
    ]


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
    batch_id = make_batch(bench, content, target, fields)
    start = time.perf_counter()
    call(bench, batch_id, "action_run")
    crew = [Worker(bench.suite_db, batch_id) for _ in range(workers)]
    for worker in crew:
        worker.join()
    seconds = time.perf_counter() - start
    progress = call(bench, batch_id, "progress")
    assert progress["state"] == "done", progress
    assert progress["created"] == expected, progress
    return seconds

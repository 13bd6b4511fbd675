"""Undo of an import that created and updated customers, some of which live on."""

import csv
import io
import os
import time

from .bench_import import FIELDS, customer_row
from .report import Row
from .workers import Worker, call, make_batch, undo

CREATED = UPDATED = int(os.environ.get("CRM_SUITE_BENCH_UNDO", 5_000))
EDITED, ORDERED = 10, 3


def run(bench):
    mark = f"undo{time.time():.0f}"
    _make_customers(bench, mark)
    before = _images(bench, mark)
    batch_id = make_batch(bench, _file(mark), "customer", FIELDS)
    call(bench, batch_id, "action_run")
    crew = [Worker(bench.suite_db, batch_id) for _ in range(2)]
    for worker in crew:
        worker.join()
    progress = call(bench, batch_id, "progress")
    yield Row(
        "import to be undone",
        f"{progress['created']:,} created, {progress['updated']:,} updated",
        f"{CREATED:,}, {UPDATED:,}",
        (progress["created"], progress["updated"]) == (CREATED, UPDATED),
    )
    touched = _live_on(bench, mark)
    started = time.perf_counter()
    kept = {entry["res_id"] for entry in undo(bench, batch_id)}
    seconds = time.perf_counter() - started
    yield Row(
        f"undo: kept and listed, in {seconds:.0f} s",
        f"{len(kept)} customers",
        f"the {len(touched)} that were edited or got orders",
        kept == touched,
    )
    after = _images(bench, mark)
    same = sum(before[id_] == after.get(id_) for id_ in before if id_ not in touched)
    yield Row(
        "  the others are as before, value for value",
        f"{same:,} the same, {len(set(after) - set(before) - touched)} left over",
        "all, none",
        same == len(set(before) - touched) and set(after) == set(before) | touched,
    )


def _make_customers(bench, mark):
    with bench.env(bench.suite_db, login="admin", commit=True) as env:
        partners = env["res.partner"].with_context(tracking_disable=True)
        partners.create(
            [
                {
                    # Unlike each other, as customers are.
                    "name": customer_row(f"{mark}-old", number)[0],
                    "ref": f"{mark}-{number}",
                    "city": "Before",
                    "is_company": True,
                    "crm_suite_lifecycle_id": partners._crm_suite_first_stage().id,
                }
                for number in range(UPDATED)
            ]
        )


def _file(mark):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Name", "Reference", "Email", "Phone", "City", "Country"])
    for number in range(UPDATED + CREATED):
        name, ref, mail, phone, _city, country = customer_row(mark, number)
        writer.writerow([name, ref, mail, phone, "After", country])
    return text.getvalue().encode()


def _images(bench, mark):
    """All columns of the customers, but for who wrote them last and when."""
    with bench.env(bench.suite_db) as env:
        env.cr.execute(
            "SELECT id, to_jsonb(p) - '{write_date,write_uid}'::text[]"
            " FROM res_partner p WHERE ref LIKE %s",
            [f"{mark}-%"],
        )
        return dict(env.cr.fetchall())


def _live_on(bench, mark):
    """Edit some customers by hand, half of them new ones; give new ones orders.

    :return: their ids
    """
    with bench.env(bench.suite_db, login="admin", commit=True) as env:
        half = EDITED // 2
        numbers = [*range(half), *range(UPDATED, UPDATED + half + ORDERED)]
        found = env["res.partner"].search(
            [("ref", "in", [f"{mark}-{number}" for number in numbers])]
        )
        ordering = found.filtered(
            lambda partner: int(partner.ref.rpartition("-")[2]) >= UPDATED + half
        )
        for partner in found - ordering:
            partner.write({"city": "By hand"})
        env["sale.order"].create([{"partner_id": partner.id} for partner in ordering])
        assert len(found) == EDITED + ORDERED
        return set(found.ids)

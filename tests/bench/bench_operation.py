"""What journalling and undo cost, beside the same work without them."""

import time
import timeit
from contextlib import nullcontext

from odoo.tools import SQL

from .report import Row

ROWS = 70_000
RECORDS = 1_000


def run(bench):
    with bench.env(bench.suite_db) as env:
        yield _unused(env)
        yield from _set_based(env)
        yield from _through_the_orm(env)
        env.cr.rollback()


def _clock(act):
    started = time.perf_counter()
    result = act()
    return result, time.perf_counter() - started


def _unused(env):
    """The look-up that every write pays while no operation runs."""
    key, cursor = "crm_suite_journal", env.cr
    seconds = timeit.timeit(lambda: vars(cursor).get(key), number=10**6)
    return Row("journal not in use: its look-up", f"{seconds * 1000:.0f} ns per write")


def _insert(env, tag):
    partner = env["res.partner"].search([], limit=1)
    return SQL(
        """
        INSERT INTO crm_suite_purchase (partner_id, date, reference, amount, quantity,
                                        currency_id, company_id)
        SELECT %s, now()::date, %s || n, 10.5, 1, %s, %s FROM generate_series(1, %s) n
        """,
        partner.id,
        tag,
        env.company.currency_id.id,
        env.company.id,
        ROWS,
    )


def _set_based(env):
    plain, journalled = _insert(env, "plain-"), _insert(env, "journalled-")
    _, without = _clock(lambda: env.cr.execute(plain))

    def record():
        with env["crm.suite.operation"].record("import", "bench") as operation:
            operation.log_sql("crm.suite.purchase", journalled)
        return operation

    operation, with_journal = _clock(record)
    yield Row(
        f"insert {ROWS} purchases by SQL, journalled",
        f"{with_journal:.2f} s, {with_journal / without:.2f} × plain",
    )
    _, seconds = _clock(operation.undo_preview)
    yield Row(f"say what undo of {ROWS} would do", f"{seconds:.2f} s")


def _through_the_orm(env):
    """The same writes twice, first without and then with a journal."""
    partners = env["res.partner"].create(
        [{"name": f"Undo bench {n}", "street": "Old"} for n in range(RECORDS)]
    )
    env.flush_all()

    def write(street):
        for number, partner in enumerate(partners):
            partner.write({"street": f"{street} {number}", "comment": street})
        env.flush_all()

    def journalled(street, operation):
        with operation:
            write(street)

    _, warm = _clock(lambda: journalled("Warm", nullcontext()))
    _, without = _clock(lambda: journalled("Plain", nullcontext()))
    recording = env["crm.suite.operation"].record("mass_edit", "bench")
    _, with_journal = _clock(lambda: journalled("New", recording))
    yield Row(
        f"write {RECORDS} contacts, journalled",
        f"{with_journal:.2f} s, {with_journal / min(without, warm):.2f} × plain",
    )
    operation = env["crm.suite.operation"].search([], limit=1)
    result, seconds = _clock(operation._undo)
    yield Row(f"undo {result['restored']} changed contacts", f"{seconds:.2f} s")

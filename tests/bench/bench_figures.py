"""Figures of customers: all of them, and a hundred that changed."""

import statistics
from datetime import timedelta

from odoo.tools import SQL

from .bench import CUSTOMERS, peak_memory, reset_peak_memory
from .dataset import ensure_customers, ensure_orders
from .report import Row, ratio_row

SMALL = CUSTOMERS // 10
CHANGED = 100
CHANGED_SECONDS = 0.5
GROWTH = 2
FULL_RATIO = 3
FULL_ROUNDS = 7
CHANGED_ROUNDS = 9


def run(bench):
    small = None
    if _customers(bench) <= SMALL:
        ensure_orders(bench, bench.suite_db, SMALL)
        _fill(bench)
        small = _changed(bench)
    ensure_customers(bench, bench.suite_db)
    orders = ensure_orders(bench, bench.suite_db)
    yield from _full(bench, orders)
    _fill(bench)
    yield _unchanged(bench)
    large = _changed(bench)
    yield Row(
        f"figures: {CHANGED} changed of {CUSTOMERS:,} customers",
        f"{large * 1000:.0f} ms",
        f"≤ {CHANGED_SECONDS * 1000:.0f} ms",
        large <= CHANGED_SECONDS,
    )
    if small is None:
        yield Row("figures: the same of fewer customers", "run this benchmark alone")
        return
    yield Row(
        f"figures: {CHANGED} changed, {CUSTOMERS:,} vs {SMALL:,} customers",
        f"{large / small:.2f} × ({large * 1000:.0f} ms : {small * 1000:.0f} ms)",
        f"≤ {GROWTH} ×",
        large / small <= GROWTH,
    )


def _customers(bench):
    with bench.env(bench.suite_db) as env:
        return env["res.partner"].search_count([("ref", "=like", "bench-%")])


def _fill(bench):
    """Calculate and keep everything, as a database in use has it."""
    with bench.env(bench.suite_db, commit=True) as env:
        env["crm.suite.customer.metric"]._refresh()
        cr = env.cr
        cr.commit()
        cr._cnx.autocommit = True
        cr.execute("VACUUM ANALYZE crm_suite_customer_metric")
        cr._cnx.autocommit = False


def _full(bench, orders):
    """The full rebuild into an empty table beside the bare aggregate of the facts."""

    def empty(env):
        # Deleted rows would stay in the indexes until the end of the transaction, and
        # every new one would look at its dead twin.
        env.cr.execute("TRUNCATE crm_suite_customer_metric")

    def rebuild(env, _prepared):
        assert len(env["crm.suite.customer.metric"]._refresh()) >= CUSTOMERS

    def aggregate(env, _prepared):
        env.execute_query(
            SQL(
                """
                SELECT count(*), sum(revenue) FROM (
                    SELECT partner_id, company_id, sum(amount) AS revenue,
                           count(DISTINCT (document_model, document_id)), min(day),
                           max(day)
                      FROM (%s) fact
                  GROUP BY partner_id, company_id
                ) customer
                """,
                env["crm.suite.purchase.fact"]._purchase_union(),
            )
        )

    reset_peak_memory()
    ours, base = [], []
    for _turn in range(FULL_ROUNDS):
        ours.append(bench.seconds(bench.suite_db, rebuild, empty))
        base.append(bench.seconds(bench.suite_db, aggregate))
    yield ratio_row(
        f"figures: rebuild of {CUSTOMERS:,} customers, {orders:,} orders, vs the bare"
        " aggregate",
        ours,
        base,
        FULL_RATIO,
    )
    yield Row("figures: peak memory of the rebuild", f"{peak_memory():.0f} MiB")


def _unchanged(bench):
    def rebuild(env, _prepared):
        assert not env["crm.suite.customer.metric"]._refresh()

    seconds = bench.seconds(bench.suite_db, rebuild)
    return Row("figures: rebuild in which nothing differs", f"{seconds:.1f} s")


def _changed(bench):
    """Find the customers by their dates of writing and calculate them.

    :return: median of the seconds
    """

    def change(env):
        env.cr.execute(
            """
            UPDATE sale_order_line SET price_subtotal = price_subtotal + 1,
                   write_date = now() AT TIME ZONE 'UTC'
             WHERE order_id IN (
                   SELECT min(o.id) FROM sale_order o
                     JOIN res_partner p ON p.id = o.partner_id
                    WHERE p.ref = ANY(%s) GROUP BY o.partner_id)
            """,
            [[f"bench-{number * 7 + 1}" for number in range(CHANGED)]],
        )
        # Not the customers whom a quick machine has only just made.
        return env.cr.now() - timedelta(seconds=1)

    def follow(env, since):
        message_id = env["crm.suite.metric.watermark"]._message_position()[1]
        env["crm.suite.metric.run"]._note_changes(since, message_id)
        ids = env["crm.suite.metric.dirty"]._take(10 * CHANGED)
        changed = env["crm.suite.customer.metric"]._refresh(ids)
        assert len(changed) == CHANGED, f"{len(changed)} changed"

    times = [
        bench.seconds(bench.suite_db, follow, change)
        for _turn in range(CHANGED_ROUNDS + 1)
    ]
    return statistics.median(times[1:])

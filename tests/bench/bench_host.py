"""What the suite adds to the host's own hot paths."""

from .dataset import ensure_customers
from .report import ratio_row

BAR = 1.15


def run(bench):
    for db in (bench.suite_db, bench.host_db):
        ensure_customers(bench, db)
    yield from _partner(bench)
    yield from _order(bench)


def _partner(bench):
    def create(env, _prepared):
        env["res.partner"].create(
            [
                {"name": f"Created {n}", "phone": "+32470123456", "email": f"{n}@b.be"}
                for n in range(100)
            ]
        )

    def partners(env):
        return env["res.partner"].search([("ref", "like", "bench-")], limit=100)

    def write_each(env, records):
        for n, record in enumerate(records):
            record.write({"comment": f"<p>{n}</p>", "street": f"Street {n}"})

    def search(env, _prepared):
        for _ in range(5):
            env.invalidate_all()
            env["res.partner"].web_search_read(
                [("name", "ilike", "9b")], {"display_name": {}, "email": {}}, limit=80
            )

    yield ratio_row("host: create 100 contacts", *bench.paired(create), BAR)
    yield ratio_row(
        "host: write 100 contacts", *bench.paired(write_each, partners), BAR
    )
    yield ratio_row("host: search contacts", *bench.paired(search), BAR)


def _order(bench):
    def orders(env):
        # Of its own: a database without demo data has none.
        product = env["product.product"].create(
            {"name": "Bench", "type": "consu", "is_storable": True, "list_price": 10}
        )
        partner = env["res.partner"].search([("ref", "=", "bench-1")])
        return env["sale.order"].create(
            [
                {
                    "partner_id": partner.id,
                    "order_line": [(0, 0, {"product_id": product.id})],
                }
                for _ in range(10)
            ]
        )

    def confirm(_env, records):
        records.action_confirm()

    yield ratio_row("host: confirm 10 orders", *bench.paired(confirm, orders), BAR)

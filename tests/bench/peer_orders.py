"""The same orders and people for both products whose approvals are compared."""

import time

from odoo import Command

TIERS = 3


def make_people(env, group):
    """Who asks, and who decides in turn.

    :param str group: external id of what all of them may do
    """
    users = env["res.users"].with_context(no_reset_password=True)
    people = users.create(
        [
            {
                "name": f"Bench {number}",
                "login": f"bench_tier_{number}",
                "group_ids": [Command.link(env.ref(group).id)],
            }
            for number in range(TIERS + 1)
        ]
    )
    return people[0], people[1:]


def make_orders(env, user, count):
    """Quotations of one line."""
    partner = env["res.partner"].create({"name": "Bench"})
    product = env["product.product"].create({"name": "Bench", "type": "service"})
    lines = {"product_id": product.id, "product_uom_qty": 2, "price_unit": 10}
    return env["sale.order"].create(
        [
            {
                "partner_id": partner.id,
                "user_id": user.id,
                "order_line": [Command.create(lines)],
            }
            for _number in range(count)
        ]
    )


def clock(env, orders, work):
    """Processor and database time of the work on each order, in seconds by the wall.

    Nothing is in the cache when work on an order begins, as in a request of its own.
    """
    env.flush_all()
    took = 0.0
    for order in orders:
        env.invalidate_all()
        started = time.perf_counter()
        work(order)
        env.flush_all()
        took += time.perf_counter() - started
    return took

"""Approvals of three steps, started and fully decided one by one, beside OCA's tiers.

The other product is OCA's ``base_tier_validation`` with ``sale_tier_validation``, which are
no dependencies of the suite: name a folder with their addons (from the wheels of
odoo-addon-base-tier-validation and odoo-addon-sale-tier-validation) in
``CRM_SUITE_BENCH_TIERS``. It gets a database of its own, the same orders and people, and is
measured in a process of its own. Neither side confirms the orders; both tell who asked, once
all have agreed. The suite leaves that to its scheduled action, whose time counts here.
"""

import os

from .peer_database import start_peer
from .peer_orders import TIERS, clock, make_orders, make_people
from .report import Row

ORDERS = int(os.environ.get("CRM_SUITE_BENCH_TIER_ORDERS", 1_000))
# As many as the scheduled action tells in one transaction.
PAGE = 20
PEER = os.environ.get("CRM_SUITE_BENCH_TIERS")


def run(bench):
    ours = _measure(bench)
    yield Row(
        f"{ORDERS} approvals of {TIERS} steps, started and decided one by one",
        f"{ours:.2f} s, {ours / ORDERS * 1000:.1f} ms each",
    )
    if not PEER:
        yield Row(
            "base_tier_validation 19.0 of OCA",
            "skipped: name its addons in CRM_SUITE_BENCH_TIERS",
        )
        return
    theirs = start_peer(bench, "approval_peer", PEER, ORDERS)["seconds"]
    yield Row(
        "the same with OCA sale_tier_validation 19.0, three tiers",
        f"{theirs / ours:.1f} × ({theirs:.2f} s : {ours:.2f} s)",
        "≥ 3 ×",
        theirs / ours >= 3,
    )


def _measure(bench):
    with bench.env(bench.suite_db) as env:
        env["crm.suite.approval.flow"].search([]).action_switch_off()
        rep, people = make_people(env, "crm_suite_base.group_crm_suite_sales_lead")
        flow = _flow(env, people)
        orders = make_orders(env, rep, ORDERS)

        def work(order):
            [request_id] = order.with_user(rep).crm_suite_request_approval(flow.id)
            env.flush_all()
            for person in people:
                tasks = env["crm.suite.approval.task"].with_user(person)
                task = tasks.search(
                    [
                        ("request_id", "=", request_id),
                        ("user_id", "=", person.id),
                        ("state", "=", "open"),
                    ]
                )
                task.action_decide("agree")
                env.flush_all()

        took = clock(env, orders, work)
        requests = env["crm.suite.approval.request"].search([("flow_id", "=", flow.id)])
        if set(requests.mapped("state")) != {"agreed"} or len(requests) != ORDERS:
            raise RuntimeError("Not all of them were decided")
        took += _tell(env, requests)
        env.cr.rollback()
        env.registry.clear_cache()
    return took


def _tell(env, requests):
    """Seconds in which the scheduled action tells who asked; it would commit after each
    page, so its steps are done here.
    """
    pages = [requests[n : n + PAGE] for n in range(0, len(requests), PAGE)]
    took = clock(env, pages, lambda page: [row._send_notice() for row in page])
    if set(requests.mapped("notice")) != {"sent"}:
        raise RuntimeError("Not everybody was told")
    return took


def _flow(env, people):
    nodes = [{"id": "start", "type": "start", "name": "Start"}]
    nodes += [
        {
            "id": f"n{number}",
            "type": "approval",
            "name": f"Tier {number}",
            "mode": "any",
            "approvers": [{"by": "users", "user_ids": [person.id]}],
        }
        for number, person in enumerate(people)
    ]
    nodes.append({"id": "end", "type": "end", "name": "End"})
    edges = [
        {"id": f"e{number}", "from": one["id"], "to": two["id"]}
        for number, (one, two) in enumerate(zip(nodes, nodes[1:], strict=False))
    ]
    flow = env["crm.suite.approval.flow"].create(
        {
            "name": "Bench",
            "res_model": "sale.order",
            "company_id": False,
            "start": "button",
            "start_domain": "[('amount_total', '>', 0)]",
            "graph": {"schema": 1, "nodes": nodes, "edges": edges},
        }
    )
    flow.action_publish()
    return flow

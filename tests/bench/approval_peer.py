"""Start and fully decide approvals of three tiers with OCA's tier validation; a process of
its own, started by ``bench_approval_peer``, because its addons live on another path and
in another database.

Prints one line of JSON.
"""

import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from peer_database import serve_peer  # noqa: E402
from peer_orders import TIERS, clock, make_orders, make_people  # noqa: E402


def _measure(env, count):
    env["tier.definition"].search([]).active = False
    rep, people = make_people(env, "sales_team.group_sale_salesman_all_leads")
    env["tier.definition"].create(
        [
            {
                "name": f"Tier {number}",
                "model_id": env["ir.model"]._get("sale.order").id,
                "review_type": "individual",
                "reviewer_id": person.id,
                "definition_domain": "[('amount_total', '>', 0)]",
                "sequence": (TIERS - number) * 10,
                "approve_sequence": True,
                # Who asked is told once, when all have agreed, as by ours.
                "notify_on_accepted": number == TIERS - 1,
            }
            for number, person in enumerate(people)
        ]
    )
    orders = make_orders(env, rep, count)

    def work(order):
        order.with_user(rep).request_validation()
        env.flush_all()
        for person in people:
            order.with_user(person).validate_tier()
            env.flush_all()

    took = clock(env, orders, work)
    states = set(orders.mapped("validation_status"))
    if states != {"validated"} or len(orders.review_ids) != count * TIERS:
        raise RuntimeError(f"Not all of them were decided: {states}")
    return {"seconds": took, "orders": count}


if __name__ == "__main__":
    serve_peer("sale_tier_validation", _measure)

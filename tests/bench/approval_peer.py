"""Start and fully decide approvals of three tiers with OCA's tier validation; a process of
its own, started by ``bench_approval_peer``, because its addons live on another path and
in another database.

Prints one line of JSON.
"""

import argparse
import json
import sys

import odoo
import odoo.service.server
from odoo.modules.registry import Registry
from odoo.tools import config

sys.path.insert(0, __file__.rpartition("/")[0])

from peer_database import administer, install  # noqa: E402
from peer_orders import TIERS, clock, make_orders, make_people  # noqa: E402

MODULE = "sale_tier_validation"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--addons", required=True)
    parser.add_argument("--template", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--orders", type=int, required=True)
    options = parser.parse_args()
    config.parse_config(["--config", options.config, "--log-level=warn"])
    administer(f'CREATE DATABASE "{options.database}" TEMPLATE "{options.template}"')
    try:
        install(options, MODULE)
        odoo.service.server.load_server_wide_modules()
        with Registry(options.database).cursor() as cr:
            result = _measure(
                odoo.api.Environment(cr, odoo.SUPERUSER_ID, {}), options.orders
            )
            cr.rollback()
        print(json.dumps(result))
    finally:
        odoo.sql_db.close_all()
        administer(f'DROP DATABASE IF EXISTS "{options.database}"')


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
    main()

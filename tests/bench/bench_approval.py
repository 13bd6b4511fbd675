"""Approvals: the inbox of somebody with 10 000 open tasks, a decision, what writes pay."""

import statistics
import time
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from odoo import Command, api
from odoo.tools import SQL

from odoo.addons.crm_suite_base.models.approval_mixin import ApprovalMixin
from odoo.addons.crm_suite_base.models.sale_order_approval import SaleOrderLine

from .report import Row

PENDING = 10_000
DECISIONS = 60
ROUNDS = 150
# A create takes many times longer than a write.
CREATE_ROUNDS = 60
# Of each model: what people judge by, which way documents go, and what no document of
# the scene is.
JUDGED = {
    "sale.order": (
        "max(lines.discount)",
        "amount_total > 0",
        "[('order_line.discount', '>', 15)]",
    ),
    "res.partner": ("credit_limit", "credit_limit > 0", "[('credit_limit', '>', 15)]"),
}
NO_FLOW, NO_FIT = 2, 5


def run(bench):
    with bench.env(bench.suite_db) as env:
        env["crm.suite.approval.flow"].search([]).action_switch_off()
        rep, boss = _people(env)
        yield from _costs(env, boss)
        flow = _flow(env, boss)
        yield from _decisions(env, flow, rep, boss)
        yield from _inbox(env, rep, boss)
        env.cr.rollback()
        env.registry.clear_cache()


# === THE SCENE === #


def _people(env):
    group = env.ref("crm_suite_base.group_crm_suite_sales_lead")
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            [
                {
                    "name": f"Bench {name}",
                    "login": f"bench_approval_{name}",
                    "group_ids": [Command.link(group.id)],
                }
                for name in ("rep", "boss")
            ]
        )
    )


def _flow(env, boss, domain="[]", model="sale.order", **start):
    """Eight nodes: start, five people in turn, a condition, end."""
    judged, way, _domain = JUDGED[model]
    nodes = [{"id": "start", "type": "start", "name": "Start"}]
    nodes += [
        {
            "id": f"n{number}",
            "type": "approval",
            "name": f"Node {number}",
            "mode": "any",
            "approvers": [{"by": "users", "user_ids": [boss.id]}],
            "limit": {"hours": 8, "then": "remind"},
            "watch": [{"field": judged, "worse": "higher"}],
        }
        for number in range(5)
    ]
    nodes.append({"id": "if", "type": "condition", "name": "If"})
    nodes.append({"id": "end", "type": "end", "name": "End"})
    order = ["start", "if", *(f"n{number}" for number in range(5)), "end"]
    edges = [
        {"id": f"e{number}", "from": one, "to": two}
        for number, (one, two) in enumerate(zip(order, order[1:], strict=False))
    ]
    edges[1]["when"] = way
    edges.append({"id": "other", "from": "if", "to": "end", "default": True})
    flow = env["crm.suite.approval.flow"].create(
        {
            "name": "Bench",
            "res_model": model,
            "company_id": False,
            "start_domain": domain,
            "graph": {"schema": 1, "nodes": nodes, "edges": edges},
            **(start or {"start": "method", "start_method": "action_confirm"}),
        }
    )
    flow.action_publish()
    return flow


def _orders(env, user, count):
    partner = env["res.partner"].create({"name": "Bench"})
    product = env["product.product"].create({"name": "Bench", "type": "service"})
    return env["sale.order"].create(
        [
            {
                "partner_id": partner.id,
                "user_id": user.id,
                "order_line": [
                    Command.create({"product_id": product.id, "price_unit": 10})
                ],
            }
            for _number in range(count)
        ]
    )


def _clock(act):
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


# === A DECISION === #


def _decisions(env, flow, rep, boss):
    orders = _orders(env, rep, DECISIONS)
    begun = _clock(lambda: orders.with_user(rep).action_confirm())
    yield Row(f"put {DECISIONS} orders to people", f"{begun / DECISIONS:.0f} ms each")
    tasks = env["crm.suite.approval.task"].search(
        [("flow_id", "=", flow.id), ("state", "=", "open")]
    )
    env.flush_all()
    plain, decided = [], []
    for order, task in zip(orders, tasks, strict=True):
        env.invalidate_all()
        with _engine(False):
            plain.append(_clock(lambda o=order: _write(o, rep)))
        env.invalidate_all()
        decided.append(_clock(lambda t=task: _decide(t, boss)))
    more = statistics.median(decided) - statistics.median(plain)
    yield Row(
        "decide one task, beside a plain write of its order",
        f"{more:.0f} ms more ({statistics.median(decided):.0f} : {statistics.median(plain):.0f})",
        "≤ 50 ms more",
        more <= 50,
    )


def _write(order, user):
    order.with_user(user).write({"client_order_ref": f"x{time.perf_counter()}"})
    order.env.flush_all()


def _decide(task, user):
    task.with_user(user).action_decide("agree", "Fine")
    task.env.flush_all()


# === THE INBOX === #


def _inbox(env, rep, boss):
    _multiply(env, PENDING)
    todo = env["crm.suite.todo"].with_user(boss)
    inbox = env["crm.suite.approval.task"].with_user(boss)
    env.cr.execute("ANALYZE crm_suite_approval_task, crm_suite_approval_request")

    def page():
        env.invalidate_all()
        todo.crm_suite_todo("approvals", limit=80)

    def listed():
        env.invalidate_all()
        inbox.web_search_read(
            [("state", "=", "open")],
            {"name": {}, "node_name": {}, "due_at": {}, "submitter_id": {"fields": {}}},
            limit=80,
            count_limit=10_001,
        )

    for name, act in (("to-do centre", page), ("list", listed)):
        act()
        before = env.cr.sql_log_count
        act()
        queries = env.cr.sql_log_count - before
        took = statistics.median(_clock(act) for _number in range(9))
        yield Row(
            f"page of 80 of {PENDING} open tasks: {name}",
            f"{took:.0f} ms, {queries} queries",
            "≤ 100 ms",
            took <= 100,
        )


def _multiply(env, count):
    """Rows like those of one real request, for as many documents."""
    env.flush_all()
    env.cr.execute(
        SQL(
            """
            WITH one AS (
                SELECT * FROM crm_suite_approval_request
                 WHERE state = 'running' ORDER BY id DESC LIMIT 1
            ), made AS (
                INSERT INTO crm_suite_approval_request
                       (name, flow_id, version_id, company_id, res_model, res_id, key,
                        submitter_id, state, position, effect, effect_state, started_at,
                        stage, since, due_at)
                SELECT name || n, flow_id, version_id, company_id, res_model, -n, key,
                       submitter_id, state, position, effect, effect_state, started_at,
                       stage, since, due_at
                  FROM one, generate_series(1, %s) n
             RETURNING id, res_id, name, flow_id
            )
            INSERT INTO crm_suite_approval_task
                   (request_id, flow_id, company_id, res_model, res_id, name, key, node,
                    node_name, kind, role, user_id, submitter_id, state,
                    opened_at, due_at)
            SELECT made.id, made.flow_id, t.company_id, t.res_model, made.res_id,
                   made.name, t.key, t.node, t.node_name, t.kind, t.role, t.user_id,
                   t.submitter_id, 'open', t.opened_at, t.due_at
              FROM made, (
                SELECT t.* FROM crm_suite_approval_task t
                  JOIN one ON one.id = t.request_id
                 WHERE t.state = 'open' LIMIT 1
              ) t
            """,
            count,
        )
    )
    env.invalidate_all(flush=False)


# === WHAT CREATING AND WRITING PAY === #


OVERRIDES = (ApprovalMixin, SaleOrderLine)


def _skip(override):
    """In the place of an override of the engine: what it would call."""

    def create(self, vals_list):
        return super(override, self).create(vals_list)

    def write(self, vals):
        return super(override, self).write(vals)

    return {"create": api.model_create_multi(create), "write": write}


def _own(override):
    return {name: vars(override)[name] for name in ("create", "write")}


@contextmanager
def _engine(on):
    with ExitStack() as stack:
        for override in OVERRIDES:
            # With the engine too: Python forgets what it knew of a class that is patched.
            methods = _own(override) if on else _skip(override)
            stack.enter_context(patch.multiple(override, **methods))
        yield


def _costs(env, boss):
    orders = _orders(env, env.user, 5)
    partners = env["res.partner"].create([{"name": f"B {n}"} for n in range(5)])
    acts = {
        "sale.order": {
            "write of orders": _writing(orders, "client_order_ref"),
            "create of orders": _creating(orders),
        },
        "res.partner": {
            "write of partners": _writing(partners, "comment"),
            "create of partners": _creating(partners),
        },
    }
    for found in acts.values():
        for name, act in found.items():
            yield _compare(env, act, f"{name}, no flow", NO_FLOW)
    for model, found in acts.items():
        domain = JUDGED[model][2]
        flows = _flow(env, boss, domain, model, start="create")
        if model == "sale.order":
            flows += _flow(env, boss, domain)
            found["write of lines"] = _writing(orders.order_line, "name")
        else:
            flows += _flow(
                env, boss, domain, model, start="fields", start_fields="credit_limit"
            )
            # The field for which the flow waits, below what it asks about.
            found["write of credit limits"] = _writing(
                partners, "credit_limit", lambda n: n / 1000
            )
        for name, act in found.items():
            yield _compare(env, act, f"{name}, a flow that does not fit", NO_FIT)
        flows.action_switch_off()


def _writing(records, field, value=str):
    def prepare():
        records.mapped("create_date")

    def write(number):
        records.write({field: value(number)})

    return prepare, write, ROUNDS


def _creating(records):
    """As many as given, like them; what was created is taken back by the caller."""
    rows = [
        {"name": "Created", "phone": "+32470123456"}
        if record._name == "res.partner"
        else {
            "partner_id": record.partner_id.id,
            "order_line": [
                Command.create({"product_id": record.order_line.product_id.id})
            ],
        }
        for record in records
    ]

    def create(_number):
        records.create([dict(row) for row in rows])

    return (lambda: None), create, CREATE_ROUNDS


def _compare(env, act, name, bar):
    prepare, act, rounds = act
    took = {True: [], False: []}
    for number in range(rounds):
        # In turn, each first as often as the other: a busy machine slows both.
        for on in (True, False) if number % 2 else (False, True):
            env.invalidate_all()
            prepare()
            with env.cr.savepoint() as savepoint, _engine(on):
                took[on].append(
                    _clock(lambda n=2 * number + on: (act(n), env.flush_all()))
                )
                # Later rounds do not have more rows than the first ones.
                savepoint.rollback()
    ours, plain = (statistics.median(took[on]) for on in (True, False))
    share = (ours / plain - 1) * 100
    return Row(
        name,
        f"{share:+.1f} % ({ours:.2f} : {plain:.2f} ms)",
        f"≤ {bar} %",
        share <= bar,
    )

"""Customers that programs send, beside a plain ``create`` of the same customers.

*Ours* is the whole way of a request behind the HTTP server: reading the JSON, the schema,
names to ids, the look-up by key, duplicate rules, one operation that can be undone, the
answer and the line in the log. *Plain* is ``create`` in batches of the same size, of
values that are right already, without a look for duplicates.
"""

import json
import os
import random
import statistics
import time

from odoo.addons.crm_suite_base.models.duplicate_entry import KNOWN

from .duplicate_data import make_customers
from .report import Row

ROWS = int(os.environ.get("CRM_SUITE_BENCH_API", 1_000))
ROUNDS = int(os.environ.get("CRM_SUITE_BENCH_API_ROUNDS", 7))
BAR = 0.8
NAMES = ("name", "is_company", "email", "phone", "city", "street", "zip")


def run(bench):
    ours, plain, quiet, checked = [], [], [], []
    for turn in range(ROUNDS + 1):
        rows = _customers(turn)
        order = [
            (ours, _send),
            (plain, _create),
            (quiet, _create_quietly),
            (checked, _create_checked),
        ]
        random.Random(turn).shuffle(order)
        for times, action in order:
            seconds = _time(bench, action, rows)
            if turn:  # the first fills the caches
                times.append(seconds)
    for what, base, bar in (
        ("a plain create", plain, BAR),
        ("a create without notes on the records", quiet, None),
        ("a create with the look for duplicates", checked, None),
    ):
        rate = statistics.median(b / a for a, b in zip(ours, base, strict=True))
        yield Row(
            f"API: {ROWS:,} customers in a request, vs {what}",
            f"{rate:.2f} × ({ROWS / statistics.median(ours):.0f} :"
            f" {ROWS / statistics.median(base):.0f} rows/s)",
            f"≥ {bar} ×" if bar else "",
            rate >= bar if bar else None,
        )


def _customers(turn):
    """Customers that nobody has entered twice; other ones in each turn."""
    chance = random.Random(turn)
    found, _truth = make_customers(ROWS * 2)
    rows = []
    for number, row in enumerate(found[:ROWS]):
        values = {name: row[name] for name in NAMES if row.get(name)}
        digits = f"{turn:02d}{number:06d}"
        values["ref"] = f"BENCH-{digits}"
        values["phone"] = f"+86138{digits}"
        values["email"] = f"b{digits}@b{digits}.example.com"
        values["name"] = f"{row['name']} {chance.randrange(10**6):06d}"
        values["country_id"] = "CN"
        rows.append(values)
    return rows


def _time(bench, action, rows):
    """Seconds of one action, rolled back afterwards."""
    with bench.env(bench.suite_db) as env:
        user = env.ref("base.user_admin")
        key = _make_key(env, user)
        env = env(user=user.id, su=False, context={"lang": "en_US"})
        work = action(env, key, rows)
        env.flush_all()
        env.invalidate_all()
        start = time.perf_counter()
        work()
        env.flush_all()
        return time.perf_counter() - start


def _make_key(env, user):
    return env["crm.suite.api.key"].create(
        {
            "name": "Bench",
            "user_id": user.id,
            "company_id": user.company_id.id,
            "index": "bench",
            "digest": "-",
            "expires": "2099-01-01 00:00:00",
            "may_customer": True,
        }
    )


def _send(env, key, rows):
    from odoo.addons.crm_suite_base.models.api_service import ApiCall

    body = json.dumps({"rows": rows}).encode()
    call = ApiCall(
        key_id=key.id,
        scopes=("customer:write",),
        work="_do_rows",
        args=("customer",),
        scope="customer:write",
        verb="POST",
        method="POST",
        path="/crm_suite/api/v1/customers",
        query={},
        headers={"Content-Type": "application/json", "Idempotency-Key": "bench"},
        remote="127.0.0.1",
        get_body=lambda: body,
        count=lambda count: 0,
    )

    def work():
        answer = env["crm.suite.api"]._handle(call)
        assert answer.body.get("created") == len(rows), str(answer.body)[:2000]

    return work


def _values(env, rows):
    stage = env.ref("crm_suite_base.lifecycle_stage_lead").id
    country = env.ref("base.cn").id
    return [
        {**row, "country_id": country, "crm_suite_lifecycle_id": stage} for row in rows
    ]


def _create(env, _key, rows, **context):
    context = {"crm_suite_no_duplicate_check": KNOWN, **context}
    values = _values(env, rows)
    partners = env["res.partner"].with_context(**context)
    return lambda: partners.create(values)


def _create_quietly(env, key, rows):
    return _create(env, key, rows, tracking_disable=True, mail_create_nolog=True)


def _create_checked(env, key, rows):
    return _create(env, key, rows, crm_suite_no_duplicate_check=False)

"""Segments: filling and refreshing, beside the filling of a dynamic mailing list.

The other product is OCA's ``mass_mailing_list_dynamic``, which is no dependency of the
suite: name a folder with its addons (from the wheels of odoo-addon-mass-mailing-partner
and odoo-addon-mass-mailing-list-dynamic) in ``CRM_SUITE_BENCH_PEER``. It gets a database
of its own, is given the same people, and is measured in a process of its own.
"""

import os
import statistics
import time

from .bench import CUSTOMERS
from .dataset import ensure_customers
from .peer_database import start_peer
from .report import Row

SMALL = 20_000
CHANGES = 1_000
ROUNDS = 5
# The other product needs minutes for what takes us a second; it is measured on fewer
# and compared per member.
PEER_MEMBERS = int(os.environ.get("CRM_SUITE_BENCH_PEER_MEMBERS", 5_000))
PEER = os.environ.get("CRM_SUITE_BENCH_PEER")


def run(bench):
    small = _measure_small(bench)
    ensure_customers(bench, bench.suite_db)
    with bench.env(bench.suite_db) as env:
        fill, members = _first_fill(env)
        peer = f"theirs with {PEER_MEMBERS} members, ours with {members}"
        yield Row(
            f"first fill: {members} members of {CUSTOMERS} customers",
            f"{fill:.2f} s, {fill / members * 1e6:.1f} µs per member",
        )
        refresh = _refresh_after_changes(env)
        query = _bare_query(env)
        yield Row(
            f"refresh after {CHANGES} changes, {CUSTOMERS} customers",
            f"{refresh * 1000:.0f} ms; its own query {query * 1000:.0f} ms",
        )
        whole = _whole_refresh(env)
        yield Row("refresh of everybody, nothing changed", f"{whole:.2f} s")
    yield _growth(refresh, small)
    yield from _compare(bench, fill / members, refresh / members, peer)


def _measure_small(bench):
    """The refresh among fewer customers, if others have not filled the database yet."""
    with bench.env(bench.suite_db) as env:
        env.cr.execute("SELECT count(*) FROM res_partner WHERE ref LIKE 'bench-%'")
        if env.cr.fetchone()[0] > SMALL:
            return None
    ensure_customers(bench, bench.suite_db, SMALL)
    with bench.env(bench.suite_db) as env:
        _first_fill(env)
        return _refresh_after_changes(env)


def _growth(refresh, small):
    what = f"refresh after {CHANGES} changes: {CUSTOMERS} against {SMALL} customers"
    if small is None:
        return Row(what, "skipped: run this benchmark alone")
    ratio = refresh / small
    measured = f"{ratio:.2f} × ({refresh * 1000:.0f} ms : {small * 1000:.0f} ms)"
    return Row(what, measured, "≤ 3 ×", ratio <= 3)


def _clock(act):
    started = time.perf_counter()
    result = act()
    return result, time.perf_counter() - started


def _tag(env):
    return env["res.partner.category"].search([("name", "=", "bench segment")])


def _mark_half(env):
    """Half of the customers have the tag that the segment asks for."""
    tag = _tag(env) or env["res.partner.category"].create({"name": "bench segment"})
    env.cr.execute(
        "INSERT INTO res_partner_res_partner_category_rel (partner_id, category_id)"
        " SELECT id, %s FROM res_partner WHERE ref LIKE 'bench-%%' AND id %% 2 = 0"
        " ON CONFLICT DO NOTHING",
        [tag.id],
    )
    env.cr.execute("ANALYZE res_partner_res_partner_category_rel")


def _definition(env):
    """Two attributes and a negation, as a person would put together."""
    return {
        "op": "all",
        "items": [
            {"kind": "tag", "operator": "in", "records": _tag(env).ids},
            {
                "kind": "attribute",
                "field": "country_id",
                "operator": "in",
                "records": env.ref("base.cn").ids,
            },
            {"kind": "complaint", "operator": "none"},
        ],
    }


def _first_fill(env):
    _mark_half(env)
    segments = env["crm.suite.segment"]
    env.flush_all()
    segment, seconds = _clock(
        lambda: segments.create({"name": "bench", "definition": _definition(env)})
    )
    env.cr.execute("ANALYZE crm_suite_segment_member")
    return seconds, segment.member_count


def _change(env, turn):
    """Let as many customers come as go, and say who changed."""
    tag = _tag(env)
    env.cr.execute(
        "SELECT id FROM res_partner WHERE ref LIKE 'bench-%%'"
        " ORDER BY id OFFSET %s LIMIT %s",
        [turn * CHANGES, CHANGES],
    )
    ids = [id_ for (id_,) in env.cr.fetchall()]
    relation = "res_partner_res_partner_category_rel"
    env.cr.execute(
        f"DELETE FROM {relation} WHERE category_id = %s AND partner_id = ANY(%s)"
        " RETURNING partner_id",
        [tag.id, ids],
    )
    gone = {id_ for (id_,) in env.cr.fetchall()}
    env.cr.execute(
        f"INSERT INTO {relation} (partner_id, category_id) SELECT unnest(%s), %s",
        [[id_ for id_ in ids if id_ not in gone], tag.id],
    )
    env.invalidate_all()
    return ids


def _refresh_after_changes(env):
    segment = env["crm.suite.segment"].search([("name", "=", "bench")])
    times = []
    for turn in range(ROUNDS):
        ids = _change(env, turn)
        _result, seconds = _clock(lambda ids=ids: segment._refresh_in_order(ids))
        times.append(seconds)
    return statistics.median(times)


def _bare_query(env):
    """The query of the conditions for the changed customers alone."""
    segment = env["crm.suite.segment"].search([("name", "=", "bench")])
    ids = _change(env, 0)
    author = segment._get_evaluation()
    query = author._search_customers(segment.definition, ids)
    _rows, seconds = _clock(query.get_result_ids)
    return seconds


def _whole_refresh(env):
    segment = env["crm.suite.segment"].search([("name", "=", "bench")])
    segment._refresh_in_order()
    return _clock(segment._refresh_in_order)[1]


def _compare(bench, fill, refresh, sizes):
    """Per member, against the other product.

    :param str sizes: of both groups, which are not alike: theirs is smaller
    """
    if not PEER:
        yield Row(
            "mass_mailing_list_dynamic 19.0 of OCA",
            "skipped: name its addons in CRM_SUITE_BENCH_PEER",
        )
        return
    there = start_peer(bench, "segment_peer", PEER, PEER_MEMBERS)
    filling = there["fill"] / there["members"]
    whom = "OCA mass_mailing_list_dynamic 19.0"
    for what, ours in (("first fill", fill), ("refresh", refresh)):
        ratio = filling / ours
        yield Row(
            f"{what} against the filling of {whom}, per member ({sizes})",
            f"{ratio:.0f} × ({filling * 1e6:.0f} µs : {ours * 1e6:.1f} µs)",
            "≥ 100 ×",
            ratio >= 100,
        )
    if PEER_MEMBERS < CUSTOMERS / 2:
        yield Row(
            "not the same size",
            "the other product was measured on the smaller group; for the same one set"
            f" CRM_SUITE_BENCH_PEER_MEMBERS={CUSTOMERS // 2} (it takes its time)",
        )
    again = there["refresh"] / there["members"]
    yield Row(
        f"refresh against theirs with {there['changes']} changes, per member",
        f"{again / refresh:.0f} × ({again * 1e6:.0f} µs : {refresh * 1e6:.1f} µs)",
    )

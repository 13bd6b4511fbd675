"""The customer page and its timeline with a long history in a big database."""

import statistics

from odoo.addons.mail.tools.discuss import Store

from .bench import CUSTOMERS, INTERACTIONS, ROUNDS
from .dataset import BUSY_INTERACTIONS, ensure_interactions
from .report import Row, ratio_row

PAGE_MS = 50
PAGE_RATIO = 2


def run(bench):
    busy = ensure_interactions(bench, bench.suite_db)
    yield _timeline(bench, busy)
    yield from _page(bench, busy)


def _timeline(bench, busy):
    def page(env, _prepared):
        found = env["res.partner"].crm_suite_timeline(busy, {}, False, 40)
        assert len(found["rows"]) == 40, "the timeline page is not full"

    times = [
        bench.seconds(bench.suite_db, page, login="admin") for _ in range(ROUNDS + 1)
    ][1:]
    median = statistics.median(times) * 1000
    return Row(
        f"timeline page 1, {BUSY_INTERACTIONS} of {INTERACTIONS:,} interactions",
        f"{median:.1f} ms",
        f"≤ {PAGE_MS} ms",
        median <= PAGE_MS,
    )


def _page(bench, busy):
    """Our page and the host's own form of one customer, both through the web API."""

    def ours(env, _prepared):
        partner = env["res.partner"].browse(busy)
        partner.web_read(specs["ours"])
        env["res.partner"].crm_suite_360(busy)

    def host(env, _prepared):
        partner = env["res.partner"].browse(busy)
        partner.web_read(specs["host"])
        # What the chatter asks for.
        messages = env["mail.message"]._message_fetch(None, thread=partner)["messages"]
        Store().add(messages).get_result()

    with bench.env(bench.suite_db, "admin") as env:
        specs = {
            "ours": _specification(
                env, "crm_suite_base.res_partner_view_form_customer"
            ),
            "host": _specification(env, "base.view_partner_form"),
        }
    times = {ours: [], host: []}
    for turn in range(ROUNDS + 1):
        for action in (ours, host) if turn % 2 else (host, ours):
            seconds = bench.seconds(bench.suite_db, action, login="admin")
            if turn:
                times[action].append(seconds)
    yield ratio_row(
        f"customer page among {CUSTOMERS:,} customers vs the host's form",
        times[ours],
        times[host],
        PAGE_RATIO,
    )


def _specification(env, view):
    """The fields that the web client asks for when it opens a form."""
    views = env["res.partner"].get_views([(env.ref(view).id, "form")])
    names = views["models"]["res.partner"]["fields"]
    arch = views["views"]["form"]["arch"]
    spec = {}
    for name, field in env["res.partner"]._fields.items():
        if name not in names or f'name="{name}"' not in arch:
            continue
        spec[name] = {"fields": {"display_name": {}}} if field.relational else {}
    return spec

"""What merging pairs of customers costs, beside the host's own merge of the same."""

import hashlib
import os
import time

from odoo.tools import mute_logger

from .report import Row

PAIRS = int(os.environ.get("CRM_SUITE_BENCH_PAIRS", 1_000))
LEADS, MESSAGES = 2, 5


def run(bench):
    with bench.env(bench.suite_db) as env, mute_logger("odoo.models.unlink"):
        yield from _merge(env)


def _clock(act):
    started = time.perf_counter()
    result = act()
    return result, time.perf_counter() - started


def _name(tag, number):
    """Names that are not alike: only the two of a pair are duplicates of each other."""
    return f"{hashlib.md5(f'{tag} {number}'.encode()).hexdigest()[:16]} Ltd"


def _pairs(env, tag):
    """Customers written down twice, each with a contact, deals and messages."""
    stage = env.ref("crm_suite_base.lifecycle_stage_lead")
    partners = env["res.partner"].create(
        [
            {
                "name": _name(tag, number // 2),
                "is_company": True,
                "email": f"bench.{tag}.{number}@example.com",
                "crm_suite_lifecycle_id": stage.id,
            }
            for number in range(2 * PAIRS)
        ]
    )
    env["res.partner"].create(
        [
            {"name": f"Contact {partner.name}", "parent_id": partner.id}
            for partner in partners
        ]
    )
    env["crm.lead"].create(
        [
            {"name": f"Deal {number}", "partner_id": partner.id}
            for partner in partners
            for number in range(LEADS)
        ]
    )
    env["mail.message"].create(
        [
            {
                "model": "res.partner",
                "res_id": partner.id,
                "message_type": "comment",
                "body": f"Message {number}",
                "partner_ids": [(4, partner.id)],
            }
            for partner in partners
            for number in range(MESSAGES)
        ]
    )
    env.flush_all()
    env.invalidate_all()
    ids = partners.ids
    # By themselves, as people merge them: parts of one recordset would be read together.
    return [
        env["res.partner"].browse(ids[index : index + 2])
        for index in range(0, 2 * PAIRS, 2)
    ]


def _merge(env):
    operations = []
    pairs = _pairs(env, "ours")
    _, seconds = _clock(
        lambda: operations.extend(
            pair.crm_suite_merge(pair[0].id, {}) for pair in pairs
        )
    )
    ours = seconds / PAIRS
    moved = env["crm.suite.operation.change"].search_count(
        [("operation_id", "in", operations)]
    )
    yield Row(
        f"merge {PAIRS} pairs of customers",
        f"{ours * 1000:.0f} ms a pair, {moved / PAIRS:.0f} rows journalled",
    )
    some = [env["crm.suite.operation"].browse(id_) for id_ in operations[:100]]
    _, seconds = _clock(lambda: [operation.action_undo() for operation in some])
    yield Row("undo a merge", f"{seconds / len(some) * 1000:.0f} ms")
    _, seconds = _clock(
        lambda: [pair.crm_suite_merge_preview(pair[0].id, {}) for pair in pairs[:100]]
    )
    yield Row("preview a merge", f"{seconds / 100 * 1000:.0f} ms")
    yield _host(env, ours)


def _host(env, ours):
    """The host's wizard: deletes the second of each pair, no undo."""
    wizard = env["base.partner.merge.automatic.wizard"].create({})
    pairs = _pairs(env, "host")

    def merge():
        for pair in pairs:
            wizard._merge(pair.ids, pair[0], extra_checks=False)

    with mute_logger("odoo.addons.base.partner.merge"):
        _, seconds = _clock(merge)
    host = seconds / PAIRS
    return Row(
        f"the host's merge of {PAIRS} such pairs",
        f"{host * 1000:.0f} ms a pair; ours {ours / host:.2f} ×",
        "≤ 1 ×",
        ours <= host,
    )

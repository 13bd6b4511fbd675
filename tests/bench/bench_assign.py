"""Leads to people: the policies beside the assignment of the host.

The same leads, the same people and equivalent conditions: ten conditions with ten
people each. The host shares them among ten teams first, then among their members.
Everything is rolled back, after what a commit would have done before it.
"""

import os
import time
from collections import Counter

import odoo
from odoo import Command, modules
from odoo.modules.registry import Registry
from odoo.tools import SQL

from .report import Row

LEADS = int(os.environ.get("CRM_SUITE_BENCH_LEADS", 10_000))
RULES, PEOPLE = 10, 100
RACE = 5000
BAR = 20
# An owner changes nothing of these, unless his team has other probabilities.
COMPUTED = (
    "automated_probability",
    "probability",
    "prorated_revenue",
    "recurring_revenue_monthly",
    "recurring_revenue_prorated",
    "recurring_revenue_monthly_prorated",
)


def run(bench):
    host, ours = _host(bench), _ours(bench)
    yield Row(
        f"assign {LEADS} leads to {PEOPLE} people by {RULES} rules",
        f"{host / ours:.0f} × faster ({ours:.1f} s : {host:.0f} s by the host)",
        f"≥ {BAR} ×",
        host / ours >= BAR,
    )
    yield from _race(bench)


def _make_people(env):
    env.cr.execute("SELECT id FROM crm_lead WHERE user_id IS NULL")
    taken = [id_ for (id_,) in env.cr.fetchall()]
    env["crm.lead"].browse(taken).write({"active": False})
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            [
                {
                    "name": f"Bench {n}",
                    "login": f"bench_person_{n}",
                    "group_ids": [
                        Command.link(env.ref("sales_team.group_sale_salesman").id)
                    ],
                }
                for n in range(PEOPLE)
            ]
        )
    )


def _make_leads(env, count):
    """Leads of different companies and people, as the host merges equal ones; with what
    the host computes of each when it is entered.
    """
    stage = env["crm.stage"].search([("is_won", "=", False)], limit=1)
    env.flush_all()
    env.cr.execute(
        SQL(
            """
            INSERT INTO crm_lead (name, type, active, stage_id, referred, won_status,
                                  probability, automated_probability, create_date,
                                  write_date, date_last_stage_update, expected_revenue,
                                  email_from, email_normalized)
            SELECT 'Bench ' || n, 'opportunity', TRUE, %s, 'BENCH' || n %% %s, 'pending',
                   10, 10, now() - interval '1 day', now(), now(), n,
                   'a' || n || '@bench' || n || '.example',
                   'a' || n || '@bench' || n || '.example'
              FROM generate_series(1, %s) n
         RETURNING id
            """,
            stage.id,
            RULES,
            count,
        )
    )
    ids = [id_ for (id_,) in env.cr.fetchall()]
    env.invalidate_all(flush=False)
    leads = env["crm.lead"].browse(ids).with_context(tracking_disable=True)
    for name in COMPUTED:
        env.add_to_compute(leads._fields[name], leads)
    leads.env.flush_all()
    env.invalidate_all()
    return ids


def _check(env, ids, what):
    env.flush_all()
    env.cr.execute(
        SQL("SELECT user_id, count(*) FROM crm_lead WHERE id = ANY(%s) GROUP BY 1", ids)
    )
    counts = Counter(dict(env.cr.fetchall()))
    assert counts[None] == 0, f"{what}: {counts[None]} leads have no owner"
    return counts


def _host(bench):
    """Seconds of ``_action_assign_leads`` of the host, in a database without the suite."""
    modules.module.current_test = True  # it would commit after every hundred leads
    try:
        with bench.env(bench.host_db) as env:
            people = _make_people(env)
            env["crm.team"].search([]).assignment_optout = True
            teams = env["crm.team"].create(
                [
                    {
                        "name": f"Bench {n}",
                        "assignment_domain": f"[('referred', '=', 'BENCH{n}')]",
                    }
                    for n in range(RULES)
                ]
            )
            env["crm.team.member"].create(
                [
                    {
                        "crm_team_id": teams[n % RULES].id,
                        "user_id": person.id,
                        "assignment_max": 30 * LEADS // PEOPLE + 300,
                    }
                    for n, person in enumerate(people)
                ]
            )
            ids = _make_leads(env, LEADS)
            env.cr.flush()
            begun = time.perf_counter()
            teams._action_assign_leads(force_quota=True, creation_delta_days=7)
            env.cr.flush()
            seconds = time.perf_counter() - begun
            _check(env, ids, "host")
            env.cr.rollback()
    finally:
        modules.module.current_test = False
    return seconds


def _make_policy(env, people, only_some=True):
    policy = env["crm.suite.assignment.policy"].create(
        {
            "name": "Bench",
            "res_model": "crm.lead",
            "sticky": False,
            "member_ids": [Command.create({"user_id": person.id}) for person in people],
        }
    )
    for n in range(RULES):
        members = policy.member_ids[n::RULES] if only_some else policy.member_ids
        env["crm.suite.assignment.rule"].create(
            {
                "name": f"Bench {n}",
                "policy_id": policy.id,
                "domain": f"[('referred', '=', 'BENCH{n}')]",
                "member_ids": [Command.set(members.ids)],
            }
        )
    policy._publish_rules()
    return policy


def _ours(bench):
    """Seconds of a policy, with its log, its operation and the notes on the leads."""
    with bench.env(bench.suite_db) as env:
        policy = _make_policy(env, _make_people(env))
        ids = _make_leads(env, LEADS)
        env.cr.flush()
        begun = time.perf_counter()
        result = policy.assign(ids)
        env.cr.flush()
        seconds = time.perf_counter() - begun
        assert result["assigned"] == LEADS, result
        counts = _check(env, ids, "suite")
        assert max(counts.values()) - min(v for k, v in counts.items() if k) <= 1
        env.cr.rollback()
    return seconds


def _race(bench):
    """Two processes assign the same leads; what was committed is removed again."""
    with bench.env(bench.suite_db, commit=True) as env:
        people = env.ref("sales_team.group_sale_salesman").all_user_ids
        people = people.filtered(lambda user: not user.share).sorted("id")
        capacity = RACE // len(people)
        policy = _make_policy(env, people, only_some=False)
        loads = env["crm.lead"]._assignable_load(people.ids)
        for member in policy.member_ids:
            member.capacity = loads.get(member.user_id.id, 0) + capacity
        limits = {m.user_id.id: m.capacity for m in policy.member_ids}
        ids, policy_id = _make_leads(env, RACE), policy.id
    begun = time.perf_counter()
    pids = [_start(bench, policy_id, ids) for _worker in range(2)]
    statuses = [os.waitpid(pid, 0)[1] for pid in pids]
    seconds = time.perf_counter() - begun
    with bench.env(bench.suite_db, commit=True) as env:
        leads = env["crm.lead"].browse(ids)
        logs = env["crm.suite.assignment.log"].search(
            [("policy_id", "=", policy_id), ("to_user_id", "!=", False)]
        )
        twice = len(logs) - len(set(logs.mapped("res_id")))
        loads = env["crm.lead"]._assignable_load(list(limits))
        above = sum(loads.get(user, 0) > limit for user, limit in limits.items())
        given = len(logs)
        leads.unlink()
        env["crm.suite.assignment.log"].search([("policy_id", "=", policy_id)]).unlink()
        policy = env["crm.suite.assignment.policy"].browse(policy_id)
        env.cr.execute(
            SQL("DELETE FROM crm_suite_assignment_rule WHERE policy_id = %s", policy_id)
        )
        policy.invalidate_recordset()
        policy.unlink()
    yield Row(
        f"two processes assign the same {RACE} leads",
        f"{given} given, {twice} twice, {above} people above their capacity,"
        f" {seconds:.1f} s",
        "0 twice, 0 above",
        statuses == [0, 0] and not twice and not above,
    )


def _start(bench, policy_id, ids):
    odoo.sql_db.close_all()
    pid = os.fork()
    if pid:
        return pid
    try:
        for _attempt in range(5):
            try:
                with Registry(bench.suite_db).cursor() as cr:
                    env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
                    env["crm.suite.assignment.policy"].browse(policy_id)._assign(
                        ids, "sweep"
                    )
                break
            except odoo.service.model.PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                time.sleep(0.2)
        else:
            os._exit(2)
    except BaseException:
        os._exit(1)
    os._exit(0)

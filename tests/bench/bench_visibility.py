"""Restricted visibility: what it costs to see a part of the customers only.

The same screens: a representative who sees his own, a lead who sees those of his team,
beside a manager who sees all.
"""

import json
import time

from .bench import CUSTOMERS, ROUNDS
from .dataset import ensure_customers
from .report import ratio_row

REPS = 200
TEAM = 20
SHARED = 200
BAR = 1.5
GROUP = "crm_suite_base.group_crm_suite_"
PARAMETER = "crm_suite_base.visibility"
MANAGED = [("crm_suite_lifecycle_id", "!=", False)]
NAMED = [*MANAGED, ("complete_name", "ilike", "abc")]
# The columns of the customers' list.
COLUMNS = {
    "complete_name": {},
    "crm_suite_lifecycle_id": {"fields": {"display_name": {}}},
    "user_id": {"fields": {"display_name": {}}},
    "city": {},
    "activity_ids": {"fields": {}},
    "active": {},
}


def run(bench):
    ensure_customers(bench, bench.suite_db)
    _ensure_owners(bench)
    with bench.env(bench.suite_db) as env:
        env["ir.config_parameter"].set_param(
            PARAMETER, json.dumps({"sales_rep": "own", "sales_lead": "team"})
        )
        env.flush_all()
        manager = _user(env, "manager")
        for login, sees in (("0", "own"), ("lead", "team")):
            user = _user(env, login)
            count = _as(env, user).search_count(MANAGED)
            for what, act in SCREENS.items():
                ours, base = _paired(env, user, manager, act)
                yield ratio_row(
                    f"{what}, {sees} ({count} of {CUSTOMERS})", ours, base, BAR
                )


def _user(env, login):
    return env["res.users"].search([("login", "=", f"bench-visibility-{login}")])


def _ensure_owners(bench):
    """Representatives who own the customers, a lead of some of them, a manager."""
    with bench.env(bench.suite_db, commit=True) as env:
        if _user(env, "manager"):
            return
        reps = env["res.users"]
        for number in range(REPS):
            reps |= _create_user(env, str(number), "sales_rep")
        lead = _create_user(env, "lead", "sales_lead")
        _create_user(env, "manager", "sales_manager")
        env["crm.team"].create(
            {
                "name": "Bench visibility",
                "user_id": lead.id,
                "member_ids": [(6, 0, reps[:TEAM].ids)],
            }
        )
        _give_out(env.cr, reps)
        env.cr.commit()
        env.cr._cnx.autocommit = True
        env.cr.execute("VACUUM ANALYZE res_partner")
        env.cr.execute("VACUUM ANALYZE crm_suite_customer_member")
        env.cr._cnx.autocommit = False


def _create_user(env, login, group):
    users = env["res.users"].with_context(no_reset_password=True)
    login = f"bench-visibility-{login}"
    return users.create(
        {
            "name": login,
            "login": login,
            "email": f"{login}@bench.example",
            "group_ids": [(6, 0, env.ref(GROUP + group).ids)],
        }
    )


def _give_out(cr, reps):
    """Each representative owns a share of the customers; some are shared with one."""
    cr.execute(
        "UPDATE res_partner SET user_id = (%s::int[])[1 + id %% %s], partner_share = TRUE"
        " WHERE ref LIKE 'bench-%%'",
        [reps.ids, REPS],
    )
    cr.execute(
        "INSERT INTO crm_suite_customer_member (partner_id, user_id, access)"
        " SELECT id, %s, 'read' FROM res_partner"
        "  WHERE ref LIKE 'bench-%%' AND user_id <> %s ORDER BY id LIMIT %s",
        [reps[0].id, reps[0].id, SHARED],
    )


def _as(env, user):
    return env(user=user.id, context={"lang": "en_US"})["res.partner"]


def _list(partners):
    return partners.web_search_read(MANAGED, COLUMNS, limit=80, count_limit=10001)


def _search(partners):
    return partners.web_search_read(NAMED, COLUMNS, limit=80, count_limit=10001)


def _name_search(partners):
    # As people type: some letters of a name that few have.
    return partners.name_search("abcde", limit=8)


def _contacts(partners):
    return partners.web_search_read([], COLUMNS, limit=80, count_limit=10001)


def _groups(partners):
    return partners.formatted_read_group(
        MANAGED, ["crm_suite_lifecycle_id"], ["__count"]
    )


SCREENS = {
    "list page": _list,
    "search by name": _search,
    "name search": _name_search,
    "page of all contacts": _contacts,
    "groups by stage": _groups,
}


def _paired(env, restricted, manager, act):
    """Seconds of both, in turn: a change of the machine's speed touches both."""

    def seconds(user):
        env.invalidate_all()
        partners = _as(env, user)
        started = time.perf_counter()
        act(partners)
        return time.perf_counter() - started

    seconds(restricted), seconds(manager)
    ours, base = [], []
    for _turn in range(ROUNDS):
        ours.append(seconds(restricted))
        base.append(seconds(manager))
    return ours, base

"""Pools, merges, assignment and hand-over as each role and as many people at once.

Over XML-RPC, from outside: what a program of a colleague with that role can do. The
table of docs/roles.md says who reaches the methods; here they are called.
"""

import itertools
import threading
import uuid
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor

import clients
import pytest
from conftest import PASSWORD, PEOPLE

# The program that hands in mail does nothing else.
SUITE = set(PEOPLE) - {"plain", "gateway"}
# Who may do what. Members of the pool are the rep and the lead, who is its admin.
ALLOWED = {
    "check": SUITE,
    "claim": {"rep", "lead"},
    "assign_in_pool": {"lead", "manager", "steward"},
    "return_of_others": {"lead", "manager", "steward"},
    "simulate": {"lead", "manager", "steward"},
    "merge": {"lead", "manager", "steward"},
    # The policy is about leads: others may run those about what they may change.
    "assign_by_policy": {"lead", "manager"},
    "hand_over": {"lead", "manager", "steward"},
}
RACERS = 20


def allowed(call):
    """Whether a call went through; a pool answers row by row."""
    try:
        answer = call()
    except xmlrpc.client.Fault as fault:
        # A refusal is a sentence, not a crash.
        assert fault.faultCode != 1, fault.faultString
        return False
    if isinstance(answer, list) and answer and "ok" in answer[0]:
        assert answer[0]["ok"] or answer[0]["reason"]
        return answer[0]["ok"]
    return True


class Floor:
    """A pool with two members, a policy, and customers for each call."""

    def __init__(self, live, members):
        self.live = live
        self.admin = live.xmlrpc()
        self.people = {}
        self.ids = {
            user["login"]: user["id"]
            for user in self.admin.call(
                "res.users",
                "search_read",
                [("login", "in", list(PEOPLE))],
                fields=["login"],
            )
        }
        self.stage = self._find("crm.suite.lifecycle.stage", [("code", "=", "lead")])
        self.pool = self.make(
            "crm.suite.pool",
            name=f"Floor {uuid.uuid4()}",
            user_ids=[(6, 0, members or [self.ids["rep"]])],
            admin_ids=[(6, 0, [self.ids["lead"]])],
            max_person=0,
            max_day=0,
            cooldown_days=0,
        )

    def as_(self, role):
        """The program of a colleague with this role, logged in once."""
        if role not in self.people:
            self.people[role] = self.live.xmlrpc(role)
        return self.people[role]

    def make(self, model, **values):
        return self.admin.call(model, "create", values)

    def _find(self, model, domain):
        return self.admin.call(model, "search", domain, limit=1)[0]

    def customer(self, **values):
        values = {"user_id": False, "crm_suite_lifecycle_id": self.stage, **values}
        return self.make(
            "res.partner", name=f"Floor {uuid.uuid4()}", is_company=True, **values
        )

    def pooled(self, count=1):
        """Customers in the pool."""
        ids = [self.customer() for _number in range(count)]
        rows = self.admin.call("crm.suite.pool", "action_add", [self.pool], ids)
        assert all(row["ok"] for row in rows), rows
        return ids

    def owner(self, id_, model="res.partner"):
        [row] = self.admin.call(model, "read", [id_], fields=["user_id"])
        return row["user_id"] and row["user_id"][0]


@pytest.fixture(scope="module")
def floor(live):
    return Floor(live, [])


def do_check(floor, person):
    id_ = floor.customer(phone="+862586004711")
    asked = {"phone": "025-86004711"}
    return lambda: person.call("res.partner", "crm_suite_check_duplicate", asked), (
        lambda: floor.owner(id_) is False
    )


def do_claim(floor, person):
    [id_] = floor.pooled()
    return (
        lambda: person.call("crm.suite.pool", "action_claim", [floor.pool], [id_]),
        lambda: floor.owner(id_) == person.uid,
    )


def do_assign_in_pool(floor, person):
    [id_] = floor.pooled()
    arguments = [floor.pool], [id_], floor.ids["rep"]
    return (
        lambda: person.call("crm.suite.pool", "action_assign", *arguments),
        lambda: floor.owner(id_) == floor.ids["rep"],
    )


def do_return_of_others(floor, person):
    [id_] = floor.pooled()
    pool = "crm.suite.pool"
    owner = floor.ids["rep" if person.uid != floor.ids["rep"] else "lead"]
    floor.admin.call(pool, "action_assign", [floor.pool], [id_], owner)
    return (
        lambda: person.call(pool, "action_return", [floor.pool], [id_], "Test"),
        lambda: floor.owner(id_) is False,
    )


def do_simulate(floor, person):
    return (
        lambda: person.call("crm.suite.pool", "simulate_return", [floor.pool]),
        lambda: True,
    )


def do_merge(floor, person):
    first, second = floor.customer(), floor.customer()

    def merged():
        [row] = floor.admin.call("res.partner", "read", [second], fields=["active"])
        return not row["active"]

    return (
        lambda: person.call("res.partner", "crm_suite_merge", [first, second], first),
        merged,
    )


def do_assign_by_policy(floor, person):
    mark = str(uuid.uuid4())
    policy = floor.make(
        "crm.suite.assignment.policy",
        name=mark,
        res_model="crm.lead",
        member_ids=[(0, 0, {"user_id": floor.ids["rep"]})],
        rule_ids=[
            (0, 0, {"name": "All", "domain": repr([("referred", "=", mark)])}),
        ],
    )
    # In force, but not switched on: nothing is assigned in the background.
    floor.admin.call("crm.suite.assignment.policy", "action_apply", [policy])
    lead = floor.make("crm.lead", name=mark, user_id=False, referred=mark)
    return (
        lambda: person.call("crm.suite.assignment.policy", "assign", [policy], [lead]),
        lambda: floor.owner(lead, "crm.lead") == floor.ids["rep"],
    )


def do_hand_over(floor, person):
    leaver = floor.make(
        "res.users",
        name="Leaver",
        login=f"leaver-{uuid.uuid4()}",
        group_ids=[
            (
                4,
                floor.admin.call(
                    "res.users", "read", [floor.ids["rep"]], fields=["group_ids"]
                )[0]["group_ids"][-1],
            )
        ],
    )
    id_ = floor.customer(user_id=leaver)

    def hand_over():
        wizard = person.call(
            "crm.suite.handover",
            "create",
            {"user_id": leaver, "recipient_ids": [(6, 0, [floor.ids["rep"]])]},
        )
        return person.call("crm.suite.handover", "action_hand_over", [wizard])

    return hand_over, lambda: floor.owner(id_) == floor.ids["rep"]


DO = {
    "check": do_check,
    "claim": do_claim,
    "assign_in_pool": do_assign_in_pool,
    "return_of_others": do_return_of_others,
    "simulate": do_simulate,
    "merge": do_merge,
    "assign_by_policy": do_assign_by_policy,
    "hand_over": do_hand_over,
}


@pytest.mark.parametrize(("act", "role"), itertools.product(DO, PEOPLE))
def test_as_each_role(floor, act, role):
    """Who may, does it; who may not, is told so and changes nothing."""
    call, done = DO[act](floor, floor.as_(role))
    may = allowed(call)
    assert may == (role in ALLOWED[act])
    if act not in ("check", "simulate"):
        assert done() == may


# === TWENTY AT THE SAME MOMENT === #


@pytest.fixture(scope="module")
def race(live_workers):
    """Twenty people with programs of their own, against several server processes."""
    admin = live_workers.xmlrpc()
    [group] = admin.call(
        "ir.model.data",
        "search_read",
        [("name", "=", "group_crm_suite_sales_rep"), ("model", "=", "res.groups")],
        fields=["res_id"],
    )
    logins = [f"racer-{number}-{uuid.uuid4()}" for number in range(RACERS)]
    people = [
        admin.call(
            "res.users",
            "create",
            {
                "name": login,
                "login": login,
                "password": PASSWORD,
                "group_ids": [(4, group["res_id"])],
            },
        )
        for login in logins
    ]
    floor = Floor(live_workers, people)
    floor.programs = [
        clients.XmlRpc(live_workers.url, live_workers.database, login, PASSWORD)
        for login in logins
    ]
    return floor


def claim_at_once(floor, programs, ids):
    """Each program claims one customer at the same moment.

    :return: the answers, as of the pool
    """
    start = threading.Barrier(len(programs))

    def claim(program, id_):
        start.wait(60)
        return program.call("crm.suite.pool", "action_claim", [floor.pool], [id_])[0]

    with ThreadPoolExecutor(len(programs)) as threads:
        return list(threads.map(claim, programs, ids))


def check_one_wins(rows):
    assert len(rows) == RACERS
    assert sum(row["ok"] for row in rows) == 1
    assert all(row["reason"] for row in rows if not row["ok"])


def test_twenty_people_claim_one_customer(race):
    [id_] = race.pooled()
    rows = claim_at_once(race, race.programs, [id_] * RACERS)
    check_one_wins(rows)
    [winner] = [p for p, row in zip(race.programs, rows, strict=True) if row["ok"]]
    assert race.owner(id_) == winner.uid


def test_twenty_people_and_the_last_place_of_the_pool(race):
    ids = race.pooled(RACERS)
    owned = [("crm_suite_pool_id", "=", race.pool), ("user_id", "!=", False)]
    taken = race.admin.call("res.partner", "search_count", owned)
    race.admin.call("crm.suite.pool", "write", [race.pool], {"max_all": taken + 1})
    check_one_wins(claim_at_once(race, race.programs, ids))
    assert race.admin.call("res.partner", "search_count", owned) == taken + 1
    race.admin.call("crm.suite.pool", "write", [race.pool], {"max_all": 0})


def test_twenty_claims_and_the_last_place_of_a_person(race):
    ids = race.pooled(RACERS)
    person = race.programs[0]
    mine = [("crm_suite_pool_id", "=", race.pool), ("user_id", "=", person.uid)]
    taken = race.admin.call("res.partner", "search_count", mine)
    race.admin.call("crm.suite.pool", "write", [race.pool], {"max_person": taken + 1})
    programs = [
        clients.XmlRpc(race.live.url, race.live.database, login, PASSWORD)
        for login in [
            race.admin.call("res.users", "read", [person.uid], fields=["login"])[0][
                "login"
            ]
        ]
        * RACERS
    ]
    check_one_wins(claim_at_once(race, programs, ids))
    assert race.admin.call("res.partner", "search_count", mine) == taken + 1

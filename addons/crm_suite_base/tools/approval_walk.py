"""The engine of approvals: a request walks through the graph of its flow.

Plain Python without a database. Every function takes a graph, the state of a request
and the *world*, and gives the next state together with the *effects*, which are what
the caller is to do: ask somebody, close a question, send a copy, run an action. The
given state is never changed, so nothing has happened until the caller stores the new
one. ::

    step = start(graph, world, submitter=7)
    step = act(graph, step.state, world, "t3", "agree")

*World* is an object of the caller with

``now``
    the moment, a naive datetime in UTC
``condition(expression)``
    whether the condition of an edge holds for the document
``approvers(rule, state)``
    ids of the users whom one rule of a node names, in order; in the rule of an
    escalation ``holder`` is the user who let the time pass
``able(users)``
    those of some users who can decide, in their order
``reviser(submitter)``
    who changes what is returned: the submitter, or who is in charge after he has left,
    or None
``due(hours, since, user)``
    the moment that many working hours after another
``outranks(submitter, user)``
    whether the submitter stands above a user
``fact(field)``
    the value of a watched field, as JSON

What the words mean. A *rejection* is a vote and ends the request, or sends it to
``reject_to``. A *return* is no vote: it asks an earlier step, or the submitter, to look
again. On the way forward again those who agreed before are spared only where the node
says by what they judged (``watch``) and nothing of it got worse. Somebody *added before*
me is heard before I decide, whatever he says. Somebody *added after* me signs together
with me: what he refuses I have refused. Thresholds are shares of those whom the node
named.

While somebody is asked again about a step that was passed, nothing moves on elsewhere.
"""

import json
from typing import NamedTuple

from .approval_acts import Acts
from .approval_again import Again
from .approval_graph import Flow
from .approval_limits import next_tick, overdue
from .approval_migrate import REASONS, Migration, migrate
from .approval_state import (
    FINAL,
    LIVE,
    MESSAGES,
    SCHEMA,
    WalkError,
    moment,
    stamp,
)

__all__ = [
    "FINAL",
    "LIVE",
    "REASONS",
    "MESSAGES",
    "Flow",
    "Migration",
    "Step",
    "WalkError",
    "act",
    "allowed",
    "can_finish",
    "can_hand_over",
    "can_recheck_part",
    "can_retrieve",
    "cancel",
    "choices",
    "choose",
    "edited",
    "finished",
    "hand_over",
    "migrate",
    "moment",
    "next_tick",
    "overdue",
    "recheck_part",
    "relieve",
    "reopen",
    "rescue",
    "retrieve",
    "return_options",
    "stamp",
    "start",
    "tick",
    "withdraw",
]


class Step(NamedTuple):
    """:ivar state: where the request stands now
    :ivar effects: what the caller is to do, in order
    """

    state: dict
    effects: list


def _open(graph, state, world):
    walk = Acts(graph, state, world)
    if walk.over:
        raise WalkError("finished")
    return walk


def _step(walk):
    walk.run()
    return Step(walk.state, walk.effects)


def start(graph, world, submitter, chosen=None):
    """Submit a request.

    :param chosen: whom the submitter chose, user ids by node id, for nodes with the
        rule ``{"by": "chosen"}``
    """
    state = {
        "schema": SCHEMA,
        "status": "running",
        "submitter": submitter,
        "chosen": {key: list(users) for key, users in (chosen or {}).items()},
        "handed": {},
        "started": stamp(world.now),
        "finished": None,
        "next": 1,
        "order": 0,
        "forks": {},
        "visits": {},
        "tasks": {},
    }
    walk = Acts(graph, state, world)
    walk.check_chosen(state["chosen"])
    walk.event("started", user=submitter, by=submitter)
    walk.queue.append((walk.flow.start, [], [], False))
    return _step(walk)


def act(
    graph,
    state,
    world,
    task,
    decision,
    by=None,
    comment="",
    to=None,
    users=None,
    later=False,
):
    """Decide a task.

    :param decision: "agree", "reject", "return", "transfer", "add_before", "add_after"
    :param by: who acts, where that is not the person of the task; the caller makes sure
        that he may
    :param to: id of the node to return to, where the node lets people choose
    :param users: ids of those to transfer to (one) or to add
    :param later: transfer what this person would be asked later on in this request too
    :raise WalkError: when this is not possible now; nothing has changed then
    """
    walk = _open(graph, state, world)
    walk.decide(task, decision, by, comment, to, users, later)
    return _step(walk)


def finished(graph, state, world, visit, outcome, error=""):
    """Report what became of an ``action`` or ``start_subflow`` effect.

    :param outcome: "done" or "failed" of an action, "agreed", "rejected" or "failed" of
        a flow
    """
    walk = _open(graph, state, world)
    walk.finished(visit, outcome, error)
    return _step(walk)


def can_finish(graph, state, visit):
    """Whether a request waits for an action or a flow within: it may have gone another
    way meanwhile."""
    return Acts(graph, state).can_finish(visit)


def retrieve(graph, state, world, task, by=None):
    """Take one's own agreement back, as long as nobody has acted on it."""
    walk = _open(graph, state, world)
    walk.check_retrieve(task)
    walk.take_back(task, by or walk.tasks[task]["user"])
    return _step(walk)


def can_retrieve(graph, state, task):
    try:
        Acts(graph, state).check_retrieve(task)
    except WalkError:
        return False
    return True


def withdraw(graph, state, world, by, comment=""):
    """The submitter takes the request back."""
    return _stop(graph, state, world, "withdrawn", by, comment)


def cancel(graph, state, world, by=None, reason=""):
    """The document was cancelled or is gone: there is nothing left to decide."""
    return _stop(graph, state, world, "cancelled", by, reason)


def _stop(graph, state, world, status, by, comment):
    walk = _open(graph, state, world)
    walk.event(status, by=by, comment=comment)
    walk.finish(status, by, comment)
    return Step(walk.state, walk.effects)


def edited(graph, state, world, by=None, own=False, visit=None):
    """The document was changed while the request runs.

    A condition that now chooses another path is walked again from there. Who agreed is
    asked again if something that his node watches got worse since, and only then.

    :param own: a step of the flow itself changed it: conditions keep their paths, so
        that the flow does not go round in circles
    :param visit: the visit of that step, where it is one of this request; nobody is
        asked again there
    """
    walk = _open(graph, state, world)
    walk.reconsider(by, own, visit)
    return _step(walk)


def reopen(graph, state, world, by=None, parts=(), own=False):
    """The document was changed after a request has agreed, before its effect: a flow
    within, or one whose step was not done yet.

    :param parts: visits of flows within in which somebody has to judge again
    :param own: as of :func:`edited`
    :return: the step; None where nobody has to judge again
    """
    walk = Again(graph, state, world)
    return _step(walk) if walk.reopen(by, parts, own) else None


def can_recheck_part(graph, state, visit):
    """Whether what a flow within said still counts."""
    return Again(graph, state).can_recheck_part(visit)


def recheck_part(graph, state, world, visit):
    """Wait once more for a flow within, whose people are asked again."""
    walk = Again(graph, state, world)
    if walk.over or not walk.can_recheck_part(visit):
        raise WalkError("unknown", what=visit)
    walk.recheck_part(visit)
    return Step(walk.state, walk.effects)


def tick(graph, state, world):
    """Do what time limits ask for; a finished request has none."""
    walk = Acts(graph, state, world)
    walk.tick()
    return Step(walk.state, walk.effects)


def relieve(graph, state, world, users):
    """Ask others in the place of people who have left: whom the rules of the steps name
    now. A finished request needs nobody.
    """
    walk = Acts(graph, state, world)
    if not walk.over:
        walk.relieve(users)
    return Step(walk.state, walk.effects)


def can_hand_over(graph, state, user, heir):
    """Whether somebody may take over all that a person is asked now."""
    return Acts(graph, state).can_hand_over(user, heir)


def hand_over(graph, state, world, user, heir, by=None):
    """Give another one all that a person is asked, and would be asked later on."""
    walk = _open(graph, state, world)
    if not walk.can_hand_over(user, heir):
        raise WalkError("already", user=heir)
    walk.hand_over(user, heir, by)
    return _step(walk)


def rescue(
    graph,
    state,
    world,
    by,
    reason,
    act,
    visit=None,
    to=None,
    users=None,
    result="agreed",
):
    """An administrator helps a request that does not get on by itself.

    :param act: "move" a visit to the node ``to``, "put" ``users`` in place of those who
        are asked at a visit, "retry" a visit in the exception queue, "end" the request
        with a ``result``
    :param reason: why; without one nothing is done
    """
    walk = _open(graph, state, world)
    if not (reason or "").strip():
        raise WalkError("reason")
    if act == "end":
        if result not in FINAL:
            raise WalkError("action", decision=result)
        walk.event("rescued", by=by, comment=reason, how=act)
        walk.finish(result, by, reason)
        return Step(walk.state, walk.effects)
    if act not in ("move", "put", "retry"):
        raise WalkError("action", decision=act)
    walk.check_live(visit)
    walk.event("rescued", visit, by=by, comment=reason, how=act, to=to, users=users)
    if act == "move":
        walk.rescue_move(visit, to)
    elif act == "put":
        walk.rescue_put(visit, users)
    else:
        walk.rescue_retry(visit)
    return _step(walk)


def choices(graph, state):
    """Ids of the nodes for which the submitter has still to choose the people."""
    return [node for node in Flow.of(graph).choices if not state["chosen"].get(node)]


def choose(graph, state, world, chosen, by=None):
    """The submitter names people where the flow leaves it to him.

    :param chosen: user ids by node id, see :func:`choices`
    """
    walk = _open(graph, state, world)
    walk.name_people(chosen, by)
    return _step(walk)


def allowed(graph, state, task):
    """Decisions that may be taken on a task now; none for one that is not open."""
    walk = Acts(graph, state)
    return walk.allowed(task) if task in walk.tasks else []


def return_options(graph, state, task):
    """Ids of the nodes to which one may return where one may choose."""
    walk = Acts(graph, state)
    if task not in walk.tasks:
        return []
    return walk.return_options(walk.tasks[task]["visit"])


def as_json(state):
    """The state as text, the same for equal states."""
    return json.dumps(state, sort_keys=True, ensure_ascii=False)

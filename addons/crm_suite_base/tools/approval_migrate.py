"""Bringing a running request to another version of its flow."""

from typing import NamedTuple

from .approval_graph import Flow
from .approval_state import LIVE, WalkState

REASONS = {
    "gone": "The step %(node)s is not part of the other version.",
    "type": "The step %(node)s is of another kind in the other version.",
    "nesting": "The step %(node)s lies between other parallel paths in the other version.",
    "branches": "The parallel %(node)s has another number of paths in the other version.",
}
# Properties whose change people who are asked already will not notice.
QUIET = ("id", "type", "name", "x", "y")


class Migration(NamedTuple):
    """:ivar ok: whether every step at which the request stands has its place
    :ivar mapped: ``[{"visit", "node", "to"}]`` of the steps at which it stands
    :ivar unmapped: ``[{"visit", "node", "code", "params", "reason"}]``; the reason in
        English, ``REASONS[code]`` for translating
    :ivar notes: ``[{"node", "to", "changed": [names of properties]}]`` where people are
        asked and stay, while the step has changed
    :ivar state: the state for the other version; None unless ``ok``
    """

    ok: bool
    mapped: list
    unmapped: list
    notes: list
    state: dict | None


def migrate(old, new, state, choices=None):
    """Say how a request would stand in another version, and bring it there.

    Nobody is asked anew: who is asked stays asked, and everything behind the steps at
    which the request stands is walked by the other version.

    :param choices: node of the new version by node of the old one, where they differ
    """
    old, new, choices = Flow.of(old), Flow.of(new), choices or {}
    walk = WalkState(old, state)
    mapped, unmapped, notes = [], [], []
    for vid in walk.live():
        visit = walk.visits[vid]
        target = choices.get(visit["node"], visit["node"])
        code = _misfit(walk, old, new, visit, target, choices)
        if code:
            params = {"node": old.name(visit["node"])}
            problem = {"visit": vid, "node": visit["node"], "code": code}
            problem.update(params=params, reason=REASONS[code] % params)
            unmapped.append(problem)
            continue
        mapped.append({"visit": vid, "node": visit["node"], "to": target})
        changed = _changed(old.nodes.get(visit["node"], {}), new.nodes[target])
        if changed:
            notes.append({"node": visit["node"], "to": target, "changed": changed})
    if not unmapped:
        _rename(walk, new, choices)
    ok = not unmapped
    return Migration(ok, mapped, unmapped, notes, walk.state if ok else None)


def _misfit(walk, old, new, visit, target, choices):
    """Why a visit has no place in the new version, as a key of REASONS; or None."""
    if target not in new.inside:
        return "gone"
    if old.node_type(visit["node"]) != new.node_type(target):
        return "type"
    here = walk.state["forks"]
    forks = [*visit["forks"], *([visit["fork"]] if visit.get("fork") else [])]
    around = [choices.get(here[key]["node"], here[key]["node"]) for key in forks]
    inner = around[len(visit["forks"]) :]
    if around[: len(visit["forks"])] != list(new.inside[target]) or any(
        new.joins.get(node) != target for node in inner
    ):
        return "nesting"
    for fork, node in zip(forks, around, strict=True):
        if len(new.out[node]) != here[fork]["branches"]:
            return "branches"
    return None


def _changed(before, after):
    names = sorted({*before, *after}.difference(QUIET))
    return [name for name in names if before.get(name) != after.get(name)]


def _rename(walk, new, choices):
    """Call the nodes as the new version calls them."""
    renamed = {
        before: after
        for before, after in choices.items()
        if after in new.nodes and isinstance(before, str)
    }
    live = [vid for vid, visit in walk.visits.items() if visit["status"] in LIVE]
    for vid, visit in walk.visits.items():
        known = renamed.get(visit["node"])
        # What was walked stays under its name, unless the new version has a place.
        if known and (
            vid in live or new.node_type(known) == walk.flow.node_type(visit["node"])
        ):
            visit["node"] = known
    for task in walk.tasks.values():
        task["node"] = walk.visits[task["visit"]]["node"]
    for fork in walk.state["forks"].values():
        fork["node"] = renamed.get(fork["node"], fork["node"])
        fork["join"] = new.joins.get(fork["node"], fork["join"])
    for before, after in renamed.items():
        if before in walk.state["chosen"]:
            walk.state["chosen"][after] = walk.state["chosen"].pop(before)

"""How alike two records are, and whether a rule calls them the same.

Plain functions over the keys that :mod:`duplicate_keys` makes; no database, no ORM.
"""

from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from .duplicate_keys import COMPANY, PERSON, has_cjk

# A name that only sounds the same is a little less than the same name.
SOUNDS_LIKE = 0.96


class Term(NamedTuple):
    """One condition of a rule.

    :param key: which key is compared, see :data:`COMPARE`
    :param exact: whether only equality counts
    :param threshold: least similarity, 0 to 1, of a condition that must hold
    :param weight: how much the key counts in the score
    """

    key: str
    exact: bool = True
    threshold: float = 1.0
    weight: float = 1.0


class Rule(NamedTuple):
    """When two records are called the same.

    :param mode: ``all``: every condition holds; ``score``: the weighted mean of those
        keys that both records have reaches ``least``
    :param kind: ``company``, ``person`` or ``any``: of which records it speaks
    :param known: for ``score``: the sum of weights of which both records must have
        the keys, so that little knowledge is no proof. A key of which both have a value
        that is less alike than its threshold speaks against them
    """

    terms: tuple
    mode: str = "all"
    kind: str = "any"
    least: float = 0.0
    known: float = 0.0


class Match(NamedTuple):
    """What a rule found: the score (0 to 1) and the similarity by key."""

    score: float
    reasons: dict


# ----------------------------------------------------------------------
# Similarity of one key; None where one of the records has no value
# ----------------------------------------------------------------------


def _same(left, right):
    return 1.0 if left == right else 0.0


def _any_same(left, right):
    return 1.0 if not set(left).isdisjoint(right) else 0.0


def _best(similar, left, right):
    return max(similar(one, other) for one in left for other in right)


def _spelling(left, right):
    """Equal but for typing errors: each letter wrong, missing or swapped costs one."""
    if left == right:
        return 1.0
    return OSA.normalized_similarity(left, right)


def similar_names(left, right):
    """How alike two names are: words in any order, traditional signs, by sound.

    :param dict left: keys of a record; so ``right``
    """
    one, other = left["name"], right["name"]
    if one == other:
        return 1.0
    if PERSON in (left.get("kind"), right.get("kind")):
        return _similar_persons(left, right)
    full = fuzz.token_sort_ratio(one, other) / 100
    if has_cjk(one) or has_cjk(other):
        full = max(full, SOUNDS_LIKE * _similar_sounds(left, right))
        if has_cjk(one) != has_cjk(other):
            return full  # in two scripts the sound is all there is to compare
    if not left.get("core") or not right.get("core"):
        return full
    core = fuzz.ratio(left["core"], right["core"]) / 100
    # The part that is the company's own decides as much as all the rest.
    return (full + core) / 2


def _similar_sounds(left, right):
    return max(
        fuzz.ratio(left.get(mine, ""), right.get(yours, "")) / 100
        for mine, yours in (
            ("pinyin", "pinyin"),
            ("sound", "pinyin"),
            ("pinyin", "sound"),
        )
    )


def _similar_persons(left, right):
    mine, yours = left.get("parts", ()), right.get("parts", ())
    if not mine or not yours:
        return fuzz.token_sort_ratio(left["name"], right["name"]) / 100
    if len(mine) == 1 or len(yours) == 1:
        return _one_part(mine, yours)
    whole = JaroWinkler.similarity(" ".join(mine), " ".join(yours))
    return max(whole, _pairwise(mine, yours)) * (
        SOUNDS_LIKE if has_cjk(left["name"] + right["name"]) else 1
    )


def _one_part(mine, yours):
    """Only a family name is known: at most a hint."""
    best = _best(JaroWinkler.similarity, mine, yours)
    return best if len(mine) == len(yours) else 0.9 * best


def _pairwise(mine, yours):
    """Each part with the part of the other that is most like it."""
    few, many = sorted((list(mine), list(yours)), key=len)
    total = 0.0
    for part in few:
        best = max(many, key=lambda other: JaroWinkler.similarity(part, other))
        total += JaroWinkler.similarity(part, best)
        many.remove(best)
    return total / len(few)


def _similar_streets(left, right):
    if left == right:
        return 1.0
    return max(fuzz.token_sort_ratio(left, right), fuzz.ratio(left, right)) / 100


# Key to how it is compared exactly and by similarity.
COMPARE = {
    "name": (_same, None),
    "pinyin": (_same, _spelling),
    "phone": (_any_same, lambda left, right: _best(_spelling, left, right)),
    "email": (_any_same, lambda left, right: _best(_spelling, left, right)),
    "domain": (_same, _spelling),
    "vat": (_same, _spelling),
    "street": (_same, _similar_streets),
    "city": (_same, _spelling),
    "zip": (_same, _spelling),
}


def similarity(term, left, right):
    """How alike two records are in one key.

    :param Term term:
    :param dict left: keys of a record; so ``right``
    :return: 0 to 1, or None where one of them has no such key
    :rtype: float | None
    """
    mine, yours = left.get(term.key), right.get(term.key)
    if not mine or not yours:
        return None
    exact, similar = COMPARE[term.key]
    if term.exact:
        return exact(mine, yours)
    if term.key == "name":
        return similar_names(left, right)
    return similar(mine, yours)


# ----------------------------------------------------------------------
# Rules
# ----------------------------------------------------------------------


def fits_kind(rule, left, right):
    """Whether the rule speaks of records of these kinds; unknown kinds fit any."""
    if rule.kind == "any":
        return True
    other = PERSON if rule.kind == COMPANY else COMPANY
    return other not in (left.get("kind"), right.get("kind"))


def match(rule, left, right):
    """Ask one rule about two records.

    :param Rule rule:
    :param dict left: keys of a record; so ``right``
    :rtype: Match | None
    """
    if not fits_kind(rule, left, right):
        return None
    return _MATCHERS[rule.mode](rule, left, right)


def _match_all(rule, left, right):
    reasons, total, weights = {}, 0.0, 0.0
    for term in rule.terms:
        value = similarity(term, left, right)
        if value is None or value < (1.0 if term.exact else term.threshold):
            return None
        reasons[term.key] = value
        total += term.weight * value
        weights += term.weight
    return Match(total / weights, reasons) if weights else None


def _match_score(rule, left, right):
    reasons, total, weights = {}, 0.0, 0.0
    for term in rule.terms:
        value = similarity(term, left, right)
        if value is None:
            continue
        if value < term.threshold:
            return None
        reasons[term.key] = value
        total += term.weight * value
        weights += term.weight
    if weights < rule.known or not weights:
        return None
    score = total / weights
    return Match(score, reasons) if score >= rule.least else None


_MATCHERS = {"all": _match_all, "score": _match_score}


def rules_by_kind(rules):
    """Sort rules by the records of which they speak, for :func:`first_match`.

    :param rules: pairs of anything and a :class:`Rule`, in their order
    :return: the pairs that fit records of two kinds, by these kinds
    :rtype: dict[tuple[str, str], list]
    """
    rules, kinds = list(rules), (COMPANY, PERSON, "")
    return {
        (one, other): [
            pair for pair in rules if fits_kind(pair[1], {"kind": one}, {"kind": other})
        ]
        for one in kinds
        for other in kinds
    }


def first_match(rules, left, right):
    """The first of ``rules`` that calls two records the same.

    :param dict rules: as :func:`rules_by_kind` returns them
    :param dict left: keys of a record; so ``right``
    :return: what stood beside the rule, and the match; or None
    """
    for what, rule in rules[left.get("kind", ""), right.get("kind", "")]:
        if found := _MATCHERS[rule.mode](rule, left, right):
            return what, found
    return None


# ----------------------------------------------------------------------
# Groups
# ----------------------------------------------------------------------


def connect(pairs):
    """Put together what is connected by pairs.

    :param pairs: pairs of hashable things
    :return: each thing with the smallest one of its group
    :rtype: dict
    """
    root = {}

    def find(one):
        while root.setdefault(one, one) != one:
            root[one] = one = root[root[one]]
        return one

    for left, right in pairs:
        first, second = sorted((find(left), find(right)))
        root[second] = first
    return {one: find(one) for one in root}

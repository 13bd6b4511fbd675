"""Whose value a merged record gets, field by field.

Plain Python: no ORM, no database. A *holder* is the id of one of the merged records;
the survivor comes first in every list of holders.
"""

# Which of several lifecycle stages is the furthest: another record of the same
# customer shows that it is not lost; who bought outranks who has not, and who still
# buys outranks who stopped. What the combined purchases say, the rules find out next.
LIFECYCLE_ORDER = (
    "lost",
    "lead",
    "qualified",
    "opportunity",
    "dormant",
    "at_risk",
    "first",
    "repeat",
    "won_back",
    "loyal",
)


def is_empty(value):
    """Whether a holder has nothing to say about a field."""
    return not value


def choose_first(values, holders):
    """The survivor's value, or of those who have one the first.

    :param dict values: ``{holder: value}``
    :param list holders: in order of preference, the survivor first
    :return: the holder whose value counts
    """
    return next((h for h in holders if not is_empty(values.get(h))), holders[0])


def choose_block(blocks, holders):
    """Whose block of fields counts that only make sense together, such as an address.

    The survivor's, unless another one says the same and more: a street of one house
    must not stand beside the city of another.

    :param dict blocks: ``{holder: {field: value}}``
    :return: the holder whose whole block counts
    """
    best = holders[0]
    for holder in holders[1:]:
        known, other = blocks[best], blocks[holder]
        agrees = all(is_empty(v) or other.get(name) == v for name, v in known.items())
        adds = any(is_empty(known.get(name)) and v for name, v in other.items())
        if agrees and adds:
            best = holder
    return best


def choose_furthest(codes, holders):
    """Who stands furthest in the lifecycle.

    :param dict codes: ``{holder: code of the stage or falsy}``
    """
    ranks = {code: rank for rank, code in enumerate(LIFECYCLE_ORDER)}
    return max(holders, key=lambda h: (ranks.get(codes.get(h), -1), -holders.index(h)))


def choose_owner(owners, holders):
    """Whose owner, team and protection count: the first who has an owner.

    :param dict owners: ``{holder: owner or falsy}``
    """
    return choose_first(owners, holders)


def decide_opt_out(decisions):
    """Whether the latest decision about messages was against them.

    :param decisions: iterable of ``(moment, opted out)``, of all addresses that the
        merged records had
    :rtype: bool
    """
    latest = max(decisions, default=None)
    return bool(latest and latest[1])

"""Which rules are at work in this transaction, one inside the effect of another.

It hangs on the cursor: every environment of the transaction shares it, and no program
can send it, as it could send a context.
"""

from contextlib import contextmanager

KEY = "crm_suite_automation_chain"
# Keyed by rule and record, until the transaction is committed.
SEEN = "crm_suite_base.automation.seen"
DEEPEST = 6
MOST_OFTEN = 10


def get_chain(cr):
    """The rules at work, the outermost first.

    :return: ``((rule id, model, frozenset of record ids), …)``
    :rtype: tuple
    """
    return vars(cr).get(KEY, ())


@contextmanager
def in_chain(cr, rule_id, model, ids):
    """What happens inside is the effect of a rule on some records."""
    with _hung_up(cr, (*get_chain(cr), (rule_id, model, frozenset(ids)))):
        yield


@contextmanager
def restored_chain(cr, rows):
    """What happens inside goes on with what began in an earlier transaction.

    :param rows: as :func:`dump_chain` gave them
    """
    chain = tuple(
        (rule_id, model, frozenset(ids)) for rule_id, model, ids in rows or ()
    )
    with _hung_up(cr, chain):
        yield


@contextmanager
def _hung_up(cr, chain):
    outer = get_chain(cr)
    vars(cr)[KEY] = chain
    try:
        yield
    finally:
        vars(cr)[KEY] = outer


def find_loops(cr, rule_id, model, ids):
    """Of some records, those on which a rule must not be let loose once more.

    :return: ids of records on which it is at work already; of records for which too
        many rules set off each other, or on which it ran too often in this transaction
    :rtype: set[int]
    """
    chain = get_chain(cr)
    if len(chain) >= DEEPEST:
        return set(ids)
    looped = set()
    for other_id, other_model, other_ids in chain:
        if other_id == rule_id and other_model == model:
            looped |= other_ids & set(ids)
    seen = cr.precommit.data.setdefault(SEEN, {})
    return looped | {id_ for id_ in ids if seen.get((rule_id, id_), 0) >= MOST_OFTEN}


def count_run(cr, rule_id, ids):
    """Note that a rule runs on records in this transaction."""
    seen = cr.precommit.data.setdefault(SEEN, {})
    for id_ in ids:
        seen[rule_id, id_] = seen.get((rule_id, id_), 0) + 1


def dump_chain(cr):
    """The chain as it is kept on a row, for the transaction that goes on with it."""
    return [[rule_id, model, sorted(ids)] for rule_id, model, ids in get_chain(cr)]

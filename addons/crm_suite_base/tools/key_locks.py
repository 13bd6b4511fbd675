"""Locks on what identifies records, so that two transactions cannot both find nothing and
both create it.

PostgreSQL has one table for the locks of all connections, of a few thousand places. So
transactions with few keys lock each of them; of those with many only some work at a time;
and one with very many holds one lock that stands for all keys.
"""

import hashlib

from odoo.tools import SQL

LOCK_SPACE = 0x637264
# Locks are numbers: keys of two transactions hardly ever fall on the same one.
LOCKS = 2**31 - 1
# Below 0, where no key is: all keys at once, and who may hold many.
ALL_KEYS = -1
FIRST_PERMIT = -2
# So many locks a transaction may hold without asking, and so many each by each.
FEW_LOCKS = 50
MOST_LOCKS = 1500
COUNT = "crm_suite_key_locks"
PERMIT = "crm_suite_key_permit"


def key_number(kind, key):
    """The number by which a key is locked.

    :param str kind: of which model and field
    :param key: anything whose text says what it is
    :rtype: int
    """
    digest = hashlib.sha256(f"{kind}/{key}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % LOCKS


def hold_keys(cr, numbers):
    """Hold keys until the end of the transaction; waits for who holds one of them.

    :param cr: cursor
    :param numbers: as :func:`key_number` gives them
    """
    numbers = sorted(set(numbers))
    if not numbers:
        return
    data = cr.postcommit.data
    data[COUNT] = data.get(COUNT, 0) + len(numbers)
    if data[COUNT] > MOST_LOCKS:
        cr.execute(SQL("SELECT pg_advisory_xact_lock(%s, %s)", LOCK_SPACE, ALL_KEYS))
        return
    if data[COUNT] > FEW_LOCKS:
        data[PERMIT] = _hold_permit(cr, data.get(PERMIT, 0))
    # Beside one lock that nobody holds who holds all; always in the same order, so that
    # nobody waits in a circle.
    cr.execute(
        SQL(
            """
            WITH beside AS MATERIALIZED (
                SELECT pg_advisory_xact_lock_shared(%(space)s, %(all)s))
            SELECT count(pg_advisory_xact_lock(%(space)s, k))
              FROM beside, unnest(%(numbers)s) AS k
            """,
            space=LOCK_SPACE,
            all=ALL_KEYS,
            numbers=numbers,
        )
    )


def _hold_permit(cr, mine):
    """One of the permits to hold many locks; the one that is held already comes first,
    for a savepoint that was rolled back may have taken it away.

    :return: its number, from 0
    :rtype: int
    """
    count = _count_permits(cr)
    mine %= count
    for number in (mine, *(other for other in range(count) if other != mine)):
        cr.execute(
            SQL(
                "SELECT pg_try_advisory_xact_lock(%s, %s)",
                LOCK_SPACE,
                FIRST_PERMIT - number,
            )
        )
        if cr.fetchone()[0]:
            return number
    cr.execute("SELECT pg_backend_pid()")
    number = cr.fetchone()[0] % count
    cr.execute(
        SQL("SELECT pg_advisory_xact_lock(%s, %s)", LOCK_SPACE, FIRST_PERMIT - number)
    )
    return number


def _count_permits(cr):
    """How many transactions may hold many locks, so that half of the places stay free."""
    cr.execute(
        """
        SELECT current_setting('max_locks_per_transaction')::int
               * (current_setting('max_connections')::int
                  + current_setting('max_prepared_transactions')::int)
        """
    )
    return max(1, cr.fetchone()[0] // 2 // MOST_LOCKS)

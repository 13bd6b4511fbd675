"""Which failures mean: do the whole transaction again; and living with the others."""

import psycopg2
from psycopg2 import errorcodes

from odoo.exceptions import ConcurrencyError

TRY_AGAIN = (
    errorcodes.SERIALIZATION_FAILURE,
    errorcodes.DEADLOCK_DETECTED,
    errorcodes.LOCK_NOT_AVAILABLE,
)


def is_try_again(error):
    """Whether a transaction lost against another one: nobody's fault, done again it
    goes well. The server repeats a request that ends so; a job repeats its chunk.
    """
    if isinstance(error, ConcurrencyError):
        return True
    return isinstance(error, psycopg2.Error) and error.pgcode in TRY_AGAIN


def each_that_can(cr, items, work):
    """Do something for many; those for whom it fails hold up no other.

    All at once as long as nothing fails. Where it does, they are halved until those are
    alone for whom it cannot be done; what was done for them is taken back.

    :param items: records, or a list
    :param work: is called with some of the items
    :return: each item that failed, as it was given to ``work``, and the error
    :rtype: list[tuple]
    :raise Exception: the transaction lost against another one, see :func:`is_try_again`
    """
    try:
        with cr.savepoint():
            work(items)
    except Exception as error:
        if is_try_again(error):
            raise
        if len(items) <= 1:
            return [(items, error)]
    else:
        return []
    half = len(items) // 2
    return [
        failure
        for part in (items[:half], items[half:])
        for failure in each_that_can(cr, part, work)
    ]

"""Which failures mean: do the whole transaction again."""

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

"""Running the real thing and taking all of it back."""

import copy
from contextlib import contextmanager

from odoo.tools import OrderedSet

# Hangs on the cursor: every environment of the transaction shares it, and no program
# can send it, as it could send a context.
KEY = "crm_suite_dry_run"


def is_dry_run(cr):
    """Whether what happens now is going to be taken back.

    What leaves the database at once (mails, text messages, messages to telephones) asks
    for it: nobody can take that back.

    :rtype: bool
    """
    return vars(cr).get(KEY, False)


@contextmanager
def dry_run(env):
    """Take back everything that happens inside, in the database and beside it.

    What would have been done after the commit (mails handed over, messages to other
    browsers, files removed) is forgotten with it. Sequences may have moved on, as with
    any transaction that is rolled back.
    """
    cursor = env.cr
    cursor.flush()
    queues = [
        cursor.precommit,
        cursor.postcommit,
        cursor.prerollback,
        cursor.postrollback,
    ]
    kept = [(queue, list(queue._funcs), dict(queue.data)) for queue in queues]
    for queue, _functions, data in kept:
        # What is collected inside goes into copies: lists of before are not added to.
        queue.data.update({key: _copy(value) for key, value in data.items()})
    savepoint = cursor.savepoint()
    outer = is_dry_run(cursor)
    vars(cursor)[KEY] = True
    try:
        yield
    finally:
        vars(cursor)[KEY] = outer
        savepoint.close(rollback=True)
        for queue, functions, data in kept:
            queue.clear()
            queue._funcs.extend(functions)
            queue.data.update(data)


def _copy(value):
    """A copy of collections in collections; what they hold in the end stays the same."""
    if isinstance(value, dict):
        copied = copy.copy(value)
        copied.update({key: _copy(item) for key, item in value.items()})
        return copied
    if isinstance(value, list):
        return [_copy(item) for item in value]
    if isinstance(value, set | OrderedSet):
        return type(value)(value)
    return value

"""Running the real thing and taking all of it back."""

from contextlib import contextmanager


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
    savepoint = cursor.savepoint()
    try:
        yield
    finally:
        savepoint.close(rollback=True)
        for queue, functions, data in kept:
            queue.clear()
            queue._funcs.extend(functions)
            queue.data.update(data)

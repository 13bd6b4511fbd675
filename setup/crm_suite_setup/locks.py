"""File locks between processes; the kernel drops them when a process dies."""

import contextlib
import errno
import fcntl

from .console import say


@contextlib.contextmanager
def locked(path, waiting_for):
    """Hold an exclusive lock on `path`, saying so when somebody else has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as handle:
        if not try_lock(handle):
            say(f"Waiting for another set-up process: {waiting_for}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def try_lock(handle):
    """Take the exclusive lock if it is free; say whether it was."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def share(handle):
    """Count among the users of a thing that only its last user may stop."""
    fcntl.flock(handle, fcntl.LOCK_SH)

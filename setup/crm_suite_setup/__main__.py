"""Entry point: python -m crm_suite_setup COMMAND ARGUMENTS."""

import contextlib
import os
import sys

from . import commands, settings
from .errors import SetupError
from .serve import Stopped, stop_on_signals

PROGRAMS = {
    "run": commands.run,
    "odoo": commands.odoo,
    "test": commands.test,
    "bench": commands.bench,
    "backup": commands.backup,
    "restore": commands.restore,
}


def main(arguments):
    name, *rest = arguments
    stop_on_signals()
    # Files that we create are for their owner; databases hold personal data.
    os.umask(0o022)
    try:
        return PROGRAMS[name](rest)
    except SetupError as error:
        return _fail(name, error)
    except Stopped:
        print("» Stopped", file=sys.stderr)
        # As a shell reports a program that Ctrl-C ended; stopping a server is fine.
        return 0 if name == "run" else 130
    except OSError as error:
        with contextlib.suppress(SetupError):
            folder = settings.from_environment().state
            return _fail(
                name, settings.explain_os_error(error, error.filename or folder)
            )
        raise


def _fail(name, sentence):
    print(f"setup/{name}: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

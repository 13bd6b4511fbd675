"""The four commands, each as the list of what it does."""

import argparse
import contextlib
import pathlib
import subprocess

from . import backup as backups
from . import host, postgres, serve, system, venv
from .console import say
from .database import Databases
from .odoo import Odoo
from .settings import ENVIRONMENT_HELP, from_environment, prepare_state


@contextlib.contextmanager
def environment(testing=False):
    """Everything that a command stands on; stopped again when the block ends."""
    settings = from_environment()
    prepare_state(settings)
    system.ensure_packages(settings, testing)
    found = host.ensure_host(settings)
    python = venv.ensure_venv(settings, found, testing)
    with postgres.Server(settings) as connection:
        with contextlib.closing(Odoo(settings, found, python, connection)) as odoo:
            yield odoo


def _parser(name, description, epilog=ENVIRONMENT_HELP):
    return argparse.ArgumentParser(
        prog=f"./setup/{name}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run(arguments):
    parser = _parser(
        "run",
        "Everything from a fresh Debian or Ubuntu machine to the running suite:"
        " finds or\nfetches the host, makes the Python environment, starts a private"
        " PostgreSQL,\ncreates the database with demo data (login admin, password"
        " admin) and serves it on\nhttp://127.0.0.1:8069 (or the next free port) until Ctrl-C."
        " A second start takes seconds,\nand upgrades the database if the addons have"
        " changed.",
    )
    parser.add_argument(
        "--no-serve", action="store_true", help="prepare everything, do not serve"
    )
    options = parser.parse_args(arguments)
    settings = from_environment()
    prepare_state(settings)
    with contextlib.ExitStack() as stack:
        if not options.no_serve:
            stack.enter_context(serve.only_one(settings))
            serve.check_port(settings)
        odoo = stack.enter_context(environment())
        Databases(odoo).ensure(settings.database)
        if options.no_serve:
            say(f"The database {settings.database} is ready")
            return 0
        return serve.serve(odoo)


def odoo(arguments):
    if not arguments or arguments == ["--help"]:
        print(
            "Usage: ./setup/odoo ARGUMENTS…\n\nThe host's command line inside the"
            " environment of the suite, with its configuration\nand its PostgreSQL,"
            " for example\n"
            "  ./setup/odoo shell\n"
            "  ./setup/odoo -u crm_suite_base --stop-after-init\n"
            "  ./setup/odoo --help-odoo       the host's own help\n\n"
            + ENVIRONMENT_HELP
        )
        return 0
    if arguments == ["--help-odoo"]:
        arguments = ["--help"]
    with environment() as ready:
        if not any(a.startswith(("-d", "--database")) for a in arguments):
            Databases(ready).check_ours(ready.settings.database)
        # The terminal's Ctrl-C reaches the child itself; we wait for its end.
        child = subprocess.Popen(ready.command(*arguments), env=ready.environ())
        try:
            return child.wait()
        except serve.Stopped:
            child.terminate()
            return child.wait()


def test(arguments):
    from . import testing

    return testing.main(arguments, environment)


def bench(arguments):
    from . import benchmark

    return benchmark.main(arguments, environment)


def backup(arguments):
    parser = _parser(
        "backup",
        "Write database and attachments, with checksums, into a new folder below"
        " FOLDER.\nThe server may go on working meanwhile.",
    )
    parser.add_argument("folder", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--database", help="database (CRM_SUITE_DB)")
    parser.add_argument(
        "--keep", type=int, metavar="N", help="afterwards remove all but N backups"
    )
    options = parser.parse_args(arguments)
    if options.keep is not None and options.keep < 1:
        parser.error("--keep needs a number of at least 1")
    with environment() as odoo:
        name = options.database or odoo.settings.database
        target = options.folder.absolute()
        backups.backup(Databases(odoo), name, target)
        if options.keep:
            backups.forget_old(target, name, options.keep)
    return 0


def restore(arguments):
    parser = _parser(
        "restore",
        "Make a new database from a backup, and check that all its rows and files"
        " are there.\nAn existing database is never overwritten.",
    )
    parser.add_argument("folder", type=pathlib.Path, metavar="BACKUP")
    parser.add_argument("--database", help="name of the new database")
    parser.add_argument(
        "--neutralize",
        action="store_true",
        help="for tests: switch off mail, scheduled work and payments",
    )
    options = parser.parse_args(arguments)
    with environment() as odoo:
        backups.restore(
            Databases(odoo),
            options.folder.absolute(),
            options.database,
            options.neutralize,
        )
    return 0

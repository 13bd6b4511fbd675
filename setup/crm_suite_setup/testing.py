"""`./setup/test`: linters, addon tests, tests from outside; one closing line."""

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

from . import counting, lint, spread
from .console import say
from .database import Databases
from .errors import SetupError
from .settings import ENVIRONMENT_HELP

DATABASE = "crm_suite_test"
NOTHING_COLLECTED = 5
# Processes among which all tests are spread: PostgreSQL and a browser work beside each.
MOST_WORKERS = 4
DESCRIPTION = """\
Everything from a fresh machine to all tests passed: linters, the addons' own tests
with browser tours, and the tests from outside in tests/. The last line is the sum.

  ./setup/test                            everything
  ./setup/test addons/crm_suite_base      the tests of one addon (or file, or file::test)
  ./setup/test tests/test_rpc.py          tests from outside
  ./setup/test -k import                  tests whose name matches, no linters
  ./setup/test --lint                     linters only
  ./setup/test --host [MODULE ...]        the host's own tests of some modules, without
                                          and with the suite; reports the difference
Other options (-x, -v, --pdb, ...) go to pytest.

Tests with real files look for shared/data beside the checkout, or for the folder in
CRM_SUITE_SHARED_DATA; without it they are skipped. CRM_SUITE_LONG_TESTS=1 adds those
that take minutes each.
"""


@dataclasses.dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def main(arguments, environment):
    options, pytest_arguments = _parse(arguments)
    with environment(testing=True) as odoo:
        if options.host is not None:
            from . import host_tests

            return host_tests.main(odoo, options.host)
        total = _run(odoo, options, pytest_arguments)
    if not total.passed + total.failed:
        raise SetupError("No test matches; look at the paths and at -k.")
    print(total, flush=True)
    return 1 if total.failed else 0


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="./setup/test",
        description=DESCRIPTION,
        epilog=ENVIRONMENT_HELP,
        usage="./setup/test [PATH ...] [-k EXPRESSION] [--lint | --host [MODULE ...]]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("-k", dest="expression", help="run only matching tests")
    parser.add_argument("--lint", action="store_true", help="linters only")
    parser.add_argument("--host", nargs="*", metavar="MODULE")
    options, rest = parser.parse_known_args(arguments)
    options.paths = [a for a in rest if not a.startswith("-") and _is_path(a)]
    rest = [a for a in rest if a not in options.paths]
    if options.expression:
        rest += ["-k", options.expression]
    return options, rest


def _is_path(argument):
    return pathlib.Path(argument.split("::")[0]).exists()


def _split(settings, paths):
    """Tell paths of addon tests (inside Odoo) from those of tests from outside."""
    inside, outside = [], []
    for path in paths:
        absolute = pathlib.Path(path.split("::")[0]).resolve()
        if absolute.is_relative_to(settings.root / "tests"):
            outside.append(path)
        else:
            inside.append(path)
    return inside, outside


def _run(odoo, options, pytest_arguments):
    settings = odoo.settings
    databases = Databases(odoo)
    inside, outside = _split(settings, options.paths)
    everything = not options.paths
    with_lint = options.lint or (everything and not options.expression)
    total = Count()
    if not options.lint and (inside or everything):
        # Linters use one core while PostgreSQL and the host use the other.
        template = _InBackground(databases.suite_template, True)
    if with_lint:
        say("Linters")
        total += Count(*lint.run_all(odoo))
    if options.lint:
        return total
    if inside or everything:
        total += _addon_tests(
            odoo,
            databases,
            template.result(),
            inside or _default_paths(settings),
            pytest_arguments,
            _workers(pytest_arguments) if everything else 1,
        )
    if outside or everything:
        total += _outside_tests(
            odoo,
            outside or ["tests"],
            pytest_arguments,
            _workers(pytest_arguments) if everything else 1,
        )
    return total


def _workers(arguments):
    """How many processes share all tests; who debugs wants one."""
    if "--pdb" in arguments or "-n" in arguments:
        return 1
    return max(1, min(os.cpu_count() or 1, MOST_WORKERS))


class _InBackground(threading.Thread):
    """A call in a thread; its result, or its exception, when it is asked for."""

    def __init__(self, function, *arguments):
        super().__init__(daemon=True)
        self._call = (function, arguments)
        self._outcome = None
        self.start()

    def run(self):
        function, arguments = self._call
        try:
            self._outcome = (function(*arguments), None)
        except BaseException as error:
            self._outcome = (None, error)

    def result(self):
        while self.is_alive():
            self.join(0.5)
        value, error = self._outcome
        if error:
            raise error
        return value


def _default_paths(settings):
    paths = [f"addons/{name}" for name in settings.suite_addons]
    return ["setup/lint", *paths]


def _addon_tests(odoo, databases, template, paths, arguments, workers=1):
    say(f"Tests of {' '.join(paths)}")
    _forget_leftovers(databases)
    run = f"{DATABASE}_{os.getpid()}"
    names, spreading = [run], []
    if workers > 1:
        names = [spread.worker_name(run, f"gw{n}") for n in range(workers)]
        spreading = ["-n", str(workers), "--dist=loadscope"]
    # The process that only spreads the tests reads a configuration too.
    configs = {name: odoo.settings.state / f"{name}.conf" for name in {run, *names}}
    try:
        for name, path in configs.items():
            odoo.write_config(path, name)
        for name in names:
            databases.copy(template, name)
        return run_pytest(
            odoo,
            "addons",
            [
                f"--odoo-config={configs[run]}",
                f"--odoo-database={run}",
                "--odoo-http",
                "--odoo-log-level=warn",
                *("-p", "crm_suite_setup.log_watch"),
                *("-p", "crm_suite_setup.spread"),
                *spreading,
                *arguments,
                *paths,
            ],
        )
    finally:
        for path in configs.values():
            path.unlink(missing_ok=True)
        for name in names:
            databases.drop(name)


def _outside_tests(odoo, paths, arguments, workers=1):
    say(f"Tests of {' '.join(paths)}")
    # pytest-odoo would load Odoo into this process, which is a client only.
    plugin = ["-p", "no:odoo"]
    if workers > 1:
        # A file stays in one process, for the servers and databases that its tests
        # share; in the order of names, for the longest has the fewest tests.
        plugin += ["-n", str(workers), "--dist=loadfile", "--no-loadscope-reorder"]
    return run_pytest(odoo, "outside", [*plugin, *arguments, *paths])


def _forget_leftovers(databases):
    """Drop the databases of test runs that were killed."""
    for name in databases.names():
        if name.startswith(f"{DATABASE}_"):
            owner = name.rsplit("_", 1)[1]
            if owner.isdigit() and not pathlib.Path(f"/proc/{owner}").exists():
                databases.drop(name)


def run_pytest(odoo, name, arguments):
    """Run pytest and count what its report says.

    :param str name: names the report file
    :rtype: Count
    """
    settings = odoo.settings
    report = settings.state / f"pytest-{name}-{os.getpid()}.json"
    command = [str(odoo.python), "-m", "pytest", "-q", "--color=auto"]
    command += ["-p", "crm_suite_setup.counting", "-p", "no:cacheprovider", *arguments]
    environ = {
        **odoo.environ(),
        "PYTHONPATH": os.pathsep.join([str(settings.root / "setup")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        counting.REPORT: str(report),
    }
    # Only the options say which database, so that tests from outside get none.
    environ.pop("ODOO_RC")
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=settings.root, env=environ, stdin=subprocess.DEVNULL
    )
    try:
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    count = _read_report(report)
    report.unlink(missing_ok=True)
    if code not in (0, NOTHING_COLLECTED) and not count.failed:
        print(f"pytest ended with exit code {code}", file=sys.stderr)
        count.failed += 1
    say(f"{name}: {count} in {time.monotonic() - started:.0f} s")
    return count


def _read_report(report):
    """What crm_suite_setup.counting wrote; nothing if pytest did not get there."""
    return Count(**json.loads(report.read_text())) if report.exists() else Count()

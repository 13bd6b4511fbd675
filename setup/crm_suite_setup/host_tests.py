"""`./setup/test --host`: the host's own tests, without and with the suite.

Some of the host's tests fail on any database with more modules than they expect, so
the result is never compared with "all passed" but with the same run without the suite.
A test that differs is run once more in both databases before it is reported: the host has
tests that fail now and then.
"""

import json
import os
import pathlib
import subprocess

from .console import Progress, say
from .database import Databases
from .errors import SetupError
from .outcomes import OUTCOMES, forget, how_far

MODULES = ("crm", "sale", "sale_stock", "contacts", "base_import", "mail")
KINDS = ("without", "with")


def main(odoo, modules):
    modules = modules or MODULES
    paths = [_folder(odoo, module) for module in modules]
    databases = Databases(odoo)
    names = _databases(databases)
    try:
        found = _run(odoo, names, paths, "first")
        different = _differences(*found.values())
        if different:
            say(f"{len(different)} tests differ; once more, to be sure")
            again = _run(odoo, names, different, "again")
            different = _differences(*again.values())
            found = {kind: found[kind] | again[kind] for kind in KINDS}
    finally:
        for name in names.values():
            databases.drop(name)
    return _report(found, different)


def _folder(odoo, module):
    for folder in odoo.host.addons_path:
        if (folder / module / "__manifest__.py").exists():
            tests = folder / module / "tests"
            if tests.is_dir():
                return str(tests)
            # Some modules leave their tests to others (contacts has tours only).
            return str(folder / module)
    raise SetupError(f"The host has no module {module}; look at the name.")


def _databases(databases):
    templates = (databases.host_template(True), databases.suite_template(True))
    names = {kind: f"crm_suite_host_{kind}_{os.getpid()}" for kind in KINDS}
    for kind, template in zip(KINDS, templates, strict=True):
        databases.copy(template, names[kind])
    return names


def _run(odoo, names, targets, round_name):
    """Run pytest on both databases side by side.

    :return: outcomes by test, by kind of database
    """
    running = {}
    for kind, name in names.items():
        state = odoo.settings.state
        report = state / f"{name}-{round_name}.json"
        config = odoo.write_config(state / f"{name}.conf", name)
        log = odoo.settings.logs / f"host-tests-{kind}.log"
        say(f"Running the host's tests {kind} the suite (log: {log})")
        running[kind] = (_start(odoo, config, name, targets, report, log), report)
    try:
        with Progress("The host's tests") as progress:
            progress.update(lambda: _how_far(running))
            return _wait(running)
    finally:
        for process, report in running.values():
            if process.poll() is None:
                process.terminate()
                process.wait()
            forget(report)
        for name in names.values():
            (odoo.settings.state / f"{name}.conf").unlink(missing_ok=True)


def _how_far(running):
    """How many tests of each run are over, in words."""
    parts = [f"{how_far(report)} {kind}" for kind, (_, report) in running.items()]
    return f"{', '.join(parts)} the suite"


def _wait(running):
    found = {}
    for kind, (process, report) in running.items():
        process.wait()
        if not report.exists():
            raise SetupError(
                f"The run {kind} the suite ended early; see the log named above."
            )
        found[kind] = json.loads(report.read_text())
    return found


def _start(odoo, config, name, targets, report, log):
    command = [
        *(str(odoo.python), "-m", "pytest", "-q", "--tb=short", "--color=no"),
        *("-p", "crm_suite_setup.outcomes", "-p", "no:cacheprovider"),
        f"--rootdir={odoo.host.python_root}",
        *("-c", os.devnull),
        *("--odoo-http", f"--odoo-config={config}", f"--odoo-database={name}"),
        *targets,
    ]
    environ = {
        **odoo.environ(),
        "PYTHONPATH": str(odoo.settings.root / "setup"),
        "PYTHONDONTWRITEBYTECODE": "1",
        OUTCOMES: str(report),
    }
    environ.pop("ODOO_RC")
    with open(log, "w") as stream:
        return subprocess.Popen(
            command,
            cwd=odoo.host.python_root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )


def _differences(without, with_suite):
    every = sorted({*without, *with_suite})
    return [test for test in every if without.get(test) != with_suite.get(test)]


def _report(found, different):
    without, with_suite = found.values()
    for kind, outcomes in found.items():
        values = list(outcomes.values())
        counts = ", ".join(f"{values.count(v)} {v}" for v in sorted(set(values)))
        say(f"{kind} the suite: {counts}")
    broken = [t for t, v in {**without, **with_suite}.items() if v == "not collected"]
    if broken:
        raise SetupError(f"These tests could not be read: {', '.join(broken[:5])}.")
    for test in different:
        before, after = without.get(test, "absent"), with_suite.get(test, "absent")
        print(f"{pathlib.PurePath(test)}: {before} without, {after} with the suite")
    same = len({*without, *with_suite}) - len(different)
    print(f"{same} passed, {len(different)} failed", flush=True)
    return 1 if different else 0

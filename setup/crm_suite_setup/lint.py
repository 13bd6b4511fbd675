"""The linters, each with the configuration that lies in the repository."""

import os
import pathlib
import re
import time

from .console import say
from .shell import run

# Odoo's own checkers for pylint are part of the host's module test_lint.
HOST_CHECKERS = (
    "_odoo_checker_sql_injection",
    "_odoo_checker_gettext",
    "_odoo_checker_unlink_override",
)
HOST_MESSAGES = (
    "used-before-assignment",
    "undefined-variable",
    "eval-used",
    "unreachable",
    "function-redefined",
    "sql-injection",
    "missing-gettext",
    "gettext-variable",
    "gettext-placeholders",
    "gettext-repr",
    "raise-unlink-override",
)
PYLINT_ODOO_EXCEPTIONS = (
    # The manual of the suite is one book in docs/, not a page per addon.
    "missing-readme",
    # A big model is split by subject into files, each of which extends it.
    "consider-merging-classes-inherited",
    # Takes "_ = self.env._" for the old import; semgrep looks for the import itself.
    "prefer-env-translation",
)
NO_TOOLS = "No module named"


def checks(odoo):
    """The checks as (title, command)."""
    settings = odoo.settings
    tools = odoo.python.parent
    addons = [str(settings.addons / name) for name in settings.suite_addons]
    catalogues = sorted(map(str, settings.addons.glob("*/i18n/*.po*")))
    pylint = [tools / "pylint", "--jobs=0", "--reports=no", "--score=no"]
    found = [
        ("ruff", [tools / "ruff", "check", "--no-cache", "."]),
        ("ruff format", [tools / "ruff", "format", "--no-cache", "--check", "."]),
        (
            "pylint-odoo",
            [
                *pylint,
                "--rcfile=pyproject.toml",
                f"--disable={','.join(PYLINT_ODOO_EXCEPTIONS)}",
                *addons,
            ],
        ),
        (
            "the host's pylint checkers",
            [
                *pylint,
                f"--rcfile={os.devnull}",
                f"--load-plugins={','.join(HOST_CHECKERS)}",
                # The reasoned exceptions in the code name pylint-odoo's messages too.
                "--disable=all,unknown-option-value",
                f"--enable={','.join(HOST_MESSAGES)}",
                *addons,
            ],
        ),
        ("oca-checks-odoo-module", [tools / "oca-checks-odoo-module", *addons]),
        (
            "semgrep",
            [
                *(tools / "semgrep", "scan", "--metrics=off", "--error", "--quiet"),
                *("--disable-version-check", "--no-git-ignore", "--jobs=1"),
                *("--config", settings.root / "setup/lint/semgrep-odoo.yml"),
                *("--exclude=tests", "--include=*.py"),
                *addons,
            ],
        ),
    ]
    if catalogues:
        found.append(("oca-checks-po", [tools / "oca-checks-po", *catalogues]))
    return found


def run_all(odoo):
    """Run the linters.

    :return: numbers of passed and of failed checks
    """
    environ = {
        **odoo.environ(),
        "PYTHONPATH": os.pathsep.join(_checker_path(odoo.host)),
        "SEMGREP_SEND_METRICS": "off",
        "SEMGREP_ENABLE_VERSION_CHECK": "0",
        "SEMGREP_USER_HOME": str(odoo.settings.state / "semgrep"),
    }
    passed = failed = 0
    for title, command in checks(odoo):
        started = time.monotonic()
        result = run(command, cwd=odoo.settings.root, env=environ)
        output = result.stdout.strip()
        if result.returncode or NO_TOOLS in output:
            failed += 1
            say(f"{title}: FAILED")
            print(_relative(output, odoo.settings.root), flush=True)
        else:
            passed += 1
            say(f"{title}: clean ({time.monotonic() - started:.0f} s)")
    return passed, failed


def _checker_path(host):
    for folder in host.addons_path:
        checkers = folder / "test_lint" / "tests"
        if checkers.is_dir():
            return [str(checkers), str(host.python_root)]
    return [str(host.python_root)]


def _relative(output, root):
    return re.sub(re.escape(f"{pathlib.Path(root)}/"), "", output)

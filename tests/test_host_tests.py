"""`./setup/test --host` reports what differs, and only that; no server is needed."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT
from crm_suite_setup import host_tests, outcomes
from crm_suite_setup.errors import SetupError

LEAD = "crm/tests/test_lead.py::TestLead::"
BEFORE = {
    f"{LEAD}test_merge": "passed",
    f"{LEAD}test_assign": "passed",
    # Fails on any database with more modules than it expects.
    f"{LEAD}test_queries": "failed",
}


@pytest.fixture
def runs(monkeypatch):
    """A function that runs the command on outcomes that are given by round."""
    monkeypatch.setattr(host_tests, "Databases", FakeDatabases)
    monkeypatch.setattr(host_tests, "_folder", lambda odoo, module: f"/{module}")

    def main(*rounds):
        asked = []

        def run(odoo, names, targets, round_name):
            asked.append(targets)
            return dict(zip(host_tests.KINDS, rounds[len(asked) - 1], strict=True))

        monkeypatch.setattr(host_tests, "_run", run)
        return host_tests.main(None, ["crm"]), asked

    FakeDatabases.dropped = []
    return main


class FakeDatabases:
    dropped = []

    def __init__(self, odoo):
        pass

    def host_template(self, demo):
        return "host"

    suite_template = host_template

    def copy(self, source, target):
        return target

    def drop(self, name):
        self.dropped.append(name)


def test_no_difference(runs, capsys):
    code, asked = runs((BEFORE, dict(BEFORE)))
    assert code == 0
    assert asked == [["/crm"]]
    *_said, last = capsys.readouterr().out.splitlines()
    assert last == "3 passed, 0 failed"


@pytest.mark.parametrize(
    ("test", "outcome"),
    [("test_merge", "failed"), ("test_merge", "skipped"), ("test_queries", "passed")],
)
def test_another_outcome_is_reported(runs, capsys, test, outcome):
    after = BEFORE | {LEAD + test: outcome}
    again = ({LEAD + test: BEFORE[LEAD + test]}, {LEAD + test: outcome})
    code, asked = runs((BEFORE, after), again)
    assert code == 1
    # Only what differs is run once more.
    assert asked[1] == [LEAD + test]
    *_said, line, last = capsys.readouterr().out.splitlines()
    assert line == (
        f"{LEAD}{test}: {BEFORE[LEAD + test]} without, {outcome} with the suite"
    )
    assert last == "2 passed, 1 failed"


@pytest.mark.parametrize("gone", ["without", "with"])
def test_test_that_only_one_run_has(runs, capsys, gone):
    less = {k: v for k, v in BEFORE.items() if not k.endswith("test_merge")}
    first = (less, BEFORE) if gone == "without" else (BEFORE, less)
    again = [{}, {f"{LEAD}test_merge": "passed"}]
    code, _asked = runs(first, again if gone == "without" else again[::-1])
    assert code == 1
    assert f"absent {gone}" in capsys.readouterr().out


def test_test_that_fails_now_and_then(runs):
    after = BEFORE | {f"{LEAD}test_merge": "failed"}
    again = ({f"{LEAD}test_merge": "passed"}, {f"{LEAD}test_merge": "passed"})
    code, _asked = runs((BEFORE, after), again)
    assert code == 0


def test_nothing_is_hidden_by_tests_that_cannot_be_read(runs):
    """Alike in both runs, but nothing was compared."""
    broken = {"crm/tests/test_lead.py": "not collected"}
    with pytest.raises(SetupError, match="could not be read: crm/tests/test_lead.py"):
        runs((broken, dict(broken)))


def test_databases_are_dropped_also_after_a_failure(runs, monkeypatch):
    with pytest.raises(IndexError):
        runs()
    assert len(FakeDatabases.dropped) == len(host_tests.KINDS)


def test_a_run_says_how_far_it_is(tmp_path):
    """The long wait is not silent: tests over and tests in all, of each run."""
    (tmp_path / "test_two.py").write_text(
        "import pathlib\n"
        "def test_one(): pass\n"
        "def test_two():\n"
        "    [said] = pathlib.Path(__file__).parent.glob('*.progress')\n"
        "    assert said.read_text() == '1 of 2'\n"
    )
    report = tmp_path / "with.json"
    running = {"without": (None, tmp_path / "without.json"), "with": (None, report)}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "crm_suite_setup.outcomes"]
        + ["-p", "no:odoo", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", "."],
        env=os.environ
        | {"PYTHONPATH": str(ROOT / "setup"), outcomes.OUTCOMES: str(report)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    assert host_tests._how_far(running) == (
        "reading the tests without, 2 of 2 with the suite"
    )
    outcomes.forget(report)
    assert not list(tmp_path.glob("with.json*"))

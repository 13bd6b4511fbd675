"""A pytest plugin: leave the outcome of every test in a file, and how far it is beside."""

import json
import os
import pathlib

OUTCOMES = "CRM_SUITE_OUTCOMES"
_outcomes = {}
_collected = []


def how_far(report):
    """What a run that leaves its outcomes in `report` has done up to now, in words."""
    path = _progress_file(report)
    return (path.exists() and path.read_text()) or "reading the tests"


def forget(report):
    """Remove what a run left; its outcomes were read."""
    for path in (pathlib.Path(report), _progress_file(report)):
        path.unlink(missing_ok=True)


def _progress_file(report):
    return pathlib.Path(f"{report}.progress")


def _say_how_far():
    words = f"{len(_outcomes)} of {len(_collected)}"
    _progress_file(os.environ[OUTCOMES]).write_text(words)


def pytest_collection_finish(session):
    _collected[:] = session.items
    _say_how_far()


def pytest_runtest_logfinish():
    _say_how_far()


def pytest_runtest_logreport(report):
    # The worst phase counts: a test that passes and cannot clean up has failed.
    if report.when == "call" or report.outcome != "passed":
        if _outcomes.get(report.nodeid) != "failed":
            _outcomes[report.nodeid] = report.outcome


def pytest_collectreport(report):
    if report.failed:
        _outcomes[report.nodeid] = "not collected"


def pytest_sessionfinish(session):
    pathlib.Path(os.environ[OUTCOMES]).write_text(json.dumps(_outcomes))

"""A pytest plugin: leave the outcome of every test in a file."""

import json
import os
import pathlib

OUTCOMES = "CRM_SUITE_OUTCOMES"
_outcomes = {}


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

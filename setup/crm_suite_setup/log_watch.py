"""A pytest plugin: a warning in the log fails the test during which it was written.

What a test expects it says itself, with ``assertLogs`` or ``mute_logger``. What the
host writes whatever we do is listed, with reasons, in setup/lint/allowed-log.txt.
"""

import logging
import pathlib
import re

import pytest

ALLOWED = pathlib.Path(__file__).parents[1] / "lint" / "allowed-log.txt"


def read_patterns(path=ALLOWED):
    lines = path.read_text().splitlines()
    return [re.compile(x) for x in lines if x.strip() and not x.startswith("#")]


class Watch(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.patterns = read_patterns()
        self.found = []

    def emit(self, record):
        line = f"{record.levelname} {record.name}: {record.getMessage()}"
        if not any(pattern.search(line) for pattern in self.patterns):
            self.found.append(line)


_watch = Watch()


def pytest_sessionstart(session):
    logging.getLogger().addHandler(_watch)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    _watch.found.clear()
    result = yield
    if _watch.found:
        found = "\n".join(dict.fromkeys(_watch.found))
        pytest.fail(f"Unexpected warnings in the log:\n{found}", pytrace=False)
    return result

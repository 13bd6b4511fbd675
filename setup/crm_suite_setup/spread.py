"""A pytest plugin: each process of a test run works in a database of its own.

pytest-xdist spreads the tests; the databases and their configuration files are there
already, see :func:`crm_suite_setup.testing._addon_tests`.
"""

import os

import pytest


def worker_name(name, worker):
    """The database, or the configuration file, of one process.

    :param str name: that of the run, which ends with the id of its process
    :param str worker: what pytest-xdist calls the process: ``gw0``, ``gw1``, …
    """
    head, process = name.rsplit("_", 1)
    return f"{head}_{worker}_{process}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config):
    # Taken away: pytest-odoo would copy the database once more.
    worker = os.environ.pop("PYTEST_XDIST_WORKER", None)
    if worker:
        for option in ("odoo_database", "odoo_config"):
            name = worker_name(getattr(config.option, option), worker)
            setattr(config.option, option, name)
    return (yield)

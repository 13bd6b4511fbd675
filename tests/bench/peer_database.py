"""A database of its own for another product that is measured beside ours."""

import subprocess
import sys

import psycopg2

import odoo
from odoo.tools import config


def administer(statement):
    """Run a statement that is not for a database; names come from the benchmark itself."""
    names = {"db_host": "host", "db_port": "port", "db_user": "user"}
    names["db_password"] = "password"
    where = {name: config[key] for key, name in names.items() if config[key]}
    connection = psycopg2.connect(dbname="postgres", **where)
    connection.autocommit = True
    with connection.cursor() as cr:
        cr.execute(statement)
    connection.close()


def install(options, module):
    """Install an addon from the folder ``options.addons`` in ``options.database``."""
    path = ",".join([*config["addons_path"], options.addons])
    config["addons_path"] = [*config["addons_path"], options.addons]
    odoo.modules.module.initialize_sys_path()
    subprocess.run(
        [
            *(sys.executable, "-m", "odoo", "-c", options.config),
            *("-d", options.database, f"--addons-path={path}", "-i", module),
            *("--stop-after-init", "--no-http", "--log-level=error"),
        ],
        check=True,
        stdout=sys.stderr,
    )

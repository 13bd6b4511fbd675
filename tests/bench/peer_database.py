"""Measuring another product beside ours: in a database and a process of its own.

:func:`start_peer` is called by the benchmark, :func:`serve_peer` by the script that it
starts.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import psycopg2

import odoo
import odoo.service.server
from odoo.modules.registry import Registry
from odoo.tools import config


def start_peer(bench, name, addons, count):
    """Run the script ``name`` of this folder beside a copy of the host's database.

    :param str addons: the folder with the addons of the other product
    :param int count: how many records it measures with
    :return: what the script prints
    :rtype: dict
    """
    # A database with connections cannot be copied.
    odoo.sql_db.close_db(bench.host_db)
    script = pathlib.Path(__file__).with_name(f"{name}.py")
    done = subprocess.run(
        [
            *(sys.executable, str(script), "--config", config["config"]),
            *("--addons", addons, "--template", bench.host_db),
            *("--database", f"{bench.host_db}_{name}", "--count", str(count)),
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def serve_peer(module, measure):
    """Install ``module``, measure it, print the result as one line of JSON.

    :param measure: called with an environment and the number of records, gives a dict;
        what it does is rolled back
    """
    parser = argparse.ArgumentParser()
    for name in ("config", "addons", "template", "database"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    config.parse_config(["--config", options.config, "--log-level=warn"])
    administer(f'CREATE DATABASE "{options.database}" TEMPLATE "{options.template}"')
    try:
        install(options, module)
        odoo.service.server.load_server_wide_modules()
        with Registry(options.database).cursor() as cr:
            env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
            result = measure(env, options.count)
            cr.rollback()
        print(json.dumps(result))
    finally:
        odoo.sql_db.close_all()
        administer(f'DROP DATABASE IF EXISTS "{options.database}"')


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

"""`./setup/bench`: the benchmarks of tests/bench/ on two fresh databases."""

import argparse
import os
import subprocess

from .console import say
from .database import Databases
from .settings import ENVIRONMENT_HELP


def main(arguments, environment):
    parser = argparse.ArgumentParser(
        prog="./setup/bench",
        description="Measure the suite against the host: one table of ratios. Data is"
        " built in SQL\nin databases of their own, which are dropped afterwards.",
        epilog=ENVIRONMENT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="run only these")
    options = parser.parse_args(arguments)
    with environment(testing=True) as odoo:
        databases = Databases(odoo)
        host = databases.host_template(demo=False)
        suite = databases.suite_template(demo=False)
        copies = {
            kind: f"crm_suite_bench_{kind}_{os.getpid()}" for kind in ("host", "suite")
        }
        config = odoo.settings.state / f"bench-{os.getpid()}.conf"
        try:
            databases.copy(host, copies["host"])
            databases.copy(suite, copies["suite"])
            odoo.write_config(config, copies["suite"])
            say("Measuring")
            return subprocess.call(
                [
                    *(str(odoo.python), "-m", "tests.bench", "--config", str(config)),
                    *("--suite-db", copies["suite"], "--host-db", copies["host"]),
                    *options.names,
                ],
                cwd=odoo.settings.root,
                env=odoo.environ(),
            )
        finally:
            config.unlink(missing_ok=True)
            for name in copies.values():
                databases.drop(name)

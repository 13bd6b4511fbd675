"""Run benchmarks: ``python -m tests.bench --config C --suite-db A --host-db B [NAME…]``."""

import argparse
import importlib
import pathlib
import sys

import odoo.service.server
from odoo.tools import config

from .bench import Bench
from .report import table


def names():
    """The benchmarks of this folder, in alphabetical order."""
    here = pathlib.Path(__file__).parent
    return sorted(p.stem.removeprefix("bench_") for p in here.glob("bench_*.py"))


def main():
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--config", required=True, help="Odoo configuration file")
    parser.add_argument("--suite-db", required=True)
    parser.add_argument("--host-db", required=True)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    options = parser.parse_args()
    unknown = set(options.names) - set(names())
    if unknown:
        parser.error(
            f"no benchmark {', '.join(unknown)}; there are {', '.join(names())}"
        )
    config.parse_config(
        ["--config", options.config, "--log-level=warn"], setup_logging=True
    )
    # Benchmarks run the code of a worker, with its modules, but serve nothing.
    odoo.service.server.load_server_wide_modules()
    rows = []
    for name in options.names or names():
        module = importlib.import_module(f"{__package__}.bench_{name}")
        print(f"… {name}", file=sys.stderr, flush=True)
        rows += module.run(Bench(options.suite_db, options.host_db))
    print(table(rows))
    return any(row.ok is False for row in rows)


if __name__ == "__main__":
    sys.exit(main())

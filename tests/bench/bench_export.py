"""The suite's export of all customers beside the host's, same rows and columns."""

import tempfile
import time
from types import SimpleNamespace
from unittest.mock import patch

from odoo.addons.web.controllers import export as host_export

from .bench import CUSTOMERS, peak_memory, reset_peak_memory
from .dataset import ensure_customers
from .report import Row, ratio_row

DOMAIN = [("ref", "like", "bench-")]
FIELDS = [
    "name",
    "is_company",
    "ref",
    "phone",
    "email",
    "city",
    "country_id",
    "user_id",
    "category_id",
    "create_date",
]
# The whole point of writing row by row: no more than this on top of the process.
MEMORY_MIB = 100


def run(bench):
    ensure_customers(bench, bench.suite_db)
    for file_format in ("xlsx", "csv"):
        # Ours first: the memory that the host's export took is not given back.
        ours, memory = _measured(bench, _ours, file_format)
        host, host_memory = _measured(bench, _host, file_format)
        yield ratio_row(
            f"export {CUSTOMERS:,} customers, {file_format}, vs the host's",
            [ours],
            [host],
            1,
        )
        yield Row(
            f"export {CUSTOMERS:,} customers, {file_format}: memory",
            f"{memory:.0f} MiB (host {host_memory:.0f} MiB)",
            f"≤ {MEMORY_MIB} MiB",
            memory <= MEMORY_MIB,
        )


def _measured(bench, export, file_format):
    with bench.env(bench.suite_db, login="admin") as env:
        env["res.partner"].search(DOMAIN, limit=80).read(FIELDS)  # warm both alike
        env.invalidate_all()
        reset_peak_memory()
        before = peak_memory()
        start = time.perf_counter()
        rows = export(env, file_format)
        seconds = time.perf_counter() - start
        assert rows == CUSTOMERS, f"{rows} rows were exported, not {CUSTOMERS}"
        return seconds, peak_memory() - before


def _ours(env, file_format):
    export = env["crm.suite.export"]._prepare_export(
        "res.partner", DOMAIN, FIELDS, file_format
    )
    with tempfile.TemporaryFile() as output:
        return export._write_to(output)


def _host(env, file_format):
    """What the host's controller does between the request and the response."""
    classes = {"xlsx": host_export.ExcelExport, "csv": host_export.CSVExport}
    model = env["res.partner"].with_context(import_compat=False)
    described = model.fields_get(FIELDS)
    fields = [{"name": name, **described[name]} for name in FIELDS]
    labels = [field["string"] for field in fields]
    with patch.object(host_export, "request", SimpleNamespace(env=env)):
        data = model.search(DOMAIN).export_data(FIELDS)["datas"]
        content = classes[file_format]().from_data(fields, labels, data)
    assert content
    return len(data)

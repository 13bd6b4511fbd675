"""Finding duplicates: how well, how fast, and how the time grows.

*How well* is measured with the people of FEBRL and the rules as they are shipped: the
records are put into the table of customers and the nightly search finds the pairs. The
files lie in ``shared/data/febrl`` beside the checkout, or below
``CRM_SUITE_SHARED_DATA``; without them this part is left out. To see beside it what
another product finds, name a Python that has ``splink`` 5 and ``duckdb`` (say of a virtual
environment) in ``CRM_SUITE_BENCH_SPLINK``; they are no dependencies of the suite.
"""

import json
import math
import os
import pathlib
import statistics
import subprocess
import time

from .duplicate_data import FEBRL, insert_customers, make_customers, read_febrl
from .report import Row

CUSTOMERS = int(os.environ.get("CRM_SUITE_BENCH_CUSTOMERS", 200_000))
FEW = CUSTOMERS // 10
SPLINK = os.environ.get("CRM_SUITE_BENCH_SPLINK")
BAR_SECONDS = 300
# The small search takes half a second: one alone would say little.
ROUNDS = 3
BARS = {("1",): 0.99, ("2",): 0.97, ("3",): 0.98, ("4a", "4b"): 0.99}


def run(bench):
    if FEBRL.is_dir():
        for names, bar in BARS.items():
            yield _people(bench, names, bar)
            yield _splink(names)
    else:
        yield Row(f"duplicates of FEBRL: {FEBRL} is not there", "skipped")
    few = yield from _customers(bench, FEW)
    many = yield from _customers(bench, CUSTOMERS)
    # What n log n would give; the constant part of the small run is on its side.
    bar = CUSTOMERS * math.log(CUSTOMERS) / (FEW * math.log(FEW))
    yield Row(
        f"search of {CUSTOMERS} customers",
        f"{many:.0f} s",
        f"≤ {BAR_SECONDS} s",
        many <= BAR_SECONDS,
    )
    yield Row(
        f"  growth from {FEW} customers",
        f"{many / few:.1f} × the time",
        f"≤ {bar:.1f} × (n log n)",
        many / few <= bar,
    )


def _search(env):
    """The search of the night.

    :return: the finished search, and how many seconds it took
    """
    runs = env["crm.suite.duplicate.run"]
    runs.sudo().search([]).unlink()
    started = time.perf_counter()
    search = runs._get_due("res.partner")
    while search.state == "open":
        search._do_slice()
    env.flush_all()
    return search, time.perf_counter() - started


def _found(env, ids):
    """The pairs found among the records, as positions in their list."""
    position = {id_: number for number, id_ in enumerate(ids)}
    env.cr.execute(
        "SELECT left_id, right_id FROM crm_suite_duplicate_pair"
        " WHERE left_model = 'res.partner' AND right_model = 'res.partner'"
    )
    return {
        (position[left], position[right])
        for left, right in env.cr.fetchall()
        if left in position and right in position
    }


def _prepare(env, rows):
    ids = insert_customers(env, rows)
    started = time.perf_counter()
    env["res.partner"]._duplicate_fill(ids)
    seconds = time.perf_counter() - started
    env.cr.execute("ANALYZE res_partner")
    return ids, seconds


def _people(bench, names, bar):
    rows, truth = read_febrl(*names)
    with bench.env(bench.suite_db) as env:
        ids, _seconds = _prepare(env, rows)
        _run, seconds = _search(env)
        found = _found(env, ids)
    if len(names) > 1:
        border = len(read_febrl(names[0])[0])
        found = {pair for pair in found if (pair[0] < border) != (pair[1] < border)}
    right = len(found & truth)
    precision, recall = right / len(found), right / len(truth)
    score = 2 * precision * recall / (precision + recall)
    return Row(
        f"duplicates of FEBRL {' × '.join(names)}, shipped rules, {seconds:.1f} s",
        _quality(score, precision, recall),
        f"≥ {bar}",
        score >= bar,
    )


def _splink(names):
    """What splink finds among the same people; for information, it has no bar."""
    what = "  splink on the same people"
    if not SPLINK:
        return Row(what, "skipped: name a Python that has it in CRM_SUITE_BENCH_SPLINK")
    script = pathlib.Path(__file__).with_name("splink_oracle.py")
    done = subprocess.run(
        # Alone: the packages of this process are not for another Python.
        [SPLINK, "-I", str(script), *names],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    result = json.loads(done.stdout.splitlines()[-1])
    return Row(
        f"{what}, version {result['version']}, {result['seconds']:.1f} s",
        _quality(result["f1"], result["precision"], result["recall"]),
    )


def _quality(score, precision, recall):
    return f"F1 {score:.4f} (precision {precision:.4f}, recall {recall:.4f})"


def _customers(bench, count):
    rows, truth = make_customers(count)
    with bench.env(bench.suite_db) as env:
        ids, keys = _prepare(env, rows)
        times = []
        for _turn in range(ROUNDS):
            # As in the first one, nothing is known of any pair.
            env.cr.execute("DELETE FROM crm_suite_duplicate_pair")
            env.invalidate_all(flush=False)
            search, seconds = _search(env)
            times.append(seconds)
        seconds = statistics.median(times)
        found = _found(env, ids)
        compared, slices = search.compared, search.slices
    yield Row(f"keys of {count} customers", f"{keys:.0f} s")
    yield Row(
        f"search of {count} customers in {slices} slices",
        f"{seconds:.1f} s, {compared:,} pairs compared, {len(found):,} found;"
        f" {len(found & truth):,} of {len(truth):,} entered twice",
    )
    return seconds

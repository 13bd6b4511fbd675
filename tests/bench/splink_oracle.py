"""Find the duplicates among the people of FEBRL with splink; a process of its own, started
by ``bench_duplicate``, because splink is no dependency of the suite and has a Python of
its own. By hand: ``PYTHON splink_oracle.py 3``, or ``4a 4b`` to link two data sets.

Prints one line of JSON. The settings below are the same for all data sets, and the model
learns from the records alone: the truth is used only to count what was found. It knows
more of the people than ours, the date of birth and the parts of the name.
"""

import argparse
import json
import sys
import time
from importlib.metadata import version

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

sys.path.insert(0, __file__.rpartition("/")[0])

from duplicate_data import read_febrl, read_febrl_columns  # noqa: E402

# A pair is found when the model holds it for more likely one person than two.
PROBABILITY = 0.5
# For the sample of pairs from which it learns how often strangers agree by chance.
SEED = 5
PAIRS = 2_000_000
_OFTEN = {"term_frequency_adjustments": True}
# No finer steps: each of them occurs in all the data sets, so that it can be learned.
COMPARISONS = [
    cl.NameComparison("given_name").configure(**_OFTEN),
    cl.NameComparison("surname").configure(**_OFTEN),
    cl.DamerauLevenshteinAtThresholds("date_of_birth", 1),
    cl.DamerauLevenshteinAtThresholds("soc_sec_id", 1),
    cl.ExactMatch("street_number").configure(**_OFTEN),
    cl.JaroWinklerAtThresholds("address_1", 0.9).configure(**_OFTEN),
    cl.JaroWinklerAtThresholds("suburb", 0.9).configure(**_OFTEN),
    cl.DamerauLevenshteinAtThresholds("postcode", 1).configure(**_OFTEN),
]
# Pairs that have nothing of this in common are not compared.
BLOCKS = [
    block_on(name)
    for name in (
        *("soc_sec_id", "date_of_birth", "given_name", "surname"),
        *("address_1", "suburb", "postcode"),
    )
]
# Pairs that are surely one person, and which share of all the duplicates they may be: from
# them the model takes how many there are.
SURE = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
SURE_SHARE = 0.8
# What agrees in a pass cannot be learned in it, so there are two.
PASSES = [block_on("date_of_birth"), block_on("soc_sec_id")]


def find_duplicates(*names):
    """The pairs of positions that splink holds for one person.

    :param names: as those of :func:`duplicate_data.read_febrl`
    :rtype: set[tuple[int, int]]
    """
    # One thread, as the search of the suite has.
    database = DuckDBAPI(duckdb.connect(config={"threads": 1}))
    parts = [[] for _name in names]
    for position, (part, values) in enumerate(read_febrl_columns(*names)):
        # Whose copy it is would be the truth.
        del values["rec_id"]
        known = {name: value or None for name, value in values.items()}
        parts[part].append({"unique_id": position, **known})
    linker = Linker(
        [
            database.register(part, dataset_display_name=f"dataset{name}")
            for name, part in zip(names, parts, strict=True)
        ],
        SettingsCreator(
            link_type="dedupe_only" if len(names) == 1 else "link_only",
            comparisons=COMPARISONS,
            blocking_rules_to_generate_predictions=BLOCKS,
        ),
        log_level="WARNING",
    )
    training = linker.training
    training.estimate_probability_two_random_records_match(SURE, recall=SURE_SHARE)
    training.estimate_u_using_random_sampling(max_pairs=PAIRS, seed=SEED)
    for block in PASSES:
        training.estimate_parameters_using_expectation_maximisation(block)
    pairs = linker.inference.predict(threshold_match_probability=PROBABILITY)
    return {
        tuple(sorted((pair["unique_id_l"], pair["unique_id_r"])))
        for pair in pairs.as_record_list()
    }


def _measure(names):
    started = time.perf_counter()
    found = find_duplicates(*names)
    seconds = time.perf_counter() - started
    _rows, truth = read_febrl(*names)
    right = len(found & truth)
    return {
        "version": version("splink"),
        "f1": 2 * right / (len(found) + len(truth)),
        "precision": right / len(found),
        "recall": right / len(truth),
        "seconds": seconds,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help="1, 2, 3, or 4a 4b")
    print(json.dumps(_measure(parser.parse_args().names)))

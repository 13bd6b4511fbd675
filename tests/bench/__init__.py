"""Benchmarks: data built in SQL, ratios taken in one run, one table printed.

``./setup/bench [NAME…]`` makes two databases — the host with the suite's dependencies
only, and the same with the suite — and runs ``python -m tests.bench`` on them.
Each module ``bench_<name>.py`` has a function ``run(bench)`` that yields
:class:`~tests.bench.report.Row`. Sizes come from the environment, so that a quick try
is possible; the bars hold at the default sizes.
"""

"""What a benchmark reports, and the table made of it."""

import dataclasses
import statistics


@dataclasses.dataclass
class Row:
    """One line of the table.

    :param what: what was measured, in words
    :param measured: the figure with its unit, as shown
    :param bar: the limit in words
    :param ok: whether the figure is within the limit; ``None`` for information only
    """

    what: str
    measured: str
    bar: str = ""
    ok: bool | None = None


def ratio_row(what, ours, base, bar):
    """Compare two lists of seconds by the median of their pairwise ratios."""
    ratio = statistics.median(a / b for a, b in zip(ours, base, strict=True))
    measured = (
        f"{ratio:.2f} × ({statistics.median(ours) * 1000:.1f} ms"
        f" : {statistics.median(base) * 1000:.1f} ms)"
    )
    return Row(what, measured, f"≤ {bar} ×", ratio <= bar)


def table(rows):
    """Render rows as aligned text."""
    cells = [("what", "measured", "bar", "")]
    verdict = {True: "ok", False: "OVER", None: ""}
    cells += [(r.what, r.measured, r.bar, verdict[r.ok]) for r in rows]
    widths = [max(len(c[i]) for c in cells) for i in range(4)]
    return "\n".join(
        "  ".join(
            text.ljust(width) for text, width in zip(c, widths, strict=True)
        ).rstrip()
        for c in cells
    )

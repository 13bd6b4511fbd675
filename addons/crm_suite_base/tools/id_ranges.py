"""Many ids in few characters."""


def id_ranges(ids):
    """Return ``ids`` as text with runs shortened.

    >>> id_ranges([7, 1, 2, 3, 9])
    '1-3,7,9'
    >>> id_ranges([])
    ''
    """
    parts = []
    start = last = None
    for id_ in sorted(set(ids)):
        if last is not None and id_ == last + 1:
            last = id_
            continue
        if last is not None:
            parts.append(_part(start, last))
        start = last = id_
    if last is not None:
        parts.append(_part(start, last))
    return ",".join(parts)


def _part(start, last):
    return str(start) if start == last else f"{start}-{last}"

"""Images of rows: how two of them differ, and what going back would write.

An *image* is a dict ``{column: JSON value}`` as PostgreSQL's ``to_jsonb`` makes it.
A *keyed* column holds several values under keys (a translated, company-dependent or
properties column): its keys are compared and restored one by one, so that somebody
else's change of another language or company does not count as a conflict.

Plain Python: no ORM, no database.
"""


def is_same(left, right):
    """Whether two values read the same: the ORM shows NULL, 0, "" and [] alike."""
    return left == right or (not left and not right)


def diff_images(before, after, keyed=()):
    """Reduce two images of a row to what differs.

    :param dict before: image of the row before a change
    :param dict after: image of the row after it, with the same columns
    :param keyed: names of the keyed columns, of which only the changed keys are kept
    :return: two dicts with the same columns; both empty when nothing differs
    :rtype: tuple(dict, dict)
    """
    old, new = {}, {}
    for name, value in after.items():
        previous = before.get(name)
        if previous == value:
            continue
        if name in keyed:
            previous, value = _diff_keys(previous or {}, value or {})
        old[name], new[name] = previous, value
    return old, new


def _diff_keys(before, after):
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return (
        {key: before.get(key) for key in keys},
        {key: after.get(key) for key in keys},
    )


def merge_updates(updates, keyed=()):
    """Fold the changes of one row, oldest first, into one.

    :param updates: iterable of ``(before, after)`` as :func:`diff_images` made them
    :return: for each column the first *before* and the last *after*
    :rtype: tuple(dict, dict)
    """
    first, last = {}, {}
    for before, after in updates:
        for name, value in after.items():
            previous = before.get(name)
            if name in keyed and isinstance(value, dict):
                first[name] = {**(previous or {}), **first.get(name, {})}
                last[name] = {**last.get(name, {}), **value}
            else:
                first.setdefault(name, previous)
                last[name] = value
    return first, last


def plan_restore(current, before, after, keyed=()):
    """Decide column by column what undo writes and what it leaves alone.

    A value that still is what the operation made of it gets its former value back.
    One that already is what it was before needs nothing. Any other was changed since
    and is kept.

    :param dict current: image of the row now
    :return: ``(values, kept)``: the columns to write with their complete new values,
        and ``[(column, was, is)]`` for what is kept, where ``was`` is what the
        operation had written
    :rtype: tuple(dict, list)
    """
    values, kept = {}, []
    for name, made in after.items():
        now, former = current.get(name), before.get(name)
        if name in keyed and isinstance(made, dict):
            merged, conflict = _restore_keys(now or {}, former or {}, made)
            if conflict:
                kept.append((name, made, now))
            if not is_same(merged, now):
                values[name] = merged or None
        elif is_same(now, former):
            continue
        elif is_same(now, made):
            values[name] = former
        else:
            kept.append((name, made, now))
    return values, kept


def _restore_keys(now, former, made):
    merged, conflict = dict(now), False
    for key, value in made.items():
        if is_same(now.get(key), former.get(key)):
            continue
        if not is_same(now.get(key), value):
            conflict = True
        elif former.get(key) is None:
            merged.pop(key, None)
        else:
            merged[key] = former[key]
    return merged, conflict


def edited_fields(made, current, names):
    """List the columns of a created row that somebody changed afterwards.

    :param dict made: image of the row when the operation ended
    :param dict current: image of the row now
    :param names: the columns that count
    :return: ``[(column, was, is)]``
    :rtype: list
    """
    return [
        (name, made.get(name), current.get(name))
        for name in names
        if not is_same(made.get(name), current.get(name))
    ]


def sort_by_reference(nodes, references):
    """Order nodes so that each comes before those that it refers to.

    Nodes in a cycle come in the order in which they were given.

    :param nodes: list of hashable nodes
    :param references: set of ``(source, target)`` pairs
    :rtype: list
    """
    remaining, ordered = list(nodes), []
    while remaining:
        waiting = {
            target
            for source, target in references
            if source != target and source in remaining
        }
        free = [node for node in remaining if node not in waiting] or remaining[:1]
        ordered.extend(free)
        remaining = [node for node in remaining if node not in free]
    return ordered

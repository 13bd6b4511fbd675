"""Conditions that are stored as text: data only, no code."""

import ast


def read_literals(text):
    """The parts of a stored condition.

    :param str text: a list of literals; nothing stands for all records
    :rtype: list
    :raise ValueError: it is something else
    """
    # What Python says about the fault names objects in its memory: it is left out.
    try:
        parts = ast.literal_eval((text or "").strip() or "[]")
    except (MemoryError, RecursionError, SyntaxError, TypeError, ValueError):
        parts = None
    if not isinstance(parts, list | tuple):
        raise ValueError("a condition is a list of texts, numbers and dates")
    return list(parts)

"""Texts with places that are filled in for each record: ``Call {name}``.

A place is a path of field names. Nothing is computed in a text, so it is safe to take
from people; which fields may be named is said by a description as
:mod:`expression_records` gives it.
"""

import re

PLACE = re.compile(r"\{([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*)\}")
LONGEST_PATH = 3


def find_places(text):
    """The paths that a text names, as tuples of names, in order.

    >>> find_places("Call {name} of {parent_id.name}")
    [('name',), ('parent_id', 'name')]
    """
    return [tuple(match[1].split(".")) for match in PLACE.finditer(text or "")]


def fill_places(text, answer):
    """Put values into the places of a text.

    :param answer: function that gives the text for a path
    """
    return PLACE.sub(lambda match: answer(tuple(match[1].split("."))), text or "")


def wrong_places(text, describe, model, extra=()):
    """The places that cannot be filled.

    :param describe: function that gives the described fields of a model
    :param extra: first names that mean something else than a field, such as ``old``
    :return: the paths as they were written
    :rtype: list[str]
    """
    return [
        ".".join(path)
        for path in find_places(text)
        if path[0] not in extra and not _is_known(path, describe, model)
    ]


def _is_known(path, describe, model):
    if len(path) > LONGEST_PATH:
        return False
    for position, name in enumerate(path):
        entry = describe(model).get(name) if model else None
        if entry is None:
            return False
        if position < len(path) - 1 and entry["type"] != "record":
            return False
        model = entry.get("model")
    return True

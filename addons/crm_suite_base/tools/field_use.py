"""Where fields are named outside of programs: in conditions, expressions, definitions."""

import re
from typing import NamedTuple

# From where the text is: what people edit, what was put in force from it, or what
# requests go by that began earlier.
DRAFT, IN_FORCE, RUNNING = "draft", "in_force", "running"


class Use(NamedTuple):
    """Something that stops working without the fields that it names.

    :ivar name: what people call it
    :ivar model: the records that it looks at
    :ivar values: its texts, maybe inside of JSON
    :ivar source: one of the above
    """

    name: str
    model: str
    values: object
    source: str = DRAFT


def names_field(values, name, by_path=False):
    """Whether texts name a field.

    :param values: a text, or lists and dicts with texts somewhere inside
    :param str name: of the field
    :param bool by_path: only as the field of another record, as in ``partner_id.name``
    :rtype: bool
    """
    before = r"\." if by_path else r"(?<!\w)"
    find = re.compile(rf"{before}{re.escape(name)}(?!\w)").search
    return any(find(text) for text in _get_texts(values))


def _get_texts(values):
    if isinstance(values, str):
        yield values
    elif isinstance(values, dict):
        yield from _get_texts(list(values.values()))
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _get_texts(value)

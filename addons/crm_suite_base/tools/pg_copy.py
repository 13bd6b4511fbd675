"""PostgreSQL's text format of COPY."""

import re

_ESCAPED = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_text(value):
    """A value as COPY wants it."""
    if value is None:
        return "\\N"
    if value.__class__ is not str:
        return str(value)
    return value.translate(_ESCAPES) if _ESCAPED.search(value) else value

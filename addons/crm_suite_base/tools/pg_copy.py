"""PostgreSQL's text format of COPY."""

import re

# What goes to the server at once: between two pieces the driver waits for Python, which
# a thread beside may hold.
COPY_SIZE = 1 << 20
_ESCAPED = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_text(value):
    """A value as COPY wants it."""
    if value is None:
        return "\\N"
    if value.__class__ is not str:
        return str(value)
    return value.translate(_ESCAPES) if _ESCAPED.search(value) else value

"""Read any table a customer may send: CSV, XLSX, XLSM, XLS, ODS and vCard.

Plain Python without ORM::

    with open_table("/path/to/file", filename="customers.csv") as table:
        table.kind, table.columns, table.header_row
        for number, values in table.iter_rows():
            ...
        table.problems

A file that cannot be read raises :class:`TableError`, whose ``text(env)`` is a
sentence for the user; no other exception leaves this package. What is odd but
readable is listed in ``Table.problems`` and in ``Row.problems``.

Values are None (empty), str, int, Decimal, bool, date or datetime. Row numbers are
those which the user sees in his spreadsheet program (for contact cards: the number
of the card).
"""

from .errors import Problem, TableError
from .opening import open_table
from .options import Options
from .source import Sheet
from .table import Row, Table, column_letter

__all__ = [
    "Options",
    "Problem",
    "Row",
    "Sheet",
    "Table",
    "TableError",
    "column_letter",
    "open_table",
]

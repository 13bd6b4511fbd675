"""Write workbooks as streams, in which text is text whatever it looks like.

Nothing a customer can type into a name becomes a formula, a link or a number: every
text goes through ``write_string``, and the workbook's own conversions are off. Rows
are written to temporary files as they come (constant memory), so the number of rows
is limited by the disk; where a sheet is full, the next one begins.
"""

import datetime
import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

import xlsxwriter

MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
# Excel keeps 15 digits of a number: longer ones must stay text.
_MAX_EXACT = 10**15
_FIRST_DAY = datetime.date(1900, 3, 1)
_MEASURED_ROWS = 200
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")

SAFE_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "default_date_format": "yyyy-mm-dd",
    "remove_timezone": True,
}

NUMBER_FORMATS = {
    "text": None,
    "code": "@",
    "integer": "0",
    "decimal": "#,##0.00####",
    "money": "#,##0.00",
    "percent": "0.0%",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm:ss",
    "boolean": None,
}


@dataclass(frozen=True)
class SheetColumn:
    """A column of a workbook: its header and what its cells are.

    :param kind: a key of :data:`NUMBER_FORMATS`; ``code`` is text that Excel must not
        take for a number (phones, postcodes)
    :param width: in characters; measured on the first rows if missing
    :param number_format: instead of the kind's own, e.g. ``"¥#,##0.00"``
    """

    label: str
    kind: str = "text"
    width: float | None = None
    number_format: str | None = None


class WorkbookWriter:
    """Write rows under a header; use as a context manager.

    ::

        with WorkbookWriter(output, [SheetColumn("Name"), SheetColumn("Since", "date")],
                            sheet="Customers") as writer:
            for row in rows:
                writer.write_row(row)

    :param output: path or binary file object
    :param options: further options for :class:`xlsxwriter.Workbook` (``tmpdir``)
    """

    def __init__(self, output, columns, sheet="Sheet1", options=None):
        self.columns = [
            column if isinstance(column, SheetColumn) else SheetColumn(str(column))
            for column in columns
        ]
        self.row_count = 0
        self._sheet_name = sheet
        self._book = xlsxwriter.Workbook(output, {**SAFE_OPTIONS, **(options or {})})
        self._taken = set()
        self._header_style = self._book.add_format(
            {
                "bold": True,
                "bg_color": "#E7E9ED",
                "bottom": 1,
                "text_wrap": True,
                "valign": "top",
            }
        )
        self._styles = [self._style(column) for column in self.columns]
        self._date_style = self._book.add_format({"num_format": NUMBER_FORMATS["date"]})
        self._moment_style = self._book.add_format(
            {"num_format": NUMBER_FORMATS["datetime"]}
        )
        self._widths = [display_width(column.label) + 2 for column in self.columns]
        self._sheet = None
        self._next_row = MAX_ROWS
        self._add_sheet()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _style(self, column):
        code = column.number_format or NUMBER_FORMATS[column.kind]
        if not code and column.kind != "text":
            return None
        return self._book.add_format({"num_format": code} if code else {})

    # --- sheets

    def _add_sheet(self):
        if self._sheet is not None:
            self._finish_sheet()
        self._sheet = self._book.add_worksheet(
            sheet_name(self._sheet_name, self._taken)
        )
        self._sheet.freeze_panes(1, 0)
        for index, column in enumerate(self.columns):
            self._sheet.write_string(
                0, index, clean_text(column.label), self._header_style
            )
        self._next_row = 1

    def _finish_sheet(self):
        if self.columns:
            last = max(self._next_row - 1, 1)
            self._sheet.autofilter(0, 0, last, len(self.columns) - 1)
        for index, column in enumerate(self.columns):
            width = column.width or min(max(self._widths[index], 8), 60)
            self._sheet.set_column(index, index, width, self._styles[index])

    def close(self):
        """Finish the file. A writer that is not closed leaves no workbook."""
        if self._sheet is not None:
            self._finish_sheet()
            self._sheet = None
            self._book.close()

    # --- rows

    def write_row(self, values):
        """Write one row; cells beyond the columns are an error."""
        if self._next_row >= MAX_ROWS:
            self._add_sheet()
        row, styles = self._next_row, self._styles
        for index, value in enumerate(values):
            if value is None or value is False and self._blank_false(index):
                continue
            self.write_cell(row, index, value, styles[index])
        if self._next_row <= _MEASURED_ROWS:
            self._measure(values)
        self._next_row += 1
        self.row_count += 1

    def _blank_false(self, index):
        # The ORM says False for an empty value of any field but a boolean.
        return self.columns[index].kind != "boolean"

    def write_cell(self, row, column, value, style=None):
        """Write a value by its own type; text is never interpreted."""
        sheet = self._sheet
        if isinstance(value, str):
            sheet.write_string(row, column, clean_text(value), style)
        elif isinstance(value, bool):
            sheet.write_boolean(row, column, value, style)
        elif isinstance(value, int | float | Decimal):
            self._write_number(row, column, value, style)
        elif isinstance(value, datetime.date):
            self._write_date(row, column, value, style)
        else:
            sheet.write_string(row, column, clean_text(str(value)), style)

    def _write_number(self, row, column, value, style):
        exact = not isinstance(value, int) or abs(value) < _MAX_EXACT
        if exact and math.isfinite(value):
            self._sheet.write_number(row, column, float(value), style)
        else:
            self._sheet.write_string(row, column, str(value), style)

    def _write_date(self, row, column, value, style):
        is_moment = isinstance(value, datetime.datetime)
        day = value.date() if is_moment else value
        if day < _FIRST_DAY:
            # Excel's calendar begins with 1900 and is wrong in its first two months.
            self._sheet.write_string(row, column, value.isoformat(), style)
            return
        if style is None or not self._is_date_column(column):
            style = self._moment_style if is_moment else self._date_style
        self._sheet.write_datetime(row, column, value, style)

    def _is_date_column(self, column):
        return self.columns[column].kind in ("date", "datetime")

    def _measure(self, values):
        for index, value in enumerate(values):
            if value is not None and self._widths[index] < 60:
                width = display_width(str(value)[:80]) + 1
                self._widths[index] = max(self._widths[index], width)


def sheet_name(wanted, taken):
    """A name Excel accepts and no other sheet has; it is added to ``taken``."""
    base = _FORBIDDEN.sub(" ", wanted).strip().strip("'").strip() or "Sheet"
    name, number = base[:31], 1
    while name.lower() in taken or name.lower() == "history":
        number += 1
        suffix = f" ({number})"
        name = base[: 31 - len(suffix)] + suffix
    taken.add(name.lower())
    return name


def clean_text(text):
    """Text as a cell can hold it: limited length, no half characters."""
    if len(text) > MAX_TEXT:
        # XlsxWriter would leave out a longer text altogether.
        text = text[: MAX_TEXT - 1] + "…"
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\ufffe", "").replace("\uffff", "")


def display_width(text):
    """Width in Latin characters; Chinese ones count double."""
    line = max(text.split("\n"), key=len)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)

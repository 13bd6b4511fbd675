"""The workbook writer for exports: same files, rows written three times as fast.

XlsxWriter keeps a row as objects and asks every cell several questions before it
writes it. An export has hundreds of thousands of rows whose cells are all of a few
kinds, so here a row is one string, handed to the file in which XlsxWriter collects
the rows of a sheet in its constant-memory mode. Workbook, styles, header, widths,
filter and the limits of a sheet stay XlsxWriter's and :class:`WorkbookWriter`'s.
"""

import datetime
import math
import re

from xlsxwriter.utility import xl_col_to_name

from .xlsx import _FIRST_DAY, _MAX_EXACT, MAX_ROWS, WorkbookWriter, clean_text

_EPOCH = datetime.date(1899, 12, 30)
# Marked-up characters, controls that XML forbids and what looks like their escape.
_SPECIAL = re.compile(r"[&<>\x00-\x08\x0b-\x1f]|_x[0-9A-Fa-f]{4}_")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_ESCAPE = re.compile(r"_(x[0-9A-Fa-f]{4}_)")
_BLANKS = (" ", "\t", "\n")


class FastWorkbookWriter(WorkbookWriter):
    """Write rows of text, numbers, booleans and dates; use as a context manager."""

    def _add_sheet(self):
        super()._add_sheet()
        self._rows_begun = False

    def _begin_rows(self):
        # The header is still in XlsxWriter's row buffer: it comes first.
        self._sheet._write_single_row(1)
        self._rows_begun = True
        self._cells = [
            (
                f'<c r="{xl_col_to_name(index)}',
                f'" s="{style._get_xf_index()}"' if style else '"',
                column.kind == "boolean",
            )
            for index, (column, style) in enumerate(
                zip(self.columns, self._styles, strict=True)
            )
        ]
        date, moment = self._date_style, self._moment_style
        self._date_attribute = f'" s="{date._get_xf_index()}"'
        self._moment_attribute = f'" s="{moment._get_xf_index()}"'

    def _finish_sheet(self):
        if self._rows_begun and self.columns:
            self._sheet._check_dimensions(self._next_row - 1, len(self.columns) - 1)
        super()._finish_sheet()

    def write_row(self, values):
        """Write one row; cells beyond the columns are an error."""
        if self._next_row >= MAX_ROWS:
            self._add_sheet()
        if not self._rows_begun:
            self._begin_rows()
        number = self._next_row + 1
        parts = [f'<row r="{number}">']
        for index, value in enumerate(values):
            start, style, is_boolean = self._cells[index]
            if value is None or (value is False and not is_boolean):
                continue
            if value.__class__ is str:
                content = _text(value)
            else:
                style, content = self._content(index, style, value)
            parts.append(f"{start}{number}{style}{content}</c>")
        parts.append("</row>")
        self._sheet.fh.write("".join(parts))
        if self._next_row <= 200:
            self._measure(values)
        self._next_row += 1
        self.row_count += 1

    def _content(self, index, style, value):
        """Attributes and inside of a cell that is not text."""
        if isinstance(value, bool):
            return style, f' t="b"><v>{int(value)}</v>'
        if isinstance(value, datetime.date):
            return self._date(index, style, value)
        if isinstance(value, int | float):
            exact = isinstance(value, float) or abs(value) < _MAX_EXACT
            if exact and math.isfinite(value):
                return style, f"><v>{value:.16G}</v>"
        return style, _text(str(value))

    def _date(self, index, style, value):
        is_moment = isinstance(value, datetime.datetime)
        day = value.date() if is_moment else value
        if day < _FIRST_DAY:
            # Excel's calendar begins with 1900 and is wrong in its first two months.
            return style, _text(value.isoformat())
        if not self._is_date_column(index):
            style = self._moment_attribute if is_moment else self._date_attribute
        number = (day - _EPOCH).days
        if is_moment:
            seconds = value.hour * 3600 + value.minute * 60 + value.second
            number += (seconds + value.microsecond / 1_000_000) / 86_400
        return style, f"><v>{number:.16G}</v>"


def _text(text):
    """Attributes and inside of a text cell."""
    if len(text) > 32_000 or not text.isascii():
        text = clean_text(text)
    if _SPECIAL.search(text):
        text = _ESCAPE.sub(r"_x005F_\1", text)
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = _CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    space = (
        ' xml:space="preserve"' if text[:1] in _BLANKS or text[-1:] in _BLANKS else ""
    )
    return f' t="inlineStr"><is><t{space}>{text}</t></is>'

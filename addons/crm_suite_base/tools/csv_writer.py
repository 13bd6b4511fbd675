"""Write CSV that a spreadsheet program cannot be made to execute.

A cell that begins with a sign behind which a program computes (``= + - @``, their
full-width forms, tab, line break) gets an apostrophe before it. What is certainly
harmless goes out untouched, so that files stay usable for other programs: a plain
number (``-12.50``, ``+5%``) and a phone number in international form
(``+8613800138000``, ``+86 138 0013 8000``). With hyphens (``+1-202-555-0100``) it
would be computed, so it gets the apostrophe.

Our own reader takes the apostrophe off again: what was exported and is imported is
the same text, phone numbers included.
"""

import csv
import datetime
import io
import re
from decimal import Decimal

FORMULA_STARTS = tuple("=+-@\t\r\n\v\f\0＝＋－＠")
_HARMLESS = re.compile(r"[+-]?\d+(?:[ .,]\d+)*%?", re.ASCII)


def guard_cell(text):
    """``text`` for a CSV cell, with an apostrophe before it if it could be computed.

    >>> guard_cell("=1+1"), guard_cell("+8613800138000"), guard_cell("-5.20")
    ("'=1+1", '+8613800138000', '-5.20')
    """
    # Leading blanks do not protect: some programs strip them.
    risky = text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS)
    # An apostrophe of the text's own before such a sign would be lost on return.
    risky = risky or (text[:1] == "'" and unguard_cell(text) != text)
    return "'" + text if risky and not _HARMLESS.fullmatch(text) else text


def unguard_cell(text):
    """Undo :func:`guard_cell`."""
    if text[:1] == "'" and len(text) > 1:
        rest = text[1:]
        if rest.lstrip("' \u3000").startswith(FORMULA_STARTS) or rest[0] in "\t\r\n":
            return rest
    return text


def csv_text(value):
    """A value as text that reads back the same in every country."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f") if value == value else ""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


class CsvWriter:
    """Write rows to a binary stream.

    :param output: binary file object, left open
    :param headers: labels of the first row
    :param bom: begin with a byte order mark, by which Excel recognises UTF-8
    """

    def __init__(self, output, headers, *, bom=True, delimiter=",", encoding="utf-8"):
        self.row_count = 0
        self._text = io.TextIOWrapper(
            output, encoding, errors="replace", newline="", write_through=False
        )
        if bom and encoding == "utf-8":
            self._text.write("\ufeff")
        self._writer = csv.writer(
            self._text, delimiter=delimiter, lineterminator="\r\n"
        )
        self._writer.writerow([guard_cell(str(header)) for header in headers])

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def write_row(self, values):
        """Write one row; False counts as empty unless it is meant as no."""
        self._writer.writerow(
            [
                guard_cell(value) if isinstance(value, str) else csv_text(value)
                for value in values
            ]
        )
        self.row_count += 1

    def close(self):
        """Hand everything on to the output, which stays open."""
        if self._text is not None:
            self._text.flush()
            self._text.detach()
            self._text = None

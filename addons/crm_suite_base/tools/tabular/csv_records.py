"""Split lines of text into records, also where the quoting is broken.

A line without a quotation mark is simply split; one whose quoting is right goes
through the C parser of the standard library in strict mode. Only where that refuses
(a value over several lines, or broken quoting) the scanner below looks closer:

* a quotation mark inside a quoted value that is not doubled is part of the value,
  unless a separator or the line end follows it;
* a value whose quotation mark is never closed is taken literally, and the lines
  that it seemed to swallow are read as rows of their own;
* between the two, the reading that gives the usual number of columns wins.
"""

import csv
from collections import deque

from .errors import TableError, shorten

# A quoted value of more lines or characters than this is an unclosed one.
MAX_LINES = 1000
MAX_CHARS = 1_000_000


class Record:
    """A record that needed the scanner."""

    __slots__ = ("cells", "flaws", "lines")

    def __init__(self, cells, flaws, lines):
        self.cells = cells
        self.flaws = flaws
        self.lines = lines


class Scanner:
    """Reads one record, character by character where that is needed.

    :param expected: the usual number of columns, decides between two readings
    """

    def __init__(self, delimiter, quote='"', escape=None, expected=None):
        self.delimiter = delimiter
        self.quote = quote
        self.escape = escape
        self.expected = expected
        self.max_lines = MAX_LINES

    def read(self, first, next_line):
        """:param next_line: callable giving the next line, or None at the end
        :return: ``(Record, lines that belong to later records)``
        """
        lenient, rest = self._lenient(first, next_line)
        if lenient and not lenient.flaws and len(lenient.lines) == 1:
            return lenient, []
        literal = self._literal(first)
        fits = len(literal.cells) == self.expected
        if lenient and len(lenient.cells) == self.expected:
            if not (lenient.flaws and fits and self._are_rows(lenient.lines[1:])):
                return lenient, []
        if lenient and not fits:
            # A whole value over several lines needs no explanation.
            return lenient, []
        swallowed = lenient.lines[1:] if lenient else rest
        if not lenient:
            self.max_lines = max(20, self.max_lines // 2)
        code = "quote_recovered" if fits else "quote_unclosed"
        literal.flaws = [(index, code) for index, _code in literal.flaws]
        return literal, swallowed

    def _lenient(self, first, next_line):
        """The record with quoted values closed where they can be closed.

        :return: ``(Record or None if a value stays open, lines read beyond)``
        """
        lines, text = [first], first
        cells, flaws, position = [], [], 0
        while True:
            start = self._quoted_start(text, position)
            if start is None:
                end = text.find(self.delimiter, position)
                cells.append(text[position:] if end < 0 else text[position:end])
            else:
                resume = start
                value, end, flawed, resume = self._close(text, start, resume)
                while value is None:
                    line = next_line() if self._may_grow(lines, text) else None
                    if line is None:
                        return None, lines[1:]
                    lines.append(line)
                    text = f"{text}\n{line}"
                    value, end, flaw, resume = self._close(text, start, resume)
                    flawed = flawed or flaw
                if flawed:
                    flaws.append((len(cells), "quote_recovered"))
                cells.append(value)
            if end < 0:
                return Record(cells, flaws, lines), []
            position = end + 1

    def _are_rows(self, lines):
        """Whether lines that a value would swallow are rows of their own."""
        return bool(lines) and all(
            len(self._literal(line).cells) == self.expected for line in lines
        )

    def _may_grow(self, lines, text):
        return len(lines) < self.max_lines and len(text) < MAX_CHARS

    def _quoted_start(self, text, position):
        """Where a quoted value begins behind the quote, None for a bare value."""
        while text[position : position + 1] == " " != self.delimiter:
            position += 1
        if text.startswith(self.quote, position):
            return position + len(self.quote)
        return None

    def _close(self, text, start, resume):
        """Find the end of a quoted value that begins at ``start``.

        :return: ``(value or None, index of the separator or -1, flawed, resume)``
        """
        flawed, at = False, resume
        while True:
            at = text.find(self.quote, at)
            if at < 0:
                return None, -1, flawed, len(text)
            if self.escape and self._escaped(text, start, at):
                at += 1
            elif text.startswith(self.quote, at + 1):
                at += 2
            else:
                end = at + 1
                while text[end : end + 1] == " " != self.delimiter:
                    end += 1
                if end >= len(text):
                    return self._value(text[start:at]), -1, flawed, at
                if text[end] == self.delimiter:
                    return self._value(text[start:at]), end, flawed, at
                flawed = True
                at += 1

    def _escaped(self, text, start, at):
        count = 0
        while at - count - 1 >= start and text[at - count - 1] == self.escape:
            count += 1
        return count % 2 == 1

    def _value(self, raw):
        value = raw.replace(self.quote * 2, self.quote)
        if self.escape:
            value = value.replace(self.escape + self.quote, self.quote)
            value = value.replace(self.escape * 2, self.escape)
        return value

    def _literal(self, line):
        """One line, its broken quoted values taken as they stand."""
        cells, flaws, position = [], [], 0
        while True:
            start, value, end = self._quoted_start(line, position), None, -1
            if start is not None:
                value, end, flawed, _resume = self._close(line, start, start)
                if flawed:
                    value = None
            if value is None:
                end = line.find(self.delimiter, position)
                value = line[position:] if end < 0 else line[position:end]
                if start is not None:
                    flaws.append((len(cells), "quote_unclosed"))
            cells.append(value)
            if end < 0:
                return Record(cells, flaws, [line])
            position = end + 1


def iter_records(lines, delimiter, quote='"', escape=None, expected=None):
    """Yield ``(record number, line number, cells, flaws)``.

    :param lines: iterator of lines without line ends
    :param delimiter: a blank stands for any number of them, as in aligned text
    """
    if delimiter == " ":
        for number, line in enumerate(lines, start=1):
            yield number, number, line.split(), ()
        return
    scanner = Scanner(delimiter, quote, escape, expected) if quote else None
    lines, pushed = iter(lines), deque()
    number, line_number = 0, 0

    def following():
        return pushed.popleft() if pushed else next(lines, None)

    while (line := following()) is not None:
        number += 1
        line_number += 1
        if not quote or quote not in line:
            yield number, line_number, line.split(delimiter), ()
            continue
        cells = None if escape else _strict(line, delimiter, quote)
        if cells is not None:
            yield number, line_number, cells, ()
            continue
        record, later = scanner.read(line, following)
        pushed.extendleft(reversed(later))
        yield number, line_number, record.cells, record.flaws
        line_number += len(record.lines) - 1


def _strict(line, delimiter, quote):
    try:
        return next(
            csv.reader(
                (line,),
                delimiter=delimiter,
                quotechar=quote,
                strict=True,
                skipinitialspace=delimiter != " ",
            )
        )
    except (csv.Error, StopIteration):
        return None


def flaw_problems(flaws, cells, line_number):
    """Flaws of a record as ``(cell index, code, params)``."""
    return [
        (index, code, {"line": line_number, "value": shorten(cells[index])})
        for index, code in flaws
    ]


def check_line(line, number, limit):
    if len(line) >= limit:
        raise TableError("line_too_long", line=number, limit=limit)

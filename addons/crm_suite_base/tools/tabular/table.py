"""A table: header, columns and typed rows over any format reader."""

import datetime
import re
from collections import Counter
from decimal import Decimal
from itertools import islice

from .errors import Problem, TableError, shorten
from .options import Options

_SAMPLE_ROWS = 60
_NUMBER = re.compile(r"[-+(]?[¥$€£]?\d[\d.,'\s]*%?\)?")
_DATE = re.compile(r"\d{1,4}[-/.年]\d{1,2}([-/.月]\d{1,4}日?)?([ T]\d.*)?")


class Row(tuple):
    """``(number, values)``; ``problems`` lists what was found in this row."""

    problems = ()

    def __new__(cls, number, values):
        return super().__new__(cls, (number, values))

    @property
    def number(self):
        return self[0]

    @property
    def values(self):
        return self[1]


class Table:
    """The rows of one sheet or file under named columns.

    ``kind``, ``sheets`` (``Sheet``: name, hidden), ``sheet`` (the one read),
    ``encoding``, ``delimiter``, ``header_row`` (0 = none), ``columns`` (unique
    names), ``letters`` (A, B, … beside them), ``problems``, ``problem_count`` and,
    after reading, ``row_count`` and ``blank_count``.
    """

    def __init__(self, source, options=None):
        self.source = source
        self.options = Options.of(options)
        self.kind = source.kind
        self.sheets = source.sheets
        self.sheet = source.sheet
        self.encoding = source.encoding
        self.delimiter = source.delimiter
        self.problems = []
        self.problem_count = 0
        self.row_count = 0
        self.blank_count = 0
        for column, code, params in source.file_problems:
            self._report(None, column, code, params)
        if source.fixed_columns:
            self.header_row = 0
            self._positions = list(range(len(source.fixed_columns)))
            self.columns = list(source.fixed_columns)
        else:
            self._find_header()
        self.letters = [column_letter(position) for position in self._positions]
        if not self.columns:
            raise TableError("sheet_none")
        self._at_open = len(self.problems), self.problem_count

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self.source.close()

    # --- problems

    def _report(self, row, column, code, params):
        problem = Problem(row, column, code, params)
        self.problem_count += 1
        if len(self.problems) < self.options.max_problems:
            self.problems.append(problem)
        return problem

    # --- header

    def _find_header(self):
        sample = [
            (number, cells)
            for number, cells, _problems in islice(self.source.records(), _SAMPLE_ROWS)
            if not is_blank(cells)
        ]
        wanted = self.options.header_row
        if wanted:
            header = self._row_at(wanted)
        elif wanted == 0:
            header = None
        else:
            header = guess_header(sample)
        if header is None:
            self.header_row = 0
            self._name_by_letter(sample)
            return
        self.header_row, cells = header
        above = sum(1 for number, _cells in sample if number < self.header_row)
        if above:
            params = {"count": above, "row": self.header_row}
            self._report(None, None, "rows_above_header", params)
        below = [row for number, row in sample if number > self.header_row]
        self._name_columns(cells, below)

    def _row_at(self, wanted):
        for number, cells, _problems in self.source.records():
            if number == wanted and not is_blank(cells):
                return number, cells
            if number >= wanted:
                break
        raise TableError("header_missing", row=wanted)

    def _name_by_letter(self, sample):
        width = max((used_width(cells) for _number, cells in sample), default=0)
        self._check_width(width, 1)
        self._positions = list(range(width))
        self.columns = [column_letter(position) for position in self._positions]
        if width:
            self._report(None, None, "header_synthetic", {})

    def _name_columns(self, cells, below):
        self._check_width(used_width(cells), self.header_row)
        width = max([used_width(cells), *map(used_width, below)])
        if self.source.ragged_matters:
            # In text, a value beyond the header is a sign of a shifted row.
            width = min(width, len(cells))
        width = min(width, self.options.max_columns)
        names, self._positions = [], []
        for position in range(width):
            name = header_text(cells[position]) if position < len(cells) else ""
            if name or any(has_value(row, position) for row in below):
                names.append(name)
                self._positions.append(position)
        self.columns = self._unique(names)

    def _unique(self, names):
        taken = Counter(name for name in names if name)
        used, result = set(taken), []
        seen = set()
        for position, name in zip(self._positions, names, strict=True):
            letter = column_letter(position)
            if name and name not in seen:
                seen.add(name)
                result.append(name)
                continue
            renamed = base = f"{name} ({letter})" if name else letter
            while renamed in used:
                base = renamed = f"{base} ·"
            used.add(renamed)
            code = "header_duplicate" if name else "header_blank"
            params = {"name": name, "column": letter, "renamed": renamed}
            self._report(None, renamed, code, params)
            result.append(renamed)
        return result

    def _check_width(self, width, row):
        if width > self.options.max_columns:
            limit = self.options.max_columns
            raise TableError("columns_too_many", row=row, count=width, limit=limit)

    # --- rows

    def iter_rows(self):
        """Yield a :class:`Row` for each row below the header that is not blank.

        Rows stream: nothing is kept but the problems. A second call starts again.
        """
        kept, self.problem_count = self._at_open
        del self.problems[kept:]
        self.row_count = self.blank_count = 0
        for number, cells, found in self.source.records():
            if number <= self.header_row:
                continue
            if is_blank(cells) and not found:
                self.blank_count += 1
                continue
            yield self._row(number, cells, found)
            self.row_count += 1
        for column, code, params in self.source_end_problems():
            self._report(None, column, code, params)

    def check(self):
        """Find out now whether the file can be read to its end, where that is cheap.

        :return: about how many rows there are; None if only reading them tells
        :raises TableError: what reading would stumble over
        """
        return self.source.check()

    def source_end_problems(self):
        """What a reader only knows about the file once it has read all of it."""
        return getattr(self.source, "end_problems", ())

    def _row(self, number, cells, found):
        size = len(cells)
        if not found and size == len(self._positions) == self._positions[-1] + 1:
            return Row(number, cells)
        values = [cells[at] if at < size else None for at in self._positions]
        row = Row(number, values)
        problems = [
            self._report(number, self._column_name(index), code, params)
            for index, code, params in found
        ]
        if size != len(self._positions):
            problem = self._check_ragged(number, cells)
            if problem:
                problems.append(problem)
        if problems:
            row.problems = problems
        return row

    def _column_name(self, index):
        if index is None:
            return None
        if index in self._positions:
            return self.columns[self._positions.index(index)]
        return column_letter(index)

    def _check_ragged(self, number, cells):
        known = set(self._positions)
        surplus = [
            shorten(cell, 30)
            for at, cell in enumerate(cells)
            if at not in known and cell not in (None, "") and str(cell).strip()
        ]
        expected = len(self._positions)
        if surplus:
            params = {
                "count": used_width(cells),
                "expected": expected,
                "surplus": ", ".join(surplus[:5]),
            }
            code = "row_long" if self.source.ragged_matters else "row_outside"
            return self._report(number, None, code, params)
        last = self._positions[-1] if self._positions else -1
        if self.source.ragged_matters and len(cells) <= last:
            params = {"count": len(cells), "expected": expected}
            return self._report(number, None, "row_short", params)
        return None

    def sample(self, count=20):
        """The first rows, for a preview or for guessing the mapping."""
        rows = list(islice(self.iter_rows(), count))
        kept, self.problem_count = self._at_open
        del self.problems[kept:]
        return rows


# --- header guessing


def guess_header(sample):
    """The header among the first rows, or None if the data begins at once.

    Titles and remarks above a table fill few cells of it; a header fills most. A
    first row that looks like the rows below it (a number above numbers, a date above
    dates) is data.
    """
    filled = [sum(1 for cell in cells if not _empty(cell)) for _n, cells in sample]
    if not filled:
        return None
    usual = max(Counter(filled[1:] or filled).items(), key=lambda x: (x[1], x[0]))[0]
    usual = max(usual, sorted(filled)[len(filled) // 2])
    for at, (number, cells) in enumerate(sample):
        if filled[at] * 2 > usual or usual <= 1:
            rows = [row for _number, row in sample[at + 1 :]]
            return (number, cells) if _is_header(cells, rows) else None
    return None


def _is_header(cells, below):
    score = 0
    for position, cell in enumerate(cells):
        if _empty(cell):
            continue
        kind = _shape(cell)
        kinds = Counter(
            _shape(row[position]) for row in below[:30] if has_value(row, position)
        )
        usual = kinds.most_common(1)[0][0] if kinds else None
        if kind == "text":
            score += 1 if usual not in (None, "text") else 0
        elif usual in (None, kind):
            score -= 1
    return score >= 0


def _shape(cell):
    if isinstance(cell, bool):
        return "bool"
    if isinstance(cell, int | Decimal):
        return "number"
    if isinstance(cell, datetime.date):
        return "date"
    text = str(cell).strip()
    if _NUMBER.fullmatch(text):
        return "number"
    if _DATE.fullmatch(text):
        return "date"
    if "@" in text and " " not in text:
        return "email"
    return "text"


def header_text(cell):
    """A header as one line of text."""
    return "" if cell is None else re.sub(r"\s+", " ", str(cell)).strip()


def _empty(cell):
    return cell is None or (isinstance(cell, str) and not cell.strip())


def has_value(cells, position):
    return position < len(cells) and not _empty(cells[position])


def is_blank(cells):
    # For every row of every file: the first value ends it.
    for cell in cells:  # noqa: SIM110
        if not _empty(cell):
            return False
    return True


def used_width(cells):
    """Number of cells up to the last one with a value."""
    width = len(cells)
    while width and _empty(cells[width - 1]):
        width -= 1
    return width


def column_letter(index):
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters

"""Reader of delimited text, streaming from the file."""

import io
import re
from collections import Counter

from ..csv_writer import unguard_cell
from .csv_records import check_line, flaw_problems, iter_records
from .encoding import detect_encoding
from .errors import TableError, shorten
from .source import Source

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 200
_SAMPLE_CHARS = 256 * 1024
_MAX_LINE = 4_000_000
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x19\x1c-\x1f\x7f]")
_FIGURE = re.compile(r"[-+]?[\d.,/:-]+")
# What a cell is looked at closer for: a guarding apostrophe, a mark for "no value",
# NUL, what could not be decoded.
_SUSPECT = re.compile(r"['\\\0\ufffd]")
# The mark for "no value" in dumps of MySQL and PostgreSQL.
_NULL_MARK = "\\N"


class CsvSource(Source):
    kind = "csv"
    ragged_matters = True

    def __init__(self, blob, options, filename=None):
        super().__init__()
        self.blob = blob
        self.options = options
        self.encoding, sure = detect_encoding(blob, options.encoding)
        sample = self._sample()
        if not sure:
            self.file_problems.append(
                (None, "encoding_guessed", {"encoding": self.encoding})
            )
        self._directive = _separator_directive(sample)
        self.delimiter = self._choose_delimiter(sample, filename)
        self.escape = options.escapechar or _sniff_escape(sample, self.delimiter)
        self.quote = options.quotechar
        self._expected = self._usual_width(sample, self.delimiter)

    # --- sniffing

    def _sample(self):
        lines, size = [], 0
        for line in self._lines():
            lines.append(line.replace("\0", ""))
            size += len(line)
            if len(lines) >= _SAMPLE_LINES or size >= _SAMPLE_CHARS:
                break
        text = "".join(lines)
        if not text.strip():
            raise TableError("file_empty")
        if len(_CONTROL.findall(text)) > max(20, len(text) / 20):
            raise TableError("file_binary")
        return lines

    def _choose_delimiter(self, sample, filename):
        chosen = self.options.delimiter or self._directive
        if chosen:
            if len(chosen) != 1 or chosen in '"\r\n\0' or chosen.isalnum():
                raise TableError("delimiter_invalid", delimiter=chosen)
            return chosen
        default = "\t" if (filename or "").lower().endswith(".tsv") else ","
        best, best_score = default, 0.0
        for delimiter in _DELIMITERS:
            score = self._score(sample, delimiter)
            if score > best_score:
                best, best_score = delimiter, score
        return " " if not best_score and _is_aligned(sample) else best

    def _widths(self, sample, delimiter):
        records = iter_records(sample, delimiter, self.options.quotechar)
        return [
            len(cells)
            for _number, _line, cells, _flaws in records
            if any(cell.strip() for cell in cells)
        ]

    def _score(self, sample, delimiter):
        """How much the sample looks like a table with this separator."""
        widths = self._widths(sample, delimiter)
        if not widths or max(widths) == 1:
            return 0.0
        width, count = Counter(widths).most_common(1)[0]
        if width == 1:
            wide = [size for size in widths if size > 1]
            return 0.1 * len(wide) / len(widths)
        consistency = count / len(widths)
        head = 0.5 if width in widths[:3] else 0.0
        # More columns are the better explanation among equals.
        return consistency + head + min(width, 50) / 1000

    def _usual_width(self, sample, delimiter):
        widths = self._widths(sample, delimiter)
        return Counter(widths).most_common(1)[0][0] if widths else None

    # --- reading

    def _lines(self):
        """Lines without their ends, whatever these are (CR, LF or both)."""
        with (
            self.blob.open() as stream,
            io.TextIOWrapper(stream, self.encoding, errors="replace") as text,
        ):
            number = 0
            while line := text.readline(_MAX_LINE):
                number += 1
                check_line(line, number, _MAX_LINE)
                line = line.removesuffix("\n")
                # Ctrl-Z: the end of the file for DOS.
                if line == "\x1a":
                    continue
                yield line

    def check(self):
        return sum(1 for _line in self._lines())

    def records(self):
        lines = self._lines()
        skipped = 1 if self._directive else 0
        if skipped:
            next(lines, None)
        records = iter_records(
            lines, self.delimiter, self.quote, self.escape, self._expected
        )
        for number, line, cells, flaws in records:
            problems = flaw_problems(flaws, cells, line + skipped) if flaws else []
            self._clean(cells, problems)
            yield number + skipped, cells, problems

    def _clean(self, cells, problems):
        if not _SUSPECT.search("\t".join(cells)):
            if "" in cells:
                cells[:] = [cell or None for cell in cells]
            return
        for index, cell in enumerate(cells):
            if not cell or cell == _NULL_MARK:
                cells[index] = None
                continue
            if cell[0] == "'":
                cell = cells[index] = unguard_cell(cell)
            if "\0" in cell:
                cells[index] = cell.replace("\0", "") or None
                problems.append((index, "nul_removed", {}))
            if "\ufffd" in cell:
                params = {"encoding": self.encoding, "value": shorten(cell)}
                problems.append((index, "undecodable", params))


def _is_aligned(sample):
    """Columns set apart by blanks: figures, as programs print them."""
    rows = [cells for line in sample if (cells := line.split())]
    width = len(rows[-1]) if rows else 0
    alike = sum(1 for cells in rows if len(cells) == width)
    words = [cell for cells in rows[1:] for cell in cells]
    figures = sum(1 for word in words if _FIGURE.fullmatch(word))
    return width > 2 and alike >= 0.95 * len(rows) and figures * 2 > len(words)


def _separator_directive(sample):
    """Excel's own first line ``sep=;``."""
    match = re.fullmatch(r'"?sep=(.)"?', sample[0].strip("\ufeff"), re.IGNORECASE)
    return match[1] if match else None


def _sniff_escape(sample, delimiter):
    r"""Backslash as escape: ``\"`` is seen inside of values and ``""`` is not."""
    text = "\n".join(sample)
    if '\\"' not in text:
        return None
    cut = re.escape(delimiter)
    escaped = re.findall(rf'(?<!\\)\\"(?!\s*(?:{cut}|\n|$))', text)
    doubled = re.findall(rf'(?<![\n{cut}])""(?![\n{cut}])', text)
    return "\\" if escaped and not doubled else None

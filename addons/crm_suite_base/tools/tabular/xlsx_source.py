"""Streaming reader of XLSX and XLSM.

An own reader and not openpyxl's read-only mode because that one keeps all texts as
Python strings, gives no merged areas, does not tell a formula without a result from
an empty cell, and takes twice as long.
"""

import datetime
import functools
import re

from .errors import TableError, shorten
from .excel_values import NUMBER, format_kind, typed_number
from .source import Sheet, Source
from .table import column_letter
from .xlsx_package import Package, attribute, local_name
from .xlsx_strings import SharedStrings, read_shared_strings, rich_text, unescape

_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?\bref\s*=\s*[\"']([^\"']+)[\"']")
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_CHUNK = 1024 * 1024


class XlsxSource(Source):
    kind = "xlsx"

    def __init__(self, blob, options, filename=None):
        super().__init__()
        self.options = options
        self.package = Package(blob, options)
        self.end_problems = []
        try:
            self._read_workbook()
            self._read_styles()
            self._strings = None
            self._merged = self._read_merged() if options.fill_merged else {}
        except BaseException:
            self.package.close()
            raise

    def close(self):
        self.package.close()

    # --- workbook

    def _read_workbook(self):
        book = self._find_workbook()
        relations = self.package.relations(book)
        self._date1904 = False
        self._parts = []
        tags = ("workbookPr", "sheet")
        for element in self.package.events(book, tags):
            if local_name(element.tag) == "workbookPr":
                # Extensions have an element of this name too, without the flag.
                flag = element.get("date1904", "").lower()
                self._date1904 |= flag in ("1", "true", "on")
                continue
            kind, target = relations.get(attribute(element, "id"), (None, None))
            if kind != "worksheet" or not self.package.has(target):
                continue
            hidden = element.get("state", "visible") != "visible"
            name = element.get("name") or f"Sheet{len(self._parts) + 1}"
            self.sheets.append(Sheet(name, hidden, len(self._parts)))
            self._parts.append(target)
        if not self._parts:
            raise TableError("sheet_none")
        by_kind = dict(relations.values())
        self._strings_part = by_kind.get("sharedStrings")
        self._styles_part = by_kind.get("styles")
        self._choose_sheet()

    def _find_workbook(self):
        for kind, target in self.package.relations("").values():
            if kind == "officeDocument" and self.package.has(target):
                return target
        return "xl/workbook.xml"

    def _choose_sheet(self):
        chosen = choose_sheet(self.sheets, self.options.sheet, self._has_cells)
        self.sheet = chosen.name
        self._part = self._parts[chosen.index]
        others = [
            sheet.name
            for sheet in self.sheets
            if sheet is not chosen and self._has_cells(sheet)
        ]
        if others and self.options.sheet is None:
            params = {"sheet": chosen.name, "sheets": shorten(", ".join(others))}
            self.file_problems.append((None, "sheets_more", params))

    def _has_cells(self, sheet):
        part = self._parts[sheet.index]
        cells = self.package.events(part, ("v", "t"))
        try:
            return any((cell.text or "").strip() for cell in cells)
        except TableError:
            return False
        finally:
            cells.close()

    def _read_styles(self):
        """The kind of number format of each cell style."""
        self._kinds = []
        if not self._styles_part or not self.package.has(self._styles_part):
            return
        codes = {}
        for element in self.package.events(self._styles_part, ("numFmt", "cellXfs")):
            if local_name(element.tag) == "numFmt":
                codes[element.get("numFmtId")] = element.get("formatCode") or ""
                continue
            for style in element:
                number = style.get("numFmtId") or "0"
                known = int(number) if number.isdigit() else 0
                self._kinds.append(format_kind(known, codes.get(number)))

    def _read_merged(self):
        """Cells of merged areas: (row, column index) of each -> of the first."""
        merged, tail = {}, b""
        with self.package.open(self._part) as stream:
            while chunk := stream.read(_CHUNK):
                data = tail + chunk
                last = 0
                for match in _MERGED.finditer(data):
                    last = match.end()
                    merged.update(_area_cells(match[1].decode("ascii", "ignore")))
                    if len(merged) > 1_000_000:
                        return merged
                tail = data[max(last, len(data) - 200) :]
        return merged

    # --- rows

    def records(self):
        if self._strings is None:
            self._strings = SharedStrings()
            if self._strings_part and self.package.has(self._strings_part):
                self._strings = read_shared_strings(self.package, self._strings_part)
        number, merges, anchors = 0, 0, {}
        for element in self.package.events(self._part, ("row", "mergeCell")):
            if local_name(element.tag) == "mergeCell":
                merges += 1
                continue
            number = _row_number(element, number)
            cells, problems = self._cells(element, number)
            if self._merged:
                self._fill(number, cells, anchors)
            if cells:
                yield number, cells, problems
        shown = merges and not self.options.fill_merged
        params = {"count": merges}
        self.end_problems = [(None, "merged_cells", params)] if shown else []

    def _cells(self, row, number):
        cells, problems, column = [], [], -1
        for element in row:
            if local_name(element.tag) != "c":
                continue
            column = _column_index(element.get("r"), column)
            if column >= self.options.max_columns:
                raise TableError(
                    "columns_too_many",
                    row=number,
                    count=column + 1,
                    limit=self.options.max_columns,
                )
            value, code, shown = self._value(element)
            if value is None and code is None:
                continue
            if column >= len(cells):
                cells.extend([None] * (column + 1 - len(cells)))
            cells[column] = value
            if code:
                cell = element.get("r") or f"{column_letter(column)}{number}"
                params = {"cell": cell, "value": shorten(shown, 40)}
                problems.append((column, code, params))
        return cells, problems

    def _value(self, cell):
        """:return: ``(value, problem code or None, value as stored)``"""
        kind = cell.get("t", "n")
        raw, formula = None, False
        for child in cell:
            name = local_name(child.tag)
            if name == "v":
                raw = child.text
            elif name == "is":
                return rich_text(child) or None, None, None
            elif name == "f":
                formula = True
        if raw is None or raw == "":
            missing = formula and raw is None and kind != "str"
            return None, "cell_formula" if missing else None, ""
        return self._typed(raw, kind, cell.get("s"))

    def _typed(self, raw, kind, style):
        if kind == "s":
            try:
                return self._strings[int(raw)] or None, None, None
            except (ValueError, IndexError):
                return None, "cell_broken", raw
        if kind in ("str", "inlineStr"):
            return unescape(raw) or None, None, None
        if kind == "b":
            return raw.strip() in ("1", "true"), None, None
        if kind == "e":
            return None, "cell_error", raw
        if kind == "d":
            value = iso_value(raw)
            return value, None if value else "cell_broken", raw
        value, code = typed_number(raw, self._format(style), self._date1904)
        return value, code, raw

    def _format(self, style):
        if style is None or not style.isdigit() or int(style) >= len(self._kinds):
            return NUMBER
        return self._kinds[int(style)]

    def _fill(self, number, cells, anchors):
        """Give the other cells of merged areas the value of the first."""
        for (row, column), anchor in self._merged_in(number):
            if (row, column) == anchor:
                anchors[anchor] = cells[column] if column < len(cells) else None
            elif anchors.get(anchor) is not None:
                if column >= len(cells):
                    cells.extend([None] * (column + 1 - len(cells)))
                cells[column] = anchors[anchor]

    def _merged_in(self, number):
        if not hasattr(self, "_merged_rows"):
            self._merged_rows = {}
            for cell, anchor in sorted(self._merged.items()):
                self._merged_rows.setdefault(cell[0], []).append((cell, anchor))
        return self._merged_rows.get(number, ())


def choose_sheet(sheets, wanted, has_cells):
    """The sheet the user named, or the first visible one with cells."""
    if wanted is None:
        visible = [sheet for sheet in sheets if not sheet.hidden] or sheets
        return next((sheet for sheet in visible if has_cells(sheet)), visible[0])
    for sheet in sheets:
        if wanted in (sheet.name, sheet.index):
            return sheet
    names = ", ".join(sheet.name for sheet in sheets)
    raise TableError("sheet_missing", sheet=str(wanted), sheets=shorten(names))


def _row_number(element, previous):
    text = element.get("r") or ""
    number = int(text) if text.isdigit() and len(text) < 8 else 0
    return number if number > previous else previous + 1


def _column_index(reference, previous):
    """Column of ``BC12``; a cell without a reference follows the one before."""
    if not reference:
        return previous + 1
    index = _index_of(reference.rstrip("0123456789"))
    return previous + 1 if index is None else index


@functools.lru_cache(4096)
def _index_of(letters):
    index = 0
    for character in letters.replace("$", "").upper()[:4]:
        if not "A" <= character <= "Z":
            return None
        index = index * 26 + ord(character) - 64
    return index - 1 if index else None


def _area_cells(reference):
    first, _colon, last = reference.partition(":")
    first, last = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last or first)
    if not first or not last:
        return {}
    left, right = _column_index(first[1], 0), _column_index(last[1], 0)
    top, bottom = int(first[2]), int(last[2])
    if (bottom - top + 1) * (right - left + 1) > 1_000_000:
        return {}
    return {
        (row, column): (top, left)
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    }


def iso_value(text):
    """An ISO date or date and time; a time of day as text; None for neither."""
    text = text.strip().removesuffix("Z")
    try:
        if "T" in text or " " in text:
            return datetime.datetime.fromisoformat(text).replace(tzinfo=None)
        if ":" in text:
            return datetime.time.fromisoformat(text).isoformat("seconds")
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None

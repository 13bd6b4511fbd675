"""Streaming reader of OpenDocument spreadsheets (LibreOffice, WPS)."""

import datetime
import re

from lxml import etree

from .errors import TableError, shorten
from .excel_values import typed_number
from .source import Sheet, Source
from .table import column_letter
from .xlsx_package import PARSER_OPTIONS, Package, attribute, local_name
from .xlsx_source import choose_sheet, iso_value

_CONTENT = "content.xml"
_NUMBERS = {"float", "percentage", "currency"}
_DURATION = re.compile(r"-?PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,]\d+)?S)?")
# Programs repeat blank rows by the million, but hardly ever rows with values.
_MAX_REPEATED = 100_000
_MAX_ROW = 2**24


class OdsSource(Source):
    kind = "ods"

    def __init__(self, blob, options, filename=None):
        super().__init__()
        self.options = options
        self.end_problems = []
        self.package = Package(blob, options)
        try:
            filled = self._read_sheets()
            chosen = choose_sheet(
                self.sheets, options.sheet, lambda sheet: filled[sheet.index]
            )
        except BaseException:
            self.package.close()
            raise
        self.sheet, self._index = chosen.name, chosen.index
        others = [s.name for s in self.sheets if filled[s.index] and s is not chosen]
        if others and options.sheet is None:
            params = {"sheet": chosen.name, "sheets": shorten(", ".join(others))}
            self.file_problems.append((None, "sheets_more", params))

    def close(self):
        self.package.close()

    def _read_sheets(self):
        """:return: for every sheet whether it has a cell with text or a value"""
        filled = []
        for index, name, row in self._rows():
            if row is None:
                self.sheets.append(Sheet(name or f"Sheet{index + 1}", False, index))
                filled.append(False)
            elif not filled[index]:
                filled[index] = any(
                    attribute(cell, "value-type") is not None for cell in row
                )
        if not self.sheets:
            raise TableError("sheet_none")
        return filled

    def _rows(self):
        """Yield ``(sheet index, sheet name, row element)``; None begins a sheet."""
        with self.package.open(_CONTENT) as stream:
            parser = etree.iterparse(
                stream,
                events=("start", "end"),
                tag=("{*}table", "{*}table-row"),
                **PARSER_OPTIONS,
            )
            index, name, depth = -1, None, 0
            try:
                for event, element in parser:
                    is_table = local_name(element.tag) == "table"
                    if is_table:
                        depth += 1 if event == "start" else -1
                    if is_table and event == "start" and depth == 1:
                        index, name = index + 1, attribute(element, "name")
                        yield index, name, None
                    elif event == "end" and not is_table and depth == 1:
                        yield index, name, element
                    if event == "end" and depth <= 1:
                        element.clear()
                        while element.getprevious() is not None:
                            del element.getparent()[0]
            except etree.XMLSyntaxError as error:
                raise TableError("file_unreadable", reason="xml") from error

    # --- rows

    def records(self):
        number = merges = repeated = 0
        spans = []
        for index, _name, row in self._rows():
            if row is None or index != self._index:
                continue
            times = _repeat(row, "number-rows-repeated")
            cells, problems, areas = self._cells(row, number + 1)
            merges += len(areas)
            spans = [span for span in spans if span[0] > number]
            spans += areas
            if self.options.fill_merged:
                _fill(cells, spans)
            if not any(cell is not None for cell in cells) and not problems:
                number += times
                continue
            repeated += times - 1
            if repeated > _MAX_REPEATED or number + times > _MAX_ROW:
                raise TableError("file_unreadable", reason="xls")
            for _time in range(times):
                number += 1
                yield number, list(cells), list(problems)
        shown = merges and not self.options.fill_merged
        params = {"count": merges}
        self.end_problems = [(None, "merged_cells", params)] if shown else []

    def _cells(self, row, number):
        """:return: ``(cells, problems, merged areas that begin here)``"""
        cells, problems, areas, column = [], [], [], 0
        for cell in row:
            name = local_name(cell.tag)
            if name not in ("table-cell", "covered-table-cell"):
                continue
            times = _repeat(cell, "number-columns-repeated")
            value = code = shown = None
            if name == "table-cell":
                value, code, shown = _cell_value(cell)
            if value is None and code is None:
                column += times
                continue
            if column + times > self.options.max_columns:
                raise TableError(
                    "columns_too_many",
                    row=number,
                    count=column + times,
                    limit=self.options.max_columns,
                )
            cells.extend([None] * (column - len(cells)) + [value] * times)
            if code:
                address = f"{column_letter(column)}{number}"
                params = {"cell": address, "value": shorten(shown, 40)}
                problems.append((column, code, params))
            wide = _repeat(cell, "number-columns-spanned")
            high = _repeat(cell, "number-rows-spanned")
            if wide > 1 or high > 1:
                areas.append((number + high - 1, column, wide, value))
            column += times
        return cells, problems, areas


def _fill(cells, spans):
    """Give the cells of merged areas the value of their first cell."""
    for _last, column, wide, value in spans:
        end = column + min(wide, 1000)
        cells.extend([None] * (end - len(cells)))
        for at in range(column, end):
            if cells[at] is None:
                cells[at] = value


def _repeat(element, name):
    text = attribute(element, name) or "1"
    return max(int(text), 1) if text.isdigit() and len(text) < 9 else 1


def _cell_value(cell):
    """:return: ``(value, problem code or None, value as shown)``"""
    kind = None
    for key, found in cell.attrib.items():
        if local_name(key) == "value-type":
            # LibreOffice says twice what a cell is; only the second says "error".
            kind = "error" if found == "error" else kind or found
    if kind is None:
        has_formula = attribute(cell, "formula") is not None
        return None, "cell_formula" if has_formula else None, ""
    if kind == "error":
        return None, "cell_error", _cell_text(cell)
    if kind in _NUMBERS:
        raw = attribute(cell, "value") or ""
        value, code = typed_number(raw, 0)
        return value, code, raw
    if kind == "boolean":
        return attribute(cell, "boolean-value") == "true", None, None
    if kind == "date":
        raw = attribute(cell, "date-value") or ""
        value = iso_value(raw)
        return value, None if value else "cell_broken", raw
    if kind == "time":
        return _clock(attribute(cell, "time-value") or ""), None, None
    return attribute(cell, "string-value") or _cell_text(cell) or None, None, None


def _clock(text):
    match = _DURATION.fullmatch(text)
    if not match:
        return text or None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    minutes, seconds = divmod(int(total.total_seconds()), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def _cell_text(cell):
    """The paragraphs of a cell, without its comment."""
    paragraphs = [child for child in cell if local_name(child.tag) == "p"]
    return "\n".join(_paragraph(item) for item in paragraphs).replace("\0", "")


def _paragraph(element):
    parts = [element.text or ""]
    for child in element:
        name = local_name(child.tag)
        if name == "s":
            parts.append(" " * min(_repeat(child, "c"), 1000))
        elif name == "tab":
            parts.append("\t")
        elif name == "line-break":
            parts.append("\n")
        elif name != "annotation":
            parts.append(_paragraph(child))
        parts.append(child.tail or "")
    return "".join(parts)

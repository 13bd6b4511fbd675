"""Reader of the old XLS format (Excel 2 to 2003)."""

import io

import xlrd

from .errors import TableError, shorten
from .excel_values import NUMBER, format_kind, typed_number
from .source import Sheet, Source
from .xlsx_source import choose_sheet


class XlsSource(Source):
    kind = "xls"

    def __init__(self, blob, options, filename=None):
        super().__init__()
        self.options = options
        self.end_problems = []
        with blob.open() as stream:
            content = stream.read()
        # With formatting: number formats tell codes with leading zeros and merged
        # areas. Some programs write broken formats; then the values alone must do.
        try:
            self._book = _open_book(content, formatting=True)
        except TableError as error:
            if error.code != "file_unreadable":
                raise
            self._book = _open_book(content, formatting=False)
        self._kinds = {}
        self._open_sheets()

    def _open_sheets(self):
        for index, name in enumerate(self._book.sheet_names()):
            sheet = _guarded(self._book.sheet_by_index, index)
            self.sheets.append(Sheet(name, bool(sheet.visibility), index))
        if not self.sheets:
            raise TableError("sheet_none")
        chosen = choose_sheet(self.sheets, self.options.sheet, self._has_cells)
        self.sheet = chosen.name
        self._sheet = self._book.sheet_by_index(chosen.index)
        others = [
            sheet.name
            for sheet in self.sheets
            if sheet is not chosen and self._has_cells(sheet)
        ]
        if others and self.options.sheet is None:
            params = {"sheet": chosen.name, "sheets": shorten(", ".join(others))}
            self.file_problems.append((None, "sheets_more", params))

    def _has_cells(self, sheet):
        return bool(self._book.sheet_by_index(sheet.index).nrows)

    def close(self):
        self._book.release_resources()

    def records(self):
        merged = getattr(self._sheet, "merged_cells", [])
        fills = self._fills(merged) if self.options.fill_merged else {}
        for index in range(self._sheet.nrows):
            cells, problems = [], []
            for column, cell in enumerate(self._sheet.row(index)):
                value, code, shown = self._value(cell)
                cells.append(value)
                if code:
                    address = xlrd.cellname(index, column)
                    params = {"cell": address, "value": shown}
                    problems.append((column, code, params))
            for column, (row, first) in fills.get(index, ()):
                cells.extend([None] * (column + 1 - len(cells)))
                cells[column] = self._value(self._sheet.cell(row, first))[0]
            yield index + 1, cells, problems
        shown = merged and not self.options.fill_merged
        params = {"count": len(merged)}
        self.end_problems = [(None, "merged_cells", params)] if shown else []

    def _fills(self, merged):
        """Row index -> (column, (row, column) of the first cell of the area)."""
        fills = {}
        for top, bottom, left, right in merged:
            for row in range(top, min(bottom, self._sheet.nrows)):
                for column in range(left, min(right, self.options.max_columns)):
                    if (row, column) != (top, left):
                        fills.setdefault(row, []).append((column, (top, left)))
        return fills

    def _value(self, cell):
        """:return: ``(value, problem code or None, value as stored)``"""
        kind, raw = cell.ctype, cell.value
        if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
            return None, None, None
        if kind == xlrd.XL_CELL_TEXT:
            return raw.replace("\0", "").replace("\r\n", "\n") or None, None, None
        if kind == xlrd.XL_CELL_BOOLEAN:
            return bool(raw), None, None
        if kind == xlrd.XL_CELL_ERROR:
            return None, "cell_error", xlrd.error_text_from_code.get(raw, str(raw))
        value, code = typed_number(
            repr(raw), self._format(cell), self._book.datemode == 1
        )
        return value, code, shorten(raw, 40)

    def _format(self, cell):
        """Kind of the number format of a cell."""
        index = cell.xf_index
        if index is None:
            is_date = cell.ctype == xlrd.XL_CELL_DATE
            return format_kind(22 if is_date and cell.value % 1 else 14 * is_date)
        if index not in self._kinds:
            kind = NUMBER
            if index < len(self._book.xf_list):
                key = self._book.xf_list[index].format_key
                form = self._book.format_map.get(key)
                kind = format_kind(key, form.format_str if form else None)
            self._kinds[index] = kind
        return self._kinds[index]


def _open_book(content, formatting):
    return _guarded(
        xlrd.open_workbook,
        file_contents=content,
        formatting_info=formatting,
        ragged_rows=True,
        logfile=io.StringIO(),
    )


def _guarded(function, *args, **kwargs):
    """xlrd meets damaged files with whatever exception comes first."""
    try:
        return function(*args, **kwargs)
    except TableError:
        raise
    except xlrd.XLRDError as error:
        if "encrypt" in str(error).lower():
            raise TableError("file_password") from error
        raise TableError("file_unreadable", reason="xls") from error
    except MemoryError as error:
        raise TableError("file_unreadable", reason="xls") from error
    except Exception as error:
        raise TableError("file_unreadable", reason="xls") from error

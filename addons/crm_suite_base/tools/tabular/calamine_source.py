"""Reader of ODS and XLSB through the calamine library.

It loads the sheet whole, hence the tighter limit on the unpacked size.
"""

import datetime
from decimal import Decimal

import python_calamine

from .errors import TableError, shorten
from .excel_values import number_value
from .options import MEBIBYTE
from .source import Sheet, Source, megabytes
from .xlsx_package import Package
from .xlsx_source import choose_sheet

_MAX_UNPACKED = 256 * MEBIBYTE


class CalamineSource(Source):
    def __init__(self, blob, options, filename=None):
        super().__init__()
        self.options = options
        self.end_problems = []
        self._check_unpacked(blob)
        with blob.open() as stream:
            self.kind = "ods" if b"opendocument" in stream.read(200) else "xlsb"
            stream.seek(0)
            self._book = _guarded(
                python_calamine.CalamineWorkbook.from_filelike, stream
            )
        visible = python_calamine.SheetVisibleEnum.Visible
        worksheet = python_calamine.SheetTypeEnum.WorkSheet
        for meta in self._book.sheets_metadata:
            if meta.typ == worksheet:
                hidden = meta.visible != visible
                self.sheets.append(Sheet(meta.name, hidden, len(self.sheets)))
        if not self.sheets:
            raise TableError("sheet_none")
        self._loaded = {}
        chosen = choose_sheet(self.sheets, options.sheet, self._has_cells)
        self.sheet = chosen.name
        others = [
            sheet.name
            for sheet in self.sheets
            if sheet is not chosen and self._has_cells(sheet)
        ]
        if others and options.sheet is None:
            params = {"sheet": chosen.name, "sheets": shorten(", ".join(others))}
            self.file_problems.append((None, "sheets_more", params))

    def _check_unpacked(self, blob):
        package = Package(blob, self.options)
        total = package.unpacked_size
        package.close()
        if total > _MAX_UNPACKED:
            size, limit = megabytes(total), megabytes(_MAX_UNPACKED)
            raise TableError("file_bomb", size=size, limit=limit)

    def _load(self, name):
        if name not in self._loaded:
            self._loaded[name] = _guarded(self._book.get_sheet_by_name, name)
        return self._loaded[name]

    def _has_cells(self, sheet):
        return bool(self._load(sheet.name).height)

    def close(self):
        self._loaded = {}

    def records(self):
        sheet = self._load(self.sheet)
        # Rows above the first cell are not part of the range; blank ones inside are.
        top = sheet.start[0] if sheet.start else 0
        left = sheet.start[1] if sheet.start else 0
        for index, row in enumerate(_guarded(sheet.to_python, skip_empty_area=True)):
            if left + len(row) > self.options.max_columns:
                raise TableError(
                    "columns_too_many",
                    row=top + index + 1,
                    count=left + len(row),
                    limit=self.options.max_columns,
                )
            yield top + index + 1, [None] * left + [_value(cell) for cell in row], []


def _value(cell):
    if isinstance(cell, str):
        return cell.replace("\0", "") or None
    if isinstance(cell, bool | datetime.date):
        return cell
    if isinstance(cell, float | int):
        try:
            return number_value(repr(cell))[0]
        except ValueError:
            return Decimal(0)
    if isinstance(cell, datetime.time):
        return cell.isoformat("seconds")
    return str(cell)


def _guarded(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except python_calamine.PasswordError as error:
        raise TableError("file_password") from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise TableError("file_unreadable", reason="parts") from error

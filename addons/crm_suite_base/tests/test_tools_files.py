"""Every nasty file of the shared data, with what must come of it."""

import csv
import datetime
import warnings
from decimal import Decimal

import openpyxl
import python_calamine

from odoo.tests import BaseCase, tagged

from ..tools.tabular import TableError, open_table
from .shared_data import shared_data
from .shared_files import OUTCOMES


def outcome(path):
    """:return: the code of a refusal, or ``(kind, header row, rows, {problem: n})``"""
    try:
        with open_table(str(path), path.name) as table:
            rows = sum(1 for _row in table.iter_rows())
            codes = {}
            for problem in table.problems:
                codes[problem.code] = codes.get(problem.code, 0) + 1
            return (table.kind, table.header_row, rows, codes)
    except TableError as error:
        return error.code


def comparable(value):
    """A cell as both readers must see it; Excel's own precision is 15 digits."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return round(float(value), 9)
    if isinstance(value, datetime.datetime):
        value += datetime.timedelta(microseconds=500_000)
        return value.replace(microsecond=0).isoformat()
    if isinstance(value, datetime.date):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, datetime.time):
        return value.isoformat("seconds")
    return str(value).replace("\r\n", "\n")


def comparable_rows(rows):
    """Row number -> cells up to the last one with a value."""
    result = {}
    for number, cells in rows:
        cells = [comparable(cell) for cell in cells]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            result[number] = cells
    return result


@tagged("-at_install", "post_install")
class TestSharedFiles(BaseCase):
    def files(self, *suffixes):
        folder = shared_data("files")
        return folder, [
            path
            for path in sorted(folder.rglob("*"))
            if path.suffix in suffixes or (not suffixes and path.is_file())
        ]

    def test_every_file_has_its_outcome(self):
        folder, paths = self.files()
        paths = [path for path in paths if path.suffix != ".json"]
        names = [path.relative_to(folder).as_posix() for path in paths]
        self.assertEqual(sorted(names), sorted(OUTCOMES))
        for name, path in zip(names, paths, strict=True):
            with self.subTest(file=name):
                self.assertEqual(outcome(path), OUTCOMES[name])

    def test_workbooks_say_what_other_readers_say(self):
        """Value for value against openpyxl (XLSX) and calamine (XLS)."""
        _folder, paths = self.files(".xlsx", ".xlsm", ".xls")
        compared = 0
        for path in paths:
            try:
                table = open_table(str(path), options={"header_row": 0})
            except TableError:
                continue
            if table.kind not in ("xlsx", "xls"):
                continue
            with self.subTest(file=path.name):
                expected = self._other(path, table)
                self.assertEqual(comparable_rows(table.iter_rows()), expected)
                compared += 1
        self.assertGreater(compared, 45)

    def _other(self, path, table):
        if table.kind == "xls":
            book = python_calamine.CalamineWorkbook.from_path(str(path))
            rows = book.get_sheet_by_name(table.sheet).to_python(skip_empty_area=False)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(path, data_only=True)
            rows = book[table.sheet].iter_rows(values_only=True)
        return comparable_rows(enumerate(rows, start=1))

    def test_right_csv_files_say_what_the_library_says(self):
        """Where nothing is broken, the C parser of the library is the judge."""
        _folder, paths = self.files(".csv")
        compared = 0
        for path in paths:
            try:
                table = open_table(str(path), options={"header_row": 0})
            except TableError:
                continue
            rows = list(table.iter_rows())
            if table.problem_count > 1 or "\\N" in path.read_text("latin-1"):
                continue
            with (
                self.subTest(file=path.name),
                path.open(encoding=table.encoding, newline="") as stream,
            ):
                text = stream.read().replace("\r\n", "\n").replace("\r", "\n")
                reader = csv.reader(
                    text.splitlines(keepends=True), delimiter=table.delimiter
                )
                width = len(table.columns)
                expected = [
                    [cell or None for cell in row[:width]]
                    for row in reader
                    if any(cell.strip() for cell in row)
                ]
                self.assertEqual([values for _n, values in rows], expected)
                compared += 1
        self.assertGreater(compared, 80)

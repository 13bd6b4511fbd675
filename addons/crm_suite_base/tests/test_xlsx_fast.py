import datetime
import io
from unittest.mock import patch

from openpyxl import load_workbook

from odoo.tests import BaseCase

from ..tools import xlsx, xlsx_fast

COLUMNS = [
    xlsx.SheetColumn("Name"),
    xlsx.SheetColumn("Code", "code"),
    xlsx.SheetColumn("Number", "decimal"),
    xlsx.SheetColumn("Amount", "money"),
    xlsx.SheetColumn("Active", "boolean"),
    xlsx.SheetColumn("Since", "date"),
    xlsx.SheetColumn("At", "datetime"),
]
ROWS = [
    ["Yilu", "007", 1.5, 1234567.891, True, datetime.date(2026, 2, 28), None],
    ["=1+1", "＝1", 0, -0.1, False, datetime.date(1899, 1, 1), False],
    ["<b>&amp;</b> ]]>", "\t x ", 10**18, 1e300, True, None]
    + [datetime.datetime(2026, 2, 28, 23, 59, 59)],
    ["a\x00b\x0b_x0041_\r\n", "中文\ud800", float("nan"), float("inf"), None]
    + [datetime.datetime(2026, 1, 1, 12, 0), datetime.date(2024, 2, 29)],
    ["x" * 40_000, "http://e.example", 123456789.123456789, 3, False, None, None],
    [None] * 7,
    [5, True, "7", datetime.date(2026, 1, 1), 1, "text", {"a": 1}],
]


class TestXlsxFast(BaseCase):
    """The fast writer and the plain one make the same workbook."""

    def written(self, writer_class, rows=ROWS):
        output = io.BytesIO()
        with writer_class(output, COLUMNS, sheet="Customers") as writer:
            for row in rows:
                writer.write_row(row)
        self.assertEqual(writer.row_count, len(rows))
        return load_workbook(output)

    def described(self, book):
        return [
            (
                sheet.title,
                sheet.freeze_panes,
                sheet.auto_filter.ref,
                sheet.dimensions,
                sorted((k, v.width) for k, v in sheet.column_dimensions.items()),
                [
                    (c.coordinate, c.value, c.data_type, c.number_format, c.font.b)
                    for row in sheet.iter_rows()
                    for c in row
                ],
            )
            for sheet in book
        ]

    def test_same_as_the_plain_writer(self):
        self.assertEqual(
            self.described(self.written(xlsx_fast.FastWorkbookWriter)),
            self.described(self.written(xlsx.WorkbookWriter)),
        )

    def test_no_rows(self):
        self.assertEqual(
            self.described(self.written(xlsx_fast.FastWorkbookWriter, [])),
            self.described(self.written(xlsx.WorkbookWriter, [])),
        )

    def test_full_sheet(self):
        """The next sheet begins where one is full, with its own header."""
        with (
            patch.object(xlsx, "MAX_ROWS", 3),
            patch.object(xlsx_fast, "MAX_ROWS", 3),
        ):
            fast = self.described(self.written(xlsx_fast.FastWorkbookWriter))
            plain = self.described(self.written(xlsx.WorkbookWriter))
        self.assertEqual(len(fast), 4)
        self.assertEqual(fast, plain)

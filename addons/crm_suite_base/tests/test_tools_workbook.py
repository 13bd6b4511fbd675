import datetime
import io
import zipfile
from decimal import Decimal

import openpyxl
import xlsxwriter
import xlwt

from odoo.tests import BaseCase, tagged

from ..tools import xlsx
from ..tools.import_files import ErrorFileWriter, TemplateColumn, write_template
from ..tools.tabular import TableError, open_table
from ..tools.tabular.excel_values import (
    DATE,
    DATETIME,
    ELAPSED,
    NUMBER,
    TIME,
    format_kind,
    serial_value,
)
from ..tools.xlsx import SheetColumn, WorkbookWriter, sheet_name

SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>%s</sheetData>%s</worksheet>"
)


def workbook(fill, **options):
    """An XLSX made with XlsxWriter; ``fill(book, sheet)`` writes into it."""
    output = io.BytesIO()
    with xlsxwriter.Workbook(output, options) as book:
        fill(book, book.add_worksheet("Data"))
    return output.getvalue()


def package(rows, after="", extra=None):
    """A minimal XLSX with handwritten rows, as strange programs write it."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "_rels/.rels": f'<Relationships><Relationship Id="r1" Type="{office}/'
        'officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns:r="{office}"><sheets><sheet name="S" '
        'sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": SHEET % (rows, after),
        **(extra or {}),
    }
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return output.getvalue()


class WorkbookCase(BaseCase):
    def read(self, data, **options):
        table = open_table(data, options=options)
        return table, [list(values) for _number, values in table.iter_rows()]

    def assertRefused(self, code, data, **options):
        with self.assertRaises(TableError) as caught:
            self.read(data, **options)
        self.assertEqual(caught.exception.code, code)
        self.assertNotIn("%(", caught.exception.text())


@tagged("-at_install", "post_install")
class TestXlsxReader(WorkbookCase):
    def test_types(self):
        def fill(book, sheet):
            sheet.write_row(0, 0, ["text", "int", "number", "yes", "day", "moment"])
            sheet.write_row(1, 0, ["a", 13800138000, 0.1 + 0.2, True])
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
            sheet.write_datetime(1, 4, datetime.datetime(2026, 3, 5), day)
            sheet.write_datetime(1, 5, datetime.datetime(2026, 3, 5, 14, 30), moment)

        for options in ({}, {"date_1904": True}, {"constant_memory": True}):
            with self.subTest(options=options):
                _table, rows = self.read(workbook(fill, **options))
                expected = [
                    "a",
                    13800138000,
                    Decimal("0.3"),
                    True,
                    datetime.date(2026, 3, 5),
                    datetime.datetime(2026, 3, 5, 14, 30),
                ]
                self.assertEqual(rows, [expected])
                self.assertEqual(list(map(type, rows[0])), list(map(type, expected)))

    def test_codes_with_leading_zeros(self):
        def fill(book, sheet):
            sheet.write_row(0, 0, ["post code", "text"])
            sheet.write_number(1, 0, 1234, book.add_format({"num_format": "00000"}))
            sheet.write_string(1, 1, "0755")

        self.assertEqual(self.read(workbook(fill))[1], [["01234", "0755"]])

    def test_errors_and_formulas_name_their_cell(self):
        rows = (
            '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>'
            '<row r="3"><c r="A3" t="e"><v>#N/A</v></c><c r="B3"><f>1+1</f></c></row>'
            '<row r="4"><c r="A4"><f>1+1</f><v>2</v></c><c r="B4"><v>x</v></c></row>'
            '<row r="5"><c r="A5"><v>1234567890123456</v></c></row>'
        )
        table, found = self.read(package(rows))
        self.assertEqual(found[1], [2, None])
        self.assertEqual(
            [(p.row, p.column, p.code) for p in table.problems],
            [
                (3, "a", "cell_error"),
                (3, "b", "cell_formula"),
                (4, "b", "cell_broken"),
                (5, "a", "cell_digits"),
            ],
        )
        self.assertIn("Cell A3 contains the error #N/A", table.problems[0].text())

    def test_rows_and_cells_without_references(self):
        rows = (
            '<row><c t="inlineStr"><is><t>a</t></is></c><c t="str"><v>b</v></c></row>'
            "<row><c><v>1</v></c><c><v>2</v></c></row>"
        )
        table, found = self.read(package(rows))
        self.assertEqual((table.columns, found), (["a", "b"], [[1, 2]]))

    def test_merged_cells(self):
        def fill(book, sheet):
            sheet.write_row(0, 0, ["company", "person"])
            sheet.merge_range("A2:A4", "ACME")
            for row in (1, 2, 3):
                sheet.write(row, 1, f"p{row}")

        data = workbook(fill)
        table, rows = self.read(data)
        self.assertEqual([row[0] for row in rows], ["ACME", None, None])
        self.assertEqual([p.code for p in table.problems], ["merged_cells"])
        _table, rows = self.read(data, fill_merged=True)
        self.assertEqual([row[0] for row in rows], ["ACME"] * 3)

    def test_sheets(self):
        def fill(book, sheet):
            hidden = book.add_worksheet("Hidden")
            hidden.hide()
            hidden.write_row(0, 0, ["h"])
            second = book.add_worksheet("名单")
            second.write_column(0, 0, ["x", "1"])
            third = book.add_worksheet("Third")
            third.write_column(0, 0, ["y", "2"])

        data = workbook(fill)
        table, rows = self.read(data)
        self.assertEqual((table.sheet, rows), ("名单", [["1"]]))
        self.assertEqual(
            [(sheet.name, sheet.hidden) for sheet in table.sheets],
            [("Data", False), ("Hidden", True), ("名单", False), ("Third", False)],
        )
        self.assertEqual([p.code for p in table.problems], ["sheets_more"])
        self.assertEqual(self.read(data, sheet="Third")[1], [["2"]])
        self.assertEqual(self.read(data, sheet=2)[0].sheet, "名单")
        self.assertRefused("sheet_missing", data, sheet="Nowhere")

    def test_values_beyond_the_header(self):
        def fill(book, sheet):
            sheet.write_row(0, 0, ["a", "b"])
            for row in range(1, 200):
                sheet.write_row(row, 0, [1, 2])
            sheet.write(150, 5, "far out")

        table, rows = self.read(workbook(fill))
        self.assertEqual(len(rows[0]), 2)
        self.assertEqual(
            [(p.row, p.code) for p in table.problems], [(151, "row_outside")]
        )

    def test_formats(self):
        for code, kind in (
            ("yyyy-mm-dd", DATE),
            ("[$-409]d\\ mmm", DATE),
            ('yyyy"年"m"月"d"日"', DATE),
            ("hh:mm", TIME),
            ("dd.mm.yy hh:mm", DATETIME),
            ("[h]:mm", ELAPSED),
            ("#,##0.00", NUMBER),
            ('0.0 "days"', NUMBER),
            ("[Red]0;[Blue]-0", NUMBER),
            ("General", NUMBER),
            ("00000", 5),
        ):
            self.assertEqual(format_kind(164, code), kind, code)

    def test_days_of_excel(self):
        day = datetime.date
        self.assertEqual(serial_value(1, DATE), day(1900, 1, 1))
        self.assertEqual(serial_value(59, DATE), day(1900, 2, 28))
        self.assertEqual(serial_value(61, DATE), day(1900, 3, 1))
        self.assertEqual(serial_value(0, DATE, True), day(1904, 1, 1))
        self.assertEqual(serial_value(0.5, TIME), "12:00:00")
        self.assertEqual(serial_value(1.5, ELAPSED), "36:00:00")
        for serial in (60, -1, 2958466):
            with self.assertRaises(ValueError):
                serial_value(serial, DATE)


@tagged("-at_install", "post_install")
class TestHostileWorkbooks(WorkbookCase):
    def test_unpacked_size(self):
        data = package("<row/>" * 200_000)
        self.assertRefused("file_bomb", data, max_unpacked_bytes=1_000_000)

    def test_entities(self):
        bomb = (
            '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
            "<worksheet><sheetData><row><c t='str'><v>&b;</v></c></row></sheetData>"
            "</worksheet>"
        )
        data = package("", extra={"xl/worksheets/sheet1.xml": bomb})
        with self.assertRaises(TableError) as caught:
            self.read(data)
        self.assertIn(caught.exception.code, ("file_entities", "sheet_none"))
        data = package("", extra={"xl/workbook.xml": bomb})
        self.assertRefused("file_entities", data)

    def test_far_away_cells(self):
        self.assertRefused(
            "columns_too_many", package('<row><c r="XFD1"><v>1</v></c></row>')
        )
        rows = '<row r="1"><c t="str"><v>a</v></c></row><row r="1048576"><c><v>1</v></c></row>'
        table = open_table(package(rows))
        self.assertEqual(list(table.iter_rows()), [(1048576, [1])])

    def test_damaged_files(self):
        def fill(book, sheet):
            sheet.write_column(0, 0, [f"text {i}" for i in range(5000)])

        data = workbook(fill)
        for cut in (30, len(data) // 2, len(data) - 10):
            self.assertRefused("file_unreadable", data[:cut])
        broken = package("<row><c><v>1</v></c></row><row")
        self.assertRefused("file_unreadable", broken)

    def test_other_archives(self):
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w") as archive:
            archive.writestr("table.csv", "a,b\n1,2\n")
        self.assertRefused("file_archive", output.getvalue())
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w") as archive:
            archive.writestr("word/document.xml", "<x/>")
        self.assertRefused("file_kind", output.getvalue())


@tagged("-at_install", "post_install")
class TestXlsReader(WorkbookCase):
    def test_types(self):
        book = xlwt.Workbook()
        sheet = book.add_sheet("Data")
        day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
        code = xlwt.easyxf(num_format_str="000000")
        for column, value in enumerate(("phone", "day", "code", "text", "yes")):
            sheet.write(0, column, value)
        sheet.write(1, 0, 13800138000)
        sheet.write(1, 1, datetime.date(2026, 3, 5), day)
        sheet.write(1, 2, 755, code)
        sheet.write(1, 3, "名称")
        sheet.write(1, 4, True)
        output = io.BytesIO()
        book.save(output)
        table, rows = self.read(output.getvalue())
        self.assertEqual(table.kind, "xls")
        self.assertEqual(
            rows, [[13800138000, datetime.date(2026, 3, 5), "000755", "名称", True]]
        )


def ods(rows, name="名单"):
    """An OpenDocument spreadsheet with handwritten rows."""
    base = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(
        f'xmlns:{prefix}="{base}:{prefix}:1.0"'
        for prefix in ("office", "table", "text")
    )
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<office:document-content {spaces} xmlns:calcext="urn:calcext"><office:body>'
            f'<office:spreadsheet><table:table table:name="empty"/>'
            f'<table:table table:name="{name}">{rows}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>",
        )
    return output.getvalue()


def ods_row(*cells, repeat=1):
    """A row of texts, or of finished cells where they begin with ``<``."""
    return (
        f'<table:table-row table:number-rows-repeated="{repeat}">'
        + "".join(
            cell
            if cell.startswith("<")
            else '<table:table-cell office:value-type="string">'
            f"<text:p>{cell}</text:p></table:table-cell>"
            for cell in cells
        )
        + "</table:table-row>"
    )


@tagged("-at_install", "post_install")
class TestOdsReader(WorkbookCase):
    def cell(self, kind, attributes="", text=""):
        return (
            f'<table:table-cell office:value-type="{kind}" {attributes}>'
            f"<text:p>{text}</text:p></table:table-cell>"
        )

    def test_types(self):
        rows = ods_row("name", "day", "phone", "yes", "share") + ods_row(
            "张三<text:s text:c='2'/>x",
            self.cell("date", 'office:date-value="2026-03-05"', "5. März"),
            self.cell("float", 'office:value="13800138000"', "1,38E10"),
            self.cell("boolean", 'office:boolean-value="true"', "WAHR"),
            self.cell("percentage", 'office:value="0.15"', "15%"),
        )
        blank = '<table:table-cell table:number-columns-repeated="16384"/>'
        rows += ods_row(blank, repeat=1_000_000) + ods_row("last")
        table = open_table(ods(rows))
        self.assertEqual((table.kind, table.sheet), ("ods", "名单"))
        day = datetime.date(2026, 3, 5)
        self.assertEqual(
            list(table.iter_rows()),
            [
                (2, ["张三  x", day, 13800138000, True, Decimal("0.15")]),
                (1_000_003, ["last", None, None, None, None]),
            ],
        )

    def test_errors_name_their_cell(self):
        error = self.cell("string", 'calcext:value-type="error"', "#DIV/0!")
        formula = '<table:table-cell table:formula="of:=1"/>'
        table, _rows = self.read(ods(ods_row("a", "b") + ods_row(error, formula)))
        self.assertEqual(
            [(p.row, p.column, p.code) for p in table.problems],
            [(2, "a", "cell_error"), (2, "b", "cell_formula")],
        )

    def test_merged_cells(self):
        first = self.cell("string", 'table:number-rows-spanned="2"', "ACME")
        rows = ods_row("a", "b") + ods_row(first, "1")
        rows += ods_row("<table:covered-table-cell/>", "2") + ods_row("B", "3")
        self.assertEqual(self.read(ods(rows))[1][1], [None, "2"])
        _table, found = self.read(ods(rows), fill_merged=True)
        self.assertEqual(found, [["ACME", "1"], ["ACME", "2"], ["B", "3"]])

    def test_multiplied_cells(self):
        wide = self.cell("string", 'table:number-columns-repeated="16000"', "x")
        self.assertRefused("columns_too_many", ods(ods_row(wide)))
        rows = ods_row("a", "b") + ods_row("x", repeat=1_000_000)
        self.assertRefused("file_unreadable", ods(rows))


@tagged("-at_install", "post_install")
class TestXlsxWriter(WorkbookCase):
    def written(self, columns, rows, **options):
        output = io.BytesIO()
        with WorkbookWriter(output, columns, **options) as writer:
            for row in rows:
                writer.write_row(row)
        return output.getvalue()

    def test_text_stays_text(self):
        texts = [
            "=HYPERLINK(0)",
            "{=1}",
            "@SUM",
            "\tx",
            "＝1",
            "http://x.y",
            "0138",
            "1",
        ]
        data = self.written(["t"], [[text] for text in texts])
        sheet = openpyxl.load_workbook(io.BytesIO(data)).active
        for row, text in enumerate(texts, start=2):
            cell = sheet.cell(row, 1)
            self.assertEqual((cell.data_type, cell.value), ("s", text))
            self.assertIsNone(cell.hyperlink)

    def test_types_come_back(self):
        columns = [
            SheetColumn("name"),
            SheetColumn("phone", "code"),
            SheetColumn("amount", "money"),
            SheetColumn("day", "date"),
            SheetColumn("moment", "datetime"),
            SheetColumn("yes", "boolean"),
            SheetColumn("id", "integer"),
        ]
        row = [
            "名称",
            "+8613800138000",
            Decimal("12.34"),
            datetime.date(2026, 3, 5),
            datetime.datetime(2026, 3, 5, 14, 30),
            False,
            12345678901234567890,
        ]
        data = self.written(columns, [row])
        expected = [*row[:6], "12345678901234567890"]
        self.assertEqual(self.read(data)[1], [expected])
        sheet = openpyxl.load_workbook(io.BytesIO(data)).active
        self.assertEqual(sheet.freeze_panes, "A2")
        self.assertEqual(sheet.auto_filter.ref, "A1:G2")

    def test_false_is_empty_but_for_yes_and_no(self):
        columns = [SheetColumn("a"), SheetColumn("b", "boolean")]
        data = self.written(columns, [[False, False], ["x", True]])
        self.assertEqual(self.read(data)[1], [[None, False], ["x", True]])

    def test_odd_values(self):
        values = ["x" * 40_000, "\x01\x0b", "\ud800", float("nan"), float("inf")]
        values += [datetime.date(1899, 5, 1), "_x000D_"]
        data = self.written([f"c{i}" for i in range(len(values))], [values, values])
        row = self.read(data, header_row=1)[1][0]
        self.assertEqual((len(row[0]), row[0][-1]), (32_767, "…"))
        self.assertEqual(row[1], "\x01\x0b")
        self.assertEqual(row[3:], ["nan", "inf", "1899-05-01", "_x000D_"])

    def test_full_sheets_roll_over(self):
        self.patch(xlsx, "MAX_ROWS", 4)
        data = self.written(["n"], [[f"n{i}"] for i in range(7)], sheet="客户")
        table, rows = self.read(data)
        self.assertEqual(
            [s.name for s in table.sheets], ["客户", "客户 (2)", "客户 (3)"]
        )
        self.assertEqual(len(rows), 3)
        last = open_table(data, options={"sheet": "客户 (3)"})
        self.assertEqual([values for _n, values in last.iter_rows()], [["n6"]])

    def test_sheet_names(self):
        taken = set()
        self.assertEqual(sheet_name("a/b:c*[d]?", taken), "a b c  d")
        self.assertEqual(sheet_name("x" * 40, taken), "x" * 31)
        self.assertEqual(sheet_name("X" * 31, taken), "X" * 27 + " (2)")
        self.assertEqual(sheet_name("History", taken), "History (2)")
        self.assertEqual(sheet_name("'", taken), "Sheet")


@tagged("-at_install", "post_install")
class TestImportFiles(WorkbookCase):
    def test_template(self):
        output = io.BytesIO()
        columns = [
            TemplateColumn(
                "Name", required=True, help="Of the company", example="ACME"
            ),
            TemplateColumn("Phone", help="With area code"),
            TemplateColumn("Size", choices=tuple(f"size {i}" for i in range(400))),
            TemplateColumn("Since", "date"),
        ]
        example = ["ACME", "0755 1234", "size 1", datetime.date(2026, 3, 5)]
        write_template(output, columns, [example])
        data = output.getvalue()
        table, rows = self.read(data)
        self.assertEqual(table.columns, ["Name *", "Phone", "Size", "Since"])
        self.assertEqual(rows, [example])
        book = openpyxl.load_workbook(io.BytesIO(data))
        (rule,) = book["Data"].data_validations.dataValidation
        self.assertEqual(rule.formula1, "'Lists'!$C$1:$C$400")
        self.assertEqual(book["Lists"].sheet_state, "hidden")
        self.assertEqual(book["Data"].column_dimensions["B"].number_format, "@")
        help_texts = [cell.value for cell in book["Instructions"]["C"] if cell.value]
        self.assertIn("Of the company", help_texts)

    def test_error_file_can_be_imported_again(self):
        output = io.BytesIO()
        with ErrorFileWriter(output, ["Name", "Phone"], "Row", "Error") as writer:
            writer.write_row(17, ["=1+1", "0138"], ["Name: bad", "Phone: bad"])
            writer.write_row(18, ["short"], "Phone: missing")
        table, rows = self.read(output.getvalue())
        self.assertEqual(table.columns, ["Name", "Phone", "Row", "Error"])
        self.assertEqual(
            rows,
            [
                ["=1+1", "0138", 17, "Name: bad\nPhone: bad"],
                ["short", None, 18, "Phone: missing"],
            ],
        )

import codecs
import io
import json
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from odoo.tests import BaseCase, tagged

from ..tools.convert import parse_decimal
from ..tools.csv_writer import (
    CsvWriter,
    guard_cell,
    unguard_cell,
)
from ..tools.tabular import TableError, open_table
from .shared_data import shared_data


class CsvCase(BaseCase):
    def read(self, data, **options):
        """:return: ``(table, list of row values)``"""
        if isinstance(data, str):
            data = data.encode()
        table = open_table(data, "test.csv", options)
        return table, [list(values) for _number, values in table.iter_rows()]

    def codes(self, table):
        return [problem.code for problem in table.problems]


@tagged("-at_install", "post_install")
class TestCsvText(CsvCase):
    def test_separators_are_found(self):
        for separator in ",;\t|":
            text = separator.join(("Name", "City", "Amount"))
            text += "\n" + separator.join(("Ä", "B", '"1,5; 2|3"')) + "\n"
            with self.subTest(separator=separator):
                table, rows = self.read(text)
                self.assertEqual(table.delimiter, separator)
                self.assertEqual(rows, [["Ä", "B", "1,5; 2|3"]])

    def test_columns_aligned_by_blanks(self):
        text = " id     date  n  amount\r\n 00001 19970101  1   11.77\r\n 2 19970112 12 1.00"
        table, rows = self.read(text)
        self.assertEqual((table.delimiter, table.columns[3]), (" ", "amount"))
        self.assertEqual(rows[0], ["00001", "19970101", "1", "11.77"])
        table, _rows = self.read("name\nJohn Q Smith\nMary X Jones\n")
        self.assertEqual(table.columns, ["name"])

    def test_separator_directive_of_excel(self):
        table, rows = self.read("sep=;\nName;Price\nA;1,5\nB;2,5\n")
        self.assertEqual((table.delimiter, table.header_row), (";", 2))
        self.assertEqual(rows, [["A", "1,5"], ["B", "2,5"]])

    def test_decimal_commas_do_not_beat_semicolons(self):
        lines = ["name;price"] + [f"n{i};{i},50" for i in range(100)]
        table, rows = self.read("\n".join(lines))
        self.assertEqual(table.delimiter, ";")
        self.assertEqual(rows[1], ["n1", "1,50"])

    def test_all_line_ends(self):
        for end in ("\n", "\r\n", "\r"):
            with self.subTest(end=end):
                _table, rows = self.read(f'a,b{end}1,"x{end}y"{end}3,4')
                self.assertEqual(rows, [["1", "x\ny"], ["3", "4"]])

    def test_row_numbers_are_those_of_the_spreadsheet(self):
        """A value over two lines is one row, a blank line is one as well."""
        table = open_table(b'a,b\n"1\n1",2\n\n3,4\n')
        self.assertEqual(list(table.iter_rows()), [(2, ["1\n1", "2"]), (4, ["3", "4"])])
        self.assertEqual((table.row_count, table.blank_count), (2, 1))

    def test_nul_bytes_are_removed_and_named(self):
        table, rows = self.read(b"a,b\nx\0y,2\n")
        self.assertEqual(rows, [["xy", "2"]])
        problem = table.problems[0]
        self.assertEqual(
            (problem.row, problem.column, problem.code), (2, "a", "nul_removed")
        )

    def test_database_null_is_empty(self):
        _table, rows = self.read("a\tb\n1\t\\N\n")
        self.assertEqual(rows, [["1", None]])

    def test_backslash_escapes(self):
        _table, rows = self.read('a,b\n1,"say \\"hi\\""\n2,"x, \\"y\\" z"\n')
        self.assertEqual(rows, [["1", 'say "hi"'], ["2", 'x, "y" z']])

    def test_columns_can_be_read_again(self):
        table = open_table(b"a,b\n1,2,3\n")
        first = list(table.iter_rows())
        count = table.problem_count
        self.assertEqual(list(table.iter_rows()), first)
        self.assertEqual((table.problem_count, len(table.problems)), (count, count))


@tagged("-at_install", "post_install")
class TestCsvQuoting(CsvCase):
    def test_unescaped_quotes_inside_a_value(self):
        table, rows = self.read('a,b\n1,"he said "hi" to me"\n3,4\n')
        self.assertEqual(rows, [["1", 'he said "hi" to me'], ["3", "4"]])
        self.assertEqual(self.codes(table), ["quote_recovered"])
        self.assertIn("Row 2 (line 2), column b", table.problems[0].text())

    def test_unclosed_quote_does_not_swallow_the_file(self):
        text = 'a,b,c\n1,"open,3\n' + "".join(f"{i},x,y\n" for i in range(2, 3000))
        table, rows = self.read(text)
        self.assertEqual(len(rows), 2999)
        self.assertEqual(rows[0], ["1", '"open', "3"])
        self.assertEqual(rows[-1], ["2999", "x", "y"])
        self.assertEqual(self.codes(table), ["quote_recovered"])

    def test_unclosed_quote_closed_by_a_later_value(self):
        """The mark that seems to close it opens a value of another row."""
        table, rows = self.read('a,b\n1,"open\n2,"closed"\n3,4\n')
        self.assertEqual(rows, [["1", '"open'], ["2", "closed"], ["3", "4"]])
        self.assertEqual(self.codes(table), ["quote_recovered"])

    def test_inch_marks(self):
        _table, rows = self.read('a,b\n5" pipe,2\n"5"" pipe",3\n')
        self.assertEqual(rows, [['5" pipe', "2"], ['5" pipe', "3"]])

    def test_broken_and_too_wide_is_an_error(self):
        table, rows = self.read('a,b\n1,"x, y\n3,4\n')
        self.assertEqual(len(rows), 2)
        self.assertIn("quote_unclosed", self.codes(table))
        self.assertEqual(table.problems[0].level, "error")

    def test_unclosed_quotes_everywhere_stay_fast(self):
        text = "a,b\n" + "".join(f'"x{i},{i}\n' for i in range(5_000))
        start = time.process_time()
        _table, rows = self.read(text)
        self.assertEqual(len(rows), 5_000)
        self.assertLess(time.process_time() - start, 20)


@tagged("-at_install", "post_install")
class TestCsvShape(CsvCase):
    def test_ragged_rows(self):
        table = open_table(b"a,b,c\n1,2\n1,2,3,4\n1,2,3,\n")
        rows = list(table.iter_rows())
        self.assertEqual(rows[0].values, ["1", "2", None])
        self.assertEqual([p.code for p in rows[0].problems], ["row_short"])
        self.assertEqual([p.code for p in rows[1].problems], ["row_long"])
        self.assertIn("surplus: 4", rows[1].problems[0].text())
        self.assertFalse(rows[2].problems)

    def test_header_below_a_title(self):
        table, rows = self.read("Customer list 2026\n\nName,City,Phone\nA,B,1\nC,D,2\n")
        self.assertEqual((table.header_row, table.columns[0]), (3, "Name"))
        self.assertEqual(len(rows), 2)
        self.assertEqual(self.codes(table), ["rows_above_header"])

    def test_no_header(self):
        table, rows = self.read("1,x,2026-01-02\n2,y,2026-01-03\n")
        self.assertEqual((table.header_row, table.columns), (0, ["A", "B", "C"]))
        self.assertEqual(len(rows), 2)

    def test_chosen_header_row(self):
        table, rows = self.read("x,y\na,b\n1,2\n", header_row=2)
        self.assertEqual((table.columns, rows), (["a", "b"], [["1", "2"]]))
        table, rows = self.read("x,y\na,b\n1,2\n", header_row=0)
        self.assertEqual((table.columns, len(rows)), (["A", "B"], 3))
        with self.assertRaisesRegex(TableError, "header row 9"):
            self.read("x,y\n1,2\n", header_row=9)

    def test_duplicate_and_blank_headers(self):
        table, rows = self.read("id,name,,name\n1,a,b,c\n")
        self.assertEqual(table.columns, ["id", "name", "C", "name (D)"])
        self.assertEqual(rows, [["1", "a", "b", "c"]])
        self.assertEqual(self.codes(table), ["header_blank", "header_duplicate"])

    def test_blank_columns_at_the_end_are_dropped(self):
        table, rows = self.read("a,b,,\n1,2,,\n")
        self.assertEqual((table.columns, rows), (["a", "b"], [["1", "2"]]))

    def test_limits(self):
        with self.assertRaisesRegex(TableError, "empty"):
            self.read(b"")
        with self.assertRaisesRegex(TableError, "empty"):
            self.read(b"\n\n \n")
        with self.assertRaisesRegex(TableError, "3000 columns"):
            self.read(",".join(f"c{i}" for i in range(3000)))
        with self.assertRaisesRegex(TableError, "more than the 1 MB"):
            self.read(b"x" * 2_000_000, max_file_bytes=1024 * 1024)


@tagged("-at_install", "post_install")
class TestEncodings(CsvCase):
    chinese = "公司名称,城市,备注\n北京华夏科技有限公司,北京,重要客户\n上海贸易公司,上海,张先生\n"

    def test_chinese_encodings(self):
        for encoding, name in (
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8-sig"),
            ("gb18030", "gb18030"),
            ("gbk", "gb18030"),
            ("utf-16", "utf-16"),
            ("utf-16-le", "utf-16-le"),
            ("utf-16-be", "utf-16-be"),
            ("utf-32", "utf-32"),
        ):
            with self.subTest(encoding=encoding):
                table, rows = self.read(self.chinese.encode(encoding))
                self.assertEqual(table.encoding, name)
                self.assertEqual(table.columns, ["公司名称", "城市", "备注"])
                self.assertEqual(rows[1][2], "张先生")

    def test_marks_of_both_byte_orders(self):
        for mark, encoding in (
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
        ):
            table, rows = self.read(mark + self.chinese.encode(encoding))
            self.assertEqual((table.columns[0], len(rows)), ("公司名称", 2))

    def test_other_encodings(self):
        big5 = "公司名稱,城市\n臺灣積體電路製造股份有限公司,新竹\n鴻海精密工業股份有限公司,新北\n"
        japanese = "会社名,電話\nトヨタ自動車株式会社,03\nソニーグループ株式会社,04\n"
        latin = "Name,Straße\nMüller GmbH,Königsallee\nJosé Ibáñez,Málaga\n"
        for text, encoding in (
            (big5, "big5"),
            (japanese, "shift_jis"),
            (latin, "cp1252"),
        ):
            with self.subTest(encoding=encoding):
                _table, rows = self.read(text.encode(encoding))
                expected = [line.split(",") for line in text.splitlines()[1:]]
                self.assertEqual(rows, expected)

    def test_short_latin_text_is_not_taken_for_chinese(self):
        table, rows = self.read("id,name\n1,Café\n2,é\n".encode("cp1252"))
        self.assertEqual([row[1] for row in rows], ["Café", "é"])
        self.assertEqual(self.codes(table), ["encoding_guessed"])

    def test_late_foreign_character(self):
        """The first megabytes are ASCII, the only umlaut comes at the end."""
        text = "id,name\n" + "1,abc\n" * 200_000 + "2,Zoë\n"
        _table, rows = self.read(text.encode("cp1252"))
        self.assertEqual(rows[-1], ["2", "Zoë"])

    def test_chosen_encoding(self):
        _table, rows = self.read("a,b\n1,ж\n".encode("cp1251"), encoding="cp1251")
        self.assertEqual(rows, [["1", "ж"]])
        with self.assertRaisesRegex(TableError, "klingon"):
            self.read(b"a,b\n1,2\n", encoding="klingon")

    def test_damaged_bytes_are_named_by_row_and_column(self):
        text = "name,city\n" + "华夏公司,北京\n" * 30
        data = text.encode() + b"\xe5\x8d,x\n" + "华夏,北京\n".encode()
        table, rows = self.read(data)
        self.assertEqual(len(rows), 32)
        found = [p for p in table.problems if p.code == "undecodable"]
        self.assertEqual([(p.row, p.column) for p in found], [(32, "name")])

    def test_foreign_files_are_named(self):
        for data, expected in (
            (b"%PDF-1.7 \xe2\xe3", "a PDF document"),
            (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "a picture"),
            (b"<html><body><table><tr><td>a</td></tr></table>", "a web page"),
            (
                b'<?xml version="1.0"?><Workbook '
                b'xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
                "Excel 2003 XML",
            ),
            (bytes(range(256)) * 20, "binary data"),
        ):
            with self.subTest(expected=expected):
                with self.assertRaises(TableError) as caught:
                    self.read(data)
                self.assertIn(expected, caught.exception.text())


@tagged("-at_install", "post_install")
class TestCsvWriter(CsvCase):
    texts = [
        "=HYPERLINK(0)", "@SUM(A1)", "\tx", "＝1+1", "＋1", "-cmd|x", " =1", "+1-202-555",
        "+8613800138000", "+86 138 0013 8000", "-12.50", "'quoted", "'=own", "''=two",
        "plain", 'a "b", c', "line\nbreak", "0138", "名称",
    ]  # fmt: skip

    def test_nothing_can_be_computed(self):
        for text in self.texts:
            guarded = guard_cell(text)
            if guarded.startswith(("=", "@", "\t", "＝", "＋")):
                self.fail(f"{text!r} is computed")
            if guarded[0] in "+-":
                self.assertRegex(guarded, r"^[+-]\d[\d ,.]*$")

    def test_what_was_written_is_read(self):
        for text in self.texts:
            self.assertEqual(unguard_cell(guard_cell(text)), text)
        output = io.BytesIO()
        with CsvWriter(output, ["text", "other"]) as writer:
            for text in self.texts:
                writer.write_row([text, "x"])
        table, rows = self.read(output.getvalue(), header_row=1)
        self.assertEqual(table.encoding, "utf-8-sig")
        self.assertEqual([row[0] for row in rows], self.texts)

    def test_phone_numbers_stay_plain(self):
        self.assertEqual(guard_cell("+8613800138000"), "+8613800138000")


@tagged("-at_install", "post_install")
class TestCsvStreaming(CsvCase):
    def test_a_large_file_is_not_loaded(self):
        """Megabytes are read with far less memory than the file is long."""
        import tracemalloc  # noqa: PLC0415

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "big.csv"
            line = "客户名称,C-00001,user@example.com,+8613800000000\n" * 1000
            with path.open("w", encoding="utf-8") as output:
                output.write("name,ref,email,phone\n")
                for _index in range(100):
                    output.write(line)
            tracemalloc.start()
            try:
                with open_table(str(path)) as table:
                    count = sum(1 for _row in table.iter_rows())
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        self.assertEqual(count, 100_000)
        self.assertLess(peak, 5_000_000)


@tagged("-at_install", "post_install")
class TestPurchaseLog(CsvCase):
    def test_figures_of_the_source(self):
        """The purchase log: all rows, all customers, the revenue to the cent."""
        path = shared_data("cdnow", "CDNOW_master.txt")
        with open_table(str(path)) as table:
            rows = [values for _number, values in table.iter_rows()]
            self.assertEqual((len(table.columns), table.problem_count), (4, 0))
        self.assertEqual(len(rows), 69_659)
        self.assertEqual(len({row[0] for row in rows}), 23_570)
        lines = path.read_text().splitlines()[1:]
        expected = sum(Decimal(line[-8:].strip()) for line in lines if line.strip())
        self.assertEqual(sum(parse_decimal(row[3], ".") for row in rows), expected)


@tagged("-at_install", "post_install")
class TestCsvSpectrum(CsvCase):
    def test_expected_json(self):
        folder = shared_data("files", "csv_xlsx", "csv-spectrum")
        paths = sorted((folder / "csvs").glob("*.csv"))
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(path=path.name):
                expected = json.loads(
                    (folder / "json" / f"{path.stem}.json").read_text()
                )
                table = open_table(str(path))
                found = [
                    dict(zip(table.columns, [v or "" for v in values], strict=True))
                    for _number, values in table.iter_rows()
                ]
                self.assertEqual(found, expected)
                self.assertFalse(table.problems)

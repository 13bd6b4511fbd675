"""Whatever the bytes, the readers answer with rows or with a sentence, and soon."""

import io
import time
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools import convert
from ..tools.csv_writer import CsvWriter, guard_cell, unguard_cell
from ..tools.tabular import TableError, open_table
from ..tools.tabular.source import Blob
from ..tools.vcard import iter_cards
from ..tools.xlsx import WorkbookWriter
from .fuzzing import fuzz

SETTINGS = fuzz(60)
# What files are made of, so that random bytes reach the deeper parts of the readers.
CRUMBS = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b";",
        b"\t",
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b"\\",
        b"'",
        b"=",
        b" ",
    ]
    + [
        b"a",
        b"1",
        "名称".encode("gbk"),
        "名".encode(),
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"|",
    ]
)
CARD_CRUMBS = st.sampled_from(
    [b"BEGIN:VCARD\n", b"END:VCARD\n", b"VERSION:2.1\n", b"VERSION:4.0\n", b"N:a;b\n"]
    + [
        b"FN;ENCODING=QUOTED-PRINTABLE:=E5=\n",
        b"PHOTO;BASE64:\n",
        b" /9j/\n",
        b":",
        b"\n",
    ]
    + [
        b"TEL;TYPE=",
        b'X;A="',
        b";",
        b"=",
        b"AGENT:\n",
        b"BDAY:2020-99-99\n",
        b"\\n",
        b"\xff",
    ]
    + [b"CHARSET=GBK:", b"item1.ADR:;;x\n", b"NOTE:", b"\t", b"ENCODING=b:"]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SECONDS = 5


def read_all(data, **options):
    """:return: rows, or None for a refused file; anything else is a failure"""
    started = time.process_time()
    try:
        with open_table(data, options=options) as table:
            rows = list(table.iter_rows())
            for problem in table.problems:
                assert "%(" not in problem.text()
    except TableError as error:
        assert error.text() and "%(" not in error.text()
        rows = None
    assert time.process_time() - started < SECONDS
    return rows


@tagged("-at_install", "post_install")
class TestFuzzReaders(BaseCase):
    @SETTINGS
    @given(st.binary(max_size=400))
    def test_any_bytes(self, data):
        for kind in (None, "csv", "xls", "vcard", "xlsx"):
            read_all(data, kind=kind)

    @SETTINGS
    @given(st.lists(CRUMBS, max_size=120).map(b"".join))
    def test_text_files(self, data):
        rows = read_all(data, kind="csv")
        for number, values in rows or ():
            self.assertGreater(number, 0)
            self.assertTrue(all(v is None or isinstance(v, str) for v in values))

    @SETTINGS
    @given(st.lists(CARD_CRUMBS, max_size=60).map(b"".join))
    def test_cards(self, data):
        rows = read_all(data, kind="vcard")
        self.assertEqual(len(rows or ()), _begins(data, rows))

    @SETTINGS
    @given(st.data())
    def test_damaged_workbooks(self, data):
        """Flip bytes of the parts, not of the ZIP, where the checksum would notice."""
        parts = _parts()
        name = data.draw(st.sampled_from(sorted(parts)))
        content = bytearray(parts[name])
        for _index in range(data.draw(st.integers(1, 6))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at : at + 1] = data.draw(st.binary(max_size=3))
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w") as archive:
            for part, original in parts.items():
                archive.writestr(part, bytes(content) if part == name else original)
        read_all(output.getvalue())


@tagged("-at_install", "post_install")
class TestFuzzRoundTrip(BaseCase):
    @SETTINGS
    @given(st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=8))
    def test_what_csv_writes_is_read(self, rows):
        output = io.BytesIO()
        with CsvWriter(output, ["a", "b", "c"]) as writer:
            for row in rows:
                writer.write_row(row)
        table = open_table(
            output.getvalue(), options={"delimiter": ",", "header_row": 1}
        )
        found = [values for _number, values in table.iter_rows()]
        expected = [[_as_read(text) for text in row] for row in rows]
        self.assertEqual(found, [row for row in expected if not _blank(row)])

    @SETTINGS
    @given(st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=8))
    def test_what_xlsx_writes_is_read(self, rows):
        output = io.BytesIO()
        with WorkbookWriter(output, ["a", "b", "c"]) as writer:
            for row in rows:
                writer.write_row(row)
        table = open_table(output.getvalue(), options={"header_row": 1})
        found = [values for _number, values in table.iter_rows()]
        expected = [[_as_cell(text) for text in row] for row in rows]
        self.assertEqual(found, [row for row in expected if not _blank(row)])

    @SETTINGS
    @given(TEXT)
    def test_guard_is_undone(self, text):
        self.assertEqual(unguard_cell(guard_cell(text)), text)


@tagged("-at_install", "post_install")
class TestFuzzConverters(BaseCase):
    @SETTINGS
    @given(
        st.one_of(
            TEXT,
            st.text("0123456789.,-/: 年月日万亿¥()%eE+", max_size=20),
            st.integers(),
            st.floats(),
            st.decimals(),
            st.booleans(),
            st.none(),
            st.datetimes(),
        )
    )
    def test_any_value(self, value):
        choices = [("a", "Label")]
        for function, args in (
            (convert.parse_date, ("dmy",)),
            (convert.parse_datetime, ()),
            (convert.parse_decimal, (".",)),
            (convert.parse_integer, ()),
            (convert.parse_bool, ()),
            (convert.parse_code, ()),
            (convert.parse_selection, (choices,)),
        ):
            try:
                function(value, *args)
            except TableError as error:
                self.assertNotIn("%(", error.text())

    @SETTINGS
    @given(st.decimals(allow_nan=False, allow_infinity=False, places=2))
    def test_decimals_are_exact(self, number):
        for text in (f"{number:,f}", f"{number:f}"):
            if abs(number) < 10**28:
                self.assertEqual(convert.parse_decimal(text, "."), number)


def _parts():
    output = io.BytesIO()
    with WorkbookWriter(
        output, ["name", "n"], options={"constant_memory": False}
    ) as writer:
        for index in range(5):
            writer.write_row([f"名 {index}", index / 7])
    with zipfile.ZipFile(output) as archive:
        wanted = ("workbook", "sheet", "styles", "shared", ".rels")
        return {
            name: archive.read(name)
            for name in archive.namelist()
            if any(word in name.lower() for word in wanted)
        } | {"[Content_Types].xml": b"<Types/>"}


def _begins(data, rows):
    """Every card is a row, also the empty and the broken ones."""
    if rows is None:
        return 0
    return sum(1 for _card in iter_cards(Blob(data)))


def _as_read(text):
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return None if text in ("", "\\N") else text


def _as_cell(text):
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "").replace("\ufffe", "").replace("\uffff", "") or None


def _blank(row):
    return all(value is None or not value.strip() for value in row)

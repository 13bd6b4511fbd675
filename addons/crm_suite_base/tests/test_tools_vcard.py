import base64
import datetime

from odoo.tests import BaseCase, tagged

from ..tools.tabular import TableError, open_table
from ..tools.tabular.source import Blob
from ..tools.vcard import iter_cards
from ..tools.vcard_fields import card_values, compose_name, phone_entries


class VcardCase(BaseCase):
    def read(self, text, encoding="utf-8"):
        """:return: ``(table, list of dictionaries without empty values)``"""
        data = text if isinstance(text, bytes) else text.encode(encoding)
        table = open_table(data, "contacts.vcf")
        self.assertEqual(table.kind, "vcard")
        rows = [
            {
                name: value
                for name, value in zip(table.columns, values, strict=True)
                if value is not None
            }
            for _number, values in table.iter_rows()
        ]
        return table, rows

    def card(self, *lines, version="3.0"):
        text = "\r\n".join(
            ("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", "")
        )
        table, rows = self.read(text)
        self.assertEqual(len(rows), 1)
        return table, rows[0]


@tagged("-at_install", "post_install")
class TestVcardLines(VcardCase):
    def test_folded_lines(self):
        _table, card = self.card("FN:Jo", " hn Doe", "NOTE:one", "\ttwo")
        self.assertEqual((card["name"], card["note"]), ("John Doe", "onetwo"))

    def test_a_fold_may_cut_a_character(self):
        data = "BEGIN:VCARD\nVERSION:3.0\nFN:北京".encode()[:-1]
        data += b"\n \xac" + b"\nEND:VCARD\n"
        _table, rows = self.read(data)
        self.assertEqual(rows[0]["name"], "北京")

    def test_quoted_printable_with_soft_breaks(self):
        _table, card = self.card(
            "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0=",
            "=E4=B8=89",
            "NOTE;ENCODING=QUOTED-PRINTABLE:first=0D=0A=",
            "second",
            version="2.1",
        )
        self.assertEqual((card["name"], card["note"]), ("张三", "first\nsecond"))

    def test_declared_character_set(self):
        """Cards of old Chinese phones mix character sets in one file."""
        data = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=GBK:" + "张;三".encode("gbk")
        data += b";;;\r\nORG;CHARSET=UTF-8:" + "华夏公司".encode()
        data += b"\r\nEND:VCARD\r\n"
        _table, rows = self.read(data)
        self.assertEqual((rows[0]["name"], rows[0]["company"]), ("张三", "华夏公司"))

    def test_wrongly_declared_character_set(self):
        _table, card = self.card("FN;CHARSET=US-ASCII:Müller", version="2.1")
        self.assertEqual(card["name"], "Müller")

    def test_utf16_file(self):
        text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:张三\r\nEND:VCARD\r\n"
        for encoding in ("utf-16", "utf-16-le"):
            with self.subTest(encoding=encoding):
                _table, rows = self.read(text, encoding)
                self.assertEqual(rows[0]["name"], "张三")

    def test_base64_however_it_is_folded(self):
        picture = base64.b64encode(b"\xff\xd8\xff" + bytes(200)).decode()
        chunks = [picture[at : at + 60] for at in range(0, len(picture), 60)]
        for head, indent, end in (
            ("PHOTO;ENCODING=b;TYPE=JPEG:", " ", ()),
            ("PHOTO;BASE64:", "  ", ()),
            ("PHOTO;ENCODING=BASE64;JPEG:", "", ("",)),
        ):
            with self.subTest(head=head):
                lines = [head + chunks[0], *(indent + chunk for chunk in chunks[1:])]
                _table, card = self.card("FN:A", *lines, *end, "NOTE:after")
                self.assertEqual(card["photo"], picture)
                self.assertEqual(card["note"], "after")

    def test_data_uri(self):
        picture = base64.b64encode(b"\x89PNG" + bytes(20)).decode()
        _table, card = self.card(
            "FN:A", f"PHOTO:data:image/png;base64\\,{picture}", version="4.0"
        )
        self.assertEqual(card["photo"], picture)

    def test_damaged_picture_is_named(self):
        table, card = self.card("FN:A", "PHOTO;ENCODING=b:abcde", "TEL:1")
        self.assertNotIn("photo", card)
        self.assertEqual(card["phone"], "1")
        self.assertIn("line 4: the value of PHOTO", table.problems[0].text())

    def test_note_with_bare_line_breaks(self):
        _table, card = self.card("FN:A", "NOTE:first", "second line", "TEL:1")
        self.assertEqual((card["note"], card["phone"]), ("first\nsecond line", "1"))

    def test_escapes_by_version(self):
        _table, card = self.card(r"FN:Doe\, John", r"NOTE:a\nb\;c\\d")
        self.assertEqual((card["name"], card["note"]), ("Doe, John", "a\nb;c\\d"))
        _table, card = self.card("FN:A", r"NOTE:C:\new\;x", version="2.1")
        self.assertEqual(card["note"], r"C:\new;x")


@tagged("-at_install", "post_install")
class TestVcardFiles(VcardCase):
    def test_several_cards_and_missing_ends(self):
        table, rows = self.read(
            "BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\n\nbegin:vcard\nfn:C\n"
        )
        self.assertEqual([row["name"] for row in rows], ["A", "B", "C"])
        self.assertEqual(
            [(problem.row, problem.code) for problem in table.problems],
            [(1, "card_unclosed"), (3, "card_unclosed")],
        )

    def test_card_of_an_assistant_inside(self):
        table, rows = self.read(
            "BEGIN:VCARD\nVERSION:2.1\nFN:Boss\nAGENT:\nBEGIN:VCARD\nFN:Helper\n"
            "END:VCARD\nTEL:1\nEND:VCARD\n"
        )
        self.assertEqual([row["name"] for row in rows], ["Boss"])
        self.assertEqual(rows[0]["phone"], "1")
        self.assertEqual([p.code for p in table.problems], ["card_agent"])

    def test_nothing_is_lost_silently(self):
        table, _card = self.card("FN:A", "garbage", "SHOESIZE:44", "X-QQ:1")
        self.assertEqual([p.code for p in table.problems], ["card_line"] * 2)
        self.assertIn("garbage", table.problems[0].text())

    def test_empty_card_is_refused(self):
        table, rows = self.read("BEGIN:VCARD\nEND:VCARD\n")
        self.assertEqual(rows, [{}])
        self.assertEqual(table.problems[0].level, "error")

    def test_no_card(self):
        with self.assertRaisesRegex(TableError, "BEGIN:VCARD"):
            open_table(b"FN:A\n", options={"kind": "vcard"})


@tagged("-at_install", "post_install")
class TestVcardValues(VcardCase):
    def test_phones_by_kind(self):
        _table, card = self.card(
            "FN:A",
            "TEL;TYPE=HOME:1",
            "TEL;TYPE=CELL:2",
            "TEL;TYPE=WORK,VOICE:3",
            "TEL;TYPE=WORK;TYPE=FAX:4",
            "TEL;TYPE=PAGER:5",
            "item1.TEL:6",
            "item1.X-ABLabel:_$!<Assistant>!$_",
        )
        self.assertEqual((card["phone"], card["mobile"], card["fax"]), ("3", "2", "4"))
        self.assertEqual(card["other_phones"], "5 (pager); 6 (Assistant); 1 (home)")

    def test_uri_phone_with_extension(self):
        _table, card = self.card(
            "FN:A", "TEL;VALUE=uri;TYPE=work:tel:+86-755-1234;ext=8001", version="4.0"
        )
        self.assertEqual(card["phone"], "+86-755-1234 ext. 8001")

    def test_all_entries_are_available(self):
        text = b"BEGIN:VCARD\nFN:A\nTEL;PREF=2:1\nTEL;PREF=1:2\nEND:VCARD\n"
        (card,) = iter_cards(Blob(text))
        self.assertEqual([entry["number"] for entry in phone_entries(card)], ["2", "1"])
        self.assertEqual(card_values(card)["phone"], "2")

    def test_preferred_email_first(self):
        _table, card = self.card(
            "FN:A", "EMAIL:a@x.com", "EMAIL;TYPE=PREF:mailto:b@x.com"
        )
        self.assertEqual((card["email"], card["other_emails"]), ("b@x.com", "a@x.com"))

    def test_addresses(self):
        _table, card = self.card(
            "FN:A",
            "ADR;TYPE=HOME:;;Home 1;Bonn;;53111;Germany",
            "ADR;TYPE=WORK:PO 7;Floor 3;Work 1\\nBack yard;Köln;NRW;50667;Germany",
        )
        self.assertEqual(
            [card[key] for key in ("street", "street2", "city", "state", "zip")],
            ["Work 1", "Back yard, Floor 3, PO 7", "Köln", "NRW", "50667"],
        )
        self.assertEqual(card["other_addresses"], "Home 1, 53111, Bonn, Germany")

    def test_organisation(self):
        _table, card = self.card("ORG:Big Co;Sales;East", "N:Doe;Jo;;;")
        self.assertEqual(
            (card["company"], card["department"]), ("Big Co", "Sales / East")
        )
        self.assertNotIn("is_company", card)
        for lines in (["ORG:Big Co"], ["FN:Big  co", "N:;;;;", "ORG:Big Co;Sales"]):
            _table, card = self.card(*lines)
            self.assertEqual(card["name"].casefold(), "big co")
            self.assertTrue(card["is_company"])
            self.assertNotIn("company", card)
        _table, card = self.card("FN:Jo Doe", "N:Doe;Jo;;;", "ORG:Jo Doe")
        self.assertFalse({"company", "is_company"} & card.keys())

    def test_names(self):
        self.assertEqual(compose_name("张", "三"), "张三")
        self.assertEqual(
            compose_name("Doe", "Jo", "Q", "Dr.", "Jr."), "Dr. Jo Q Doe Jr."
        )
        _table, card = self.card("EMAIL:only@x.com")
        self.assertEqual(card["name"], "only@x.com")

    def test_birthday(self):
        for text in ("1980-03-22", "19800322", "1980-03-22T00:00:00Z"):
            _table, card = self.card("FN:A", f"BDAY:{text}")
            self.assertEqual(card["birthday"], datetime.date(1980, 3, 22))
        table, card = self.card("FN:A", "BDAY:--0322")
        self.assertNotIn("birthday", card)
        self.assertIn("BDAY", table.problems[0].text())

import io
import json

from openpyxl import load_workbook

from odoo import http
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.web.controllers import export as host_export

# Names that a spreadsheet program would run or link instead of showing them.
NASTY = [
    '=HYPERLINK("http://evil.example","x")',
    "{=1+1}",
    "@SUM(A1)",
    "\t=1+1",
    "+1+1",
    "-1+1",
    "＝1+1",  # noqa: RUF001 full-width is the point
    "http://evil.example/",
    "mailto:a@evil.example",
    "  =1+1",
]


@tagged("post_install", "-at_install")
class TestHostExport(HttpCase):
    """The host's own downloads show text as text and are logged."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env,
            "hx_exporter",
            groups="base.group_user,base.group_partner_manager,base.group_allow_export",
            context={"lang": "en_US"},
        )
        cls.tag = cls.env["res.partner.category"].create({"name": "hx"})
        # Written in SQL as an import of an older version or the host would have
        # left them: names of managed customers are normalised on saving.
        cls.partners = cls.env["res.partner"].create(
            [
                {"name": f"hx {number}", "category_id": cls.tag.ids}
                for number in range(len(NASTY))
            ]
        )
        for partner, name in zip(cls.partners, NASTY, strict=True):
            cls.env.cr.execute(
                "UPDATE res_partner SET ref = %s WHERE id = %s", [name, partner.id]
            )
        cls.env.invalidate_all()

    def export(self, file_format, **params):
        self.authenticate("hx_exporter", "hx_exporter")
        response = self.url_open(
            f"/web/export/{file_format}",
            data={
                "csrf_token": http.Request.csrf_token(self),
                "data": json.dumps(
                    {
                        "model": "res.partner",
                        "fields": [
                            {"name": "ref", "label": "=Reference", "type": "char"},
                            {"name": "color", "label": "Color", "type": "integer"},
                        ],
                        "ids": False,
                        "domain": [("category_id", "=", self.tag.id)],
                        "import_compat": False,
                        **params,
                    }
                ),
            },
        )
        response.raise_for_status()
        return response.content

    def sheet(self, content):
        return load_workbook(io.BytesIO(content)).active

    def assertAllText(self, sheet):
        for row in sheet.iter_rows():
            for cell in row:
                self.assertNotEqual(cell.data_type, "f", cell.value)
                self.assertIsNone(cell.hyperlink, cell.value)

    def test_list_xlsx(self):
        sheet = self.sheet(self.export("xlsx"))
        self.assertAllText(sheet)
        cells = [row[0] for row in sheet.iter_rows()]
        self.assertEqual(cells[0].value, "=Reference")
        self.assertCountEqual(
            [cell.value for cell in cells[1:]],
            [name.replace("\r", " ") for name in NASTY],
        )
        self.assertEqual({cell.data_type for cell in cells}, {"s"})
        numbers = [row[1].data_type for row in sheet.iter_rows(min_row=2)]
        self.assertEqual(set(numbers), {"n"}, "numbers stay numbers")

    def test_grouped_xlsx(self):
        sheet = self.sheet(self.export("xlsx", groupby=["ref"]))
        self.assertAllText(sheet)
        first = [row[0].value for row in sheet.iter_rows(min_row=2)]
        self.assertIn(f"{NASTY[0]} (1)", first)

    def test_list_csv(self):
        content = self.export("csv").decode()
        for name in NASTY:
            guarded = name if name[0] in "h{m" else "'" + name
            quoted = '"' + guarded.replace('"', '""') + '"'
            with self.subTest(name=name):
                self.assertIn(f"{quoted},", content)
        self.assertTrue(content.startswith('"\'=Reference"'))
        self.assertNotIn("''", content, "nothing is guarded twice")

    def test_harmless_list_is_the_hosts_own(self):
        """Only what could run is written differently: same cells, same styles."""
        fields = [
            {"name": "name", "type": "char"},
            {"name": "amount", "type": "monetary"},
            {"name": "date", "type": "date"},
        ]
        rows = [["Yilu", 1.5, ""], ["", 0, self.env.cr.now()], [None, False, True]]
        host, ours = host_export.ExportXlsxWriter, self._our_writer()
        with self._request():
            written = []
            for writer_class in (host, ours):
                with writer_class(fields, ["A", "B", "C"], 3) as writer:
                    for number, row in enumerate(rows):
                        for column, value in enumerate(row):
                            writer.write_cell(number + 1, column, value)
                written.append(self._described(self.sheet(writer.value)))
        self.assertEqual(*written)

    def _our_writer(self):
        from ..controllers.host_export import TextXlsxWriter

        return TextXlsxWriter

    def _request(self):
        from odoo.addons.http_routing.tests.common import MockRequest

        return MockRequest(self.env)

    @staticmethod
    def _described(sheet):
        return [
            (cell.coordinate, cell.value, cell.data_type, cell.number_format)
            + (cell.font.b, cell.fill.bgColor.rgb, cell.alignment.wrap_text)
            for row in sheet.iter_rows()
            for cell in row
        ] + [sorted((k, v.width) for k, v in sheet.column_dimensions.items())]

    def pivot(self, title, value=3):
        return {
            "title": "Leads",
            "model": "crm.lead",
            "measure_count": 1,
            "col_group_headers": [
                [{"title": "Total", "width": 2, "height": 1}],
                [
                    {"title": title, "width": 1, "height": 2},
                    {"title": "B", "width": 1, "height": 1},
                ],
                [{"title": "C", "width": 1, "height": 1}],
            ],
            "measure_headers": [
                {"title": "Count", "is_bold": False},
                {"title": "Sum", "is_bold": True},
            ],
            "rows": [
                {
                    "title": "Total",
                    "indent": 0,
                    "values": [{"value": value, "is_bold": True}, {"value": ""}],
                },
                {"title": title, "indent": 1, "values": [{"value": 1}, {"value": 2}]},
            ],
        }

    def export_pivot(self, table):
        self.authenticate("hx_exporter", "hx_exporter")
        response = self.url_open(
            "/web/pivot/export_xlsx",
            data={"csrf_token": http.Request.csrf_token(self)},
            files={"data": json.dumps(table)},
        )
        response.raise_for_status()
        return self.sheet(response.content)

    def test_pivot(self):
        for name in NASTY:
            with self.subTest(name=name):
                sheet = self.export_pivot(self.pivot(name, name))
                self.assertAllText(sheet)
                self.assertIn(name, [cell.value for cell in sheet[2]])

    def test_pivot_is_the_hosts_own(self):
        """Our writer draws the same sheet; a harmless table goes to the host's."""
        from ..tools.pivot_sheet import needs_guard, write_pivot

        harmless = self.pivot("Harmless")
        self.assertFalse(needs_guard(harmless))
        output = io.BytesIO()
        write_pivot(output, harmless)
        self.assertEqual(
            self._described(self.export_pivot(harmless)),
            self._described(self.sheet(output.getvalue())),
        )

    def test_logged(self):
        log = self.env["crm.suite.export"]
        last = log.search([], limit=1).id or 0
        domain = [["category_id", "=", self.tag.id]]
        self.export("xlsx")
        self.export("csv", ids=self.partners.ids[:3])
        chosen, listed = log.search([("id", ">", last)])
        self.assertRecordValues(
            listed + chosen,
            [
                {
                    "user_id": self.user.id,
                    "model": "res.partner",
                    "file_format": "xlsx",
                    "row_count": len(NASTY),
                    "origin": "list",
                    "columns": "ref\ncolor",
                    "record_ids": False,
                    "state": "done",
                },
                {
                    "user_id": self.user.id,
                    "model": "res.partner",
                    "file_format": "csv",
                    "row_count": 3,
                    "origin": "list",
                    "columns": "ref\ncolor",
                    "record_ids": f"{self.partners.ids[0]}-{self.partners.ids[2]}",
                    "state": "done",
                },
            ],
        )
        self.assertEqual(json.loads(listed.domain), domain)

    def test_rpc_export_logged(self):
        """A program that calls export_data directly is seen as well."""
        log = self.env["crm.suite.export"]
        last = log.search([], limit=1).id or 0
        self.partners[:2].with_user(self.user).export_data(["name"])
        entry = log.search([("id", ">", last)])
        self.assertEqual((entry.origin, entry.file_format), ("api", "data"))
        self.assertEqual(entry.row_count, 2)

    def test_cards_logged(self):
        """One card as well as an archive of many; what was refused is none."""
        log = self.env["crm.suite.export"]
        last = log.search([], limit=1).id or 0
        one, many = self.partners[0], self.partners[:3]
        self.authenticate(self.user.login, self.user.login)
        paths = (
            f"/web/partner/vcard?partner_ids={','.join(map(str, many.ids))}",
            f"/web/partner/vcard?partner_ids={one.id}",
            f"/web_enterprise/partner/{one.id}/vcard",
        )
        for path in paths:
            self.assertEqual(self.url_open(path).status_code, 200)
        found = log.search([("id", ">", last)], order="id")
        self.assertEqual(found.mapped("row_count"), [3, 1, 1])
        self.assertEqual(
            found.mapped("record_ids"),
            [f"{many.ids[0]}-{many.ids[2]}", str(one.id), str(one.id)],
        )
        self.assertEqual(set(found.mapped("file_format")), {"vcf"})
        self.assertEqual(found.user_id, self.user)
        self.assertIn("email", found[0].columns.split("\n"))
        self.user.group_ids -= self.env.ref("base.group_allow_export")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(paths[0]).status_code, 403)
        self.assertFalse(log.search([("id", ">", found[-1].id)]))

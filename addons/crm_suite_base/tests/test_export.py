import base64
import csv
import io
import json
from datetime import datetime, timedelta
from unittest.mock import patch

from openpyxl import load_workbook

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, TransactionCase, new_test_user, tagged

from ..models import export as export_module
from ..models import export_reader
from ..tools.id_ranges import id_ranges

ROLE = "crm_suite_base.group_crm_suite_"
PATHS = ["name", "is_company", "color", "user_id", "category_id", "country_id/code"]


class ExportCommon(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.analyst = new_test_user(cls.env, "ex_analyst", groups=f"{ROLE}analyst")
        cls.rep = new_test_user(cls.env, "ex_rep", groups=f"{ROLE}sales_rep")
        cls.officer = new_test_user(
            cls.env, "ex_officer", groups=f"{ROLE}privacy_officer"
        )
        cls.plain = new_test_user(
            cls.env, "ex_plain", groups="base.group_user,base.group_allow_export"
        )
        for user in (cls.analyst, cls.rep, cls.officer, cls.plain):
            user.write({"lang": "en_US", "tz": "Asia/Shanghai"})
        cls.tags = cls.env["res.partner.category"].create(
            [{"name": "ex A"}, {"name": "ex B"}]
        )
        cls.customers = cls.env["res.partner"].create(
            [
                {
                    "name": f"Ex customer {number}",
                    "is_company": number % 2 == 0,
                    "color": number,
                    "category_id": cls.tags.ids,
                    "country_id": cls.env.ref("base.cn").id,
                    "user_id": cls.rep.id if number else False,
                }
                for number in range(7)
            ]
        )
        cls.domain = [("category_id", "in", cls.tags.ids)]
        cls.exports = cls.env["crm.suite.export"]

    def export(self, user, paths=PATHS, file_format="xlsx", **kwargs):
        partners = self.env["res.partner"].with_user(user)
        answer = partners.crm_suite_export(self.domain, paths, file_format, **kwargs)
        return base64.b64decode(answer["content"])

    def sheet(self, content):
        return load_workbook(io.BytesIO(content)).active

    def rows(self, content):
        return [[c.value for c in row] for row in self.sheet(content).iter_rows()]


@tagged("post_install", "-at_install")
class TestExport(ExportCommon):
    def test_owner_is_called_as_on_the_screens(self):
        reader = export_reader.ExportReader(
            self.env["res.partner"], ["name", "user_id"]
        )
        self.assertEqual(reader.headers[1], "Owner")
        reader = export_reader.ExportReader(self.env["sale.order"], ["user_id"])
        self.assertNotEqual(reader.headers, ["Owner"])

    def test_types(self):
        rows = self.rows(self.export(self.analyst))
        self.assertEqual(
            rows[0],
            ["Name", "Is a Company", "Color Index", "Owner", "Tags"]
            + ["Country/Country Code"],
        )
        self.assertEqual(rows[1], ["Ex customer 0", True, 0, None, "ex A, ex B", "CN"])
        self.assertEqual(rows[2][:4], ["Ex customer 1", False, 1, self.rep.name])
        self.assertEqual(len(rows), 8)

    def test_header_frozen_and_filtered(self):
        sheet = self.sheet(self.export(self.analyst))
        self.assertEqual(sheet.freeze_panes, "A2")
        self.assertEqual(sheet.auto_filter.ref, "A1:F8")
        self.assertTrue(sheet["A1"].font.b)

    def test_dates_in_the_users_time(self):
        created = datetime(2026, 3, 1, 20, 30)
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = %s WHERE id = %s",
            [created, self.customers[0].id],
        )
        self.env.invalidate_all()
        rows = self.rows(self.export(self.analyst, ["create_date"]))
        self.assertEqual(rows[1], [created + timedelta(hours=8)])

    def test_csv(self):
        content = self.export(self.analyst, file_format="csv")
        text = content.decode("utf-8-sig")
        self.assertNotEqual(text.encode(), content, "Excel needs the mark for UTF-8")
        rows = list(csv.reader(io.StringIO(text)))
        self.assertEqual(len(rows), 8)
        self.assertEqual(rows[1][0], "Ex customer 0")

    def test_nothing_runs(self):
        """Text that looks like a formula or a link stays text in both formats."""
        names = ['=HYPERLINK("http://e.example")', "@SUM(A1)", "\t=1", "＝1+1"]
        names += ["http://e.example", "{=1}"]
        for customer, name in zip(self.customers, names, strict=False):
            self.env.cr.execute(
                "UPDATE res_partner SET ref = %s WHERE id = %s", [name, customer.id]
            )
        self.env.invalidate_all()
        for row in self.sheet(self.export(self.analyst, ["ref"])).iter_rows(
            min_row=2, max_row=len(names) + 1
        ):
            self.assertEqual(row[0].data_type, "s")
            self.assertIsNone(row[0].hyperlink)
            self.assertEqual(row[0].value, names[row[0].row - 2])
        text = self.export(self.analyst, ["ref"], "csv").decode("utf-8-sig")
        values = [row[0] for row in csv.reader(io.StringIO(text))][1:]
        for name, value in zip(names[:4], values, strict=False):
            self.assertEqual(value, "'" + name)

    def test_for_reimport(self):
        rows = self.rows(
            self.export(self.analyst, [".id", *PATHS, "lang"], reimport=True)
        )
        self.assertEqual(
            rows[0],
            [".id", "name", "is_company", "color", "user_id/.id"]
            + ["category_id/.id", "country_id/code", "lang"],
        )
        self.assertEqual(
            rows[2],
            [self.customers[1].id, "Ex customer 1", False, 1, self.rep.id]
            + [",".join(map(str, self.tags.sorted().ids)), "CN"]
            + [self.customers[1].lang or None],
        )

    def test_default_columns(self):
        rows = self.rows(self.export(self.analyst, None))
        self.assertIn("Lifecycle", rows[0])
        self.assertIn("Country", rows[0])

    def test_list_of_another_model(self):
        export = self.exports.with_user(self.analyst)._prepare_export(
            "crm.suite.lifecycle.stage", [], None, "xlsx"
        )
        with export._download() as output:
            rows = self.rows(output.read())
        self.assertEqual(len(rows), 11)

    def test_batches_and_parts(self):
        """Batches neither lose nor repeat a row, whatever their size."""
        reader = export_reader.ExportReader(self.env["res.partner"], ["name"])
        expected = [(f"Ex customer {n}",) for n in range(7)]
        for batch in (1, 3, 7, 100):
            with patch.object(export_reader, "BATCH", batch):
                batches = list(reader.batches(self.domain))
                rows = [row for _last, rows in batches for row in rows]
                self.assertEqual(rows, expected)
                self.assertEqual(batches[-1][0], self.customers.ids[-1])
                first = list(reader.batches(self.domain, limit=4))
                rest = list(reader.batches(self.domain, after_id=first[-1][0]))
                rows = [row for _last, rows in first + rest for row in rows]
                self.assertEqual(rows, expected)

    def test_queries_per_batch(self):
        """As many queries for seven customers as for one: none per row."""
        paths = [*PATHS, "parent_id/name", "email"]

        def queries(domain):
            reader = export_reader.ExportReader(self.env["res.partner"], paths)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertTrue(list(reader.batches(domain)))
            return self.env.cr.sql_log_count - before

        queries(self.domain)
        one = queries([("id", "=", self.customers[1].id)])
        self.assertLessEqual(queries(self.domain), one)

    def test_names_of_links_stay_bounded(self):
        with (
            patch.object(export_reader, "NAMES_KEPT", 1),
            patch.object(export_reader, "BATCH", 2),
        ):
            rows = self.rows(self.export(self.analyst))
        self.assertEqual({row[4] for row in rows[1:]}, {"ex A, ex B"})

    def test_rules_are_obeyed(self):
        """A customer of another company does not come out, nor its fields."""
        company = self.env["res.company"].create({"name": "Ex other"})
        self.customers[3].company_id = company
        self.customers[4].parent_id = self.env["res.partner"].create(
            {"name": "Hidden parent", "company_id": company.id}
        )
        rows = self.rows(self.export(self.analyst, ["name", "parent_id/name"]))
        self.assertNotIn("Ex customer 3", [row[0] for row in rows])
        self.assertIn(["Ex customer 4", None], rows)

    def test_denied(self):
        with self.assertRaises(AccessError, msg="no right to export"):
            self.export(self.rep)
        with self.assertRaises(AccessError, msg="no role of ours"):
            self.export(self.plain)
        self.assertFalse(self.exports.search([("user_id", "=", self.rep.id)]))

    def test_refused(self):
        wrong = [
            ["image_1920"],
            ["no_such_field"],
            ["user_id/no_such_field"],
            ["child_ids/email"],
            ["parent_id/parent_id/parent_id/parent_id/name"],
        ]
        for paths in wrong:
            with self.subTest(paths=paths), self.assertRaises(UserError):
                self.export(self.analyst, paths)
        with self.assertRaises(UserError):
            self.export(self.analyst, file_format="pdf")
        partners = self.env["res.partner"].with_user(self.analyst)
        for domain in ('[("a",', [("no_such_field", "=", 1)], [1], {"a": 1}):
            with self.subTest(domain=domain), self.assertRaises(UserError):
                partners.crm_suite_export(domain, ["name"])

    def test_protected_field(self):
        """A field that the user may not read is neither a column nor a filter."""
        with self.assertRaises(UserError):
            self.export(self.analyst, ["user_ids/password"])
        partners = self.env["res.partner"].with_user(self.analyst)
        field = partners._fields["comment"]
        with patch.object(field, "groups", "base.group_system"):
            with self.assertRaises(AccessError):
                self.export(self.analyst, ["name", "comment"])
            with self.assertRaises(AccessError):
                partners.crm_suite_export([("comment", "!=", False)], ["name"])

    def test_other_models_are_refused(self):
        for model in ("res.users", "ir.attachment", "no.such.model"):
            with self.subTest(model=model), self.assertRaises(UserError):
                self.exports.with_user(self.analyst)._prepare_export(
                    model, [], ["id"], "csv"
                )

    def test_logged(self):
        self.export(self.analyst)
        entry = self.exports.search([], limit=1)
        self.assertRecordValues(
            entry,
            [
                {
                    "user_id": self.analyst.id,
                    "model": "res.partner",
                    "row_count": 7,
                    "file_format": "xlsx",
                    "origin": "api",
                    "state": "done",
                    "columns": "\n".join(PATHS),
                }
            ],
        )
        self.assertEqual(json.loads(entry.domain)[0][2], self.tags.ids)

    def test_log_cannot_be_changed(self):
        """By nobody: the log is written by the server only."""
        self.export(self.analyst)
        entry = self.exports.search([], limit=1)
        admin = new_test_user(self.env, "ex_admin", groups=f"{ROLE}admin")
        for user in (self.analyst, self.officer, admin):
            with self.subTest(user=user.login):
                mine = entry.with_user(user)
                self.assertTrue(mine.row_count)
                with self.assertRaises(AccessError):
                    mine.write({"row_count": 1})
                with self.assertRaises(AccessError):
                    mine.unlink()
                with self.assertRaises(AccessError):
                    mine.create({"model": "res.partner", "user_id": user.id})

    def test_log_is_read_by_those_concerned(self):
        self.export(self.officer)
        entry = self.exports.search([], limit=1)
        with self.assertRaises(AccessError):
            entry.with_user(self.analyst).read(["domain"])
        with self.assertRaises(AccessError):
            entry.with_user(self.plain).read(["domain"])
        self.export(self.analyst)
        entry = self.exports.search([], limit=1)
        self.assertTrue(entry.with_user(self.officer).read(["domain"]))

    def test_id_ranges(self):
        self.assertEqual(id_ranges([7, 1, 2, 3, 9, 9]), "1-3,7,9")
        self.assertEqual(id_ranges([]), "")


@tagged("post_install", "-at_install")
class TestBigExport(ExportCommon):
    """More rows than one request can write: in the background, file by file."""

    def start(self):
        with patch.object(export_module, "MAX_CELLS", 3):
            partners = self.env["res.partner"].with_user(self.analyst)
            answer = partners.crm_suite_export(self.domain, ["name"], "csv")
        self.assertEqual(answer["state"], "queued")
        self.assertNotIn("content", answer)
        return self.exports.browse(answer["id"])

    def run_cron(self):
        with (
            patch.object(export_module, "MAX_CELLS", 3),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("crm_suite_base.ir_cron_export").method_direct_trigger()

    def test_parts(self):
        export = self.start()
        self.run_cron()
        self.assertEqual(
            (export.state, export.part_count, export.row_count), ("done", 3, 7)
        )
        files = export.with_user(self.analyst).attachment_ids
        rows = [line for f in files for line in f.raw.decode().splitlines()[1:]]
        self.assertEqual(rows, [f"Ex customer {n}" for n in range(7)])
        self.assertEqual(len(set(files.mapped("name"))), 3)
        with self.assertRaises(AccessError):
            files.with_user(self.rep).read(["raw"])
        message = self.env["mail.message"].search(
            [("model", "=", export._name), ("res_id", "=", export.id)]
        )
        self.assertEqual(message.partner_ids, self.analyst.partner_id)

    def test_right_taken_away(self):
        export = self.start()
        self.analyst.write({"group_ids": [(5,), (4, self.env.ref(f"{ROLE}user").id)]})
        self.run_cron()
        self.assertEqual(export.state, "failed")
        self.assertIn("right to export", export.error)
        self.assertFalse(export.attachment_ids)

    def test_crash(self):
        """A crash is recorded, the next export is still written."""
        first, second = self.start(), self.start()
        write = export_module.Export._write_next_file

        def crash(record):
            if record == first:
                raise ValueError("disk on fire")
            return write(record)

        with (
            patch.object(export_module.Export, "_write_next_file", crash),
            self.assertLogs("odoo.addons.crm_suite_base.models.export", "ERROR"),
        ):
            self.run_cron()
        self.assertEqual((first.state, second.state), ("failed", "done"))
        self.assertNotIn("fire", first.error, "internals are for the log")

    def test_files_go_the_log_stays(self):
        export = self.start()
        self.run_cron()
        self.assertTrue(export.attachment_ids)
        self.env.cr.execute(
            "UPDATE ir_attachment SET create_date = create_date - interval '8 days' "
            "WHERE res_model = 'crm.suite.export'"
        )
        self.env.invalidate_all()
        self.exports._gc_files()
        self.assertFalse(export.attachment_ids)
        self.assertTrue(export.exists())


@tagged("post_install", "-at_install")
class TestExportWindow(ExportCommon):
    def window(self, user=None, **values):
        wizard = self.env["crm.suite.export.wizard"].with_user(user or self.analyst)
        return wizard.create({"export_domain": json.dumps(self.domain), **values})

    def test_columns(self):
        wizard = self.window()
        self.assertEqual(wizard.record_count, 7)
        chosen = wizard.line_ids.filtered("chosen").mapped("path")
        self.assertEqual(chosen[:2], ["name", "is_company"])
        self.assertIn("comment", wizard.line_ids.mapped("path"))
        self.assertNotIn("image_1920", wizard.line_ids.mapped("path"))

    def test_template(self):
        template = self.env["ir.exports"].create(
            {
                "name": "Mine",
                "resource": "res.partner",
                "export_fields": [
                    (0, 0, {"name": "email"}),
                    (0, 0, {"name": "country_id/code"}),
                    (0, 0, {"name": "gone_field"}),
                ],
            }
        )
        wizard = self.window(template_id=template.id)
        chosen = wizard.line_ids.filtered("chosen").mapped("path")
        self.assertEqual(chosen, ["email", "country_id/code"])

    def test_selection(self):
        """Opened for chosen customers, it exports those."""
        context = {
            "active_model": "res.partner",
            "active_ids": self.customers[:2].ids,
        }
        wizard = self.env["crm.suite.export.wizard"].with_user(self.analyst)
        with Form(wizard.with_context(**context)) as form:
            self.assertEqual(form.record_count, 2)
        export = self._export_of(form.record.action_export())
        with export._download() as output:
            self.assertEqual(len(self.rows(output.read())), 3)

    def _export_of(self, action):
        self.assertEqual(action["tag"], "crm_suite_base.download_export")
        return self.exports.browse(action["params"]["export_id"])

    def test_reimport_has_the_key(self):
        export = self._export_of(self.window(reimport=True).action_export())
        self.assertEqual(export.columns.split("\n")[0], ".id")

    def test_big(self):
        with patch.object(export_module, "MAX_CELLS", 3):
            action = self.window().action_export()
        self.assertEqual(action["tag"], "display_notification")

    def test_no_column(self):
        wizard = self.window()
        wizard.line_ids.chosen = False
        with self.assertRaises(UserError):
            wizard.action_export()

    def test_denied(self):
        for user in (self.rep, self.plain):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.window(user).action_export()

    def test_window_of_another(self):
        wizard = self.window()
        with self.assertRaises(AccessError):
            wizard.with_user(self.officer).action_export()


@tagged("post_install", "-at_install")
class TestExportDownload(HttpCase, ExportCommon):
    def prepare(self, user):
        return self.exports.with_user(user)._prepare_export(
            "res.partner", self.domain, ["name"], "xlsx"
        )

    def download(self, export, csrf=True):
        data = {"csrf_token": http.Request.csrf_token(self)} if csrf else {}
        return self.url_open(f"/crm_suite/export/{export.id}", data=data or {"a": "b"})

    def test_download_once(self):
        export = self.prepare(self.analyst)
        self.authenticate("ex_analyst", "ex_analyst")
        response = self.download(export)
        response.raise_for_status()
        self.assertEqual(len(self.rows(response.content)), 8)
        self.assertEqual(response.headers["Content-Length"], str(len(response.content)))
        self.assertIn(".xlsx", response.headers["Content-Disposition"])
        self.assertEqual((export.state, export.row_count), ("done", 7))
        self.assertEqual(self.download(export).status_code, 500)

    def test_of_another(self):
        export = self.prepare(self.officer)
        self.authenticate("ex_analyst", "ex_analyst")
        response = self.download(export)
        self.assertEqual(response.status_code, 500)
        self.assertIn("AccessError", response.text)
        self.assertEqual(export.state, "ready")

    def test_right_taken_away(self):
        export = self.prepare(self.analyst)
        self.analyst.write({"group_ids": [(5,), (4, self.env.ref(f"{ROLE}user").id)]})
        self.authenticate("ex_analyst", "ex_analyst")
        response = self.download(export)
        self.assertEqual(response.status_code, 500)
        self.assertIn("AccessError", response.text)

    def test_forged_request(self):
        export = self.prepare(self.analyst)
        self.authenticate("ex_analyst", "ex_analyst")
        with self.assertLogs("odoo.http", "WARNING"):
            self.assertEqual(self.download(export, csrf=False).status_code, 400)
        self.assertEqual(
            self.url_open(f"/crm_suite/export/{export.id}").status_code, 405
        )
        self.assertEqual(export.state, "ready")

    def test_anonymous(self):
        export = self.prepare(self.analyst)
        self.authenticate(None, None)
        self.assertNotIn("spreadsheet", self.download(export).headers["Content-Type"])
        self.assertEqual(export.state, "ready")

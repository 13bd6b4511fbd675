import json
import logging
import tempfile
from datetime import timedelta

from lxml import etree

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import osutil

from ..tools.csv_writer import CsvWriter
from ..tools.id_ranges import id_ranges
from ..tools.xlsx import SheetColumn
from ..tools.xlsx_fast import FastWorkbookWriter
from .export_reader import ExportReader

_logger = logging.getLogger(__name__)

# What a worker writes in about 40 of the 60 seconds of CPU that it has by default:
# 200 000 customers with the usual columns. A file of at most so many cells is written
# inside the request; more is written by the scheduled action, in several files.
MAX_CELLS = 5_000_000
FILE_DAYS = 7
FORMATS = [("xlsx", "Excel (XLSX)"), ("csv", "CSV")]
CONTEXT_KEYS = ("active_test", "allowed_company_ids", "lang", "tz")


class Export(models.Model):
    """The log of exports: who took what out of the system, and when.

    Rows are written by the server only (no group may create, change or delete
    them) and cover the suite's exports and the host's own. An export of the suite
    *is* its row: it is prepared (rights, columns and domain checked), then either
    downloaded once by the one who prepared it or, when it is big, written in the
    background into files that are kept for some days.
    """

    _name = "crm.suite.export"
    _description = "Export"
    _order = "id desc"

    user_id = fields.Many2one(
        "res.users", string="Exported by", required=True, readonly=True, index=True
    )
    date = fields.Datetime(
        required=True, readonly=True, index=True, default=fields.Datetime.now
    )
    date_end = fields.Datetime(string="Finished", readonly=True)
    model = fields.Char(string="Technical Name", required=True, readonly=True)
    model_name = fields.Char(string="Records", compute="_compute_model_name")
    domain = fields.Text(
        string="Filter", readonly=True, help="Which records were asked for."
    )
    columns = fields.Text(readonly=True, help="The exported fields, in their order.")
    record_ids = fields.Text(
        string="Record IDs",
        readonly=True,
        help="The exported records, where they were chosen one by one.",
    )
    row_count = fields.Integer(string="Rows", readonly=True)
    file_format = fields.Selection(
        [*FORMATS, ("data", "Data"), ("vcf", "vCard")],
        string="Format",
        required=True,
        readonly=True,
    )
    origin = fields.Selection(
        [("suite", "Customer export"), ("list", "List export"), ("api", "Program")],
        required=True,
        readonly=True,
        default="suite",
    )
    reimport = fields.Boolean(string="For Re-import", readonly=True)
    state = fields.Selection(
        [
            ("ready", "Prepared"),
            ("queued", "Being written"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="ready",
    )
    error = fields.Text(readonly=True)
    options = fields.Json(readonly=True)
    last_id = fields.Integer(readonly=True)
    part_count = fields.Integer(string="Files", readonly=True)
    attachment_ids = fields.Many2many(
        "ir.attachment", string="Download", compute="_compute_attachment_ids"
    )

    # The scheduled action looks for these, and there are never many of them.
    _queued_index = models.Index("(id) WHERE state = 'queued'")

    @api.depends("model")
    @api.depends_context("lang")
    def _compute_model_name(self):
        for export in self:
            export.model_name = self._model_label(export.model)

    @api.model
    def _model_label(self, model_name):
        if model_name == "res.partner":
            return self.env._("Customers")
        return self.env["ir.model"].sudo()._get(model_name).name or model_name

    @api.depends("model_name", "date")
    def _compute_display_name(self):
        for export in self:
            date = fields.Datetime.to_string(
                fields.Datetime.context_timestamp(export, export.date)
            )
            export.display_name = f"{export.model_name} {date[:16]}"

    @api.depends("part_count", "state")
    def _compute_attachment_ids(self):
        files = self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)], order="id"
        )
        by_export = files.grouped("res_id")
        for export in self:
            export.attachment_ids = by_export.get(export.id, files.browse())

    # === Rights ===

    @api.model
    def _exportable_models(self):
        """Models with the suite's export. Hook: addons add theirs.

        :rtype: set[str]
        """
        return {"crm.lead", "res.partner"} | {
            name
            for name, model in self.env.registry.items()
            if name.startswith("crm.suite.")
            and not model._abstract
            and not model._transient
        }

    @api.model
    def _check_right(self):
        if not self.env.user.has_group("base.group_allow_export"):
            raise AccessError(
                self.env._(
                    "You have no right to export. Ask an administrator for "
                    "“Access to export feature”."
                )
            )

    @api.model
    def _check_may_export(self, model_name):
        """Right to export, and to see what is exported. Rules do the rest."""
        if not self.env.user.has_group("crm_suite_base.group_crm_suite_user"):
            raise AccessError(
                self.env._("Only people with a role in the CRM suite may export here.")
            )
        self._check_right()
        if model_name not in self._exportable_models():
            raise UserError(
                self.env._("%(model)s has no export here.", model=str(model_name))
            )
        self.env[model_name].check_access("read")

    # === Preparing ===

    @api.model
    def _prepare_export(self, model_name, domain, paths, file_format, **values):
        """Check everything that the user asked for and log it.

        :return: the export, as superuser; ``_write_to`` or the scheduled action
            follows
        :rtype: crm.suite.export
        """
        self._check_may_export(model_name)
        if not isinstance(file_format, str) or file_format not in dict(FORMATS):
            raise UserError(self.env._("Choose XLSX or CSV as the format."))
        model = self.env[model_name]
        domain = self._checked_domain(model, domain)
        paths = self._checked_paths(paths) or self._default_paths(model)
        ExportReader(model, paths, values.get("reimport", False))
        direct = MAX_CELLS // len(paths)
        count = model.search_count(Domain(domain), limit=direct + 1)
        context = self.env.context
        return self.sudo().create(
            {
                "user_id": self.env.uid,
                "model": model_name,
                "domain": json.dumps(domain, default=str),
                "columns": "\n".join(paths),
                "file_format": file_format,
                "state": "queued" if count > direct else "ready",
                "options": {k: context[k] for k in CONTEXT_KEYS if k in context},
                **values,
            }
        )

    @api.model
    def _log_host(self, records, **values):
        """Note an export that the host has made of some records.

        :param values: what else is known of it: columns, rows, format, origin
        """
        # Rows of the log are written by the server only.
        self.sudo().create(
            {
                "user_id": self.env.uid,
                "model": records._name,
                "record_ids": id_ranges(records.ids),
                "state": "done",
                "date_end": self.env.cr.now(),
                **values,
            }
        )

    @api.model
    def _checked_paths(self, paths):
        if paths and not (
            isinstance(paths, list | tuple)
            and all(isinstance(path, str) and path for path in paths)
        ):
            raise UserError(
                self.env._(
                    "The columns of an export are a list of field names, for example name and country_id/code."
                )
            )
        return list(paths or ())

    @api.model
    def _checked_domain(self, model, domain):
        try:
            if isinstance(domain, str):
                domain = json.loads(domain)
            domain = list(Domain(domain or []))
            model.search(Domain(domain), limit=1)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                self.env._("The filter of the export is wrong: %(error)s", error=error)
            ) from error
        return domain

    @api.model
    def _default_paths(self, model):
        """Columns of an export nobody chose columns for: those of the list view.

        :rtype: list[str]
        """
        if hasattr(model, "_crm_suite_export_paths"):
            paths = model._crm_suite_export_paths()
        else:
            arch = etree.fromstring(model.get_view(view_type="list")["arch"])
            paths = list(dict.fromkeys(arch.xpath("/list/field/@name")))
        return [path for path in paths if self._is_exportable(model, path)]

    @api.model
    def _is_exportable(self, model, path):
        try:
            ExportReader(model, [path])
        except (AccessError, UserError):
            return False
        return True

    # === Writing ===

    def _reading_env(self):
        """The environment of the one who asked, checked again now.

        Rights can have been taken away between preparing and writing.
        """
        self.ensure_one()
        user = self.user_id
        if not user.active:
            raise AccessError(
                self.env._("The user %(name)s is archived.", name=user.name)
            )
        reading = self.with_user(user).with_context(**(self.options or {}))
        reading._check_may_export(self.model)
        return reading.env

    def _write_to(self, output, after_id=0, limit=None):
        """Write the file and the log.

        :param output: binary file open for writing
        :param int after_id: records up to this id are in an earlier file
        :param int limit: rows at most; ``None`` for all
        :return: number of rows written
        :rtype: int
        """
        self.ensure_one()
        model = self._reading_env()[self.model]
        reader = ExportReader(model, self.columns.split("\n"), self.reimport)
        domain = json.loads(self.domain)
        last_id = after_id
        with self._writer(output, reader) as writer:
            for batch_id, rows in reader.batches(domain, after_id, limit):
                for row in rows:
                    writer.write_row(row)
                last_id = batch_id
        self.write({"row_count": self.row_count + writer.row_count, "last_id": last_id})
        return writer.row_count

    def _writer(self, output, reader):
        if self.file_format == "csv":
            return CsvWriter(output, reader.headers)
        columns = [SheetColumn(column.header, column.kind) for column in reader.columns]
        return FastWorkbookWriter(output, columns, sheet=self.model_name)

    def _file_name(self):
        """Name of the (next) file: what, when and, of several, which."""
        date = fields.Datetime.context_timestamp(self, self.date)
        part = f" {self.part_count + 1}" if self.state == "queued" else ""
        name = f"{self.model_name} {date:%Y-%m-%d}{part}.{self.file_format}"
        return osutil.clean_filename(name)

    def _download(self):
        """Write a prepared export once, for the one who prepared it.

        :return: a temporary file, at its beginning, with the whole export
        """
        export = self.try_lock_for_update()
        if not export or export.state != "ready":
            raise UserError(
                self.env._(
                    "This export was downloaded already. Start it again from the list."
                )
            )
        output = tempfile.TemporaryFile()
        export._write_to(output)
        export._close("done")
        output.seek(0)
        return output

    def _close(self, state, error=False):
        self.write({"state": state, "error": error, "date_end": fields.Datetime.now()})

    # === In the background ===

    def _get_file_action(self):
        """Let the client download a prepared export, or queue it when it is big.

        :rtype: dict
        """
        if self.state != "queued":
            return {
                "type": "ir.actions.client",
                "tag": "crm_suite_base.download_export",
                "params": {"export_id": self.id},
            }
        self._queue()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "So many rows are written in the background. You will be "
                    "notified; the files then wait under Customers › Data › Exports."
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _queue(self):
        self.env["ir.cron"]._crm_suite_wake("crm_suite_base.ir_cron_export")

    @api.model
    def _cron_write_files(self):
        """Write what is queued, file by file; a failing export stops nobody else."""
        progress = self.env["ir.cron"]._commit_progress
        queued = Domain("state", "=", "queued")
        progress(remaining=self.search_count(queued))
        time_left = True
        for export in self.search(queued, order="id"):
            export = export.try_lock_for_update().filtered_domain(queued)
            while export and time_left:
                try:
                    export._write_next_file()
                except Exception as error:
                    self.env.cr.rollback()
                    export._fail(error)
                export = export.filtered_domain(queued)
                time_left = progress(0 if export else 1)
                export = export.try_lock_for_update().filtered_domain(queued)
            if not time_left:
                break

    def _write_next_file(self):
        limit = max(MAX_CELLS // len(self.columns.split("\n")), 1)
        with tempfile.TemporaryFile() as output:
            count = self._write_to(output, self.last_id, limit)
            if count or not self.part_count:
                output.seek(0)
                self.env["ir.attachment"].create(
                    {
                        "name": self._file_name(),
                        "raw": output.read(),
                        "res_model": self._name,
                        "res_id": self.id,
                    }
                )
                self.part_count += 1
        if count < limit:
            self._close("done")
            self._notify(self.env._("Your export is ready"))

    def _fail(self, error):
        if isinstance(error, UserError):
            reason = str(error)
        else:
            _logger.error("Export %s failed", self.id, exc_info=error)
            reason = self.env._(
                "Something unexpected went wrong; the administrator finds it in the "
                "server log."
            )
        self._close("failed", reason)
        self._notify(self.env._("Your export failed"))

    def _notify(self, subject):
        self.env["mail.thread"].message_notify(
            partner_ids=self.user_id.partner_id.ids,
            subject=subject,
            body=self.env._(
                "%(name)s: find the files under Customers › Data › Exports. They are "
                "kept for %(days)s days.",
                name=self.display_name,
                days=FILE_DAYS,
            )
            if self.state == "done"
            else self.error,
            model=self._name,
            res_id=self.id,
        )

    @api.autovacuum
    def _gc_files(self):
        """Files are copies of personal data: they go, the log stays."""
        limit = fields.Datetime.now() - timedelta(days=FILE_DAYS)
        self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("create_date", "<", limit)]
        ).unlink()

"""The host's list and pivot downloads, with text that stays text.

The host hands strings to XlsxWriter's type guessing, which turns a customer named
``=HYPERLINK("http://…")`` into a live formula and ``http://…`` into a link, and its
CSV guard knows three of the characters that start a formula. The controllers are
extended the way addons extend controllers: only databases in which the suite is
installed get these classes, and nothing remains after it is uninstalled.
"""

import io
import json

from werkzeug.datastructures import FileStorage

from odoo import http
from odoo.http import content_disposition, request
from odoo.tools import osutil

from odoo.addons.web.controllers import export, pivot, vcard

from ..tools.csv_writer import guard_cell
from ..tools.pivot_sheet import needs_guard, write_pivot

# What the host writes on a card.
CARD_FIELDS = (
    "name",
    "street",
    "zip",
    "city",
    "state_id",
    "country_id",
    "email",
    "phone",
    "website",
    "commercial_company_name",
    "function",
    "image_512",
)
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _TextStaysText:
    """Mixin for the host's writers: everything passes through ``write``."""

    def write(self, row, column, cell_value, style=None):
        # An empty string is a blank cell for the host: leave it one.
        if isinstance(cell_value, str) and cell_value:
            return self.worksheet.write_string(row, column, cell_value, style)
        return super().write(row, column, cell_value, style)


class TextXlsxWriter(_TextStaysText, export.ExportXlsxWriter):
    pass


class TextGroupXlsxWriter(_TextStaysText, export.GroupExportXlsxWriter):
    pass


def _remember_request(data, file_format):
    """Let ``export_data`` log what was asked for, not only which ids came out.

    The transaction's cache is the one place that a client cannot write to.
    """
    params = json.loads(data)
    request.env.cr.cache["crm_suite_export_request"] = {
        "model": params.get("model"),
        "format": file_format,
        "domain": None if params.get("ids") else params.get("domain"),
    }


class ExcelExport(export.ExcelExport):
    def base(self, data):
        _remember_request(data, "xlsx")
        return super().base(data)

    def from_data(self, fields, columns_headers, rows):
        with TextXlsxWriter(fields, columns_headers, len(rows)) as writer:
            for row_index, row in enumerate(rows, start=1):
                for column, value in enumerate(row):
                    writer.write_cell(row_index, column, value)
        return writer.value

    def from_group_data(self, fields, columns_headers, groups):
        with TextGroupXlsxWriter(fields, columns_headers, groups.count) as writer:
            row, column = 1, 0
            for name, group in groups.children.items():
                row, column = writer.write_group(row, column, name, group)
        return writer.value


class CSVExport(export.CSVExport):
    def base(self, data):
        _remember_request(data, "csv")
        return super().base(data)

    def from_data(self, fields, columns_headers, rows):
        return super().from_data(
            fields,
            [guard_cell(header) for header in columns_headers],
            ([self._guarded(value) for value in row] for row in rows),
        )

    @staticmethod
    def _guarded(value):
        if isinstance(value, bytes):
            value = value.decode()
        # What begins with = + - gets its guard from the host.
        if isinstance(value, str) and not value.startswith(("=", "+", "-")):
            return guard_cell(value)
        return value


class TableExporter(pivot.TableExporter):
    @http.route()
    def export_xlsx(self, data, **kw):
        text = data.read() if isinstance(data, FileStorage) else data
        if isinstance(text, bytes):
            text = text.decode()
        table = json.loads(text)
        if not table or not needs_guard(table):
            # The upload was read above: hand the host the text of it.
            return super().export_xlsx(text, **kw)
        output = io.BytesIO()
        write_pivot(output, table)
        filename = osutil.clean_filename(
            request.env._(
                "Pivot %(title)s (%(model_name)s)",
                title=table["title"],
                model_name=table["model"],
            )
        )
        return request.make_response(
            output.getvalue(),
            headers=[
                ("Content-Type", XLSX_TYPE),
                ("Content-Disposition", content_disposition(filename + ".xlsx")),
            ],
        )


class Partner(vcard.Partner):
    @http.route()
    def download_vcard(self, partner_ids=None, partner=None, **kwargs):
        """Cards leave the system with all contact data: they are logged as exports, and
        those of many need the right to export.
        """
        export = request.env["crm.suite.export"]
        if "," in (partner_ids or ""):
            export._check_right()
        response = super().download_vcard(partner_ids, partner, **kwargs)
        # As the host reads them, and prefers them.
        ids = [int(text) for text in (partner_ids or "").split(",") if text.isdigit()]
        partners = request.env["res.partner"].browse(filter(None, ids))
        if len(partners) < 2 and partner:
            partners = partner
        if partners:
            export._log_host(
                partners,
                columns="\n".join(CARD_FIELDS),
                row_count=len(partners),
                file_format="vcf",
                origin="list",
            )
        return response

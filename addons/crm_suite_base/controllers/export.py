import json
import logging

from werkzeug.exceptions import InternalServerError

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import content_disposition, request

_logger = logging.getLogger(__name__)

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CHUNK = 256 * 1024


def _chunks(output):
    with output:
        while chunk := output.read(CHUNK):
            yield chunk


class ExportDownload(http.Controller):
    @http.route(
        "/crm_suite/export/<int:export_id>",
        type="http",
        auth="user",
        methods=["POST"],
        readonly=False,
    )
    def download(self, export_id, token=None):
        """Send an export that the same user prepared a moment ago.

        What is exported was decided (and the right checked) by the call that made
        the row; the address carries nothing but its number. The file is written to the
        disk first and sent with its length: the host's server speaks HTTP/1.0, in
        which a download that breaks off would look like a complete, shorter one.
        """
        try:
            return self._send(export_id)
        except Exception as error:
            # The form in which the web client shows errors of a download.
            payload = {
                "code": 0,
                "message": "Odoo Server Error",
                "data": http.serialize_exception(error),
            }
            if not isinstance(error, UserError):
                _logger.exception("Export %s failed", export_id)
            raise InternalServerError(json.dumps(payload)) from error

    def _send(self, export_id):
        export = request.env["crm.suite.export"].sudo().browse(export_id).exists()
        if not export or export.user_id != request.env.user:
            raise AccessError(
                request.env._("An export can be downloaded by the one who made it.")
            )
        name = export._file_name()
        output = export._download()
        output.seek(0, 2)
        size = output.tell()
        output.seek(0)
        response = request.make_response(
            _chunks(output),
            headers=[
                ("Content-Type", CONTENT_TYPES[export.file_format]),
                ("Content-Disposition", content_disposition(name)),
                ("Content-Length", str(size)),
                ("Cache-Control", "no-store"),
            ],
        )
        response.direct_passthrough = True
        return response

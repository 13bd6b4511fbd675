from odoo import fields, http
from odoo.http import request


class HealthController(http.Controller):
    """One word for programs that watch whether everything works."""

    @http.route(
        "/crm_suite/health",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
        sitemap=False,
    )
    def crm_suite_health(self):
        """Say ``pass``, ``warn`` or ``fail`` (this one with status 503), nothing else.

        The shape is that of the Internet draft "Health Check Response Format for HTTP
        APIs".
        """
        # One word and a time: what is wrong is for administrators.
        status, looked = request.env["crm.suite.health.check"].sudo()._get_status()
        return request.make_json_response(
            {"status": status, "time": fields.Datetime.to_string(looked) or ""},
            headers={
                "Content-Type": "application/health+json",
                "Cache-Control": "no-store",
            },
            status=503 if status == "fail" else 200,
        )

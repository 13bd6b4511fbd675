from odoo import http
from odoo.http import request

from ..models.automation_webhook import LONGEST_BODY, TooManyCallsError
from ..tools.api_body import BodyError


class AutomationController(http.Controller):
    """Calls of other systems that set off rules."""

    @http.route(  # nosemgrep: odoo-csrf-off
        "/crm_suite/automation/<string:uuid>",
        type="http",
        auth="public",
        methods=["POST"],
        readonly=False,
        save_session=False,
        # A program has no session; who it is, the signature of the call proves.
        csrf=False,
        sitemap=False,
        max_content_length=LONGEST_BODY,
    )
    def automation_call(self, uuid):
        """Take a signed call and put it into the queue."""
        rule = request.env["crm.suite.automation"]._find_called(uuid)
        if not rule:
            return self._answer("unknown address", 404)
        body = request.httprequest.get_data()
        headers = request.httprequest.headers
        if not rule._is_signed(headers, body):
            return self._answer("wrong signature or time", 401)
        try:
            run, new = rule._accept_call(headers["webhook-id"], body)
        except BodyError as error:
            return self._answer(str(error), 422)
        except TooManyCallsError as error:
            wait = {"Retry-After": str(error.seconds)}
            return self._answer(str(error), 429, headers=wait)
        return self._answer("accepted" if new else "known", 202 if new else 200, run.id)

    def _answer(self, text, status, run_id=None, headers=None):
        data = {"status": text} if run_id is None else {"status": text, "run": run_id}
        return request.make_json_response(data, headers=headers, status=status)

import json
import logging

from psycopg2 import Error as DatabaseError
from werkzeug.exceptions import HTTPException

from odoo import SUPERUSER_ID, api, http
from odoo.exceptions import AccessDenied, ConcurrencyError
from odoo.http import Response, request

from ..models.api_service import LARGEST_BODY, ApiAnswer, ApiCall
from ..models.import_target_orm import is_try_again
from ..tools.api_openapi import PLURALS, PREFIX, describe
from ..tools.api_problem import ApiProblem

_logger = logging.getLogger(__name__)

VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
STATUSES = {400: "bad_request", 404: "not_found", 405: "method", 413: "too_large"}
DETAILS = {
    401: "Send a valid key: Authorization: Bearer ….",
    404: "There is nothing at this address.",
    413: f"A body has {LARGEST_BODY} bytes at most.",
}
# How the addresses are served: no session and no cookie, so nothing that a browser
# sends by itself counts, and the token against forged forms would guard nothing.
ROUTE = {
    "type": "crm_suite_api",
    "auth": "crm_suite_key",
    "methods": VERBS,
    "csrf": False,
    "save_session": False,
    "max_content_length": LARGEST_BODY,
}


class ApiDispatcher(http.Dispatcher):
    """Requests of programs: nothing is parsed before the key is known, and every error
    is a problem of RFC 9457."""

    routing_type = "crm_suite_api"
    mimetypes = ("application/json",)

    @classmethod
    def is_compatible_with(cls, request):
        """Take any body: what is wrong with it is told in the words of the contract."""
        return True

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc):
        problem = _as_problem(exc)
        call = getattr(self.request, "crm_suite_api_call", None)
        if call is not None:
            self._write_down(call, problem)
        return _respond(
            ApiAnswer(problem.status, problem.as_body(), problem.as_headers())
        )

    def _write_down(self, call, problem):
        """The transaction is lost, its line in the log shall not be."""
        values = {
            "key_id": call.key_id,
            "method": call.method[:10],
            "route": call.path[:200],
            "remote": call.remote,
            "status": problem.status,
            "code": problem.code,
            "row_count": call.rows,
        }
        with self.request.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            key = env["crm.suite.api.key"].browse(call.key_id)
            values.update(user_id=key.user_id.id, company_id=key.company_id.id)
            env["crm.suite.api.log"]._write_down(values)


def _as_problem(exc):
    if isinstance(exc, AccessDenied):
        return ApiProblem("unauthorized", DETAILS[401])
    if isinstance(exc, HTTPException):
        code = "unauthorized" if exc.code == 401 else STATUSES.get(exc.code)
        if code:
            return ApiProblem(code, DETAILS.get(exc.code) or exc.name)
    if isinstance(exc, ConcurrencyError | DatabaseError) and is_try_again(exc):
        return ApiProblem("conflict", "Try again in a moment.", retry_after=2)
    return ApiProblem("internal", "The server failed; its log has the details.")


def _verb(sent):
    return "GET" if sent.method == "HEAD" else sent.method


def _respond(answer):
    response = Response(
        json.dumps(answer.body, ensure_ascii=False),
        status=answer.status,
        content_type=f"{answer.media_type}; charset=utf-8",
    )
    response.headers.update(
        {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **answer.headers,
        }
    )
    return response


class ApiController(http.Controller):
    """The addresses for programs. Each says who may do what there; the work is done by
    the model ``crm.suite.api``."""

    @http.route(f"{PREFIX}/{PLURALS['customer']}", **ROUTE)
    def api_customers(self):
        """Read, create or update customers."""
        return self._serve_rows("customer")

    @http.route(f"{PREFIX}/{PLURALS['lead']}", **ROUTE)
    def api_leads(self):
        """Read, create or update leads."""
        return self._serve_rows("lead")

    @http.route(f"{PREFIX}/{PLURALS['interaction']}", **ROUTE)
    def api_interactions(self):
        """Read, create or update calls, visits and walk-ins."""
        return self._serve_rows("interaction")

    @http.route(f"{PREFIX}/{PLURALS['purchase']}", **ROUTE)
    def api_purchases(self):
        """Read, create or update purchases made elsewhere."""
        return self._serve_rows("purchase")

    @http.route(f"{PREFIX}/{PLURALS['customer']}/<int:id_>", **ROUTE)
    def api_customer(self, id_):
        """Read a customer or contact."""
        return self._serve("customer:read", "GET", "_do_read", "customer", id_)

    @http.route(f"{PREFIX}/{PLURALS['lead']}/<int:id_>", **ROUTE)
    def api_lead(self, id_):
        """Read a lead or deal."""
        return self._serve("lead:read", "GET", "_do_read", "lead", id_)

    @http.route(f"{PREFIX}/{PLURALS['interaction']}/<int:id_>", **ROUTE)
    def api_interaction(self, id_):
        """Read a call, visit or walk-in."""
        return self._serve("interaction:read", "GET", "_do_read", "interaction", id_)

    @http.route(f"{PREFIX}/{PLURALS['purchase']}/<int:id_>", **ROUTE)
    def api_purchase(self, id_):
        """Read a line of a purchase made elsewhere."""
        return self._serve("purchase:read", "GET", "_do_read", "purchase", id_)

    @http.route(f"{PREFIX}/approvals/tasks", **ROUTE)
    def api_tasks(self):
        """The approval tasks of the user."""
        return self._serve("approval:read", "GET", "_do_tasks")

    @http.route(f"{PREFIX}/approvals/requests/<int:request_id>", **ROUTE)
    def api_request(self, request_id):
        """Where an approval is."""
        return self._serve("approval:read", "GET", "_do_request", request_id)

    @http.route(f"{PREFIX}/approvals/tasks/<int:task_id>/decision", **ROUTE)
    def api_decision(self, task_id):
        """Decide an approval task."""
        return self._serve("approval:decide", "POST", "_do_decision", task_id)

    @http.route(
        f"{PREFIX}/openapi.json",
        type="crm_suite_api",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def api_description(self):
        """The description of the interface: nothing of this database is in it."""
        request.session.can_save = False
        return _respond(ApiAnswer(200, describe()))

    @http.route(f"{PREFIX}/<path:rest>", **ROUTE)
    def api_nothing(self, rest):
        """Any other address."""
        problem = ApiProblem("not_found", DETAILS[404])
        return _respond(ApiAnswer(problem.status, problem.as_body()))

    def _serve_rows(self, entity):
        """An address that is read and written."""
        verb = _verb(request.httprequest)
        if verb == "GET":
            return self._serve(f"{entity}:read", verb, "_do_list", entity)
        if verb == "POST":
            return self._serve(f"{entity}:write", verb, "_do_rows", entity)
        # Refused by what has to come first: the key and its limit.
        return self._serve(f"{entity}:write", "GET, POST", "_do_rows", entity)

    def _serve(self, scope, verb, work, *args):
        key_id, scopes = request.crm_suite_api_key
        sent = request.httprequest
        call = ApiCall(
            key_id=key_id,
            scopes=scopes,
            work=work,
            args=args,
            scope=scope,
            verb=verb,
            method=_verb(sent),
            path=sent.path,
            query=sent.args.to_dict(),
            headers=sent.headers,
            remote=sent.remote_addr,
            get_body=sent.get_data,
            count=self._count,
        )
        request.crm_suite_api_call = call
        answer = request.env["crm.suite.api"]._handle(call)
        request.crm_suite_api_call = None
        if answer.status == 405:
            answer.headers["Allow"] = verb
        return _respond(answer)

    def _count(self, rows):
        """Count this request once, though the server may run it again."""
        if getattr(request, "crm_suite_api_counted", False):
            return 0
        key_id, _scopes = request.crm_suite_api_key
        seconds = request.env["crm.suite.api.meter"]._spend(key_id, rows)
        request.crm_suite_api_counted = not seconds
        return seconds

import dataclasses
import re
import time

from werkzeug.exceptions import RequestEntityTooLarge

from odoo import api, models
from odoo.exceptions import AccessError

from ..tools.api_body import BodyError, may_hold_odd_characters, parse_body
from ..tools.api_problem import MEDIA_TYPE, ApiProblem
from ..tools.api_schema import KEYS, MOST_ROWS
from .api_target import describe_row

LARGEST_BODY = 8 * 1024 * 1024
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,200}")


@dataclasses.dataclass
class ApiCall:
    """What a program asks for.

    :param int key_id: the key that it showed
    :param tuple scopes: what the key allows
    :param str work: name of the method of ``crm.suite.api`` that answers
    :param args: its arguments
    :param str scope: what is needed
    :param str verb: the method that the address takes
    :param get_body: gives the bytes of the body
    :param count: counts the request with so many rows, once however often the server
        has to repeat it; gives the seconds to wait, 0: go on
    """

    key_id: int
    scopes: tuple
    work: str
    args: tuple
    scope: str
    verb: str
    method: str
    path: str
    query: dict
    headers: object
    remote: str
    get_body: object
    count: object
    started: float = dataclasses.field(default_factory=time.perf_counter)
    rows: int = 0
    replayed: bool = False


@dataclasses.dataclass
class ApiAnswer:
    """What a program is answered with."""

    status: int
    body: dict
    headers: dict = dataclasses.field(default_factory=dict)

    @property
    def media_type(self):
        return "application/json" if self.status < 400 else MEDIA_TYPE


class ApiService(models.AbstractModel):
    """What happens to a request of a program, from the key to the log.

    Nothing is written before all questions are answered, and the work itself runs in a
    savepoint: a refusal leaves nothing but its line in the log.
    """

    _name = "crm.suite.api"
    _description = "Interface for Programs"

    @api.model
    def _handle(self, call):
        """Answer a request and write it down.

        :param ApiCall call:
        :rtype: ApiAnswer
        """
        code, body = None, None
        try:
            body = self._work_off(call)
            answer = ApiAnswer(200, body)
        except ApiProblem as problem:
            code = problem.code
            answer = ApiAnswer(problem.status, problem.as_body(), problem.as_headers())
        if call.replayed:
            answer.headers["Idempotency-Replayed"] = "true"
        self.env["crm.suite.api.log"]._write_down(
            {
                "key_id": call.key_id,
                "user_id": self.env.uid,
                "company_id": self.env.company.id,
                "method": call.method[:10],
                "route": call.path[:200],
                "remote": call.remote,
                "status": answer.status,
                "code": code,
                "row_count": call.rows,
                "replayed": call.replayed,
                "duration": int((time.perf_counter() - call.started) * 1000),
            },
            # An answer that is given again did nothing: its operation is of another call.
            None if call.replayed else body,
        )
        return answer

    @api.model
    def _work_off(self, call):
        """The answer of a request.

        :rtype: dict
        :raise ApiProblem: it is refused
        """
        if call.method != call.verb:
            self._count(call)
            raise ApiProblem("method", f"This address takes {call.verb} only.")
        if call.scope not in call.scopes:
            self._count(call)
            raise ApiProblem("scope", f"The key lacks the scope {call.scope}.")
        data, sent = self._read(call) if call.verb == "POST" else (None, b"")
        self._count(call)
        try:
            self.env["res.partner"]._crm_suite_check_role()
            return self._once(call, data, sent)
        except AccessError as error:
            raise ApiProblem("forbidden", _sentence(error)) from error

    @api.model
    def _read(self, call):
        """The body of a request: what it says, and its bytes."""
        try:
            if call.headers.get("Content-Encoding", "identity") != "identity":
                raise ApiProblem("media_type", "Send the body without an encoding.")
            kind = call.headers.get("Content-Type", "").partition(";")[0].strip()
            if kind.lower() != "application/json":
                raise ApiProblem("media_type", "Send Content-Type: application/json.")
            sent = call.get_body()
            data = parse_body(sent)
        except RequestEntityTooLarge as error:
            self._count(call)
            raise ApiProblem(
                "too_large", f"A body has {LARGEST_BODY} bytes at most."
            ) from error
        except BodyError as error:
            self._count(call)
            raise ApiProblem("bad_request", str(error)) from error
        except ApiProblem:
            self._count(call)
            raise
        rows = data.get("rows") if isinstance(data, dict) else None
        call.rows = len(rows) if isinstance(rows, list) else 1
        return data, sent

    @api.model
    def _count(self, call):
        """Count the request and its rows, or refuse it."""
        if seconds := call.count(min(call.rows, MOST_ROWS)):
            raise ApiProblem(
                "rate_limited",
                f"The key has used up this minute. Try again in {seconds} seconds.",
                retry_after=seconds,
            )

    @api.model
    def _once(self, call, data, sent):
        """Do the work, unless an earlier request with this idempotency key did it."""
        name = call.headers.get("Idempotency-Key")
        if name is None or call.verb != "POST":
            return self._do(call, data, sent)
        if not IDEMPOTENCY_KEY.fullmatch(name):
            raise ApiProblem(
                "bad_request",
                "An Idempotency-Key has 1 to 200 printable characters without blanks.",
            )
        answers = self.env["crm.suite.api.request"]
        query = repr(sorted(call.query.items()))
        print_ = answers._get_fingerprint(call.method, call.path, query, sent)
        if known := answers._begin(call.key_id, name, print_):
            call.replayed = True
            return known[1]
        answer = self._do(call, data, sent)
        answers._finish(call.key_id, name, print_, 200, answer)
        return answer

    @api.model
    def _do(self, call, data, sent):
        with self.env.cr.savepoint():
            return getattr(self, call.work)(call, data, sent, *call.args)

    # === ROWS === #

    @api.model
    def _do_rows(self, call, data, sent, entity):
        """Create or update what the rows say."""
        key = self._get_choice(call, "key", KEYS[entity])
        single = not (isinstance(data, dict) and "rows" in data)
        rows = [data] if single else self._get_rows(data)
        target = self.env[f"crm.suite.api.target.{entity}"]
        done, operation = target._api_write_rows(
            rows, key, may_hold_odd_characters(sent)
        )
        results = [describe_row(row, single) for row in done]
        if single:
            [result] = results
            if result["result"] == "rejected":
                self._refuse_single(result)
            answer = {"id": result["id"], "result": result["result"]}
            return {**answer, "operation_id": operation.id or None, **done[0].warning}
        counts = dict.fromkeys(("created", "updated", "unchanged", "rejected"), 0)
        for result in results:
            counts[result["result"]] += 1
        return {
            "read": len(rows),
            **counts,
            "operation_id": operation.id or None,
            "results": results,
        }

    @api.model
    def _refuse_single(self, result):
        error = {name: result[name] for name in ("code", "field", "reason")}
        code = "forbidden" if result["code"] == "forbidden" else "invalid"
        raise ApiProblem(code, result["reason"], errors=[error])

    @api.model
    def _get_rows(self, data):
        rows = data["rows"]
        if not isinstance(rows, list) or len(data) > 1 or not rows:
            raise ApiProblem(
                "invalid", "Give the rows as a list in “rows”, and nothing beside it."
            )
        if len(rows) > MOST_ROWS:
            raise ApiProblem(
                "invalid",
                f"A request has {MOST_ROWS} rows at most; this one has {len(rows)}.",
            )
        return rows

    @api.model
    def _get_choice(self, call, name, choices):
        value = call.query.get(name, choices[0])
        if value not in choices:
            text = ", ".join(choices)
            raise ApiProblem("bad_request", f"“{name}” is one of: {text}.")
        return value

    @api.model
    def _get_number(self, call, name, default, most):
        """A whole number of the query, from 0 (or 1) to ``most``."""
        text = call.query.get(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,10}", text) or not 0 <= int(text) <= most:
            raise ApiProblem("bad_request", f"“{name}” is a number up to {most}.")
        return int(text)


def _sentence(error):
    return str(error.args[0] if error.args else error)

import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from ..models import api_service
from ..tools.api_openapi import PLURALS
from .api_common import EVERYTHING, PREFIX, ApiCase


@tagged("post_install", "-at_install")
class TestApiHttp(ApiCase, HttpCase):
    """What every address has in common: who is let in, and what is a request."""

    def send(self, **options):
        return self.call("customers", {"ref": "A-1", "name": "Aurora"}, **options)

    # === WHO === #

    def test_every_way_in_is_shut_alike(self):
        other, expired = self.make_key(self.lead)
        other.expires = fields.Datetime.now() - timedelta(minutes=1)
        gone, revoked = self.make_key(self.lead)
        gone.with_user(self.lead).action_revoke()
        leaver = new_test_user(
            self.env, "suite_leaver", "crm_suite_base.group_crm_suite_sales_lead"
        )
        _key, archived = self.make_key(leaver)
        leaver.active = False
        right = self.text
        wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
        bodies = set()
        for key in (
            "",
            "x",
            wrong,
            "crms_00000000_" + "0" * 48,
            expired,
            revoked,
            archived,
            "é",
        ):
            header = {"Authorization": f"Bearer {key}".encode()}
            response = self.send(key="", headers=header)
            self.assertProblem(response, 401, "unauthorized")
            self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")
            bodies.add(response.text)
        for header in ("", "Basic eDp4", right, f"Bearer {right} x"):
            response = self.send(headers={"Authorization": header})
            self.assertProblem(response, 401, "unauthorized")
            bodies.add(response.text)
        self.assertEqual(len(bodies), 1, "Nobody learns what was wrong")
        self.assertFalse(self.env["res.partner"].search([("ref", "=", "A-1")]))

    def test_session_opens_nothing(self):
        """A page in the browser of somebody who is logged in can do nothing here."""
        self.authenticate("suite_lead", "suite_lead")
        response = self.send(headers={"Authorization": None})
        self.assertProblem(response, 401, "unauthorized")

    def test_no_cookie_and_no_foreign_page(self):
        response = self.send(headers={"Origin": "https://evil.example"})
        self.assertEqual(response.status_code, 200)
        self.assertNotIn("Set-Cookie", response.headers)
        self.assertNotIn("Access-Control-Allow-Origin", response.headers)
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")

    def test_scope_is_needed(self):
        needed = {
            **{plural: f"may_{entity}" for entity, plural in PLURALS.items()},
            "approvals/tasks": "may_approval_read",
            "approvals/requests/1": "may_approval_read",
            "approvals/tasks/1/decision": "may_approval_decide",
        }
        reading = {
            path: f"may_{entity}_read"
            for entity, plural in PLURALS.items()
            for path in (f"{plural}?limit=1", f"{plural}/1")
        }
        for path, scope in {**needed, **reading}.items():
            rest = [name for name in EVERYTHING if name != scope]
            _key, text = self.make_key(self.lead, rest)
            get = scope.endswith("_read")
            response = self.call(path, None if get else {}, key=text)
            self.assertProblem(response, 403, "scope")

    def test_role_that_was_taken_away(self):
        user = new_test_user(
            self.env, "suite_former", "crm_suite_base.group_crm_suite_sales_lead"
        )
        _key, text = self.make_key(user)
        user.group_ids = self.env.ref("base.group_user")
        response = self.send(key=text)
        self.assertProblem(response, 403, "forbidden")

    def test_key_has_no_more_rights_than_its_user(self):
        _key, text = self.make_key(self.analyst)
        self.assertProblem(self.send(key=text), 403, "forbidden")
        self.assertFalse(self.env["res.partner"].search([("ref", "=", "A-1")]))

    # === WHAT === #

    def test_bad_bodies(self):
        bad = {
            b"": 400,
            b"{": 400,
            b"\xff\xfe": 400,
            b'{"name": "\xe4\xb8"}': 400,
            b'{"ref": "A", "ref": "B"}': 400,
            b'{"name": NaN}': 400,
            b'{"name": Infinity}': 400,
            b'{"name": 1e999}': 400,
            b'{"name": ' + b"9" * 5000 + b"}": 400,
            b"[" * 100_000: 400,
            b"[" * 40 + b"]" * 40: 400,
            b'{"name": "a\x00b"}': 400,
            b'{"name": "a\\u0000b", "ref": "A"}': 422,
            b'{"name": "a\\ud800b", "ref": "A"}': 422,
            b'{"\\ud800": "b"}': 422,
            b"5": 422,
            b"null": 422,
            b"[]": 422,
            b"{}": 422,
            b'{"rows": {}}': 422,
            b'{"rows": []}': 422,
            b'{"rows": [{}], "more": 1}': 422,
            b'{"ref": "A", "name": 5}': 422,
            b'{"ref": "A", "name": null}': 422,
            b'{"ref": "A", "name": "A", "is_company": "yes"}': 422,
            b'{"ref": "A", "name": "A", "country_id": 99999999999999}': 422,
            b'{"ref": "A", "name": "A", "country_id": {"id": 1}}': 422,
            b'{"ref": "A", "name": "A", "country_id": 1.5}': 422,
            b'{"ref": "A", "name": "A", "crm_suite_employees": 1e300}': 422,
            b'{"ref": "A", "name": "A", "category_id": "VIP"}': 422,
            b'{"ref": "A", "name": "A", "create_uid": 1}': 422,
            b'{"ref": "A", "name": "A", "x_crm_nothing": 1}': 422,
            b'{"ref": "A", "name": "A", "x_crm_nothing": {"a": [1]}}': 422,
            b'{"id": 0, "name": "A"}': 422,
            b'{"id": 2147483647, "name": "A"}': 422,
        }
        for body, status in bad.items():
            response = self.call("customers", raw=body)
            code = {400: "bad_request", 422: "invalid"}[status]
            with self.subTest(body=body[:60]):
                self.assertProblem(response, status, code)

    def test_error_names_the_field(self):
        response = self.call("customers", {"ref": "A", "name": "A", "emai/l~": "x"})
        [error] = self.assertProblem(response, 422, "invalid")["errors"]
        self.assertEqual(error["field"], "/emai~1l~0")
        response = self.call(
            "customers", {"ref": "A", "name": "A", "email": "at nowhere"}
        )
        [error] = self.assertProblem(response, 422, "invalid")["errors"]
        self.assertEqual((error["code"], error["field"]), ("value", "/email"))

    def test_media_type(self):
        for kind in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "",
            "multipart/form-data; boundary=x",
        ):
            response = self.send(headers={"Content-Type": kind})
            self.assertProblem(response, 415, "media_type")
        response = self.send(headers={"Content-Encoding": "gzip"})
        self.assertProblem(response, 415, "media_type")
        response = self.send(
            headers={"Content-Type": "application/json; charset=utf-8"}
        )
        self.assertEqual(response.status_code, 200)

    def test_size(self):
        body = json.dumps(
            {"ref": "A", "name": "A", "comment": "x" * api_service.LARGEST_BODY}
        )
        response = self.call("customers", raw=body.encode())
        self.assertProblem(response, 413, "too_large")

    def test_methods_and_addresses(self):
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
            response = self.call("customers", method=method)
            self.assertProblem(response, 405, "method")
            self.assertEqual(response.headers["Allow"], "GET, POST")
        response = self.call("approvals/tasks", {}, method="POST")
        self.assertProblem(response, 405, "method")
        for path in ("nothing", "customers/1/x", "approvals/requests/x"):
            self.assertProblem(self.call(path, {}), 404, "not_found")
        for path in ("approvals/requests/1", "approvals/requests/99999999999999999999"):
            if path.endswith("/1"):
                continue
            self.assertProblem(self.call(path), 404, "not_found")

    def test_too_many_rows(self):
        rows = [{"ref": f"M-{number}", "name": "M"} for number in range(1001)]
        problem = self.assertProblem(
            self.call("customers", {"rows": rows}), 422, "invalid"
        )
        self.assertIn("1000", problem["detail"])
        self.assertFalse(self.env["res.partner"].search([("ref", "=like", "M-%")]))

    def test_query(self):
        response = self.call("customers?key=name", {"name": "A"})
        self.assertProblem(response, 400, "bad_request")
        for query in (
            "limit=0",
            "limit=101",
            "limit=x",
            "after=-1",
            "after=99999999999",
        ):
            response = self.call(f"approvals/tasks?{query}")
            self.assertProblem(response, 400, "bad_request")

    # === DESCRIPTION === #

    def test_description_is_open_and_says_nothing_of_the_database(self):
        field = self.add_field("Secret Plan")
        response = self.url_open(f"{PREFIX}/openapi.json")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["openapi"], "3.1.0")
        self.assertNotIn(field.technical_name, response.text)
        self.assertNotIn("Set-Cookie", response.headers)

    # === LIMITS === #

    def test_rate(self):
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("crm_suite_base.api_requests", 2)
        for _time in range(2):
            self.assertEqual(self.send().status_code, 200)
        before = self.env["crm.suite.api.meter"].search([("key_id", "=", self.key.id)])
        counted = before.requests, before.rows
        response = self.send()
        self.assertProblem(response, 429, "rate_limited")
        self.assertTrue(1 <= int(response.headers["Retry-After"]) <= 60)
        self.assertEqual(counted, (before.requests, before.rows), "Counts nothing")
        _key, other = self.make_key(self.lead)
        self.assertEqual(self.send(key=other).status_code, 200, "Each key has its own")
        before.started -= timedelta(seconds=61)
        self.assertEqual(self.send().status_code, 200, "The next minute")
        self.assertEqual(before.requests, 1)

    def test_rate_of_rows(self):
        self.env["ir.config_parameter"].sudo().set_param("crm_suite_base.api_rows", 5)
        rows = [{"ref": f"R-{number}", "name": f"R {number}"} for number in range(4)]
        self.assertEqual(self.call("customers", {"rows": rows}).status_code, 200)
        self.assertProblem(self.call("customers", {"rows": rows}), 429, "rate_limited")
        self.assertEqual(self.send().status_code, 200, "One more row still fits")

    def test_refusals_count_as_requests(self):
        self.call("customers", raw=b"{")
        self.call("customers", method="PUT")
        self.assertEqual(self.key.sudo().meter_ids.requests, 2)
        self.assertTrue(self.key.last_used)

    # === IDEMPOTENCY === #

    def test_same_request_again(self):
        headers = {"Idempotency-Key": "order-1"}
        first = self.send(headers=headers)
        self.assertEqual(first.data["result"], "created")
        again = self.send(headers=headers)
        self.assertEqual(again.data, first.data)
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertTrue(self.last_log().replayed)
        other = self.call("customers", {"ref": "A-2", "name": "B"}, headers=headers)
        self.assertProblem(other, 409, "idempotency_conflict")
        other = self.call(
            "customers?key=email", {"ref": "A-1", "name": "Aurora"}, headers=headers
        )
        self.assertProblem(other, 409, "idempotency_conflict")
        _key, text = self.make_key(self.lead)
        self.assertEqual(
            self.send(headers=headers, key=text).data["result"], "unchanged"
        )

    def test_answer_is_forgotten_after_a_day(self):
        own = [("key_id", "=", self.key.id)]
        headers = {"Idempotency-Key": "order-2"}
        self.send(headers=headers)
        kept = self.env["crm.suite.api.request"].search(own)
        kept.date -= timedelta(hours=25)
        self.assertEqual(self.send(headers=headers).data["result"], "unchanged")
        kept = self.env["crm.suite.api.request"].search(own)
        self.assertEqual(len(kept), 1)
        kept.date -= timedelta(hours=25)
        self.env["crm.suite.api.request"]._gc_requests()
        self.assertFalse(kept.exists())

    def test_refusal_is_not_kept(self):
        headers = {"Idempotency-Key": "order-3"}
        response = self.call("customers", {"ref": "A-3"}, headers=headers)
        self.assertProblem(response, 422, "invalid")
        response = self.call("customers", {"ref": "A-3", "name": "A"}, headers=headers)
        self.assertEqual(response.data["result"], "created")

    def test_bad_idempotency_keys(self):
        for name in ("", "x" * 201, "a b", "é"):
            response = self.send(headers={"Idempotency-Key": name.encode()})
            self.assertProblem(response, 400, "bad_request")

    def test_request_that_runs_already(self):
        requests = self.env.registry["crm.suite.api.request"]
        from ..tools.api_problem import ApiProblem

        def taken(*_arguments):
            raise ApiProblem("in_progress", "Wait.", retry_after=1)

        with patch.object(requests, "_begin", taken):
            response = self.send(headers={"Idempotency-Key": "order-4"})
        self.assertProblem(response, 409, "in_progress")
        self.assertEqual(response.headers["Retry-After"], "1")

    # === LOG === #

    def test_log(self):
        rows = [
            {"ref": "L-1", "name": "L"},
            {"ref": "L-2", "name": "L", "email": "secret at home"},
        ]
        self.call("customers", {"rows": rows})
        log = self.last_log()
        self.assertEqual((log.key_id, log.user_id), (self.key, self.lead))
        self.assertEqual((log.status, log.outcome, log.row_count), (200, "partly", 2))
        self.assertEqual((log.created_count, log.rejected_count), (1, 1))
        self.assertEqual(log.operation_id.kind, "api")
        self.assertIn("/rows/1/email", log.failures_text)
        self.assertNotIn("secret", json.dumps(log.read()[0], default=str))
        self.call("customers", raw=b"{")
        self.assertEqual(
            (self.last_log().outcome, self.last_log().code), ("refused", "bad_request")
        )

    def test_log_is_trimmed(self):
        self.send()
        log = self.last_log()
        log.date -= timedelta(days=400)
        self.env["crm.suite.api.log"]._gc_log()
        self.assertFalse(log.exists())

import json
import threading
from contextlib import ExitStack

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import ConcurrencyError
from odoo.tests import new_test_user, tagged

from ..models.api_service import ApiCall
from .api_common import EVERYTHING, PREFIX
from .concurrency_common import ConcurrencyCase

REF = "API-TWICE"


@tagged("post_install", "-at_install")
class TestApiConcurrency(ConcurrencyCase):
    """Two real connections at once: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)
        with self.committing() as env:
            role = "crm_suite_base.group_crm_suite_sales_lead"
            user = new_test_user(env, "api_twice", role)
            keys = env["crm.suite.api.key"].with_user(user)
            until = fields.Datetime.add(fields.Datetime.now(), days=1)
            key, _text = keys._make(user, "Twice", EVERYTHING, until)
            self.user_id, self.key_id = user.id, key.id

    def _remove(self):
        with self.committing() as env:
            env["res.partner"].search([("ref", "=", REF)]).unlink()
            env["crm.suite.api.log"].search([("key_id", "=", self.key_id)]).unlink()
            env["crm.suite.operation"].search([("user_id", "=", self.user_id)]).unlink()
            env["crm.suite.api.key"].browse(self.key_id).unlink()
            user = env["res.users"].browse(self.user_id)
            partner = user.partner_id
            user.unlink()
            partner.unlink()

    def env_of(self, cr):
        return api.Environment(cr, self.user_id, {})

    def send(self, env, name="Twice", idempotency_key="key-1"):
        body = json.dumps({"ref": REF, "name": name}).encode()
        headers = {"Content-Type": "application/json"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        call = ApiCall(
            key_id=self.key_id,
            scopes=("customer:write",),
            work="_do_rows",
            args=("customer",),
            scope="customer:write",
            verb="POST",
            method="POST",
            path=f"{PREFIX}/customers",
            query={},
            headers=headers,
            remote="127.0.0.1",
            get_body=lambda: body,
            count=lambda rows: 0,
        )
        answer = env["crm.suite.api"]._handle(call)
        return answer.status, answer.body, call.replayed

    def count(self):
        with self.committing() as env:
            return env["res.partner"].search_count([("ref", "=", REF)])

    def test_of_two_at_once_one_works(self):
        with self.registry.cursor() as one, self.registry.cursor() as two:
            status, first, _replayed = self.send(self.env_of(one))
            self.assertEqual((status, first["result"]), (200, "created"))
            status, problem, _replayed = self.send(self.env_of(two))
            self.assertEqual((status, problem["code"]), (409, "in_progress"))
            one.commit()
            # The transaction of the second began before the first ended.
            status, again, replayed = self.send(self.env_of(two))
            self.assertEqual((status, again, replayed), (200, first, True))
            two.commit()
        self.assertEqual(self.count(), 1)

    def test_work_that_is_lost_is_done_again(self):
        with self.registry.cursor() as one:
            self.send(self.env_of(one))
            one.rollback()
        with self.registry.cursor() as two:
            status, answer, replayed = self.send(self.env_of(two))
            self.assertEqual((status, replayed), (200, False))
            self.assertEqual(answer["result"], "created")
            two.commit()
        self.assertEqual(self.count(), 1)

    def test_without_a_key_the_second_is_run_again_and_finds_the_first(self):
        with self.registry.cursor() as two:
            env = self.env_of(two)
            env["res.partner"].search_count([])  # its view of the database begins
            with self.registry.cursor() as one:
                self.send(self.env_of(one), idempotency_key=None)
                one.commit()
            with self.assertRaises(ConcurrencyError):
                self.send(env, idempotency_key=None)
            two.rollback()
            # What the server does with such a failure: it runs the request again.
            _status, answer, _replayed = self.send(env, idempotency_key=None)
            self.assertEqual(answer["result"], "unchanged")
            two.commit()
        self.assertEqual(self.count(), 1)

    def test_all_workers_count_together(self):
        """Of thirty requests from three workers the limit lets ten pass."""
        passed, lock = [], threading.Lock()
        with self.committing() as env:
            parameters = env["ir.config_parameter"]
            before = parameters.get_param("crm_suite_base.api_requests")
            parameters.set_param("crm_suite_base.api_requests", 10)

        def work(meter):
            for _number in range(10):
                seconds = meter._spend(self.key_id, 1)
                with lock:
                    passed.append(not seconds)

        try:
            with ExitStack() as stack:
                # Made here: a thread would wait for the registry, which the test holds.
                envs = [
                    api.Environment(
                        stack.enter_context(self.registry.cursor()), SUPERUSER_ID, {}
                    )
                    for _number in range(3)
                ]
                workers = [
                    threading.Thread(
                        target=work, args=(env["crm.suite.api.meter"],), daemon=True
                    )
                    for env in envs
                ]
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join(timeout=60)
        finally:
            with self.committing() as env:
                env["ir.config_parameter"].set_param(
                    "crm_suite_base.api_requests", before
                )
        self.assertEqual((len(passed), sum(passed)), (30, 10))
        with self.committing() as env:
            meter = env["crm.suite.api.meter"].search([("key_id", "=", self.key_id)])
            self.assertEqual((meter.requests, meter.rows), (10, 10))

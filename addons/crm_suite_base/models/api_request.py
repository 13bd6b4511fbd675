import hashlib
import json

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.api_problem import ApiProblem

KEPT_HOURS = 24
# Of the advisory locks of requests that are being worked on.
LOCK_SPACE = 190_005


class ApiRequest(models.Model):
    """Answers that were given, for programs that ask again.

    The answer is stored by the transaction that did the work: both are there, or
    neither is. While it runs it holds a lock on the idempotency key, which ends with it
    however it ends, so no row is ever left behind half done.
    """

    _name = "crm.suite.api.request"
    _description = "Answered API Request"
    _order = "id desc"
    _rec_name = "idempotency_key"

    key_id = fields.Many2one(
        "crm.suite.api.key",
        string="API Key",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    idempotency_key = fields.Char(required=True, readonly=True)
    # Of method, address and body.
    fingerprint = fields.Char(required=True, readonly=True, exportable=False)
    date = fields.Datetime(required=True, readonly=True, index=True)
    status = fields.Integer(required=True, readonly=True, aggregator=None)
    # Reasons in it may name customers: for nobody to read but the program that asked.
    answer = fields.Text(readonly=True, exportable=False, groups=fields.NO_ACCESS)

    _once = models.UniqueIndex("(key_id, idempotency_key)")

    @api.model
    def _get_fingerprint(self, *parts):
        digest = hashlib.sha256()
        for part in parts:
            data = part if isinstance(part, bytes) else part.encode()
            digest.update(str(len(data)).encode() + b":" + data)
        return digest.hexdigest()

    @api.model
    def _begin(self, key_id, idempotency_key, fingerprint):
        """Make sure that a request is worked on once.

        :return: status and answer of the first time, or None: go on
        :rtype: tuple[int, dict] | None
        :raise ApiProblem: another request has this key, or it is being worked on
        """
        name = self._get_fingerprint(str(key_id), idempotency_key)
        number = int.from_bytes(bytes.fromhex(name[:8]), "big", signed=True)
        [[free]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK_SPACE, number)
        )
        if not free:
            raise ApiProblem(
                "in_progress",
                "A request with this Idempotency-Key is being worked on. Ask again in a moment.",
                retry_after=1,
            )
        # This transaction may have begun before the first one ended: a cursor of its
        # own sees what is there now.
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """
                    SELECT fingerprint, status, answer FROM crm_suite_api_request
                     WHERE key_id = %s AND idempotency_key = %s AND date > %s
                    """,
                    key_id,
                    idempotency_key,
                    self._get_oldest(),
                )
            )
            rows = cr.fetchall()
        if not rows:
            return None
        [[known, status, answer]] = rows
        if known != fingerprint:
            raise ApiProblem(
                "idempotency_conflict",
                "This Idempotency-Key was used for another request. Take a new one for each request.",
            )
        return status, json.loads(answer)

    @api.model
    def _finish(self, key_id, idempotency_key, fingerprint, status, answer):
        """Keep an answer for :data:`KEPT_HOURS`, within the transaction of the work."""
        self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_suite_api_request
                            (key_id, idempotency_key, fingerprint, date, status, answer,
                             create_uid, create_date)
                     VALUES (%(key)s, %(name)s, %(fingerprint)s, %(now)s, %(status)s,
                             %(answer)s, %(uid)s, %(now)s)
                ON CONFLICT (key_id, idempotency_key) DO UPDATE
                        SET fingerprint = excluded.fingerprint, date = excluded.date,
                            status = excluded.status, answer = excluded.answer
                  RETURNING id
                """,
                key=key_id,
                name=idempotency_key,
                fingerprint=fingerprint,
                now=fields.Datetime.now(),
                status=status,
                answer=json.dumps(answer, ensure_ascii=False),
                uid=self.env.uid,
            )
        )

    @api.model
    def _get_oldest(self):
        return fields.Datetime.subtract(fields.Datetime.now(), hours=KEPT_HOURS)

    @api.autovacuum
    def _gc_requests(self):
        # sudo: the scheduled clean-up of everybody's answers.
        old = self.sudo().search([("date", "<=", self._get_oldest())], limit=5000)
        done = len(old)
        old.unlink()
        return done, int(done == 5000)

import time

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from .import_target_orm import is_try_again

DEFAULT_REQUESTS = 120
DEFAULT_ROWS = 20_000
WINDOW = 60
TRIES = 20


class ApiMeter(models.Model):
    """How much each key has asked for in the present minute, all workers together.

    One row per key. It is counted in a transaction of its own, which is over before the
    work begins: requests of one key do not wait for each other, and one that fails has
    been counted all the same. (The limit of the conflict check counts per person and
    day, within the transaction that it guards; the two share nothing but the statement's
    form.)
    """

    _name = "crm.suite.api.meter"
    _description = "Use of an API Key"
    _order = "last_used desc, id desc"
    _rec_name = "key_id"
    _log_access = False

    key_id = fields.Many2one(
        "crm.suite.api.key",
        string="API Key",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    started = fields.Datetime(string="Minute Since", required=True, readonly=True)
    last_used = fields.Datetime(required=True, readonly=True)
    requests = fields.Integer(required=True, readonly=True)
    rows = fields.Integer(required=True, readonly=True)

    _once = models.UniqueIndex("(key_id)")

    @api.model
    def _get_limits(self):
        """Requests and rows that a key may send in a minute; 0: as many as it likes.

        :rtype: tuple[int, int]
        """
        parameters = self.env["ir.config_parameter"].sudo()
        return (
            int(parameters.get_param("crm_suite_base.api_requests", DEFAULT_REQUESTS)),
            int(parameters.get_param("crm_suite_base.api_rows", DEFAULT_ROWS)),
        )

    @api.model
    def _spend(self, key_id, rows):
        """Count a request, unless the key has used up its minute.

        A request with more rows than a minute allows passes at the beginning of one: it
        would never pass otherwise.

        :param int key_id: the key
        :param int rows: how many rows the request has
        :return: seconds to wait; 0: it was counted and may go on. What is refused is not
            counted.
        :rtype: int
        """
        limits = self._get_limits()
        for attempt in range(TRIES):
            try:
                with self.env.registry.cursor() as cr:
                    return self._add(cr, key_id, rows, *limits)
            except psycopg2.Error as error:
                # Another request of this key was counted between our two looks.
                if not is_try_again(error):
                    raise
                time.sleep(0.002 * attempt)
        return 1

    @api.model
    def _add(self, cr, key_id, rows, most_requests, most_rows):
        now = fields.Datetime.now()
        over = SQL("m.started <= %s", fields.Datetime.subtract(now, seconds=WINDOW))
        cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_api_meter AS m
                            (key_id, started, last_used, requests, rows)
                     VALUES (%(key)s, %(now)s, %(now)s, 1, %(rows)s)
                ON CONFLICT (key_id) DO UPDATE
                        SET last_used = excluded.last_used,
                            started = CASE WHEN %(over)s THEN excluded.started
                                           ELSE m.started END,
                            requests = CASE WHEN %(over)s THEN 1
                                            ELSE m.requests + 1 END,
                            rows = CASE WHEN %(over)s THEN excluded.rows
                                        ELSE m.rows + excluded.rows END
                      WHERE %(over)s
                         OR (%(most_requests)s = 0 OR m.requests < %(most_requests)s)
                        AND (%(most_rows)s = 0
                             OR m.rows + excluded.rows <= %(most_rows)s)
                  RETURNING id
                """,
                key=key_id,
                now=now,
                rows=rows,
                over=over,
                most_requests=most_requests,
                most_rows=most_rows,
            ),
            log_exceptions=False,
        )
        if cr.fetchall():
            return 0
        cr.execute(
            SQL("SELECT started FROM crm_suite_api_meter WHERE key_id = %s", key_id)
        )
        [[started]] = cr.fetchall()
        return max(1, WINDOW - int((now - started).total_seconds()))

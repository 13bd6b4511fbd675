from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .arguments import check_records

STATES = [
    ("pending", "Waiting"),
    ("sending", "On Its Way"),
    ("sent", "Sent"),
    ("failed", "To Be Tried Again"),
    ("dead", "Given Up"),
    ("skipped", "Skipped"),
]
# While one of these is there, later events of the same record wait.
OPEN = ("pending", "sending", "failed")
# So long after the claim somebody who did not answer is taken for dead.
LOST_MINUTES = 10
KEPT_DAYS = 30
DAYS_PARAMETER = "crm_suite_base.webhook_days"
# What is sent when it is due: the first one of its record that is open.
HEAD = """
    d.is_test IS NOT TRUE AND d.state IN ('pending', 'failed')
    AND w.state = 'on' AND w.active
    AND NOT EXISTS (
        SELECT 1 FROM crm_suite_webhook_delivery e
         WHERE e.webhook_id = d.webhook_id
           AND e.res_model = d.res_model AND e.res_id = d.res_id
           AND e.id < d.id
           AND e.state IN ('pending', 'failed', 'sending'))
"""


class WebhookDelivery(models.Model):
    """One event on its way to one subscription: the outbox.

    ``pending`` → claimed and committed as ``sending`` → ``sent``, or ``failed`` with the
    moment of the next try, or ``dead`` after the last one. Who dies in between leaves
    ``sending``, which is sent again after a while *with the same event id*: receivers
    get each event at least once and drop what they know.
    """

    _name = "crm.suite.webhook.delivery"
    _description = "Delivery of an Event"
    _inherit = ["crm.suite.about.mixin"]
    _order = "id desc"
    _rec_name = "event_type"

    webhook_id = fields.Many2one(
        "crm.suite.webhook",
        string="Subscription",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    event_id = fields.Many2one(
        "crm.suite.webhook.event",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    event_type = fields.Char(string="Kind", required=True, readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", required=True, readonly=True
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="pending")
    attempts = fields.Integer(string="Tries", readonly=True, aggregator="max")
    next_try = fields.Datetime(readonly=True)
    claimed_at = fields.Datetime(readonly=True)
    sent_at = fields.Datetime(string="Answered On", readonly=True)
    status_code = fields.Integer(string="HTTP Status", readonly=True, aggregator=None)
    answer = fields.Text(string="Beginning of the Answer", readonly=True)
    error = fields.Char(string="What Went Wrong", readonly=True)
    seconds = fields.Float(
        string="Duration (s)", digits=(16, 3), readonly=True, aggregator="avg"
    )
    body = fields.Text(string="What Is Sent", readonly=True)
    is_test = fields.Boolean(string="Test", readonly=True)

    _event_unique = models.UniqueIndex("(webhook_id, event_id)")
    _due_idx = models.Index(
        "(webhook_id, id) WHERE state IN ('pending', 'failed', 'sending')"
    )
    _order_idx = models.Index(
        "(webhook_id, res_model, res_id, id)"
        " WHERE state IN ('pending', 'failed', 'sending')"
    )
    _next_idx = models.Index(
        "(webhook_id, next_try) WHERE state IN ('pending', 'failed')"
    )
    _test_idx = models.Index(
        "(webhook_id, id) WHERE is_test AND state IN ('pending', 'failed')"
    )
    _old_idx = models.Index("(create_date)")

    # === ACTIONS === #

    def action_replay(self):
        """Send again what was sent, given up or skipped, with the same event ids.

        :return: how many are sent again
        :rtype: int
        """
        check_records(self).check_access("read")
        self.webhook_id.check_access("write")
        return self._replay()

    def action_replay_button(self):
        """The same, and say so.

        :rtype: dict
        """
        count = self.action_replay()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if count else "warning",
                "message": self.env._(
                    "%(count)s deliveries are sent again.", count=count
                )
                if count
                else self.env._("These are on their way already."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _replay(self):
        # Who may was checked; deliveries are written by the engine.
        closed = self.sudo().filtered(lambda d: d.state not in OPEN)
        for webhook, deliveries in closed.grouped("webhook_id").items():
            skipped = deliveries.filtered(lambda d: not d.body)
            bodies = skipped.event_id._get_bodies(webhook)
            for delivery in skipped:
                delivery.body = bodies.get(delivery.event_id.id)
        ready = closed.filtered("body")
        ready.write(
            {
                "state": "pending",
                "attempts": 0,
                "next_try": fields.Datetime.now(),
                "error": False,
            }
        )
        if ready:
            self._wake()
        return len(ready)

    def action_open_record(self):
        """Open what the event is about.

        :rtype: dict
        """
        return self._open_record()

    # === CLAIMING === #

    @api.model
    def _claim(self, webhook_id, limit):
        """Take deliveries of one subscription, so that nobody else sends them.

        To be committed before anything is sent. Of each record only the first one that
        is open, when it is due; the others follow when that one is done. A test waits
        for nothing, also while the subscription is paused.

        :return: what was taken
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH test AS (
                    SELECT d.id
                      FROM crm_suite_webhook_delivery d
                     WHERE d.webhook_id = %(webhook)s AND d.is_test
                       AND d.state IN ('pending', 'failed')
                       AND d.next_try <= %(now)s
                  ORDER BY d.id
                     LIMIT %(limit)s
                       FOR UPDATE OF d SKIP LOCKED
                ), head AS (
                    SELECT d.id
                      FROM crm_suite_webhook_delivery d
                      JOIN crm_suite_webhook w ON w.id = d.webhook_id
                     WHERE d.webhook_id = %(webhook)s AND d.next_try <= %(now)s
                       AND %(head)s
                  ORDER BY d.id
                     LIMIT GREATEST(%(limit)s - (SELECT count(*) FROM test), 0)
                       FOR UPDATE OF d SKIP LOCKED
                ), next AS (
                    SELECT id FROM test UNION ALL SELECT id FROM head
                )
                UPDATE crm_suite_webhook_delivery d
                   SET state = 'sending', attempts = COALESCE(attempts, 0) + 1,
                       claimed_at = %(now)s
                  FROM next n
                 WHERE d.id = n.id
             RETURNING d.id
                """,
                webhook=webhook_id,
                now=fields.Datetime.now(),
                limit=limit,
                head=SQL(HEAD),
            ),
            # That another worker was faster is nothing to tell in the log.
            log_exceptions=False,
        )
        ids = sorted(id_ for (id_,) in self.env.cr.fetchall())
        self.invalidate_model(flush=False)
        return self.browse(ids)

    def _give_back(self):
        """What was claimed and did not leave is as before."""
        for delivery in self:
            delivery.write(
                {
                    "state": "pending",
                    "attempts": delivery.attempts - 1,
                    "next_try": fields.Datetime.now(),
                }
            )

    @api.model
    def _release_lost(self):
        """Take up what somebody claimed who died before he could say what became of it."""
        limit = fields.Datetime.now() - timedelta(minutes=LOST_MINUTES)
        lost = self.search([("state", "=", "sending"), ("claimed_at", "<", limit)])
        lost = lost.try_lock_for_update()
        lost.write(
            {
                "state": "failed",
                "next_try": fields.Datetime.now(),
                "error": self.env._("The server stopped while it was sent."),
            }
        )
        return lost

    @api.model
    def _find_due_webhooks(self):
        """Subscriptions that may have something to send; whether it waits for another
        one of its record is seen by the claim.

        Asked for each message that has left: it looks at one row of each.

        :rtype: list[int]
        """
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT w.id
                  FROM crm_suite_webhook w
                 WHERE w.state = 'on' AND w.active AND EXISTS (
                       SELECT 1 FROM crm_suite_webhook_delivery d
                        WHERE d.webhook_id = w.id
                          AND d.state IN ('pending', 'failed')
                          AND d.next_try <= %(now)s)
                    OR EXISTS (
                       SELECT 1 FROM crm_suite_webhook_delivery d
                        WHERE d.webhook_id = w.id AND d.is_test
                          AND d.state IN ('pending', 'failed')
                          AND d.next_try <= %(now)s)
                """,
                now=now,
            )
        )
        return [id_ for (id_,) in rows]

    @api.model
    def _wake(self, at=None):
        self.env["ir.cron"]._crm_suite_wake("crm_suite_base.ir_cron_webhook", at=at)

    # === TRIMMING === #

    @api.autovacuum
    def _gc_deliveries(self):
        """Forget what is done for longer than the settings say, and its events."""
        # A number of the settings.
        parameters = self.env["ir.config_parameter"].sudo()
        days = int(parameters.get_param(DAYS_PARAMETER) or KEPT_DAYS)
        before = fields.Datetime.now() - timedelta(days=max(days, 1))
        most = 10_000
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_webhook_delivery WHERE id IN (
                    SELECT id FROM crm_suite_webhook_delivery
                     WHERE create_date < %s AND state IN ('sent', 'dead', 'skipped')
                     LIMIT %s)
                """,
                before,
                most,
            )
        )
        done = self.env.cr.rowcount
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_webhook_event WHERE id IN (
                    SELECT e.id FROM crm_suite_webhook_event e
                     WHERE e.occurred_at < %s AND e.spread
                       AND NOT EXISTS (SELECT 1 FROM crm_suite_webhook_delivery d
                                        WHERE d.event_id = e.id)
                     LIMIT %s)
                """,
                before,
                most,
            )
        )
        done = max(done, self.env.cr.rowcount)
        self.env.invalidate_all(flush=False)
        return done, done == most

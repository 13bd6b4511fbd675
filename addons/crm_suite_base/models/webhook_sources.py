from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from .metric_watermark import MARGIN

LOCK = "crm_suite_base.webhook.fold"


class Source(NamedTuple):
    """Rows that are only ever added, and become events.

    ``select`` is a method of ``crm.suite.webhook.cursor`` that takes nothing and gives
    a ``SELECT`` with the columns ``type, res_model, res_id, source_model, source_id,
    source_key, occurred_at, data`` of all rows of the table; which of them are new is
    decided here, by ``source_id``.
    """

    name: str
    model: str
    types: tuple
    select: str


class WebhookCursor(models.Model):
    """How far the rows of a source have become events.

    Ids are given out in order but committed in any order: a row with a small id may
    appear after one with a greater id was taken. So a position is noted with its
    moment, and everything up to it is taken once no transaction is open any more that
    had begun by then: after that no smaller id can appear. Each row is taken once, in
    the order of the ids, and the position moves in the transaction that adds the
    events.
    """

    _name = "crm.suite.webhook.cursor"
    _description = "Position of the Webhooks in a Source"
    _log_access = False

    name = fields.Char(required=True, readonly=True)
    last_id = fields.Integer(readonly=True)
    next_id = fields.Integer(readonly=True)
    next_at = fields.Datetime(readonly=True)

    _name_unique = models.UniqueIndex("(name)")

    # === SOURCES === #

    @api.model
    def _webhook_sources(self):
        """Which rows become events. Hook: addons add theirs to what ``super()`` gives.

        :rtype: list[Source]
        """
        return [
            Source(
                "segment",
                "crm.suite.segment.event",
                ("segment.entered", "segment.left"),
                "_select_segments",
            ),
            Source(
                "lifecycle",
                "crm.suite.lifecycle.transition",
                ("customer.lifecycle_changed",),
                "_select_lifecycle",
            ),
            Source(
                "approval",
                "crm.suite.approval.event",
                ("approval.requested", "approval.decided", "approval.finished"),
                "_select_approvals",
            ),
            Source(
                "assignment",
                "crm.suite.assignment.log",
                ("assignment.made",),
                "_select_assignments",
            ),
            Source(
                "pool",
                "crm.suite.pool.move",
                ("pool.claimed", "pool.returned"),
                "_select_pools",
            ),
        ]

    def _select_segments(self):
        return SQL(
            """
            SELECT CASE e.kind WHEN 'enter' THEN 'segment.entered'
                               ELSE 'segment.left' END AS type,
                   'res.partner' AS res_model, e.partner_id AS res_id,
                   'crm.suite.segment.event' AS source_model, e.id AS source_id,
                   'segment,' || e.id AS source_key, e.at AS occurred_at,
                   jsonb_build_object(
                       'segment_id', e.segment_id, 'segment', s.name ->> 'en_US') AS data
              FROM crm_suite_segment_event e
         LEFT JOIN crm_suite_segment s ON s.id = e.segment_id
            """
        )

    def _select_lifecycle(self):
        return SQL(
            """
            SELECT 'customer.lifecycle_changed' AS type,
                   'res.partner' AS res_model, e.partner_id AS res_id,
                   'crm.suite.lifecycle.transition' AS source_model, e.id AS source_id,
                   'lifecycle,' || e.id AS source_key, e.at AS occurred_at,
                   jsonb_build_object(
                       'from', f.code, 'to', t.code, 'from_id', e.from_id,
                       'to_id', e.to_id, 'source', e.source) AS data
              FROM crm_suite_lifecycle_transition e
         LEFT JOIN crm_suite_lifecycle_stage f ON f.id = e.from_id
         LEFT JOIN crm_suite_lifecycle_stage t ON t.id = e.to_id
            """
        )

    def _select_approvals(self):
        """Decisions of all requests; beginning and end of those that are no part.

        What is withdrawn or cancelled while it runs is finished by that and told once;
        what was agreed to and not done has finished before, so that tells a result.
        """
        return SQL(
            """
            SELECT CASE WHEN e.kind = 'start' THEN 'approval.requested'
                        WHEN e.kind IN ('agree', 'reject', 'return')
                        THEN 'approval.decided' ELSE 'approval.finished' END AS type,
                   r.res_model, r.res_id,
                   'crm.suite.approval.event' AS source_model, e.id AS source_id,
                   'approval,' || e.id AS source_key, e.at AS occurred_at,
                   jsonb_strip_nulls(jsonb_build_object(
                       'request_id', r.id, 'flow_id', r.flow_id, 'flow', f.name ->> 'en_US',
                       'document', r.name, 'node', e.node, 'node_name', e.node_name,
                       'user_id', e.user_id,
                       'decision', CASE WHEN e.kind IN ('agree', 'reject', 'return')
                                        THEN e.kind END,
                       'by_limit', CASE WHEN e.kind IN ('agree', 'reject', 'return')
                                        THEN COALESCE(e.is_missed, FALSE) END,
                       'result', CASE WHEN e.kind IN ('finish', 'withdraw', 'cancel')
                                      THEN COALESCE(e.result, r.state) END)) AS data
              FROM crm_suite_approval_event e
              JOIN crm_suite_approval_request r ON r.id = e.request_id
              JOIN crm_suite_approval_flow f ON f.id = r.flow_id
             WHERE e.kind IN ('agree', 'reject', 'return')
                OR (e.kind IN ('start', 'finish')
                    OR e.kind IN ('withdraw', 'cancel') AND e.result IS NOT NULL)
                   AND r.parent_id IS NULL
            """
        )

    def _select_assignments(self):
        return SQL(
            """
            SELECT 'assignment.made' AS type, e.res_model, e.res_id,
                   'crm.suite.assignment.log' AS source_model, e.id AS source_id,
                   'assignment,' || e.id AS source_key, e.date AS occurred_at,
                   jsonb_build_object(
                       'from_user_id', e.from_user_id, 'to_user_id', e.to_user_id,
                       'policy_id', e.policy_id, 'rule_id', e.rule_id,
                       'cause', e.cause) AS data
              FROM crm_suite_assignment_log e
             WHERE e.to_user_id IS NOT NULL
            """
        )

    def _select_pools(self):
        return SQL(
            """
            SELECT CASE e.kind WHEN 'claim' THEN 'pool.claimed'
                               ELSE 'pool.returned' END AS type,
                   e.res_model, e.res_id,
                   'crm.suite.pool.move' AS source_model, e.id AS source_id,
                   'pool,' || e.id AS source_key, e.at AS occurred_at,
                   jsonb_build_object(
                       'pool_id', e.pool_id, 'from_user_id', e.from_user_id,
                       'to_user_id', e.to_user_id,
                       'automatic', e.kind = 'auto_return') AS data
              FROM crm_suite_pool_move e
             WHERE e.kind IN ('claim', 'return', 'auto_return')
            """
        )

    # === FOLDING === #

    @api.model
    def _cron_fold(self):
        """Make events of the rows that came since the last run."""
        progress = self.env["ir.cron"]._commit_progress
        progress()
        horizon = self.env["crm.suite.metric.watermark"]._horizon()
        # Whatever the next transaction does not see begins after the horizon.
        progress()
        if self._lock():
            self._fold(horizon)
        progress()

    @api.model
    def _lock(self):
        return self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(hashtext(%s))", LOCK)
        )[0][0]

    @api.model
    def _fold(self, horizon):
        """Take what is complete of each source, and note how far to take next time.

        :param horizon: of ``crm.suite.metric.watermark``, from a transaction before
        :return: how many events were added
        :rtype: int
        """
        count, waiting = 0, False
        for source in self._webhook_sources():
            wanted = self.env["crm.suite.webhook"]._wants(source.types)
            cursor = self.search([("name", "=", source.name)])
            if not wanted:
                # Who begins to listen hears of what happens from then on.
                cursor.unlink()
                continue
            cursor = cursor or self.create({"name": source.name})
            count += cursor._take(source, wanted, horizon)
            waiting = waiting or cursor.next_id > cursor.last_id
        if count:
            self.env["crm.suite.webhook.delivery"]._wake()
        if waiting:
            self._wake()
        return count

    def _take(self, source, wanted, horizon):
        """One source: its rows up to the noted position, if that is complete.

        :rtype: int
        """
        self.ensure_one()
        count = 0
        if not self.next_at:
            last, moment = self._get_position(source)
            self.write({"last_id": last, "next_id": last, "next_at": moment})
            return 0
        if horizon is None or horizon <= self.next_at:
            return 0
        if self.next_id > self.last_id:
            events = self.env["crm.suite.webhook.event"]
            count = events._insert_rows(
                SQL(
                    "SELECT * FROM (%s) r WHERE r.source_id > %s AND r.source_id <= %s"
                    " AND r.type = ANY(%s) ORDER BY r.source_id",
                    getattr(self, source.select)(),
                    self.last_id,
                    self.next_id,
                    sorted(wanted),
                )
            )
        last, moment = self._get_position(source)
        self.write({"last_id": self.next_id, "next_id": last, "next_at": moment})
        return count

    @api.model
    def _get_position(self, source):
        """The last id that was given out, and a moment by which that was so.

        :rtype: tuple[int, datetime]
        """
        sequence = SQL.identifier(f"{self.env[source.model]._table}_id_seq")
        last, called, moment = self.env.execute_query(
            SQL(
                "SELECT last_value, is_called, clock_timestamp() AT TIME ZONE 'UTC'"
                " FROM %s",
                sequence,
            )
        )[0]
        # Moments are kept in whole seconds: rounded up they stay late enough.
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
        return last if called else 0, moment

    @api.model
    def _wake(self):
        """Look again as soon as what was noted can be complete."""
        self.env["ir.cron"]._crm_suite_wake(
            "crm_suite_base.ir_cron_webhook_fold",
            at=fields.Datetime.now() + MARGIN + timedelta(seconds=2),
        )


class ImportBatch(models.Model):
    """An import that has ended is told."""

    _inherit = "crm.suite.import.batch"

    def write(self, vals):
        ended = self.browse()
        if vals.get("state") in ("done", "failed"):
            ended = self.filtered(lambda batch: batch.state == "running")
        result = super().write(vals)
        if ended:
            self.env["crm.suite.webhook"]._emit(
                "import.finished",
                ended,
                {
                    batch.id: {
                        "result": batch.state,
                        "target": batch.target,
                        "totals": batch.totals or {},
                    }
                    for batch in ended
                },
            )
        return result

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.loose_many2one import LooseMany2one
from .reference_loose import remove_rows

KEPT_DAYS = 365


class SegmentEvent(models.Model):
    """That a customer entered or left a segment, for those who react to it.

    Changes of one segment are made one after the other (its row is locked), so the
    order of the ids is the order in which they became true.
    """

    _name = "crm.suite.segment.event"
    _description = "Change of a Segment"
    _order = "id desc"
    _rec_name = "partner_id"
    _log_access = False

    # Each row comes with the one of the member, which locks the customer, while the
    # segment is locked; see ``reference_loose.py``.
    segment_id = LooseMany2one(
        "crm.suite.segment", required=True, ondelete="cascade", readonly=True
    )
    partner_id = LooseMany2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="cascade",
        readonly=True,
    )
    kind = fields.Selection(
        [("enter", "Entered"), ("leave", "Left")], required=True, readonly=True
    )
    at = fields.Datetime(string="When", required=True, readonly=True)

    _order_idx = models.Index("(segment_id, id)")

    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not (self.env.su or bypass_access):
            member = self.env["crm.suite.segment.member"]
            domain = fields.Domain(domain) & member._get_visible()
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    @api.autovacuum
    def _gc_events(self):
        """Forget events of a year ago that every consumer has taken."""
        limit = 10_000
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_segment_event WHERE id IN (
                    SELECT e.id FROM crm_suite_segment_event e
                     WHERE e.at < %s
                       AND NOT EXISTS (SELECT 1 FROM crm_suite_segment_cursor c
                                        WHERE c.segment_id = e.segment_id
                                          AND c.last_event_id < e.id)
                     ORDER BY e.id LIMIT %s)
                """,
                fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS),
                limit,
            )
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == limit


class SegmentCursor(models.Model):
    """How far a consumer has read the changes of a segment."""

    _name = "crm.suite.segment.cursor"
    _description = "Reader of Segment Changes"
    _rec_name = "consumer"
    _log_access = False

    segment_id = fields.Many2one(
        "crm.suite.segment", required=True, ondelete="cascade", readonly=True
    )
    consumer = fields.Char(required=True, readonly=True)
    last_event_id = fields.Integer(readonly=True)

    _consumer_uniq = models.UniqueIndex("(segment_id, consumer)")


class Segment(models.Model):
    _inherit = "crm.suite.segment"

    event_ids = fields.One2many("crm.suite.segment.event", "segment_id", copy=False)

    @api.ondelete(at_uninstall=False)
    def _unlink_rows(self):
        """Members and events go with their segment."""
        for name in ("crm.suite.segment.member", "crm.suite.segment.event"):
            remove_rows(self.env[name], "segment_id", self.ids)

    def _subscribe(self, consumer):
        """Begin to read the changes of these segments from now on.

        Without it a consumer begins with the oldest change that is kept. Does
        nothing for segments that the consumer reads already.

        :param str consumer: a name that no other consumer has, such as
            ``crm_suite_marketing.journey,7``
        """
        self._add_cursors(consumer, from_now=True)

    def _add_cursors(self, consumer, from_now):
        """Make the positions that are missing.

        Without the look before, the insertion would wait for whoever is just moving a
        position that is there.
        """
        if not consumer or not isinstance(consumer, str):
            raise UserError(self.env._("A reader of segment changes needs a name."))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_segment_cursor (segment_id, consumer, last_event_id)
                SELECT s.id, %s,
                       CASE WHEN %s THEN COALESCE(
                           (SELECT max(e.id) FROM crm_suite_segment_event e
                             WHERE e.segment_id = s.id), 0) ELSE 0 END
                  FROM crm_suite_segment s
                 WHERE s.id = ANY(%s)
                   AND NOT EXISTS (SELECT 1 FROM crm_suite_segment_cursor c
                                    WHERE c.segment_id = s.id AND c.consumer = %s)
                ON CONFLICT (segment_id, consumer) DO NOTHING
                """,
                consumer,
                from_now,
                self.ids,
                consumer,
            )
        )

    def _consume(self, consumer, limit=1000):
        """Take the next changes of a segment, in order, each once.

        The position moves in the same transaction in which the consumer does its
        work: if that is rolled back, the changes come again. While one transaction
        works, another gets nothing.

        :param str consumer: see :meth:`_subscribe`
        :param int limit: how many at most
        :return: the changes, oldest first, as superuser
        :rtype: odoo.models.BaseModel
        """
        self.ensure_one()
        events = self.env["crm.suite.segment.event"].sudo()
        self._add_cursors(consumer, from_now=False)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, last_event_id FROM crm_suite_segment_cursor
                 WHERE segment_id = %s AND consumer = %s
                   FOR UPDATE SKIP LOCKED
                """,
                self.id,
                consumer,
            )
        )
        if not rows:
            return events
        cursor_id, last_id = rows[0]
        taken = events.search(
            [("segment_id", "=", self.id), ("id", ">", last_id)],
            order="id",
            limit=limit,
        )
        if taken:
            self.env.execute_query(
                SQL(
                    "UPDATE crm_suite_segment_cursor SET last_event_id = %s"
                    " WHERE id = %s RETURNING id",
                    taken[-1].id,
                    cursor_id,
                )
            )
            self.env["crm.suite.segment.cursor"].invalidate_model(flush=False)
        return taken

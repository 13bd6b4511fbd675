from psycopg2.extras import Json

from odoo import api, models
from odoo.tools import SQL

from .reference_loose import remove_rows

MEMBER = "crm.suite.segment.member"
EVENT = "crm.suite.segment.event"


class Merge(models.AbstractModel):
    _inherit = "crm.suite.merge"

    @api.model
    def _settle_clashes(self, operation, model_name, ids):
        """Of two memberships in one segment the one of the merged customer ends."""
        if model_name != MEMBER:
            return super()._settle_clashes(operation, model_name, ids)
        operation.log_sql(
            model_name,
            SQL(
                "UPDATE crm_suite_segment_member SET left_at = %s, left_reason = %s"
                " WHERE id = ANY(%s) AND left_at IS NULL",
                self.env.cr.now(),
                Json({"cause": "merge"}),
                list(ids),
            ),
            columns=["left_at", "left_reason"],
            cascade=True,
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_suite_merge(self, survivor, choices, by_person=True):
        """Memberships went over with the merge; their events follow here, after it:
        undoing it writes others and takes none back."""
        operation = super()._crm_suite_merge(survivor, choices, by_person)
        self.env[MEMBER].sudo()._announce_customers(self.ids)
        return operation

    @api.ondelete(at_uninstall=False)
    def _unlink_from_segments(self):
        self.env[MEMBER].sudo()._forget_customers(self.ids)


class Operation(models.Model):
    _inherit = "crm.suite.operation"

    def _finish_undo(self, plan):
        """A merge that is undone, or done again, moves memberships between two."""
        result = super()._finish_undo(plan)
        if self._moves_references():
            merged = self._get_origin()._get_merged()
            self.env[MEMBER].sudo()._announce_customers([*merged, *merged.values()])
        return result


class SegmentMember(models.Model):
    """Events of those whose rows changed with their customer."""

    _inherit = "crm.suite.segment.member"

    @api.model
    def _announce_customers(self, partner_ids):
        """Write the events that are missing of customers in all segments."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT segment_id FROM crm_suite_segment_member
                 WHERE partner_id = ANY(%(ids)s)
                 UNION
                SELECT segment_id FROM crm_suite_segment_event
                 WHERE partner_id = ANY(%(ids)s)
                 ORDER BY 1
                """,
                ids=list(partner_ids),
            )
        )
        self._announce_pairs({segment_id: partner_ids for (segment_id,) in rows})

    @api.model
    def _forget_customers(self, partner_ids):
        """Remove the rows of customers that are being deleted.

        Who was in a segment has left it: that event stays when the others go, for
        readers who still have to hear of it. An undo brings the rows back and writes
        that they entered.
        """
        self.env.flush_all()
        inside = self.env.execute_query(
            SQL(
                """
                SELECT segment_id, array_agg(DISTINCT partner_id) FROM (
                    SELECT segment_id, partner_id FROM crm_suite_segment_member
                     WHERE partner_id = ANY(%(ids)s) AND left_at IS NULL
                     UNION
                    SELECT segment_id, partner_id FROM (
                        SELECT DISTINCT ON (segment_id, partner_id) *
                          FROM crm_suite_segment_event WHERE partner_id = ANY(%(ids)s)
                      ORDER BY segment_id, partner_id, id DESC) last
                     WHERE kind = 'enter') known
                GROUP BY segment_id ORDER BY segment_id
                """,
                ids=list(partner_ids),
            )
        )
        for name in (MEMBER, EVENT):
            remove_rows(self.env[name], "partner_id", partner_ids)
        for segment_id, ids in inside:
            self.env["crm.suite.segment"].sudo().browse(segment_id)._note_gone(ids)


class Segment(models.Model):
    _inherit = "crm.suite.segment"

    def _note_gone(self, partner_ids):
        """Write that deleted customers left, and the size without them."""
        self.ensure_one()
        self._lock()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_segment_event (segment_id, partner_id, kind, at)
                SELECT %s, unnest(%s), 'leave', %s
                """,
                self.id,
                list(partner_ids),
                self.env.cr.now(),
            )
        )
        self._note_changes(0, len(partner_ids))

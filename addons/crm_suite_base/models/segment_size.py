from odoo import api, fields, models
from odoo.tools import SQL


class SegmentSize(models.Model):
    """The size of a segment at the end of a day, and how many came and went."""

    _name = "crm.suite.segment.size"
    _description = "Size of a Segment"
    _order = "date desc, segment_id"
    _rec_name = "date"
    _log_access = False

    segment_id = fields.Many2one(
        "crm.suite.segment", required=True, ondelete="cascade", readonly=True
    )
    date = fields.Date(required=True, readonly=True, index=True)
    member_count = fields.Integer(string="Members", readonly=True, aggregator="avg")
    entered_count = fields.Integer(string="Entered", readonly=True)
    left_count = fields.Integer(string="Left", readonly=True)

    _day_uniq = models.UniqueIndex("(segment_id, date)")

    @api.model
    def _note(self, segment_id, size, entered, left):
        """Keep the size of today and add to who came and went."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_segment_size
                            (segment_id, date, member_count, entered_count, left_count)
                VALUES (%s, %s, %s, %s, %s)
                ON CONFLICT (segment_id, date) DO UPDATE
                   SET member_count = EXCLUDED.member_count,
                       entered_count = crm_suite_segment_size.entered_count
                                       + EXCLUDED.entered_count,
                       left_count = crm_suite_segment_size.left_count
                                    + EXCLUDED.left_count
                """,
                segment_id,
                fields.Date.today(),
                size,
                entered,
                left,
            )
        )
        self.invalidate_model(flush=False)

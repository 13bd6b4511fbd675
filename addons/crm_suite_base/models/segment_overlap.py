from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class SegmentOverlap(models.Model):
    """How many customers two segments have in common, of those that the viewer sees.

    A read-only query over the members of now; nothing is stored.
    """

    _name = "crm.suite.segment.overlap"
    _description = "Overlap of Segments"
    _auto = False
    _order = "member_count desc, id"
    _rec_name = "segment_id"

    segment_id = fields.Many2one("crm.suite.segment", readonly=True)
    other_segment_id = fields.Many2one("crm.suite.segment", readonly=True)
    member_count = fields.Integer(string="Customers in Both", readonly=True)
    share = fields.Float(
        string="Share (%)",
        readonly=True,
        aggregator="avg",
        digits=(5, 1),
        help="Of the customers of the segment, how many are in the other one, too.",
    )

    @property
    def _table_query(self):
        members = self.env["crm.suite.segment.member"]._search(
            Domain("left_at", "=", False)
        )
        rows = SQL(
            "SELECT NULL::int4 AS segment_id, NULL::int4 AS partner_id WHERE FALSE"
        )
        if not members.is_empty():
            rows = members.select(
                SQL.identifier(members.table, "segment_id"),
                SQL.identifier(members.table, "partner_id"),
            )
        # Ids of segments stay far below 2^31, so a pair fits the id of a row.
        return SQL(
            """
            WITH member AS MATERIALIZED (%s),
            size AS (SELECT segment_id, count(*) FROM member GROUP BY segment_id)
            SELECT (a.segment_id::bigint << 31) + b.segment_id AS id,
                   a.segment_id,
                   b.segment_id AS other_segment_id,
                   count(*)::int AS member_count,
                   100.0 * count(*) / min(s.count) AS share
              FROM member a
              JOIN member b ON b.partner_id = a.partner_id
                           AND b.segment_id <> a.segment_id
              JOIN size s ON s.segment_id = a.segment_id
          GROUP BY a.segment_id, b.segment_id
            """,
            rows,
        )

    @api.model
    def _search(self, domain, *args, **kwargs):
        self.env["crm.suite.segment.member"].flush_model()
        return super()._search(domain, *args, **kwargs)

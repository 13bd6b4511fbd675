from odoo import api, models
from odoo.tools import SQL

DAYS = 80


class CrmSuiteDemo(models.AbstractModel):
    _inherit = "crm.suite.demo"

    @api.model
    def _date_segments(self):
        """Spread the entries into the demo segments over the last weeks.

        Sizes of the days and events follow from the entries, so that list, growth and
        changes tell the same story.
        """
        rows = self.env["ir.model.data"].search_fetch(
            [
                ("module", "=", "crm_suite_base"),
                ("model", "=", "crm.suite.segment"),
                ("name", "=like", r"segment\_%\_demo"),
            ],
            ["res_id"],
        )
        ids = rows.mapped("res_id")
        self.env.flush_all()
        self._date_members(ids)
        self._date_sizes(ids)
        self.env["crm.suite.segment.member"].invalidate_model()
        self.env["crm.suite.segment.event"].invalidate_model()
        self.env["crm.suite.segment.size"].invalidate_model()

    @api.model
    def _date_members(self, ids):
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_segment_member
                   SET entered_at = entered_at
                       - (id * 37 + partner_id * 11) %% %s * interval '1 day'
                 WHERE segment_id = ANY(%s)
                """,
                DAYS,
                ids,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_segment_event e SET at = m.entered_at
                  FROM crm_suite_segment_member m
                 WHERE m.segment_id = e.segment_id AND m.partner_id = e.partner_id
                   AND e.segment_id = ANY(%s)
                """,
                ids,
            )
        )

    @api.model
    def _date_sizes(self, ids):
        self.env.cr.execute(
            SQL("DELETE FROM crm_suite_segment_size WHERE segment_id = ANY(%s)", ids)
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_segment_size
                            (segment_id, date, member_count, entered_count, left_count)
                SELECT s.id, day::date,
                       count(*) FILTER (WHERE m.entered_at::date <= day::date),
                       count(*) FILTER (WHERE m.entered_at::date = day::date), 0
                  FROM unnest(%s) s(id)
                 CROSS JOIN generate_series(
                    now() - %s * interval '1 day', now(), interval '1 day') day
                  JOIN crm_suite_segment_member m ON m.segment_id = s.id
                 GROUP BY s.id, day::date
                """,
                ids,
                DAYS,
            )
        )

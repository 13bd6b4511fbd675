from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

YEAR = relativedelta(months=12)
TREND = relativedelta(months=11)
# Companies on the other side of the date line are a day off the clock of UTC.
DAY = timedelta(days=1)


class MetricRun(models.Model):
    """What changes without any document: twelve months pass, a due day comes."""

    _inherit = "crm.suite.metric.run"

    @api.model
    def _note_time_passed(self):
        """Note the customers whose figures are different because days went by since
        the last night: only those with a purchase that left the twelve months or the
        trend, with an invoice that fell due, or with a meeting that took place.
        """
        watermarks = self.env["crm.suite.metric.watermark"]
        moment, _positions = watermarks._get("nightly")
        today = fields.Date.today()
        if moment is not None:
            since = moment.date() - DAY
            dirty = self.env["crm.suite.metric.dirty"]
            self.env.flush_all()
            for query in self._time_sources(since, today + DAY):
                dirty._note(query)
        watermarks._set("nightly", fields.Datetime.now())

    @api.model
    def _time_sources(self, since, until):
        """The people concerned by the days from ``since`` to ``until``.

        Hook: extend to add ``SELECT`` statements that give ids of partners.

        :rtype: list[SQL]
        """
        return [
            self._time_purchases(since, until),
            self._time_invoices(since, until),
            self._time_meetings(since, until),
        ]

    def _time_purchases(self, since, until):
        facts = self.env["crm.suite.purchase.fact"].sudo()
        return SQL(
            """
            SELECT partner_id FROM (%s) fact
             WHERE day > %s AND day <= %s OR day >= %s AND day < %s
            """,
            facts._purchase_union(),
            since - YEAR,
            until - YEAR,
            since.replace(day=1) - TREND,
            until.replace(day=1) - TREND,
        )

    def _time_invoices(self, since, until):
        return SQL(
            """
            SELECT l.partner_id
              FROM account_move_line l
              JOIN account_account a ON a.id = l.account_id
             WHERE a.account_type = 'asset_receivable'
               AND l.parent_state = 'posted'
               AND l.reconciled IS NOT TRUE
               AND l.date_maturity >= %s AND l.date_maturity <= %s
            """,
            since,
            until,
        )

    def _time_meetings(self, since, until):
        """A meeting that is over is the last contact, and not the next step."""
        return SQL(
            """
            SELECT r.res_partner_id
              FROM calendar_event e
              JOIN calendar_event_res_partner_rel r ON r.calendar_event_id = e.id
             WHERE e.start < %s AND e.stop >= %s
            """,
            until,
            since,
        )

    @api.model
    def _run_time_driven(self):
        """Everything that is decided from the figures and the calendar, for all."""
        steps = sorted(self.env["crm.suite.recalculation"]._steps())
        for _order, model_name, method in steps:
            if model_name != "crm.suite.customer.metric":
                getattr(self.env[model_name], method)(None)

import logging
import time
from datetime import timedelta
from functools import partial

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.retry import is_try_again
from .recalculation import FIGURES

_logger = logging.getLogger(__name__)

CRON = "crm_suite_base.ir_cron_figures_nightly"
# How often a part is tried that other work is in the way of, how long to wait between,
# and when to come back if that was not enough.
TRIES = 3
PAUSE = 2
AGAIN = timedelta(minutes=10)
YEAR = relativedelta(months=12)
TREND = relativedelta(months=11)
MONTH = relativedelta(months=1)
# Companies on the other side of the date line are a day off the clock of UTC.
DAY = timedelta(days=1)


class MetricRun(models.Model):
    """What changes without any document: twelve months pass, a due day comes."""

    _inherit = "crm.suite.metric.run"

    # === THE NIGHT === #

    @api.model
    def _cron_nightly(self):
        """Every night: what changes by itself as time passes, then a check.

        Each part is a transaction of its own: one that fails loses only itself. What
        another run or other work is in the way of comes again in minutes, for the next
        night is a day away; all parts write only what differs, so twice is no harm.
        """
        missed, failure = False, None
        for part in self._nightly_parts():
            try:
                missed |= not self._do_part(part)
            except Exception as error:
                _logger.exception("A part of the nightly run failed")
                failure = error
        if missed:
            self.env["ir.cron"]._crm_suite_wake(CRON, fields.Datetime.now() + AGAIN)
        # Changed customers that are left are the work of the other scheduled action.
        self.env["ir.cron"]._commit_progress(remaining=0)
        if failure:
            # The scheduler counts failures, and tells the administrator of many.
            raise failure

    @api.model
    def _nightly_parts(self):
        """What a night does, in this order.

        :rtype: list[callable]
        """
        return [
            self._note_time_passed,
            self._cron_changes,
            *(partial(step, None) for step in self._time_driven_steps()),
            self._check_sample,
            self._trim,
        ]

    @api.model
    def _do_part(self, part):
        """Do a part of the night in a transaction of its own, as the only run.

        :return: whether it is done; not, while others are in the way
        :rtype: bool
        """
        for number in range(TRIES):
            if number:
                # Outside of any transaction: what others do is seen afterwards.
                time.sleep(PAUSE)
            try:
                if self._lock():
                    part()
                    self.env["ir.cron"]._commit_progress()
                    return True
                self.env.cr.rollback()
            except Exception as error:
                self.env.cr.rollback()
                if not is_try_again(error):
                    raise
        return False

    # === WHOM TIME CHANGES === #

    @api.model
    def _note_time_passed(self):
        """Note the customers whose figures are different because days went by since
        the last night: only those with a purchase that left the twelve months or the
        trend, or came into it, with an invoice that fell due, or with a meeting that
        took place.
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
                OR day >= %s AND day < %s
            """,
            facts._purchase_union(),
            since - YEAR,
            until - YEAR,
            since.replace(day=1) - TREND,
            until.replace(day=1) - TREND,
            # Dated ahead, they come into the trend with their month.
            since.replace(day=1) + MONTH,
            until.replace(day=1) + MONTH,
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
    def _time_driven_steps(self):
        """Everything that is decided from the figures and the calendar, in its order.

        :return: methods; each takes the ids of customers, or ``None`` for all
        :rtype: list[callable]
        """
        steps = sorted(self.env["crm.suite.recalculation"]._steps())
        return [
            getattr(self.env[model_name], method)
            for _order, model_name, method in steps
            if model_name != FIGURES
        ]

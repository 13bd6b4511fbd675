import time

from odoo import api, fields, models
from odoo.tools import SQL

CHUNK = 2000
# More rows than anybody reads; a month of runs that did something.
KEEP_DAYS = 30
LOCK = "crm_suite_base.metric"


class MetricRun(models.Model):
    """The runs that keep the figures true, and what they found."""

    _name = "crm.suite.metric.run"
    _description = "Calculation of Figures"
    _order = "id desc"
    _rec_name = "date"

    date = fields.Datetime(string="Started", default=fields.Datetime.now, readonly=True)
    kind = fields.Selection(
        [
            ("changes", "Changed customers"),
            ("nightly", "Passing of time"),
            ("full", "All customers"),
            ("check", "Check of a sample"),
        ],
        required=True,
        readonly=True,
    )
    customer_count = fields.Integer(string="Customers", readonly=True)
    changed_count = fields.Integer(
        string="Changed", readonly=True, help="Customers whose figures changed."
    )
    drift_count = fields.Integer(
        string="Wrong",
        readonly=True,
        help="Customers of the sample whose figures were wrong and were put right.",
    )
    failed_count = fields.Integer(
        string="Failed Steps",
        readonly=True,
        help="What follows from the figures and failed; the next night does it again.",
    )
    # It names customers of every company.
    note = fields.Text(readonly=True, groups="crm_suite_base.group_crm_suite_admin")
    seconds = fields.Float(string="Duration (s)", digits=(16, 2), readonly=True)

    # ------------------------------------------------------------------
    # Scheduled
    # ------------------------------------------------------------------

    @api.model
    def _cron_changes(self):
        """Every few minutes: fold in what changed.

        First the customers concerned are noted and the watermark moves on, in one
        transaction; then they are calculated in chunks, each of which takes its
        customers off the list. So a run that is killed loses nothing.
        """
        progress = self.env["ir.cron"]._commit_progress
        if not self._lock():
            return
        horizon = self.env["crm.suite.metric.watermark"]._horizon()
        progress()
        if not self._lock() or not self._collect(horizon):
            return
        remaining = self.env["crm.suite.metric.dirty"]._count()
        left = progress(remaining=remaining)
        while remaining and left and self._lock():
            done = self._run_chunk()
            if not done:
                break
            remaining = max(remaining - done, 0)
            left = progress(done, remaining=remaining)

    @api.model
    def _lock(self):
        """Be the only run; it lasts until the transaction ends.

        :return: whether nobody else is at it
        :rtype: bool
        """
        return self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(hashtext(%s))", LOCK)
        )[0][0]

    # ------------------------------------------------------------------
    # What the runs are made of
    # ------------------------------------------------------------------

    @api.model
    def _collect(self, horizon):
        """Note the customers of whom something changed and move the watermark.

        :param horizon: as :meth:`crm.suite.metric.watermark._horizon` gave it in an
            earlier transaction; ``None``: look, but stay where we are
        :return: whether there is anything to go on with; the first time everything
            is calculated at once
        :rtype: bool
        """
        watermarks = self.env["crm.suite.metric.watermark"]
        since, positions = watermarks._get("changes")
        if since is None:
            self._run_full(horizon)
            return False
        message_id, kept = watermarks._messages_since(since, positions)
        self._note_changes(since, message_id)
        if horizon and horizon > since:
            position = watermarks._message_position()
            watermarks._set("changes", horizon, [*kept, position])
        return True

    @api.model
    def _note_changes(self, since, message_id):
        sources = self.env["crm.suite.customer.metric"]._change_sources(
            since, message_id
        )
        self.env.flush_all()
        return self.env["crm.suite.metric.dirty"]._note(SQL(" UNION ").join(sources))

    @api.model
    def _run_chunk(self):
        """Calculate the next customers on the list.

        :return: how many there were
        :rtype: int
        """
        started = time.monotonic()
        ids = self.env["crm.suite.metric.dirty"]._take(CHUNK)
        if ids:
            failed = self.env["crm.suite.recalculation"]._run(ids)
            self._log_run("changes", len(ids), started, failed)
        return len(ids)

    @api.model
    def _run_full(self, horizon=None):
        """Calculate everything; from here on the changes are enough."""
        started = time.monotonic()
        watermarks = self.env["crm.suite.metric.watermark"]
        position = watermarks._message_position()
        moment = horizon or self.env.cr.now()
        failed = self.env["crm.suite.recalculation"]._run()
        watermarks._set("changes", moment, [position])
        if watermarks._get("nightly")[0] is None:
            watermarks._set("nightly", self.env.cr.now())
        count = self.env["crm.suite.customer.metric"].sudo().search_count([])
        self._log_run("full", count, started, failed)

    @api.model
    def _log_run(self, kind, customers, started, failed=(), note="", **values):
        """Write down what the run of this transaction did.

        :param failed: what failed of what follows from the figures, a line each
        """
        changed = self.env.execute_query(
            SQL(
                "SELECT count(DISTINCT partner_id) FROM crm_suite_customer_metric"
                " WHERE calculated_at = %s",
                self.env.cr.now(),
            )
        )[0][0]
        return self.sudo().create(
            {
                "kind": kind,
                "customer_count": customers,
                "changed_count": changed,
                "seconds": time.monotonic() - started,
                "failed_count": len(failed),
                "note": "\n".join(filter(None, (note, *failed))),
                **values,
            }
        )

    @api.model
    def _trim(self):
        """Forget old runs, but not those that found something wrong."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        old = self.sudo().search([("date", "<", limit), ("drift_count", "=", 0)])
        old.unlink()

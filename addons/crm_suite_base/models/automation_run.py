import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.automation_reader import FieldReader
from ..tools.retry import is_try_again
from .automation_template import MANAGERS, TRIGGERS

_logger = logging.getLogger(__name__)

STATES = [
    ("queued", "Waiting"),
    ("done", "Done"),
    ("failed", "Failed, tried again"),
    ("dead", "Given up"),
    ("skipped", "Left out"),
]
WAITING = ("queued", "failed")
# Minutes until it is tried again; after the last one it is given up.
PATIENCE = (1, 5, 30, 120)
KEEP_DAYS = 90
BATCH = 100
CRON = "crm_suite_base.ir_cron_automation_work"


class AutomationRun(models.Model):
    """What a rule did to one record: what set it off, what it did, how it ended.

    Rows that wait are the queue at the same time: written in the transaction that set
    the rule off, worked off by a scheduled action.
    """

    _name = "crm.suite.automation.run"
    _description = "Run of an Automation Rule"
    _inherit = ["crm.suite.explain.mixin", "crm.suite.about.mixin"]
    _order = "id desc"
    _rec_name = "automation_id"

    automation_id = fields.Many2one(
        "crm.suite.automation",
        string="Rule",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    version = fields.Integer(readonly=True)
    at = fields.Datetime(string="When", readonly=True, default=fields.Datetime.now)
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", readonly=True
    )
    cause = fields.Selection(TRIGGERS, string="Set Off By", readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Set Off By Person", readonly=True, index="btree_not_null"
    )
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    state = fields.Selection(STATES, required=True, readonly=True, default="queued")
    attempts = fields.Integer(string="Tries", readonly=True)
    next_try = fields.Datetime(readonly=True)
    seconds = fields.Float(string="Duration (s)", digits=(16, 3), readonly=True)
    operation_id = fields.Many2one(
        "crm.suite.operation",
        string="Journal",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="What it wrote, and how to take it back.",
    )
    # Values of fields of records that not every reader of the log may read.
    input = fields.Json(readonly=True, groups="base.group_system")
    effect = fields.Json(readonly=True, groups="base.group_system")
    error = fields.Text(string="What Failed", readonly=True, groups="base.group_system")
    chain = fields.Json(readonly=True, groups="base.group_system")
    event_key = fields.Char(readonly=True, copy=False, groups="base.group_system")

    record_name = fields.Char(string="Record", compute="_compute_shown")
    change_text = fields.Char(string="What Happened", compute="_compute_shown")
    effect_text = fields.Text(string="What It Did", compute="_compute_shown")
    error_text = fields.Text(string="Error", compute="_compute_shown")

    _record_idx = models.Index("(res_model, res_id)")
    _pace_idx = models.Index("(automation_id, at)")
    _waiting_idx = models.Index("(next_try) WHERE state IN ('queued', 'failed')")
    _event_unique = models.UniqueIndex(
        "(automation_id, event_key) WHERE event_key IS NOT NULL"
    )

    @api.depends_context("uid", "lang")
    def _compute_shown(self):
        """What the log says of a record is for those who may read the record."""
        hidden = self.env._("(not visible to you)")
        names = self._get_visible_names()
        readers = {
            model: FieldReader(runs._get_records())
            for model, runs in self.grouped("res_model").items()
            if model in self.env
        }
        for run in self:
            own, reader = run.sudo(), readers.get(run.res_model)
            rule = own.automation_id
            name = names.get((run.res_model, run.res_id))
            seen = name is not None
            run.record_name = name if seen else run.res_id and hidden
            run.change_text = own._describe_change(reader) if seen else False
            effects = rule._tell_effects(own.effect, reader, run.res_id) if seen else ()
            run.effect_text = "\n".join(effects) or False
            if own.error and seen and reader:
                seen = reader.may_read_all(run.res_id, rule._get_named_fields())
            run.error_text = own.error if seen else own.error and hidden

    def _get_visible_names(self):
        """Names of the records that the user may read, by model and id; a run about no
        record is everybody's."""
        names = {(run.res_model, False): "" for run in self}
        names |= {(run.res_model, 0): "" for run in self}
        for model, runs in self.grouped("res_model").items():
            if model not in self.env:
                continue
            for record in runs._get_records()._filtered_access("read"):
                names[model, record.id] = record.display_name
        return names

    def _get_records(self):
        """What runs of one model are about, as far as it is there still."""
        ids = {run.res_id for run in self if run.res_id}
        return self.env[self[:1].res_model].browse(ids).exists()

    # === ACTIONS === #

    def action_open(self):
        """Open the record.

        :rtype: dict
        """
        return self._open_record()

    # Who manages rules is asked for first; the log itself is written by nobody.
    def action_retry(self):  # nosemgrep: odoo-public-method-sudo
        """Try once more what failed or was given up.

        :return: True
        """
        self.check_access("read")
        if not self.env.user.has_groups(MANAGERS):
            raise UserError(self.env._("Only who manages rules can try it again."))
        again = self.filtered(lambda run: run.state in ("failed", "dead"))
        if not again:
            raise UserError(self.env._("Nothing of this failed."))
        again.sudo().write(
            {"state": "queued", "attempts": 0, "next_try": fields.Datetime.now()}
        )
        self._wake()
        return True

    # === EXPLANATION === #

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"run"}

    def _explain_run(self):
        rule = self.automation_id
        record = self.res_id and self._get_records()
        return {
            "title": self.env._("Rule"),
            "sentence": self.effect_text or self.error_text or "",
            "result": {"name": "state", "value": self.state},
            "rule": rule,
            "version": self.version,
            "inputs": [
                {"name": "cause", "value": self.cause},
                {"name": "user_id", "value": self.user_id},
                {"name": "change_text", "value": self.change_text or ""},
                record
                and {"name": "res_id", "label": self.env._("Record"), "value": record},
                {"name": "attempts", "value": self.attempts},
            ],
            "steps": [{"text": rule.sentence, "met": self.state != "skipped"}]
            if rule.sentence
            else [],
            "at": self.at,
        }

    # === THE QUEUE === #

    @api.model
    def _wake(self, at=None):
        """Let the scheduled action look at the queue, at once or at a time."""
        self.env["ir.cron"]._crm_suite_wake(CRON, at=at)

    @api.model
    def _cron_work(self, limit=BATCH):
        """Work off what waits: each run in a transaction of its own.

        Any number of workers may do it at once; what one of them has, the others leave.
        """
        domain = [
            ("state", "in", WAITING),
            ("next_try", "<=", fields.Datetime.now()),
        ]
        progress = self.env["ir.cron"]._commit_progress
        progress(remaining=self.search_count(domain))
        for run in self.search(domain, order="next_try, id", limit=limit):
            try:
                locked = run.try_lock_for_update(allow_referencing=True)
                if due := locked.filtered_domain(domain):
                    due._work()
            except Exception as error:
                # All of this run is taken back, whatever it was; see :meth:`_fail`.
                self.env.cr.rollback()
                run._postpone(error)
            if not progress(1):
                break
        self._wake_later()

    def _wake_later(self):
        waiting = self.search([("state", "in", WAITING)], order="next_try, id", limit=1)
        if waiting:
            self._wake(max(waiting.next_try, fields.Datetime.now()))

    def _postpone(self, error):
        """After the whole transaction was lost: another one was quicker, or worse."""
        if is_try_again(error):
            self.next_try = fields.Datetime.now() + timedelta(seconds=10)
            return
        _logger.error("Run %s of a rule failed", self.id, exc_info=error)
        self._fail(error)

    def _work(self):
        """Do what waits for one record."""
        self.ensure_one()
        rule = self.automation_id
        if rule.state != "on" or not rule.active:
            self._leave_out(self.env._("The rule was switched off meanwhile."))
            return
        rule._work_run(self)

    def _leave_out(self, reason):
        """End what waited without doing anything: the rule may work for its record
        another time, also one that does so only once."""
        marks = self.env["crm.suite.automation.mark"]
        marks._forget(self.automation_id, "once", self.res_id or 0)
        self._end("skipped", [reason])

    def _end(self, state, effect=(), **values):
        self.write(
            {"state": state, "effect": list(effect), "next_try": False, **values}
        )

    def _fail(self, error, seconds=0):
        """Keep what went wrong; try again, or give up and tell who manages the rule."""
        for run in self:
            tries = run.attempts + 1
            dead = tries > len(PATIENCE)
            wait = timedelta(minutes=PATIENCE[min(tries, len(PATIENCE)) - 1])
            run.write(
                {
                    "state": "dead" if dead else "failed",
                    "attempts": tries,
                    "error": describe_error(error),
                    "seconds": seconds,
                    "next_try": not dead and fields.Datetime.now() + wait,
                }
            )
            if dead:
                run.automation_id._tell_dead(run)
            else:
                self._wake(run.next_try)

    @api.autovacuum
    def _gc_runs(self):
        """Forget runs that are over, after the number of days in the settings."""
        days = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("crm_suite_base.automation_days")
        )
        days = int(days) if (days or "").isdigit() else KEEP_DAYS
        if not days:
            return 0, 0
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_automation_run WHERE id IN (
                    SELECT id FROM crm_suite_automation_run
                     WHERE state NOT IN %s AND at < %s LIMIT 10000)
                """,
                WAITING,
                fields.Datetime.now() - timedelta(days=days),
            )
        )
        removed = self.env.cr.rowcount
        return removed, removed == 10000


def describe_error(error):
    """What went wrong, for people: a sentence where there is one."""
    if isinstance(error, UserError):
        return str(error)
    return f"{type(error).__name__}: {error}"[:2000]

import logging
import time
from datetime import timedelta

from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.import_types import CREATE, REJECT, UNCHANGED, UPDATE, Problem, Row
from ..tools.retry import is_try_again
from .import_batch import AT_WORK
from .rule_dry_run import dry_run

_logger = logging.getLogger(__name__)

# A chunk that fails as a whole is tried so often before the batch is given up.
MAX_ATTEMPTS = 5
# Seconds after which a worker looks again whether the rows of others are done.
PAUSE = 0.3
WORKER_CRONS = "crm_suite_base.import_worker_"
DONE = {
    CREATE: "created",
    UPDATE: "updated",
    UNCHANGED: "unchanged",
    REJECT: "rejected",
}


class ImportWork(models.Model):
    """The part of an import between the table of rows and the records.

    Several workers share a batch: each claims a chunk of rows that nobody else has
    locked, brings it in and commits. There is no other state than that of the rows,
    so it does not matter when or how often a worker dies.
    """

    _inherit = "crm.suite.import.batch"

    # ------------------------------------------------------------------
    # Start and end
    # ------------------------------------------------------------------

    def _check_plan(self):
        """Refuse a batch with which nothing could be done."""
        plan = self._plan(dry=True)
        target = self._target()
        if not plan.mapped:
            raise UserError(
                self.env._(
                    "No column of the file has a meaning yet. Choose them first."
                )
            )
        target._import_check_plan(plan)
        target.env[target._import_model].check_access("create")

    def _start(self, state):
        """Begin or go on; small files are through when this returns."""
        self.ensure_one()
        values = {
            "state": state,
            "attempts": 0,
            "message": False,
            "totals": False,
            "date_end": False,
            "user_id": self.env.uid,
        }
        if not self.is_loaded and not self._has_done_rows():
            self._drop_rows()
            values["loaded"] = 0
        if state == "running":
            values["date_start"] = self.date_start or fields.Datetime.now()
            self._begin_operation()
        values["phase"] = self._next_phase(state)
        self.sudo().write(values)
        if self.is_loaded:
            self._reset_rows("new" if state == "checking" else "pending")
        if self._is_small():
            self._as_worker()._work_through()
        else:
            self._wake_workers()

    def _next_phase(self, state):
        if not self.is_loaded:
            return "load"
        return "check" if state == "checking" else "prepare"

    def _has_done_rows(self):
        """Whether rows became records while the file was read, see ``_do_direct``."""
        query = SQL(
            """
            SELECT 1 FROM crm_suite_import_row
             WHERE batch_id = %s AND state NOT IN ('new', 'pending')
             LIMIT 1
            """,
            self.id,
        )
        return bool(self.env.execute_query(query))

    def _drop_rows(self):
        self.env.cr.execute(
            SQL("DELETE FROM crm_suite_import_row WHERE batch_id = %s", self.id)
        )
        self.env["crm.suite.import.row"].invalidate_model(flush=False)

    def _reset_rows(self, state):
        """Rows that are not imported wait (again)."""
        self.env["crm.suite.import.row"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_import_row
                   SET state = %(state)s,
                       planned = CASE WHEN %(state)s = 'new' THEN NULL ELSE planned END
                 WHERE batch_id = %(batch)s AND state IN ('new', 'pending')
                   AND state != %(state)s
                """,
                state=state,
                batch=self.id,
            )
        )
        self.env["crm.suite.import.row"].invalidate_model(flush=False)

    def _begin_operation(self):
        """Open the operation, or a further part of it when the run goes on."""
        operation = self.sudo().run_operation_id
        if operation.state == "open":
            return
        outer = self.operation_id
        new = self.env["crm.suite.operation"].begin(
            "import",
            self.env._("Import %(name)s", name=self.name),
            company_id=self.company_id.id,
            res_model=self._target()._import_model,
            **({"parent_id": outer.id} if outer else {}),
        )
        self.sudo().write(
            {"run_operation_id": new.id, "operation_id": (outer or new).id}
        )

    def _close_run(self, failure=None):
        """End the operation; both parts of a run that went on count as one."""
        operation = self.sudo().run_operation_id
        if operation.state == "open":
            operation.fail(failure) if failure else operation.close()

    def _finish(self):
        """Nothing is left to do in this phase: go to the next one."""
        state, phase = self.state, self.phase
        values = {}
        if phase == "load":
            self._mark_rows()
            values["phase"] = self._next_phase(state)
        elif phase == "prepare":
            values["phase"] = "import"
        elif phase == "check":
            values = {"state": "ready", "phase": False}
        else:
            self._close_run()
            values = {
                "state": "done",
                "phase": False,
                "date_end": fields.Datetime.now(),
            }
        self.sudo().write(values)
        if phase == "import":
            self.sudo().totals = self._count_rows()[self.id]

    def _fail(self, reason):
        self._close_run(reason)
        self.sudo().write(
            {
                "state": "failed",
                "message": reason,
                "date_end": fields.Datetime.now(),
            }
        )

    # ------------------------------------------------------------------
    # Workers
    # ------------------------------------------------------------------

    def _wake_workers(self):
        """Let every worker look for something to do."""
        for number in ("1", "2"):
            self.env["ir.cron"]._crm_suite_wake(f"{WORKER_CRONS}{number}")

    def _as_worker(self):
        """The batch as its user in its company, whoever does the work."""
        user = self.user_id
        return (
            self.sudo(False)
            .with_user(user)
            .with_context(
                allowed_company_ids=self.company_id.ids,
                lang=user.lang,
                tz=user.tz,
                crm_suite_import=True,
            )
        )

    @api.model
    def _cron_work(self):
        """One worker: do chunks of started imports, oldest first."""
        for batch in self.search([("state", "in", AT_WORK)], order="date_start, id"):
            if not batch._work():
                return

    def _work(self):
        """Work on the batch until nothing is to be had or the time is over.

        :return: seconds left
        """
        progress = self.env["ir.cron"]._commit_progress
        memory = {}
        left = progress(0)
        while left:
            try:
                count = self._as_worker()._step(memory)
                left = progress(count, remaining=1 if count else 0)
            except Exception as error:
                self.env.cr.rollback()
                memory = {}
                if not self._note_failure(error):
                    return progress(0, remaining=0)
                left = progress(1, remaining=1)
                continue
            if not count:
                if not self._others_at_work():
                    break
                # Outside of any transaction: what they do is seen afterwards.
                left = progress(0, remaining=1)
                time.sleep(PAUSE)
        return left

    def _others_at_work(self):
        """Whether the open rows are all in the hands of other workers.

        What comes after them is free in a moment; a worker that left would be called
        back in a minute only.
        """
        return (
            self.state in AT_WORK
            and self.phase in ("check", "import")
            and self._has_open_rows()
        )

    def _note_failure(self, error):
        """A chunk failed as a whole: try again, at last give the batch up.

        :return: whether it is worth another try
        """
        if is_try_again(error):
            return True
        if not self.exists() or self.state not in AT_WORK:
            return False
        if isinstance(error, UserError):
            self._fail(str(error.args[0] if error.args else error))
            return False
        _logger.error("Import %s: a chunk failed", self.id, exc_info=error)
        self.sudo().attempts += 1
        if self.attempts < MAX_ATTEMPTS:
            return True
        self._fail(
            self.env._(
                "The import stopped after %(count)s tries (%(error)s). The server log has the details; what was imported can be undone, or the import can go on.",
                count=self.attempts,
                error=type(error).__name__,
            )
        )
        return False

    def _work_through(self):
        """Do everything in the present transaction: for small files."""
        memory = {}
        while self.state in AT_WORK and self._step(memory):
            continue

    def _step(self, memory):
        """Do one chunk, or go on to the next phase.

        :param dict memory: what this worker keeps between chunks
        :return: how much was done; 0 if there is nothing to do at the moment
        """
        if self.state not in AT_WORK:
            return 0
        if self.phase in ("check", "import"):
            if done := self._do_chunk(memory):
                return done
        batch = self._lock_batch()
        if not batch or batch.state not in AT_WORK:
            return 0
        if batch.phase == "load":
            if count := batch._load_page(memory):
                return count
            memory.clear()
        elif batch.phase == "prepare":
            batch._prepare()
        elif batch._has_open_rows():
            return 0
        batch._finish()
        batch._wake_if_large()
        return 1 if batch.state in AT_WORK else 0

    def _lock_batch(self):
        """The batch, unless another worker has it.

        Like ``try_lock_for_update``; but that the other worker was quicker, which is
        nothing unusual, is not written into the log as an error.
        """
        query = "SELECT id FROM crm_suite_import_batch WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED"
        self.env.cr.execute(SQL(query, self.id), log_exceptions=False)
        self.invalidate_recordset()
        return self if self.env.cr.rowcount else self.browse()

    def _do_chunk(self, memory):
        """Do the next rows: those that others wait for, then the many, then the rest."""
        rows = self._claim_implied(memory)
        if not rows:
            if done := self._do_bulk(memory):
                return done
            rows = self._claim_rows("row", self._target()._import_chunk)
        if rows:
            self._do_rows(rows, memory)
        return len(rows)

    def _wake_if_large(self):
        if self.state in AT_WORK and not self._is_small():
            self._wake_workers()

    def _has_open_rows(self):
        return bool(
            self.env.execute_query(
                SQL(
                    """
                    SELECT 1 FROM crm_suite_import_row
                     WHERE batch_id = %s AND state = %s
                     LIMIT 1
                    """,
                    self.id,
                    self._open_state(),
                )
            )
        )

    def _open_state(self):
        return "new" if self.state == "checking" else "pending"

    def _claim_implied(self, memory):
        """Lock rows that the file only names, in the small chunks of models with hooks."""
        if not self.create_missing or "implied" in memory:
            return []
        target = self.env["crm.suite.import.target"]._import_target("customer")
        rows = self._claim_rows("implied", target._import_chunk)
        if not rows:
            memory["implied"] = "none left, or taken by others"
        return rows

    def _claim_rows(self, kind, limit):
        columns = SQL(
            "id, number, kind, coalesce(repeat, 0), key, decision, vals, problems, first,"
            " identical"
        )
        # Losing a row to another worker is nothing to tell in the log.
        self.env.cr.execute(self._free_rows(kind, limit, columns), log_exceptions=False)
        return [self._claimed_row(*record) for record in self.env.cr.fetchall()]

    def _free_rows(self, kind, limit, columns, after=-1):
        """Select and lock the next rows that nobody else has.

        Only rows of the earliest wave are free: those of later ones may belong to
        records that are still being made.
        """
        return SQL(
            """
                SELECT %(columns)s
                  FROM crm_suite_import_row
                 WHERE batch_id = %(batch)s AND state = %(state)s
                   AND kind = %(kind)s AND number > %(after)s
                   AND wave = (SELECT wave FROM crm_suite_import_row
                                WHERE batch_id = %(batch)s AND state = %(state)s
                             ORDER BY wave LIMIT 1)
              ORDER BY number, id
                 LIMIT %(limit)s
            FOR NO KEY UPDATE SKIP LOCKED
            """,
            columns=columns,
            batch=self.id,
            state=self._open_state(),
            kind=kind,
            limit=limit,
            after=after,
        )

    @api.model
    def _claimed_row(self, *record):
        *values, problems, first, identical = record
        row = Row(*values, first=first, identical=identical)
        row.problems = [Problem(*problem) for problem in problems or ()]
        return row

    # ------------------------------------------------------------------
    # One chunk
    # ------------------------------------------------------------------

    def _remembered_plan(self, memory):
        if "plan" not in memory:
            memory["plan"] = self._plan(dry=self.state == "checking")
        return memory["plan"]

    def _do_rows(self, rows, memory):
        dry = self.state == "checking"
        plan = self._remembered_plan(memory)
        self._settle_known(plan, rows)
        open_rows = [row for row in rows if not row.action]
        if dry:
            self._do_dry(plan, open_rows)
        else:
            with self.run_operation_id.journal():
                self._do_targets(plan, open_rows)
        self._store_outcome(rows, dry)

    def _settle_known(self, plan, rows):
        """Decide about rows without looking at the database."""
        joined = self._target()._import_joined if plan.dry else ()
        for row in rows:
            if row.is_refused:
                row.action = REJECT
            elif row.repeat and not row.first and any(map(row.vals.get, joined)):
                # The row above makes the record, and a dry run takes it back.
                row.action = UPDATE
            elif (
                row.first
                and not row.decision
                and self._target()._import_rejects_repeats
            ):
                if row.identical:
                    row.action = UNCHANGED
                else:
                    # A row whose key is empty is recognised by its name.
                    is_named = "name" in row.vals and not any(
                        row.vals.get(name) for name in plan.key
                    )
                    shown = ["name"] if is_named else plan.key[:1]
                    row.reject(
                        self.env._(
                            "Row %(number)s has the same key. Put both into one row, or decide what to do with this one.",
                            number=row.first,
                        ),
                        *(plan.where(shown[0]) if shown else ()),
                    )

    def _do_dry(self, plan, rows):
        """Do the real thing and take it back, with whatever it wanted to send."""
        with dry_run(self.env):
            self._do_targets(plan, rows)

    def _do_targets(self, plan, rows):
        if implied := [row for row in rows if row.kind == "implied"]:
            self._do_implied(plan, implied)
        if own := [row for row in rows if row.kind == "row"]:
            self._target()._import_rows(plan, own)

    def _do_implied(self, plan, rows):
        """Create the customers and companies that rows name, unless they exist."""
        target = self._target()
        known = target._import_known_links([row.vals for row in rows])
        missing = [row for row in rows if row.key not in known]
        for row in rows:
            if row.key in known:
                row.action = UNCHANGED
        implied = target._import_implied(plan, {row.key: row.vals for row in missing})
        for row in missing:
            row.vals = implied[row.key]
        customers = self.env["crm.suite.import.target"]._import_target("customer")
        customers._import_rows(plan.for_implied(), missing)

    def _store_outcome(self, rows, dry):
        """What became of the rows, in the transaction that made it so."""
        if told := [answer for row in rows for answer in row.told]:
            # Here and not where it is found out: a dry run is taken back.
            queries = self.env["crm.suite.duplicate.query"]
            queries._note_all_told(told, "import")
        outcome = [
            {
                "id": row.id,
                "action": row.action,
                "state": "pending" if dry else DONE[row.action],
                "res_id": row.res_id if row.action != CREATE or not dry else None,
                "problems": [list(problem) for problem in row.problems] or None,
                "message": "\n".join(p.sentence(self.env) for p in row.problems)
                or None,
            }
            for row in rows
        ]
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_import_row r
                   SET state = o.state, planned = o.action, res_id = o.res_id,
                       problems = o.problems, message = o.message
                  FROM jsonb_to_recordset(%s)
                    AS o(id int, action text, state text, res_id int,
                         problems jsonb, message text)
                 WHERE r.id = o.id
                """,
                Json(outcome),
            )
        )
        self.env["crm.suite.import.row"].invalidate_model(flush=False)

    def _retry(self, rows):
        """Do single rows again: check them, or import them after the run."""
        self.ensure_one()
        self._require_state("ready", "previewed", "done", "cancelled", "failed")
        self._check_not_undone()
        former = self.state
        imported = former in ("done", "cancelled", "failed")
        if imported:
            self._begin_operation()
        self.sudo().state = "running" if imported else "checking"
        todo = rows.filtered(lambda row: row.state in ("pending", "rejected", "new"))
        self._read_again(todo)
        records = [
            self._claimed_row(
                row.id,
                row.number,
                row.kind,
                row.repeat,
                row.key,
                row.decision or None,
                row.vals or {},
                row.problems,
                row.first or None,
                row.identical,
            )
            for row in todo
        ]
        self._as_worker()._do_rows(records, {})
        self._finish_retry(former)
        return self._result()

    def _finish_retry(self, former):
        """Back to the state before; where nothing else was left to do, that is over.

        :param str former: the state before
        """
        after = "ready" if self.state == "checking" else "done"
        if former != after and (not self.is_loaded or self._has_open_rows()):
            after = former
        self._close_run()
        self.sudo().write({"state": after, "totals": False})
        if after == "done":
            self.sudo().write({"phase": False, "totals": self._count_rows()[self.id]})

    # ------------------------------------------------------------------
    # Before the first chunk of a run
    # ------------------------------------------------------------------

    def _prepare(self):
        """Create the tags, industries and sources that rows name, each once."""
        if not self.create_missing or not self._has_open_rows():
            return
        # What was there when the file was read may be gone since.
        self._add_implied()
        target = self._target()
        with self.run_operation_id.journal():
            for name, model in target._import_creatable_columns(self._plan()):
                texts = self._new_texts(name)
                if texts:
                    target._import_create_choices(model, texts)

    def _new_texts(self, name):
        """Distinct names in a column for which there was no record."""
        return [
            text
            for (text,) in self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT coalesce(v.value ->> 'new', v.value #>> '{}')
                      FROM crm_suite_import_row r,
                   LATERAL (
                        SELECT r.vals -> %(name)s AS value
                         WHERE jsonb_typeof(r.vals -> %(name)s) = 'object'
                     UNION ALL
                        SELECT e.value FROM jsonb_array_elements(
                            CASE WHEN jsonb_typeof(r.vals -> %(name)s) = 'array'
                                 THEN r.vals -> %(name)s ELSE '[]' END) e
                   ) v
                     WHERE r.batch_id = %(batch)s
                       AND (r.problems IS NULL OR %(sound)s)
                  ORDER BY 1
                    """,
                    name=name,
                    batch=self.id,
                    sound=self._sound_rows(),
                )
            )
            if text
        ]

    # ------------------------------------------------------------------
    # Trimming
    # ------------------------------------------------------------------

    @api.autovacuum
    def _gc_rows(self):
        """Forget rows and files of imports that can no longer be undone, or that were
        left lying for as long without being imported.

        They are personal data; what became of them stays as figures.
        """
        now = fields.Datetime.now()
        days = self.env["crm.suite.operation"]._get_undo_days()
        over = Domain("operation_id.undo_until", "<", now)
        left = Domain("operation_id", "=", False) & Domain(
            "write_date", "<", now - timedelta(days=days)
        )
        kept = Domain("file", "!=", False) | Domain("is_loaded", "=", True)
        at_rest = Domain("state", "not in", AT_WORK)
        batch = self.sudo().search(at_rest & (over | left) & kept, order="id", limit=1)
        if not batch:
            return 0, 0
        if batch.operation_id and not batch.totals:
            batch.totals = batch._count_rows()[batch.id]
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_import_row
                 WHERE id IN (SELECT id FROM crm_suite_import_row
                               WHERE batch_id = %s LIMIT 10000)
                """,
                batch.id,
            )
        )
        removed = self.env.cr.rowcount
        if removed < 10_000:
            batch._forget_file()
        return removed or 1, 1

    def _forget_file(self):
        self.env["ir.attachment"].sudo().search(
            [
                ("res_model", "=", self._name),
                ("res_field", "=", "file"),
                ("res_id", "in", self.ids),
            ]
        ).unlink()
        self.sudo().write({"is_loaded": False, "preview": False})
        unused = self.filtered(lambda batch: batch.state in ("previewed", "ready"))
        unused.sudo().state = "draft"

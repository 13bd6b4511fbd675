import logging
from time import monotonic

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .arguments import check_one, is_id
from .operation import UNDOABLE_STATES
from .operation_kept import describe_kept, make_line_values
from .operation_plan import UndoPlanner
from .operation_restore import UndoRunner

_logger = logging.getLogger(__name__)

# Up to this many rows undo answers at once; more become a job with progress.
IMMEDIATE_LIMIT = 2000
# A run in the background works at least so many times as long as it took to plan, or a
# big undo would mostly be planned, again and again.
WORK_PER_PLANNING = 4


class OperationUndo(models.Model):
    _inherit = "crm.suite.operation"

    can_undo = fields.Boolean(compute="_compute_can_undo", search="_search_can_undo")
    kept_count = fields.Integer(string="Kept", readonly=True)
    kept = fields.Json(string="Kept Records", groups=fields.NO_ACCESS, readonly=True)
    is_job = fields.Boolean(readonly=True, help="The undo runs in the background.")
    selection = fields.Json(
        groups=fields.NO_ACCESS,
        readonly=True,
        help="The chosen records of a partial undo that runs in the background.",
    )
    progress_done = fields.Integer(readonly=True)
    progress_total = fields.Integer(readonly=True)
    progress = fields.Float(compute="_compute_progress")

    _job_idx = models.Index("(id) WHERE is_job AND state = 'open'")

    # === COMPUTES === #

    @api.depends("state", "undo_until", "trimmed", "undo_operation_id.state")
    def _compute_can_undo(self):
        now = fields.Datetime.now()
        for operation in self:
            operation.can_undo = (
                operation.state in UNDOABLE_STATES
                and not operation.trimmed
                and (not operation.undo_until or operation.undo_until > now)
                and operation.undo_operation_id.state != "open"
            )

    def _search_can_undo(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        domain = [
            ("state", "in", UNDOABLE_STATES),
            ("trimmed", "=", False),
            "|",
            ("undo_until", "=", False),
            ("undo_until", ">", fields.Datetime.now()),
            "|",
            ("undo_operation_id", "=", False),
            ("undo_operation_id.state", "!=", "open"),
        ]
        wanted = (operator == "in") == (True in value)
        return domain if wanted else ["!", *fields.Domain(domain)]

    @api.depends("progress_done", "progress_total")
    def _compute_progress(self):
        for operation in self:
            total = operation.progress_total
            operation.progress = 100 * operation.progress_done / total if total else 0

    # === PUBLIC === #

    @api.readonly
    def undo_preview(self, selection=None):
        """Tell what :meth:`action_undo` would do, without doing it.

        :param dict selection: ``{model: [record id]}`` to undo only these records
        :return: ``{"restore": n, "keep": [{"model", "res_id", "name", "reason",
            "fields": [{"field", "label", "was", "is"}]}], "keep_count": n}``; of a
            value, *was* is what the operation had written and *is* what it is now
        :rtype: dict
        """
        self._check_undo()
        plan = UndoPlanner(self, self._check_selection(selection)).make()
        kept = plan.get_kept()
        return {
            "restore": plan.count(),
            "keep": describe_kept(self.env, kept),
            "keep_count": len(kept),
        }

    def action_undo(self, selection=None):
        """Take the operation back, as far as nothing was changed since.

        A value that still is what the operation made of it gets its former value
        back; a record that it created is deleted unless it was edited or is used; a
        record that it deleted comes back with its id. Everything else is kept and
        listed. Runs with the rights of the user. A big one runs in the background:
        read ``progress`` and ``state`` of the operation that is returned.

        :param dict selection: ``{model: [record id]}`` to undo only these records
        :return: ``{"restored": n, "kept": […], "kept_count": n, "operation_id": id of
            the undo, "background": bool}``; *kept* as in :meth:`undo_preview`
        :rtype: dict
        """
        self._check_undo(lock=True)
        return self._undo(self._check_selection(selection))

    def _check_selection(self, selection):
        """Accept the records to undo from a program.

        :raise UserError: when it is not ``{model: [id]}``
        """
        if not selection:
            return None
        valid = isinstance(selection, dict) and all(
            isinstance(ids, list | tuple) and all(map(is_id, ids))
            for ids in selection.values()
        )
        if not valid:
            raise UserError(
                self.env._(
                    "Name the records to undo as {model: [id, …]}, for example "
                    '{"res.partner": [12, 15]}.'
                )
            )
        return selection

    def action_show_undo(self):
        """Open the dialog that says what undo will do.

        :rtype: dict
        """
        self._check_undo()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Undo"),
            "res_model": "crm.suite.operation.undo",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_operation_id": self.id},
        }

    def action_show_changes(self):
        """Open the list of the single changes.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.operation_change_action"
        )
        action["domain"] = [
            ("operation_id", "in", self._get_unit().ids),
            ("cascade", "!=", True),
        ]
        return action

    def action_show_kept(self):
        """Open what this undo left alone, with the reasons as they were then.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        lines = self.env["crm.suite.operation.undo.line"].create(
            [make_line_values(self.env, entry) for entry in self.sudo().kept or []]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Kept"),
            "res_model": lines._name,
            "views": [(False, "list")],
            "domain": [("id", "in", lines.ids)],
        }

    # === CHECKS === #

    def _check_undo(self, lock=False):
        """Make sure that the user may undo the operation, and that it is possible.

        :param bool lock: also make everybody else wait until the transaction ends
        :raise UserError: with what to do
        """
        check_one(self)
        self.check_access("read")
        if lock:
            self._lock_for_undo()
        operation = self.sudo()
        if operation.undo_operation_id.state == "open" and not self.can_undo:
            message = self.env._(
                "%(user)s is undoing “%(operation)s” right now.",
                user=operation.undo_operation_id.user_id.name,
                operation=operation.name,
            )
        elif operation.state == "undone":
            message = operation._explain_undone()
        elif not self.can_undo:
            message = self.env._(
                "“%(operation)s” cannot be undone any more: changes are kept for "
                "%(days)s days. An administrator can set this time.",
                operation=operation.name,
                days=operation._get_undo_days(),
            )
        else:
            return
        raise UserError(message)

    def _explain_undone(self):
        undo = self.undo_operation_id
        if not undo:
            return self.env._("“%(operation)s” is undone already.", operation=self.name)
        return self.env._(
            "“%(operation)s” was undone by %(user)s on %(date)s. To do it again, undo "
            "that undo.",
            operation=self.name,
            user=undo.user_id.name,
            date=fields.Datetime.context_timestamp(self, undo.date_start).strftime(
                "%Y-%m-%d %H:%M"
            ),
        )

    def _lock_for_undo(self):
        """Let one of two users who undo at once win; the other reads who did.

        Who comes second waits for the first and then fails to serialise, so that the
        request runs again and sees the outcome. An operation that is still running is
        not waited for.
        """
        self.flush_recordset()
        running = self.sudo().state == "open"
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM crm_suite_operation WHERE id = %s FOR UPDATE %s",
                self.id,
                SQL("SKIP LOCKED") if running else SQL(),
            )
        )
        if not rows:
            raise UserError(
                self.env._(
                    "“%(operation)s” is still running. Stop it or wait until it is done.",
                    operation=self.sudo().name,
                )
            )
        self.invalidate_recordset()

    # === DOING IT === #

    def _undo(self, selection=None):
        """Undo without further checks; see :meth:`action_undo`."""
        planner = UndoPlanner(self, selection)
        plan = planner.make()
        undo = self._begin_undo()
        if plan.size() > IMMEDIATE_LIMIT:
            undo._queue_undo(selection, plan)
            return {
                "restored": 0,
                "kept": [],
                "kept_count": 0,
                "operation_id": undo.id,
                "background": True,
            }
        with undo.journal():
            UndoRunner(planner, plan).run()
            self.env.flush_all()
        return undo._finish_undo(plan)

    def _begin_undo(self):
        operation = self.sudo()
        undo = self.begin(
            "undo",
            name=self.env._("Undo: %(operation)s", operation=operation.name),
            undo_of_id=self.id,
            res_model=operation.res_model,
            company_id=operation.company_id.id,
        )
        operation.undo_operation_id = undo.sudo()
        return undo

    def _finish_undo(self, plan):
        """Close the undo, settle the states and report.

        :param UndoPlan plan: as it was carried out
        """
        kept = plan.get_kept()
        described = describe_kept(self.env, kept)
        restored = plan.count()
        undo = self.sudo()
        undo.close()
        undo.write({"kept": described, "kept_count": len(kept)})
        undo._settle_chain()
        self.env.registry.clear_cache()
        return {
            "restored": restored,
            "kept": described,
            "kept_count": len(kept),
            "operation_id": self.id,
            "background": False,
        }

    def _settle_chain(self):
        """Derive the states of what was undone and, where that was an undo itself, of
        the acts before it, see :meth:`_pass_on_undone`."""
        target = self.undo_of_id
        target._settle_state(self)
        while target.undo_of_id:
            target = target.undo_of_id
            target._settle_state(target.undo_operation_id)

    def _pass_on_undone(self, model_name, ids):
        """Carry along what was undone of this: undo of an undo makes the first act
        valid again.

        Record by record with the journal of this one: an undo in the background works
        in several runs, none of which knows what the others did.
        """
        target, undone = self, False
        while target.undo_of_id:
            target = target.undo_of_id
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE crm_suite_operation_change SET undone = %s
                     WHERE operation_id = ANY(%s) AND model = %s AND res_id = ANY(%s)
                    """,
                    undone,
                    target._get_unit().ids,
                    model_name,
                    list(ids),
                )
            )
            undone = not undone

    def _settle_state(self, undo):
        """Derive the states of an operation and its parts from their journals."""
        for operation in self._get_unit():
            undone, total = self.env.execute_query(
                SQL(
                    """
                    SELECT count(*) FILTER (WHERE undone), count(*)
                      FROM crm_suite_operation_change
                     WHERE operation_id = ANY(%s) AND cascade IS NOT TRUE
                    """,
                    operation._get_unit().ids,
                )
            )[0]
            if not undone and total:
                state = "failed" if operation.failure else "done"
            else:
                state = "undone" if undone == total else "partly_undone"
            operation.write(
                {
                    "state": state,
                    "undo_operation_id": undo.id if undone or not total else False,
                }
            )

    # === IN THE BACKGROUND === #

    def _queue_undo(self, selection, plan):
        self.sudo().write(
            {
                "is_job": True,
                "selection": selection,
                "progress_total": plan.size(),
            }
        )
        self._wake_undo()

    @api.model
    def _wake_undo(self):
        self.env["ir.cron"]._crm_suite_wake("crm_suite_base.operation_undo_cron")

    @api.model
    def _cron_undo(self):
        """Go on with the undos that run in the background, the oldest first."""
        jobs = self.search([("is_job", "=", True), ("state", "=", "open")], order="id")
        for job in jobs:
            locked = job.try_lock_for_update(allow_referencing=True)
            if locked and not job._run_undo_job():
                return

    def _run_undo_job(self):
        """Undo in chunks, each in a transaction of its own.

        What a chunk did is ticked off in the journal with it: whoever continues after
        a crash plans the rest anew.

        :return: whether there is time for more
        :rtype: bool
        """
        user = self.user_id
        origin = self.undo_of_id.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids, lang=user.lang, tz=user.tz
        )
        try:
            return self._run_undo_chunks(origin)
        except OperationalError:
            # Somebody else was at the same records: the next run goes on. Without any
            # progress noted, the host would take the job for done.
            self.env.cr.rollback()
            self._wake_undo()
            return False
        except Exception as error:
            self.env.cr.rollback()
            _logger.exception("Undo %s failed", self.id)
            self.fail(str(error))
            self._settle_chain()
            return bool(self.env["ir.cron"]._commit_progress(1))

    def _run_undo_chunks(self, origin):
        began = monotonic()
        planner = UndoPlanner(origin, self.selection)
        plan = planner.make()
        runner = UndoRunner(planner, plan)
        steps = runner.get_steps()
        until = monotonic() + WORK_PER_PLANNING * (monotonic() - began)
        left = plan.size()
        undo = self.with_env(origin.env)
        for act, model_name, ids in steps:
            with undo.journal():
                act(model_name, ids)
            left -= len(ids)
            self.progress_done = max(self.progress_total - left, 0)
            in_time = self.env["ir.cron"]._commit_progress(len(ids), remaining=left)
            if not in_time and monotonic() > until:
                return False
        with undo.journal():
            runner.settle()
        # What follows from the values that are back concerns earlier runs as well.
        plan.inserts, plan.updates = undo._read_brought_back()
        undo._finish_undo(plan)
        return bool(self.env["ir.cron"]._commit_progress(0, remaining=0))

    def _read_brought_back(self):
        """What this undo brought back so far, by its own journal.

        :return: rows that are there again and rows with their former values, both as
            ``{model: [id]}``
        """
        parts = {"create": {}, "update": {}}
        for kind, model_name, ids in self.env.execute_query(
            SQL(
                """
                SELECT kind, model, array_agg(DISTINCT res_id)
                  FROM crm_suite_operation_change
                 WHERE operation_id = %s AND kind = ANY(%s)
              GROUP BY kind, model
                """,
                self.id,
                list(parts),
            )
        ):
            if model_name in self.env:
                parts[kind][model_name] = ids
        return parts["create"], parts["update"]

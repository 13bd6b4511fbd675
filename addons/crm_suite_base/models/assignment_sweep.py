import logging

from psycopg2 import errors

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.retry import each_that_can
from .assignable_mixin import ASSIGNING

_logger = logging.getLogger(__name__)

CHUNK = 500
# A run by itself becomes an operation with undo from so many records on.
BULK = 2
CONFLICTS = (
    errors.SerializationFailure,
    errors.LockNotAvailable,
    errors.DeadlockDetected,
)


class AssignmentPolicy(models.Model):
    """Assigning by itself: what is new, what changed, what waits, what nobody took."""

    _inherit = "crm.suite.assignment.policy"

    @api.model
    def _cron_assign(self):
        """Work off what came up, in chunks that are committed one by one.

        What another worker holds is left to it. A policy that fails does not hold up
        the others: what it did in this chunk is taken back and it is tried again with
        the next run. Nor does a record that refuses its owner hold up other records;
        see :meth:`_do_each`.
        """
        commit = self.env["ir.cron"]._commit_progress
        # Also those that are switched off: what they gave away by hand may be late.
        policies = self.search([])  # pylint: disable=no-search-all
        commit(remaining=len(policies))
        for policy in policies:
            try:
                policy._run_all(commit)
            except CONFLICTS:
                self.env.cr.rollback()
                _logger.info("%s is at work elsewhere; left to the next run", policy)
                policy._wake(at=fields.Datetime.add(fields.Datetime.now(), minutes=1))
            except Exception:
                self.env.cr.rollback()
                _logger.exception("%s could not assign", policy)
            if not commit(1):
                break

    def _run_all(self, commit):
        """One round of a policy.

        :param commit: called after each chunk
        """
        self.ensure_one()
        last = 0
        while (last := self._run_expired(last)) is not None:
            commit(0)
        if self.state != "on":
            return
        while self._run_requests():
            commit(0)
        last = 0
        while (last := self._run_sweep(last)) is not None:
            commit(0)

    def _do_each(self, items, work):
        """Do something for a chunk; those for whom it fails are logged.

        :param items: assignments, or ids of records of the model of this policy
        :param work: is called with some of the items
        :raise Exception: it fails for all of many: that is not the fault of the records
        """
        failures = each_that_can(self.env.cr, items, work)
        if len(failures) == len(items) >= CHUNK // 2:
            raise failures[-1][1]
        for item, error in failures:
            _logger.error(
                "%s (%s) could not decide about %s: %s",
                self,
                self.res_model,
                item,
                error,
                exc_info=error,
            )

    # === REQUESTS === #

    def _run_requests(self):
        """Look at the next records that are new or were changed.

        Each once: one that refuses is left to the sweep, or to its next change.

        :return: how many there were
        :rtype: int
        """
        rows = self.env.execute_query(
            SQL(
                """
                DELETE FROM crm_suite_assignment_request
                 WHERE id IN (
                    SELECT id FROM crm_suite_assignment_request
                     WHERE policy_id = %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
                )
             RETURNING res_id, cause
                """,
                self.id,
                CHUNK,
            )
        )
        self.env["crm.suite.assignment.request"].invalidate_model(flush=False)
        for cause in ("create", "change"):
            ids = sorted(id_ for id_, why in rows if why == cause)
            if ids:
                self._assign_undoable(ids, cause)
        return len(rows)

    def _assign_undoable(self, ids, cause):
        def assign(part):
            self._assign(part, cause)

        if len(ids) < BULK:
            self._do_each(ids, assign)
            return
        operation = self.env["crm.suite.operation"].begin(
            "assign",
            name=self.env._("Assignment: %(policy)s", policy=self.name),
            res_model=self.res_model,
        )
        with operation.journal():
            self._do_each(ids, assign)
        operation.close()
        if not operation.record_count:
            operation.sudo().unlink()

    # === SWEEP === #

    def _run_sweep(self, last):
        """Look at the next records without an owner, and at those that wait.

        :param int last: id of the last record looked at
        :return: the id to go on from; None when that was all
        :rtype: int | None
        """
        model = self.env[self.res_model].sudo()
        overdue = self.env["crm.suite.assignment.log"]._search(
            [("policy_id", "=", self.id), ("state", "=", "overdue")]
        )
        domain = (
            self._get_unowned_domain()
            & Domain("id", ">", last)
            & Domain("id", "not in", overdue.subselect("res_id"))
        )
        if not self.on_sweep:
            waiting = self.env["crm.suite.assignment.log"]._search(
                [("policy_id", "=", self.id), ("state", "=", "nobody")]
            )
            domain &= Domain("id", "in", waiting.subselect("res_id"))
        ids = model.search(domain, order="id", limit=CHUNK).ids
        if not ids:
            return None
        waiting = self._get_waiting(ids)
        for cause, chosen in (
            ("room", [id_ for id_ in ids if id_ in waiting]),
            ("sweep", [id_ for id_ in ids if id_ not in waiting]),
        ):
            if chosen:
                self._assign_undoable(chosen, cause)
        return ids[-1] if len(ids) == CHUNK else None

    # === ACCEPTING === #

    def _run_expired(self, last=0):
        """Pass on what was not accepted in time.

        :param int last: id of the last assignment looked at
        :return: the id to go on from; None when that was all
        :rtype: int | None
        """
        late = self.env["crm.suite.assignment.log"].search(
            [
                ("policy_id", "=", self.id),
                ("state", "=", "pending"),
                ("accept_until", "<=", fields.Datetime.now()),
                ("id", ">", last),
            ],
            order="id",
            limit=CHUNK,
        )
        self._do_each(late, lambda logs: self._pass_on(logs, "timer"))
        return late[-1].id if len(late) == CHUNK else None

    def _pass_on(self, logs, cause, answer=False):
        """Take records from people who did not accept, and look for the next.

        :param logs: pending assignments of this policy
        :param str cause: ``timer`` or ``declined``
        :param str answer: the reason that the person gave
        """
        self.ensure_one()
        if not logs:
            return
        self._lock()
        model = self.env[self.res_model].sudo()
        logs = logs.filtered(lambda log: log.state == "pending")
        records = model.browse(logs.mapped("res_id")).exists()
        owners = {record.id: record[model._assignable_owner] for record in records}
        mine = logs.filtered(lambda log: owners.get(log.res_id) == log.to_user_id)
        done = {"answered_at": fields.Datetime.now()}
        # Somebody else was made the owner by hand meanwhile: that stands.
        (logs - mine).write({"state": "settled", **done})
        state = "expired" if cause == "timer" else "declined"
        mine.write({"state": state, "answer": answer, **done})
        model.browse(mine.mapped("res_id")).with_context(
            **{"tracking_disable": True, ASSIGNING: True}
        )._assignable_take()
        self._find_next(mine, cause)

    def _find_next(self, logs, cause):
        """Assign records once more, but not to those who had them in this round."""
        tried = self._get_tried(logs)
        tries = {log.res_id: log.try_number for log in logs}
        again = [log.res_id for log in logs if log.try_number < self.accept_tries]
        found = self._assign(again, cause, excluded=tried, tries=tries)
        given = set(found.filtered("to_user_id").mapped("res_id"))
        left = logs.filtered(lambda log: log.res_id not in given)
        waiting = self.env["crm.suite.assignment.log"].browse(
            self._get_waiting(left.mapped("res_id")).values()
        )
        waiting.write({"state": "overdue"})
        missing = left.filtered(lambda log: log.res_id not in waiting.mapped("res_id"))
        waiting |= self.env["crm.suite.assignment.log"].create(
            [
                {
                    "policy_id": self.id,
                    "rule_id": log.rule_id.id,
                    "version": log.version,
                    "res_model": log.res_model,
                    "res_id": log.res_id,
                    "from_user_id": log.to_user_id.id,
                    "cause": cause,
                    "why": {"rule": log.rule_id.name, "tried": tried[log.res_id]},
                    "try_number": log.try_number,
                    "value": log.value,
                    "state": "overdue",
                }
                for log in missing
            ]
        )
        self._tell_responsible(waiting)

    def _get_tried(self, logs):
        """Who had these records in the present round and did not accept.

        :rtype: dict[int, list[int]]
        """
        former = self.env["crm.suite.assignment.log"].search(
            [
                ("res_model", "=", self.res_model),
                ("res_id", "in", logs.mapped("res_id")),
                ("state", "in", ("expired", "declined")),
            ],
            order="id desc",
        )
        tried, over = {}, set()
        for log in former:
            if log.res_id in over:
                continue
            tried.setdefault(log.res_id, []).append(log.to_user_id.id)
            if log.try_number == 1:
                over.add(log.res_id)
        return tried

    def _tell_responsible(self, logs):
        """Tell who answers for the policy that records need a decision."""
        if logs and self.user_id:
            self.user_id._bus_send(
                "simple_notification",
                {
                    "type": "warning",
                    "title": self.name,
                    "message": self.env._(
                        "Nobody accepted %(count)s records. Please decide.",
                        count=len(logs),
                    ),
                },
            )

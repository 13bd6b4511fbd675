import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.retry import is_try_again
from .approval_gate import unpack_call
from .approval_request import LIVE, MANAGER, NOTHING_DONE, UNDONE
from .approval_world import lock_requests

_logger = logging.getLogger(__name__)

MOST_TRIES = 6
BATCH = 50


class ApprovalRequest(models.Model):
    """Does what waited for the agreement: once, as the submitter.

    The row says whether it was done, in the transaction that did it. What fails is
    kept with its reason and tried again; the votes stay.
    """

    _inherit = "crm.suite.approval.request"

    def _carry_out(self):
        """After a step: do what waited, or let the flow around go on."""
        for request in self:
            if request.state in LIVE:
                continue
            request._queue_result()
            request._point_to_open()
            if request.parent_id:
                request._tell_parent()
            elif request.state == "agreed" and request.effect_state == "pending":
                request._try_effect()

    def _point_to_open(self):
        """The document names another request that is not over, if there is one."""
        if not self.parent_id and self.res_model in self.env:
            self._get_document()._approval_point()

    def _drop(self, kind, comment):
        """What was agreed to is not wanted any more: it is not tried again.

        :param str kind: of the event that tells it
        """
        self.write({**NOTHING_DONE, "effect_state": "dropped"})
        result = {"withdraw": "withdrawn", "cancel": "cancelled"}[kind]
        self._note_event(kind, user_id=self.env.uid, comment=comment, result=result)

    def _not_needed(self):
        """Their step was done without them: the document is not what they asked about
        any more, and no flow holds it."""
        self.filtered("is_running")._cancel(
            self.env._("It was done meanwhile: no agreement is needed any more.")
        )
        self._effect_used()

    def _effect_used(self):
        """Somebody has done by himself what the agreement allows: not once more."""
        done = self.filtered(lambda r: r._is_granted())
        if done:
            done.write(
                {"effect_state": "done", "effect_error": False, "effect_next": False}
            )
            for request in done:
                request._note_event("effect", user_id=self.env.uid)

    def _try_effect(self):
        """Do it in a savepoint; what fails is told and tried again later."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint(), self._in_use():
                self._do_effect()
        except UserError as error:
            self._effect_failed(str(error))
        except Exception as error:
            # The server runs the whole request again after two people met.
            if is_try_again(error):
                raise
            _logger.exception("What approval request %s allows failed", self.id)
            self._effect_failed(repr(error))

    def _effect_failed(self, error):
        tries = self.effect_tries + 1
        self.write(
            {
                "effect_state": "failed",
                "effect_error": error,
                "effect_tries": tries,
                "effect_next": fields.Datetime.now() + timedelta(minutes=5 * 2**tries)
                if tries < MOST_TRIES
                else False,
            }
        )
        self._note_event("failure", comment=error, channel="system")

    def _do_effect(self):
        document = self._get_document()
        if not document:
            raise UserError(self.env._("The document does not exist any more."))
        # As the submitter and with his rights: the agreement is about the step, it does
        # not make him somebody else.
        own = document.with_user(self.submitter_id).with_context(
            allowed_company_ids=(
                self._get_company() or self.submitter_id.company_id
            ).ids,
            lang=self.submitter_id.lang,
            **dict.fromkeys(self.effect.get("context") or (), True),
        )
        effect = self.effect
        if effect["kind"] == "write":
            own.write(effect["values"])
        elif effect["kind"] == "method" and effect["method"] in own._approval_methods:
            args, kwargs = unpack_call(effect, own.env)
            getattr(own, effect["method"])(*args, **kwargs)
        elif effect["kind"] == "call":
            own._approval_do(effect["method"], *effect.get("arguments", ()))
        # The gates mark it as used; what needs no gate is marked here.
        if self.effect_state != "done":
            self._effect_used()

    def action_retry_effect(self):
        """Try once more what waited for the agreement and failed.

        :return: True
        """
        self._check_role()
        self.check_access("read")
        manager = self.env.user.has_group(MANAGER)
        for request in self:
            if request.submitter_id != self.env.user and not manager:
                raise UserError(
                    self.env._("Only who asked, or a manager, can try it again.")
                )
        # Whose it is was checked; the engine alone writes these rows.
        asked = self.sudo()
        lock_requests(asked)
        for request in asked.filtered(lambda r: r._is_granted()):
            request._try_effect()
        return True

    @api.model
    def _cron_effects(self):
        """Do what was agreed to and not done: after a failure, or a crash in between."""
        due = self.search(
            [
                ("state", "=", "agreed"),
                ("effect_state", "in", UNDONE),
                "|",
                ("effect_next", "<=", fields.Datetime.now()),
                "&",
                ("effect_next", "=", False),
                ("effect_state", "=", "pending"),
            ],
            limit=BATCH,
            order="id",
        )
        commit = self.env["ir.cron"]._commit_progress
        commit(remaining=len(due))
        for request in due:
            request = request.try_lock_for_update()
            try:
                if request and request._is_granted():
                    request._try_effect()
            except Exception:
                # Two people met; the next run tries again.
                self.env.cr.rollback()
                _logger.exception("Approval request %s could not be done", request)
            if not commit(1):
                break

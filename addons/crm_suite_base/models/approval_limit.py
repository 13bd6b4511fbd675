import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from .approval_request import ADMIN, LIVE
from .approval_world import Desk, lock_requests

_logger = logging.getLogger(__name__)

BATCH = 200

# Where a request can stand, what needs help first.
STANDING = ("exception", "open", "recheck", "waiting")


class ApprovalRequest(models.Model):
    """Time limits, in the working time of who is asked."""

    _inherit = "crm.suite.approval.request"

    @api.model
    def _cron_limits(self):
        """Let the limits act that have passed; each acts once, however late it is.

        One request that fails does not hold up the others.
        """
        due = self.search(
            [("state", "in", LIVE), ("next_tick", "<=", fields.Datetime.now())],
            order="next_tick, id",
            limit=BATCH,
        )
        commit = self.env["ir.cron"]._commit_progress
        commit(remaining=len(due))
        desk = Desk(self.env)
        for request in due:
            locked = request.try_lock_for_update()
            try:
                if locked.is_running:
                    locked._tick(desk)
            except Exception:
                # All of this request is taken back; the next run tries again.
                self.env.cr.rollback()
                self._postpone(request)
                desk = Desk(self.env)
            if not commit(1):
                break

    def _postpone(self, request):
        _logger.exception("The limit of approval request %s failed", request.id)
        request.next_tick = fields.Datetime.add(fields.Datetime.now(), hours=1)

    def _tick(self, desk=None):
        desk = desk or Desk(self.env)
        self._relieve(desk)
        if self.is_running:
            self._advance("tick", desk=desk, note={"channel": "clock"})

    # === RESCUE === #

    # An administrator of the suite is asked for first.
    def action_rescue(  # nosemgrep: odoo-public-method-sudo
        self, act, reason, visit=False, to=False, user_ids=(), result="agreed"
    ):
        """Move a request that is stuck, as an administrator.

        :param str act: ``move`` (to the node ``to``), ``put`` (to the people
            ``user_ids``), ``retry`` or ``end`` (with ``result``)
        :param str reason: for the history
        :param str visit: where it stands, see :meth:`trace`; false: where it is stuck
        :param str result: ``agreed`` or ``rejected``
        :return: True
        """
        self._check_administrator()
        reason = self._check_text(reason)
        if not reason:
            raise UserError(self.env._("Say why: it stays in the history."))
        if act not in ("move", "put", "retry", "end"):
            raise UserError(self.env._("Choose one of move, put, retry and end."))
        # An administrator of the suite was asked for above.
        asked = self.sudo()
        lock_requests(asked)
        for request in asked:
            request._expect_live()
            if act == "put":
                request._expect_able(user_ids)
            request._advance(
                "rescue",
                by=self.env.uid,
                reason=reason,
                act=act,
                visit=visit or request._get_stuck_visit(),
                to=to or None,
                users=list(user_ids or ()) or None,
                result=result,
                note={"comment": reason},
            )
        return True

    def _check_administrator(self):
        self._check_role()
        self.check_access("read")
        if not self.env.user.has_group(ADMIN):
            raise UserError(
                self.env._("Only an administrator of the suite moves requests.")
            )

    def _get_stuck_visit(self):
        visits = self.position.get("visits", {})
        standing = [key for key, v in visits.items() if v["status"] in STANDING]
        return min(
            standing,
            key=lambda key: (
                STANDING.index(visits[key]["status"])
                if not visits[key].get("trouble")
                else 0
            ),
            default=None,
        )

    def _get_places(self):
        """Where the request stands, to be shown: visits with the names of their steps.

        :rtype: list[tuple[str, str]]
        """
        # The steps of a flow are no secret to who may read its requests.
        request = self.sudo()
        graph = request.version_id._prepare_graph()
        return [
            (key, graph.name(visit["node"]))
            for key, visit in request.position.get("visits", {}).items()
            if visit["status"] in STANDING
        ]

    def action_retry(self):
        """Look once more for the people who were not found.

        :return: True
        """
        return self.action_rescue("retry", self.env._("Tried again"))

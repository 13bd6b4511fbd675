import logging

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Domain
from odoo.tools.misc import hash_sign, verify_hash_signed

from ..tools.labelled import labelled
from ..tools.retry import is_try_again
from .approval_world import Desk
from .mail_push import PUSH

_logger = logging.getLogger(__name__)

SCOPE = "crm_suite_base.approval.decide"
TOKEN_DAYS = 14
BATCH = 200
# Messages of one transaction: they read the same people, flows and templates, and a
# restart repeats no more than these.
PAGE = 20


def _send_page(rows):
    """Tell what some tasks or requests have to tell, in one transaction.

    :return: whether there is time left for the scheduled action
    :rtype: bool
    """
    commit = rows.env["ir.cron"]._commit_progress
    try:
        for row in rows.try_lock_for_update():
            if row.notice == "todo":
                row._send_notice()
    except Exception as error:
        # Everything of these messages is taken back.
        rows.env.cr.rollback()
        if len(rows) > 1:
            return all(_send_page(row) for row in rows)
        if is_try_again(error):
            # Nobody's fault: the next run tells it.
            rows.env["crm.suite.approval.task"]._wake()
        else:
            # It is not tried for ever.
            rows.write({"notice": "sent"})
            _logger.exception("%s could not be told", rows)
    return bool(commit(len(rows)))


class ApprovalTask(models.Model):
    """Tells people what waits for them: in their inbox, or by mail with a link.

    Told by a scheduled action that is woken at once, as is what came of a request:
    deciding does not wait for mails, and what was not told because the server stopped
    is told by the next run.
    """

    _inherit = "crm.suite.approval.task"

    def _make_token(self, user):
        """A link for one person and one task; it ends with the task or after 14 days.

        :rtype: str
        """
        self.ensure_one()
        return hash_sign(
            # The key of the database signs; nobody reads it.
            self.env(su=True),
            SCOPE,
            [self.id, user.id],
            expiration_hours=TOKEN_DAYS * 24,
        )

    @api.model
    def _cron_notices(self):
        """Send what is to be told: what waits for people, and what came of what they
        asked.

        One message that fails does not hold up the others.
        """
        todo = Domain("notice", "=", "todo")
        models_told = (self, self.env["crm.suite.approval.request"])
        found = [rows.search(todo, order="id", limit=BATCH) for rows in models_told]
        remaining = sum(rows.search_count(todo) for rows in models_told)
        self.env["ir.cron"]._commit_progress(remaining=remaining)
        for rows in found:
            for start in range(0, len(rows), PAGE):
                if not _send_page(rows[start : start + PAGE]):
                    return

    def _send_notice(self):
        self.write({"notice": "sent"})
        if self.state != "open":
            return
        covers = self.env["crm.suite.absence"]._cover_of(self.user_id, "approvals")
        user = self.env["res.users"].browse(covers.get(self.user_id.id))
        if not user or self._is_asked_by(user):
            user = self.user_id
        local = self.with_context(lang=user.lang or self.env.lang)
        local._notify(user, local._get_subject(user), local._get_body(user))

    def _get_subject(self, user):
        names = {"document": self.name, "node": self.node_name}
        if self.kind == "revise":
            return self.env._("%(document)s came back to you", **names)
        if self.user_id != user:
            return self.env._(
                "To decide for %(who)s: %(document)s", who=self.user_id.name, **names
            )
        if self.kind == "fill":
            return self.env._("To fill in: %(document)s (%(node)s)", **names)
        return self.env._("To decide: %(document)s (%(node)s)", **names)

    def _get_body(self, user):
        """What it is about, and the button that leads to the page of the decision."""
        request = self.request_id
        lines = [
            self.env._("Asked by %(user)s.", user=request.submitter_id.name),
            *(request.proposal_text or "").splitlines(),
            *(request.figures_text or "").splitlines(),
        ]
        back = self.kind == "revise" and request._find_returns().get(request.id)
        last = request.event_ids.filtered("comment")[-1:]
        if back:
            # Whatever was said since.
            lines.append(back._describe_return())
        elif last:
            lines.append(labelled(self.env, last.user_id.name or "", last.comment))
        body = Markup("<br/>").join(lines)
        base = self.get_base_url()
        if self.kind == "approve":
            url = f"{base}/crm_suite/approval/{self._make_token(user)}"
            label = self.env._("Look at It and Decide")
        else:
            url = f"{base}/odoo/action-crm_suite_base.approval_task_action/{self.id}"
            label = self.env._("Open")
        button = Markup('<p><a href="%s" class="btn btn-primary">%s</a></p>')
        return Markup("<p>%s</p>%s") % (body, button % (url, label))

    def _notify(self, user, subject, body):
        """Through the host: into the inbox or by mail, as the person wants it.

        The system writes it: an author may read what he wrote, and who has the link
        decides.
        """
        self.env["mail.thread"].sudo().with_context(crm_suite_push=PUSH).message_notify(
            partner_ids=user.partner_id.ids,
            subject=subject,
            body=body,
            author_id=self.env.ref("base.partner_root").id,
            model=self.request_id._name,
            res_id=self.request_id.id,
        )

    def _get_late_values(self, effect):
        """The row of the event that tells of a limit that has passed: a reminder, or
        that somebody else got the task.

        :param dict effect: of the engine
        """
        values = {
            "kind": "remind",
            "task_id": self.id,
            "node": self.node,
            "node_name": self.node_name,
            "user_id": self.user_id.id,
            "channel": "clock",
            "is_overdue": True,
        }
        if effect["kind"] == "remind":
            return values
        desk, opened = Desk(self.env), self.opened_at
        heir = self.env["res.users"].browse(effect["users"][-1])
        return {
            **values,
            "kind": "escalate",
            "comment": f"→ {heir.name}",
            "hours": opened and desk.measure(opened, desk.now, self.user_id.id),
            "is_missed": True,
        }

    @api.model
    def _wake(self):
        self.env["ir.cron"]._crm_suite_wake("crm_suite_base.ir_cron_approval_notices")


class ApprovalRequest(models.Model):
    _inherit = "crm.suite.approval.request"

    def _queue_notices(self, by_type, tasks):
        """Note whom to tell what came of a step."""
        if any(task.notice == "todo" for task in tasks.values()):
            self.env["crm.suite.approval.task"]._wake()
        for effect in by_type.get("copy", ()):
            self._tell_copy(effect)
        for effect in by_type.get("notify", ()):
            if effect["kind"] in ("remind", "escalated"):
                self._remind(effect)

    def _tell(self, users, subject, body="", author=None):
        author = author or self.submitter_id
        for user in users:
            local = self.with_context(lang=user.lang or self.env.lang)
            threads = self.env["mail.thread"].sudo().with_context(crm_suite_push=PUSH)
            threads.message_notify(
                partner_ids=user.partner_id.ids,
                subject=subject(local) if callable(subject) else subject,
                body=(body(local) if callable(body) else body) or self.name,
                author_id=author.partner_id.id,
                model=self._name,
                res_id=self.id,
            )

    def _tell_copy(self, effect):
        users = self.env["res.users"].browse(effect["users"])
        nodes = self.version_id._prepare_graph().nodes
        for user in users:
            self._note_event(
                "copy",
                node=effect["node"],
                node_name=nodes[effect["node"]].get("name"),
                user_id=user.id,
                channel="system",
            )
        self._tell(
            users,
            lambda r: r.env._("For your information: %(document)s", document=r.name),
            lambda r: r.figures_text or "",
        )

    def _remind(self, effect):
        late = effect.get("late") or effect["task"]
        for task in self.task_ids.filtered(lambda t: t.key == late):
            # Of who was late, not of who takes over.
            self._note_event(**task._get_late_values(effect))
        for task in self.task_ids.filtered(lambda t: t.key == effect["task"]):
            if task.state == "open":
                task.notice = "todo"
        self.env["crm.suite.approval.task"]._wake()

    def _tell_stuck(self):
        """It does not go on: the administrators of the suite look after it, or the
        submitter, where it was left to him to choose people.
        """
        if self._waits_for_choice():
            # No window opens for him where a flow within begins later on.
            if self.parent_id or self.submitter_id != self.env.user:
                self._tell(
                    self._get_in_charge(),
                    lambda r: r.env._(
                        "Choose who decides: %(document)s", document=r.name
                    ),
                )
            return
        group = self.env.ref("crm_suite_base.group_crm_suite_admin")
        company = self.company_id
        users = group.sudo().all_user_ids.filtered(
            lambda u: (
                u.active and not u.share and (not company or company in u.company_ids)
            )
        )
        codes = self._get_stuck_codes()

        def subject(request):
            if "nobody" in codes:
                return request.env._(
                    "Nobody was found to decide: %(document)s", document=request.name
                )
            if codes:
                return request.env._(
                    "Stands still: %(document)s", document=request.name
                )
            return request.env._(
                "Late, and nobody was found to take over: %(document)s",
                document=request.name,
            )

        self._tell(users[:5], subject)

    def _queue_result(self):
        """Note that who asked is to hear what came of it."""
        if self.parent_id or self.state in ("withdrawn", "cancelled"):
            return
        if self.submitter_id == self.env.user and not self.task_ids:
            # Nobody was asked: nothing to tell.
            return
        self.notice = "todo"
        self.env["crm.suite.approval.task"]._wake()

    def _send_notice(self):
        """Tell who asked what came of it, as from the company in which he asked."""
        self.write({"notice": "sent"})
        states = {
            "agreed": lambda r: r.env._("Agreed: %(document)s", document=r.name),
            "rejected": lambda r: r.env._("Rejected: %(document)s", document=r.name),
        }
        # Of who decided, not what somebody said besides.
        said = self.event_ids.filtered(lambda e: e.comment and e.kind != "comment")
        comment = said[-1:].comment or ""
        company = self._get_company() or self.submitter_id.company_id
        user = self._get_in_charge()
        self.with_company(company)._tell(user, states[self.state], comment)

    def _tell_changed(self, users, texts):
        """Show those who have agreed what changed since."""
        self._tell(
            users,
            lambda r: r.env._("%(document)s changed after you agreed", document=r.name),
            "\n".join(texts),
        )

    def _notice_held(self):
        """Say that documents wait now, instead of doing what was asked.

        :return: the window in which to choose who decides, where that is left to the
            user, for the web client; otherwise ``True``
        """
        lines = [labelled(r.env, r.name, r._describe_waiting()) for r in self[:5]]
        message = "\n".join(lines)
        user = self.env.user
        if not user._is_public():
            user._bus_send(
                "simple_notification",
                {
                    "type": "warning",
                    "title": self.env._("Waits for agreement"),
                    "message": message,
                },
            )
        return self._ask_choice()

    def _ask_choice(self):
        """:return: the window in which the user chooses who decides, or ``True``"""
        mine = len(self) == 1 and self.submitter_id == self.env.user
        if mine and any(place._waits_for_choice() for place in self._with_parts()):
            return self.action_open_choice()
        return True

    @api.model
    def _verify_token(self, token):
        """The task and the user of a link in a mail.

        :return: task and user as superuser; empty where the link is wrong or over
        :rtype: tuple
        """
        tasks = self.env["crm.suite.approval.task"].sudo()
        users = self.env["res.users"].sudo()
        try:
            found = verify_hash_signed(self.env(su=True), SCOPE, token)
        except (ValueError, UnicodeError, OverflowError):
            found = None
        if not found:
            return tasks, users
        task_id, user_id = found
        return tasks.browse(task_id).exists(), users.browse(user_id).exists()

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import request

from ..tools.labelled import labelled

PATH = "/crm_suite/approval/<string:token>"


class ApprovalController(http.Controller):
    """Deciding from a mail.

    The link carries a signed token for one task and one person, which ends with the
    task or by the clock. Opening it shows a page and changes nothing, for mail filters
    open links; only the form on the page decides.
    """

    @http.route(
        PATH,
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
        sitemap=False,
    )
    def approval_page(self, token):
        """Show what is to be decided."""
        return self._render(*self._find(token), token)

    @http.route(  # nosemgrep: odoo-csrf-off
        PATH,
        type="http",
        auth="public",
        methods=["POST"],
        readonly=False,
        # The token is the secret of this form: who has it may decide, and a page of
        # somebody else cannot know it. A mail is opened without a session, so the
        # session's token is not there to be asked for.
        csrf=False,
        sitemap=False,
        max_content_length=16 * 1024,
    )
    def approval_decide(self, token, decision="", comment="", to="", **_ignored):
        """Decide as the person for whom the link was made."""
        task, user = self._find(token)
        if not self._is_open(task, user):
            return self._render(task, user, token)
        if decision not in ("agree", "return", "reject"):
            return self._render(
                task, user, token, error=request.env._("Choose one of the buttons.")
            )
        try:
            with request.env.cr.savepoint():
                # The token proves who it is; his rights are checked as always.
                own = task.with_user(user).with_context(
                    allowed_company_ids=user.company_ids.ids, lang=user.lang
                )
                own.check_access("read")
                own._decide(
                    decision,
                    comment,
                    note={
                        "channel": "mail",
                        "address": request.httprequest.remote_addr,
                    },
                    **({"to": to} if decision == "return" else {}),
                )
        except (AccessError, UserError) as error:
            return self._render(task, user, token, error=str(error))
        task.invalidate_recordset()
        return self._render(task, user, token, done=True)

    def _find(self, token):
        """The task and the person of a token, as superuser; empty for a wrong one."""
        return request.env["crm.suite.approval.request"]._verify_token(token)

    def _is_open(self, task, user):
        return bool(task and user and user.active and task.state == "open")

    def _read_said(self, task):
        """What the others said, a line for each."""
        return [
            labelled(task.env, f"{event['who']} · {event['label']}", event["comment"])
            for event in task.request_id._read_events()
            if event["comment"]
        ]

    def _render(self, task, user, token, error="", done=False):
        values = {"token": token, "error": error, "done": done, "task": None}
        status = 200
        if not task or not user or not user.active:
            status = 404
        else:
            local = task.with_context(lang=user.lang or request.env.lang)
            values.update(
                task=local,
                user=user,
                figures=(local.request_id.figures_text or "").splitlines(),
                proposal=(local.request_id.proposal_text or "").splitlines(),
                is_open=self._is_open(task, user),
                said=self._read_said(local) if self._is_open(task, user) else [],
                # Who asked comes first: it is taken where nothing is chosen.
                goals=local._get_goals()[::-1],
            )
        lang = user.lang if user else request.env.lang
        template = request.env["ir.ui.view"].with_context(lang=lang)
        body = template.sudo()._render_template(
            "crm_suite_base.approval_page",
            {**values, "lang": (lang or "en").replace("_", "-")},
        )
        response = request.make_response(
            body,
            headers=[
                ("Content-Type", "text/html; charset=utf-8"),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("X-Robots-Tag", "noindex"),
                ("X-Frame-Options", "DENY"),
            ],
        )
        response.status_code = status
        return response

from odoo import models
from odoo.exceptions import UserError

from .approval_world import lock_requests
from .arguments import check_records


class ApprovalRequest(models.Model):
    """A word about a request that decides nothing."""

    _inherit = "crm.suite.approval.request"

    def action_comment(self, comment):
        """Say something about a running request: whoever may read it may do so. It stands
        in the history and is told to those who take part.

        :param str comment: what
        :return: True
        :raise UserError: without a word, or where nothing is under way any more
        """
        self._check_role()
        check_records(self)
        self.check_access("read")
        comment = self._check_text(comment)
        if not comment:
            raise UserError(self.env._("Write what you want to say."))
        # That he may read it was checked; the engine alone writes history.
        asked = self.sudo()
        lock_requests(asked)
        for request in asked:
            request._expect_live()
            request._note_event("comment", user_id=self.env.uid, comment=comment)
            request._tell_comment(comment)
        return True

    def _get_participants(self):
        """Who asked, was asked, decided, got a copy or commented.

        :rtype: res.users
        """
        tasks = self._with_parts().task_ids
        asked = tasks.filtered(lambda t: t.state in ("open", "waiting"))
        said = self.event_ids.filtered(lambda e: e.kind in ("copy", "comment"))
        people = self.submitter_id | asked.user_id | tasks.decided_by_id
        return (people | said.user_id).filtered("active")

    def _tell_comment(self, comment):
        author = self.env.user
        self._tell(
            self._get_participants() - author,
            lambda r: r.env._(
                "%(user)s about %(document)s", user=author.name, document=r.name
            ),
            comment,
            author=author,
        )

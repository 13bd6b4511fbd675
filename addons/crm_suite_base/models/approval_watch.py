from contextlib import contextmanager

from odoo import models

from ..tools import approval_walk as walk
from ..tools.labelled import labelled
from .approval_mixin import USING, WATCHING, noted, passing
from .approval_world import lock_requests


class ApprovalRequest(models.Model):
    """The document changes while people are asked, or after they have agreed and before
    it could be done.

    Only those who judged by a criterion that became worse are asked again; the others
    who have agreed are shown what changed.
    """

    _inherit = "crm.suite.approval.request"

    def _get_watched_names(self):
        """The criteria of the flow, and what the model compares: fields and expressions.

        :rtype: list[str]
        """
        names = {}
        # What people judged by who agreed in a flow within counts here, too.
        for request in self._with_agreed_parts():
            for node in request.version_id._prepare_graph().nodes.values():
                for criterion in node.get("watch") or ():
                    names[criterion["field"]] = True
        document = self._get_document()
        return [
            *names,
            *document._approval_figures(),
            *document._approval_compared(),
        ]

    def _read_watched(self):
        """What the criteria of requests that are not over are now.

        :rtype: dict[int, dict]
        """
        facts = self.env["crm.suite.approval.facts"]
        found = {}
        for request in self:
            document = request._get_document()
            if document:
                found[request.id] = {
                    name: facts._fact(name, document)
                    for name in dict.fromkeys(request._get_watched_names())
                }
        return found

    @contextmanager
    def _changing(self, visit):
        """A step of the flow changes the document inside, which no flow holds.

        For other requests about the document that is an edit. Here, and in the flows
        around and within, those are asked again for whom it got worse.

        :param str visit: of the step
        """
        watched = vars(self.env.cr).get(WATCHING, ())
        family = self._with_wholes()._with_parts()
        family = family.filtered(lambda r: r._is_open() and r.id not in watched)
        with noted(self.env, WATCHING, family.ids):
            before = family._read_watched()
            with self._get_document()._approval_watching(), passing(self.env):
                yield
        family._watched_changed(before, own=(self, visit))

    def _watched_changed(self, before, own=None):
        """Tell the engine of those whose criteria differ from before.

        :param own: the request and the visit of the step of a flow that changed it
        """
        if not before:
            return
        after = self._read_watched()
        for request in self.exists():
            old, new = before.get(request.id), after.get(request.id)
            changes = {
                name: [old[name], new[name]]
                for name in new or ()
                if old and old.get(name) != new[name]
            }
            if changes and request._is_open():
                request._document_changed(changes, own)

    def _document_changed(self, changes, own=None):
        lock_requests(self)
        if not self._is_open():
            return
        texts = self._describe_changes(changes)
        # A flow within that still runs hears of it by itself.
        ended = self.child_ids.filtered(lambda r: not r.is_running)
        tasks = (self | ended._with_parts()).task_ids
        agreed = tasks.filtered(lambda t: t.state == "agreed" and not t.auto)
        self._note_event(
            "change",
            user_id=self.env.uid,
            comment="\n".join(texts),
            changes=changes,
        )
        if self.is_running:
            visit = own[1] if own and own[0] == self else None
            self._advance("edited", by=self.env.uid, own=bool(own), visit=visit)
            for part in self._get_agreed_parts() if self.is_running else ():
                part._reopen(own=bool(own))
        else:
            self._reopen()
        self._tell_changed(agreed.decided_by_id, texts)

    def _get_agreed_parts(self):
        """The flows within that have agreed, and whose word counts."""
        graph = self.version_id._prepare_graph()
        return self.child_ids.filtered(
            lambda part: (
                part.state == "agreed"
                and walk.can_recheck_part(graph, self.position, part.parent_visit)
            )
        )

    def _with_agreed_parts(self):
        parts = self._get_agreed_parts()
        return self.union(*(part._with_agreed_parts() for part in parts))

    def _reopen(self, own=False):
        """Ask again who judged by what got worse since it agreed.

        :param bool own: see :func:`~..tools.approval_walk.edited`
        """
        lock_requests(self)
        if not self._must_judge_again(own):
            return
        if self.parent_id:
            self.parent_id._advance("recheck_part", self.parent_visit)
        self._go_back(own)

    def _go_back(self, own):
        parts = self._get_doubtful_parts(own)
        visits = parts.mapped("parent_visit")
        self._advance("reopen", by=self.env.uid, parts=visits, own=own)
        for part in parts:
            lock_requests(part)
            part._go_back(own)

    def _must_judge_again(self, own):
        """Whether somebody who agreed, here or within, judged by what is worse now."""
        graph, world = self.version_id._prepare_graph(), self._get_world()
        visits = self._get_doubtful_parts(own).mapped("parent_visit")
        again = walk.reopen(
            graph, self.position, world, by=self.env.uid, parts=visits, own=own
        )
        return bool(again)

    def _get_doubtful_parts(self, own):
        """The flows within that have agreed and must judge again."""
        agreed = self._get_agreed_parts()
        return agreed.filtered(lambda part: part._must_judge_again(own))

    @contextmanager
    def _in_use(self):
        """What was agreed to is done inside: no change of which the requests hear, and
        no reason to end them."""
        with noted(self.env, WATCHING, self.ids), noted(self.env, USING, self.ids):
            yield

    def _describe_changes(self, changes):
        document = self._get_document()
        return [
            document._approval_change_text(name, old, new)
            for name, (old, new) in changes.items()
        ]


class ApprovalMixin(models.AbstractModel):
    _inherit = "crm.suite.approval.mixin"

    def _approval_change_text(self, name, old, new):
        """``Discount: 12 → 18`` in the language of the user.

        :param str name: of a field, or an expression
        """
        change = f"{self._approval_text(name, old)} → {self._approval_text(name, new)}"
        return labelled(self.env, self._approval_label(name), change)

    def _approval_label(self, name):
        """What a figure is called: its field's label, or that of an expression. Hook.

        :rtype: str
        """
        field = self._fields.get(name)
        return field._description_string(self.env) if field else name

    def _approval_text(self, name, value):
        """A value of a figure as people read it.

        :param str name: of a field, or an expression
        """
        field = self._fields.get(name)
        if field is not None and field.relational:
            if not hasattr(value, "ids"):
                ids = value if isinstance(value, list) else [value] if value else []
                # Names of what the document points to, for those who decide about it.
                value = self.env[field.comodel_name].sudo().browse(ids).exists()
            return ", ".join(value.mapped("display_name")) or "–"
        currency = (
            field is not None
            and field.type == "monetary"
            and field.get_currency_field(self)
        )
        return self.env["crm.suite.explain.mixin"]._explained_text(
            {
                "value": value,
                "type": field.type if field is not None else None,
                "field": field,
                "currency": self[currency] if currency else None,
            }
        )

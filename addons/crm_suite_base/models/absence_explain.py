from odoo import api, models


class Absence(models.Model):
    """Why an absence stands as it does: who decides, and who decided."""

    _name = "crm.suite.absence"
    _inherit = ["crm.suite.absence", "crm.suite.explain.mixin"]

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"absence"}

    def _explain_absence(self):
        absence = self.sudo()
        user, decider = absence.user_id, absence.decided_by_id
        needs = self._needs_approval()
        if absence.state == "approval":
            sentence = self.env._(
                "A sales lead, marketing manager or service manager other than "
                "%(user)s agrees first: the setting “Absences Need Approval” is on.",
                user=user.name,
            )
        elif absence.state == "refused":
            sentence = self.env._(
                "%(decider)s refused it: %(reason)s",
                decider=decider.name,
                reason=absence.refusal or "–",
            )
        elif decider and decider != user:
            sentence = self.env._("%(decider)s agreed.", decider=decider.name)
        elif decider:
            sentence = self.env._(
                "Nobody had to agree: it stood when it was asked for."
            )
        else:
            sentence = self.env._("It was not asked for yet.")
        return {
            "title": self.env._("Absence"),
            "sentence": sentence,
            "at": absence.decided_at,
            "steps": self._explain_covers(),
            "note": self.env._("Absences need no approval here; a setting.")
            if not needs and absence.state == "draft"
            else "",
        }

    def _explain_covers(self):
        """Who does which work, and who really does it where the cover is away, too."""
        absence = self.sudo()
        steps = []
        for kind, label in self._get_kind_labels():
            named = absence._get_cover(kind)
            if not named:
                text = self.env._("%(work)s: nobody; it waits", work=label)
                steps.append({"text": text, "met": False})
                continue
            done_by = self.env["res.users"].sudo()
            done_by = done_by.browse(
                self._cover_of(absence.user_id, kind, absence.date_from).get(
                    absence.user_id.id, named.id
                )
            )
            text = (
                self.env._("%(work)s: %(cover)s", work=label, cover=named.name)
                if done_by == named
                else self.env._(
                    "%(work)s: %(cover)s, in the place of %(named)s, who is away, too",
                    work=label,
                    cover=done_by.name,
                    named=named.name,
                )
            )
            steps.append({"text": text, "met": True})
        return steps


class AbsenceWork(models.Model):
    """Why a piece of work went to this person, and what became of it."""

    _name = "crm.suite.absence.work"
    _inherit = ["crm.suite.absence.work", "crm.suite.explain.mixin"]

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"cover"}

    def _explain_cover(self):
        work = self.sudo()
        absence, cover = work.absence_id, work.cover_id
        kind = "followups" if work.kind == "activity" else "leads"
        named = absence._get_cover(kind)
        values = {
            "user": absence.user_id.name,
            "start": self._explained_moment(absence.date_from),
            "end": self._explained_moment(absence.date_to),
            "cover": cover.name,
            "named": named.name or "–",
            "work": dict(absence.with_env(self.env)._get_kind_labels())[kind],
        }
        if cover == named:
            sentence = self.env._(
                "%(user)s is away from %(start)s to %(end)s and named %(cover)s for "
                "“%(work)s”.",
                **values,
            )
        else:
            sentence = self.env._(
                "%(user)s is away from %(start)s to %(end)s and named %(named)s for "
                "“%(work)s”, in whose place %(cover)s works.",
                **values,
            )
        return {
            "title": self.env._("Covered Work"),
            "sentence": sentence,
            "result": {"name": "cover_id", "value": cover.name},
            "inputs": [{"name": "state", "value": work.state}],
            "at": work.moved_at,
            "note": {
                "open": self.env._("What is still open comes back at the return."),
                "kept": self.env._("Somebody else had it at the return."),
            }.get(work.state, ""),
        }

from odoo import api, models


class AccessRequest(models.Model):
    """Who decides about a request, and why it is he."""

    _name = "crm.suite.access.request"
    _inherit = ["crm.suite.access.request", "crm.suite.explain.mixin"]

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"decision"}

    def _explain_decision(self):
        """Says no more of the record than the request itself: nothing."""
        request = self.sudo()
        decided = dict(self._fields["state"]._description_selection(self.env))
        if request.state == "open":
            sentence = self._say_decider(request)
        elif request.state == "cancelled":
            sentence = self.env._("Who asked has withdrawn it.")
        else:
            sentence = self.env._(
                "%(state)s by %(user)s. %(reason)s",
                state=decided[request.state],
                user=request.decided_by_id.name or "–",
                reason=request.reason or "",
            ).strip()
        return {
            "title": self.env._("Request"),
            "sentence": sentence,
            "result": {
                "name": "decider_id",
                "value": request.decider_id.name
                or self.env._("a sales manager or data steward"),
            },
            "steps": [
                {"text": self.env._("The owner decides,"), "met": None},
                {
                    "text": self.env._("where nobody owns it, who leads the team,"),
                    "met": None,
                },
                {
                    "text": self.env._(
                        "and otherwise a sales manager or data steward."
                    ),
                    "met": None,
                },
            ],
            "at": request.decided_at or request.create_date,
            "note": self.env._(
                "Superiors, who stands in for approvals, sales managers and data "
                "stewards may decide as well."
            ),
        }

    def _say_decider(self, request):
        if not request.decider_id:
            return self.env._(
                "A sales manager or data steward decides: nobody owns it, and no team "
                "leader was found."
            )
        return self.env._(
            "%(user)s decides: the owner, or who leads the team.",
            user=request.decider_id.name,
        )

from odoo import api, fields, models
from odoo.exceptions import UserError

DECISIONS = [
    ("agree", "Agree"),
    ("return", "Return"),
    ("reject", "Reject"),
    ("transfer", "Give to somebody else"),
    ("add_before", "Ask somebody before me"),
    ("add_after", "Agree and ask somebody else too"),
]
# Decisions that ask somebody else.
OTHERS = ("transfer", "add_before", "add_after")


class ApprovalDecide(models.TransientModel):
    """Decide about one document, on the desk or on the phone."""

    _name = "crm.suite.approval.decide"
    _description = "Decision"

    task_id = fields.Many2one(
        "crm.suite.approval.task", required=True, readonly=True, ondelete="cascade"
    )
    request_id = fields.Many2one(related="task_id.request_id")
    task_kind = fields.Selection(related="task_id.kind")
    document = fields.Char(related="task_id.name")
    node_name = fields.Char(related="task_id.node_name")
    submitter_id = fields.Many2one(related="task_id.submitter_id")
    stands_for = fields.Char(related="task_id.stands_for")
    figures_text = fields.Text(related="task_id.figures_text")
    proposal_text = fields.Text(related="task_id.proposal_text")
    history_text = fields.Text(compute="_compute_history_text", compute_sudo=False)
    # Whom the step allows to bring in; what the user says himself has buttons.
    decision_choices = fields.Json(compute="_compute_options", compute_sudo=False)
    may_transfer = fields.Boolean(compute="_compute_options", compute_sudo=False)
    may_add = fields.Boolean(compute="_compute_options", compute_sudo=False)
    may_return = fields.Boolean(compute="_compute_options", compute_sudo=False)
    decision = fields.Selection(DECISIONS, required=True, default="agree")
    comment = fields.Text()
    user_ids = fields.Many2many(
        "res.users", string="Whom", domain=[("share", "=", False)]
    )
    # To who asked, unless another step is chosen where the flow leaves it open.
    return_to = fields.Char(
        string="Back To", compute="_compute_return_to", store=True, readonly=False
    )
    return_choices = fields.Json(compute="_compute_options", compute_sudo=False)
    later = fields.Boolean(string="With My Later Tasks")
    fill_spec = fields.Json(compute="_compute_fill", compute_sudo=False)
    fill_others = fields.Char(compute="_compute_fill", compute_sudo=False)
    fill_values = fields.Json(string="To Fill In")

    @api.depends("task_id")
    def _compute_options(self):
        names = dict(self._fields["decision"]._description_selection(self.env))
        for wizard in self:
            options = wizard.task_id.get_options() if wizard.task_id else {}
            allowed = options.get("decisions") or []
            wizard.decision_choices = [
                ("agree", self.env._("I decide it myself")),
                *((code, names[code]) for code in OTHERS if code in allowed),
            ]
            wizard.may_transfer = "transfer" in allowed
            wizard.may_add = "add_before" in allowed
            wizard.may_return = "return" in allowed
            wizard.return_choices = [
                (row["id"], row["name"]) for row in options.get("return_to") or ()
            ]

    @api.depends("task_id")
    def _compute_return_to(self):
        for wizard in self:
            choices = wizard.return_choices or [(False, "")]
            wizard.return_to = choices[-1][0]

    @api.depends("task_id")
    def _compute_fill(self):
        for wizard in self:
            spec = wizard.task_id and wizard.task_id._get_fill_spec()
            wizard.fill_spec = spec if spec and spec["names"] else False
            wizard.fill_others = spec and ", ".join(spec["others"])

    @api.depends("task_id")
    def _compute_history_text(self):
        """What the others said so far."""
        for wizard in self:
            events = wizard.task_id.request_id.event_ids.filtered(
                lambda e: (
                    e.kind
                    in ("agree", "reject", "return", "change", "comment", "resubmit")
                )
            )
            kinds = dict(events._fields["kind"]._description_selection(self.env))
            wizard.history_text = "\n".join(
                " · ".join(
                    part
                    for part in (
                        event.sudo().user_id.name,
                        kinds[event.kind],
                        event.remark,
                    )
                    if part
                )
                for event in events
            )

    def action_agree(self):
        """Agree at once, whatever else was chosen.

        :rtype: dict
        """
        return self._decide("agree")

    def action_return(self):
        """Send it back, with the comment.

        :rtype: dict
        """
        return self._decide("return")

    def action_reject(self):
        """Decline, with the comment.

        :rtype: dict
        """
        return self._decide("reject")

    def action_open_document(self):
        """Open the document, to fill in there what has no input here.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return self.task_id.action_open_document()

    def action_comment(self):
        """Say it without deciding: the task stays where it is.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        self.request_id.action_comment(self.comment)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_apply(self):
        """Do what was chosen.

        :rtype: dict
        """
        return self._decide(self.decision)

    def _decide(self, decision):
        self.ensure_one()
        self.check_access("read")
        options = {}
        if decision in OTHERS:
            if not self.user_ids:
                raise UserError(self.env._("Choose whom."))
            options["user_ids"] = self.user_ids.ids
            if decision == "transfer":
                options["later"] = self.later
        if decision == "return" and self.return_to and self.return_choices:
            options["to"] = self.return_to
        if decision == "agree" and self.task_kind == "fill":
            options["values"] = self.fill_values or {}
        self.task_id.action_decide(decision, self.comment or "", **options)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

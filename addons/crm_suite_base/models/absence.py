from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from .arguments import check_refusal

KINDS = [
    ("leads", "New leads and customers"),
    ("followups", "Follow-ups and activities"),
    ("approvals", "Approvals"),
    ("tickets", "Tickets"),
]
STATES = [
    ("draft", "Draft"),
    ("approval", "To Approve"),
    ("approved", "Approved"),
    ("active", "Away"),
    ("done", "Back"),
    ("refused", "Refused"),
    ("cancelled", "Cancelled"),
]
# Those of which others may take notice; a draft is nobody's business.
STANDING = ("approval", "approved", "active")
AGREED = ("approved", "active")
ADMIN = "crm_suite_base.group_crm_suite_admin"
APPROVERS = (
    "crm_suite_base.group_crm_suite_sales_lead",
    "crm_suite_base.group_crm_suite_marketing_manager",
    "crm_suite_base.group_crm_suite_service_manager",
)


class Absence(models.Model):
    """That somebody is away for a time, and who does his work meanwhile.

    Work moves, ownership does not: customers, leads and deals keep their owner, while
    the activities that fall due and what newly comes in for him go to the person who
    covers. At the return what is still open comes back with a digest of what was done.

    Who covers may be away too: then whoever covers for him does it (see
    :meth:`_cover_of`). Covers that lead back to the person who is away are refused.
    """

    _name = "crm.suite.absence"
    _description = "Absence"
    _inherit = ["mail.thread"]
    _order = "date_from desc, id desc"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        "res.users",
        string="Who Is Away",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        tracking=True,
    )
    company_id = fields.Many2one(
        related="user_id.company_id", store=True, index="btree_not_null"
    )
    date_from = fields.Datetime(string="From", required=True, tracking=True)
    date_to = fields.Datetime(
        string="Until", required=True, tracking=True, help="The moment of the return."
    )
    kind = fields.Selection(
        [
            ("leave", "Leave"),
            ("sick", "Sick"),
            ("trip", "Business trip"),
            ("training", "Training"),
            ("other", "Other"),
        ],
        required=True,
        default="leave",
    )
    note = fields.Char(string="Remark")
    cover_id = fields.Many2one(
        "res.users",
        string="Covered By",
        index="btree_not_null",
        domain=[("share", "=", False)],
        tracking=True,
        help="Does all work for which nobody else is named.",
    )
    cover_leads_id = fields.Many2one(
        "res.users",
        string="New Leads and Customers",
        index="btree_not_null",
        domain=[("share", "=", False)],
    )
    cover_followups_id = fields.Many2one(
        "res.users",
        string="Follow-ups and Activities",
        index="btree_not_null",
        domain=[("share", "=", False)],
    )
    cover_approvals_id = fields.Many2one(
        "res.users",
        string="Approvals",
        index="btree_not_null",
        domain=[("share", "=", False)],
    )
    cover_tickets_id = fields.Many2one(
        "res.users",
        string="Tickets",
        index="btree_not_null",
        domain=[("share", "=", False)],
    )
    state = fields.Selection(
        STATES, required=True, readonly=True, default="draft", index=True, tracking=True
    )
    decided_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    decided_at = fields.Datetime(string="Decided On", readonly=True, copy=False)
    refusal = fields.Char(string="Reason of the Refusal", readonly=True, copy=False)

    _moment_idx = models.Index(
        "(date_from, date_to) WHERE state IN ('approved', 'active')"
    )
    _dates_in_order = models.Constraint(
        "CHECK(date_from < date_to)", "The return must be after the departure."
    )

    # === CONSTRAINTS === #

    @api.constrains("user_id", "date_from", "date_to", "state")
    def _check_overlap(self):
        for absence in self.filtered(lambda a: a.state in STANDING):
            other = self.sudo().search(
                [
                    ("id", "!=", absence.id),
                    ("user_id", "=", absence.user_id.id),
                    ("state", "in", STANDING),
                    ("date_from", "<", absence.date_to),
                    ("date_to", ">", absence.date_from),
                ],
                limit=1,
            )
            if other:
                raise ValidationError(
                    self.env._(
                        "%(user)s is already away from %(start)s to %(end)s. Change that "
                        "absence instead of entering a second one.",
                        user=absence.user_id.name,
                        start=fields.Datetime.to_string(other.date_from),
                        end=fields.Datetime.to_string(other.date_to),
                    )
                )

    @api.constrains(
        "user_id",
        "date_from",
        "date_to",
        "state",
        "cover_id",
        "cover_leads_id",
        "cover_followups_id",
        "cover_approvals_id",
        "cover_tickets_id",
    )
    def _check_covers(self):
        for absence in self:
            for kind, _label in KINDS:
                cover = absence._get_cover(kind)
                if cover and cover == absence.user_id:
                    raise ValidationError(
                        self.env._(
                            "%(user)s cannot cover for himself or herself. Name somebody "
                            "who is there.",
                            user=absence.user_id.name,
                        )
                    )
                if absence.state in STANDING:
                    absence._refuse_circle(kind)

    def _refuse_circle(self, kind):
        """Refuse a cover that leads back to the person who is away, at any time."""
        around = self.sudo().search(
            [
                ("state", "in", STANDING),
                ("date_from", "<", self.date_to),
                ("date_to", ">", self.date_from),
            ]
        )
        path = self.sudo()._find_circle(kind, around)
        if path:
            names = " → ".join(user.name for user in path)
            raise ValidationError(
                self.env._(
                    "Nobody would be left for “%(work)s”: %(circle)s. Name somebody else "
                    "who is there at that time.",
                    work=dict(self._get_kind_labels())[kind],
                    circle=names,
                )
            )

    def _find_circle(self, kind, around):
        """Follow the covers while all of them are away at the same time.

        :param around: the absences that overlap this one, this one too
        :return: the people on the way round, or nothing
        :rtype: list
        """
        by_user = around.grouped("user_id")
        paths = [(self, self.date_from, self.date_to, [self.user_id])]
        while paths:
            absence, start, end, people = paths.pop()
            cover = absence._get_cover(kind)
            if not cover:
                continue
            if cover in people:
                return [*people, cover]
            for other in by_user.get(cover, ()):
                both = max(start, other.date_from), min(end, other.date_to)
                if both[0] < both[1]:
                    paths.append((other, *both, [*people, cover]))
        return []

    @api.model
    def _get_kind_labels(self):
        """The kinds of work with their labels in the language of the user."""
        return [
            (kind, self._fields[f"cover_{kind}_id"]._description_string(self.env))
            for kind, _label in KINDS
        ]

    def _get_cover(self, kind):
        """Who is named for a kind of work; see :meth:`_cover_of` for who really does it.

        :rtype: res.users
        """
        return self[f"cover_{kind}_id"] or self.cover_id

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not self.env.su and vals.get("state", "draft") != "draft":
                raise AccessError(self.env._("An absence begins as a draft."))
        absences = super().create(vals_list)
        absences._check_whose()
        return absences

    def write(self, vals):
        if not self.env.su and {"state", "decided_by_id", "decided_at"} & vals.keys():
            raise AccessError(
                self.env._("Use the buttons to ask for, approve or end an absence.")
            )
        own = {"date_from", "date_to", "user_id", "kind"} & vals.keys()
        if own and not self.env.su:
            for absence in self.filtered(
                lambda a: a.state not in ("draft", "approval")
            ):
                if not self._is_approver():
                    raise UserError(
                        self.env._(
                            "The absence of %(user)s is decided. Ask your lead to change "
                            "the dates, or cancel it and enter a new one.",
                            user=absence.user_id.name,
                        )
                    )
        result = super().write(vals)
        if "user_id" in vals:
            self._check_whose()
        return result

    def _check_whose(self):
        """Only leads enter the absence of somebody else."""
        if self.env.su or self._is_approver():
            return
        if any(absence.user_id != self.env.user for absence in self):
            raise AccessError(
                self.env._("Only a lead can enter the absence of somebody else.")
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        if any(absence.state in ("active", "done") for absence in self):
            raise UserError(
                self.env._("An absence that began cannot be deleted; end it instead.")
            )

    @api.model
    def _is_approver(self):
        return any(self.env.user.has_group(group) for group in APPROVERS)

    # === STEPS === #

    def action_request(self):
        """Ask for the absence; without the need of an approval it stands at once.

        :return: True
        """
        self.check_access("write")
        self._expect_state("draft", "refused", "cancelled")
        # The steps are taken by these methods alone, which check who takes them.
        asked = self.sudo()
        if self._needs_approval():
            asked.write({"state": "approval", "refusal": False})
        else:
            asked._approve()
        return True

    # Who approves is checked first.
    def action_approve(self):  # nosemgrep: odoo-public-method-sudo
        """Agree to the absence of somebody else.

        :return: True
        """
        self._check_approver()
        self._expect_state("approval")
        self.sudo()._approve()
        self._tell_decided("approved")
        return True

    # Who refuses is checked first.
    def action_refuse(self, reason=""):  # nosemgrep: odoo-public-method-sudo
        """Refuse the absence of somebody else.

        :param str reason: shown to the person who asked
        :return: True
        """
        self._check_approver()
        self._expect_state("approval")
        reason = check_refusal(self.env, reason)
        self.sudo().write({"state": "refused", "refusal": reason, **self._decided()})
        self._tell_decided("refused")
        return True

    def action_cancel(self):
        """Take back an absence that has not begun.

        :return: True
        """
        self.check_access("write")
        self._expect_state("draft", "approval", "approved")
        self.sudo().write({"state": "cancelled"})
        return True

    def _approve(self):
        self.write({"state": "approved", "refusal": False, **self._decided()})
        self._plan_cron()
        self._start_due()

    def _tell_decided(self, decision):
        """Tell who is to be away what became of his request, in his language."""
        for absence in self.sudo():
            local = absence.with_context(lang=absence.user_id.lang or self.env.lang)
            values = {
                "user": self.env.user.name,
                "start": format_date(local.env, absence.date_from),
                "end": format_date(local.env, absence.date_to),
                "reason": absence.refusal or "–",
            }
            absence._tell(
                absence.user_id,
                local.env._(
                    "%(user)s agreed to your absence from %(start)s to %(end)s.",
                    **values,
                )
                if decision == "approved"
                else local.env._(
                    "%(user)s refused your absence from %(start)s to %(end)s: "
                    "%(reason)s",
                    **values,
                ),
            )

    def _decided(self):
        return {"decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()}

    def _expect_state(self, *states):
        names = dict(self._fields["state"]._description_selection(self.env))
        for absence in self:
            if absence.state not in states:
                raise UserError(
                    self.env._(
                        "The absence of %(user)s is “%(state)s”; this step is for: "
                        "%(states)s.",
                        user=absence.user_id.name,
                        state=names[absence.state],
                        states=", ".join(names[state] for state in states),
                    )
                )

    def _check_approver(self):
        """Leads decide, about others only; who is above the leads also about himself."""
        self.check_access("write")
        if self.env.su:
            return
        if not self._is_approver():
            raise AccessError(self.env._("Only a lead can decide about absences."))
        own = self.filtered(lambda absence: absence.user_id == self.env.user)
        if own and not self.env.user.has_group(ADMIN):
            raise AccessError(
                self.env._("Somebody else has to decide about your own absence.")
            )

    @api.model
    def _needs_approval(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return parameters.get_param("crm_suite_base.absence_approval") == "True"

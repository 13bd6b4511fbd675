from odoo import api, fields, models


class Call(models.Model):
    """Complaints: a call with that outcome stays open until somebody settles it."""

    _inherit = "crm.suite.call"

    outcome = fields.Selection(selection_add=[("complaint", "Complaint")])
    is_solved = fields.Boolean(
        string="Solved",
        readonly=True,
        copy=False,
        help="The complaint is settled. Until then the customer has an open complaint.",
    )
    solved_date = fields.Datetime(string="Solved On", readonly=True, copy=False)
    solved_user_id = fields.Many2one(
        "res.users",
        string="Solved By",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    is_open_complaint = fields.Boolean(
        string="Open Complaint",
        compute="_compute_is_open_complaint",
        search="_search_is_open_complaint",
    )

    _open_complaint_idx = models.Index(
        "(commercial_partner_id) WHERE outcome = 'complaint' AND is_solved IS NOT TRUE"
    )

    @api.depends("outcome", "is_solved")
    def _compute_is_open_complaint(self):
        for call in self:
            call.is_open_complaint = call.outcome == "complaint" and not call.is_solved

    def _search_is_open_complaint(self, operator, value):
        if operator != "in":
            return NotImplemented
        found = fields.Domain("outcome", "=", "complaint") & fields.Domain(
            "is_solved", "=", False
        )
        return found if True in value else ~found

    def action_solve(self):
        """Settle complaints: they do not count as open any more."""
        self.check_access("write")
        self.filtered("is_open_complaint").write(
            {
                "is_solved": True,
                "solved_date": fields.Datetime.now(),
                "solved_user_id": self.env.uid,
            }
        )
        return True

    def action_reopen(self):
        """Take back that complaints were settled."""
        self.check_access("write")
        self.filtered("is_solved").write(
            {"is_solved": False, "solved_date": False, "solved_user_id": False}
        )
        return True

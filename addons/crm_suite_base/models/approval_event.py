from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.labelled import labelled

KINDS = [
    ("start", "Asked"),
    ("open", "Put to somebody"),
    ("agree", "Agreed"),
    ("reject", "Rejected"),
    ("return", "Returned"),
    ("transfer", "Transferred"),
    ("add_before", "Asked somebody before"),
    ("add_after", "Asked somebody after"),
    ("fill", "Filled in"),
    ("copy", "Informed"),
    ("retrieve", "Decision taken back"),
    ("withdraw", "Withdrawn"),
    ("resubmit", "Asked again"),
    ("change", "Document changed"),
    ("remind", "Reminded"),
    ("escalate", "Passed up"),
    ("skip", "Passed by itself"),
    ("nobody", "Nobody found"),
    ("rescue", "Moved by an administrator"),
    ("choose", "Chose who decides"),
    ("action", "Done by the flow"),
    ("finish", "Finished"),
    ("effect", "Carried out"),
    ("failure", "Failed"),
    ("cancel", "Cancelled"),
    ("comment", "Comment"),
]
CHANNELS = [
    ("button", "On screen"),
    ("mail", "By mail"),
    ("program", "By a program"),
    ("clock", "By the clock"),
    ("system", "By itself"),
]


class ApprovalEvent(models.Model):
    """What happened to a request: who, what, when, by which way. Never changes."""

    _name = "crm.suite.approval.event"
    _description = "Approval Event"
    _order = "id"
    _rec_name = "kind"

    request_id = fields.Many2one(
        "crm.suite.approval.request",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    task_id = fields.Many2one(
        "crm.suite.approval.task",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    flow_id = fields.Many2one(
        "crm.suite.approval.flow", readonly=True, index="btree_not_null"
    )
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    kind = fields.Selection(KINDS, string="What", required=True, readonly=True)
    node = fields.Char(string="Node ID", readonly=True)
    node_name = fields.Char(string="Node", readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Who",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    principal_id = fields.Many2one(
        "res.users",
        string="In Place Of",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    comment = fields.Text(readonly=True)
    remark = fields.Text(compute="_compute_remark")
    at = fields.Datetime(
        string="When", required=True, readonly=True, default=fields.Datetime.now
    )
    channel = fields.Selection(CHANNELS, readonly=True)
    address = fields.Char(
        string="Network Address",
        readonly=True,
        groups="crm_suite_base.group_crm_suite_admin",
    )
    hours = fields.Float(
        string="Working Hours",
        readonly=True,
        aggregator="avg",
        help="From the moment at which it was put to the person to the decision.",
    )
    is_overdue = fields.Boolean(string="Late", readonly=True)
    is_vote = fields.Boolean(string="Decision", readonly=True)
    is_missed = fields.Boolean(
        string="Not Decided in Time",
        readonly=True,
        help="The person let the time limit pass and the flow went on: it agreed, returned or handed the task to somebody else by itself.",
    )
    is_return = fields.Boolean(string="Sent Back", readonly=True)
    # Of the decisions of a group, see _read_group_select.
    return_share = fields.Float(
        string="Share of Returns", compute="_compute_shares", aggregator="avg"
    )
    late_share = fields.Float(
        string="Share of Late Decisions", compute="_compute_shares", aggregator="avg"
    )
    changes = fields.Json(readonly=True)
    # How it ended then: a request can be opened once more and end otherwise.
    result = fields.Char(readonly=True)

    _analysis_idx = models.Index("(flow_id, at) WHERE is_vote OR is_missed")
    _copy_idx = models.Index("(user_id, request_id) WHERE kind = 'copy'")

    def write(self, vals):
        if vals:
            raise UserError(self.env._("What happened cannot be changed afterwards."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_engine(self):
        if not self.env.su:
            raise UserError(self.env._("What happened cannot be deleted."))

    @api.model
    def _get_access_domain(self, user):
        """The events that a person may see: those of requests that he may see. For
        record rules, hence evaluated at each search.

        :rtype: Domain
        """
        uid = user.id

        def to_sql(model, alias, query):
            asked = model.with_user(uid).env["crm.suite.approval.request"]
            return SQL(
                "%s IN %s",
                SQL.identifier(alias, "request_id"),
                asked._search([]).subselect(),
            )

        def predicate(event):
            request = event.sudo().request_id
            return request.submitter_id.id == uid or request._may_be_seen_by(uid)

        return Domain.custom(to_sql=to_sql, predicate=predicate)

    @api.depends("comment", "is_missed")
    @api.depends_context("lang")
    def _compute_remark(self):
        """What was said, or why it was done where nobody said anything."""
        for event in self:
            missed = event.is_missed and self.env._("The time limit has passed")
            event.remark = event.comment or missed

    # === ANALYSIS === #

    @api.depends("is_vote", "is_missed", "is_return", "is_overdue")
    def _compute_shares(self):
        for event in self:
            event.return_share = event.is_vote and event.is_return
            event.late_share = event.is_missed or (event.is_vote and event.is_overdue)

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """What is no decision does not count, neither above nor below the line. A
        decision that a person left to the limit is late, and none of his returns."""
        if aggregate_spec not in ("return_share:avg", "late_share:avg"):
            return super()._read_group_select(aggregate_spec, query)
        vote, missed, back, late = (
            self._field_to_sql(self._table, name, query)
            for name in ("is_vote", "is_missed", "is_return", "is_overdue")
        )
        if aggregate_spec == "return_share:avg":
            return SQL("AVG(CASE WHEN %s THEN %s::int END)", vote, back)
        return SQL(
            "AVG(CASE WHEN %s THEN 1 WHEN %s THEN %s::int END)", missed, vote, late
        )

    @api.depends("kind", "user_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        names = dict(self._fields["kind"]._description_selection(self.env))
        for event in self:
            who = event.user_id.sudo().name
            what = names.get(event.kind, "")
            event.display_name = labelled(event.env, what, who) if who else what

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.labelled import labelled
from .about_mixin import open_form
from .approval_world import lock_requests
from .arguments import check_one, check_records

STATES = [
    ("running", "Under way"),
    ("exception", "Stuck"),
    ("agreed", "Agreed"),
    ("rejected", "Rejected"),
    ("withdrawn", "Withdrawn"),
    ("cancelled", "Cancelled"),
]
LIVE = ("running", "exception")
# What was agreed to and not done yet.
UNDONE = ("pending", "failed")
# Of an agreement that is asked about again.
NOTHING_DONE = {
    "effect_state": "none",
    "effect_error": False,
    "effect_tries": 0,
    "effect_next": False,
}
ADMIN = "crm_suite_base.group_crm_suite_admin"
MANAGER = "crm_suite_base.group_crm_suite_sales_manager"


class ApprovalRequest(models.Model):
    """One document on its way through a flow.

    ``position`` is the state of the engine (``tools/approval_walk.py``): what is
    decided is decided there, the rows of tasks and events tell it to people.
    """

    _name = "crm.suite.approval.request"
    _description = "Approval Request"
    _inherit = ["crm.suite.explain.mixin"]
    _order = "id desc"

    name = fields.Char(string="Document", required=True, readonly=True)
    flow_id = fields.Many2one(
        "crm.suite.approval.flow",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    version_id = fields.Many2one(
        "crm.suite.approval.version",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    # Not who may see it: what has a value of its own in each company is meant in this.
    asked_company_id = fields.Many2one(
        "res.company", string="Asked In", readonly=True, index="btree_not_null"
    )
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    key = fields.Char(required=True, readonly=True, help="What of the document waits.")
    submitter_id = fields.Many2one(
        "res.users",
        string="Asked By",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="running")
    is_running = fields.Boolean(compute="_compute_is_running")
    position = fields.Json(readonly=True, groups=ADMIN)
    effect = fields.Json(readonly=True, groups=ADMIN)
    effect_state = fields.Selection(
        [
            ("none", "Nothing to do"),
            ("pending", "To be done"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("dropped", "Not wanted any more"),
        ],
        string="Afterwards",
        required=True,
        readonly=True,
        default="none",
        help="What waited for the agreement: whether it was done since.",
    )
    effect_error = fields.Text(string="Why It Failed", readonly=True)
    effect_tries = fields.Integer(string="Tries", readonly=True, aggregator=None)
    effect_next = fields.Datetime(string="Next Try", readonly=True)
    started_at = fields.Datetime(
        string="Asked On", required=True, readonly=True, default=fields.Datetime.now
    )
    finished_at = fields.Datetime(string="Finished On", readonly=True)
    next_tick = fields.Datetime(string="Next Limit", readonly=True)
    # Whether who asked was told what came of it.
    notice = fields.Selection(
        [("todo", "To send"), ("sent", "Sent")], readonly=True, copy=False
    )
    stage = fields.Char(string="Where It Is", readonly=True)
    since = fields.Datetime(string="There Since", readonly=True)
    due_at = fields.Datetime(string="Due", readonly=True)
    parent_id = fields.Many2one(
        "crm.suite.approval.request",
        string="Part Of",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    parent_visit = fields.Char(readonly=True, groups=ADMIN)
    child_ids = fields.One2many("crm.suite.approval.request", "parent_id")
    task_ids = fields.One2many("crm.suite.approval.task", "request_id", string="Tasks")
    event_ids = fields.One2many(
        "crm.suite.approval.event", "request_id", string="History"
    )
    holder_ids = fields.Many2many(
        "res.users",
        string="Waiting For",
        compute="_compute_holders",
        search="_search_holders",
        recursive=True,
    )
    part_count = fields.Integer(
        string="Sub-flows", compute="_compute_part_count", aggregator=None
    )
    figures_text = fields.Text(string="Figures", compute="_compute_figures_text")
    proposal_text = fields.Text(string="Proposed", compute="_compute_proposal_text")
    can_decide = fields.Boolean(compute="_compute_can", compute_sudo=False)
    can_withdraw = fields.Boolean(compute="_compute_can", compute_sudo=False)
    can_retrieve = fields.Boolean(compute="_compute_can", compute_sudo=False)
    can_choose = fields.Boolean(compute="_compute_can", compute_sudo=False)

    _record_idx = models.Index("(res_model, res_id)")
    _live_unique = models.UniqueIndex(
        "(res_model, res_id, key) WHERE state IN ('running', 'exception') AND parent_id IS NULL",
        "Somebody has asked about this document at the same moment. Open it again.",
    )
    _tick_idx = models.Index("(next_tick) WHERE state IN ('running', 'exception')")
    _notice_idx = models.Index("(id) WHERE notice = 'todo'")
    _stuck_idx = models.Index(
        "(flow_id, state) WHERE state IN ('running', 'exception')"
    )
    _effect_idx = models.Index(
        "(effect_next) WHERE effect_state IN ('pending', 'failed') AND state = 'agreed'"
    )

    # === COMPUTES === #

    @api.depends("state")
    def _compute_is_running(self):
        for request in self:
            request.is_running = request.state in LIVE

    @api.depends("flow_id.name", "name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for request in self:
            flow = request.flow_id.sudo().name
            request.display_name = labelled(request.env, flow, request.name)

    @api.depends("state", "effect_state", "holder_ids")
    @api.depends_context("uid")
    def _compute_can(self):
        # Also what he is asked in a flow within.
        mine = self._get_tasks_of(self.env.user).request_id._with_wholes()
        backs = self._get_retrievable()
        manager = self.env.user.has_group(MANAGER)
        for request in self:
            live = request.state in LIVE
            own = manager or request.sudo()._get_in_charge() == self.env.user
            request.can_decide = live and request in mine
            request.can_withdraw = request._is_open() and own and not request.parent_id
            request.can_retrieve = live and bool(backs.get(request.id))
            request.can_choose = live and own and bool(request.sudo()._find_choice())

    @api.depends("res_model", "res_id")
    @api.depends_context("lang")
    def _compute_figures_text(self):
        """The figures that matter, for those who decide: also for people who may not
        read the document, since it was put to them."""
        facts = self.env["crm.suite.approval.facts"].sudo()
        for request in self:
            document = request.sudo()._get_document()
            if document:
                # In the language of who looks.
                document = document.with_context(lang=self.env.lang)
            names = document._approval_figures() if document else ()
            request.figures_text = "\n".join(
                labelled(
                    document.env,
                    document._approval_label(name),
                    document._approval_text(name, facts._fact(name, document)),
                )
                for name in names
            )

    @api.depends("effect", "parent_id.effect")
    @api.depends_context("lang")
    def _compute_proposal_text(self):
        """The values that wait, beside those of now."""
        for request in self:
            wanted = request.sudo()._get_proposed()
            document = request.sudo()._get_document()
            lines = [
                document._approval_change_text(name, document[name], value)
                for name, value in wanted.items()
                if document
            ]
            request.proposal_text = "\n".join(lines)

    # === FINDING === #

    def _get_document(self):
        """The document as superuser in its company, or an empty recordset.

        The rights of whoever acts say nothing about where a document goes.
        """
        self.ensure_one()
        if self.res_model not in self.env:
            return self.env["crm.suite.approval.mixin"]
        return self._place(self.env[self.res_model].sudo().browse(self.res_id).exists())

    def _place(self, document):
        """The document in the company of the request."""
        company = self._get_company()
        return document.with_company(company) if company else document

    def _get_company(self):
        """The company in which it was asked, as far as it is known."""
        return self.asked_company_id or self.company_id or self.flow_id.company_id

    @api.model
    def _find_standing(self, records, key):
        """The request that counts for each document: what runs, or an agreement that
        was not used yet.

        :rtype: dict[int, request]
        """
        asked = self._find_open(records, [("key", "=", key)])
        return {request.res_id: request for request in asked}

    @api.model
    def _find_open(self, records, domain=()):
        """What is not over for documents: what runs, and what was agreed to and not done
        yet.

        :rtype: request
        """
        undone = Domain("state", "=", "agreed") & Domain("effect_state", "in", UNDONE)
        return self.search(
            Domain("res_model", "=", records._name)
            & Domain("res_id", "in", records.ids)
            & Domain("parent_id", "=", False)
            & (Domain("state", "in", LIVE) | undone)
            & Domain(domain),
            order="id",
        )

    def _is_open(self):
        """Whether it runs, or was agreed to and not done yet."""
        return self.state in LIVE or self._is_granted()

    def _is_granted(self):
        return self.state == "agreed" and self.effect_state in UNDONE

    def _is_granted_for(self, values):
        wanted = (self.effect or {}).get("values") or {}
        return (
            self._is_granted()
            and all(n in wanted and wanted[n] == value for n, value in values.items())
            and self._is_meant_here(values)
        )

    def _is_meant_here(self, names):
        """Whether it was asked in the company of now, where that makes a difference."""
        known = self.env[self.res_model]._fields
        return self._get_company() == self.env.company or not any(
            known[name].company_dependent for name in names
        )

    # === ACCESS === #

    @api.model
    def _get_access_domain(self, user):
        """The requests that a person may see; see :meth:`_crm_suite_approval_sql`.

        Used by record rules, whose domains are kept: evaluated at each search.

        :rtype: Domain
        """
        uid = user.id

        def to_sql(model, alias, query):
            env = model.with_user(uid).env
            columns = (SQL.identifier(alias, n) for n in ("id", "res_model", "res_id"))
            return env.user._crm_suite_approval_sql(env, *columns)

        def predicate(request):
            return request._may_be_seen_by(uid)

        return Domain("submitter_id", "=", uid) | Domain.custom(
            to_sql=to_sql, predicate=predicate
        )

    def _may_be_seen_by(self, uid):
        # Asked by record rules: rights themselves come of this.
        request = self.sudo()
        user = self.env["res.users"].browse(uid)
        if uid in request.task_ids.mapped("user_id.id"):
            return True
        people = self.env["crm.suite.approval.task"].with_user(user)._get_people()
        if any(
            t.user_id.id in people or t.decided_by_id.id == uid
            for t in request.task_ids
        ):
            return True
        if request.res_model in self.env:
            document = self.env[request.res_model].with_user(uid).browse(request.res_id)
            if document.exists()._filtered_access("read"):
                return True
        return any(e.kind == "copy" and e.user_id.id == uid for e in request.event_ids)

    @api.model
    def _check_role(self):
        self.env["res.partner"]._crm_suite_check_role()

    # === PUBLIC === #

    def action_withdraw(self, comment=""):
        """Take back what one has asked, also what was agreed to and could not be done;
        managers take back anybody's.

        :param str comment: why
        :return: True
        """
        self._check_role()
        check_records(self)
        self.check_access("read")
        manager = self.env.user.has_group(MANAGER)
        for request in self:
            if not manager and request.sudo()._get_in_charge() != self.env.user:
                raise AccessError(
                    self.env._("Only who asked, or a manager, can withdraw a request.")
                )
        comment = self._check_text(comment)
        # Who withdraws was checked; the engine alone writes these rows.
        asked = self.sudo()
        lock_requests(asked)
        for request in asked:
            if request._is_granted():
                request._drop("withdraw", comment)
                continue
            request._expect_live()
            request._advance("withdraw", by=self.env.uid, comment=comment)
        return True

    def action_retrieve(self):
        """Take back one's own last agreement, while nobody has acted on it.

        :return: True
        """
        self._check_role()
        check_records(self)
        self.check_access("read")
        asked = self.sudo()
        lock_requests(asked)
        found = asked.with_env(self.env)._get_retrievable()
        for request in asked:
            request._expect_live()
            if not found.get(request.id):
                raise UserError(
                    self.env._(
                        "Your decision about %(document)s cannot be taken back any more: "
                        "somebody acted on it, or several people sign together. Ask who "
                        "has it now to return it.",
                        document=request.name,
                    )
                )
            request._advance("retrieve", found[request.id], by=self.env.uid)
        return True

    @api.readonly
    def trace(self):
        """Where the request is, who had it, when, for how long.

        :return: ``{"request": {"id", "name", "state", "flow", "version", "submitter",
            "started", "finished"}, "graph": the graph, "nodes": {id: {"state", "who":
            [{"id", "name"}], "since", "until", "hours", "tasks": […]}}, "edges",
            "events": [{"kind", "label", "node", "who", "at", "comment", "channel"}]}``
        :rtype: dict
        """
        check_one(self)
        self._check_role()
        self.check_access("read")
        return self.sudo()._make_trace()

    def action_open_document(self):
        """Open what the request is about, for who may read it.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        if self.res_model not in self.env:
            raise UserError(self.env._("What it was about does not exist any more."))
        self.env[self.res_model].browse(self.res_id).check_access("read")
        return open_form(self.env, self.res_model, self.res_id)

    def action_decide_mine(self):
        """Open the window in which the user decides.

        :rtype: dict
        """
        check_one(self)
        self.check_access("read")
        task = self._get_tasks_of(self.env.user)[:1]
        if not task:
            raise UserError(
                self.env._(
                    "Nothing of this waits for you: %(waiting)s.",
                    waiting=self._describe_waiting() or self.env._("it is decided"),
                )
            )
        return task.with_env(self.env).action_open_decision()

    def _check_text(self, text):
        if text is None or text is False:
            return ""
        if not isinstance(text, str):
            raise UserError(self.env._("Give the comment as text."))
        return text.strip()[:4000]

    def _expect_live(self):
        if self.state not in LIVE:
            names = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(document)s is %(state)s already: nothing waits any more.",
                    document=self.name,
                    state=names[self.state].lower(),
                )
            )

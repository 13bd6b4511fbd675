from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import approval_walk as walk
from .approval_world import Desk, lock_requests
from .arguments import check_one, check_records

STATES = [
    ("waiting", "Later"),
    ("open", "Open"),
    ("agreed", "Agreed"),
    ("rejected", "Rejected"),
    ("returned", "Returned"),
    ("transferred", "Transferred"),
    ("escalated", "Passed up"),
    ("closed", "No longer needed"),
    ("cancelled", "Cancelled"),
    ("superseded", "Asked again"),
    ("retrieved", "Taken back"),
]
# In the cache of the cursor: who does the approvals of whom now.
COVERED = "crm_suite_approval_covered"
DECISIONS = ("agree", "reject", "return", "transfer", "add_before", "add_after")
# Decisions of people; what the flow closes by itself is no vote.
VOTES = {"agreed": "agree", "rejected": "reject", "returned": "return"}


class ApprovalTask(models.Model):
    """One question to one person.

    ``user_id`` is who was asked. While he is away his cover finds the task in his own
    list and decides in his place; ``decided_by_id`` tells who it was.
    """

    _name = "crm.suite.approval.task"
    _description = "Approval Task"
    _order = "due_at, id"

    request_id = fields.Many2one(
        "crm.suite.approval.request",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    flow_id = fields.Many2one(
        "crm.suite.approval.flow", readonly=True, index="btree_not_null"
    )
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", readonly=True
    )
    name = fields.Char(string="Document", readonly=True)
    key = fields.Char(required=True, readonly=True)
    node = fields.Char(string="Node ID", readonly=True)
    node_name = fields.Char(string="Node", readonly=True)
    kind = fields.Selection(
        [("approve", "Decide"), ("fill", "Fill in"), ("revise", "Revise")],
        required=True,
        readonly=True,
        default="approve",
    )
    role = fields.Char(readonly=True)
    place = fields.Integer(readonly=True, aggregator=None)
    user_id = fields.Many2one(
        "res.users",
        string="For",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="open")
    auto = fields.Char(string="Closed By Itself Because", readonly=True)
    decided_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    comment = fields.Text(readonly=True)
    opened_at = fields.Datetime(string="Since", readonly=True)
    closed_at = fields.Datetime(string="Decided On", readonly=True)
    due_at = fields.Datetime(string="Due", readonly=True)
    fill_fields = fields.Json(readonly=True)
    notice = fields.Selection(
        [("todo", "To send"), ("sent", "Sent")], readonly=True, copy=False
    )
    submitter_id = fields.Many2one(
        "res.users",
        string="Asked By",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    can_decide = fields.Boolean(compute="_compute_can_decide", compute_sudo=False)
    stands_for = fields.Char(
        string="In Place Of", compute="_compute_stands_for", compute_sudo=False
    )
    figures_text = fields.Text(related="request_id.figures_text")
    proposal_text = fields.Text(related="request_id.proposal_text")

    _key_unique = models.UniqueIndex("(request_id, key)", "This task is there already.")
    _open_idx = models.Index("(user_id, due_at, id) WHERE state = 'open'")
    _notice_idx = models.Index("(id) WHERE notice = 'todo'")

    # === COMPUTES === #

    @api.depends("name", "node_name")
    def _compute_display_name(self):
        for task in self:
            task.display_name = f"{task.name} · {task.node_name}"

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_stands_for(self):
        for task in self:
            own = task.sudo().user_id
            task.stands_for = "" if own == self.env.user else own.name

    @api.depends("state", "user_id")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        people = self._get_people()
        for task in self:
            task.can_decide = task.state == "open" and task.sudo()._is_mine(people)

    # === ACCESS === #

    @api.model
    def _get_people(self):
        """The ids of those for whom the user decides: himself, and people who are away
        and for whom he stands in."""
        # Record rules ask for each record: remembered for the transaction.
        known = self.env.cr.cache.setdefault(COVERED, {})
        uid = self.env.uid
        if uid not in known:
            known[uid] = self.env.user._crm_suite_covered_ids("approvals")
        return [uid, *known[uid]]

    @api.model
    def _get_access_domain(self, user):
        """The tasks that a person may see: his own, those he decided, and those of
        requests that he may see. For record rules, hence evaluated at each search.

        :rtype: Domain
        """
        uid = user.id

        def to_sql(model, alias, query):
            env = model.with_user(uid).env
            people = env["crm.suite.approval.task"]._get_people()
            columns = (
                SQL.identifier(alias, n) for n in ("request_id", "res_model", "res_id")
            )
            return SQL(
                """(
                    %(user)s = ANY(%(people)s)
                    OR %(request)s IN (
                        SELECT id FROM crm_suite_approval_request
                         WHERE submitter_id = %(uid)s
                    )
                    OR %(seen)s
                )""",
                user=SQL.identifier(alias, "user_id"),
                people=people,
                request=SQL.identifier(alias, "request_id"),
                uid=uid,
                seen=env.user._crm_suite_approval_sql(env, *columns),
            )

        def predicate(task):
            task = task.sudo()
            if uid in (task.user_id.id, task.decided_by_id.id, task.submitter_id.id):
                return True
            return task.request_id._may_be_seen_by(uid)

        return Domain.custom(to_sql=to_sql, predicate=predicate)

    @api.model
    def _get_inbox_domain(self):
        """What waits for the user, for himself or in the place of others.

        :rtype: Domain
        """
        # See :meth:`_is_mine`.
        foreign = (
            Domain("kind", "=", "approve")
            & Domain("submitter_id", "=", self.env.uid)
            & Domain("user_id", "!=", self.env.uid)
        )
        people = Domain("user_id", "in", self._get_people())
        return Domain("state", "=", "open") & people & ~foreign

    def _is_mine(self, people):
        """Whether the user decides it: in the place of somebody else nobody decides
        what he asked himself.

        :param people: see :meth:`_get_people`
        """
        own = self.user_id.id == self.env.uid
        return own or (
            self.user_id.id in people and not self._is_asked_by(self.env.user)
        )

    def _is_asked_by(self, user):
        """Whether a decision is about what a person asked himself."""
        return self.kind == "approve" and self.submitter_id == user

    # === DECIDING === #

    def action_decide(self, decision, comment="", **kw):
        """Decide what one was asked.

        :param str decision: ``agree``, ``reject``, ``return``, ``transfer``,
            ``add_before`` or ``add_after``; a task to fill in or to revise is done
            with ``agree``
        :param str comment: for the others; required to reject and to return
        :param kw: ``to``: the node to return to, where the flow lets one choose, see
            :meth:`get_options` (by default to who asked); refused elsewhere;
            ``user_id`` or ``user_ids``: who gets it, or who signs too; ``later``: with
            my later tasks of this request; ``values``: what is filled in, with
            ``agree`` only
        :return: True
        :raise UserError: what stands against it and what to do
        """
        self.env["crm.suite.approval.request"]._check_role()
        check_records(self).check_access("read")
        self._decide(decision, comment, **kw)
        return True

    def action_agree(self, comment=""):
        """Agree to what one was asked; for several at once.

        :return: True
        """
        return self.action_decide("agree", comment)

    def action_return(self, comment=""):
        """Send it back; for several at once. Where the flow lets one choose, it goes
        back to who asked.

        :return: True
        """
        return self.action_decide("return", comment)

    def action_reject(self, comment=""):
        """Decline; for several at once.

        :return: True
        """
        return self.action_decide("reject", comment)

    def _decide(self, decision, comment="", note=None, **kw):
        """Decide as the user of the environment, whose right to it is checked here.

        :param dict note: ``channel`` and ``address``, where known
        """
        asked = self.env["crm.suite.approval.request"]
        if decision not in DECISIONS:
            raise UserError(
                self.env._(
                    "“%(decision)s” is no decision. There are: %(decisions)s.",
                    decision=decision,
                    decisions=", ".join(DECISIONS),
                )
            )
        comment = asked._check_text(comment)
        if decision in ("reject", "return") and not comment:
            raise UserError(self.env._("Say why: a few words are enough."))
        options = self._check_options(decision, kw)
        # Rights were checked; the engine alone writes tasks and requests.
        tasks = self.sudo()
        lock_requests(tasks.request_id)
        tasks.invalidate_recordset()
        desk = Desk(tasks.env)
        people = self._get_people()
        for task in tasks:
            task._check_decidable(people)
            if decision == "agree":
                task._fill(options.get("values"))
            task.request_id._advance(
                "act",
                task.key,
                decision,
                by=self.env.uid if task.user_id.id != self.env.uid else None,
                comment=comment,
                to=task._get_goal(decision, options.get("to")),
                users=options.get("users"),
                later=options.get("later", False),
                desk=desk,
                note={
                    **(note or {}),
                    "comment": comment,
                    "decision": decision,
                    "task": task.key,
                    "by": self.env.uid,
                },
            )

    def _check_options(self, decision, kw):
        """The further arguments of a decision as the engine wants them.

        :rtype: dict
        """
        known = {"to", "user_id", "user_ids", "users", "later", "values"}
        if unknown := kw.keys() - known:
            raise UserError(
                self.env._(
                    "“%(name)s” is not understood. Give to, user_id, user_ids, later or values.",
                    name=sorted(unknown)[0],
                )
            )
        users = kw.get("user_ids") or kw.get("users") or []
        users = [kw["user_id"]] if kw.get("user_id") else users
        if kw.get("to") and not isinstance(kw["to"], str):
            raise UserError(self.env._("Name the node to return to by its id."))
        if kw.get("values") and not isinstance(kw["values"], dict):
            raise UserError(self.env._("Give what is filled in as {field: value}."))
        if kw.get("values") and decision != "agree":
            raise UserError(
                self.env._("What is filled in goes with “agree” only: leave it out.")
            )
        for task in self.sudo() if users else ():
            task.request_id._expect_able(users)
        return {**kw, "users": list(users) or None}

    def _check_decidable(self, people):
        """Whether the task is open and the user's, with a word that helps if not."""
        if self.state != "open":
            if self.decided_by_id:
                names = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(user)s has decided about %(document)s already: %(state)s.",
                        user=self.decided_by_id.name,
                        document=self.name,
                        state=names[self.state].lower(),
                    )
                )
            raise UserError(
                self.env._(
                    "%(document)s does not wait for you any more; others have decided.",
                    document=self.name,
                )
            )
        if self.user_id.id not in people:
            raise AccessError(
                self.env._(
                    "%(document)s waits for %(user)s. Only that person, or who stands in during an absence, decides.",
                    document=self.name,
                    user=self.user_id.name,
                )
            )
        if not self._is_mine(people):
            raise AccessError(
                self.env._(
                    "%(document)s waits for %(user)s: what you asked yourself you do not decide in the place of somebody else.",
                    document=self.name,
                    user=self.user_id.name,
                )
            )

    # === FOLLOWING THE ENGINE === #

    def _follow(self, task, world, note):
        """Bring the row to what the engine says of it.

        :param dict task: of the state
        :return: the rows of the events that tell of a decision
        :rtype: list[dict]
        """
        events = []
        opened = task["status"] == "open" and self.state != "open"
        values = {"state": task["status"], "due_at": task.get("due") or False}
        if opened:
            values.update(opened_at=world.now, notice="todo")
        if task["status"] not in ("open", "waiting"):
            mine = note.get("task") == self.key
            values.update(
                closed_at=world.now,
                auto=task.get("auto") or False,
                notice="sent" if self.notice else False,
                decided_by_id=note["by"] if mine else False,
                comment=note.get("comment") or False if mine else False,
            )
            if mine or task.get("auto"):
                events = self._get_decision(task, world, note, mine)
        elif note.get("task") == self.key:
            # Somebody asked before him: the task itself waits.
            events = self._get_decision(task, world, note, True)
        self.write(values)
        return events

    def _get_decision(self, task, world, note, mine):
        """The row of the event that tells of a decision; none where there was none."""
        kind = note.get("decision") if mine else VOTES.get(task["status"])
        if mine and self.kind in ("fill", "revise") and kind == "agree":
            kind = "fill" if self.kind == "fill" else "resubmit"
        if not kind:
            return []
        opened = self.opened_at or world.now
        missed = not mine and task.get("auto") == "limit"
        event = self.request_id._get_event_values(
            kind,
            task_id=self.id,
            node=self.node,
            node_name=self.node_name,
            user_id=note["by"] if mine else self.user_id.id,
            principal_id=self.user_id.id
            if mine and note["by"] != self.user_id.id
            else False,
            comment=note.get("comment") or False if mine else False,
            channel=note.get("channel") if mine else "system",
            address=note.get("address") if mine else False,
            hours=world.desk.measure(opened, world.now, self.user_id.id),
            is_overdue=missed or bool(self.due_at and self.due_at < world.now),
            is_missed=missed,
            is_vote=mine and kind in ("agree", "reject", "return", "fill"),
            is_return=kind == "return",
        )
        return [event]

    # === SCREENS === #

    @api.readonly
    def get_options(self):
        """What may be decided about a task, and to which steps it may be returned where
        the flow leaves that to who decides (elsewhere none: the flow says it).

        :return: ``{"decisions": […], "return_to": [{"id", "name"}], "may_retrieve":
            bool, "fields": [names]}``
        :rtype: dict
        """
        check_one(self)
        self.env["crm.suite.approval.request"]._check_role()
        self.check_access("read")
        request = self.sudo().request_id
        flow = request.version_id._prepare_graph()
        live = self.state == "open" and request.is_running
        return {
            "decisions": walk.allowed(flow, request.position, self.key) if live else [],
            "return_to": [
                {"id": goal, "name": name} for goal, name in self.sudo()._get_goals()
            ],
            "may_retrieve": walk.can_retrieve(flow, request.position, self.key),
            "fields": self.fill_fields or [],
        }

    def action_open_decision(self):
        """Open the window in which one decides.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.approval_decide_action"
        )
        return {**action, "context": {"default_task_id": self.id}}

    def action_open_document(self):
        """Open what the task is about, for who may read it.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return self.request_id.action_open_document()


class ApprovalRequest(models.Model):
    _inherit = "crm.suite.approval.request"

    def _get_retrievable(self):
        """The last own decisions that the user may still take back: the key of the
        task by the id of the request.

        :rtype: dict[int, str]
        """
        tasks = (
            self.env["crm.suite.approval.task"]
            .sudo()
            .search(
                [
                    ("request_id", "in", self.ids),
                    ("state", "=", "agreed"),
                    ("decided_by_id", "=", self.env.uid),
                ],
                order="closed_at, id",
            )
        )
        found = {}
        for task in tasks:
            request = task.request_id
            flow = request.version_id._prepare_graph()
            if request.is_running and walk.can_retrieve(
                flow, request.position, task.key
            ):
                found[request.id] = task.key
        return found


class Absence(models.Model):
    """What is remembered about covers ends with a change of an absence."""

    _inherit = "crm.suite.absence"

    @api.model_create_multi
    def create(self, vals_list):
        self.env.cr.cache.pop(COVERED, None)
        return super().create(vals_list)

    def write(self, vals):
        self.env.cr.cache.pop(COVERED, None)
        return super().write(vals)

    def unlink(self):
        self.env.cr.cache.pop(COVERED, None)
        return super().unlink()

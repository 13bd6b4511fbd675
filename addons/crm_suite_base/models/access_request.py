from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .about_mixin import open_form
from .arguments import check_refusal
from .customer_member import SHARERS

STATES = [
    ("open", "To decide"),
    ("granted", "Granted"),
    ("refused", "Refused"),
    ("cancelled", "Withdrawn"),
]
DAILY = 50


class AccessRequest(models.Model):
    """Somebody asks for a record that is not his: to see it, or to take it over.

    The owner decides, or who leads him, or a sales manager or data steward. Whoever
    asks learns nothing about the record by asking: its name is shown to those who may
    read it.

    A *kind* is what is asked for. To add one, add it to the selection and define
    ``_grant_<kind>()``, which does what was asked for as superuser.
    """

    _name = "crm.suite.access.request"
    _description = "Request for Access"
    _order = "id desc"

    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    subject = fields.Char(
        readonly=True, help="What was asked for, in the words of who asked."
    )
    record_name = fields.Char(
        string="What It Is About", compute="_compute_record_name", compute_sudo=False
    )
    kind = fields.Selection(
        [("access", "See"), ("claim", "Take over")],
        string="Asks To",
        required=True,
        readonly=True,
    )
    access = fields.Selection(
        [("read", "Sees"), ("write", "Sees and changes")],
        string="Access Wanted",
        default="read",
        readonly=True,
    )
    note = fields.Text(readonly=True)
    requester_id = fields.Many2one(
        "res.users",
        string="Asked By",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    decider_id = fields.Many2one(
        "res.users",
        string="To Be Decided By",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty: a sales manager or data steward decides.",
    )
    state = fields.Selection(STATES, required=True, default="open", readonly=True)
    decided_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    decided_at = fields.Datetime(string="Decided On", readonly=True)
    reason = fields.Char(string="Reason of the Decision", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    can_decide = fields.Boolean(compute="_compute_can_decide", compute_sudo=False)

    _open_unique = models.UniqueIndex(
        "(res_model, res_id, requester_id, kind) WHERE state = 'open'",
        "You have asked for this already.",
    )
    _record_idx = models.Index("(res_model, res_id)")
    _state_idx = models.Index("(decider_id, create_date) WHERE state = 'open'")

    # === COMPUTES === #

    @api.depends("res_model", "res_id", "subject")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_record_name(self):
        for request in self:
            hidden = self._name_hidden(request.res_model)
            request.record_name = request.subject or hidden
        for records in self._get_records():
            readable = self._get_readable(records)
            names = {record.id: record.display_name for record in readable}
            for request in self.filtered(lambda r, m=records._name: r.res_model == m):
                request.record_name = names.get(request.res_id, request.record_name)

    @api.depends("requester_id", "kind", "record_name")
    @api.depends_context("uid", "lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for request in self:
            request.display_name = self.env._(
                "%(kind)s: %(record)s",
                kind=kinds.get(request.kind, ""),
                record=request.record_name,
            )

    @api.depends("decider_id", "state")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        mine = self.filtered_domain(self._get_decider_domain())
        for request in self:
            request.can_decide = request.state == "open" and request in mine

    def _get_readable(self, records):
        if records._name == "res.partner":
            return records._crm_suite_filtered_visible()
        return records._filtered_access("read")

    def _get_records(self):
        """The records asked for, one recordset per model; deleted ones left out."""
        found = []
        for model, asked in self.grouped("res_model").items():
            if model in self.env:
                records = self.env[model].browse(set(asked.mapped("res_id")))
                found.append(records.exists())
        return found

    # === WHO DECIDES === #

    @api.model
    def _get_decider_domain(self):
        """The requests that the user may decide: those put to him, to people whom he
        leads or stands in for; managers all.

        :rtype: Domain
        """
        user = self.env.user
        if self.env.su or any(map(user.has_group, SHARERS)):
            return Domain.TRUE
        return Domain("decider_id", "in", self._get_decided_for())

    @api.model
    def _get_decided_for(self):
        """The ids of the people for whom the user decides: himself, those whom he
        leads, and those whose approvals he does while they are away.

        :rtype: list[int]
        """
        user = self.env.user
        led = user._crm_suite_led_user_ids()
        return [user.id, *led, *user._crm_suite_covered_ids("approvals")]

    @api.model
    def _get_todo_domain(self):
        """The open requests that wait for this user and not for his superiors."""
        user = self.env.user
        people = [user.id, *user._crm_suite_covered_ids("approvals")]
        mine = Domain("decider_id", "in", people)
        if any(map(user.has_group, SHARERS)):
            mine |= Domain("decider_id", "=", False)
        return Domain("state", "=", "open") & mine

    # === ASKING === #

    @api.model
    def _request_models(self):
        """The models whose records may be asked for.

        Hook: a model needs ``user_id``, its owner, and may say by
        ``_crm_suite_access_decider()`` who decides where nobody owns a record.

        :rtype: set[str]
        """
        return {"res.partner"}

    @api.model
    def _request_kind(self, model):
        """What is asked for where nothing is chosen. Hook.

        :rtype: str
        """
        return "access"

    @api.model
    def _name_hidden(self, model):
        """What a record is called for who may not read it. Hook.

        :rtype: str
        """
        return self.env._("A customer")

    @api.model
    def _open_window(self, record):
        """The window in which one asks for a record.

        :rtype: dict
        """
        kind = self._request_kind(record._name)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ask for Access"),
            "res_model": "crm.suite.access.ask",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_res_model": record._name,
                "default_res_id": record.id,
                "default_kind": kind,
            },
        }

    @api.model
    def request_access(self, model, res_ids, kind="access", note="", access="read"):
        """Ask for records that one may not see, or that are another's.

        :param str model: ``res.partner``, or ``crm.lead`` to take it over
        :param list res_ids: ids of the records
        :param str kind: ``access`` (see it) or ``claim`` (take it over)
        :param str note: why, for who decides
        :param str access: ``read`` or ``write``
        :return: ids of the open requests, in the order of ``res_ids``
        :rtype: list[int]
        :raise UserError: what is wrong with the question
        """
        self.env["res.partner"]._crm_suite_check_role()
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        if not isinstance(model, str) or model not in self._request_models():
            raise UserError(
                self.env._(
                    "Customers (res.partner) and leads (crm.lead) can be asked for only."
                )
            )
        if isinstance(res_ids, int):
            res_ids = [res_ids]
        if not isinstance(res_ids, list | tuple) or not all(
            type(id_) is int for id_ in res_ids
        ):
            raise UserError(self.env._("Give the ids of the records as a list."))
        if kind not in kinds or access not in ("read", "write"):
            raise UserError(
                self.env._(
                    "Ask for one of %(kinds)s with access read or write.",
                    kinds=", ".join(kinds),
                )
            )
        records = self.env[model].browse(res_ids).exists()
        if not records:
            raise UserError(self.env._("This does not exist any more."))
        return self._request(records, kind, str(note or ""), access).ids

    @api.model
    def _request(self, records, kind="access", note="", access="read", subject=""):
        """Ask for records; an open request of the same person is kept.

        :param records: need not be readable by the user
        :param str subject: what he asked for in his own words: shown instead of the
            name to who may not read the record
        :return: one request per record
        """
        # As superuser: the records are out of sight of who asks. He gets requests
        # that tell nothing of them.
        hidden = records.sudo()
        if records._name == "res.partner":
            hidden = hidden.commercial_partner_id
        self._check_askable(hidden, kind, access)
        found = self.sudo().search(
            [
                ("res_model", "=", hidden._name),
                ("res_id", "in", hidden.ids),
                ("requester_id", "=", self.env.uid),
                ("kind", "=", kind),
                ("state", "=", "open"),
            ]
        )
        asked = set(found.mapped("res_id"))
        made = self.sudo().create(
            [
                {
                    "res_model": record._name,
                    "res_id": record.id,
                    "subject": subject,
                    "kind": kind,
                    "access": access if kind == "access" else False,
                    "note": note,
                    "requester_id": self.env.uid,
                    "decider_id": record._crm_suite_access_decider().id,
                    "company_id": record.company_id.id,
                }
                for record in hidden
                if record.id not in asked
            ]
        )
        made._tell_deciders()
        by_record = {request.res_id: request.id for request in found | made}
        return self.browse(by_record[record.id] for record in hidden)

    def _check_askable(self, records, kind, access):
        """Refuse what needs no asking, and asking without end."""
        own = records.filtered(lambda r: r.user_id == self.env.user)
        if own:
            raise UserError(
                self.env._(
                    "%(records)s is yours already.",
                    records=", ".join(own.mapped("display_name")),
                )
            )
        if kind == "access":
            seen = records.with_env(self.env)._crm_suite_filtered_visible(access)
            if seen:
                raise UserError(
                    self.env._(
                        "You may open %(records)s already.",
                        records=", ".join(seen.sudo().mapped("display_name")),
                    )
                )
        since = fields.Datetime.now() - timedelta(days=1)
        asked = self.sudo().search_count(
            [("requester_id", "=", self.env.uid), ("create_date", ">=", since)]
        )
        if asked + len(records) > self._get_daily_limit():
            raise UserError(
                self.env._(
                    "You have asked %(count)s times since yesterday. Wait for the answers, or ask a manager.",
                    count=asked,
                )
            )

    @api.model
    def _get_daily_limit(self):
        parameters = self.env["ir.config_parameter"].sudo()
        limit = parameters.get_param("crm_suite_base.access_requests_daily", "")
        return int(limit) if limit.isdigit() else DAILY

    def _tell_deciders(self):
        """Put a notification into the inbox of who decides."""
        for (decider, requester), asked in (
            self.filtered("decider_id")
            .grouped(lambda request: (request.decider_id, request.requester_id))
            .items()
        ):
            lang = decider.lang or self.env.lang
            first = asked[0].with_context(lang=lang)
            names = ", ".join(
                asked.with_user(decider).with_context(lang=lang).mapped("record_name")
            )
            subject = first.env._(
                "%(user)s asks you for %(records)s",
                user=requester.name,
                records=names,
            )
            self._notify(decider, subject, asked[0].note)

    def _notify(self, user, subject, body):
        self.env["mail.thread"].sudo().message_notify(
            partner_ids=user.partner_id.ids,
            subject=subject,
            body=body or subject,
            author_id=self.env.user.partner_id.id,
        )

    # === DECIDING === #

    def action_grant(self):
        """Give what was asked for, and tell who asked."""
        self._check_decidable()
        # Asked for what is gone since: only refusing makes an end of it.
        if sum(map(len, self.sudo()._get_records())) < len(
            {(request.res_model, request.res_id) for request in self}
        ):
            raise UserError(
                self.env._("What was asked for does not exist any more. Refuse it.")
            )
        for kind, asked in self.grouped("kind").items():
            # The decision is checked; what is granted lies beyond the decider's own
            # rights where he decides for somebody else.
            getattr(asked.sudo(), f"_grant_{kind}")()
        self._decide("granted")

    def action_refuse(self, reason=""):
        """Decline, and tell who asked why.

        :param str reason: for who asked
        """
        self._check_decidable()
        self._decide("refused", check_refusal(self.env, reason))

    def action_withdraw(self):
        """Take back what one has asked for oneself."""
        self.check_access("read")
        if any(request.requester_id != self.env.user for request in self):
            raise AccessError(
                self.env._("Only who asked can withdraw a request. Refuse it instead.")
            )
        self._lock_open()
        # One's own requests; they have no other way to be written.
        self.sudo().write({"state": "cancelled", "decided_at": fields.Datetime.now()})

    def _check_decidable(self):
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        if refused := self - self.filtered_domain(self._get_decider_domain()):
            raise AccessError(
                self.env._(
                    "This is for %(decider)s to decide, or for who leads the team.",
                    decider=refused[0].sudo().decider_id.name
                    or self.env._("a sales manager"),
                )
            )
        self._lock_open()

    def _lock_open(self):
        """Two people who decide at once: the second reads what the first has done."""
        self.flush_recordset(["state"])
        self.env.cr.execute(
            SQL(
                "SELECT id FROM crm_suite_access_request WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
                self.ids,
            )
        )
        self.invalidate_recordset(["state"])
        if closed := self.filtered(lambda r: r.state != "open"):
            raise UserError(
                self.env._(
                    "%(user)s has decided this already.",
                    user=closed[0].sudo().decided_by_id.name or self.env._("Somebody"),
                )
            )

    def _decide(self, state, reason=False):
        # Rights were checked by the caller; nobody writes these rows by hand.
        self.sudo().write(
            {
                "state": state,
                "reason": reason,
                "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
            }
        )
        for requester, asked in self.sudo().grouped("requester_id").items():
            local = asked.with_user(requester).with_context(
                lang=requester.lang or self.env.lang
            )
            names = ", ".join(local.mapped("record_name"))
            subject = (
                local.env._("Granted: %(records)s", records=names)
                if state == "granted"
                else local.env._("Refused: %(records)s", records=names)
            )
            self._notify(requester, subject, reason)

    # === ACTIONS === #

    def action_open_record(self):
        """Open what was asked for, for who may see it."""
        self.ensure_one()
        self.check_access("read")
        self.env[self.res_model].browse(self.res_id).check_access("read")
        return open_form(self.env, self.res_model, self.res_id)

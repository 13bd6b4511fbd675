import json
from functools import partial

from markupsafe import Markup
from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .assignment_policy import LEADS
from .operation_journal import JOURNAL

CAUSES = [
    ("create", "New record"),
    ("change", "Changed record"),
    ("sweep", "Sweep"),
    ("room", "Room became free"),
    ("manual", "Run by hand"),
    ("declined", "Declined by the one before"),
    ("timer", "Not accepted in time"),
    ("return", "Back from an absence"),
]
STATES = [
    ("done", "Assigned"),
    ("pending", "To Accept"),
    ("accepted", "Accepted"),
    ("declined", "Declined"),
    ("expired", "Not accepted in time"),
    ("nobody", "Nobody free"),
    ("overdue", "Nobody accepted"),
    ("settled", "Settled otherwise"),
]
WAITING = ("nobody", "overdue")
# What a person got; the rest was taken from him again or never came.
KEPT = ("done", "pending", "accepted")
# What the reason keeps of a decision, but its sentence does not tell.
UNTOLD = ("candidates", "load", "next", "skipped")


class AssignmentLog(models.Model):
    """One decision: which record went from whom to whom, by which rule and why.

    Written by the engine only. ``why`` holds what cannot be found out later: the
    candidates, their open work at that moment, who was left out and for what reason.
    """

    _name = "crm.suite.assignment.log"
    _description = "Assignment"
    _inherit = ["crm.suite.explain.mixin", "crm.suite.about.mixin"]
    _order = "date desc, id desc"
    _rec_name = "res_name"

    policy_id = fields.Many2one(
        "crm.suite.assignment.policy", readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="policy_id.company_id", store=True, index="btree_not_null"
    )
    rule_id = fields.Many2one(
        "crm.suite.assignment.rule",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    version = fields.Integer(readonly=True, aggregator=None)
    res_model = fields.Selection(
        lambda self: self.env["crm.suite.assignment.policy"]._selection_res_model(),
        string="Kind",
        required=True,
        readonly=True,
    )
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", required=True, readonly=True
    )
    res_name = fields.Char(string="Record", compute="_compute_res_name")
    from_user_id = fields.Many2one(
        "res.users", string="From", readonly=True, index="btree_not_null"
    )
    to_user_id = fields.Many2one(
        "res.users", string="To", readonly=True, index="btree_not_null"
    )
    date = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    cause = fields.Selection(CAUSES, required=True, readonly=True)
    why = fields.Json(readonly=True)
    reason = fields.Char(
        compute="_compute_reason", help="The decision in one sentence."
    )
    value = fields.Float(
        readonly=True, help="What the record was worth when it was assigned."
    )
    try_number = fields.Integer(string="Try", readonly=True, default=1, aggregator=None)
    accept_until = fields.Datetime(readonly=True)
    answered_at = fields.Datetime(string="Answered On", readonly=True)
    answer = fields.Char(string="Remark", readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="done")
    is_late = fields.Boolean(
        string="Overdue",
        compute="_compute_is_late",
        search="_search_is_late",
        help="Waits for an owner, or for an answer whose time is over.",
    )

    _record_idx = models.Index("(res_model, res_id)")
    _load_idx = models.Index("(policy_id, to_user_id, date)")
    _pending_idx = models.Index("(accept_until) WHERE state = 'pending'")
    _waiting_uniq = models.UniqueIndex(
        "(policy_id, res_id) WHERE state IN ('nobody', 'overdue')",
        "This record is waiting already.",
    )

    # === FIELDS === #

    @api.depends("res_model", "res_id")
    @api.depends_context("uid")
    def _compute_res_name(self):
        """Names of the records that the reader may see."""
        for model_name, logs in self.grouped("res_model").items():
            records = self.env[model_name].browse(set(logs.mapped("res_id")))
            names = {
                record.id: record.display_name
                for record in records.exists()._filtered_access("read")
            }
            for log in logs:
                log.res_name = names.get(log.res_id, self.env._("Not to be seen"))

    @api.depends("why", "state", "cause", "rule_id", "to_user_id")
    @api.depends_context("lang")
    def _compute_reason(self):
        for log in self:
            log.reason = log.sudo()._get_sentence()

    def _compute_is_late(self):
        now = fields.Datetime.now()
        for log in self:
            log.is_late = log.state in WAITING or (
                log.state == "pending" and log.accept_until and log.accept_until < now
            )

    def _search_is_late(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        late = [
            "|",
            ("state", "in", WAITING),
            "&",
            ("state", "=", "pending"),
            ("accept_until", "<", fields.Datetime.now()),
        ]
        return late if (True in value) == (operator == "in") else ["!", *late]

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        logs = super().create(vals_list)
        logs._note_watched({log.res_model for log in logs})
        return logs

    @api.model
    def _insert(self, vals_list):
        """Write the decisions of one policy down as rows, all in one statement.

        Nothing is computed from them; the ORM's own creation takes as long as all the
        rest of the decision.

        :param list[dict] vals_list: as of ``create``, with the keys of
            :meth:`~odoo.addons.crm_suite_base.models.assignment_run.AssignmentPolicy._make_log`
        :rtype: crm.suite.assignment.log
        """
        if not vals_list:
            return self
        policy = self.env["crm.suite.assignment.policy"].browse(
            vals_list[0]["policy_id"]
        )
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_assignment_log
                       (policy_id, company_id, rule_id, version, res_model, res_id,
                        from_user_id, to_user_id, date, cause, why, value, try_number,
                        accept_until, state,
                        create_uid, write_uid, create_date, write_date)
                SELECT r.policy_id, %(company)s, r.rule_id, r.version, r.res_model,
                       r.res_id, r.from_user_id, r.to_user_id, r.date, r.cause, r.why,
                       r.value, r.try_number, r.accept_until, r.state,
                       %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM jsonb_to_recordset(%(rows)s) r(
                       policy_id int, rule_id int, version int, res_model varchar,
                       res_id int, from_user_id int, to_user_id int, date timestamp,
                       cause varchar, why jsonb, value float, try_number int,
                       accept_until timestamp, state varchar)
             RETURNING id
                """,
                # What is not there is False for the ORM.
                rows=Json(
                    [
                        {
                            name: None if value is False else value
                            for name, value in vals.items()
                        }
                        for vals in vals_list
                    ],
                    dumps=partial(json.dumps, default=str),
                ),
                company=policy.company_id.id or None,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        logs = self.browse(sorted(id_ for (id_,) in self.env.cr.fetchall()))
        journal = vars(self.env.cr).get(JOURNAL)
        if journal is not None:
            journal.note_created(logs)
        logs._note_watched({policy.res_model})
        return logs

    def _note_watched(self, model_names):
        """Run by hand: from now on what a policy gave away is watched."""
        policies = self.env["crm.suite.assignment.policy"]
        for model_name in model_names:
            if not policies._get_watch(model_name).active:
                self.env.registry.clear_cache()

    # === ANSWERS === #

    # Who answers is checked first.
    def action_accept(self):  # nosemgrep: odoo-public-method-sudo
        """Accept what was assigned to oneself; a lead may do it for others.

        :return: True
        """
        self._check_answer()
        # By this method alone, which looks who answers.
        self.sudo().write({"state": "accepted", "answered_at": fields.Datetime.now()})
        return True

    def action_decline(self, reason=""):
        """Decline what was assigned to oneself: it goes to the next at once.

        :param str reason: kept in the log
        :return: True
        """
        if not isinstance(reason, str | bool | None):
            raise UserError(self.env._("Give the reason in words."))
        self._check_answer()
        for policy, logs in self.sudo().grouped("policy_id").items():
            policy._pass_on(logs, "declined", reason or False)
        return True

    def _check_answer(self):
        self.check_access("read")
        if not self.env.su:
            lead = any(self.env.user.has_group(group) for group in LEADS)
            if not lead and any(log.to_user_id != self.env.user for log in self):
                raise AccessError(
                    self.env._("Only the person to whom it was assigned can answer.")
                )
        settled = self.filtered(lambda log: log.state != "pending")
        if settled:
            raise UserError(
                self.env._(
                    "“%(record)s” is not waiting for an answer any more: it is settled "
                    "already.",
                    record=settled[0].res_name,
                )
            )

    @api.model
    def _settle(self, model_name, ids):
        """End the waiting for records: a person decided, or they are gone."""
        self.search(
            [
                ("res_model", "=", model_name),
                ("res_id", "in", ids),
                ("state", "in", ("pending", *WAITING)),
            ]
        ).write({"state": "settled", "answered_at": fields.Datetime.now()})

    def action_open(self):
        """Open the record.

        :rtype: dict
        """
        return self._open_record()

    def action_assign_again(self):
        """Look for somebody once more, among all members.

        :return: True
        """
        self.env["crm.suite.assignment.policy"]._check_lead()
        self.check_access("read")
        waiting = self.filtered(lambda log: log.state in WAITING)
        for policy, logs in waiting.grouped("policy_id").items():
            policy.sudo()._assign(logs.mapped("res_id"), "manual")
        return True

    # === WHY === #

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"owner"}

    def _explain_owner(self):
        log = self.sudo().with_env(self.env).sudo()
        return {
            "title": self.env._("Owner"),
            "result": {
                "label": self.env._("Owner"),
                "value": log.to_user_id.name or self.env._("Nobody"),
            },
            **log._tell(),
        }

    def _tell(self):
        """This decision as ``crm.suite.explain.mixin`` takes it."""
        why = self.why or {}
        _ = self.env._
        inputs = [
            {
                "label": _("Cause"),
                "name": "cause",
                "value": self.cause,
                "type": "selection",
                "field": self._fields["cause"],
            }
        ]
        if why.get("candidates"):
            inputs.append({"label": _("Candidates"), "value": why["candidates"]})
        if "load" in why:
            inputs.append(
                {"label": _("Open records of the new owner"), "value": why["load"]}
            )
        if why.get("next"):
            inputs.append(
                {
                    "label": _("Next would have been"),
                    "value": self._names_of(why["next"]),
                }
            )
        labels = self._get_skip_labels()
        for reason, ids in (why.get("skipped") or {}).items():
            inputs.append({"label": labels[reason], "value": self._names_of(ids)})
        return {
            "sentence": self._get_sentence(),
            "rule": self.rule_id or None,
            "version": self.version,
            "inputs": inputs,
            "at": self.date,
            "note": self._get_note(),
        }

    def _tell_steps(self, logs):
        """The last decisions about a record, one line each."""
        return [
            {
                "text": self.env._(
                    "%(date)s: %(reason)s",
                    date=self._explained_moment(log.date),
                    reason=log._get_sentence(),
                ),
                "met": None,
            }
            for log in logs
        ]

    @api.model
    def _get_skip_labels(self):
        _ = self.env._
        return {
            "away": _("Away"),
            "closed": _("Outside of working hours"),
            "full": _("No room"),
            "off": _("Not a member at that time"),
            "tried": _("Did not accept before"),
        }

    def _get_sentence(self):
        """Why it is so, in the language of the reader."""
        self.ensure_one()
        why, _ = self.why or {}, self.env._
        who = self.to_user_id.name or ""
        if self.state == "overdue":
            return _("Nobody accepted in time; a person has to decide.")
        if not self.to_user_id:
            return _("The rule fits, but nobody is free who may get it.")
        if self.cause == "return":
            return _("%(who)s is back: the record had come in meanwhile.", who=who)
        if why.get("cover_for"):
            return _(
                "%(who)s covers for %(away)s, who dealt with it before.",
                who=who,
                away=self._names_of([why["cover_for"]]),
            )
        if why.get("sticky"):
            return _("%(who)s dealt with it before.", who=who)
        order = why.get("order")
        rule = self.rule_id.name or why.get("rule") or ""
        if order == "least_loaded":
            return _("%(rule)s: %(who)s had the least open work.", rule=rule, who=who)
        if order == "weighted":
            return _(
                "%(rule)s: by weight it was the turn of %(who)s.", rule=rule, who=who
            )
        return _("%(rule)s: it was the turn of %(who)s.", rule=rule, who=who)

    def _get_assigned_note(self):
        """What the history of the record says of it.

        :rtype: Markup
        """
        return Markup("<p>%s</p>") % self.env._(
            "Assigned to %(user)s. %(reason)s",
            user=self.to_user_id.name,
            reason=self._get_sentence(),
        )

    def _get_note(self):
        if self.state == "pending":
            return self.env._(
                "To be accepted until %(moment)s.",
                moment=self._explained_moment(self.accept_until),
            )
        if self.state == "expired":
            return self.env._("It was not accepted in time and went on.")
        if self.state == "declined":
            return self.env._("Declined: %(reason)s", reason=self.answer or "–")
        return ""

    def _names_of(self, user_ids):
        users = self.env["res.users"].sudo().browse(user_ids).exists()
        return ", ".join(users.mapped("name"))

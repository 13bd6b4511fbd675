import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..tools.webhook_sign import make_secret
from .arguments import check_one, check_records

STATES = [
    ("draft", "Not Started"),
    ("on", "Active"),
    ("paused", "Paused"),
    ("gone", "Unsubscribed"),
]
# Of these new events are kept.
LISTENING = ("on", "paused")
OVERLAP_HOURS = 24
TEST = "webhook.test"


class Webhook(models.Model):
    """A subscription: which events go to which address, and as whom they are read.

    What is sent holds only records that the person in ``run_as_id`` may read, with the
    fields that are documented for their model. Events wait in
    ``crm.suite.webhook.delivery`` until they were taken, see there.
    """

    _name = "crm.suite.webhook"
    _description = "Webhook"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    url = fields.Char(
        string="Address",
        required=True,
        help="Where the events are sent: a complete address that begins with https://.",
    )
    type_ids = fields.Many2many(
        "crm.suite.webhook.type",
        "crm_suite_webhook_type_rel",
        "webhook_id",
        "type_id",
        string="Events",
    )
    state = fields.Selection(
        STATES, required=True, readonly=True, default="draft", copy=False
    )
    pause_reason = fields.Char(string="Why It Is Paused", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    run_as_id = fields.Many2one(
        "res.users",
        string="Reads As",
        required=True,
        index=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
        domain="[('share', '=', False)]",
        help="Only what this person may read is sent.",
    )
    owner_id = fields.Many2one(
        "res.users",
        string="Responsible",
        required=True,
        index=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
        domain="[('share', '=', False)]",
        help="Is told when the receiver does not answer any more.",
    )
    secret = fields.Char(copy=False, exportable=False, groups=fields.NO_ACCESS)
    secret_old = fields.Char(copy=False, exportable=False, groups=fields.NO_ACCESS)
    secret_old_until = fields.Datetime(
        string="Old Secret Valid Until", readonly=True, copy=False
    )
    has_secret = fields.Boolean(compute="_compute_has_secret")
    last_success = fields.Datetime(readonly=True, copy=False)
    last_failure = fields.Datetime(readonly=True, copy=False)
    last_error = fields.Char(readonly=True, copy=False)
    failing_since = fields.Datetime(readonly=True, copy=False)
    failure_count = fields.Integer(
        string="Failures in a Row", readonly=True, copy=False, aggregator=None
    )
    delivery_ids = fields.One2many("crm.suite.webhook.delivery", "webhook_id")
    waiting_count = fields.Integer(string="Waiting", compute="_compute_counts")
    sent_count = fields.Integer(string="Sent", compute="_compute_counts")
    dead_count = fields.Integer(string="Given Up", compute="_compute_counts")
    progress = fields.Float(
        compute="_compute_counts", help="How much of what was to be sent has arrived."
    )

    # === COMPUTES === #

    @api.depends("secret")
    def _compute_has_secret(self):
        for webhook in self:
            # Whether there is one is no secret.
            webhook.has_secret = bool(webhook.sudo().secret)

    @api.depends("delivery_ids.state")
    def _compute_counts(self):
        rows = self.env["crm.suite.webhook.delivery"]._read_group(
            [("webhook_id", "in", self.ids)], ["webhook_id", "state"], ["__count"]
        )
        counts = {}
        for webhook, state, count in rows:
            counts.setdefault(webhook.id, {})[state] = count
        for webhook in self:
            found = counts.get(webhook.id, {})
            webhook.sent_count = found.get("sent", 0)
            webhook.dead_count = found.get("dead", 0)
            webhook.waiting_count = sum(
                found.get(state, 0) for state in ("pending", "sending", "failed")
            )
            total = webhook.sent_count + webhook.dead_count + webhook.waiting_count
            webhook.progress = 100 * webhook.sent_count / total if total else 0

    # === CHECKS === #

    @api.constrains("url")
    def _check_url(self):
        client = self.env["crm.suite.http"]
        for webhook in self:
            try:
                client._check_url(webhook.url)
            except UserError as error:
                raise ValidationError(str(error)) from error

    @api.constrains("run_as_id", "owner_id", "company_id")
    def _check_people(self):
        for webhook in self:
            # Of which companies somebody is, is no secret for who names him.
            for user in webhook.sudo().run_as_id | webhook.sudo().owner_id:
                if user.share or webhook.company_id not in user.company_ids:
                    raise ValidationError(
                        self.env._(
                            "%(user)s does not belong to %(company)s. Choose somebody "
                            "who works there.",
                            user=user.name,
                            company=webhook.company_id.name,
                        )
                    )

    def _find_obstacle(self):
        """Why nothing can be read for this subscription, whatever the records.

        :return: a sentence, or nothing
        :rtype: str | None
        """
        self.ensure_one()
        # Who works where is no secret for who names him.
        webhook = self.sudo()
        user, company = webhook.run_as_id, webhook.company_id
        if not company.active:
            return self.env._(
                "%(company)s is archived. Choose another company for this webhook.",
                company=company.name,
            )
        if not user.active:
            return self.env._(
                "%(user)s, as whom the events are read, is archived. Choose somebody "
                "else.",
                user=user.name,
            )
        if company.id not in user._get_company_ids():
            return self.env._(
                "%(user)s, as whom the events are read, does not belong to %(company)s "
                "any more. Choose somebody who works there.",
                user=user.name,
                company=company.name,
            )
        return None

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._drop_secrets(vals) for vals in vals_list])

    def write(self, vals):
        """Who begins to listen to customers, or ends, changes what is remembered."""
        result = super().write(self._drop_secrets(vals))
        if {"type_ids", "active", "state"} & set(vals):
            # Rows of the engine, in which nothing is chosen by the user.
            self.env["crm.suite.webhook.seen"].sudo()._prepare()
        return result

    def unlink(self):
        """As :meth:`write`."""
        result = super().unlink()
        self.env["crm.suite.webhook.seen"].sudo()._prepare()
        return result

    def _drop_secrets(self, vals):
        """Secrets are made here and never given from outside."""
        if not self.env.su and {"secret", "secret_old"} & set(vals):
            raise UserError(
                self.env._("Secrets are made by the button “New Secret”, not entered.")
            )
        return vals

    # === ACTIONS === #

    def action_start(self):
        """Begin to send, or go on after a pause with what has waited.

        :return: True
        """
        self.check_access("write")
        for webhook in self:
            if not webhook.has_secret:
                raise UserError(
                    self.env._(
                        "“%(name)s” has no secret yet. Make one, and enter it at the "
                        "receiver: it proves that messages come from here.",
                        name=webhook.name,
                    )
                )
            if not webhook.type_ids:
                raise UserError(
                    self.env._(
                        "“%(name)s” names no events. Choose at least one.",
                        name=webhook.name,
                    )
                )
            obstacle = webhook._find_obstacle()
            if obstacle:
                raise UserError(obstacle)
            self.env["crm.suite.http"]._check_url(webhook.url, resolve=True)
        self.write(
            {
                "state": "on",
                "pause_reason": False,
                "failing_since": False,
                "failure_count": 0,
            }
        )
        self.env["crm.suite.webhook.delivery"]._wake()
        return True

    def action_pause(self):
        """Hold back what is to be sent; it is kept and goes out after the start.

        :return: True
        """
        self.check_access("write")
        self.filtered(lambda webhook: webhook.state == "on").write(
            {
                "state": "paused",
                "pause_reason": self.env._(
                    "Paused by %(user)s.", user=self.env.user.name
                ),
            }
        )
        return True

    def _make_secret(self):
        check_one(self)
        self.check_access("write")
        secret = make_secret()
        # The fields are closed to everybody; the right was checked.
        webhook = self.sudo()
        webhook.write(
            {
                "secret": secret,
                "secret_old": webhook.secret,
                "secret_old_until": webhook.secret
                and fields.Datetime.now() + timedelta(hours=OVERLAP_HOURS),
            }
        )
        return secret

    def action_new_secret(self):
        """Make a secret and show it, this one time.

        :rtype: dict
        """
        secret = self._make_secret()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Secret of the Webhook"),
            "res_model": "crm.suite.webhook.secret",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_webhook_id": self.id, "default_secret": secret},
        }

    def rotate_secret(self):
        """Make a secret, for programs. The one before stays valid for 24 hours: until
        then each message carries both signatures.

        :return: ``{"secret": text, "old_until": moment or False}``
        :rtype: dict
        """
        secret = self._make_secret()
        until = self.secret_old_until
        return {
            "secret": secret,
            "old_until": fields.Datetime.to_string(until) if until else False,
        }

    def action_test(self):
        """Send a test event, also while paused.

        :rtype: dict
        """
        check_one(self)
        self.check_access("write")
        if not self.has_secret:
            raise UserError(self.env._("Make a secret first: the test is signed, too."))
        obstacle = self._find_obstacle()
        if obstacle:
            raise UserError(obstacle)
        self.env["crm.suite.http"]._check_url(self.url, resolve=True)
        # Checked above; the engine alone writes events.
        events = self.env["crm.suite.webhook.event"].sudo()
        event = events._insert(TEST, self._name, {self.id: {"name": self.name}})
        self.sudo()._add_deliveries(event, is_test=True)
        event.write({"spread": True})
        self.env["crm.suite.webhook.delivery"]._wake()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "The test event is on its way; see under deliveries what became "
                    "of it."
                ),
            },
        }

    def action_replay(self, since=False, states=None):
        """Send again what was to be sent since a moment, with the same event ids.

        :param since: moment in UTC, as text; nothing: everything that is kept
        :param list states: of ``sent``, ``dead``, ``skipped``; by default the dead
        :return: how many are sent again
        :rtype: int
        """
        check_records(self).check_access("write")
        states = ["dead"] if states is None else states
        if not isinstance(states, list) or not all(
            state in ("sent", "dead", "skipped") for state in states
        ):
            raise UserError(
                self.env._("Only what was sent, given up or skipped is sent again.")
            )
        domain = [("webhook_id", "in", self.ids), ("state", "in", states)]
        if since:
            domain.append(("create_date", ">=", self._read_moment(since)))
        found = self.env["crm.suite.webhook.delivery"].search(domain)
        return found._replay()

    def _read_moment(self, since):
        try:
            return fields.Datetime.to_datetime(since)
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._(
                    "“%(moment)s” is no moment. Write it as 2026-11-22 08:00:00, in UTC.",
                    moment=since,
                )
            ) from error

    def action_open_deliveries(self):
        """Open what was and is to be sent.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_suite_base.webhook_delivery_action"
        )
        return {**action, "domain": [("webhook_id", "=", self.id)], "context": {}}

    # === EVENTS === #

    @api.model
    def _emit(self, event_type, records, payload_by_id=None):
        """Note that something happened, in the transaction of the caller.

        It is told to those who subscribed, after the transaction was committed. Who
        may not read the record is not told.

        :param str event_type: code of a ``crm.suite.webhook.type``
        :param records: saved records of one model; each gets an event
        :param dict payload_by_id: what else is told, by id of the record: a dictionary
            that can be written as JSON. Nothing sensitive (``tools/sensitive.py``).
        :return: the events, as superuser
        :raise ValueError: when the type or the payload is not one: a mistake of the
            program
        """
        # Events are written by the engine for whoever causes them.
        events = self.env["crm.suite.webhook.event"].sudo()
        if not events._has_type(event_type):
            raise ValueError(f"There is no kind of event “{event_type}”")
        payloads = payload_by_id or {}
        data = {record.id: payloads.get(record.id) or {} for record in records}
        # Fails here rather than in the scheduled action.
        json.dumps(data)
        result = events._insert(event_type, records._name, data)
        if result:
            self.env["crm.suite.webhook.delivery"]._wake()
        return result

    @api.model
    def _wants(self, codes):
        """Which of some kinds of events anybody listens to.

        :rtype: set[str]
        """
        self.env["crm.suite.webhook"].flush_model(["state", "active", "type_ids"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT t.code
                  FROM crm_suite_webhook w
                  JOIN crm_suite_webhook_type_rel r ON r.webhook_id = w.id
                  JOIN crm_suite_webhook_type t ON t.id = r.type_id
                 WHERE w.active AND w.state IN %s AND t.code = ANY(%s)
                """,
                LISTENING,
                list(codes),
            )
        )
        return {code for (code,) in rows}

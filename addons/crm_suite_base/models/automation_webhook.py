import base64
import math
import time
from datetime import timedelta
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import hmac as signed

from ..tools import webhook_sign
from ..tools.api_body import (
    BodyError,
    is_storable,
    may_hold_odd_characters,
    parse_body,
)

SCOPE = "crm_suite_automation"
# Calls of one rule in a minute; more than that is a mistake of the other system.
PER_MINUTE = 300
LONGEST_ID = 200
LONGEST_BODY = 256 * 1024


class TooManyCallsError(Exception):
    """A system calls more often than it may.

    :ivar int seconds: after which it may call again
    """

    def __init__(self, seconds):
        super().__init__("Too many calls. Try again later.")
        self.seconds = seconds


class Automation(models.Model):
    """Rules that another system calls.

    The host's webhook takes unsigned calls, by GET too. Here a call is a POST signed as
    our own webhooks are (``tools/webhook_sign.py``), with a JSON body ``{"customer":
    {field: value}, …}``. It is taken once, put into the queue in the same transaction
    and answered; what it says is done afterwards, with the rights of who manages the
    rule.
    """

    _inherit = "crm.suite.automation"

    webhook_uuid = fields.Char(readonly=True, copy=False, groups="base.group_system")
    webhook_create = fields.Boolean(
        string="Create Missing Customers",
        default=True,
        help="Otherwise calls about customers that are not there fail.",
    )
    webhook_key = fields.Char(
        string="Customers Are Known By",
        default="email",
        help="Fields that identify a customer, separated by commas: email, or ref.",
    )
    webhook_url = fields.Char(string="Address", compute="_compute_webhook")
    webhook_secret = fields.Char(
        string="Secret",
        compute="_compute_webhook",
        exportable=False,
        help="For who manages the rule, with whose rights calls work. When somebody else "
        "takes the rule over there is a new secret.",
    )

    @api.depends("trigger", "state", "webhook_uuid", "user_id")
    @api.depends_context("uid")
    def _compute_webhook(self):
        """Address and secret: the first for those who may change the rule, the second for
        who manages it.

        The secret is made of the address and the secret of the database: it is stored
        nowhere.
        """
        may = self.has_access("write")
        for rule in self:
            uuid = rule.sudo().webhook_uuid
            known = may and rule.trigger == "webhook" and uuid
            path = f"/crm_suite/automation/{uuid}"
            rule.webhook_url = known and rule.get_base_url() + path
            own = rule.user_id == self.env.user or self.env.su
            rule.webhook_secret = known and own and rule._get_secret()

    def _get_secret(self):
        # The key of the database is for superusers; what is made of it tells nothing.
        who = f"{self.sudo().webhook_uuid}/{self.sudo().user_id.id}"
        made = signed(self.env(su=True), SCOPE, who)
        return webhook_sign.PREFIX + base64.b64encode(bytes.fromhex(made)).decode()

    def _begin(self, existing=False):
        if self.trigger == "webhook" and not self.webhook_uuid:
            self.webhook_uuid = str(uuid4())
        return super()._begin(existing)

    # Who may write the rule is asked for first.
    def action_new_secret(self):  # nosemgrep: odoo-public-method-sudo
        """Give the rule a new address and a new secret; the old ones end at once.

        :return: True
        """
        self.check_access("write")
        for rule in self.sudo():
            rule.webhook_uuid = str(uuid4())
        return True

    # === A CALL === #

    @api.model
    def _find_called(self, uuid):
        """The rule at an address, as superuser: nobody is logged in."""
        domain = [
            ("webhook_uuid", "=", uuid),
            ("trigger", "=", "webhook"),
            ("state", "=", "on"),
        ]
        return self.sudo().search(domain, limit=1)

    def _is_signed(self, headers, body):
        """Whether a call comes from who knows the secret, and just now.

        :param headers: of the call, by names in any case
        :param bytes body: as it arrived
        """
        headers = {name.lower(): value for name, value in headers.items()}
        if len(headers.get("webhook-id", "")) > LONGEST_ID:
            return False
        return webhook_sign.verify(self._get_secret(), headers, body, time.time())

    def _accept_call(self, call_id, body):
        """Put a call into the queue.

        :param str call_id: by which its sender knows it, the same in every try
        :return: the run and whether it is new; the same call again finds the first one
        :raise BodyError: when it cannot be read or kept
        :raise TooManyCallsError: when its sender has to wait
        """
        payload = self._read_body(body)
        if not is_storable(call_id):
            raise BodyError("The id of the call holds characters that cannot be kept.")
        runs = self.env["crm.suite.automation.run"].sudo()
        mine = [("automation_id", "=", self.id)]
        if known := runs.search([*mine, ("event_key", "=", call_id)], limit=1):
            return known, False
        self._check_pace(runs, mine)
        run = self._note(
            self._get_nothing(),
            {False: {"payload": payload}},
            "queued",
            about_none=True,
        )
        run.event_key = call_id
        return run, True

    def _check_pace(self, runs, mine):
        """Refuse a call while the one that many calls before it is not a minute old."""
        order, before = "at desc, id desc", PER_MINUTE - 1
        if last := runs.search(mine, order=order, offset=before, limit=1):
            free = last.at + timedelta(minutes=1)
            if (wait := (free - fields.Datetime.now()).total_seconds()) > 0:
                raise TooManyCallsError(max(1, math.ceil(wait)))

    def _read_body(self, body):
        """What a call says; the sender is a program, so problems are told in English.

        :raise BodyError: no JSON, not of the shape, or what the database cannot keep
        """
        payload = parse_body(body)
        if may_hold_odd_characters(body) and not is_storable(payload):
            raise BodyError("The body holds characters that cannot be kept.")
        if not isinstance(payload, dict) or not isinstance(
            payload.get("customer"), dict
        ):
            raise BodyError('The body must be {"customer": {field: value}, …}.')
        return payload

    def _work_payload(self, run):
        """Find or make the customer of a call, then do what the rule does."""
        payload = run.input["payload"]
        actor = self._get_actor(self.user_id)
        partners = self.env["res.partner"].with_user(actor)
        # pylint: disable-next=context-overridden
        partners = partners.with_context(self._get_context(actor))
        record = self._find_partner(partners, payload["customer"])
        run.write({"res_id": record.id, "user_id": actor.id})
        # Unlike other rules this one is not asked by the host.
        if not self._filter_fitting(self._filter_meeting(record)):
            run._end("skipped", [self.env._("The condition of the rule is not met.")])
        elif not self._take_once(record):
            text = self.env._("Never a second time for the same record.")
            run._end("skipped", [text])
        else:
            self._execute(record, {record.id: run.input}, run, actor)

    def _find_partner(self, partners, values):
        keys = [key.strip() for key in (self.webhook_key or "email").split(",")]
        if not self.webhook_create:
            partners._crm_suite_check_role()
            known = partners._crm_suite_upsert_keys(keys)
            vals = partners._crm_suite_upsert_values(values, known)
            key = partners._crm_suite_key(vals, known)
            if not partners._crm_suite_upsert_find([key], known).get(key):
                raise UserError(
                    self.env._("There is no such customer, and none is to be created.")
                )
        answer = partners.crm_suite_upsert(values, keys)
        return partners.browse(answer["id"])

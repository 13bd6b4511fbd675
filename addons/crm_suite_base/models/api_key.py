import hashlib
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import consteq

ADMIN = "crm_suite_base.group_crm_suite_admin"
ROLE = "crm_suite_base.group_crm_suite_user"
# Field of a key to the scope as programs know it.
SCOPES = {
    "may_customer": "customer:write",
    "may_lead": "lead:write",
    "may_interaction": "interaction:write",
    "may_purchase": "purchase:write",
    "may_customer_read": "customer:read",
    "may_lead_read": "lead:read",
    "may_interaction_read": "interaction:read",
    "may_purchase_read": "purchase:read",
    "may_approval_read": "approval:read",
    "may_approval_decide": "approval:decide",
}
DEFAULT_DAYS = 365
# Compared when no key has the index, so that an answer takes as long as with one.
NOBODY = hashlib.sha256(b"nobody").hexdigest()


class ApiKey(models.Model):
    """A key by which a program acts as a user, for some purposes, until a day.

    The key itself is shown once. Kept are its first part, by which it is found, and a
    digest: 192 random bits cannot be guessed, so a fast digest is enough and an API
    call does not pay for a slow one.
    """

    _name = "crm.suite.api.key"
    _description = "API Key"
    _order = "id desc"

    name = fields.Char(
        required=True, readonly=True, help="What the key is for: which program, where."
    )
    user_id = fields.Many2one(
        "res.users",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        help="The program has the rights of this user, and never more.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        help="The company for which the program works.",
    )
    index = fields.Char(string="Begins With", required=True, readonly=True, copy=False)
    digest = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        exportable=False,
        groups=fields.NO_ACCESS,
    )
    may_customer = fields.Boolean(string="Write customers", readonly=True)
    may_lead = fields.Boolean(string="Write leads", readonly=True)
    may_interaction = fields.Boolean(string="Write interactions", readonly=True)
    may_purchase = fields.Boolean(string="Write purchases", readonly=True)
    may_customer_read = fields.Boolean(string="Read customers", readonly=True)
    may_lead_read = fields.Boolean(string="Read leads", readonly=True)
    may_interaction_read = fields.Boolean(string="Read interactions", readonly=True)
    may_purchase_read = fields.Boolean(string="Read purchases", readonly=True)
    may_approval_read = fields.Boolean(string="Read approvals", readonly=True)
    may_approval_decide = fields.Boolean(string="Decide approvals", readonly=True)
    scopes = fields.Char(compute="_compute_scopes")
    expires = fields.Datetime(string="Valid Until", required=True, readonly=True)
    revoked = fields.Datetime(string="Revoked On", readonly=True, copy=False)
    revoked_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    state = fields.Selection(
        [("valid", "Valid"), ("expired", "Expired"), ("revoked", "Revoked")],
        compute="_compute_state",
        search="_search_state",
    )
    meter_ids = fields.One2many("crm.suite.api.meter", "key_id", readonly=True)
    last_used = fields.Datetime(compute="_compute_last_used")

    _index_unique = models.UniqueIndex("(index)")

    # === COMPUTES === #

    @api.depends(*SCOPES)
    def _compute_scopes(self):
        for key in self:
            key.scopes = " ".join(key._get_scopes())

    def _get_scopes(self):
        self.ensure_one()
        return [scope for name, scope in SCOPES.items() if self[name]]

    @api.depends("expires", "revoked")
    def _compute_state(self):
        now = fields.Datetime.now()
        for key in self:
            if key.revoked:
                key.state = "revoked"
            else:
                key.state = "valid" if key.expires > now else "expired"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        gone = fields.Domain("revoked", "!=", False)
        domains = {
            "revoked": gone,
            "expired": ~gone & fields.Domain("expires", "<=", now),
            "valid": ~gone & fields.Domain("expires", ">", now),
        }
        return fields.Domain.OR(domains[state] for state in value if state in domains)

    @api.depends("meter_ids.last_used")
    def _compute_last_used(self):
        # sudo: who sees the key sees when it was used; the rest of the meter is not his.
        for key in self.sudo():
            key.last_used = key.meter_ids[:1].last_used

    # === MAKING === #

    @api.model
    def _get_longest_days(self):
        """For how many days a key is valid at most."""
        parameters = self.env["ir.config_parameter"].sudo()
        return int(parameters.get_param("crm_suite_base.api_key_days", DEFAULT_DAYS))

    @api.model
    def _check_may_make(self, user):
        """Whether the user of the environment may make a key for ``user``."""
        self.env["res.partner"]._crm_suite_check_role()
        parameters = self.env["ir.config_parameter"].sudo()
        if parameters.get_param("crm_suite_base.api_key_admins_only") and not (
            self.env.user.has_group(ADMIN)
        ):
            raise AccessError(
                self.env._("Only administrators make API keys here. Ask one of them.")
            )
        # Who rules over all accounts may make one for that of a program; for anybody
        # else a key of another person would be that person's rights.
        if user != self.env.user and not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._("You can make API keys for your own account only.")
            )

    @api.model
    def _make(self, user, name, scopes, expires, company=None):
        """Make a key.

        :param res.users user: whose rights it has
        :param str name: what it is for
        :param scopes: names of the fields of :data:`SCOPES`
        :param datetime expires: until when, in UTC
        :param res.company company: for which; that of the user if not given
        :return: the record and the key, which nobody can read again
        :rtype: tuple[crm.suite.api.key, str]
        :raise UserError: what cannot be
        """
        self._check_may_make(user)
        company = company or user.company_id
        self._check_wanted(user, scopes, expires, company)
        index = secrets.token_hex(4)
        text = f"crms_{index}_{secrets.token_hex(24)}"
        # Keys are made here only, after these checks.
        key = self.sudo().create(
            {
                "name": name,
                "user_id": user.id,
                "company_id": company.id,
                "index": index,
                "digest": hashlib.sha256(text.encode()).hexdigest(),
                "expires": expires,
                **{scope: scope in scopes for scope in SCOPES},
            }
        )
        return key.with_env(self.env), text

    @api.model
    def _check_wanted(self, user, scopes, expires, company):
        if not user.active or user.share or not user.has_group(ROLE):
            raise UserError(
                self.env._(
                    "%(user)s has no role in the suite: a key would allow nothing.",
                    user=user.name,
                )
            )
        if not scopes:
            raise UserError(self.env._("Choose what the key is for."))
        if company not in user.company_ids:
            raise UserError(
                self.env._(
                    "%(user)s does not work for %(company)s.",
                    user=user.name,
                    company=company.name,
                )
            )
        days = self._get_longest_days()
        now = fields.Datetime.now()
        if not expires or expires <= now:
            raise UserError(self.env._("The key would have expired already."))
        if expires > now + timedelta(days=days, minutes=5):
            raise UserError(
                self.env._("A key is valid for %(days)s days at most.", days=days)
            )

    # === ASKING === #

    @api.model
    def _find(self, text):
        """The key that a program shows, if it is one that counts.

        :param str text: the whole key
        :rtype: crm.suite.api.key
        """
        parts = text.split("_") if isinstance(text, str) else ()
        index = parts[1] if len(parts) == 3 and text.isascii() else ""
        # The one who asks is not known yet.
        key = self.sudo().search([("index", "=", index)], limit=1)
        digest = hashlib.sha256(str(text).encode(errors="replace")).hexdigest()
        # In the same time whichever part of it is wrong.
        fits = consteq(key.digest or NOBODY, digest)
        user = key.user_id
        if not fits or key.state != "valid" or not user.active or user.share:
            return self.browse()
        if key.company_id not in user.company_ids or not key.company_id.active:
            return self.browse()
        return key

    # === ENDING === #

    def action_revoke(self):
        """End keys at once: one's own, or any for an administrator of the suite.

        :return: True
        """
        self.check_access("read")
        if any(key.user_id != self.env.user for key in self) and not (
            self.env.user.has_group(ADMIN)
        ):
            raise AccessError(self.env._("This key belongs to somebody else."))
        # Nobody has the right to write keys: this is the one change that there is.
        self.sudo().filtered(lambda key: not key.revoked)._end()
        return True

    def _end(self):
        self.write({"revoked": fields.Datetime.now(), "revoked_by_id": self.env.uid})

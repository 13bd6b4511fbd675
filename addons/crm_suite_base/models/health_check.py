import logging
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.labelled import labelled
from ..tools.retry import is_try_again
from .automation_run import describe_error

_logger = logging.getLogger(__name__)

ADMIN = "crm_suite_base.group_crm_suite_admin"
STATES = [
    ("ok", "In order"),
    ("unknown", "Not watched"),
    ("warning", "To look at"),
    ("error", "Out of order"),
]
SEVERITY = {state: number for number, (state, _label) in enumerate(STATES)}
# Nobody has looked for so long: what stands here means nothing any more.
STALE = timedelta(hours=1)


class HealthSource(NamedTuple):
    """Something that is watched.

    :param name: in the language of the reader
    :param find: gives the state and the facts, as JSON can keep them
    :param describe: makes a sentence of the facts, in the language of the reader
    :param action: xml id of the list where it can be seen, or ``""``
    :param domain: which rows of that list, or ``None``: as the action says
    """

    name: str
    find: Callable
    describe: Callable
    action: str = ""
    domain: list | None = None


class HealthCheck(models.Model):
    """The state of each part that works by itself, as it was last seen.

    A scheduled action looks every quarter of an hour and keeps facts; sentences are
    made of them when somebody reads. Addons watch more by :meth:`_health_sources`.
    """

    _name = "crm.suite.health.check"
    _description = "Health Check"
    _order = "severity desc, id"

    code = fields.Char(required=True, readonly=True)
    name = fields.Char(string="What", compute="_compute_words")
    text = fields.Char(string="What Was Found", compute="_compute_words")
    state = fields.Selection(STATES, required=True, readonly=True)
    severity = fields.Integer(compute="_compute_severity", store=True)
    facts = fields.Json(readonly=True)
    since = fields.Datetime(string="In This State Since", readonly=True)
    checked_at = fields.Datetime(string="Last Looked At", readonly=True)
    can_open = fields.Boolean(compute="_compute_can_open")

    _code_uniq = models.Constraint("unique (code)", "A check is there once.")

    # === COMPUTES === #

    @api.depends("state")
    def _compute_severity(self):
        for check in self:
            check.severity = SEVERITY[check.state]

    @api.depends("code", "facts")
    @api.depends_context("lang", "tz")
    def _compute_words(self):
        sources = self._health_sources()
        for check in self:
            source, facts = sources.get(check.code), check.facts or {}
            check.name = source.name if source else check.code
            if "failed" in facts:
                check.text = self.env._(
                    "Looking at it failed: %(error)s", error=facts["failed"]
                )
            else:
                check.text = source.describe(facts) if source else ""

    @api.depends("code")
    @api.depends_context("uid")
    def _compute_can_open(self):
        sources = self._health_sources()
        for check in self:
            source = sources.get(check.code)
            check.can_open = bool(source and self._find_action(source))

    @api.model
    def _find_action(self, source):
        """The list of a source, if the user may read what it lists."""
        # Only which model it lists is read here; reading that asks for its own rights.
        action = source.action and self.env.ref(source.action).sudo()
        if action and self.env[action.res_model].has_access("read"):
            return action
        return None

    # === BUTTONS === #

    def action_open(self):
        """Open the list in which the matter can be looked at.

        :rtype: dict
        :raise UserError: there is none, or the user has no rights to it
        """
        self.ensure_one()
        self.check_access("read")
        source = self._health_sources().get(self.code)
        if not source or not source.action:
            raise UserError(self.env._("There is nothing more to see about this."))
        if not self._find_action(source):
            raise UserError(
                self.env._("This needs other rights: ask an administrator of Odoo.")
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(source.action)
        if source.domain is not None:
            action.update(domain=source.domain, context={})
        return action

    # Who looks after all this is asked for first; the rows are written by nobody.
    @api.model  # nosemgrep: odoo-public-method-sudo
    def action_check(self):
        """Look at everything now.

        :return: True
        :raise AccessError: for anybody but suite administrators
        """
        if not self.env.su and not self.env.user.has_group(ADMIN):
            raise AccessError(self.env._("Only suite administrators look after this."))
        # What is looked at are counts over all companies; who asks may know them.
        self.sudo()._check_all()
        return True

    # === LOOKING === #

    @api.model
    def _health_sources(self):
        """What is watched, in the order of showing. Hook.

        :rtype: dict[str, HealthSource]
        """
        return {}

    @api.model
    def _cron_check(self):
        self._check_all()

    @api.model
    def _check_all(self):
        """Look at every source, keep what was found, and tell of what broke."""
        known = {check.code: check for check in self.search([])}
        now, broken = fields.Datetime.now(), self.browse()
        for code, source in self._health_sources().items():
            state, facts = self._look(code, source)
            check = known.pop(code, self.browse())
            vals = {"state": state, "facts": facts, "checked_at": now}
            was = check.state
            if was != state:
                vals["since"] = now
            if check:
                check.write(vals)
            else:
                check = self.create({"code": code, **vals})
            if state == "error" and was != "error":
                broken += check
        for check in known.values():
            check.unlink()  # its addon is gone
        broken._tell()

    @api.model
    def _look(self, code, source):
        """One source; what goes wrong there is a finding like others.

        :return: state and facts
        :rtype: tuple[str, dict]
        """
        try:
            with self.env.cr.savepoint():
                return source.find()
        except Exception as error:
            if is_try_again(error):
                raise
            _logger.exception("The health check %s failed", code)
            return "error", {"failed": describe_error(error)}

    def _tell(self):
        """Tell suite administrators, each in the own language."""
        if not self:
            return
        admins = self.env.ref(ADMIN).all_user_ids.filtered("active")
        for lang, users in admins.grouped("lang").items():
            checks = self.with_context(lang=lang)
            subject = checks.env._("CRM: something is out of order")
            lines = Markup("<br/>").join(
                labelled(c.env, c.name, c.text) for c in checks
            )
            self.env["mail.thread"].message_notify(
                partner_ids=users.partner_id.ids,
                subject=subject,
                body=lines,
            )

    # === FOR MONITORS === #

    @api.model
    def _get_status(self):
        """Everything in one word, for a program that watches.

        :return: ``pass``, ``warn`` or ``fail``; the moment of the last look or False
        :rtype: tuple[str, datetime]
        """
        [(looked, worst)] = self._read_group(
            [], aggregates=["checked_at:min", "severity:max"]
        )
        if not looked or looked < fields.Datetime.now() - STALE:
            return "fail", looked
        if worst >= SEVERITY["error"]:
            return "fail", looked
        return ("warn" if worst >= SEVERITY["warning"] else "pass"), looked

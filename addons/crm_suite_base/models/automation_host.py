import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.retry import is_try_again
from .automation_template import MANAGERS
from .res_partner import ROLE

_logger = logging.getLogger(__name__)


class BaseAutomation(models.Model):
    """The host's rules, some of which stand for rules of ours.

    Rules that are not ours take the same way as before; they come first, in their old
    order, unless they are given another place.
    """

    _inherit = "base.automation"
    # In the query that the host makes anyway.
    _order = "crm_suite_sequence, id"

    crm_suite_rule_id = fields.Many2one(
        "crm.suite.automation",
        string="Rule of the CRM Suite",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=ROLE,
    )
    crm_suite_sequence = fields.Integer(
        string="Order",
        default=0,
        groups=ROLE,
        help="Rules with a lower number work first.",
    )

    @api.depends("trigger", "webhook_uuid", "crm_suite_rule_id")
    def _compute_url(self):
        ours = self.filtered("crm_suite_rule_id")
        result = super(BaseAutomation, self - ours)._compute_url()
        for automation in ours:
            automation.url = automation.crm_suite_rule_id.webhook_url or ""
        return result

    def write(self, vals: dict):
        result = super().write(vals)
        if "active" in vals:
            for automation in self.filtered("crm_suite_rule_id"):
                automation.crm_suite_rule_id._host_switched(automation.active)
        return result

    def unlink(self):
        rules = self.crm_suite_rule_id
        result = super().unlink()
        rules.exists()._host_switched(None)
        return result

    def _execute_webhook(self, payload):
        if self.crm_suite_rule_id:
            # The host's address knows no signature.
            raise AccessError(
                self.env._("This rule is called at an address of its own.")
            )
        return super()._execute_webhook(payload)

    def _filter_pre(self, records, feedback=False):
        if not self.sudo().crm_suite_rule_id:
            return super()._filter_pre(records, feedback=feedback)
        return self._crm_suite_guarded(records, super()._filter_pre, records, feedback)

    def _filter_post_export_domain(self, records, feedback=False):
        if not self.sudo().crm_suite_rule_id:
            return super()._filter_post_export_domain(records, feedback)
        found = self._crm_suite_guarded(
            records, super()._filter_post_export_domain, records, feedback
        )
        return found if isinstance(found, tuple) else (found, None)

    def _crm_suite_guarded(self, records, method, *args):
        """Ask a condition of ours; one that cannot be asked any more, because a field is
        gone, keeps nobody from saving."""
        rule = self.sudo().crm_suite_rule_id
        try:
            return method(*args)
        except (UserError, psycopg2.Error):
            raise  # what somebody writes is refused, or the transaction is over
        except Exception as error:
            if rule.blocking or is_try_again(error):
                raise
            _logger.warning("The condition of rule %s fails", rule.id, exc_info=error)
            rule._tell_broken(error)
            return records.browse()

    def _process(self, records, domain_post=None):
        rule = self.sudo().crm_suite_rule_id
        if not rule:
            return super()._process(records, domain_post=domain_post)
        if not records or rule.state != "on":
            return None
        records = records.filtered(self._check_trigger_fields)
        if records:
            rule._receive(records, self._crm_suite_changes(records, rule))
        return None

    def _crm_suite_changes(self, records, rule):
        """What changed of the watched fields, as people read it.

        :return: ``{id: {field: {"label", "old", "new"}}}``
        """
        old_values = self.env.context.get("old_values")
        watched = [name for name in rule._watched() if name in records]
        if not old_values or not watched:
            return {}
        show = self.env["crm.suite.automation.action"].sudo()._show_value
        changes = {}
        for record in records.sudo():
            old = old_values.get(record.id, {})
            changes[record.id] = {
                name: {
                    "label": record._fields[name]._description_string(self.env),
                    "old": show(record, name, old[name]),
                    "new": show(record, name, record[name]),
                }
                for name in watched
                if name in old and old[name] != record[name]
            }
        return changes


class IrActionsServer(models.Model):
    """An action of a rule of ours, as the host shows it with its rule."""

    _inherit = "ir.actions.server"

    state = fields.Selection(
        selection_add=[("crm_suite", "Rule of the CRM Suite"), ("code",)],
        ondelete={"crm_suite": "cascade"},
    )
    crm_suite_action_id = fields.Many2one(
        "crm.suite.automation.action",
        string="Action of a Rule of the CRM Suite",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
        groups=ROLE,
    )

    def _run_action_crm_suite_multi(self, eval_context=None):
        """Set off by hand, by who manages rules: as if something had happened to these
        records, which he may change and which the rule is about.

        The host itself asks for a role only, and comes here as superuser.
        """
        records = (eval_context or {}).get("records") or (eval_context or {}).get(
            "record"
        )
        rule = self.crm_suite_action_id.automation_id
        if not self.env.user.has_groups(f"{MANAGERS},base.group_system"):
            raise AccessError(
                self.env._("Only who manages rules can set one off by hand.")
            )
        if records and rule.state == "on" and rule.active:
            records = records.sudo(False)
            records.check_access("write")
            rule._receive(rule._filter_meeting(records))
        return False

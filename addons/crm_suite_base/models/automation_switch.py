from odoo import Command, fields, models
from odoo.exceptions import UserError

from .automation_template import MANAGERS

HOST_TRIGGERS = {
    "created": "on_create",
    "changed": "on_write",
    "saved": "on_create_or_write",
    "date": "on_time",
    # The host's form cannot show triggers that it does not know; this one does nothing
    # by itself.
    "crossing": "on_webhook",
    "webhook": "on_webhook",
}


class Automation(models.Model):
    """Switching rules on and off: handing them to the host."""

    _inherit = "crm.suite.automation"

    run_ids = fields.One2many(
        "crm.suite.automation.run", "automation_id", string="Runs"
    )
    run_count = fields.Integer(string="Runs in 30 Days", compute="_compute_run_count")
    problem_count = fields.Integer(
        string="Failed", compute="_compute_run_count", help="Failed or given up."
    )

    # Who may write the rule is asked for first; rules of the host are for technical
    # administrators, and hold nothing here that was not checked.
    def action_switch_on(self):  # nosemgrep: odoo-public-method-sudo
        """Let the rules work from now on.

        :return: action: a notification that says what they would have done so far
        :rtype: dict
        """
        self.check_access("write")
        texts = []
        for rule in self:
            if not rule.action_ids:
                raise UserError(
                    self.env._("Say first what “%(rule)s” does.", rule=rule.name)
                )
            rule._check_author()
            rule._check_definition()
            texts.append(rule._describe_touched())
            rule.sudo()._switch(True)
        return self._notify_switched("\n".join(texts))

    def action_switch_off(self):  # nosemgrep: odoo-public-method-sudo
        """Stop the rules. What waits in the queue is left out.

        :return: True
        """
        self.check_access("write")
        self.sudo()._switch(False)
        return True

    def _notify_switched(self, text):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Switched on"),
                "message": text,
                "type": "success",
                "next": {
                    "type": "ir.actions.act_window",
                    "res_model": self._name,
                    "res_id": self[:1].id,
                    "views": [(False, "form")],
                    "target": "current",
                },
            },
        }

    def _switch(self, on):
        for rule in self:
            first = on and rule.state != "on"
            rule.write({"state": "on" if on else "off"})
            rule._sync_host()
            if first:
                rule._begin(existing=rule.existing)
        self.env.registry.clear_cache()

    def _begin(self, existing=False):
        """From now on: what was before is not made up for.

        :param bool existing: work for those, too, who meet the condition already
        """
        if self.trigger == "date":
            self.host_rule_id.last_run = fields.Datetime.now()
        if self.trigger == "crossing":
            if existing:
                self.env["crm.suite.automation.mark"]._forget(self, "inside")
            self._cross(baseline=not existing)

    def _get_begun(self):
        """What says from when on, and for whom, something begins.

        :rtype: tuple
        """
        if self.trigger != "crossing":
            return (self.trigger,)
        company, author = self.company_id.id, self.user_id.id
        return self.trigger, self.model, self.domain, company, author

    def _begin_anew(self, begun):
        """An edit while it is on sets a rule off for nobody who was there before.

        :param dict begun: by id of the rules that were on, :meth:`_get_begun` of before
        """
        for rule in self:
            if begun.get(rule.id, rule._get_begun()) != rule._get_begun():
                rule._begin()

    def _host_switched(self, active):
        """Somebody switched or deleted the rule of the host."""
        for rule in self.sudo():
            state = "draft" if active is None else "on" if active else "off"
            if rule.state != state and not (active is False and rule.state == "draft"):
                rule.write({"state": state})
                if active:
                    rule._begin(existing=rule.existing)
        self.env.registry.clear_cache()

    def _sync_host(self):
        """Bring the rules of the host to what the rules say; drafts have none."""
        for rule in self.sudo():
            host = rule.host_rule_id.with_context(
                tracking_disable=True, mail_create_nolog=True, active_test=False
            )
            if not host and rule.state != "on":
                continue
            values = rule._prepare_host()
            if host:
                host.write(values)
            else:
                rule.host_rule_id = host.create(values)
            rule._sync_host_actions()
        self.env.registry.clear_cache()

    def _prepare_host(self):
        date = self.trigger == "date"
        known = self.env["ir.model.fields"]
        watched = [known._get(self.model, name).id for name in self._watched()]
        return {
            "name": self.name,
            "active": self.state == "on" and self.active,
            "model_id": self.env["ir.model"]._get_id(self.model),
            "trigger": HOST_TRIGGERS[self.trigger],
            "filter_domain": self.domain,
            "filter_pre_domain": self.before_domain
            if self.trigger in ("changed", "saved")
            else False,
            "trigger_field_ids": [
                Command.set(watched if self.trigger in ("changed", "saved") else [])
            ],
            "trg_date_id": date and known._get(self.model, self.date_field).id,
            "trg_date_range": self.date_offset if date else 0,
            "trg_date_range_type": date and self.date_unit,
            "trg_date_range_mode": date and self.date_side,
            # Python that the host would run on what a caller sends.
            "record_getter": False,
            "crm_suite_rule_id": self.id,
            "crm_suite_sequence": self.sequence,
        }

    def _sync_host_actions(self):
        host = self.host_rule_id
        own = host.action_server_ids.filtered("crm_suite_action_id")
        wanted = {action.id: action for action in self.action_ids}
        gone = own.filtered(lambda a: a.crm_suite_action_id.id not in wanted)
        gone.unlink()
        there = {a.crm_suite_action_id.id: a for a in own - gone}
        role = self.env.ref("crm_suite_base.group_crm_suite_user")
        for id_, action in wanted.items():
            values = {"name": action.sentence, "sequence": action.sequence}
            if id_ in there:
                there[id_].write(values)
                continue
            self.env["ir.actions.server"].with_context(
                tracking_disable=True, mail_create_nolog=True
            ).create(
                {
                    **values,
                    "state": "crm_suite",
                    "crm_suite_action_id": id_,
                    "base_automation_id": host.id,
                    "usage": "base_automation",
                    "model_id": host.model_id.id,
                    "group_ids": [Command.set(role.ids)],
                }
            )

    # === LOG === #

    def _compute_run_count(self):
        runs = self.env["crm.suite.automation.run"]
        since = fields.Datetime.subtract(fields.Datetime.now(), days=30)
        domain = [("automation_id", "in", self.ids), ("at", ">=", since)]
        counts = {}
        for rule, state, count in runs._read_group(
            domain, ["automation_id", "state"], ["__count"]
        ):
            counts[rule.id, state] = count
        for rule in self:
            rule.run_count = sum(
                count for (id_, _state), count in counts.items() if id_ == rule.id
            )
            rule.problem_count = counts.get((rule.id, "failed"), 0) + counts.get(
                (rule.id, "dead"), 0
            )

    def action_open_runs(self):
        """Open the log of this rule.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.automation_run_action"
        )
        return {**action, "domain": [("automation_id", "=", self.id)], "context": {}}

    def action_keep_draft(self):
        """Open the rule that was just made, without switching it on.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def action_take_over(self):
        """Manage the rule from now on: it works with one's own rights.

        :return: True
        """
        self.check_access("write")
        if not self.env.user.has_groups(MANAGERS):
            raise UserError(self.env._("Only who manages rules can take one over."))
        self.write({"user_id": self.env.uid})
        return True

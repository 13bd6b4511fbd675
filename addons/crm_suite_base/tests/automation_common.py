from contextlib import contextmanager

from odoo.fields import Command
from odoo.tests import new_test_user

from .common import ROLE
from .rules_common import RulesCase


class AutomationCase(RulesCase):
    """A sales manager who makes rules; what other rules are there is switched off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Rule = cls.env["crm.suite.automation"]
        cls.Run = cls.env["crm.suite.automation.run"]
        cls.Template = cls.env["crm.suite.automation.template"]
        cls.Rule.search([("state", "=", "on")])._switch(False)
        cls.last_run = cls.Run.search([], order="id desc", limit=1).id or 0
        cls.other = new_test_user(
            cls.env, "suite_other", f"{ROLE}sales_rep", tz="Asia/Shanghai"
        )
        cls.addClassCleanup(cls._restore_registry)

    @classmethod
    def _restore_registry(cls):
        """The classes of the registry outlive the transaction: take the host's patches
        off again."""
        cls.env["base.automation"]._unregister_hook()
        cls.env.registry.registry_invalidated = False
        cls.env.registry.clear_cache()

    @classmethod
    def _create_rule(cls, *actions, on=True, user=None, **values):
        """A rule as a manager makes it."""
        rule = cls.Rule.with_user(user or cls.manager).create(
            {
                "name": "Rule",
                "model": "res.partner",
                "trigger": "changed",
                "timing": "now",
                "field_names": values.pop("field", "ref"),
                "action_ids": [Command.create(action) for action in actions],
                **values,
            }
        )
        if on:
            rule.action_switch_on()
        return rule

    @classmethod
    def _field(cls, name, model="res.partner"):
        return cls.env["ir.model.fields"]._get(model, name)

    @classmethod
    def _set(cls, name, value):
        return {"kind": "set", "field_name": name, "value": value}

    @classmethod
    def _use(cls, name, params=None, on=True):
        template = cls.env.ref(f"crm_suite_base.automation_template_{name}")
        rule = cls.Rule.with_user(cls.manager).create(
            {"template_id": template.id, **({"params": params} if params else {})}
        )
        if on:
            rule.action_switch_on()
        return rule

    def runs(self, rule=None):
        domain = [("id", ">", self.last_run)]
        if rule:
            domain.append(("automation_id", "=", rule.id))
        return self.Run.search(domain, order="id")

    def work(self):
        """Let the scheduled action work off the queue."""
        with self.enter_registry_test_mode():
            self.env.ref(
                "crm_suite_base.ir_cron_automation_work"
            ).method_direct_trigger()

    @contextmanager
    def broken(self, error):
        """Notes of rules fail with an error."""
        action = type(self.env["crm.suite.automation.action"])

        def fail(*_args):
            raise error

        before = action._do_note
        action._do_note = fail
        try:
            yield
        finally:
            action._do_note = before

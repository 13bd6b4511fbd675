from datetime import timedelta

from odoo.tools import SQL

from .models.metric_changes import COUNTER_INDEX


def post_init_hook(env):
    """Bring the customers that the company already has into the application."""
    env["res.partner"]._crm_suite_adopt_customers()
    # What others had begun before the installation is looked at again.
    begun = env.cr.now() - timedelta(hours=1)
    env["crm.suite.metric.run"]._run_full(begun)


def uninstall_hook(env):
    """Remove the settings, which nobody would find again under another application,
    and what the company added to forms: it lives in tables of the host."""
    env["crm.suite.field"]._remove_everything()
    # The role belongs to the whole server and would outlive the addon.
    env["crm.suite.bi.access"].search([]).unlink()
    # Rules of the host that stand for rules of ours; those of others stay as they are.
    hosts = env["base.automation"].with_context(active_test=False)
    hosts.search([("crm_suite_rule_id", "!=", False)]).unlink()
    # The table is that of another addon.
    env.cr.execute(SQL("DROP INDEX IF EXISTS %s", SQL.identifier(COUNTER_INDEX)))
    parameters = env["ir.config_parameter"]
    parameters.search([("key", "=like", r"crm\_suite\_base.%")]).unlink()

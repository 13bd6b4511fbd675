from datetime import timedelta


def post_init_hook(env):
    """Bring the customers that the company already has into the application."""
    env["res.partner"]._crm_suite_adopt_customers()
    # What others had begun before the installation is looked at again.
    begun = env.cr.now() - timedelta(hours=1)
    env["crm.suite.metric.run"]._run_full(begun)


def uninstall_hook(env):
    """Remove the settings: nobody would find them again under another application."""
    parameters = env["ir.config_parameter"]
    parameters.search([("key", "=like", r"crm\_suite\_base.%")]).unlink()

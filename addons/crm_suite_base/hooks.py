def post_init_hook(env):
    """Bring the customers that the company already has into the application."""
    env["res.partner"]._crm_suite_adopt_customers()


def uninstall_hook(env):
    """Nothing of the host was changed, so there is nothing to restore."""

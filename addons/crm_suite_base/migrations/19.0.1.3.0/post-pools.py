"""Pools warn and take back every hour; what takes back already counts as simulated."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    cron = env.ref("crm_suite_base.pool_return_cron", raise_if_not_found=False)
    if cron and (cron.interval_number, cron.interval_type) == (4, "hours"):
        cron.interval_number = 1
    running = env["crm.suite.pool"].with_context(active_test=False)
    for pool in running.search([("auto_return", "=", True)]):
        pool.simulated = pool._get_rules()

"""What waits for people who left before the upgrade is looked at soon after it."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    tasks = env["crm.suite.approval.task"].search(
        [("state", "in", ("open", "waiting")), ("user_id.active", "=", False)]
    )
    if tasks:
        env["crm.suite.approval.request"]._queue_relief(tasks.user_id)

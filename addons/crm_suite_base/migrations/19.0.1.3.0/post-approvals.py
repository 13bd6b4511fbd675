from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Bring what was asked and decided before the upgrade to what is known now."""
    _mark_missed(cr)
    _relieve_those_who_left(cr)


def _mark_missed(cr):
    """Who let a time limit agree or return in his place was late: in the past, too."""
    cr.execute(
        """
        UPDATE crm_suite_approval_event
           SET is_missed = TRUE, is_overdue = TRUE
         WHERE channel = 'system' AND comment = 'limit' AND kind IN ('agree', 'return')
        """
    )


def _relieve_those_who_left(cr):
    """What waits for people who left is looked at soon after the upgrade."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    tasks = env["crm.suite.approval.task"].search(
        [("state", "in", ("open", "waiting")), ("user_id.active", "=", False)]
    )
    if tasks:
        env["crm.suite.approval.request"]._queue_relief(tasks.user_id)

from odoo import SUPERUSER_ID, api
from odoo.fields import Command, Domain


def migrate(cr, version):
    """What follows other data and did not always follow it before."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    # A rule that came with this version belongs to the setting as the others do.
    env["ir.config_parameter"]._crm_suite_switch_visibility()
    asked = env["crm.suite.access.request"].search(Domain("state", "=", "open"))
    asked._settle_deciders()
    for segment in env["crm.suite.segment"].with_context(active_test=False).search([]):
        used = segment.browse(segment._get_used_ids()).exists()
        if used != segment.used_segment_ids:
            segment.used_segment_ids = [Command.set(used.ids)]

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Criteria of data quality have become rules: those that counted are in force."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for criterion in env["crm.suite.quality.criterion"].search(
        [("version", "in", (0, False))]
    ):
        criterion._publish(criterion._get_draft())

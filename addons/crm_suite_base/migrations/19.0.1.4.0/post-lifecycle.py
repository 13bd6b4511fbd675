from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """The rules for those who buy take customers out of Dormant and Lost, too: whoever
    turns out to have bought all the time was neither. Rules that were edited stay.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    silent = env["crm.suite.lifecycle.stage"].search(
        [("code", "in", ("dormant", "lost"))]
    )
    for name in ("loyal", "repeat", "first"):
        rule = env.ref(
            f"crm_suite_base.lifecycle_rule_{name}", raise_if_not_found=False
        )
        if rule and rule.version == 1 and rule.state == "published":
            rule.from_stage_ids |= silent
            rule._publish(rule._get_draft())

from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    # Record rules look through it: who covers sees the deals of the one who is away.
    crm_suite_absence_ids = fields.One2many(
        "crm.suite.absence",
        "user_id",
        string="Absences",
        groups="crm_suite_base.group_crm_suite_user",
    )

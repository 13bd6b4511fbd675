from odoo import fields, models


class CrmLead(models.Model):
    """Leads that other systems bring in are found by their number there."""

    _inherit = "crm.lead"

    crm_suite_reference = fields.Char(
        string="External Reference",
        copy=False,
        index="btree_not_null",
        groups="crm_suite_base.group_crm_suite_user",
        help="Number of the lead in the system from which it comes.",
    )

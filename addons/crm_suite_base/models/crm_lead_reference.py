from odoo import api, fields, models


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

    @api.model
    def _crm_suite_title(self, vals):
        """The title of a lead that others bring in: theirs, or after who asks.

        :return: None where the values name nobody
        :rtype: str | None
        """
        if vals.get("name"):
            return vals["name"]
        names = ("partner_name", "contact_name", "email_from", "phone")
        who = next(filter(None, map(vals.get, names)), None)
        return self.env._("Request of %(who)s", who=who) if who else None

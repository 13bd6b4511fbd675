from odoo import api, fields, models
from odoo.fields import Domain

# By what a lead that others bring in is found, the surest first, and where that is
# stored in one spelling.
LEAD_KEYS = {
    "crm_suite_reference": "crm_suite_reference",
    "email_from": "email_normalized",
    "phone": "phone_sanitized",
}


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
    def _crm_suite_known(self, key):
        """Where a lead that others bring in is looked for.

        By e-mail or phone only among those that are worked on: the next question of
        somebody whose deal is won or lost is a lead of its own.

        :param str key: one of ``LEAD_KEYS``
        :return: the leads to search and a domain
        """
        if key == "crm_suite_reference":
            return self.with_context(active_test=False), Domain.TRUE
        return self, Domain("won_status", "=", "pending")

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

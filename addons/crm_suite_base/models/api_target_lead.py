from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

from ..tools.normalize import normalize_phone
from .crm_lead_reference import LEAD_KEYS


class ApiTargetLead(models.AbstractModel):
    """Leads and deals."""

    _name = "crm.suite.api.target.lead"
    _inherit = "crm.suite.api.target.of"
    _description = "Leads That Programs Write"

    _api_entity = "lead"
    _api_model = "crm.lead"
    _api_needs_customer = False

    @api.model
    def _api_match(self, rows, key):
        by_key = self._api_match_ids(rows)
        for row in by_key:
            if value := self._api_key_value(row, key):
                row.key, row.names = (value,), (key,)
            elif not row.result:
                reason = self.env._("The key is empty: give %(fields)s.", fields=key)
                row.reject("key", reason, key)
        wanted = {row.key for row in by_key if row.key}
        found = self._api_find(
            wanted, key, lambda target, keys: target._api_find_leads(keys, key)
        )
        for row in by_key:
            row.record = found.get(row.key)

    @api.model
    def _api_values(self, row, memory):
        vals = super()._api_values(row, memory)
        email = vals.get("email_from")
        # "Name <name@company.com>" is as good here as it is in the form.
        if email and not email_normalize(email):
            row.field = "email_from"
            raise UserError(
                self.env._("An e-mail address has the form name@company.com.")
            )
        return vals

    @api.model
    def _api_key_value(self, row, key):
        value = row.vals.get(key)
        if not value or key == "crm_suite_reference":
            return value
        if key == "email_from":
            return email_normalize(value)
        country = self.env["res.country"].browse(row.vals.get("country_id") or ())
        try:
            code = (country or self.env.company.country_id).code
            return normalize_phone(value, code)[0]
        except ValueError:
            row.reject("value", self.env._("No country has such a number."), key)
            return None

    @api.model
    def _api_find_leads(self, keys, key):
        """Leads by key.

        :rtype: dict[tuple, CrmLead]
        """
        name = LEAD_KEYS[key]
        leads, domain = self.env["crm.lead"]._crm_suite_known(key)
        domain &= Domain(name, "in", sorted(value for (value,) in keys))
        found = {}
        for lead in leads.search_fetch(domain, [name, "active"]):
            known = found.get((lead[name],), leads)
            found[(lead[name],)] = known | lead
        return {
            value: records.filtered("active") or records
            for value, records in found.items()
        }

    @api.model
    def _api_new_values(self, row):
        vals = super()._api_new_values(row)
        title = self.env["crm.lead"]._crm_suite_title(vals)
        if not title:
            row.field = "name"
            raise UserError(
                self.env._("Give a title, or the name of the company or person.")
            )
        return {**vals, "name": title}

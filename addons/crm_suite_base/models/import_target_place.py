import re

from odoo import api, models

from ..tools.import_places import is_chinese_city, is_simplified
from ..tools.normalize import InvalidValue, normalize_phone, normalize_vat

_USCC = re.compile(r"[0-9A-HJ-NP-RTUW-Y]{2}\d{6}[0-9A-HJ-NP-RTUW-Y]{10}")
# Mobile numbers of China as they are dialled there: no other column of digits in a
# file with Chinese headers looks so.
_CN_MOBILE = re.compile(r"1[3-9]\d{9}")


class ImportPlace(models.AbstractModel):
    """The country of rows that do not name one.

    Lists that circulate in one country leave it out: it follows from the province, the
    tax number or the city. Numbers are read by it, wherever the importing company is.
    """

    _inherit = "crm.suite.import.target"

    @api.model
    def _import_find_country(self, plan, vals):
        """The country of a row, put into ``vals`` where the row tells it.

        :return: id of the country, or None
        """
        country_id = vals.get("country_id")
        if isinstance(country_id, int):
            return country_id
        found = self._import_country_of_state(plan, vals.get("state_id"))
        if not found and plan.defaults.get("country_id"):
            return plan.defaults["country_id"]
        if not found and self._import_is_chinese(vals):
            found = self._import_country_id(plan, "CN")
        if found and not isinstance(country_id, dict):
            vals["country_id"] = found
        return found

    def _import_country_of_state(self, plan, state_id):
        if not isinstance(state_id, int):
            return None
        key = "countries of states"
        if key not in plan.memory:
            plan.memory[key] = {
                state: country
                for by_country in plan.memory.get("states", {}).values()
                for country, state in by_country.items()
            }
        return plan.memory[key].get(state_id)

    @api.model
    def _import_is_chinese(self, vals):
        if is_chinese_city(str(vals.get("city") or "")):
            return True
        vat = str(vals.get("vat") or "").strip().upper()
        if not _USCC.fullmatch(vat):
            return False
        try:
            normalize_vat(vat, "CN")
        except InvalidValue:
            return False
        return True

    def _import_country_id(self, plan, code):
        key = ("country", code)
        if key not in plan.memory:
            countries = self.env["res.country"]
            plan.memory[key] = countries.search([("code", "=", code)], limit=1).id
        return plan.memory[key]

    def _import_read_phone(self, plan, country_id, text):
        """A number in the country of its row or, failing that, of its file.

        :return: number and extension
        :raise InvalidValue: in none of them it is one
        """
        refused = None
        for code in self._import_phone_codes(plan, country_id, text):
            try:
                return normalize_phone(text, code)
            except InvalidValue as error:
                refused = refused or error
        raise refused

    def _import_phone_codes(self, plan, country_id, text):
        """ISO codes of the countries in which a number may be dialled, likely first."""
        code = self._import_country_code(plan, country_id)
        if country_id or code == "CN" or not self._import_is_mainland(plan):
            return (code,)
        digits = re.sub(r"[\s-]", "", text)
        return ("CN", code) if _CN_MOBILE.fullmatch(digits) else (code, "CN")

    def _import_is_mainland(self, plan):
        """Whether the headers of the file are those of a list from China."""
        if "mainland" not in plan.memory:
            plan.memory["mainland"] = any(
                is_simplified(entry.header) for entry in plan.mapped
            )
        return plan.memory["mainland"]

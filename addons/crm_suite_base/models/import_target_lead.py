from odoo import api, models
from odoo.tools import plaintext2html

from ..tools.import_types import Column, Problem
from ..tools.normalize import normalize_email
from .crm_lead_reference import LEAD_KEYS

# Headers of the title, which elsewhere is the name of somebody.
TITLES = (
    *("title", "subject", "lead", "lead title", "opportunity", "opportunity name"),
    *("deal", "deal name", "标题", "主题", "线索", "线索名称", "商机", "商机名称"),
)


class ImportTargetLead(models.AbstractModel):
    """Leads and deals: of fairs, bought lists, the program that was used before."""

    _name = "crm.suite.import.target.lead"
    _inherit = "crm.suite.import.target.duplicate"
    _description = "Import of Leads"

    _import_model = "crm.lead"
    _import_tags = "tag_ids"
    _import_key_field = LEAD_KEYS

    @api.model
    def _import_title(self):
        return self.env._("Leads")

    @api.model
    def _import_columns(self):
        column = self._import_field_column
        _ = self.env._
        columns = [
            column(
                "name", label=_("Title"), example="采购 20 台示波器", aliases=TITLES
            ),
            column("partner_name", example="深圳示例电子有限公司"),
            column("contact_name", example="王小明"),
            column("function", example="采购经理"),
            column("email_from", key=True, example="wang@example.com"),
            column("phone", key=True, example="13800138000"),
            column("crm_suite_reference", key=True, example="L-0001"),
            column("website"),
            column("street", example="深南大道 1 号"),
            column("street2"),
            column("zip", example="518000"),
            column("city", example="深圳"),
            column("state_id", example="广东省"),
            column("country_id", example="CN"),
            column("type"),
            column("stage_id"),
            column("expected_revenue", example="86000"),
            column("date_deadline"),
            column("priority"),
            column("tag_ids", kind="tags", example="展会;大客户"),
            column(
                "user_id", label=_("Owner"), kind="record", example=self.env.user.login
            ),
            column("team_id"),
            column("source_id"),
            column("medium_id"),
            column("campaign_id"),
            column("description", kind="text"),
            Column(
                "partner_id/ref",
                _("Customer (by reference)"),
                kind="record",
                comodel="res.partner",
                by="ref",
            ),
        ]
        return columns + self._import_custom_columns()

    @api.model
    def _import_default_key(self, names):
        return next(((name,) for name in LEAD_KEYS if name in names), ())

    # ------------------------------------------------------------------
    # Values of a row
    # ------------------------------------------------------------------

    @api.model
    def _import_complete(self, plan, vals, problems):
        country_id = self._import_find_country(plan, vals)
        spellings = {
            "email_from": normalize_email,
            "phone": lambda text: self._import_read_phone(plan, country_id, text)[0],
            "website": self._import_website,
        }
        self._import_respell(plan, vals, problems, spellings)
        if not problems and not self._import_names_anybody(plan, vals):
            text = self.env._("Give a title, or the name of the company or person.")
            problems.append(Problem(*plan.where("name"), text))
        return super()._import_complete(plan, vals, problems)

    def _import_names_anybody(self, plan, vals):
        """Whether a row says what it is about; one that is found by its number need not."""
        return plan.mode == "update" or self.env["crm.lead"]._crm_suite_title(vals)

    @api.model
    def _import_key_text(self, plan, vals):
        """Two leads with the same title are two leads."""
        if not any(self._import_key_part(name, vals) for name in plan.key):
            return None
        return super()._import_key_text(plan, vals)

    @api.model
    def _import_by_key(self, plan, rows):
        named = [row for row in rows if any(map(row.values.get, plan.key))]
        return super()._import_by_key(plan, named)

    @api.model
    def _import_scope(self, names):
        return self.env["crm.lead"]._crm_suite_known(names[0])

    # ------------------------------------------------------------------
    # Names to records
    # ------------------------------------------------------------------

    @api.model
    def _import_resolve(self, plan, rows):
        result = super()._import_resolve(plan, rows)
        customers = self._import_find_customers(rows)
        for row in rows:
            if text := row.values.get("description"):
                row.values["description"] = plaintext2html(text)
            self._import_set_customer(plan, row, customers)
        return result

    def _import_find_customers(self, rows):
        """Customers by their reference."""
        refs = {row.vals.get("partner_id/ref") for row in rows} - {None}
        found = {}
        if refs:
            domain = [("ref", "in", sorted(refs))]
            for partner in self.env["res.partner"].search_fetch(domain, ["ref"]):
                found.setdefault(partner.ref, []).append(partner.id)
        return found

    def _import_set_customer(self, plan, row, customers):
        ref = row.vals.get("partner_id/ref")
        if not ref:
            return
        found = customers.get(ref, ())
        if len(found) == 1:
            row.values["partner_id"] = found[0]
            return
        message = (
            self.env._("Several companies are called “%(name)s”.", name=ref)
            if found
            else self.env._("There is no customer “%(name)s”.", name=ref)
        )
        row.reject(message, *plan.where("partner_id"))

    # ------------------------------------------------------------------
    # New leads
    # ------------------------------------------------------------------

    @api.model
    def _import_defaults(self, plan, row):
        """Whom nobody is named for waits for a policy or a claim: it is not the work
        of who fetched the list."""
        defaults = {
            "user_id": plan.defaults.get("user_id"),
            "team_id": plan.defaults.get("crm_suite_team_id"),
            "source_id": plan.defaults.get("crm_suite_source_id"),
            "country_id": plan.defaults.get("country_id"),
            "name": self.env["crm.lead"]._crm_suite_title(row.values),
        }
        return {
            name: value
            for name, value in defaults.items()
            if value or name == "user_id"
        }

    @api.model
    def _import_relatives(self, values):
        partner_id = values.get("partner_id")
        return {("res.partner", partner_id)} if partner_id else set()

from dataclasses import replace

from odoo import api, models
from odoo.fields import Domain

from ..tools.import_types import Column
from ..tools.normalize import (
    check_name,
    normalize_email,
    normalize_name,
    normalize_vat,
)
from .res_partner_upsert import PARTNER_KEYS

ADDRESS = ("street", "street2", "zip", "city", "state_id", "country_id")


class ImportTargetPartner(models.AbstractModel):
    """What customers and contacts have in common: both are partners."""

    _name = "crm.suite.import.target.partner"
    _inherit = "crm.suite.import.target.duplicate"
    _description = "Import of Partners"

    _import_model = "res.partner"
    _import_links_rows = True
    _import_key_field = PARTNER_KEYS

    # ------------------------------------------------------------------
    # Columns
    # ------------------------------------------------------------------

    @api.model
    def _import_partner_columns(self):
        """Columns of every partner, with the examples of the template; a hook."""
        column = self._import_field_column
        _ = self.env._
        return [
            column("name", required=True, key=True, example="深圳示例电子有限公司"),
            column("ref", key=True, example="C-0001"),
            column("email", key=True, example="info@example.com"),
            column("phone", key=True, example="0755-86013388 转 8001"),
            column("vat", key=True, example="91310000MA1FL0LX92"),
            column("website", example="https://www.example.com"),
            column("street", example="深南大道 1 号"),
            column("street2"),
            column("zip", example="518000"),
            column("city", example="深圳"),
            column("state_id", example="广东省"),
            column("country_id", example="CN"),
            column("category_id", label=_("Tags"), kind="tags", example="VIP;展会"),
            column(
                "user_id", label=_("Owner"), kind="record", example=self.env.user.login
            ),
            column("comment", kind="text"),
            Column(
                "parent_id/name",
                _("Company (by name)"),
                kind="record",
                comodel="res.partner",
                by="name",
            ),
            Column(
                "parent_id/ref",
                _("Company (by reference)"),
                kind="record",
                comodel="res.partner",
                by="ref",
            ),
        ]

    @api.model
    def _import_default_key(self, names):
        for name in ("ref", "vat", "email", "name"):
            if name in names:
                return (name,)
        return ()

    # ------------------------------------------------------------------
    # Values of a row
    # ------------------------------------------------------------------

    @api.model
    def _import_complete(self, plan, vals, problems):
        """One spelling for what is checked, by the rules of the customer form."""
        country_id = self._import_find_country(plan, vals)
        code = self._import_country_code(plan, country_id)
        spellings = {
            "name": check_name,
            "email": normalize_email,
            "phone": lambda text: self._import_phone(plan, country_id, vals, text),
            "vat": lambda text: normalize_vat(text, code),
            "website": self._import_website,
        }
        self._import_respell(plan, vals, problems, spellings)
        return super()._import_complete(plan, vals, problems)

    def _import_phone(self, plan, country_id, vals, text):
        number, extension = self._import_read_phone(plan, country_id, text)
        if extension:
            vals["crm_suite_phone_extension"] = extension
        return number

    @api.model
    def _import_links(self, vals):
        name, ref = vals.get("name"), vals.get("ref")
        parent = vals.get("parent_id/ref") or vals.get("parent_id/name")
        return (
            name and normalize_name(str(name)).casefold(),
            ref and str(ref).casefold(),
            parent and normalize_name(str(parent)).casefold(),
        )

    # ------------------------------------------------------------------
    # Names to records
    # ------------------------------------------------------------------

    @api.model
    def _import_resolve(self, plan, rows):
        result = super()._import_resolve(plan, rows)
        parents = self._import_find_parents(plan, rows)
        for row in rows:
            self._import_set_parent(plan, row, parents)
            self._import_set_address_type(row)
        return result

    def _import_values(self, plan, row):
        values = super()._import_values(plan, row)
        kind = row.vals.get("default_type")
        if kind:
            values["is_company"] = kind == "company"
        return values

    # ------------------------------------------------------------------
    # Companies that rows belong to: in the file or in the database
    # ------------------------------------------------------------------

    @api.model
    def _import_known_links(self, vals_list):
        return set(self._import_parents_in_database(vals_list))

    def _import_find_parents(self, plan, rows):
        """Companies that ``rows`` name: those of the file first.

        :return: link text to a list of ids; None in it stands for a row of the file
            that would be created
        :rtype: dict[str, list]
        """
        links = {row.number: self._import_links(row.vals)[2] for row in rows}
        words = {text for text in links.values() if text}
        if not words:
            return {}
        found = self._import_parents_in_file(plan, words)
        rest = [row.vals for row in rows if links[row.number] not in found]
        return {**self._import_parents_in_database(rest), **found}

    def _import_parents_in_database(self, vals_list):
        found = {}
        for by in ("ref", "name"):
            column = f"parent_id/{by}"
            texts = {str(vals[column]) for vals in vals_list if vals.get(column)}
            if not texts:
                continue
            domain = [(by, "in", list(texts)), ("partner_share", "=", True)]
            for partner in self.env["res.partner"].search_fetch(domain, [by]):
                found.setdefault(partner[by].casefold(), []).append(partner.id)
        return found

    def _import_parents_in_file(self, plan, words):
        found = {}
        rows = self.env["crm.suite.import.row"]._find_linked(plan.batch_id, words)
        for word, number, rejected, res_id in rows:
            entry = found.setdefault(word, [])
            if rejected:
                entry.append(("rejected", number))
            elif res_id not in entry:
                entry.append(res_id)
        return found

    def _import_set_parent(self, plan, row, parents):
        text = self._import_links(row.vals)[2]
        if not text:
            return
        where = plan.where("parent_id")
        shown = row.vals.get("parent_id/ref") or row.vals.get("parent_id/name")
        found = parents.get(text, [])
        good = [entry for entry in found if not isinstance(entry, tuple)]
        if len(good) == 1:
            if good[0]:
                row.values["parent_id"] = good[0]
        elif good:
            message = self.env._("Several companies are called “%(name)s”.", name=shown)
            row.reject(message, *where)
        elif found:
            message = self.env._(
                "Its company “%(name)s” in row %(number)s was rejected.",
                name=shown,
                number=found[0][1],
            )
            row.reject(message, *where)
        else:
            message = self.env._("There is no company “%(name)s”.", name=shown)
            row.reject(message, *where)

    def _import_set_address_type(self, row):
        """An address of its own is not that of its company.

        The host keeps the addresses of a company and of its ordinary contacts the
        same, whichever is written last.
        """
        if row.values.get("parent_id") and any(
            row.values.get(name) for name in ADDRESS
        ):
            row.values["type"] = "other"

    @api.model
    def _import_implied(self, plan, texts):
        return {
            text: {
                "name": vals.get("parent_id/name") or vals.get("parent_id/ref"),
                "ref": vals.get("parent_id/ref"),
                "default_type": "company",
            }
            for text, vals in texts.items()
        }

    @api.model
    def _import_relatives(self, values):
        parent_id = values.get("parent_id")
        return {("res.partner", parent_id)} if parent_id else set()

    @api.model
    def _import_make(self, model, vals_list):
        if any(vals.get("parent_id") or vals.get("child_ids") for vals in vals_list):
            return super()._import_make(model, vals_list)
        # As the host's own import: of partners without company and contacts there is
        # nothing to keep the same, which would be looked for one by one.
        return model._load_records_create(vals_list)

    def _import_defaults(self, plan, row):
        """Values of new records for which the file says nothing."""
        return {
            name: value
            for name, value in plan.defaults.items()
            if value and name in self.env["res.partner"]._fields
        }

    @api.model
    def _import_changes(self, plan, row):
        changes = super()._import_changes(plan, row)
        if row.match.type != "contact":
            # Invoice and delivery addresses stay what they are.
            changes.pop("type", None)
        return changes

    @api.model
    def _import_scope(self, names):
        """Colleagues are not imported: who changes their e-mail opens their account."""
        model, domain = super()._import_scope(names)
        return model, domain & Domain("partner_share", "=", True)


class ImportTargetCustomer(models.AbstractModel):
    """Companies and persons that buy, with their parent companies."""

    _name = "crm.suite.import.target.customer"
    _inherit = "crm.suite.import.target.partner"
    _description = "Import of Customers"

    @api.model
    def _import_title(self):
        return self.env._("Customers")

    @api.model
    def _import_columns(self):
        column = self._import_field_column
        _ = self.env._
        types = (("company", _("Company")), ("person", _("Person")))
        # The company of a row of customers is the customer itself.
        parents = {
            "parent_id/name": _("Parent Company (by name)"),
            "parent_id/ref": _("Parent Company (by reference)"),
        }
        return [
            *(
                replace(partner, label=parents.get(partner.name, partner.label))
                for partner in self._import_partner_columns()
            ),
            Column("default_type", _("Company or Person"), "selection", choices=types),
            column("industry_id", example="制造"),
            column("crm_suite_team_id"),
            column("crm_suite_lifecycle_id"),
            column("crm_suite_size"),
            column("crm_suite_employees", example="250"),
            column("crm_suite_annual_revenue"),
            column("crm_suite_source_id"),
            column("crm_suite_preferred_channel"),
            column("crm_suite_preferred_time"),
            column("crm_suite_needs"),
            column("crm_suite_preferences"),
            column("function"),
        ]

    @api.model
    def _import_scope(self, names):
        """Contacts of a company are not customers of their own."""
        model, domain = super()._import_scope(names)
        alone = Domain("parent_id", "=", False) | Domain("is_company", "=", True)
        return model, domain & alone

    def _import_values(self, plan, row):
        values = super()._import_values(plan, row)
        if "crm_suite_employees" in values and not values.get("crm_suite_size"):
            size = self.env["res.partner"]._crm_suite_size_of(
                values["crm_suite_employees"]
            )
            if size:
                values["crm_suite_size"] = size
        return values

    def _import_defaults(self, plan, row):
        values = super()._import_defaults(plan, row)
        values["is_company"] = plan.defaults["default_type"] == "company"
        if not values.get("crm_suite_lifecycle_id"):
            values["crm_suite_lifecycle_id"] = self._import_first_stage(plan)
        return values

    def _import_first_stage(self, plan):
        """The stage of customers for which neither file nor settings name one."""
        if "first stage" not in plan.memory:
            stage = self.env["res.partner"]._crm_suite_first_stage()
            plan.memory["first stage"] = stage.id
        return plan.memory["first stage"]

    @api.model
    def _import_changes(self, plan, row):
        """A partner that a row of customers finds becomes a customer."""
        changes = super()._import_changes(plan, row)
        if not row.match.crm_suite_lifecycle_id:
            stage_id = plan.defaults.get("crm_suite_lifecycle_id")
            changes.setdefault(
                "crm_suite_lifecycle_id", stage_id or self._import_first_stage(plan)
            )
        return changes


class ImportTargetContact(models.AbstractModel):
    """People who work for customers."""

    _name = "crm.suite.import.target.contact"
    _inherit = "crm.suite.import.target.partner"
    _description = "Import of Contacts"

    @api.model
    def _import_title(self):
        return self.env._("Contacts")

    @api.model
    def _import_columns(self):
        column = self._import_field_column
        return [
            *self._import_partner_columns(),
            column("function", example="采购经理"),
            column("crm_suite_preferred_channel"),
            column("crm_suite_preferred_time"),
        ]

    @api.model
    def _import_default_key(self, names):
        key = super()._import_default_key(names)
        by_company = [name for name in names if name.startswith("parent_id/")]
        return ("name", "parent_id") if key == ("name",) and by_company else key

    @api.model
    def _import_scope(self, names):
        model, domain = super()._import_scope(names)
        return model, domain & Domain("is_company", "=", False)

    def _import_defaults(self, plan, row):
        """A contact without a company is a customer; others belong to one."""
        values = super()._import_defaults(plan, row)
        values["is_company"] = False
        if row.vals.get("parent_id/name") or row.vals.get("parent_id/ref"):
            values.pop("crm_suite_lifecycle_id", None)
        elif not values.get("crm_suite_lifecycle_id"):
            values["crm_suite_lifecycle_id"] = (
                self.env["res.partner"]._crm_suite_first_stage().id
            )
        return values

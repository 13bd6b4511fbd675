from odoo import api, models
from odoo.fields import Command

from ..tools.import_types import CREATE, UNCHANGED, UPDATE, Column, Problem
from ..tools.normalize import check_name, normalize_email
from .import_target_choice import fold

# Column to the field of the contact.
PERSON = {
    "contact/name": "name",
    "contact/phone": "phone",
    "contact/email": "email",
    "contact/function": "function",
}
_EXTENSION = "contact/extension"


class ImportTargetCustomer(models.AbstractModel):
    """The contact person who stands beside the company in the same row.

    The person becomes a contact of the company, found again by the name. A row that
    repeats a company only to name another person adds that person.
    """

    _inherit = "crm.suite.import.target.customer"

    _import_joined = (*PERSON, _EXTENSION)

    @api.model
    def _import_columns(self):
        _ = self.env._
        return [
            *super()._import_columns(),
            Column("contact/name", _("Contact Person")),
            Column("contact/phone", _("Phone of the Contact Person")),
            Column("contact/email", _("Email of the Contact Person")),
            Column("contact/function", _("Job Position of the Contact Person")),
        ]

    # ------------------------------------------------------------------
    # Values of a row
    # ------------------------------------------------------------------

    @api.model
    def _import_complete(self, plan, vals, problems):
        self._import_tidy_person(plan, vals)
        super()._import_complete(plan, vals, problems)
        if not any(vals.get(name) for name in PERSON):
            return
        country_id = self._import_find_country(plan, vals)
        for entry in plan.by_field["contact"]:
            name = entry.column.name
            if vals.get(name):
                try:
                    self._import_person_value(plan, country_id, vals, name)
                except ValueError as error:
                    vals.pop(name)
                    problems.append(self._import_problem(entry, error))
        if not vals.get("contact/name"):
            self._import_note_nameless(plan, vals, problems)

    def _import_tidy_person(self, plan, vals):
        """What is said about nobody, or about the customer itself, is the customer's."""
        person = vals.get("contact/name")
        if person and fold(person) != fold(vals.get("name") or ""):
            return
        vals.pop("contact/name", None)
        for name, field in PERSON.items():
            if vals.get(name) and not vals.get(field):
                vals[field] = vals.pop(name)
                plan.by_field.setdefault(field, plan.by_field["contact"])
            elif vals.get(name) and vals.get(name) == vals.get(field):
                vals.pop(name)

    def _import_person_value(self, plan, country_id, vals, name):
        text = str(vals[name])
        if name == "contact/name":
            vals[name] = check_name(text)
        elif name == "contact/email":
            vals[name] = normalize_email(text)
        elif name == "contact/phone":
            vals[name], extension = self._import_read_phone(plan, country_id, text)
            if extension:
                vals[_EXTENSION] = extension

    def _import_note_nameless(self, plan, vals, problems):
        for entry in plan.by_field["contact"]:
            if vals.pop(entry.column.name, None):
                text = self.env._("Not imported: the row names no contact person.")
                problems.append(Problem(entry.index, entry.header, text, True))
        vals.pop(_EXTENSION, None)

    # ------------------------------------------------------------------
    # From the values to the contact
    # ------------------------------------------------------------------

    @api.model
    def _import_match(self, plan, rows):
        """Find the contacts of the companies that were found: one query per chunk."""
        result = super()._import_match(plan, rows)
        ids = [
            row.match.id for row in rows if row.match and row.vals.get("contact/name")
        ]
        people = {}
        if ids:
            domain = [("parent_id", "in", ids), ("is_company", "=", False)]
            fields = ["parent_id", *PERSON.values(), "crm_suite_phone_extension"]
            for person in self.env["res.partner"].search_fetch(domain, fields):
                people.setdefault((person.parent_id.id, fold(person.name)), person)
        plan.memory["people"] = people
        return result

    @api.model
    def _import_decide(self, plan, row):
        super()._import_decide(plan, row)
        if not row.vals.get("contact/name"):
            return
        if row.action == CREATE:
            row.values["child_ids"] = [self._import_new_person(row)]
        elif row.action in (UPDATE, UNCHANGED) and plan.policy(row) == "update":
            if command := self._import_person_command(plan, row):
                row.values["child_ids"] = [command]
                row.action = UPDATE

    def _import_person_values(self, row):
        names = {**PERSON, _EXTENSION: "crm_suite_phone_extension"}
        return {
            field: row.vals[name] for name, field in names.items() if row.vals.get(name)
        }

    def _import_new_person(self, row):
        return Command.create(
            {"type": "contact", "is_company": False, **self._import_person_values(row)}
        )

    def _import_person_command(self, plan, row):
        """What makes the contact what the row says; None if it is."""
        key = (row.match.id, fold(row.vals["contact/name"]))
        person = plan.memory["people"].get(key)
        if not person:
            return self._import_new_person(row)
        changes = {
            field: value
            for field, value in self._import_person_values(row).items()
            if field != "name" and (person[field] or "") != value
        }
        return Command.update(person.id, changes) if changes else None

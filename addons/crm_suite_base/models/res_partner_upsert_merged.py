from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.field_value import differs


class ResPartner(models.Model):
    """Lists and programs that still name a merged record reach the survivor."""

    _inherit = "res.partner"

    @api.model
    def _crm_suite_has_merged(self):
        # Found by the index on the field.
        return bool(
            self.sudo()
            .with_context(active_test=False)
            .search_count([("crm_suite_merged_into_id", "!=", False)], limit=1)
        )

    @api.model
    def _crm_suite_merged_domain(self):
        return Domain("crm_suite_merged_into_id", "!=", False) & Domain(
            "active", "=", False
        )

    @api.model
    def _crm_suite_add_merged(self, field, words, query):
        """Add to a selection of customers by a text those who took over from others
        that have the text.

        :param str field: that holds the text
        :param words: the texts, or SQL that selects them, or None for all
        :param SQL query: selects text, id and commercial id
        :rtype: SQL
        """
        if not self._crm_suite_has_merged():
            return query
        partners = self.with_context(active_test=False)
        domain = self._crm_suite_merged_domain()
        domain &= Domain("company_id", "in", [False, self.env.company.id])
        if isinstance(words, list):
            domain &= Domain(field, "in", words)
        merged = partners._search(domain)
        text = partners._field_to_sql(merged.table, field, merged)
        if isinstance(words, SQL):
            merged.add_where(SQL("%s IN (%s)", text, words))
        into = SQL.identifier(merged.table, "crm_suite_merged_into_id")
        return SQL(
            """
            (%s) UNION
            SELECT m.text, s.id, s.commercial_partner_id
              FROM (%s) m(text, into_id) JOIN res_partner s ON s.id = m.into_id
            """,
            query,
            merged.select(text, into),
        )

    def _crm_suite_upsert_changes(self, vals, keys):
        """A program that still names a merged record adds what the survivor lacks: its
        old values shall not come back with every run."""
        survivor = self._crm_suite_survivors()
        if survivor == self or len(survivor) != 1:
            return super()._crm_suite_upsert_changes(vals, keys)
        survivor.check_access("read")
        return survivor, {
            name: value
            for name, value in vals.items()
            if name not in keys
            and not survivor[name]
            and differs(survivor, name, value)
        }


class ImportTargetPartner(models.AbstractModel):
    _inherit = "crm.suite.import.target.partner"

    @api.model
    def _import_find(self, plan, names, keys):
        """Rows of merged customers find the survivor instead of making them again."""
        found = super()._import_find(plan, names, keys)
        missing = {key for key in keys if key not in found and all(key)}
        if not missing or not self.env["res.partner"]._crm_suite_has_merged():
            return found
        merged = self._import_find_merged(names, missing)
        plan.memory.setdefault("merged", set()).update(
            partner.id for partners in merged.values() for partner in partners
        )
        return {**merged, **found}

    @api.model
    def _import_find_merged(self, names, keys):
        """Survivors by the keys of those whom they took over from.

        :rtype: dict[tuple, list]
        """
        model = self.env["res.partner"].with_context(active_test=False)
        fields = [self._import_key_field.get(name, name) for name in names]
        domain = model._crm_suite_merged_domain()
        for position, field in enumerate(fields):
            domain &= Domain(field, "in", list({key[position] for key in keys}))
        found = {}
        for record in model.search_fetch(domain, fields):
            key = tuple(self._import_plain(record, field) for field in fields)
            survivor = record._crm_suite_survivors()._filtered_access("read")
            if key in keys and survivor and survivor not in found.get(key, []):
                found.setdefault(key, []).append(survivor)
        return found

    @api.model
    def _import_changes(self, plan, row):
        """A row of a merged customer only adds what the survivor lacks."""
        changes = super()._import_changes(plan, row)
        if not self._import_is_merged(plan, row):
            return changes
        return {name: value for name, value in changes.items() if not row.match[name]}

    @api.model
    def _import_is_merged(self, plan, row):
        """Whether a row names somebody whom its record took over from."""
        if row.match.id not in plan.memory.get("merged", ()):
            return False
        return any(
            row.values.get(name) and row.match[name] != row.values[name]
            for name in plan.key
            if not row.match._fields[name].relational
        )

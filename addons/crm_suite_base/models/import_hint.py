from odoo import api, fields, models

# A list of telephone numbers has typing errors; so many failing is something else.
_FAILING = 0.3
_AT_LEAST = 2


class ImportHint(models.Model):
    """What the preview says about the choices that were made for the user."""

    _inherit = "crm.suite.import.batch"

    key_choice = fields.Json(
        compute="_compute_key_choice",
        exportable=False,
        help="The fields by which rows are recognised, chosen or found out.",
    )

    @api.depends("key", "mapping", "preview", "target")
    @api.depends_context("lang")
    def _compute_key_choice(self):
        targets = self.env["crm.suite.import.target"]._import_targets()
        for batch in self:
            if batch.target not in targets:
                batch.key_choice = {"names": [], "text": ""}
                continue
            known = {column.name for column in batch._target()._import_columns()}
            names = [
                entry["field"]
                for entry in batch.mapping or []
                if entry["field"] in known and entry["index"] not in batch._empty()
            ]
            key = batch._chosen_key() or batch._target()._import_default_key(names)
            batch.key_choice = {
                "names": list(key),
                "text": batch._key_text(key),
            }

    def _chosen_key(self):
        names = (name.strip() for name in (self.key or "").split(","))
        return tuple(name for name in names if name)

    def _empty(self):
        """Indices of the columns that are empty as far as the preview saw."""
        return set((self.preview or {}).get("empty") or ())

    def _key_text(self, key):
        if not key:
            return ""
        labels = " + ".join(self._target()._import_labels(key))
        if self.key:
            return self.env._("Rows are recognised by: %(key)s.", key=labels)
        return self.env._(
            "Rows are recognised by: %(key)s, chosen from the columns of the file. Tick another column to choose it instead.",
            key=labels,
        )

    def _refresh_hints(self):
        """Look at the rows of the preview again after other choices."""
        for batch in self:
            if batch.preview:
                hints = batch.with_company(batch.company_id)._make_hints()
                batch.sudo().preview = {**batch.preview, "hints": hints}

    def _make_hints(self):
        """Sentences about choices that are still to be made."""
        plan = self._plan(dry=True)
        hint = self._phone_hint(plan)
        return [hint] if hint else []

    def _phone_hint(self, plan):
        """Numbers without a country cannot be read; said once, not on every row."""
        if plan.defaults.get("country_id") or plan.has_column("country_id"):
            return None
        entries = [e for e in plan.mapped if e.column.name in self._phone_columns()]
        filled = failed = 0
        for cells in self.preview.get("rows") or () if entries else ():
            _vals, problems = self._target()._import_convert(plan, cells)
            refused = {problem.index for problem in problems if not problem.warning}
            given = {e.index for e in entries if any(cells[e.index : e.index + 1])}
            filled += len(given)
            failed += len(given & refused)
        if failed < _AT_LEAST or failed < filled * _FAILING:
            return None
        return self.env._(
            "%(failed)s of the first %(filled)s phone numbers cannot be read in the country of your company. Set “%(field)s” under “Where the File Says Nothing” to the country of the list.",
            failed=failed,
            filled=filled,
            field=self._fields["default_country_id"]._description_string(self.env),
        )

    @api.model
    def _phone_columns(self):
        return ("phone", "partner_id/phone")

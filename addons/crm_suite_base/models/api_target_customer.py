from odoo import api, models
from odoo.exceptions import UserError

from .api_target import _sentence

# Their own spelling is asked for one by one to find out which of them is wrong.
SPELLED = ("name", "email", "phone", "vat")


class ApiTargetCustomer(models.AbstractModel):
    """Customers and their contacts: :meth:`res.partner.crm_suite_upsert` for many rows,
    with the same values, keys and rules."""

    _name = "crm.suite.api.target.customer"
    _inherit = "crm.suite.api.target"
    _description = "Customers That Programs Write"

    _api_entity = "customer"
    _api_model = "res.partner"

    @api.model
    def _api_prepare(self, rows, key):
        result = super()._api_prepare(rows, key)
        # Looked up once, not for each row.
        defaults = {
            "crm_suite_lifecycle_id": self.env["res.partner"]
            ._crm_suite_first_stage()
            .id
        }
        for row in rows:
            if not row.result and not row.vals.get("parent_id"):
                row.defaults = defaults
        return result

    @api.model
    def _api_spell(self, row, spell, keys):
        """Put the values of a row into their one spelling.

        :param spell: a method of a customer that takes values and keys
        :raise UserError: a value breaks a rule; ``row.field`` is its field
        """
        try:
            row.vals = spell(row.vals, keys)
        except UserError:
            row.field = self._api_misspelled(row, spell, keys)
            raise

    @api.model
    def _api_misspelled(self, row, spell, keys):
        place = {n: row.vals[n] for n in ("country_id", "parent_id") if n in row.vals}
        for name in SPELLED:
            if name not in row.vals:
                continue
            try:
                spell({**place, name: row.vals[name]}, keys)
            except UserError:
                return name
        return None

    @api.model
    def _api_spell_or_reject(self, row, spell, keys):
        if row.result:
            return
        try:
            self._api_spell(row, spell, keys)
        except UserError as error:
            row.reject("value", _sentence(error), row.field)

    @api.model
    def _api_match(self, rows, key):
        partners = self.env["res.partner"]
        by_key = self._api_match_ids(rows)
        for row in rows:
            keys = row.names or (key,)
            self._api_spell_or_reject(row, partners._crm_suite_upsert_spelled, keys)
        for row in by_key:
            if row.vals.get(key):
                row.key, row.names = (row.vals[key],), (key,)
            elif not row.result:
                reason = self.env._("The key is empty: give %(fields)s.", fields=key)
                row.reject("key", reason, key)
        wanted = {row.key for row in by_key if row.key and not row.result}
        found = partners._crm_suite_upsert_find(wanted, [key])
        for row in by_key:
            row.record = found.get(row.key)
            try:
                (row.record or partners)._pool_refuse_key([key])
            except UserError as error:
                row.record = None
                row.reject("duplicate", _sentence(error), key)
        for row in rows:
            if row.record:
                spell = row.record._crm_suite_upsert_placed
                self._api_spell_or_reject(row, spell, row.names)
        self._api_keep_people(rows)

    @api.model
    def _api_keep_people(self, rows):
        """Colleagues are no customers, and who changes the e-mail of somebody with an
        account opens it: programs do neither."""
        ids = [id_ for row in rows if row.record for id_ in row.record.ids]
        if not ids:
            return
        # sudo: only whether there is an account is looked at.
        users = self.env["res.users"].sudo().with_context(active_test=False)
        people = dict(
            users._read_group(
                [("partner_id", "in", ids)], ["partner_id"], ["share:bool_and"]
            )
        )
        kinds = {partner.id: share for partner, share in people.items()}
        for row in rows:
            for partner in row.record if row.record and not row.result else ():
                id_ = partner.id
                if id_ not in kinds or (kinds[id_] and "email" not in row.vals):
                    continue
                # The same address in another spelling is no change.
                known = partner._crm_suite_key_value("email")
                if kinds[id_] and known == row.vals["email"]:
                    continue
                row.reject(
                    "forbidden",
                    self.env._(
                        "This contact has an account here: programs do not change it."
                    ),
                    "email" if kinds[id_] else None,
                )

    @api.model
    def _api_new_values(self, row):
        new = self.env["res.partner"]
        self._api_spell(row, new._crm_suite_upsert_placed, row.names)
        # What it asks for is the name.
        row.field = "name"
        values = super()._api_new_values(row)
        return new._crm_suite_upsert_new(values)

    @api.model
    def _api_changes(self, row):
        """A row of a merged customer only adds what the survivor lacks."""
        row.record, changes = row.record._crm_suite_upsert_changes(
            row.vals, [name for name in row.names if name in row.vals]
        )
        return changes

    @api.model
    def _api_reject_error(self, row, error):
        result = super()._api_reject_error(row, error)
        if isinstance(error, UserError) and row.code == "value" and row.vals:
            # Rules about a field name it first.
            text = _sentence(error)
            labels = self.env["res.partner"].fields_get(list(row.vals), ["string"])
            row.field = next(
                (
                    name
                    for name, about in labels.items()
                    if text.startswith(f"{about['string']} ")
                ),
                None,
            )
        return result

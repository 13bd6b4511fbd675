import math

import psycopg2

from odoo import api, models
from odoo.exceptions import (
    ConcurrencyError,
    UserError,
)
from odoo.fields import Domain
from odoo.tools import escape_psql

from ..tools.field_value import differs
from ..tools.key_locks import hold_keys, key_number
from .duplicate_entry import Noted

# What is wrong with one row; anything else is a fault of ours and ends the call.
ROW_ERRORS = (UserError, ValueError, psycopg2.IntegrityError, psycopg2.DataError)
# What the columns of the database hold.
INTEGERS = range(-(2**31), 2**31)
# Characters of a text of one line: names and codes are indexed.
LONGEST = 500
KEY_TYPES = ("char", "integer", "many2one", "selection", "text")
# Keys that a partner who is no customer may have in any spelling, and where the host
# stores their one spelling.
PARTNER_KEYS = {"email": "email_normalized", "phone": "phone_sanitized"}
# What is read by the country of the customer.
PLACED = frozenset(("phone", "vat"))


class ResPartner(models.Model):
    """Create or update customers from a program, again and again with one result."""

    _inherit = "res.partner"

    @api.model
    def crm_suite_upsert(self, values, key):
        """Create the customer that the key names, or bring it up to date.

        Calling it twice with the same values changes nothing the second time; two
        calls at the same moment make one customer. Values are checked and written as
        by the form. Related records are given by id, external id, code or name.

        :param values: the fields of one customer (dict) or of several (list); a field
            that is not given is left alone, ``False`` empties it
        :type values: dict | list[dict]
        :param key: field or fields that identify the customer, such as ``"ref"``,
            ``"email"`` or ``["name", "country_id"]``
        :type key: str | list[str]
        :return: ``{"id", "action"}`` with action created, updated or unchanged; for a
            list one such answer per row, a row that could not be taken has action
            ``error`` and ``error`` with the reason. Where a duplicate rule noted a pair,
            also ``warning`` (a sentence) and ``duplicates``: ``[{"model", "id",
            "name"}]``, those that the user may see
        :rtype: dict | list[dict]
        """
        self._crm_suite_check_role()
        keys = self._crm_suite_upsert_keys(key)
        noted = Noted()
        partners = self.with_context(crm_suite_duplicates_noted=noted)
        if isinstance(values, dict):
            answer = partners._crm_suite_upsert_one(values, keys)
            self._crm_suite_upsert_warn([answer], noted)
            return answer
        if not isinstance(values, list | tuple):
            raise UserError(
                self.env._("Give the fields of a customer, or a list of them.")
            )
        answers = partners._crm_suite_upsert_rows(values, keys)
        self._crm_suite_upsert_warn(answers, noted)
        return answers

    def _crm_suite_upsert_warn(self, answers, noted):
        """Say of which customers a duplicate rule noted a pair."""
        written = [a for a in answers if a["action"] in ("created", "updated")]
        warnings = self._duplicate_warnings(noted, [a["id"] for a in written])
        for answer in written:
            answer.update(warnings.get(answer["id"], {}))

    def _crm_suite_upsert_keys(self, key):
        keys = list(key) if isinstance(key, list | tuple) else [key] if key else []
        if not keys:
            raise UserError(
                self.env._(
                    "Name the field that identifies a customer, for example ref."
                )
            )
        for name in keys:
            field = self._fields.get(name) if isinstance(name, str) else None
            if field is None or not field.store or field.type not in KEY_TYPES:
                raise UserError(
                    self.env._(
                        "Customers cannot be identified by the field “%(field)s”. Take a stored field such as ref, email, phone or vat.",
                        field=name,
                    )
                )
        return keys

    # ------------------------------------------------------------------
    # Rows
    # ------------------------------------------------------------------

    def _crm_suite_upsert_one(self, values, keys):
        vals = self._crm_suite_upsert_values(values, keys)
        row_key = self._crm_suite_key(vals, keys)
        found = self._crm_suite_upsert_find([row_key], keys)
        known = found.get(row_key, self.browse())
        vals = known._crm_suite_upsert_placed(vals, keys)
        return self._crm_suite_upsert_apply(vals, keys, found)

    def _crm_suite_upsert_rows(self, rows, keys):
        """All rows, each on its own: a bad one does not take the others with it."""
        refused, prepared = {}, {}
        for index, row in enumerate(rows):
            try:
                vals = self._crm_suite_upsert_values(row, keys)
                prepared[index] = vals, self._crm_suite_key(vals, keys)
            except (UserError, ValueError) as error:
                refused[index] = self._crm_suite_upsert_error(error)
        found = self._crm_suite_upsert_find(
            [row_key for _vals, row_key in prepared.values()], keys
        )
        for index, (vals, row_key) in list(prepared.items()):
            known = found.get(row_key, self.browse())
            try:
                vals = known._crm_suite_upsert_placed(vals, keys)
                prepared[index] = vals, row_key
            except UserError as error:
                del prepared[index]
                refused[index] = self._crm_suite_upsert_error(error)
        try:
            with self.env.cr.savepoint():
                answers = self._crm_suite_upsert_batch(prepared, keys, dict(found))
        except ROW_ERRORS:
            # One of them is bad: take them one by one to find out which.
            answers = self._crm_suite_upsert_singly(prepared, keys, dict(found))
        return [answers.get(index) or refused[index] for index in range(len(rows))]

    def _crm_suite_upsert_batch(self, prepared, keys, found):
        """All rows at once: what is new is created in one call."""
        new = {}
        for index, (_vals, row_key) in prepared.items():
            if row_key not in found and row_key not in new:
                new[row_key] = index
        # All are looked at before the first is made: a refusal costs nothing.
        vals_list = [
            self._crm_suite_upsert_new(prepared[index][0]) for index in new.values()
        ]
        created = self.create(vals_list)
        found.update(zip(new, created, strict=True))
        answers = {
            index: {"id": partner.id, "action": "created"}
            for index, partner in zip(new.values(), created, strict=True)
        }
        for index, (vals, _row_key) in prepared.items():
            if index not in answers:
                answers[index] = self._crm_suite_upsert_apply(vals, keys, found)
        return answers

    def _crm_suite_upsert_singly(self, prepared, keys, found):
        """Row by row, each of which may fail in the database by itself."""
        answers = {}
        for index, (vals, row_key) in prepared.items():
            try:
                with self.env.cr.savepoint():
                    answers[index] = self._crm_suite_upsert_apply(vals, keys, found)
            except ROW_ERRORS as error:
                answers[index] = self._crm_suite_upsert_error(error)
                continue
            found[row_key] = self.browse(answers[index]["id"])
        return answers

    def _crm_suite_upsert_error(self, error):
        if isinstance(error, psycopg2.Error):
            text = self._sql_error_to_message(error)
        else:
            text = str(error.args[0] if error.args else error)
        return {"id": False, "action": "error", "error": text}

    def _crm_suite_upsert_apply(self, vals, keys, found):
        partner = found.get(self._crm_suite_key(vals, keys), self.browse())
        if not partner:
            partner = self.create(self._crm_suite_upsert_new(vals))
            return {"id": partner.id, "action": "created"}
        partner, changed = partner._crm_suite_upsert_changes(vals, keys)
        if not changed:
            return {"id": partner.id, "action": "unchanged"}
        partner.check_access("write")
        partner.write(changed)
        return {"id": partner.id, "action": "updated"}

    def _crm_suite_upsert_changes(self, vals, keys):
        """The customer that takes the values, and which of them differ.

        :rtype: tuple[ResPartner, dict]
        :raise UserError: several customers have the key
        """
        if len(self) > 1:
            raise UserError(
                self.env._(
                    "%(count)s customers have %(key)s. Use a key that only one has, or merge them.",
                    count=len(self),
                    key=self._crm_suite_key_text(vals, keys),
                )
            )
        self.check_access("write")
        changes = {
            name: value for name, value in vals.items() if differs(self, name, value)
        }
        return self, {**self._crm_suite_upsert_stage(vals), **changes}

    def _crm_suite_upsert_stage(self, vals):
        """A partner whom a program takes for a customer becomes one, as by an import;
        colleagues and contacts of a company do not."""
        if (
            self.crm_suite_lifecycle_id
            or "crm_suite_lifecycle_id" in vals
            or vals.get("parent_id", self.parent_id)
            or not self.partner_share
        ):
            return {}
        return {"crm_suite_lifecycle_id": self._crm_suite_first_stage().id}

    def _crm_suite_upsert_new(self, vals):
        """A new customer has a name and is a lead, unless something else is said."""
        if not vals.get("name") and (vals.get("type") or "contact") == "contact":
            raise UserError(self.env._("The name is empty: a customer has one."))
        if vals.get("parent_id") or "crm_suite_lifecycle_id" in vals:
            return vals
        return {**vals, "crm_suite_lifecycle_id": self._crm_suite_first_stage().id}

    # ------------------------------------------------------------------
    # Keys
    # ------------------------------------------------------------------

    def _crm_suite_key(self, vals, keys):
        """What identifies the customer of a row."""
        missing = [name for name in keys if not vals.get(name)]
        if missing:
            raise UserError(
                self.env._(
                    "The key is empty: give %(fields)s.", fields=", ".join(missing)
                )
            )
        return tuple(vals[name] for name in keys)

    def _crm_suite_key_text(self, vals, keys):
        return ", ".join(f"{name} = {vals[name]}" for name in keys)

    def _crm_suite_upsert_find(self, row_keys, keys):
        """The customers that the keys name; archived ones only if no other is there.

        Takes a lock on every key first, so that two transactions cannot both find
        nothing and both create.

        :rtype: dict[tuple, ResPartner]
        """
        wanted = set(row_keys)
        if not wanted:
            return {}
        self._crm_suite_lock_keys(wanted, keys)
        found = self._crm_suite_search_keys(wanted, keys)
        missing = wanted - set(found)
        if missing:
            self._crm_suite_check_snapshot(missing, keys)
        return found

    def _crm_suite_search_keys(self, wanted, keys):
        domain = Domain.AND(
            self._crm_suite_key_domain(name, {row_key[index] for row_key in wanted})
            for index, name in enumerate(keys)
        )
        spelled = [PARTNER_KEYS[name] for name in keys if name in PARTNER_KEYS]
        found = {}
        for partner in self.with_context(active_test=False).search_fetch(
            domain, [*keys, *spelled, "active"]
        ):
            row_key = tuple(partner._crm_suite_key_value(name) for name in keys)
            if row_key in wanted:
                found[row_key] = found.get(row_key, self.browse()) | partner
        # Looked at one by one, they are still read together.
        everybody = [id_ for partners in found.values() for id_ in partners.ids]
        return {
            row_key: (partners.filtered("active") or partners).with_prefetch(everybody)
            for row_key, partners in found.items()
        }

    @api.model
    def _crm_suite_key_domain(self, name, values):
        """The partners that have one of the values, in whatever spelling.

        :param values: in their one spelling
        :rtype: Domain
        """
        domain = Domain(PARTNER_KEYS.get(name, name), "in", sorted(values))
        if name == "phone":
            # Service numbers are none to the host: they stay as dialled.
            dialled = [value for value in values if not value.startswith("+")]
            if dialled:
                domain |= Domain(name, "in", sorted(dialled))
        return domain

    def _crm_suite_key_value(self, name):
        """What the partner has of a key, in its one spelling."""
        value = self[PARTNER_KEYS.get(name, name)] or self[name]
        return value.id if self._fields[name].relational else value

    def _crm_suite_lock_keys(self, wanted, keys):
        """Hold each key until the end of the transaction."""
        kind = repr(list(keys))
        hold_keys(self.env.cr, (key_number(kind, repr(key)) for key in wanted))

    def _crm_suite_check_snapshot(self, missing, keys):
        """Whether somebody else created one of the keys since this transaction began.

        The lock was waited for, but the transaction still sees the database as it was
        before. A cursor of its own sees it as it is now; if the key is there, the
        whole call is repeated by the server, which then finds it.
        """
        with self.env.registry.cursor() as cr:
            now = self.with_env(self.env(cr=cr))
            if now._crm_suite_search_keys(missing, keys):
                raise ConcurrencyError(
                    "A customer with this key was created at the same moment."
                )

    # ------------------------------------------------------------------
    # Values
    # ------------------------------------------------------------------

    def _crm_suite_upsert_values(self, row, keys):
        """The values of a row as the ORM and the rules want them, except those that
        wait for :meth:`_crm_suite_upsert_placed`."""
        if not isinstance(row, dict):
            raise UserError(self.env._("A customer is a set of fields with values."))
        vals = {}
        # The country decides in which one a province of that name is looked for.
        for name in sorted(row, key=lambda name: name != "country_id"):
            field = self._fields.get(name)
            if field is None:
                raise UserError(
                    self.env._("Customers have no field “%(field)s”.", field=name)
                )
            if name in ("id", *self._crm_suite_log_fields()) or (
                field.readonly and not field.inverse and not field.store
            ):
                raise UserError(
                    self.env._(
                        "The field “%(field)s” is set by the system and cannot be given.",
                        field=name,
                    )
                )
            self._check_field_access(field, "write")
            vals[name] = self._crm_suite_upsert_value(field, row[name], vals)
        return self._crm_suite_upsert_spelled(vals, keys)

    @api.model
    def _crm_suite_upsert_spelled(self, vals, keys):
        """Values in their one spelling, as far as it does not matter whose they are.

        A key says who the customer is, so it is read before he is known.
        """
        later = {name: vals[name] for name in PLACED - {*keys} & vals.keys()}
        now = {name: value for name, value in vals.items() if name not in later}
        return {**self._crm_suite_normalize_values([now])[0], **later}

    def _crm_suite_upsert_placed(self, vals, keys):
        """The values for this customer (none: a new one): where they do not name the
        country, a phone and a tax number are read by that of the customer.

        :raise ValidationError: a value breaks a rule
        """
        own = {name: value for name, value in vals.items() if name not in keys}
        if PLACED.isdisjoint(own) or len(self) > 1:
            return vals
        codes = self.sudo()._crm_suite_country_codes(vals)
        return {**vals, **self._crm_suite_normalized(own, *codes)}

    @api.model
    def _crm_suite_log_fields(self):
        return ("create_date", "create_uid", "write_date", "write_uid")

    def _crm_suite_upsert_value(self, field, value, vals):
        if value is None or value is False or value == "":
            return [(5, 0, 0)] if field.type in ("many2many",) else False
        if field.type == "many2one":
            return self._crm_suite_resolve(field, value, vals)
        if field.type == "many2many":
            listed = value if isinstance(value, list | tuple) else [value]
            return [(4, self._crm_suite_resolve(field, item, vals)) for item in listed]
        if field.type in ("one2many", "reference", "many2one_reference", "binary"):
            raise UserError(
                self.env._(
                    "The field “%(field)s” cannot be given here.", field=field.name
                )
            )
        if field.type == "selection":
            return self._crm_suite_upsert_choice(field, value)
        return self._crm_suite_upsert_simple(field, value)

    def _crm_suite_upsert_simple(self, field, value):
        if field.type == "boolean" and not isinstance(value, bool | int):
            return str(value).strip().lower() in ("1", "true", "yes", "y", "是")
        try:
            self._crm_suite_check_simple(field, value)
        except (OverflowError, TypeError, ValueError) as error:
            raise UserError(
                self.env._(
                    "%(field)s “%(value)s”: this is no %(type)s.",
                    field=field.get_description(self.env, ["string"])["string"],
                    value=value,
                    type=field.type,
                )
            ) from error
        return value.replace("\0", "") if isinstance(value, str) else value

    def _crm_suite_check_simple(self, field, value):
        if isinstance(value, dict | list | tuple):
            raise TypeError(value)
        if field.type == "char" and len(str(value)) > LONGEST:
            raise UserError(
                self.env._(
                    "%(field)s “%(value)s”: the text is too long. Give %(count)s characters at most.",
                    field=field.get_description(self.env, ["string"])["string"],
                    value=f"{str(value)[:40]}…",
                    count=LONGEST,
                )
            )
        cached = field.convert_to_cache(value, self.env[field.model_name])
        if field.type == "integer" and cached not in INTEGERS:
            raise ValueError(value)
        if field.type in ("float", "monetary") and not math.isfinite(cached):
            raise ValueError(value)

    def _crm_suite_upsert_choice(self, field, value):
        """A choice by its code or by its label."""
        choices = field._description_selection(self.env)
        for code, label in choices:
            if value in (code, label):
                return code
        raise UserError(
            self.env._(
                "%(field)s “%(value)s”: choose one of %(choices)s.",
                field=field.get_description(self.env, ["string"])["string"],
                value=value,
                choices=", ".join(str(code) for code, _label in choices[:20]),
            )
        )

    def _crm_suite_resolve(self, field, value, vals):
        """The id of a related record given by id, external id, code or name."""
        records = self.env[field.comodel_name]
        if isinstance(value, bool | dict | list | tuple):
            found = records
        elif isinstance(value, int):
            found = records.browse(value).exists()
        else:
            text = str(value).strip()
            found = self._crm_suite_by_external_id(records, text)
            for domain in self._crm_suite_resolve_domains(records, text, vals):
                found = found or records.search(domain, limit=2)
        if len(found) > 1:
            raise UserError(
                self.env._(
                    "%(field)s “%(value)s”: several records have this name. Give the id.",
                    field=field.get_description(self.env, ["string"])["string"],
                    value=value,
                )
            )
        is_new = isinstance(value, str) and field.comodel_name == "res.partner.category"
        if not found and is_new:
            found = records.create({"name": str(value).strip()})
        if not found:
            raise UserError(
                self.env._(
                    "%(field)s “%(value)s”: there is no such record.",
                    field=field.get_description(self.env, ["string"])["string"],
                    value=value,
                )
            )
        found.check_access("read")
        return found.id

    def _crm_suite_by_external_id(self, records, text):
        if "." not in text or " " in text:
            return records
        found = self.env.ref(text, raise_if_not_found=False)
        if found is None or found._name != records._name:
            return records
        return found

    def _crm_suite_resolve_domains(self, records, text, vals):
        """Where to look for a related record, the surest place first."""
        domains = []
        scope = []
        if records._name == "res.country.state" and vals.get("country_id"):
            scope = [("country_id", "=", vals["country_id"])]
        for name in ("code", "login"):
            field = records._fields.get(name)
            # A longer text would be cut to the size of the code and find another.
            if (
                field is not None
                and field.store
                and len(text) <= (getattr(field, "size", None) or 99)
            ):
                wanted = text.upper() if records._name == "res.country" else text
                domains.append([*scope, (name, "=", wanted)])
        rec_name = records._rec_name or "name"
        domains.append([*scope, (rec_name, "=", text)])
        domains.append([*scope, (rec_name, "=ilike", escape_psql(text))])
        return domains

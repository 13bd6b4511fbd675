import logging

import psycopg2

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ..tools.field_value import differs, get_missing
from ..tools.import_types import CREATE, REJECT, UNCHANGED, UPDATE
from ..tools.retry import is_try_again
from .import_target_choice import fold

_logger = logging.getLogger(__name__)


class ImportTargetRecord(models.AbstractModel):
    """Targets whose records are made by the ORM, so that every hook runs.

    A chunk is looked up, decided and written in a fixed number of steps; what fails
    is halved until the rows that fail stand alone.
    """

    _name = "crm.suite.import.target.record"
    _inherit = "crm.suite.import.target"
    _description = "Import Target with Hooks"

    # The many2many field with the tags of a record.
    _import_tags = "category_id"
    # Key column to the stored field that holds it in one spelling.
    _import_key_field = {}

    @api.model
    def _import_rows(self, plan, rows):
        self._import_resolve(plan, rows)
        rows = [row for row in rows if row.action != REJECT]
        self._import_match(plan, rows)
        for row in rows:
            if row.action != REJECT:
                self._import_decide(plan, row)
        self._import_guarded(
            [row for row in rows if row.action == CREATE],
            lambda part: self._import_create(plan, part),
        )
        self._import_guarded(
            [row for row in rows if row.action == UPDATE],
            lambda part: self._import_update(plan, part),
        )

    @api.model
    def _import_resolve(self, plan, rows):
        """Fill ``row.values``: the values to write, with ids instead of names; a hook.

        One query per kind of record and chunk; rows that name something unknown are
        rejected.
        """
        owners = self._import_find_users([row.vals.get("user_id") for row in rows])
        tags = self._import_find_tags(plan, rows)
        for row in rows:
            row.values = self._import_values(plan, row)
            self._import_set_owner(plan, row, owners)
            self._import_set_tags(plan, row, tags)

    def _import_values(self, plan, row):
        """The values that need no look-up any more."""
        model = self.env[self._import_model]
        values = {}
        for name, value in row.vals.items():
            if name not in model._fields or name in ("user_id", self._import_tags):
                continue
            if isinstance(value, dict):
                comodel = model._fields[name].comodel_name
                value = self._import_new_choice(plan, comodel, value["new"])
                if not value:
                    continue
            if value is not None or plan.clear_empty:
                values[name] = value or False
        return values

    def _import_find_tags(self, plan, rows):
        """Words to tags; missing ones have been created before the first chunk."""
        if not any(row.vals.get(self._import_tags) for row in rows):
            return {}
        field = self.env[self._import_model]._fields[self._import_tags]
        return self._import_remember(plan, field.comodel_name)

    def _import_set_tags(self, plan, row, tags):
        commands = []
        for text in row.vals.get(self._import_tags) or ():
            tag_id = tags.get(fold(text))
            if tag_id:
                commands.append(Command.link(tag_id))
            elif not plan.create_missing:
                message = self.env._("There is no tag “%(name)s”.", name=text)
                row.reject(message, *plan.where(self._import_tags))
        if commands:
            row.values[self._import_tags] = commands

    @api.model
    def _import_scope(self, names):
        """Which records a row can be the same as; a hook.

        :param names: fields that make the key
        :return: the model, for the records that it finds by default, and a domain
        """
        return self.env[self._import_model], Domain.TRUE

    @api.model
    def _import_context(self):
        """Context for writing many records whose history nobody will read."""
        return {
            "tracking_disable": True,
            "mail_create_nolog": True,
            "mail_create_nosubscribe": True,
            "mail_notrack": True,
            "mail_auto_subscribe_no_notify": True,
        }

    # ------------------------------------------------------------------
    # Which record is it
    # ------------------------------------------------------------------

    @api.model
    def _import_match(self, plan, rows):
        """Find the record of every row by the key: one query per chunk.

        A row whose key is empty is the record of the same name whose key is empty.
        """
        for names, part in self._import_by_key(plan, rows).items():
            found = self._import_find(plan, names, [key for key, _row in part])
            for key, row in part:
                records = found.get(key, ())
                if len(records) > 1:
                    index, header = plan.where(names[0])
                    row.reject(
                        self.env._(
                            "%(count)s records match: %(names)s. Merge them or choose another key.",
                            count=len(records),
                            names=", ".join(r.display_name for r in records[:3]),
                        ),
                        index,
                        header,
                    )
                elif records:
                    row.match = records[0]

    @api.model
    def _import_by_key(self, plan, rows):
        """Rows with their key values, by the names of the fields that make the key."""
        groups = {}
        for row in rows:
            if not plan.key:
                continue
            key = tuple(row.values.get(name) or False for name in plan.key)
            names = plan.key
            if not any(key):
                if not row.values.get("name"):
                    continue
                names = ("name", *(name for name in plan.key if name != "name"))
                key = (row.values["name"], *(False for _name in names[1:]))
            groups.setdefault(names, []).append((key, row))
        return groups

    @api.model
    def _import_find(self, plan, names, keys):
        """Existing records by key.

        :rtype: dict[tuple, list]
        """
        model, domain = self._import_scope(names)
        fields = [self._import_key_field.get(name, name) for name in names]
        for position, field in enumerate(fields):
            domain &= Domain(field, "in", list({key[position] for key in keys}))
        found = {}
        for record in model.search_fetch(domain, self._import_compared(plan, fields)):
            key = tuple(self._import_plain(record, field) for field in fields)
            found.setdefault(key, []).append(record)
        return found

    @api.model
    def _import_compared(self, plan, fields):
        """Names of the fields that are read to see what a row changes."""
        known = self.env[self._import_model]._fields
        names = {*fields, *plan.by_field} | {"display_name"}
        return [name for name in names if name in known]

    @api.model
    def _import_plain(self, record, name):
        value = record[name]
        if isinstance(value, models.BaseModel):
            return value.id
        return value or False

    # ------------------------------------------------------------------
    # What happens to it
    # ------------------------------------------------------------------

    @api.model
    def _import_decide(self, plan, row):
        if not row.match:
            if plan.may_create(row):
                row.action = CREATE
            else:
                index, header = plan.where(plan.key[0]) if plan.key else (None, "")
                row.reject(self.env._("Nothing to update was found."), index, header)
            return
        policy = plan.policy(row)
        row.res_id = row.match.id
        if policy == "reject":
            row.reject(
                self.env._("“%(name)s” is already there.", name=row.match.display_name)
            )
        elif policy == "skip":
            row.action = UNCHANGED
        elif policy == "create":
            row.action, row.match, row.res_id = CREATE, None, None
        else:
            row.values = self._import_changes(plan, row)
            row.action = UPDATE if row.values else UNCHANGED

    @api.model
    def _import_changes(self, plan, row):
        """The values of ``row`` that differ from those of its record; a hook."""
        changes = {}
        for name, value in row.values.items():
            if not differs(row.match, name, value):
                continue
            if row.match._fields[name].type == "many2many":
                missing = get_missing(row.match, name, value)
                value = [Command.link(id_) for id_ in missing]
            changes[name] = value
        return changes

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------

    @api.model
    def _import_create(self, plan, rows):
        model = self.env[self._import_model].with_context(**self._import_context())
        records = self._import_make(model, [dict(row.values) for row in rows])
        for row, record in zip(rows, records, strict=True):
            row.res_id = record.id

    @api.model
    def _import_make(self, model, vals_list):
        """Create records; a hook for models with a quicker way for many."""
        return model.create(vals_list)

    @api.model
    def _import_update(self, plan, rows):
        """Write the changes; rows that change the same are written at once."""
        model = self.env[self._import_model].with_context(**self._import_context())
        groups = {}
        for row in rows:
            groups.setdefault(repr(sorted(row.values.items())), []).append(row)
        for part in groups.values():
            model.browse(row.res_id for row in part).write(dict(part[0].values))

    @api.model
    def _import_guarded(self, rows, work):
        """Do ``work`` on ``rows`` so that the failing ones do not harm the others."""
        if not rows:
            return
        try:
            with self.env.cr.savepoint():
                work(rows)
        except Exception as error:
            if is_try_again(error):
                raise
            if len(rows) > 1:
                middle = len(rows) // 2
                self._import_guarded(rows[:middle], work)
                self._import_guarded(rows[middle:], work)
                return
            row = rows[0]
            if row.action == CREATE:
                row.res_id = None
            row.reject(self._import_error_text(error, row))

    @api.model
    def _import_error_text(self, error, row):
        """What went wrong with a row, as a sentence for the user."""
        if isinstance(error, UserError):
            return str(error.args[0] if error.args else error)
        model = self.env[self._import_model]
        if isinstance(error, psycopg2.Error):
            return model._sql_error_to_message(error)
        # A defect in somebody's code: the row is refused, the log has the details.
        _logger.error("Import of row %s failed", row.number, exc_info=error)
        return self.env._(
            "The row could not be written (%(error)s). The server log has the details.",
            error=type(error).__name__,
        )

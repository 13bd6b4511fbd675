import dataclasses
import logging

import psycopg2

from odoo import api, models
from odoo.exceptions import AccessError, ConcurrencyError, MissingError, UserError

from ..tools.api_body import is_storable
from ..tools.api_schema import check_value, pointer
from ..tools.field_value import differs
from ..tools.retry import is_try_again
from .duplicate_entry import BY_ROW, Channel, DuplicateRefused, Noted

_logger = logging.getLogger(__name__)

# Into how many parts rows are cut that cannot be written together.
PARTS = 8
DEFECTS = (TypeError, ValueError, KeyError, AttributeError, OverflowError)


@dataclasses.dataclass(slots=True)
class ApiRow:
    """A row of a request and what becomes of it.

    :param int index: position in the request, from 0
    :param dict data: what was sent
    :param dict vals: what would be written, with ids instead of names
    :param record: the records that the key finds
    :param tuple key: by which it was looked for
    :param tuple names: the fields that make the key
    :param dict defaults: values of a new record about which the row says nothing
    :param dict warning: what a duplicate rule noted, as the program is told
    """

    index: int
    data: object
    vals: dict = None
    record: object = None
    key: tuple = None
    names: tuple = ()
    defaults: dict = dataclasses.field(default_factory=dict)
    result: str = ""
    id: int = None
    code: str = ""
    field: object = None
    reason: str = ""
    warning: dict = dataclasses.field(default_factory=dict)

    def reject(self, code, reason, field=None):
        """Take the row out: it is not written.

        :param str code: as the description of the API lists them
        :param str reason: for people
        :param field: name of the field, or path to it
        """
        self.result, self.code, self.reason = "rejected", code, reason
        self.field = field
        self.id = None

    @property
    def path(self):
        if self.field is None:
            return []
        return self.field if isinstance(self.field, list) else [self.field]


class ApiTarget(models.AbstractModel):
    """Writing rows of one kind that a program sends.

    All rows are looked up, decided and written together; only where that fails are they
    cut into parts until those that fail stand alone. Addons add a kind by a model that
    inherits from this one, named ``crm.suite.api.target.<kind>``.
    """

    _name = "crm.suite.api.target"
    _description = "What Programs Write"

    _api_entity = ""
    _api_model = ""

    @api.model
    def _api_write_rows(self, sent, key, odd=False):
        """Create or update a record for each row.

        :param list sent: the rows
        :param str key: the field that identifies them
        :param bool odd: the texts may hold characters that cannot be kept
        :return: the rows, and the operation that wrote them (empty: nothing was)
        :rtype: tuple[list[ApiRow], crm.suite.operation]
        """
        rows = [ApiRow(index, data) for index, data in enumerate(sent)]
        self._api_check_rights()
        self._api_check(rows, odd)
        self._api_prepare(_live(rows), key)
        self._api_match(_live(rows), key)
        new, changed, later = self._api_decide(_live(rows), key)
        operations = self.env["crm.suite.operation"]
        if not (new or changed):
            return rows, operations
        operation = operations.begin("api", **self._api_operation_values())
        noted = Noted()
        target = self.with_context(crm_suite_duplicates_noted=noted)
        with operation.journal():
            target._api_guarded(new, target._api_create)
            target._api_guarded(changed, target._api_update)
            target._api_do_later(later, key)
        self._api_warn(rows, noted)
        if any(row.result in ("created", "updated") for row in rows):
            operation.close()
            return rows, operation
        # Nothing could be written: there is nothing to undo.
        operation.sudo().unlink()
        return rows, operations

    @api.model
    def _api_operation_values(self):
        model = self.env["ir.model"]._get(self._api_model)
        return {
            "name": self.env._("API: %(records)s", records=model.name),
            "res_model": self._api_model,
        }

    @api.model
    def _api_check_rights(self):
        records = self.env[self._api_model]
        if not (records.has_access("create") or records.has_access("write")):
            records.check_access("create")

    # === CHECKING === #

    @api.model
    def _api_check(self, rows, odd):
        """Compare the rows with their schema."""
        for row in rows:
            if found := check_value(self._api_entity, row.data):
                rule, path, limit = found
                row.reject("invalid", self._api_rule_text(rule, limit), path)
            elif odd and not is_storable(row.data):
                row.reject(
                    "invalid",
                    self.env._("A text has a character that cannot be stored."),
                    self._api_odd_field(row.data),
                )

    @api.model
    def _api_odd_field(self, data):
        return next((n for n, value in data.items() if not is_storable(value)), None)

    @api.model
    def _api_rule_text(self, rule, limit):
        """What a rule of the schema says, as a sentence."""
        # Of several schemas (anyOf) the limit is a list of schemas, not of words.
        words = rule == "type" and isinstance(limit, list)
        kinds = ", ".join(limit) if words else limit
        texts = {
            "unknown": self.env._("There is no such field."),
            "required": self.env._("This field has to be given."),
            "type": self.env._("This has to be: %(kinds)s.", kinds=kinds),
            "maxLength": self.env._("At most %(count)s characters.", count=limit),
            "minLength": self.env._("This may not be empty."),
            "maximum": self.env._("At most %(count)s.", count=limit),
            "minimum": self.env._("At least %(count)s.", count=limit),
            "maxItems": self.env._("At most %(count)s entries.", count=limit),
            "minProperties": self.env._("The row is empty."),
            "pattern": self.env._("This has not the form that the field wants."),
        }
        if rule == "enum":
            choices = ", ".join(str(c) for c in limit if c is not None)
            return self.env._("One of: %(choices)s.", choices=choices)
        return texts.get(rule) or self.env._("The value does not fit the schema.")

    # === VALUES === #

    @api.model
    def _api_prepare(self, rows, key):
        """Fill ``row.vals``: what is named becomes an id. Hook."""
        memory = {}
        for row in rows:
            try:
                row.vals = self._api_values(row, memory)
            except AccessError as error:
                row.reject("forbidden", _sentence(error), row.field)
            except UserError as error:
                row.reject("value", _sentence(error), row.field)

    @api.model
    def _api_values(self, row, memory):
        """The values of a row as the ORM wants them; the same name is looked up once."""
        records = self.env[self._api_model]
        vals = {}
        # The country decides in which one a province of that name is looked for.
        for name in sorted(row.data, key=lambda name: name != "country_id"):
            if name in self._api_extra_fields():
                continue
            row.field = name
            field = self._api_field(records, name, memory)
            value = row.data[name]
            if isinstance(value, float) and field.type != "float" and value % 1 == 0:
                value = int(value)
            scope = vals.get("country_id") if name == "state_id" else None
            known = field.relational and (name, scope, repr(value))
            if known and known in memory:
                vals[name] = memory[known]
                continue
            vals[name] = self._api_value(field, value, vals)
            if known:
                memory[known] = vals[name]
        row.field = None
        return vals

    @api.model
    def _api_extra_fields(self):
        """What a row may say beside the fields of the record. Hook."""
        return ("id", "customer_id", "customer_ref")

    @api.model
    def _api_field(self, records, name, memory):
        """The field of a name, which the user may write."""
        if ("field", name) not in memory:
            field = records._fields.get(name)
            if name.startswith("x_crm_"):
                used = dict(self.env["crm.suite.field"]._used_fields(records._name))
                if name not in used or field is None or not field.store:
                    field = None
            if field is not None:
                records._check_field_access(field, "write")
            memory["field", name] = field
        if memory["field", name] is None:
            raise UserError(self.env._("There is no such field."))
        return memory["field", name]

    @api.model
    def _api_value(self, field, value, vals):
        partners = self.env["res.partner"]
        if field.type == "many2one" and isinstance(value, str):
            value = value.strip()
        return partners._crm_suite_upsert_value(field, value, vals)

    # === RECORDS === #

    @api.model
    def _api_match(self, rows, key):
        """Fill ``row.key`` and ``row.record``. Hook."""
        raise NotImplementedError

    @api.model
    def _api_match_ids(self, rows):
        """Rows that name their record by its id; the others are returned.

        :rtype: list[ApiRow]
        """
        named = [row for row in rows if isinstance(row.data.get("id"), int | float)]
        records = self.env[self._api_model].with_context(active_test=False)
        ids = {int(row.data["id"]) for row in named}
        # A record that the user may not see is told from none by nobody.
        found = {
            record.id: record
            for record in (records.search([("id", "in", list(ids))]) if ids else ())
        }
        for row in named:
            row.record = found.get(int(row.data["id"]))
            row.key, row.names = ("id", int(row.data["id"])), ("id",)
            if not row.record:
                row.reject("missing", self.env._("There is no such record."), "id")
        return [row for row in rows if row not in named]

    @api.model
    def _api_find(self, wanted, key, find):
        """Find records by their keys, so that two requests cannot both find nothing.

        Each key is locked until the end of the transaction; what another request
        committed meanwhile is looked for on a cursor of its own.

        :param set wanted: the keys, as tuples
        :param str key: names the kind of key
        :param find: a method of the target that gives records by key
        :rtype: dict[tuple, models.BaseModel]
        """
        if not wanted:
            return {}
        partners = self.env["res.partner"]
        partners._crm_suite_lock_keys(wanted, [f"{self._api_model}:{key}"])
        found = find(self, wanted)
        missing = wanted - set(found)
        if missing:
            with self.env.registry.cursor() as cr:
                if find(self.with_env(self.env(cr=cr)), missing):
                    raise ConcurrencyError(
                        "A record with this key was created at the same moment."
                    )
        return found

    @api.model
    def _api_decide(self, rows, key):
        """What is created, what is changed, and what has to wait: a row whose key an
        earlier one of the request will create.

        :rtype: tuple[list[ApiRow], list[ApiRow], list[ApiRow]]
        """
        new, changed, later = [], [], []
        making, changing = {}, set()
        for row in rows:
            if row.record:
                if row.record.ids[0] in changing:
                    later.append(row)
                elif self._api_wants_change(row):
                    changing.add(row.record.id)
                    changed.append(row)
            elif row.key in making:
                later.append(row)
            elif self._api_wants_new(row):
                making[row.key] = row
                new.append(row)
        return new, changed, later

    @api.model
    def _api_wants_new(self, row):
        if not self.env[self._api_model].has_access("create"):
            row.reject(
                "forbidden", self.env._("You may change records, but not create them.")
            )
            return False
        try:
            row.vals = self._api_new_values(row)
        except UserError as error:
            row.reject("value", _sentence(error), row.field)
            return False
        return True

    @api.model
    def _api_new_values(self, row):
        """Values for a new record. Hook.

        :raise UserError: something is missing
        """
        return {**row.defaults, **row.vals}

    @api.model
    def _api_wants_change(self, row):
        """Decide about a row whose record is there: only what differs is written."""
        try:
            changes = self._api_changes(row)
        except AccessError as error:
            row.reject("forbidden", _sentence(error))
            return False
        except UserError as error:
            row.reject("ambiguous", _sentence(error), row.field)
            return False
        row.id = row.record.id
        if not changes:
            row.result = "unchanged"
            return False
        row.vals = changes
        return True

    @api.model
    def _api_changes(self, row):
        """What of a row differs from its record. Hook.

        :rtype: dict
        :raise UserError: several records have the key
        """
        record = row.record
        if len(record) > 1:
            raise UserError(
                self.env._(
                    "%(count)s records have this key. Give the id, or merge them.",
                    count=len(record),
                )
            )
        record.check_access("write")
        return {
            name: value
            for name, value in row.vals.items()
            if differs(record, name, value)
        }

    # === WRITING === #

    @api.model
    def _api_context(self):
        """Many records whose creation nobody follows: the operation tells of it."""
        return {
            **self.env["crm.suite.import.target.record"]._import_context(),
            "crm_suite_channel": Channel("api"),
            "crm_suite_refusals_by_row": BY_ROW,
        }

    @api.model
    def _api_create(self, rows):
        model = self.env[self._api_model].with_context(**self._api_context())
        records = model.create([dict(row.vals) for row in rows])
        for row, record in zip(rows, records, strict=True):
            row.record, row.id, row.result = record, record.id, "created"

    @api.model
    def _api_update(self, rows):
        """Write the changes; rows that change the same are written at once."""
        model = self.env[self._api_model].with_context(**self._api_context())
        groups = {}
        for row in rows:
            groups.setdefault(repr(sorted(row.vals.items())), []).append(row)
        for part in groups.values():
            model.browse(row.record.id for row in part).write(dict(part[0].vals))
        for row in rows:
            row.result = "updated"

    @api.model
    def _api_do_later(self, rows, key):
        """Rows whose record another row of the request made or changed, in order."""
        for row in rows:
            if not row.record:
                self._api_match([row], key)
            if row.result == "rejected":
                continue
            if not row.record and self._api_wants_new(row):
                self._api_guarded([row], self._api_create)
            elif row.record and self._api_wants_change(row):
                self._api_guarded([row], self._api_update)

    @api.model
    def _api_guarded(self, rows, work):
        """Do ``work`` on ``rows`` so that the failing ones do not harm the others."""
        if not rows:
            return
        before = [(row.record, row.id) for row in rows]
        try:
            with self.env.cr.savepoint():
                work(rows)
            return
        except Exception as error:
            if is_try_again(error):
                raise
            failure = error
        # What was made is gone with the savepoint.
        for row, (record, id_) in zip(rows, before, strict=True):
            row.record, row.id, row.result = record, id_, ""
        if isinstance(failure, DuplicateRefused):
            rest = self._api_refuse(rows, failure)
            if len(rest) < len(rows):
                self._api_guarded(rest, work)
                return
        if len(rows) > 1:
            size = -(-len(rows) // PARTS)
            for start in range(0, len(rows), size):
                self._api_guarded(rows[start : start + size], work)
        else:
            self._api_reject_error(rows[0], failure)

    @api.model
    def _api_reject_error(self, row, error):
        if isinstance(error, AccessError):
            row.reject("forbidden", _sentence(error))
        elif isinstance(error, MissingError):
            row.reject("missing", _sentence(error))
        elif isinstance(error, UserError):
            row.reject("value", _sentence(error))
        elif isinstance(error, psycopg2.IntegrityError | psycopg2.DataError):
            model = self.env[self._api_model]
            row.reject("value", model._sql_error_to_message(error))
        elif isinstance(error, DEFECTS):
            # A defect in somebody's code: the row is refused, the log has the details.
            _logger.error("Row %s of an API call failed", row.index, exc_info=error)
            row.reject(
                "value",
                self.env._("The row could not be written. The server log says why."),
            )
        else:
            raise error

    # === DUPLICATES === #

    @api.model
    def _api_warn(self, rows, noted):
        """Say of which rows a duplicate rule noted a pair."""
        model = self.env[self._api_model]
        if not any(name == model._name for name, _id in noted.hits):
            return
        written = [row for row in rows if row.result in ("created", "updated")]
        warnings = model._duplicate_warnings(noted, [row.id for row in written])
        for row in written:
            row.warning = warnings.get(row.id, {})

    @api.model
    def _api_refuse(self, rows, error):
        """Reject the rows that a rule calls the same as a record that is there, or as an
        earlier row of the request.

        :param DuplicateRefused error: what the rules said
        :return: the rows that remain
        :rtype: list[ApiRow]
        """
        ids = error.created or [row.record.id for row in rows]
        by_id = dict(zip(ids, rows, strict=True))
        place = {id_: position for position, id_ in enumerate(by_id)}
        out = set()
        for id_ in sorted(by_id.keys() & error.refused.keys(), key=place.get):
            row, earlier, there = by_id[id_], [], []
            for hit in error.refused[id_]:
                if hit.model != self._api_model or hit.id not in place:
                    there.append(hit)
                elif place[hit.id] < place[id_] and hit.id not in out:
                    earlier.append(by_id[hit.id])
            if there:
                self._api_refuse_row(row, there)
            elif earlier:
                row.reject(
                    "duplicate",
                    self.env._(
                        "The same as row %(row)s of this request.", row=earlier[0].index
                    ),
                )
            else:
                continue
            out.add(id_)
        return [row for id_, row in by_id.items() if id_ not in out]

    @api.model
    def _api_refuse_row(self, row, hits):
        """Say no, and count it: a refusal tells that a record is there."""
        model = self.env[self._api_model]
        queries = self.env["crm.suite.duplicate.query"]
        told = [(hit.model, hit.id) for hit in hits]
        if queries._get_unreadable(told):
            asked = row.data.get("name") or row.data.get("partner_name") or ""
            queries._note_told(asked, told, "refusal", answered=True)
        row.reject("duplicate", model._duplicate_refusal(hits))


def _live(rows):
    return [row for row in rows if not row.result]


def _sentence(error):
    return str(error.args[0] if error.args else error)


def describe_row(row, single=False):
    """What a program is told about a row.

    :param ApiRow row:
    :param bool single: the request was this one row
    :rtype: dict
    """
    answer = {"row": row.index, "result": row.result, "id": row.id or None}
    answer.update(row.warning)
    if row.result == "rejected":
        start = [] if single else ["rows", row.index]
        answer.update(
            code=row.code, field=pointer([*start, *row.path]), reason=row.reason
        )
    return answer

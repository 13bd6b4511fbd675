import hashlib
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.import_types import CREATE, Column
from .res_partner_upsert import PARTNER_KEYS

# By what a customer is named, the surest first.
PARTNER_BY = ("ref", "email", "phone", "name")


class Partner(NamedTuple):
    """A customer as a line of a table needs it."""

    id: int
    commercial_id: int


class ImportTargetTable(models.AbstractModel):
    """Targets that are plain tables of ours: many rows by few statements.

    The records have no hooks to run, so a chunk is one INSERT and one UPDATE, each
    journalled. A line is recognised by :attr:`import_key`: its customer, its key
    columns (or all of them) and how many such lines stand above it in the file.
    """

    _name = "crm.suite.import.target.table"
    _inherit = "crm.suite.import.target.record"
    _description = "Import into a Plain Table"

    _import_chunk = 5000
    # Two equal lines are two lines: nobody buys a thing only once.
    _import_rejects_repeats = False
    # Columns of the table that the import fills, with their PostgreSQL types.
    _import_table_columns = {}

    @api.model
    def _import_partner_columns(self):
        labels = {
            "ref": self.env._("Customer (by reference)"),
            "name": self.env._("Customer (by name)"),
            "email": self.env._("Customer (by e-mail)"),
            "phone": self.env._("Customer (by phone)"),
        }
        examples = {"ref": "C-0001", "name": "深圳示例电子有限公司"}
        return [
            Column(
                f"partner_id/{by}",
                label,
                kind="record",
                required=True,
                comodel="res.partner",
                by=by,
                key=True,
                example=examples.get(by, ""),
            )
            for by, label in labels.items()
        ]

    @api.model
    def _import_partner_text(self, vals):
        """How the row names its customer: field and text."""
        for by in PARTNER_BY:
            text = vals.get(f"partner_id/{by}")
            if text:
                return by, str(text)
        return None, None

    @api.model
    def _import_key_text(self, plan, vals):
        orders = plan.memory.setdefault("key names", {})
        if (given := tuple(vals)) not in orders:
            names = plan.key or sorted(name for name in given if "/" not in name)
            orders[given] = [name for name in names if name != "partner_id"]
        parts = [
            str(value).casefold()
            if (value := vals.get(name)) is not None
            else self._import_key_part(name, vals)
            for name in orders[given]
        ]
        partner = (self._import_partner_text(vals)[1] or "").casefold()
        return "\x1f".join([partner, *parts])

    @api.model
    def _import_links(self, vals):
        text = self._import_partner_text(vals)[1]
        return None, None, text and text.casefold()

    @api.model
    def _import_implied(self, plan, texts):
        """Customers that lines name and that nobody has entered yet."""
        implied = {}
        for text, vals in texts.items():
            by, value = self._import_partner_text(vals)
            implied[text] = {by: value, "name": vals.get("partner_id/name") or value}
        return implied

    # ------------------------------------------------------------------
    # A chunk
    # ------------------------------------------------------------------

    @api.model
    def _import_resolve(self, plan, rows):
        partners = self._import_find_partners([row.vals for row in rows])
        made = self._import_made_partners(plan, rows, partners)
        plan.memory["constants"] = self._import_constants(plan)
        for row in rows:
            text = self._import_links(row.vals)[2]
            found = partners.get(text) or made.get(text, ())
            if len(found) != 1:
                self._import_refuse_partner(plan, row, found)
            elif found[0].id:
                row.values = self._import_table_values(plan, row, found[0])
                self._import_set_key(row, found[0].id)
            else:
                row.action = CREATE

    @api.model
    def _import_known_links(self, vals_list):
        return set(self._import_find_partners(vals_list))

    @api.model
    def _import_unknown(self, plan):
        conditions, surer = [], SQL("TRUE")
        for by in PARTNER_BY:
            column = f"partner_id/{by}"
            if plan.has_column(column):
                conditions.append(
                    SQL(
                        """
                        NOT EXISTS (
                            SELECT 1 FROM (%s) known (text, id, commercial_id)
                             WHERE known.text = r.vals ->> %s AND %s)
                        """,
                        self._import_partner_query(by),
                        column,
                        surer,
                    )
                )
                surer = SQL("%s AND coalesce(r.vals ->> %s, '') = ''", surer, column)
        return SQL(" AND ").join(conditions)

    @api.model
    def _import_find_partners(self, vals_list):
        """Customers by the texts that name them.

        :rtype: dict[str, list[Partner]]
        """
        texts = {}
        for vals in vals_list:
            by, text = self._import_partner_text(vals)
            if by:
                texts.setdefault(by, set()).add(text)
        found = {}
        for by, words in texts.items():
            query = self._import_partner_query(by, list(words))
            for text, *ids in self.env.execute_query(query):
                found.setdefault(text.casefold(), []).append(Partner(*ids))
        return found

    @api.model
    def _import_partner_query(self, by, words=None):
        """Select text, id and commercial id of the customers that ``words`` name.

        :param words: list of texts, or SQL that selects them, or None for all
        :rtype: SQL
        """
        model = self.env["res.partner"]
        field = PARTNER_KEYS.get(by, by)
        domain = Domain("company_id", "in", [False, self.env.company.id])
        if isinstance(words, list):
            domain &= Domain(field, "in", words)
        query = model._search(domain)
        text, *ids = (
            model._field_to_sql(query.table, name, query)
            for name in (field, "id", "commercial_partner_id")
        )
        if isinstance(words, SQL):
            query.add_where(SQL("%s IN (%s)", text, words))
        return model._crm_suite_add_merged(field, words, query.select(text, *ids))

    @api.model
    def _import_made_partners(self, plan, rows, partners):
        """Customers that this file brings, by texts that find nobody else: it may
        name one in several spellings.

        :return: partners without an id stand for those that a dry run does not make
        :rtype: dict[str, list[Partner]]
        """
        texts = {self._import_links(row.vals)[2] for row in rows}
        linked = self.env["crm.suite.import.row"]._find_linked(
            plan.batch_id, texts - {None} - set(partners)
        )
        ids = {
            word: not plan.dry and res_id
            for word, _number, rejected, res_id in linked
            if not rejected and (res_id or plan.dry)
        }
        records = self.env["res.partner"].browse(filter(None, ids.values())).exists()
        commercial = {record.id: record.commercial_partner_id.id for record in records}
        return {
            word: [Partner(id_, commercial.get(id_))]
            for word, id_ in ids.items()
            if plan.dry or id_ in commercial
        }

    def _import_refuse_partner(self, plan, row, found):
        by, text = self._import_partner_text(row.vals)
        mapped = next(
            (m for m in plan.by_field["partner_id"] if m.column.by == by), None
        )
        where = (mapped.index, mapped.header) if mapped else (None, "")
        if found:
            message = self.env._(
                "%(count)s customers match “%(name)s”.", count=len(found), name=text
            )
        else:
            message = self.env._("There is no customer “%(name)s”.", name=text)
        row.reject(message, *where)

    @api.model
    def _import_constants(self, plan):
        """Values of the table's columns that are the same in all rows."""
        return {"company_id": self.env.company.id}

    @api.model
    def _import_table_values(self, plan, row, partner):
        """Values of the table's columns for one row; a hook of the target."""
        raise NotImplementedError

    def _import_set_key(self, row, partner_id):
        _partner, _mark, rest = (row.key or "").partition("\x1f")
        digest = hashlib.sha256(f"{partner_id}\x1f{rest}".encode()).hexdigest()
        row.values["import_key"] = f"{digest[:40]}:{row.repeat}"

    @api.model
    def _import_match(self, plan, rows):
        keys = {row.values["import_key"]: row for row in rows if row.values}
        if not keys:
            return
        domain = [
            ("company_id", "=", self.env.company.id),
            ("import_key", "in", list(keys)),
        ]
        names = [*self._import_table_columns, "import_key"]
        for record in self.env[self._import_model].search_fetch(domain, names):
            keys[record.import_key].match = record

    @api.model
    def _import_decide(self, plan, row):
        if row.values or row.match:
            return super()._import_decide(plan, row)
        return None

    @api.model
    def _import_changes(self, plan, row):
        """Only what the file says: a default is no reason to change a line."""
        row.values = {
            name: value
            for name, value in row.values.items()
            if name in plan.by_field or name == "partner_id"
        }
        return super()._import_changes(plan, row)

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------

    @api.model
    def _import_create(self, plan, rows):
        """Insert the rows; who did it is told by the operation.

        The columns of the creator stay empty: their foreign keys alone would cost a
        quarter of the time.
        """
        rows = [row for row in rows if row.values]
        if not rows:
            return
        model = self.env[self._import_model]
        model.check_access("create")
        ids = self._import_new_ids(len(rows))
        columns = {"import_key": "varchar", **self._import_table_columns}
        names = SQL(", ").join(map(SQL.identifier, columns))
        query = SQL(
            """
            INSERT INTO %(table)s (id, create_date, write_date, %(names)s)
            SELECT new.id, %(now)s, %(now)s, %(values)s
              FROM unnest(%(ids)s::int[], %(arrays)s) AS new (id, %(names)s)
            """,
            table=SQL.identifier(model._table),
            names=names,
            values=SQL(", ").join(SQL.identifier("new", name) for name in columns),
            now=self.env.cr.now(),
            ids=ids,
            arrays=self._import_arrays(columns, rows),
        )
        self._import_execute(plan, query)
        self._import_check_created(ids)
        for row, res_id in zip(rows, ids, strict=True):
            row.res_id = res_id

    @api.model
    def _import_check_created(self, ids):
        """Refuse lines that the user may not create: a rule forbids them.

        :raise AccessError: some of them
        """
        model = self.env[self._import_model]
        rules = self.env["ir.rule"]._compute_domain(model._name, "create")
        lines = Domain(rules) & Domain("id", "in", ids)
        if not self.env.su and model.sudo().search_count(lines) < len(set(ids)):
            model.browse(ids).check_access("create")

    @api.model
    def _import_update(self, plan, rows):
        """One statement for each set of columns that rows change."""
        model = self.env[self._import_model]
        model.browse(row.res_id for row in rows).check_access("write")
        groups = {}
        for row in rows:
            groups.setdefault(frozenset(row.values), []).append(row)
        for names, part in groups.items():
            columns = {name: self._import_table_columns[name] for name in sorted(names)}
            query = SQL(
                """
                UPDATE %(table)s t
                   SET %(changes)s, write_date = %(now)s
                  FROM unnest(%(ids)s::int[], %(arrays)s) AS new (id, %(names)s)
                 WHERE t.id = new.id
                """,
                table=SQL.identifier(model._table),
                changes=SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), SQL.identifier("new", name))
                    for name in columns
                ),
                now=self.env.cr.now(),
                ids=[row.res_id for row in part],
                arrays=self._import_arrays(columns, part),
                names=SQL(", ").join(map(SQL.identifier, columns)),
            )
            self._import_execute(plan, query, "t")

    @api.model
    def _import_arrays(self, columns, rows):
        """The values of ``rows`` as one array per column."""
        arrays = []
        for name, kind in columns.items():
            values = [row.values.get(name) for row in rows]
            arrays.append(SQL("%s::%s[]", values, SQL(kind)))
        return SQL(", ").join(arrays)

    @api.model
    def _import_execute(self, plan, query, alias=None, columns=None):
        """:return: ids of the changed records; none in a dry run"""
        if plan.operation:
            return plan.operation.log_sql(self._import_model, query, alias, columns)
        self.env.cr.execute(query)
        self.env[self._import_model].invalidate_model(flush=False)
        return []

    @api.model
    def _import_new_ids(self, count):
        rows = self.env.execute_query(
            SQL(
                "SELECT nextval(%s::regclass) FROM generate_series(1, %s)",
                self._import_sequence(),
                count,
            )
        )
        return [id_ for (id_,) in rows]

    @api.model
    def _import_sequence(self):
        """Name of the sequence that gives the records their ids."""
        table = self.env[self._import_model]._table
        query = SQL("SELECT pg_get_serial_sequence(%s, 'id')", table)
        return self.env.execute_query(query)[0][0]

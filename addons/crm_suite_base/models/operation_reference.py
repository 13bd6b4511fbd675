"""Which rows refer to which: read from the database, not guessed."""

from collections import defaultdict
from typing import NamedTuple

from odoo import api, models, tools
from odoo.tools import SQL

from ..tools.journal_policy import get_policy
from ..tools.loose_many2one import LooseMany2one

ON_DELETE = {"cascade": "c", "set null": "n", "restrict": "r"}


class ForeignKey(NamedTuple):
    table: str  # the table that refers
    column: str
    target: str  # the table referred to
    on_delete: str  # a, r (refuse), c (cascade), n (set null), d (set default)
    required: bool


class Cascade:
    """What goes along when rows are deleted."""

    def __init__(self):
        self.deleted = {}  # {model: {id: True}}, those first that were asked for
        self.cleared = defaultdict(dict)  # {(model, column): {id: value}}
        self.relations = defaultdict(dict)  # {(model, id): {relation table: [row]}}


class OperationReference(models.Model):
    _inherit = "crm.suite.operation"

    @api.model
    @tools.ormcache()
    def _get_foreign_keys(self):
        """Read all foreign keys of the database, and those that models keep themselves.

        :rtype: tuple[ForeignKey]
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT source.relname, a.attname, target.relname, c.confdeltype::text,
                       a.attnotnull
                  FROM pg_constraint c
                  JOIN pg_class source ON source.oid = c.conrelid
                  JOIN pg_class target ON target.oid = c.confrelid
                  JOIN pg_attribute a ON a.attrelid = c.conrelid
                                     AND a.attnum = c.conkey[1]
                 WHERE c.contype = 'f' AND cardinality(c.conkey) = 1
                   AND source.relnamespace = current_schema::regnamespace
              ORDER BY 1, 2
                """
            )
        )
        return (*(ForeignKey(*row) for row in rows), *self._list_loose_keys())

    def _list_loose_keys(self):
        """List the references without a foreign key; see ``reference_loose.py``.

        A journal that knew nothing of them would not bring back what goes along.
        """
        for name, model in sorted(self.env.registry.items()):
            if not model._auto or model._abstract or not get_policy(name):
                continue
            for field in model._fields.values():
                if isinstance(field, LooseMany2one) and field.store:
                    yield ForeignKey(
                        model._table,
                        field.name,
                        self.env[field.comodel_name]._table,
                        ON_DELETE[field.ondelete],
                        bool(field.required),
                    )

    @api.model
    @tools.ormcache()
    def _get_models_by_table(self):
        """Map tables to models.

        :rtype: dict
        """
        return {
            model._table: name
            for name, model in self.env.registry.items()
            if model._auto and not model._abstract
        }

    @api.model
    def _get_keys_to(self, table):
        return [key for key in self._get_foreign_keys() if key.target == table]

    @api.model
    def _is_derived_key(self, key):
        """Whether a reference is computed from others and means nothing by itself."""
        model_name = self._get_models_by_table().get(key.table)
        field = model_name and self.env[model_name]._fields.get(key.column)
        return bool(field and field.compute and field.readonly)

    @api.model
    def _has_cascade(self, table):
        return any(key.on_delete in "cnd" for key in self._get_keys_to(table))

    @api.model
    def _collect_cascade(self, model_name, ids):
        """Find what the database deletes or clears when rows are deleted.

        :rtype: Cascade
        """
        doomed = Cascade()
        doomed.deleted[model_name] = dict.fromkeys(ids, True)
        front = [(model_name, list(ids))]
        while front:
            model_name, ids = front.pop()
            for key, rows in self._read_referring(model_name, ids):
                model = self._get_models_by_table().get(key.table)
                if model and key.on_delete == "c":
                    seen = doomed.deleted.setdefault(model, {})
                    new = [row["id"] for row in rows if row["id"] not in seen]
                    seen.update(dict.fromkeys(new, True))
                    if new:
                        front.append((model, new))
                elif model:
                    doomed.cleared[model, key.column].update(
                        {row["id"]: row[key.column] for row in rows}
                    )
                else:
                    for row in rows:
                        doomed.relations[model_name, row[key.column]].setdefault(
                            key.table, []
                        ).append(row)
        for (model, _column), by_id in doomed.cleared.items():
            for id_ in doomed.deleted.get(model, {}):
                by_id.pop(id_, None)
        return doomed

    def _read_referring(self, model_name, ids):
        """Read the rows that refer to rows in a way that their deletion changes.

        One statement for all foreign keys.

        :return: list of ``(foreign key, rows)``; of a row that has an id only that
            and the referring column
        """
        keys = [
            key
            for key in self._get_keys_to(self.env[model_name]._table)
            if key.on_delete in "cn"
        ]
        if not keys or not ids:
            return []
        tables = self._get_models_by_table()
        queries = [
            SQL(
                "SELECT %s, %s FROM %s t WHERE t.%s = ANY(%s)",
                number,
                SQL(
                    "jsonb_build_object('id', t.id, %s, t.%s)",
                    key.column,
                    SQL.identifier(key.column),
                )
                if key.table in tables
                else SQL("to_jsonb(t)"),
                SQL.identifier(key.table),
                SQL.identifier(key.column),
                list(ids),
            )
            for number, key in enumerate(keys)
        ]
        found = defaultdict(list)
        for number, row in self.env.execute_query(SQL(" UNION ALL ").join(queries)):
            found[number].append(row)
        return [(keys[number], rows) for number, rows in found.items()]

"""Bringing deleted rows back with the ids that they had."""

from collections import defaultdict

import psycopg2
from psycopg2.extras import Json

from odoo.tools import SQL

from ..tools.undo import sort_by_reference
from .operation_image import read_columns
from .operation_journal import JOURNAL

RELATIONS = "@relations"


class RowInserter:
    """Inserts the rows of a plan, those referred to first.

    A reference to something that is gone for good is emptied if it may be empty;
    otherwise the row cannot come back. A row that belonged to a record (a message, a
    line) comes back only with it.
    """

    def __init__(self, planner, plan):
        self.env = planner.env
        self.planner = planner
        self.helper = planner.helper
        self.plan = plan
        self.images = {}  # {model: {id: image}}
        self.inserted = {}  # {model: [id]}
        self.refused = {}  # {(model, id): reason}

    def run(self):
        self.env.flush_all()
        self._read_images()
        self._drop_orphans()
        with self.env.cr.savepoint():
            self._insert_all()
            self.env.invalidate_all(flush=False)
            self._insert_relations()
            self._check_rights()
            for model_name, ids in self.inserted.items():
                self._announce(model_name, ids)
            self.env.flush_all()

    # === WHAT COMES BACK === #

    def _read_images(self):
        for model_name, ids in self.plan.inserts.items():
            shape = self.helper._journal_shape(model_name)
            deleted = self.planner.read_changes(model_name, ids, ["delete"])
            updates = self.planner.read_changes(model_name, ids, ["update"])
            images = self.images[model_name] = {}
            for id_ in ids:
                image = dict(deleted[id_][-1][0])
                for before, _after in reversed(updates.get(id_, [])):
                    self._rewind(image, before, shape)
                images[id_] = image

    def _rewind(self, image, before, shape):
        for name, value in before.items():
            if name in shape.relations:
                continue  # of a deleted row the relations are in its last image
            if name in shape.keyed and isinstance(value, dict):
                merged = {**(image.get(name) or {}), **value}
                value = {k: v for k, v in merged.items() if v is not None} or None
            image[name] = value

    def _drop_orphans(self):
        """Drop rows whose record is neither there nor coming back, until all fit."""
        dropped = True
        while dropped:
            dropped = False
            for model_name, images in self.images.items():
                for id_, reason in self._find_orphans(model_name, images).items():
                    del images[id_]
                    dropped = True
                    self.refused[model_name, id_] = reason
        self.images = {name: images for name, images in self.images.items() if images}

    def _find_orphans(self, model_name, images):
        orphans = {}
        table = self.env[model_name]._table
        for key in self.helper._get_foreign_keys():
            if key.table != table:
                continue
            target = self.helper._get_models_by_table().get(key.target)
            for id_, lost in self._find_lost(images, key.column, target).items():
                belongs = key.on_delete == "c" and key.target != "res_users"
                if key.required or belongs:
                    orphans[id_] = self._explain_lost(model_name, key.column, lost)
                else:
                    images[id_][key.column] = None
        for id_ in self._find_strays(model_name, images):
            orphans.setdefault(id_, self.env._("Its record does not exist any more."))
        return orphans

    def _find_lost(self, images, column, target):
        """Find references of rows to what neither exists nor comes back."""
        wanted = {image[column] for image in images.values() if image.get(column)}
        if not wanted or not target:
            return {}
        wanted -= self.images.get(target, {}).keys()
        shape = self.helper._journal_shape(target)._replace(
            table=self.env[target]._table
        )
        lost = (
            wanted - read_columns(self.env, shape, (), wanted).keys() if wanted else ()
        )
        return {
            id_: image[column]
            for id_, image in images.items()
            if image.get(column) in lost
        }

    def _find_strays(self, model_name, images):
        """Find rows that refer by model and id to a record that is not there."""
        strays = []
        for field in self.env[model_name]._fields.values():
            if field.type != "many2one_reference" or not field.store:
                continue
            by_model = defaultdict(dict)
            for id_, image in images.items():
                if image.get(field.name) and image.get(field.model_field):
                    by_model[image[field.model_field]][id_] = image
            for target, rows in by_model.items():
                if target in self.env and self.env[target]._auto:
                    strays += self._find_lost(rows, field.name, target)
        return strays

    def _explain_lost(self, model_name, column, _lost):
        field = self.env[model_name]._fields.get(column)
        return self.env._(
            "It needs “%(field)s”, which was deleted since.",
            field=field._description_string(self.env) if field else column,
        )

    # === WRITING === #

    def _insert_all(self):
        later = []
        done = set()
        for model_name in self._get_order():
            images = self.images[model_name]
            rows = list(images.values())
            for column in self._get_forward_columns(model_name, done):
                values = [
                    {"id": row["id"], column: row[column]}
                    for row in rows
                    if row.get(column)
                ]
                later.append((model_name, column, values))
                rows = [{**row, column: None} for row in rows]
            self.inserted[model_name] = self._insert_rows(model_name, rows)
            done.add(model_name)
        for model_name, column, values in later:
            kept = set(self.inserted[model_name])
            values = [row for row in values if row["id"] in kept]
            self._fill_column(model_name, column, values)

    def _get_order(self):
        """Order the models so that rows come after those that they need."""
        tables = self.helper._get_models_by_table()
        needs = {
            (tables.get(key.table), tables.get(key.target))
            for key in self.helper._get_foreign_keys()
            if key.required
        }
        return reversed(sort_by_reference(list(self.images), needs))

    def _get_forward_columns(self, model_name, done):
        """Columns that may refer to rows that are not there yet."""
        tables = self.helper._get_models_by_table()
        return [
            key.column
            for key in self.helper._get_foreign_keys()
            if key.table == self.env[model_name]._table
            and not key.required
            and tables.get(key.target) in self.images
            and tables.get(key.target) not in done
            and tables.get(key.target) != model_name
        ]

    def _insert_rows(self, model_name, rows):
        """Insert rows; where that fails, leave out those that cannot come back.

        :return: the ids that were inserted
        """
        if not rows:
            return []
        table = SQL.identifier(self.env[model_name]._table)
        columns = self._get_columns(model_name)
        names = SQL(", ").join(SQL.identifier(name) for name in columns)
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(
                    SQL(
                        """
                        INSERT INTO %(table)s (%(names)s)
                        SELECT %(names)s
                          FROM jsonb_populate_recordset(NULL::%(table)s, %(rows)s)
                        """,
                        table=table,
                        names=names,
                        rows=Json(rows),
                    )
                )
        except psycopg2.IntegrityError as error:
            if len(rows) == 1:
                reason = self.env[model_name]._sql_error_to_message(error)
                self.refused[model_name, rows[0]["id"]] = reason
                return []
            half = len(rows) // 2
            return [
                *self._insert_rows(model_name, rows[:half]),
                *self._insert_rows(model_name, rows[half:]),
            ]
        return [row["id"] for row in rows]

    def _get_columns(self, model_name):
        model = self.env[model_name]
        return [f.name for f in model._fields.values() if f.store and f.column_type]

    def _fill_column(self, model_name, column, values):
        if values:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE %(table)s t SET %(column)s = r.%(column)s
                      FROM jsonb_populate_recordset(NULL::%(table)s, %(rows)s) r
                     WHERE t.id = r.id
                    """,
                    table=SQL.identifier(self.env[model_name]._table),
                    column=SQL.identifier(column),
                    rows=Json(values),
                )
            )

    def _insert_relations(self):
        """Bring back the many2many rows of which both sides are there."""
        keys = defaultdict(dict)
        for key in self.helper._get_foreign_keys():
            keys[key.table][key.column] = key.target
        by_table = defaultdict(list)
        for model_name, ids in self.inserted.items():
            for id_ in ids:
                relations = self.images[model_name][id_].get(RELATIONS, {})
                for table, rows in relations.items():
                    by_table[table] += rows
        for table, rows in by_table.items():
            if keys[table]:
                self._insert_relation(table, keys[table], rows)

    def _insert_relation(self, table, targets, rows):
        conditions = [
            SQL(
                "EXISTS (SELECT 1 FROM %s x WHERE x.id = r.%s)",
                SQL.identifier(target),
                SQL.identifier(column),
            )
            for column, target in targets.items()
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO %(table)s
                SELECT r.* FROM jsonb_populate_recordset(NULL::%(table)s, %(rows)s) r
                 WHERE %(conditions)s
                ON CONFLICT DO NOTHING
                """,
                table=SQL.identifier(table),
                rows=Json(rows),
                conditions=SQL(" AND ").join(conditions),
            )
        )

    # === AFTERWARDS === #

    def _check_rights(self):
        """Take out again what the user would not be allowed to create.

        :raise AccessError: never; what is refused is listed
        """
        for model_name, ids in self.inserted.items():
            asked = [id_ for id_ in ids if (model_name, id_) not in self.plan.cascade]
            if model_name == "ir.attachment":
                attachments = self.env[model_name].browse(asked)
                allowed = self.planner._filter_attachments(attachments)
            else:
                allowed = self.env[model_name].browse(asked)._filtered_access("create")
            refused = [id_ for id_ in asked if id_ not in set(allowed.ids)]
            if refused:
                self._remove(model_name, refused)

    def _remove(self, model_name, ids):
        reason = self.planner._get_refusal()["reason"]
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE id = ANY(%s)",
                SQL.identifier(self.env[model_name]._table),
                ids,
            )
        )
        self.env.invalidate_all(flush=False)
        for id_ in ids:
            self.refused[model_name, id_] = reason
        left = [id_ for id_ in self.inserted[model_name] if id_ not in ids]
        self.inserted[model_name] = left

    def _announce(self, model_name, ids):
        """Journal the rows and let fields of other records that depend on them follow."""
        records = self.env[model_name].sudo().browse(ids)
        journal = vars(self.env.cr)[JOURNAL]
        asked = [id_ for id_ in ids if (model_name, id_) not in self.plan.cascade]
        journal.note_restored(records.browse(asked), cascade=False)
        journal.note_restored(
            records.browse([id_ for id_ in ids if id_ not in set(asked)]), cascade=True
        )
        own = [f for f in records._fields.values() if f.store and f.compute]
        with self.env.protecting(own, records):
            records.modified(list(records._fields), create=True)
            self.env.flush_all()

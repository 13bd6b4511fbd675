"""Finding everything in the database that can point to a record."""

from typing import NamedTuple

from odoo import api, models, tools
from odoo.tools import SQL

# What belongs to the record itself or tells its history, and stays with it: journals,
# jobs, figures that are calculated anew, lists that their own model keeps in order.
EXCLUDED_PREFIXES = (
    "base.partner.merge.",
    "bus.",
    "crm.suite.export",
    "crm.suite.import.",
    "crm.suite.operation",
)
EXCLUDED_MODELS = {
    "crm.suite.customer.metric",
    "crm.suite.duplicate.pair",
    "crm.suite.duplicate.query",
    "crm.suite.lifecycle.transition",
    "crm.suite.segment.event",
    "mail.tracking.value",
    "res.company",
}


class Reference(NamedTuple):
    """One way to point to a record.

    Kinds: ``key`` (foreign key), ``relation`` (row of a many2many table, journalled
    as the field of its other side), ``document`` (model and id), ``number`` (id beside
    the id of the model), ``text`` (``model,id``), ``property`` (value per company).
    """

    kind: str
    model: str
    table: str
    column: str
    by: str = ""  # column that names the model, or of a relation the other side
    field: str = ""  # of a relation: the field that shows it


class UniqueIndex(NamedTuple):
    columns: tuple
    predicate: str | None
    has_expression: bool


class Merge(models.AbstractModel):
    """What a merge has to know about the database; nothing here is about customers.

    Other addons extend the hooks: :meth:`_is_excluded`, :meth:`_get_condition`,
    :meth:`_settle_clashes`.
    """

    _name = "crm.suite.merge"
    _description = "Merging of Records"

    # === HOOKS === #

    @api.model
    def _is_excluded(self, model_name):
        """Whether rows of a model stay with the merged record. Hook.

        :rtype: bool
        """
        return model_name in EXCLUDED_MODELS or model_name.startswith(EXCLUDED_PREFIXES)

    @api.model
    def _get_condition(self, reference):
        """Which rows may move, if not all. Hook.

        :param Reference reference: of the table aliased ``t``
        :return: condition or ``None``
        :rtype: SQL | None
        """
        if reference.model == "ir.attachment":
            # Files in a field are the values of the record, not documents about it.
            return SQL("t.res_field IS NULL")
        # Secured entries are under a hash that names the partner of each item.
        if reference.model == "account.move":
            return SQL("t.inalterable_hash IS NULL")
        if reference.model == "account.move.line":
            return SQL(
                "NOT EXISTS (SELECT 1 FROM account_move h WHERE h.id = t.move_id"
                " AND h.inalterable_hash IS NOT NULL)"
            )
        return None

    @api.model
    def _settle_clashes(self, operation, model_name, ids):
        """Deal with rows that cannot move, for the survivor has such a row. Hook.

        They stay with the merged record, which is archived; here is what they must
        not do there. Runs while ``operation`` journals consequences.
        """
        if model_name == "mail.followers":
            self.env[model_name].sudo().browse(ids).unlink()

    # === CATALOGUE === #

    @api.model
    @tools.ormcache("model_name")
    def _get_references(self, model_name):
        """List every way in which rows can point to records of a model.

        :rtype: tuple[Reference]
        """
        return (
            *self._list_keys(model_name),
            *self._list_relations(model_name),
            *self._list_documents(),
            *self._list_numbers(),
            *self._list_texts(),
            *self._list_properties(model_name),
        )

    def _movable_models(self):
        for name, model in sorted(self.env.registry.items()):
            if (
                model._auto
                and not model._abstract
                and not model._transient
                and not self._is_excluded(name)
            ):
                yield name, model

    def _list_keys(self, model_name):
        operations = self.env["crm.suite.operation"]
        movable = {model._table: name for name, model in self._movable_models()}
        names = operations._get_models_by_table()
        for key in operations._get_keys_to(self.env[model_name]._table):
            name = names.get(key.table)
            if name and key.table in movable and key.column != "id":
                yield Reference("key", name, key.table, key.column)

    def _list_relations(self, model_name):
        """Relations that belong to the other side.

        A field of the record itself that is copied with it holds values of its own,
        such as tags: these are united, not moved.
        """
        operations = self.env["crm.suite.operation"]
        own = {
            (field.relation, field.column1)
            for field in self.env[model_name]._fields.values()
            if field.type == "many2many" and field.store and field.copy
        }
        mirrors = {}
        for name, model in self._movable_models():
            shape = operations._journal_shape(name)
            for field_name, (table, column, other) in shape.relations.items():
                if model._fields[field_name].comodel_name == model_name:
                    mirrors.setdefault((table, other), (name, column, field_name))
        names = operations._get_models_by_table()
        for key in operations._get_keys_to(self.env[model_name]._table):
            place = key.table, key.column
            if key.table in names or place in own or place not in mirrors:
                continue
            name, column, field_name = mirrors[place]
            yield Reference("relation", name, key.table, key.column, column, field_name)

    def _list_documents(self):
        for name, model in self._movable_models():
            for field in model._fields.values():
                if field.type != "many2one_reference" or not field.store:
                    continue
                by = model._fields.get(field.model_field)
                if by is not None and by.store and by.type in ("char", "selection"):
                    yield Reference("document", name, model._table, field.name, by.name)

    def _list_numbers(self):
        """An alias names its thread by a number beside the model."""
        for column, by in (
            ("alias_force_thread_id", "alias_model_id"),
            ("alias_parent_thread_id", "alias_parent_model_id"),
        ):
            yield Reference("number", "mail.alias", "mail_alias", column, by)

    def _list_texts(self):
        for name, model in self._movable_models():
            for field in model._fields.values():
                if field.type == "reference" and field.store and not field.compute:
                    yield Reference("text", name, model._table, field.name)

    def _list_properties(self, model_name):
        for field in self.env.registry.many2one_company_dependents[model_name]:
            model = self.env[field.model_name]
            if model._auto and not self._is_excluded(field.model_name):
                yield Reference("property", field.model_name, model._table, field.name)

    @api.model
    @tools.ormcache()
    def _get_unique_indexes(self):
        """Read the unique indexes of all tables, without the primary keys.

        :rtype: dict[str, tuple[UniqueIndex]]
        """
        found = {}
        for table, columns, predicate, has_expression in self.env.execute_query(
            SQL(
                """
                SELECT t.relname,
                       (SELECT array_agg(a.attname::text)
                          FROM unnest(x.indkey::int2[]) k(number)
                          JOIN pg_attribute a
                            ON a.attrelid = x.indrelid AND a.attnum = k.number),
                       pg_get_expr(x.indpred, x.indrelid),
                       x.indexprs IS NOT NULL
                  FROM pg_index x
                  JOIN pg_class t ON t.oid = x.indrelid
                 WHERE x.indisunique AND NOT x.indisprimary
                   AND t.relnamespace = current_schema::regnamespace
                """
            )
        ):
            index = UniqueIndex(tuple(columns or ()), predicate, has_expression)
            found.setdefault(table, []).append(index)
        return {table: tuple(indexes) for table, indexes in found.items()}

    @api.model
    @tools.ormcache()
    def _get_checked_columns(self):
        """Read which columns a check or an exclusion of the database looks at.

        :return: ``{(table, column)}``
        :rtype: frozenset
        """
        return frozenset(
            self.env.execute_query(
                SQL(
                    """
                    SELECT t.relname, a.attname
                      FROM pg_constraint c
                      JOIN pg_class t ON t.oid = c.conrelid
                CROSS JOIN LATERAL unnest(c.conkey) k(number)
                      JOIN pg_attribute a
                        ON a.attrelid = c.conrelid AND a.attnum = k.number
                     WHERE c.contype IN ('c', 'x')
                       AND t.relnamespace = current_schema::regnamespace
                    """
                )
            )
        )

    @api.model
    @tools.ormcache("model_name", "column")
    def _get_derived_fields(self, model_name, column):
        """Name the stored fields that the ORM derives from a column of the record.

        References are not among them: each is a column that moves by itself.

        :rtype: tuple[str]
        """
        field = self.env[model_name]._fields.get(column)
        return tuple(
            other.name
            for other in self._iterate_derived(model_name, column)
            if other.type != "many2one"
            or field is None
            or other.comodel_name != field.comodel_name
        )

    @api.model
    @tools.ormcache("model_name", "column")
    def _get_derived_keys(self, model_name, column):
        """Name the stored references that the ORM derives from a reference, such as
        the company of a person.

        :rtype: tuple[str]
        """
        derived = self._get_derived_fields(model_name, column)
        return tuple(
            other.name
            for other in self._iterate_derived(model_name, column)
            if other.name not in derived
        )

    def _iterate_derived(self, model_name, column):
        for field in self.env[model_name]._fields.values():
            paths = self.env.registry.field_depends[field]
            if (
                field.store
                and field.compute
                and field.readonly
                and field.column_type
                and field.name != column
                and any(path.split(".", 1)[0] == column for path in paths)
            ):
                yield field

    # === MATCHING ROWS === #

    @api.model
    def _compose_match(self, model_name, reference, ids):
        """Compose the condition for the rows that point to records and may move.

        :param list ids: records of the model
        :rtype: SQL
        """
        column = SQL.identifier("t", reference.column)
        if reference.kind == "text":
            match = SQL("%s = ANY(%s)", column, [f"{model_name},{id_}" for id_ in ids])
        elif reference.kind == "property":
            match = SQL(
                "%s IS NOT NULL AND EXISTS (SELECT 1 FROM jsonb_each_text(%s) e"
                " WHERE e.value = ANY(%s))",
                column,
                column,
                [str(id_) for id_ in ids],
            )
        else:
            match = SQL("%s = ANY(%s)", column, list(ids))
        parts = [match]
        if reference.kind == "document":
            parts.append(SQL("%s = %s", SQL.identifier("t", reference.by), model_name))
        elif reference.kind == "number":
            model_id = self.env["ir.model"]._get_id(model_name)
            parts.append(SQL("%s = %s", SQL.identifier("t", reference.by), model_id))
        if condition := self._get_condition(reference):
            parts.append(condition)
        if reference.table == self.env[model_name]._table:
            parts.append(SQL("t.id != ALL(%s)", list(ids)))
        return SQL(" AND ").join(parts)

    @api.model
    def _count_references(self, model_name, ids):
        """Count what points to records, in one statement.

        :return: ``{reference: number of rows}`` of those that have any
        :rtype: dict
        """
        references = self._get_references(model_name)
        queries = [
            SQL(
                "SELECT %s, count(*) FROM %s t WHERE %s HAVING count(*) > 0",
                number,
                SQL.identifier(reference.table),
                self._compose_match(model_name, reference, ids),
            )
            for number, reference in enumerate(references)
        ]
        rows = self.env.execute_query(SQL(" UNION ALL ").join(queries))
        return {references[number]: count for number, count in sorted(rows)}

    @api.model
    def _find_referring(self, model_name, reference, ids):
        """Find the rows of one reference that point to records.

        :return: ids of records of the reference's model
        :rtype: list[int]
        """
        column = reference.by if reference.kind == "relation" else "id"
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT t.%s FROM %s t WHERE %s",
                SQL.identifier(column),
                SQL.identifier(reference.table),
                self._compose_match(model_name, reference, ids),
            )
        )
        return [id_ for (id_,) in rows]

    @api.model
    def _find_clashes(self, model_name, reference, loser, value):
        """Find rows that would be the second of their kind with the survivor.

        :param int loser: id of the record that the rows point to
        :param SQL value: what the column would get
        :return: ids of rows
        :rtype: list[int]
        """
        clashes = {}
        for index in self._get_unique_indexes().get(reference.table, ()):
            if reference.column in index.columns and not index.has_expression:
                query = self._compose_clash(model_name, reference, index, loser, value)
                clashes.update(self.env.execute_query(query))
        return list(clashes)

    def _compose_clash(self, model_name, reference, index, loser, value):
        # The predicate comes from the catalogue of the database, not from outside.
        predicate = (index.predicate or "TRUE").replace("%", "%%")
        where = SQL(predicate)  # pylint: disable=sql-injection
        same = [
            SQL("t.%s = s.%s", SQL.identifier(name), SQL.identifier(name))
            for name in index.columns
            if name != reference.column
        ]
        return SQL(
            """
            SELECT DISTINCT t.id, TRUE
              FROM (SELECT * FROM %(table)s WHERE %(where)s) t
              JOIN (SELECT * FROM %(table)s WHERE %(where)s) s
                ON s.%(column)s = %(value)s AND %(same)s
             WHERE %(match)s
            """,
            table=SQL.identifier(reference.table),
            where=where,
            column=SQL.identifier(reference.column),
            value=value,
            same=SQL(" AND ").join(same) if same else SQL("TRUE"),
            match=self._compose_match(model_name, reference, [loser]),
        )

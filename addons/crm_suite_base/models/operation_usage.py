from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from ..tools.journal_policy import FULL, get_policy

# Rows that do not count as a use of a record: they hang on it and go with it.
NO_USE = {
    "crm.suite.customer.metric",
    "crm.suite.duplicate.pair",
    "crm.suite.lifecycle.transition",
    "crm.suite.segment.event",
    "crm.suite.segment.member",
    "mail.followers",
    "mail.mail",
    "mail.notification",
    "mail.tracking.value",
}
NO_USE_PREFIXES = (
    "bus.",
    "crm.suite.export",
    "crm.suite.import.",
    "crm.suite.operation",
)


class OperationUsage(models.Model):
    _inherit = "crm.suite.operation"

    @api.model
    def _find_uses(self, model_name, ids, unit):
        """Find rows that refer to records and were not made by an operation.

        Looks at every foreign key of the database, at the relations that belong to
        the other side and at references by model and id (activities, attachments,
        messages that somebody wrote).

        :param list ids: records of the model
        :param list unit: the operations whose own rows do not count
        :return: ``{id: [(model, id of one user, how many)]}``
        :rtype: dict
        """
        queries = [
            *self._compose_key_uses(model_name, ids, unit),
            *self._compose_reference_uses(model_name, ids, unit),
        ]
        uses = defaultdict(list)
        if queries and ids:
            for id_, source, source_id, count in self.env.execute_query(
                SQL(" UNION ALL ").join(queries)
            ):
                uses[id_].append((source, source_id, count))
        return uses

    def _counts_as_use(self, model_name):
        model = self.env[model_name]
        return (
            not model._transient
            and model_name not in NO_USE
            and not model_name.startswith(NO_USE_PREFIXES)
        )

    def _compose_key_uses(self, model_name, ids, unit):
        table = self.env[model_name]._table
        own_relations = {
            (relation, own)
            for relation, own, _other in self._journal_shape(
                model_name
            ).relations.values()
        }
        for key in self._get_keys_to(table):
            if (key.table, key.column) in own_relations or self._is_derived_key(key):
                continue
            source = self._get_models_by_table().get(key.table)
            if source and self._counts_as_use(source):
                yield self._compose_use(source, key.column, "id", ids, unit, table)
            elif not source:
                yield from self._compose_relation_use(key, ids, unit)

    def _compose_relation_use(self, key, ids, unit):
        """A many2many relation is a use by the record on its other side."""
        others = [
            other
            for other in self._get_foreign_keys()
            if other.table == key.table and other.column != key.column
        ]
        source = others and self._get_models_by_table().get(others[0].target)
        if source and self._counts_as_use(source):
            fields = [
                field.name
                for field in self.env[source]._fields.values()
                if field.type == "many2many" and field.relation == key.table
            ]
            yield self._compose_use(
                source,
                key.column,
                others[0].column,
                ids,
                unit,
                table=key.table,
                fields=fields,
            )

    def _compose_use(
        self,
        source,
        column,
        id_column,
        ids,
        unit,
        target=None,
        table=None,
        where=None,
        fields=(),
    ):
        """Compose the search for uses in one column.

        :param str source: the model that is the user
        :param str id_column: column that holds the id of the user
        :param str target: table of the used records: its rows do not use themselves
        :param str table: where to look, if not in the source's own table
        :param SQL where: further condition
        :param fields: fields of the source that show the column, if not itself
        """
        table = table or self.env[source]._table
        conditions = [
            SQL("t.%s = ANY(%s)", SQL.identifier(column), list(ids)),
            self._compose_foreign(source, fields or [column], id_column, unit),
        ]
        if table == target:
            conditions.append(SQL("t.%s != t.id", SQL.identifier(column)))
        if source == "mail.message" and id_column == "id":
            conditions.append(self._compose_written_message(unit))
        if where:
            conditions.append(where)
        return SQL(
            "SELECT t.%s, %s, min(t.%s), count(*) FROM %s t WHERE %s GROUP BY t.%s",
            SQL.identifier(column),
            source,
            SQL.identifier(id_column),
            SQL.identifier(table),
            SQL(" AND ").join(conditions),
            SQL.identifier(column),
        )

    def _compose_foreign(self, source, fields, id_column, unit):
        """The row was neither made nor pointed here by the operation."""
        return SQL(
            """
            NOT EXISTS (
                SELECT 1 FROM crm_suite_operation_change c
                 WHERE c.operation_id = ANY(%s) AND c.model = %s AND c.res_id = t.%s
                   AND (c.kind = 'create' OR c.kind = 'update' AND c.after ?| %s)
                OFFSET 0
            )
            """,
            list(unit),
            source,
            SQL.identifier(id_column),
            list(fields),
        )

    def _compose_written_message(self, unit):
        """What somebody wrote after the operation; the system's notes do not count."""
        return SQL(
            """
            t.message_type NOT IN ('notification', 'user_notification', 'auto_comment')
            AND t.create_date > (
                SELECT max(COALESCE(date_end, date_start)) + interval '1 second'
                  FROM crm_suite_operation WHERE id = ANY(%s)
            )
            """,
            list(unit),
        )

    def _compose_reference_uses(self, model_name, ids, unit):
        for source, column, model_column in self._get_reference_fields():
            where = SQL("t.%s = %s", SQL.identifier(model_column), model_name)
            if source == "ir.attachment":
                where = SQL("%s AND t.res_field IS NULL", where)
            yield self._compose_use(source, column, "id", ids, unit, where=where)

    @api.model
    def _get_reference_fields(self):
        """List the stored fields that refer to a record by its model and id.

        :return: list of ``(model, field, field that names the model)``
        """
        return [
            (model_name, field.name, field.model_field)
            for model_name, model in self.env.registry.items()
            if model._auto
            and not model._abstract
            and self._counts_as_use(model_name)
            and (get_policy(model_name) == FULL or model_name == "mail.message")
            for field in model._fields.values()
            if field.type == "many2one_reference"
            and field.store
            and field.model_field
            and model._fields[field.model_field].store
            and model._fields[field.model_field].type == "char"
        ]

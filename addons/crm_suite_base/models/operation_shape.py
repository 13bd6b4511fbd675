from odoo import api, models, tools
from odoo.models import LOG_ACCESS_COLUMNS

from ..tools.journal_policy import (
    AUTOMATIC_FIELDS,
    VOLATILE_FIELDS,
    Shape,
    get_policy,
)


class OperationShape(models.Model):
    _inherit = "crm.suite.operation"

    @api.model
    def _journal_policy(self, model_name):
        """Tell how much of a model is journalled. Hook for other addons.

        :param str model_name: technical name of a model with a table of its own
        :return: see ``tools/journal_policy.py``
        """
        return get_policy(model_name)

    @api.model
    def _journal_volatile_fields(self, model_name):
        """Name the stored fields whose change is no edit. Hook for other addons.

        :rtype: set
        """
        return VOLATILE_FIELDS.get(model_name, set())

    @api.model
    def _journal_automatic_fields(self, model_name):
        """Name the fields that rules keep up to date. Hook for other addons.

        :rtype: set
        """
        return AUTOMATIC_FIELDS.get(model_name, set())

    @api.model
    @tools.ormcache("model_name")
    def _journal_shape(self, model_name):
        """Sort the fields of a model; see :class:`Shape`.

        :rtype: Shape
        """
        model = self.env[model_name]
        if model._transient or model._abstract or not model._auto:
            return Shape(None, "", (), *[frozenset()] * 3, (), {})
        skipped = {
            "id",
            "parent_path",
            *LOG_ACCESS_COLUMNS,
            *self._journal_volatile_fields(model_name),
        }
        fields = [
            field
            for name, field in model._fields.items()
            if field.store and name not in skipped
        ]
        entered = [f for f in fields if not (f.compute and f.readonly)]
        derived = [
            f for f in fields if f.compute and f.readonly and self._is_own(model, f)
        ]
        return Shape(
            policy=self._journal_policy(model_name),
            table=model._table,
            columns=tuple(f.name for f in entered + derived if f.column_type),
            compared=frozenset(
                f.name for f in entered if f.column_type or f.type == "many2many"
            ),
            derived=frozenset(f.name for f in derived if f.column_type),
            keyed=frozenset(
                f.name
                for f in fields
                if f.translate or f.company_dependent or f.type == "properties"
            ),
            protected=tuple(f.name for f in entered if f.compute),
            relations={
                f.name: (f.relation, f.column1, f.column2)
                for f in entered
                if f.type == "many2many"
            },
            automatic=frozenset(self._journal_automatic_fields(model_name)),
        )

    @api.model
    @tools.ormcache("model_name")
    def _journal_wide_shape(self, model_name):
        """Sort the fields of a model with all its columns, also those that the ORM
        derives from other records.

        Where references are moved behind the ORM's back, what is derived from them is
        moved and goes back in the same way.

        :rtype: Shape
        """
        shape = self._journal_shape(model_name)
        columns = tuple(
            name
            for name, field in self.env[model_name]._fields.items()
            if field.store
            and field.column_type
            and name != "id"
            and name not in LOG_ACCESS_COLUMNS
        )
        return shape._replace(columns=columns) if shape.table else shape

    @api.model
    def _is_own(self, model, field, seen=()):
        """Whether a computed field depends on nothing but its own record.

        Such a field (the date on which a lead was assigned) comes back with the
        record. One that looks at other records is recomputed instead.
        """
        if field in seen:
            return True
        for path in self.pool.field_depends[field]:
            name, _dot, rest = path.partition(".")
            source = model._fields.get(name)
            if rest or source is None or not source.store:
                return False
            if source.type in ("one2many", "many2many"):
                return False
            if source.compute and not self._is_own(model, source, (*seen, field)):
                return False
        return bool(self.pool.field_depends[field])

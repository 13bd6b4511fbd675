"""Moving what points to one record so that it points to another."""

from collections import defaultdict

import psycopg2

from odoo.tools import SQL, mute_logger

from ..tools.undo import diff_images
from .operation_image import read_columns
from .operation_journal import JOURNAL


class MergeMover:
    """Moves the references of one record to the survivor, set by set, journalled.

    What cannot move because the survivor has such a row already, or because a
    constraint forbids it, stays where it is.

    :ivar dict moved: ``{model: number of rows}``
    :ivar dict stayed: the same of what could not move
    """

    def __init__(self, operation, survivor, loser):
        self.env = operation.env(su=True)
        self.operation = operation.with_env(self.env)
        self.engine = self.env["crm.suite.merge"]
        self.model_name = survivor._name
        self.survivor = survivor.id
        self.loser = loser.id
        self.crosses = self._crosses(survivor, loser)
        self.moved = defaultdict(int)
        self.stayed = defaultdict(int)
        self.touched = defaultdict(dict)  # {(model, column): {id: True}}

    def _crosses(self, survivor, loser):
        """Whether what is derived from the record changes beyond its id."""
        survivor, loser = survivor.sudo(), loser.sudo()
        if "commercial_partner_id" not in survivor._fields:
            return True
        ours, theirs = survivor.commercial_partner_id, loser.commercial_partner_id
        return not (ours == theirs or (ours == survivor and theirs == loser))

    def run(self):
        self.env.flush_all()
        found = self.engine._count_references(self.model_name, [self.loser])
        with self.operation.consequences():
            for reference in found:
                getattr(self, f"_move_{reference.kind}")(reference)
            self._move_defaults()
            self.env.invalidate_all(flush=False)
            self._recompute_derived()
            self._recompute_share()
        if "ir.model.data" in self.moved or "res.users" in self.moved:
            self.env.registry.clear_cache()

    # === ROWS === #

    def _move_key(self, reference):
        self._move_rows(reference, SQL("%s", self.survivor))

    _move_document = _move_key
    _move_number = _move_key

    def _move_text(self, reference):
        self._move_rows(reference, SQL("%s", f"{self.model_name},{self.survivor}"))

    def _move_rows(self, reference, value):
        clashes = self.engine._find_clashes(
            self.model_name, reference, self.loser, value
        )
        if clashes:
            self.engine._settle_clashes(self.operation, reference.model, clashes)
        ids = self._select(reference, clashes)
        moved = self._update(reference, value, ids)
        self.touched[reference.model, reference.column].update(dict.fromkeys(moved))
        self.moved[reference.model] += len(moved)
        if left := len(clashes) + len(ids) - len(moved):
            self.stayed[reference.model] += left

    def _match(self, reference):
        return self.engine._compose_match(self.model_name, reference, [self.loser])

    def _select(self, reference, without):
        rows = self.env.execute_query(
            SQL(
                "SELECT t.id FROM %s t WHERE %s AND t.id != ALL(%s) AND %s ORDER BY t.id",
                SQL.identifier(reference.table),
                self._match(reference),
                list(without),
                SQL("t.id != %s", self.survivor)
                if reference.table == self.env[self.model_name]._table
                else SQL("TRUE"),
            )
        )
        return [id_ for (id_,) in rows]

    def _is_risky(self, reference):
        """Whether a constraint could refuse what the search for clashes lets pass."""
        indexes = self.engine._get_unique_indexes().get(reference.table, ())
        return (
            reference.table,
            reference.column,
        ) in self.engine._get_checked_columns() or any(
            index.has_expression for index in indexes
        )

    def _update(self, reference, value, ids):
        """Point rows to the survivor; of risky ones those that may.

        :return: ids of the rows that were changed
        """
        if not ids or not self._is_risky(reference):
            return self._write(reference, value, ids)
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                return self._write(reference, value, ids)
        except psycopg2.IntegrityError:
            if len(ids) == 1:
                return []
            half = len(ids) // 2
            return [
                *self._update(reference, value, ids[:half]),
                *self._update(reference, value, ids[half:]),
            ]

    def _write(self, reference, value, ids):
        if not ids:
            return []
        return self.operation.log_sql(
            reference.model,
            SQL(
                "UPDATE %s t SET %s = %s WHERE t.id = ANY(%s)",
                SQL.identifier(reference.table),
                SQL.identifier(reference.column),
                value,
                ids,
            ),
            alias="t",
            columns=[reference.column],
            cascade=True,
        )

    # === RELATIONS === #

    def _move_relation(self, reference):
        """Replace the record in many2many fields of others, once in each."""
        parts = {
            "operation": self.operation.id,
            "model": reference.model,
            "field": reference.field,
            "table": SQL.identifier(reference.table),
            "own": SQL.identifier(reference.by),
            "other": SQL.identifier(reference.column),
            "survivor": self.survivor,
            "loser": self.loser,
        }
        self._journal_relation(parts)
        self.moved[reference.model] += self.env.cr.rowcount
        self.env.cr.execute(
            SQL(
                """
                UPDATE %(table)s m SET %(other)s = %(survivor)s
                 WHERE m.%(other)s = %(loser)s
                   AND NOT EXISTS (SELECT 1 FROM %(table)s s
                                    WHERE s.%(own)s = m.%(own)s
                                      AND s.%(other)s = %(survivor)s)
                """,
                **parts,
            )
        )
        self.env.cr.execute(
            SQL("DELETE FROM %(table)s m WHERE m.%(other)s = %(loser)s", **parts)
        )

    def _journal_relation(self, parts):
        """Note in whose fields the record is, with the lists before and after."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_operation_change
                            (operation_id, model, res_id, kind, cascade, before, after)
                SELECT %(operation)s, %(model)s, m.%(own)s, 'update', TRUE,
                       jsonb_build_object(
                           %(field)s, jsonb_agg(m.%(other)s ORDER BY m.%(other)s)),
                       jsonb_build_object(%(field)s, (
                           SELECT jsonb_agg(DISTINCT x.id ORDER BY x.id)
                             FROM unnest(array_replace(
                                  array_agg(m.%(other)s), %(loser)s, %(survivor)s)) x(id)))
                  FROM %(table)s m
                 WHERE m.%(own)s IN (SELECT l.%(own)s FROM %(table)s l
                                      WHERE l.%(other)s = %(loser)s)
              GROUP BY m.%(own)s
                """,
                **parts,
            )
        )

    # === VALUES PER COMPANY === #

    def _move_property(self, reference):
        """Replace the record in the values that others have of it company by company."""
        rows = self.env.execute_query(
            SQL(
                "SELECT t.id FROM %s t WHERE %s",
                SQL.identifier(reference.table),
                self._match(reference),
            )
        )
        ids = [id_ for (id_,) in rows]
        shape = self.operation._journal_shape(reference.model)._replace(
            table=reference.table
        )
        before = read_columns(self.env, shape, [reference.column], ids)
        self.env.cr.execute(
            SQL(
                """
                UPDATE %(table)s t SET %(column)s = (
                    SELECT jsonb_object_agg(e.key, CASE WHEN e.value = %(loser)s
                                                   THEN %(survivor)s ELSE e.value END)
                      FROM jsonb_each(t.%(column)s) e)
                 WHERE t.id = ANY(%(ids)s)
                """,
                table=SQL.identifier(reference.table),
                column=SQL.identifier(reference.column),
                loser=SQL("to_jsonb(%s)", self.loser),
                survivor=SQL("to_jsonb(%s)", self.survivor),
                ids=ids,
            )
        )
        after = read_columns(self.env, shape, [reference.column], ids)
        journal_rows = []
        for id_, image in after.items():
            old, new = diff_images(before[id_], image, shape.keyed)
            journal_rows.append({"res_id": id_, "before": old, "after": new})
        journal = vars(self.env.cr)[JOURNAL]
        journal.insert(reference.model, "update", journal_rows, cascade=True)
        self.moved[reference.model] += len(journal_rows)

    def _move_defaults(self):
        """The fallback that new records get in a company-dependent field."""
        ids = self.operation.log_sql(
            "ir.default",
            SQL(
                """
                UPDATE ir_default d SET json_value = %s
                  FROM ir_model_fields f
                 WHERE f.id = d.field_id AND f.ttype = 'many2one'
                   AND f.relation = %s AND d.json_value = %s
                """,
                str(self.survivor),
                self.model_name,
                str(self.loser),
            ),
            alias="d",
            columns=["json_value"],
            cascade=True,
        )
        if ids:
            self.moved["ir.default"] += len(ids)
            self.env.registry.clear_cache()

    # === WHAT FOLLOWS === #

    def _recompute_derived(self):
        """Let follow what the ORM keeps stored of the record, such as its name."""
        for (model_name, column), ids in self.touched.items():
            if not ids or column not in self.env[model_name]._fields:
                continue
            names = self.engine._get_derived_fields(model_name, column)
            if self.crosses:
                names += self.engine._get_derived_keys(model_name, column)
            records = self.env[model_name].browse(ids)
            for name in names:
                self.env.add_to_compute(records._fields[name], records)
        self.env.flush_all()

    def _recompute_share(self):
        """Who is a colleague is stored with the record, and goes with the login."""
        if "res.users" in self.moved and self.model_name == "res.partner":
            partners = self.env[self.model_name].browse([self.survivor, self.loser])
            self.env.add_to_compute(partners._fields["partner_share"], partners)
            self.env.flush_all()

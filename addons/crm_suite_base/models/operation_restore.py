"""Doing what the plan of an undo says, with a check under lock of each value."""

from collections import defaultdict
from contextlib import nullcontext

import psycopg2
from psycopg2.extras import Json

from odoo.exceptions import UserError
from odoo.tools import SQL, split_every

from .operation_image import read_columns
from .operation_insert import RowInserter
from .operation_journal import JOURNAL
from .operation_plan import BATCH

DELETE_BATCH = 1000


class UndoRunner:
    """Carries out an :class:`UndoPlan` step by step.

    Former values are written straight into the columns: they were valid once, and
    neither normalising nor a constraint that came later may change or refuse them.
    What the ORM derives from them is recomputed, tracked fields are logged in the
    chatter, and the parent paths of trees follow. Created records are deleted by
    ``unlink()``, so that every addon hears of it.

    Runs inside a journal: the undo is itself an operation that can be undone.
    """

    def __init__(self, planner, plan):
        self.env = planner.env
        self.planner = planner
        self.helper = planner.helper
        self.plan = plan

    def get_steps(self):
        """Cut the plan into pieces that each fit a transaction of their own.

        :return: list of ``(method, model, ids)``; call the method with the rest
        """
        steps = []
        if self.plan.inserts:
            size = [id_ for ids in self.plan.inserts.values() for id_ in ids]
            steps.append((self._insert, None, size))
        for act, part, size in (
            (self._update, self.plan.updates, BATCH),
            (self._delete, self.plan.deletes, DELETE_BATCH),
        ):
            for model_name, ids in part.items():
                for batch in split_every(size, ids, list):
                    steps.append((act, model_name, batch))
        return steps

    def run(self):
        for act, model_name, ids in self.get_steps():
            act(model_name, ids)
        self.settle()

    def settle(self):
        """Tick off what needed nothing, or went or came with its record."""
        for model_name, ids in self.plan.settled.items():
            self._mark(model_name, ids)
        gone = defaultdict(list)
        for model_name, id_ in self.plan.cascade:
            gone[model_name].append(id_)
        for model_name, ids in gone.items():
            shape = self.helper._journal_shape(model_name)
            there = read_columns(self.env, shape, (), ids)
            self._mark(model_name, [i for i in ids if i not in there], "create")
            self._mark(model_name, list(there), "delete")

    def _mark(self, model_name, ids, kind=None):
        if not ids:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_operation_change SET undone = TRUE
                 WHERE operation_id = ANY(%s) AND model = %s AND res_id = ANY(%s)
                   AND %s
                """,
                self.planner.unit,
                model_name,
                list(ids),
                SQL("kind = %s", kind) if kind else SQL("TRUE"),
            )
        )
        self.helper._pass_on_undone(model_name, ids)

    def _notice(self, model_name, ids):
        """Tell the figures whose rows go, come back with their old dates, or pass
        from one customer to another.
        """
        self.env["crm.suite.metric.dirty"]._note_rows(model_name, ids)

    def _keep(self, model_name, id_, reason):
        if (model_name, id_) not in self.plan.cascade:
            self.plan.keep[model_name, id_] = {"reason": reason, "fields": []}

    # === DELETED RECORDS === #

    def _insert(self, _model_name, _ids):
        inserter = RowInserter(self.planner, self.plan)
        inserter.run()
        for model_name, ids in inserter.inserted.items():
            self._mark(model_name, ids)
            self._notice(model_name, ids)
        for (model_name, id_), reason in inserter.refused.items():
            self._keep(model_name, id_, reason)

    # === CHANGED RECORDS === #

    def _update(self, model_name, ids):
        shape = self.helper._journal_shape(model_name)
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                "SELECT id FROM %s WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                SQL.identifier(shape.table),
                ids,
            )
        )
        check = self.planner.check_updates(self.plan, model_name, ids)
        self.plan.keep.update(check.keep)
        self._notice(model_name, ids)
        for part, act in self._split_moved(model_name, list(check.values)):
            self._isolate(model_name, part, act, check)
        self._notice(model_name, ids)
        done = [id_ for id_ in ids if (model_name, id_) not in self.plan.keep]
        self._mark(model_name, done)

    def _split_moved(self, model_name, ids):
        """Tell apart what the user works on and the references that were moved."""
        if not self.planner.moves_references:
            return [(ids, self._write_back)]
        moved = [id_ for id_ in ids if (model_name, id_) in self.plan.cascade]
        asked = [id_ for id_ in ids if (model_name, id_) not in self.plan.cascade]
        return [(asked, self._write_back), (moved, self._move_back)]

    def _move_back(self, model_name, ids, check):
        """Write references back as they were, and what is derived from them alone.

        No logic of the documents runs: an invoice that gets its customer back must not
        choose its lines' accounts anew. Their dates of writing stay.
        """
        records = self.env[model_name].sudo().browse(ids)
        names = {name for id_ in ids for name in check.values[id_]}
        journal = vars(self.env.cr)[JOURNAL]
        with journal.consequences():
            with journal.updating(records, names), journal.relating(records, names):
                self._write_columns(records, check, stamp=False)
                self._write_relations(records, check)
            self.env.invalidate_all(flush=False)
            engine = self.env["crm.suite.merge"]
            for name in names:
                for derived in engine._get_derived_fields(model_name, name):
                    self.env.add_to_compute(records._fields[derived], records)

    def _write_back(self, model_name, ids, check):
        shape = check.shape
        records = self.env[model_name].browse(ids)
        names = {name for id_ in ids for name in check.values[id_]}
        fields = [records._fields[name] for name in sorted(names)]
        relational = [
            f.name for f in fields if self.env.registry.is_modifying_relations(f)
        ]
        protected = [records._fields[n] for n in {*shape.protected, *shape.derived}]
        if hasattr(records, "_track_prepare"):
            records.sudo()._track_prepare(names)
        journal = vars(self.env.cr)[JOURNAL]
        if hasattr(records, "_approval_check_restored"):
            records._approval_check_restored(check.values)
        protected = self._get_protected(records, check, protected)
        with self._telling(records), self.env.protecting(protected):
            records.modified(relational, before=True)
            with journal.updating(records, names), journal.relating(records, names):
                self._write_columns(records, check)
                self._write_relations(records, check)
            self.env.invalidate_all(flush=False)
            records.modified(names)
            self._follow_parents(records, names)
            self.env.flush_all()

    def _telling(self, records):
        """Whoever is asked about what is written back hears of it, as of an edit."""
        if not hasattr(records, "_approval_documents"):
            return nullcontext()
        return records._approval_documents()._approval_watching()

    def _get_protected(self, records, check, protected):
        """Say which computed fields must not be recomputed, record by record.

        What a user may enter stays as it is; what is derived from the record alone
        stays where it is written back.
        """
        pairs = []
        for field in protected:
            ids = records.ids
            if field.name in check.shape.derived:
                ids = [id_ for id_ in ids if field.name in check.values[id_]]
            pairs.append(([field], records.browse(ids)))
        return pairs

    def _write_columns(self, records, check, stamp=True):
        shape = check.shape
        groups = defaultdict(list)
        for id_ in records.ids:
            values = check.values[id_]
            names = tuple(sorted(name for name in values if name in shape.columns))
            if names:
                row = {name: values[name] for name in names}
                groups[names].append({"id": id_, **row})
        for names, rows in groups.items():
            assignments = [
                SQL("%s = r.%s", SQL.identifier(name), SQL.identifier(name))
                for name in names
            ]
            if stamp and records._log_access:
                assignments.append(SQL("write_uid = %s", self.env.uid))
                assignments.append(SQL("write_date = %s", self.env.cr.now()))
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE %(table)s t SET %(assignments)s
                      FROM jsonb_populate_recordset(NULL::%(table)s, %(rows)s) r
                     WHERE t.id = r.id
                    """,
                    table=SQL.identifier(shape.table),
                    assignments=SQL(", ").join(assignments),
                    rows=Json(rows),
                )
            )

    def _write_relations(self, records, check):
        for name, (table, own, other) in check.shape.relations.items():
            pairs = [
                {"own": id_, "other": target}
                for id_ in records.ids
                for target in check.values[id_].get(name) or ()
            ]
            ids = [id_ for id_ in records.ids if name in check.values[id_]]
            if not ids:
                continue
            parts = {
                "table": SQL.identifier(table),
                "own": SQL.identifier(own),
                "other": SQL.identifier(other),
                "pairs": SQL(
                    "jsonb_to_recordset(%s) AS r(own int, other int)", Json(pairs)
                ),
                "ids": ids,
            }
            self.env.cr.execute(
                SQL(
                    """
                    DELETE FROM %(table)s m
                     WHERE m.%(own)s = ANY(%(ids)s)
                       AND NOT EXISTS (SELECT 1 FROM %(pairs)s
                                        WHERE r.own = m.%(own)s
                                          AND r.other = m.%(other)s)
                    """,
                    **parts,
                )
            )
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO %(table)s (%(own)s, %(other)s)
                    SELECT r.own, r.other FROM %(pairs)s
                    ON CONFLICT DO NOTHING
                    """,
                    **{name: part for name, part in parts.items() if name != "ids"},
                )
            )

    def _follow_parents(self, records, names):
        if records._parent_store and records._parent_name in names:
            records.sudo()._parent_store_update()

    # === CREATED RECORDS === #

    def _delete(self, model_name, ids):
        self.env.flush_all()
        settled, keep, free = self.planner.check_deletes(self.plan, model_name, ids)
        self.plan.keep.update(keep)
        self._notice(model_name, free)
        self._isolate(model_name, free, self._unlink)
        done = [id_ for id_ in free if (model_name, id_) not in self.plan.keep]
        self._mark(model_name, [*settled, *done])

    def _unlink(self, model_name, ids):
        """Delete what was created; consequences without asking for a right."""
        records = self.env[model_name].browse(ids)
        made = records.filtered(lambda r: (model_name, r.id) in self.plan.cascade)
        if made:
            with vars(self.env.cr)[JOURNAL].consequences():
                made.sudo().unlink()
        (records - made).unlink()

    # === ONE BY ONE WHERE NEEDED === #

    def _isolate(self, model_name, ids, act, *args):
        """Do all at once; where that fails, find the records that cannot be undone."""
        if not ids:
            return
        try:
            with self.env.cr.savepoint():
                act(model_name, ids, *args)
        except (UserError, psycopg2.IntegrityError) as error:
            if len(ids) == 1:
                self._keep(model_name, ids[0], self._explain(model_name, error))
                return
            half = len(ids) // 2
            self._isolate(model_name, ids[:half], act, *args)
            self._isolate(model_name, ids[half:], act, *args)

    def _explain(self, model_name, error):
        if isinstance(error, UserError):
            return error.args[0]
        return self.env[model_name]._sql_error_to_message(error)

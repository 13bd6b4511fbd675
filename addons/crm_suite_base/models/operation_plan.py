"""Working out what undo would do, without doing it."""

import functools
from collections import defaultdict

from odoo.tools import SQL, split_every

from ..tools.journal_policy import is_booked
from ..tools.undo import edited_fields, merge_updates, sort_by_reference
from .operation_check import UpdateCheck
from .operation_image import created_image, read_columns, read_image

BATCH = 1000
# Of created records only ids travel, and few queries look at all of them at once.
CREATED_BATCH = 50_000


class UndoPlan:
    def __init__(self):
        self.inserts = {}  # {model: [id]} deleted rows to bring back
        self.updates = {}  # {model: [id]} rows to restore, in whole or in part
        self.deletes = {}  # {model: [id]} created rows to delete, in this order
        self.settled = defaultdict(list)  # {model: [id]} nothing to do any more
        self.cascade = set()  # {(model, id)} consequences, which nobody asked for
        self.keep = {}  # {(model, id): {"reason", "fields": [(name, was, is)], "uses"}}
        self.owners = {}  # {attachment id: (model, id, field) of its record}

    def count(self):
        """Count the records that undo would bring back to what they were."""
        return len(self.get_records() - self.get_kept().keys())

    def get_records(self):
        """Return ``{(model, id)}``: what undo works on, as a user counts it.

        Consequences do not count, and a file counts for the record that it is of.
        """
        return {
            self._as_record(model_name, id_)
            for part in (self.inserts, self.updates, self.deletes)
            for model_name, ids in part.items()
            for id_ in ids
            if (model_name, id_) not in self.cascade
        }

    def get_kept(self):
        """Return :attr:`keep` with each file under the record that it is of."""
        kept = {}
        for (model_name, id_), entry in self.keep.items():
            key = self._as_record(model_name, id_)
            if key[0] != model_name and model_name == "ir.attachment":
                field = self.owners[id_][2]
                entry = {**entry, "fields": [(field, None, None)] if field else []}
            known = kept.setdefault(key, {**entry, "fields": []})
            known["fields"] = known["fields"] + entry["fields"]
        return kept

    def _as_record(self, model_name, id_):
        if model_name == "ir.attachment" and id_ in self.owners:
            return self.owners[id_][:2]
        return model_name, id_

    def size(self):
        return sum(
            len(ids)
            for part in (self.inserts, self.updates, self.deletes)
            for ids in part.values()
        )


class UndoPlanner:
    """Compares what an operation did with what the records are now.

    Only reads. Works with the rights of the environment's user: what they may not
    change is kept, with the reason.
    """

    def __init__(self, operation, selection=None):
        self.env = operation.env
        self.helper = operation.sudo()
        self.unit = operation._get_unit().ids
        self.moves_references = self.helper._moves_references()
        self.selection = selection and {
            model_name: set(ids) for model_name, ids in selection.items()
        }

    def make(self):
        self.env.flush_all()
        plan = UndoPlan()
        plan.owners = self.owners
        inserts, updates, deletes = self._read_net(plan)
        for model_name, ids in inserts.items():
            self._plan_inserts(plan, model_name, ids)
        for model_name, ids in updates.items():
            self._plan_updates(plan, model_name, ids)
        for model_name, ids in deletes.items():
            self._plan_deletes(plan, model_name, ids)
        self._keep_what_is_needed(plan)
        self._order_deletes(plan)
        return plan

    # === WHAT THE OPERATION DID === #

    def _read_net(self, plan):
        """Sort the records by what the operation did to them on balance.

        :return: three dicts ``{model: [id]}``: deleted, changed, created
        """
        parts = {"insert": {}, "update": {}, "delete": {}}
        for model_name, id_, first, last, cascade in self.env.execute_query(
            self._compose_net()
        ):
            if model_name not in self.env:
                reason = self.env._("This kind of record is no longer installed.")
                plan.keep[model_name, id_] = {"reason": reason, "fields": []}
                continue
            if not self._is_selected(model_name, id_, cascade):
                continue
            if cascade:
                plan.cascade.add((model_name, id_))
            if first == "create" and last == "delete":
                plan.settled[model_name].append(id_)
                continue
            part = {"create": "delete"}.get(first) or {"delete": "insert"}.get(last)
            parts[part or "update"].setdefault(model_name, []).append(id_)
        return parts["insert"], parts["update"], parts["delete"]

    def _compose_net(self):
        return SQL(
            """
            SELECT model, res_id, first, last, cascade FROM (
                SELECT model, res_id, max(id) AS rank,
                       -- What is derived may be written while the image is taken.
                       CASE WHEN bool_or(kind = 'create')
                                 AND NOT bool_or(kind = 'delete') THEN 'create'
                            ELSE (array_agg(kind ORDER BY id))[1] END AS first,
                       (array_agg(kind ORDER BY id DESC))[1] AS last,
                       bool_and(cascade IS TRUE) AS cascade
                  FROM crm_suite_operation_change
                 WHERE operation_id = ANY(%s) AND undone IS NOT TRUE
              GROUP BY model, res_id
            ) r
            ORDER BY rank DESC
            """,
            self.unit,
        )

    def _is_selected(self, model_name, id_, cascade):
        """Consequences follow their record: see what refers to what at the end."""
        if not self.selection:
            return True
        if model_name == "ir.attachment":
            return self.owners.get(id_, ())[:2] in self.selected_owners
        return cascade or id_ in self.selection.get(model_name, ())

    @functools.cached_property
    def selected_owners(self):
        return {
            (model_name, id_)
            for model_name, ids in self.selection.items()
            for id_ in ids
        }

    @functools.cached_property
    def owners(self):
        return self._read_owners()

    def _read_owners(self):
        """Map the attachments of the journal to the records that they belong to."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT c.res_id,
                       COALESCE(a.res_model, i.image ->> 'res_model'),
                       COALESCE(a.res_id, (i.image ->> 'res_id')::int),
                       COALESCE(a.res_field, i.image ->> 'res_field')
                  FROM crm_suite_operation_change c
             LEFT JOIN ir_attachment a ON a.id = c.res_id
            CROSS JOIN LATERAL (SELECT CASE c.kind WHEN 'delete' THEN c.before
                                                   ELSE c.after END AS image) i
                 WHERE c.operation_id = ANY(%s) AND c.model = 'ir.attachment'
              ORDER BY c.id
                """,
                self.unit,
            )
        )
        return {
            id_: (model_name, res_id, field)
            for id_, model_name, res_id, field in rows
            if res_id and model_name in self.env
        }

    def read_changes(self, model_name, ids, kinds):
        """Read the journal of some records, oldest first.

        :return: ``{id: [(before, after)]}``
        """
        changes = defaultdict(list)
        for id_, before, after in self.env.execute_query(
            SQL(
                """
                SELECT res_id, before, after
                  FROM crm_suite_operation_change
                 WHERE operation_id = ANY(%s) AND model = %s AND res_id = ANY(%s)
                   AND kind = ANY(%s) AND undone IS NOT TRUE
              ORDER BY id
                """,
                self.unit,
                model_name,
                list(ids),
                list(kinds),
            )
        ):
            changes[id_].append((before or {}, after or {}))
        return changes

    # === DELETED RECORDS === #

    def _plan_inserts(self, plan, model_name, ids):
        shape = self.helper._journal_shape(model_name)
        existing = read_columns(self.env, shape, (), ids)
        plan.settled[model_name].extend(existing)
        missing = [id_ for id_ in ids if id_ not in existing]
        asked = [id_ for id_ in missing if (model_name, id_) not in plan.cascade]
        if is_booked(model_name):
            plan.keep.update({(model_name, id_): self._get_booked() for id_ in asked})
            missing = []
        elif not self.env[model_name].has_access("create"):
            self._refuse(plan, model_name, asked)
            missing = [i for i in missing if (model_name, i) in plan.cascade]
        if missing:
            plan.inserts[model_name] = missing

    # === CHANGED RECORDS === #

    def _plan_updates(self, plan, model_name, ids):
        for batch in split_every(BATCH, ids, list):
            check = self.check_updates(plan, model_name, batch)
            plan.keep.update(check.keep)
            plan.settled[model_name].extend(check.settled)
            if check.values:
                plan.updates.setdefault(model_name, []).extend(check.values)

    def check_updates(self, plan, model_name, ids):
        """Compare changed records with what the operation made of them.

        :return: see :class:`UpdateCheck`
        """
        shape = self._get_update_shape(model_name)
        merged = {
            id_: merge_updates(changes, shape.keyed)
            for id_, changes in self.read_changes(model_name, ids, ["update"]).items()
        }
        known = {*shape.columns, *shape.relations}
        names = {
            name for _b, after in merged.values() for name in after if name in known
        }
        images = read_image(self.env, shape, sorted(names), ids)
        check = UpdateCheck(self, plan, model_name, shape)
        writable = self._get_writable(plan, model_name, list(images))
        for id_ in ids:
            before, after = merged.get(id_, ({}, {}))
            after = {name: value for name, value in after.items() if name in known}
            check.add(id_, images.get(id_), before, after, id_ in writable)
        check.drop_lost_targets()
        return check

    def _get_update_shape(self, model_name):
        if self.moves_references:
            return self.helper._journal_wide_shape(model_name)
        return self.helper._journal_shape(model_name)

    def _get_writable(self, plan, model_name, ids):
        free = [id_ for id_ in ids if (model_name, id_) in plan.cascade]
        records = self.env[model_name].browse(ids)
        if model_name == "ir.attachment":
            return {*free, *self._filter_attachments(records).ids}
        return {*free, *records._filtered_access("write").ids}

    def _filter_attachments(self, attachments):
        """A file may be restored by whoever may change the record that it is of."""
        owners = defaultdict(list)
        for attachment in attachments:
            if attachment.id in self.owners:
                model_name, id_, _field = self.owners[attachment.id]
                owners[model_name].append((id_, attachment.id))
        allowed = []
        for model_name, pairs in owners.items():
            records = self.env[model_name].browse({id_ for id_, _a in pairs}).exists()
            writable = set(records._filtered_access("write").ids)
            allowed += [attachment for id_, attachment in pairs if id_ in writable]
        return attachments.browse(allowed)

    # === CREATED RECORDS === #

    def _plan_deletes(self, plan, model_name, ids):
        for batch in split_every(CREATED_BATCH, ids, list):
            settled, keep, free = self.check_deletes(plan, model_name, batch)
            plan.settled[model_name].extend(settled)
            plan.keep.update(keep)
            if free:
                plan.deletes.setdefault(model_name, []).extend(free)

    def check_deletes(self, plan, model_name, ids):
        """Find out which created records may go.

        :return: ids that are gone already, ``{(model, id): why}`` to keep, ids to delete
        """
        shape = self.helper._journal_shape(model_name)
        existing = read_columns(self.env, shape, (), ids)
        settled = [id_ for id_ in ids if id_ not in existing]
        ids = [
            id_
            for id_ in ids
            if id_ in existing
            and ((model_name, id_) not in plan.cascade or self.moves_references)
        ]
        if not ids:
            return settled, {}, []
        keep = {}
        for id_, fields in self._find_edited(model_name, shape, ids).items():
            reason = self.env._("It was changed since.")
            keep[model_name, id_] = {"reason": reason, "fields": fields}
        uses = self.helper._find_uses(model_name, ids, self.unit)
        for id_, sources in uses.items():
            entry = keep.setdefault((model_name, id_), {"reason": "", "fields": []})
            entry["uses"] = sources
        records = self.env[model_name].browse(ids)
        allowed = set(records._filtered_access("unlink").ids)
        allowed.update(id_ for id_ in ids if (model_name, id_) in plan.cascade)
        for id_ in ids:
            if id_ not in allowed:
                keep.setdefault((model_name, id_), self._get_refusal())
        free = [id_ for id_ in ids if (model_name, id_) not in keep]
        return settled, keep, free

    def _find_edited(self, model_name, shape, ids):
        """Compare created records with their images, in the database first.

        Each row is looked up by itself (OFFSET 0): right after a big operation the
        planner has no figures yet and would join the tables the wrong way round.

        :return: ``{id: [(field, was, is)]}`` of those that were edited
        """
        suspects = [
            id_
            for (id_,) in self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT i.id
                      FROM unnest(%(ids)s) i(id)
                CROSS JOIN LATERAL (SELECT %(image)s AS image FROM %(table)s t
                                     WHERE t.id = i.id OFFSET 0) t
                CROSS JOIN LATERAL (SELECT after FROM crm_suite_operation_change
                                     WHERE operation_id = ANY(%(unit)s)
                                       AND model = %(model)s AND res_id = i.id
                                       AND kind = 'create' AND undone IS NOT TRUE
                                    OFFSET 0) c
                     WHERE t.image - %(automatic)s::text[] IS DISTINCT FROM
                           jsonb_strip_nulls(c.after) - %(automatic)s::text[]
                    """,
                    table=SQL.identifier(shape.table),
                    model=model_name,
                    unit=self.unit,
                    ids=list(ids),
                    image=created_image(shape),
                    automatic=list(shape.automatic),
                )
            )
        ]
        if not suspects:
            return {}
        compared = sorted(shape.compared - shape.automatic)
        images = read_image(self.env, shape, compared, suspects)
        changes = self.read_changes(model_name, suspects, ["create", "update"])
        edited = {}
        for id_ in suspects:
            _before, made = merge_updates(changes[id_], shape.keyed)
            if fields := edited_fields(made, images[id_], compared):
                edited[id_] = fields
        return self._drop_own_links(model_name, shape, edited)

    def _drop_own_links(self, model_name, shape, edited):
        """Take out the many2many links that the operation made from the other side.

        A tag created by an import is linked by the customers that the import writes
        after it: the journal has the link with them, and it is no edit of the tag.
        """
        for name in shape.relations:
            changed = {
                id_: (set(was or ()), set(now or ()))
                for id_, fields in edited.items()
                for field, was, now in fields
                if field == name
            }
            if not changed:
                continue
            made = self._read_links_from_other_side(model_name, shape, name, changed)
            for id_, (was, now) in changed.items():
                if was <= now and now - was <= made[id_]:
                    edited[id_] = [x for x in edited[id_] if x[0] != name]
        return {id_: fields for id_, fields in edited.items() if fields}

    def _read_links_from_other_side(self, model_name, shape, name, changed):
        """Read who linked records by the field that mirrors a many2many field.

        :param dict changed: ``{id: (linked then, linked now)}``
        :return: ``{id: {id of the other side}}`` as journalled by the operation
        """
        table, own, other = shape.relations[name]
        comodel_name = self.env[model_name]._fields[name].comodel_name
        comodel_shape = self.helper._journal_shape(comodel_name)
        others = {id_ for was, now in changed.values() for id_ in now - was}
        made = defaultdict(set)
        for mirror, relation in comodel_shape.relations.items():
            if relation != (table, other, own):
                continue
            changes = self.read_changes(comodel_name, others, ["create", "update"])
            for other_id, updates in changes.items():
                _before, after = merge_updates(updates, comodel_shape.keyed)
                for id_ in after.get(mirror) or ():
                    made[id_].add(other_id)
        return made

    # === WHAT HANGS TOGETHER === #

    def _keep_what_is_needed(self, plan):
        """Keep created records to which something refers that is kept itself."""
        front = list(plan.keep)
        while front:
            needed = self._find_needed(plan, front)
            for (model_name, id_), source in needed.items():
                plan.deletes[model_name].remove(id_)
                entry = {"reason": "", "fields": [], "uses": [(*source, 1)]}
                plan.keep[model_name, id_] = entry
            front = list(needed)

    def _find_needed(self, plan, sources):
        """Find records to be deleted to which kept records refer.

        :return: ``{(model, id): (model, id) of what refers to it}``
        """
        by_model = defaultdict(list)
        for model_name, id_ in sources:
            by_model[model_name].append(id_)
        needed = {}
        tables = self.helper._get_models_by_table()
        for key in self.helper._get_foreign_keys():
            source, target = tables.get(key.table), tables.get(key.target)
            if source not in by_model or target not in plan.deletes:
                continue
            if self.helper._is_derived_key(key):
                continue
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT id, %(column)s FROM %(table)s
                     WHERE id = ANY(%(ids)s) AND %(column)s = ANY(%(targets)s)
                    """,
                    column=SQL.identifier(key.column),
                    table=SQL.identifier(key.table),
                    ids=by_model[source],
                    targets=plan.deletes[target],
                )
            )
            for id_, target_id in rows:
                needed.setdefault((target, target_id), (source, id_))
        return needed

    def _order_deletes(self, plan):
        """Those that refer come before those referred to, the newest first."""
        tables = self.helper._get_models_by_table()
        references = {
            (tables.get(key.table), tables.get(key.target))
            for key in self.helper._get_foreign_keys()
        }
        ordered = sort_by_reference(list(plan.deletes), references)
        plan.deletes = {
            model_name: sorted(plan.deletes[model_name], reverse=True)
            for model_name in ordered
            if plan.deletes[model_name]
        }

    # === REASONS === #

    def _refuse(self, plan, model_name, ids):
        for id_ in ids:
            plan.keep[model_name, id_] = self._get_refusal()

    def _get_booked(self):
        reason = self.env._(
            "Bookings of accounting and stock are corrected by a booking, not by undo."
        )
        return {"reason": reason, "fields": []}

    def _get_refusal(self):
        return {"reason": self.env._("You may not change this record."), "fields": []}

"""Taking the images of what an operation changes, while it changes it."""

import json
from contextlib import contextmanager

from psycopg2.extras import Json

from odoo.tools import SQL

from ..tools.journal_policy import DELETIONS, FULL
from ..tools.undo import diff_images
from .operation_image import created_image, read_columns, read_relations, read_rows

# Where the journal of the running operation hangs: on the cursor itself, because
# every environment of the transaction shares it. (``cr.cache`` would be emptied by
# each savepoint that rolls back, and the rest of the operation go unnoticed.)
JOURNAL = "crm_suite_journal"


class Journal:
    """Writes the changes of one transaction to the journal of an operation.

    Everything goes into the database in the same transaction and savepoint as the
    change itself, so whatever is rolled back is rolled back with its journal.
    Created records are noted in ``cr.precommit.data``, which lives exactly as long
    as the ORM's own pending writes, and imaged when these are flushed: at the end,
    before a commit, before a savepoint.
    """

    def __init__(self, operation):
        self.operation_id = operation.id
        # No language, no defaults: values are journalled as they are stored.
        # pylint: disable-next=context-overridden
        self.env = operation.env(su=True, context={})
        self.cr = self.env.cr
        self.key = f"crm_suite_base.journal.{operation.id}"
        self.lost = False
        # See :meth:`consequences`.
        self.following = False

    def shape(self, model_name):
        if self.lost:
            raise RuntimeError(
                "The transaction was rolled back inside an operation that it had "
                "begun; nothing can be journalled any more."
            )
        operations = self.env["crm.suite.operation"]
        if self.following:
            return operations._journal_wide_shape(model_name)
        return operations._journal_shape(model_name)

    def lose(self):
        self.lost = True

    @contextmanager
    def consequences(self):
        """Journal what happens inside as consequences: with the rest it is undone,
        whoever may change it, and of models too that are not journalled otherwise.
        """
        self.env.flush_all()
        self.flush()
        before, self.following = self.following, True
        try:
            yield
            self.env.flush_all()
            self.flush()
        finally:
            self.following = before

    def _is_journalled(self, shape):
        if shape.policy == FULL:
            return True
        return (
            self.following
            and bool(shape.table)
            and not shape.table.startswith("crm_suite_operation")
        )

    # === CREATED RECORDS === #

    def note_created(self, records):
        if self.shape(records._name).policy == FULL:
            self._pending().setdefault(records._name, {}).update(
                dict.fromkeys(records._ids, True)
            )

    def _pending(self):
        data = self.cr.precommit.data
        if self.key not in data:
            data[self.key] = {}
            self.cr.precommit.add(self.flush)
        return data[self.key]

    def _pending_ids(self, model_name):
        return self.cr.precommit.data.get(self.key, {}).get(model_name, {})

    def flush(self):
        """Take the images of the records created since the last time."""
        if self.cr.precommit.data.get(self.key):
            self.env.flush_all()
        for model_name, ids in self.cr.precommit.data.pop(self.key, {}).items():
            if ids:
                shape = self.env["crm.suite.operation"]._journal_shape(model_name)
                self._insert_created(shape, model_name, list(ids))

    def note_restored(self, records, cascade):
        """Journal rows that undo brought back."""
        shape = self.shape(records._name)
        if shape.policy and records:
            self._insert_created(shape, records._name, records.ids, cascade)

    def _insert_created(self, shape, model_name, ids, cascade=False):
        self.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_operation_change
                            (operation_id, model, res_id, kind, cascade, after)
                SELECT %(operation)s, %(model)s, t.id, 'create', %(cascade)s, %(image)s
                  FROM %(table)s t
                 WHERE t.id = ANY(%(ids)s)
              ORDER BY t.id
                """,
                operation=self.operation_id,
                model=model_name,
                cascade=cascade or self.following,
                image=created_image(shape),
                table=SQL.identifier(shape.table),
                ids=ids,
            )
        )

    # === UPDATED RECORDS === #

    @contextmanager
    def updating(self, records, fnames):
        """Journal the change of some columns of records that happens inside."""
        shape = self.shape(records._name)
        names = [name for name in shape.columns if name in fnames]
        pending = self._pending_ids(records._name)
        ids = [id_ for id_ in records._ids if id_ not in pending]
        if not self._is_journalled(shape) or not names or not ids:
            yield
            return
        before = read_columns(self.env, shape, names, ids)
        yield
        after = read_columns(self.env, shape, names, ids)
        if self._insert_updated(shape, records._name, before, after):
            self._keep_files(records._name, before, after)

    @contextmanager
    def relating(self, records, fnames):
        """Journal the change of many2many fields that happens inside."""
        shape = self.shape(records._name)
        names = [
            name
            for name in shape.relations
            if name in fnames or name in shape.protected
        ]
        pending = self._pending_ids(records._name)
        ids = [id_ for id_ in records._ids if id_ and id_ not in pending]
        if not self._is_journalled(shape) or not names or not ids:
            yield
            return
        before = read_relations(self.env, shape, names, ids)
        yield
        after = read_relations(self.env, shape, names, ids)
        self._insert_updated(shape, records._name, before, after)

    def _insert_updated(self, shape, model_name, before, after, cascade=False):
        rows = []
        for id_, image in after.items():
            old, new = diff_images(before.get(id_, {}), image, shape.keyed)
            if new:
                rows.append({"res_id": id_, "before": old, "after": new})
        self.insert(model_name, "update", rows, cascade)
        return len(rows)

    def insert(self, model_name, kind, rows, cascade=False):
        """Write journal rows ``{"res_id": …, "before": …, "after": …}``."""
        if not rows:
            return
        self.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_operation_change
                            (operation_id, model, res_id, kind, cascade, before, after)
                SELECT %s, %s, r.res_id, %s, %s, r.before, r.after
                  FROM jsonb_to_recordset(%s)
                    AS r(res_id int, before jsonb, after jsonb)
                """,
                self.operation_id,
                model_name,
                kind,
                cascade or self.following,
                Json(rows, dumps=_dumps),
            )
        )

    # === DELETED RECORDS === #

    def note_deleted(self, records):
        """Journal records about to be deleted and what the database deletes along."""
        if not self.shape(records._name).policy:
            return
        self.env.flush_all()
        doomed = self.env["crm.suite.operation"]._collect_cascade(
            records._name, [id_ for id_ in records._ids if id_]
        )
        for (model_name, id_column), by_id in doomed.cleared.items():
            self._insert_cleared(model_name, id_column, by_id)
        # What hangs deepest goes first, so that undo, which goes backwards, has each
        # row back before those that refer to it.
        for model_name, ids in reversed(doomed.deleted.items()):
            self._insert_deleted(model_name, ids, doomed, model_name != records._name)

    def _insert_cleared(self, model_name, column, by_id):
        shape = self.shape(model_name)
        pending = self._pending_ids(model_name)
        if shape.policy != FULL or column not in shape.columns:
            return
        rows = [
            {"res_id": id_, "before": {column: value}, "after": {column: None}}
            for id_, value in by_id.items()
            if id_ not in pending
        ]
        self.insert(model_name, "update", rows, cascade=True)

    def _insert_deleted(self, model_name, ids, doomed, cascade):
        shape = self.shape(model_name)
        pending = self._pending_ids(model_name)
        ids = [id_ for id_ in ids if not pending.pop(id_, False)]
        if not shape.policy or not ids:
            return
        images = read_rows(self.env, shape, ids)
        self._keep_files(model_name, images)
        rows = []
        for id_, image in images.items():
            if relations := doomed.relations.get((model_name, id_)):
                image["@relations"] = relations
            rows.append({"res_id": id_, "before": image})
        self.insert(model_name, "delete", rows, cascade or shape.policy == DELETIONS)

    # === FILES === #

    def _keep_files(self, model_name, before, after=None):
        """Keep the files of attachments that are replaced or deleted.

        The host's garbage collection removes a file to which no attachment refers.
        A copy of the attachment under the operation refers to it until the journal
        is trimmed.
        """
        if model_name != "ir.attachment":
            return
        names = {
            image["store_fname"]
            for id_, image in before.items()
            if image.get("store_fname")
            and (after or {}).get(id_, {}).get("store_fname") != image["store_fname"]
        }
        if names:
            self.cr.execute(
                SQL(
                    """
                    INSERT INTO ir_attachment (name, type, res_model, res_id,
                                               store_fname, checksum, file_size,
                                               create_uid, create_date,
                                               write_uid, write_date)
                    SELECT DISTINCT ON (store_fname) name, 'binary',
                           'crm.suite.operation', %(operation)s,
                           store_fname, checksum, file_size,
                           %(uid)s, now() at time zone 'UTC',
                           %(uid)s, now() at time zone 'UTC'
                      FROM ir_attachment
                     WHERE store_fname = ANY(%(names)s)
                    """,
                    operation=self.operation_id,
                    uid=self.env.uid,
                    names=list(names),
                )
            )


def _dumps(value):
    return json.dumps(value, ensure_ascii=False)

from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.models import LOG_ACCESS_COLUMNS
from odoo.tools import SQL

from .operation_journal import JOURNAL, Journal

KINDS = [
    ("import", "Import"),
    ("api", "By a program"),
    ("mass_edit", "Mass edit"),
    ("reassign", "Reassignment"),
    ("merge", "Merge"),
    ("rule", "Rule run"),
    ("undo", "Undo"),
    ("other", "Other"),
]
STATES = [
    ("open", "Running"),
    ("done", "Done"),
    ("failed", "Failed"),
    ("partly_undone", "Partly undone"),
    ("undone", "Undone"),
]
UNDOABLE_STATES = ("open", "done", "failed", "partly_undone")
# Of the advisory locks of those who journal and of who closes.
LOCK_SPACE = 190_002


class Operation(models.Model):
    """A bulk act: what it changed, who did it, why, and how to take it back.

    Use::

        with env["crm.suite.operation"].record("mass_edit", "Spring cleaning") as op:
            partners.write({"user_id": user.id})   # any ORM call on any model
            op.log_sql("crm.suite.purchase", SQL("INSERT INTO …"))

    What the ORM creates, writes or deletes inside, in whatever environment of the
    transaction, is journalled; so is a recomputed field that a user could have
    entered. Set-based SQL is journalled by :meth:`log_sql`.

    *Long jobs* open an operation once (:meth:`begin`), continue it in each
    transaction by ``with op.journal():`` and end it by :meth:`close` or :meth:`fail`.
    Several workers may continue one operation at once. A job that died leaves its
    operation running or failed: what it committed can be undone.

    *Nested* operations keep a line of their own, below the one that was running:
    undoing the outer one undoes the inner one too, undoing the inner one leaves the
    rest of the outer one alone.

    *An exception* inside leaves everything to the transaction: what is rolled back
    is rolled back with its journal.

    *Undo* is an operation too (kind *undo*): undoing it does again what was undone.
    """

    _name = "crm.suite.operation"
    _description = "Bulk Operation"
    _order = "date_start desc, id desc"

    name = fields.Char(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True, default="other")
    reason = fields.Char(readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Done by", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    parent_id = fields.Many2one(
        "crm.suite.operation",
        string="Part of",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    child_ids = fields.One2many(
        "crm.suite.operation", "parent_id", string="Parts", readonly=True
    )
    change_ids = fields.Many2many(
        "crm.suite.operation.change",
        string="First Changes",
        compute="_compute_change_ids",
    )
    res_model = fields.Char(string="Main Model", readonly=True)
    date_start = fields.Datetime(
        string="Started", required=True, readonly=True, default=fields.Datetime.now
    )
    date_end = fields.Datetime(string="Ended", readonly=True)
    state = fields.Selection(
        STATES, required=True, readonly=True, default="open", index=True
    )
    failure = fields.Char(string="Reason of Failure", readonly=True)
    record_count = fields.Integer(string="Records", readonly=True)
    created_count = fields.Integer(string="Created", readonly=True)
    updated_count = fields.Integer(string="Changed", readonly=True)
    deleted_count = fields.Integer(string="Deleted", readonly=True)
    undo_until = fields.Datetime(
        readonly=True, help="Afterwards the journal is removed and undo is impossible."
    )
    trimmed = fields.Boolean(
        readonly=True, help="The journal was removed because its time was over."
    )
    undo_operation_id = fields.Many2one(
        "crm.suite.operation",
        string="Undone by Operation",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    undo_of_id = fields.Many2one(
        "crm.suite.operation",
        string="Undoes Operation",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    _undo_until_idx = models.Index("(undo_until) WHERE trimmed IS NOT TRUE")

    def _compute_change_ids(self):
        """Take the first changes only: an import has too many for a form."""
        Change = self.env["crm.suite.operation.change"]
        for operation in self:
            operation.change_ids = Change.search(
                [("operation_id", "=", operation.id), ("cascade", "!=", True)], limit=80
            )

    # === JOURNAL === #

    @api.private
    @contextmanager
    def record(self, kind, reason=None, **values):
        """Run the body as one operation that can be undone.

        :param str kind: one of the selection of :attr:`kind`
        :param str reason: why, in the words of the user
        :param values: further fields of the operation (``name``, ``company_id``, …)
        :return: context manager that yields the operation
        """
        operation = self.begin(kind, reason, **values)
        with operation.journal():
            yield operation
        operation.close()

    @api.private
    def begin(self, kind, reason=None, **values):
        """Open an operation without journalling yet: the first step of a long job.

        :return: the running operation; continue it by :meth:`journal`
        """
        outer = vars(self.env.cr).get(JOURNAL)
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        operation = self.sudo().create(
            {
                "kind": kind,
                "name": reason or kinds[kind],
                "reason": reason,
                "user_id": self.env.uid,
                "company_id": self.env.company.id,
                "undo_until": self._get_undo_until(),
                "parent_id": outer and outer.operation_id,
                **values,
            }
        )
        # Forgotten by a commit: from then on a rollback cannot undo this row.
        self.env.cr.postrollback.data.setdefault(JOURNAL, set()).add(operation.id)
        return operation.with_env(self.env)

    @api.private
    @contextmanager
    def journal(self):
        """Journal what happens inside for this running operation.

        Holds a shared lock on the operation until the end of the transaction, so
        that several workers can continue one operation while nobody can undo it.

        :raise UserError: when the operation is over
        """
        self.ensure_one()
        self._lock_for_journal()
        cursor = self.env.cr
        outer = vars(cursor).get(JOURNAL)
        self.env.flush_all()
        if outer:
            outer.flush()
        journal = Journal(self)
        self._watch_rollback(journal)
        vars(cursor)[JOURNAL] = journal
        try:
            yield self
            self.env.flush_all()
            journal.flush()
        finally:
            if outer:
                vars(cursor)[JOURNAL] = outer
            else:
                vars(cursor).pop(JOURNAL, None)

    def _lock_for_journal(self):
        """Stand in line: behind who waits to close the operation, beside other workers.

        The row itself has no line: workers who share it would let nobody else have
        it as long as their chunks overlap.
        """
        self.flush_recordset(["state"])
        self.env.cr.execute(
            SQL(
                """
                WITH line AS MATERIALIZED (
                    SELECT pg_advisory_xact_lock_shared(%(space)s, %(id)s))
                SELECT state FROM crm_suite_operation, line
                 WHERE id = %(id)s
                   FOR SHARE OF crm_suite_operation
                """,
                space=LOCK_SPACE,
                id=self.id,
            ),
            # That somebody closed it meanwhile is nothing to tell in the log.
            log_exceptions=False,
        )
        rows = self.env.cr.fetchall()
        if not rows or rows[0][0] != "open":
            raise UserError(
                self.env._(
                    "“%(operation)s” is over; start a new operation instead.",
                    operation=self.sudo().name,
                )
            )

    def _watch_rollback(self, journal):
        """Make a journal refuse to go on when its own operation was rolled back."""
        hooks = self.env.cr.postrollback
        if self.id in hooks.data.get(JOURNAL, ()):
            hooks.add(journal.lose)

    @api.private
    def close(self):
        """End the operation: count what it changed and start the time for undo."""
        for operation in self.sudo():
            if operation._wait_for_workers():
                # What they committed meanwhile is not seen in this transaction.
                with self.env.registry.cursor() as cr:
                    counts = operation._count_changes(cr)
            else:
                counts = operation._count_changes(self.env.cr)
            operation.write(
                {
                    "state": "done",
                    "date_end": fields.Datetime.now(),
                    "undo_until": self._get_undo_until(),
                    **counts,
                }
            )

    def _wait_for_workers(self):
        """Wait until no other transaction journals; keep new ones waiting.

        :return: whether there was anybody to wait for
        """
        key = SQL("(%s, %s)", LOCK_SPACE, self.id)
        [[free]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock%s", key)
        )
        if not free:
            self.env.execute_query(SQL("SELECT pg_advisory_xact_lock%s", key))
        return not free

    @api.private
    def fail(self, reason):
        """End the operation as failed; what it had committed can be undone.

        :param str reason: what went wrong, for the user
        """
        self.close()
        self.sudo().write({"state": "failed", "failure": reason})

    @api.model
    def _get_undo_until(self):
        return fields.Datetime.now() + timedelta(days=self._get_undo_days())

    @api.model
    def _get_undo_days(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return int(parameters.get_param("crm_suite_base.undo_days", 30))

    def _count_changes(self, cr):
        """Count records, without the consequences that the database drew itself.

        A nested operation's records count for the outer one too.

        :param cr: the cursor that sees what is to be counted
        """
        self.env.flush_all()
        cr.execute(
            SQL(
                """
                SELECT (ARRAY['create', 'update', 'delete'])[1 + first %% 4], model,
                       count(*)
                  FROM (
                    -- The kinds of the first and the last id, without sorting.
                    SELECT model, res_id, min(place) AS first, max(place) AS last
                      FROM (
                        SELECT model, res_id,
                               id::bigint * 4 + CASE kind WHEN 'create' THEN 0
                                                          WHEN 'update' THEN 1
                                                          ELSE 2 END AS place
                          FROM crm_suite_operation_change
                         WHERE operation_id = ANY(%s) AND cascade IS NOT TRUE
                           AND model != 'ir.attachment'
                      ) c
                  GROUP BY model, res_id
                ) r
                 WHERE NOT (first %% 4 = 0 AND last %% 4 = 2)
              GROUP BY 1, 2
              ORDER BY count(*) DESC
                """,
                self._get_unit().ids,
            )
        )
        rows = cr.fetchall()
        counts = {"create": 0, "update": 0, "delete": 0}
        for kind, _model, count in rows:
            counts[kind] += count
        return {
            "created_count": counts["create"],
            "updated_count": counts["update"],
            "deleted_count": counts["delete"],
            "record_count": sum(counts.values()),
            "res_model": self.res_model or (rows[0][1] if rows else False),
        }

    @api.model
    def _get_running(self):
        """The operation whose journal is open on this cursor, or none.

        :rtype: crm.suite.operation
        """
        journal = vars(self.env.cr).get(JOURNAL)
        return self.browse(journal.operation_id if journal else ())

    def _get_unit(self):
        """Return the operation with those nested in it: what is undone together."""
        return self.sudo().search([("id", "child_of", self.ids)])

    # === SET-BASED SQL === #

    @api.private
    def log_sql(self, model_name, query, alias=None, columns=None, cascade=False):
        """Run one set-based SQL statement and journal the rows that it touches.

        Made for tables of our own with many rows: 70 000 inserted rows take about a
        second, journal included. The images come from the statement itself
        (``RETURNING``), the *before* images from its snapshot while it holds the row
        locks, so nothing can slip in between. ::

            op.log_sql(
                "crm.suite.purchase",
                SQL(
                    "INSERT INTO crm_suite_purchase (partner_id, amount) "
                    "SELECT partner_id, amount FROM staging"
                ),
            )

        The ORM knows nothing of such a statement: fill stored computed columns
        yourself; pending writes of the model are flushed before, its cache is
        emptied after.

        :param str model_name: the model whose table the statement changes
        :param SQL query: ``INSERT`` (with ``ON CONFLICT DO NOTHING`` at most),
            ``UPDATE`` or ``DELETE``, without ``RETURNING`` and without ``WITH``
            before it. A ``DELETE`` is refused on a table whose rows others refer to
            with a cascade: use ``unlink()``, which journals what goes along.
        :param str alias: the alias that the statement gives to the table, if any
        :param list columns: of an ``INSERT``: the columns that it fills, if it
            fills a few only; the image is made of these, which is cheaper. Of an
            ``UPDATE``: those that it sets, which spares comparing the others
        :param bool cascade: the rows are not what the user works on but a
            consequence of it: they are undone with it, whoever may change them
        :return: the ids of the rows that were inserted, updated or deleted
        :rtype: list[int]
        """
        self.ensure_one()
        model = self.env[model_name]
        kind = self._get_statement_kind(model, query)
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH changed AS (%(query)s RETURNING %(returned)s),
                journal AS (
                    INSERT INTO crm_suite_operation_change
                                (operation_id, model, res_id, kind, before, after,
                                 cascade)
                    SELECT i.*, %(cascade)s FROM (%(images)s) i
                )
                SELECT id FROM changed
                """,
                query=query,
                cascade=cascade,
                returned=self._compose_returned(alias or model._table, kind, columns),
                images=getattr(self, f"_log_sql_{kind}")(model, columns),
            )
        )
        model.invalidate_model(flush=False)
        return [id_ for (id_,) in rows]

    def _get_statement_kind(self, model, query):
        """Tell what a statement does, and refuse what cannot be journalled."""
        verb = query.code.split(None, 1)[0].upper()
        kind = {"INSERT": "create", "UPDATE": "update", "DELETE": "delete"}.get(verb)
        if not kind:
            raise ValueError(f"Cannot journal a statement that begins with {verb!r}.")
        if kind == "create" and "DO UPDATE" in query.code.upper():
            raise ValueError(
                "Journal INSERT … ON CONFLICT DO UPDATE as two statements."
            )
        if kind == "delete" and self._has_cascade(model._table):
            raise ValueError(f"Rows of {model._name} must be deleted by unlink().")
        return kind

    def _compose_returned(self, alias, kind, columns):
        """What the statement hands to the journal; of wide tables only what counts."""
        if not columns or kind != "update":
            return SQL("%s.*", SQL.identifier(alias))
        return SQL(", ").join(SQL.identifier(alias, name) for name in ("id", *columns))

    def _log_sql_create(self, model, columns, rows=None):
        # Cheaper than dropping NULLs, as these tables are narrow.
        image = SQL("to_jsonb(c) - %s::text[]", ["id", *LOG_ACCESS_COLUMNS])
        if columns:
            parts = (SQL("%s, %s", name, SQL.identifier("c", name)) for name in columns)
            image = SQL("jsonb_build_object(%s)", SQL(", ").join(parts))
        return SQL(
            "SELECT %s, %s, c.id, 'create', NULL::jsonb, %s FROM %s c",
            self.id,
            model._name,
            image,
            rows or SQL("changed"),
        )

    def _log_sql_update(self, model, columns):
        if columns:
            return self._log_sql_columns(model, columns)
        # The main query does not see what its WITH queries write: the table still
        # shows the rows as they were.
        return SQL(
            """
            SELECT %s, %s, d.id, 'update', d.before, d.after
              FROM (
                SELECT c.id,
                       jsonb_object_agg(b.key, b.value) AS before,
                       jsonb_object_agg(b.key, to_jsonb(c) -> b.key) AS after
                  FROM changed c
                  JOIN %s o ON o.id = c.id
            CROSS JOIN LATERAL jsonb_each(to_jsonb(o)) b
                 WHERE b.value IS DISTINCT FROM to_jsonb(c) -> b.key
                   AND b.key = ANY(%s)
              GROUP BY c.id
            ) d
            """,
            self.id,
            model._name,
            SQL.identifier(model._table),
            list(self._journal_shape(model._name).columns),
        )

    def _log_sql_columns(self, model, columns):
        """Compare the named columns only; see :meth:`_log_sql_update`."""
        values = [
            SQL(
                "(%s, to_jsonb(o.%s), to_jsonb(c.%s))",
                name,
                SQL.identifier(name),
                SQL.identifier(name),
            )
            for name in columns
        ]
        return SQL(
            """
            SELECT %(operation)s, %(model)s, c.id, 'update', d.before, d.after
              FROM changed c
              JOIN %(table)s o ON o.id = c.id
        CROSS JOIN LATERAL (
                SELECT jsonb_object_agg(v.key, v.was) AS before,
                       jsonb_object_agg(v.key, v.now) AS after
                  FROM (VALUES %(values)s) v(key, was, now)
                 WHERE v.was IS DISTINCT FROM v.now
            ) d
             WHERE d.after IS NOT NULL
            """,
            operation=self.id,
            model=model._name,
            table=SQL.identifier(model._table),
            values=SQL(", ").join(values),
        )

    def _log_sql_delete(self, model, _columns):
        return SQL(
            "SELECT %s, %s, c.id, 'delete', to_jsonb(c), NULL::jsonb FROM changed c",
            self.id,
            model._name,
        )

    # === TRIMMING === #

    @api.autovacuum
    def _gc_journal(self):
        """Remove the journal of operations whose time for undo is over.

        The operations themselves stay, as the record of who did what.
        """
        limit = 10_000
        domain = [
            ("undo_until", "<", fields.Datetime.now()),
            ("trimmed", "=", False),
        ]
        operation = self.sudo().search(domain, order="undo_until, id", limit=1)
        if not operation:
            return 0, 0
        removed = operation._trim(limit)
        return removed, self.sudo().search_count(domain, limit=1)

    def _trim(self, limit):
        """Remove at most ``limit`` journal rows; mark the operation when none is left.

        :return: how many rows were removed
        :rtype: int
        """
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_operation_change
                 WHERE id IN (SELECT id FROM crm_suite_operation_change
                               WHERE operation_id = %s LIMIT %s)
                """,
                self.id,
                limit,
            )
        )
        removed = self.env.cr.rowcount
        if removed < limit:
            self._drop_kept_files()
            self.trimmed = True
        return removed

    def _drop_kept_files(self):
        self.env["ir.attachment"].sudo().search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        ).unlink()

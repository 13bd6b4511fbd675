from odoo import models
from odoo.tools import SQL


class ImportWorkBulk(models.Model):
    """The part of an import that the database does alone, see ``_import_bulk``."""

    _inherit = "crm.suite.import.batch"

    def _do_bulk(self, memory):
        """Let the database insert the rows of which it can take care alone.

        Each worker goes through the file once; what is left over waits as before.

        :return: number of rows that were looked at
        """
        target = self._target()
        if not target._import_is_bulk or self.state != "running":
            return 0
        if self.mode == "update":
            return 0
        claimed = self._claim_bulk(target, memory.get("bulk", 0))
        if not claimed:
            return 0
        with self.run_operation_id.journal():
            made = target._import_bulk(
                self._remembered_plan(memory), [pair for _number, *pair in claimed]
            )
        self._store_created(made)
        memory["bulk"] = claimed[-1][0]
        return len(claimed)

    def _claim_bulk(self, target, after):
        """Lock the next free rows of the earliest wave beyond the row ``after``.

        :return: tuples of row number, id of the row and id for its record
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT number, id, nextval(%(sequence)s::regclass)
                  FROM (%(rows)s) claimed
                """,
                sequence=target._import_sequence(),
                rows=self._free_rows(
                    "row", target._import_chunk, SQL("id, number"), after
                ),
            ),
            log_exceptions=False,
        )
        return self.env.cr.fetchall()

    def _store_created(self, pairs):
        """Remember which record each row became."""
        if not pairs:
            return
        rows = [row_id for row_id, _id in pairs]
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_import_row r
                   SET state = 'created', planned = 'create', res_id = made.id
                  FROM unnest(%(rows)s::int[], %(ids)s::int[]) made (row_id, id)
                 WHERE r.id = made.row_id AND r.id BETWEEN %(first)s AND %(last)s
                """,
                rows=rows,
                ids=[id_ for _row_id, id_ in pairs],
                # They lie side by side, which the planner does not know.
                first=min(rows),
                last=max(rows),
            )
        )
        self.env["crm.suite.import.row"].invalidate_model(flush=False)

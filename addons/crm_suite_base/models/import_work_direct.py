from odoo import models
from odoo.tools import SQL

# So many keys are kept in mind: what follows waits until the whole file is read.
KEPT_KEYS = 1_000_000


class ImportWorkDirect(models.Model):
    """The part of an import that goes from the file straight into a table of ours.

    Of a line in a plain table, only the number of equal lines above it needs the
    whole file. So the first of its key is a record in the transaction that reads it,
    unless it needs a second look (see ``_import_direct``). All others wait as usual.
    """

    _inherit = "crm.suite.import.batch"

    def _begin_direct(self, table):
        """Look whether rows can become records while the file is read.

        A file of which the end cannot be read must not leave its beginning behind;
        where only reading it twice would tell, it is read first.

        :return: what the worker keeps: the keys of the rows above
        """
        if self.state != "running" or self.mode == "update":
            return {}
        if not self._target()._import_is_bulk or (lines := table.check()) is None:
            return {}
        if not self.loaded:
            self.sudo().preview = {**(self.preview or {}), "line_count": lines}
        return {"keys": self._read_keys()}

    def _read_keys(self):
        """Keys of the rows that are read already, as hashes.

        Two keys of one hash do no harm: the second row takes the longer way.
        """
        query = SQL(
            """
            SELECT key FROM crm_suite_import_row
             WHERE batch_id = %s AND kind = 'row' AND key IS NOT NULL
            """,
            self.id,
        )
        return {hash(key) for (key,) in self.env.execute_query(query)}

    def _do_direct(self, memory, staged):
        """Make records of those rows about which there is nothing to decide.

        :param list[Staged] staged: rows in the order of the file
        :return: ids of the records by position
        :rtype: dict[int, int]
        """
        keys = memory.get("keys")
        if keys is None or len(keys) > KEPT_KEYS:
            return {}
        first = []
        for position, row in enumerate(staged):
            if row.key is None:
                continue
            known = hash(row.key)
            if known not in keys:
                keys.add(known)
                if row.is_sound:
                    first.append(position)
        if not first:
            return {}
        lines = [(staged[position].vals, staged[position].key) for position in first]
        with self.run_operation_id.journal():
            made = self._target()._import_direct(self._remembered_plan(memory), lines)
        return {first[place]: res_id for place, res_id in made.items()}

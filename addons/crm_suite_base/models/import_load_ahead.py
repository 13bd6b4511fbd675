import threading
from itertools import islice
from typing import NamedTuple

from odoo import models

# Kinds of columns that are read without the database, see ``_import_convert_…``.
BESIDE = {"boolean", "char", "date", "float", "integer", "monetary", "record", "text"}
# Rows of one transaction while a file is read.
PAGE = 5000


class Page(NamedTuple):
    """Rows of the file, as far as they are read without the database.

    :param own: rows that are not examples of the template
    :param plain: for each of them what is known already, see ``_load_plain``
    """

    count: int
    own: list
    plain: list


class Ahead:
    """A call on a thread beside, whose outcome is taken later."""

    def __init__(self, call):
        self._call, self._outcome, self._error = call, None, None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        # Raised where the outcome is taken.
        try:
            self._outcome = self._call()
        except BaseException as error:
            self._error = error

    def take(self):
        """Wait for the end of the call.

        :return: what it returned, or what it raised is raised
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._outcome


def _is_example(cells, examples):
    """Whether a row of the template was left as it was handed out."""
    return any(
        all(
            index < len(cells) and str(cells[index] or "").strip() == text
            for index, text in example.items()
        )
        for example in examples
    )


class ImportLoadAhead(models.Model):
    """Reading the next page of a file while the database stores the last one.

    Half of the time of a direct import is that of PostgreSQL, and Python only waits for
    it. What is beside is no more than a page of the file in memory: a worker that dies,
    fails or loses the batch drops it, and whoever goes on reads it again.
    """

    _inherit = "crm.suite.import.batch"

    def _take_page(self, memory):
        """The next page of the file."""
        ahead = memory.pop("ahead", None)
        return ahead.take() if ahead else self._read_page(memory, self._target())

    def _read_page(self, memory, target):
        """Read a page. Nothing here may touch the database, see :meth:`_may_read_ahead`;
        so not even fields of the batch are read.

        :raise TableError: the file cannot be read any further
        """
        rows = list(islice(memory["rows"], PAGE))
        own = [row for row in rows if not _is_example(row.values, memory["examples"])]
        plain = self._load_plain(target, memory["load plan"], own)
        return Page(len(rows), own, plain)

    def _read_ahead(self, memory, page):
        """Begin with the next page, where there is one."""
        if page.count == PAGE and self._may_read_ahead(memory):
            target = self._target()
            memory["ahead"] = Ahead(lambda: self._read_page(memory, target))

    def _may_read_ahead(self, memory):
        """Whether the columns of a file that is stored at once need no look-ups."""
        if "beside" not in memory:
            plan, target = memory["load plan"], self._target()
            memory["beside"] = "keys" in memory and all(
                entry.column.kind in BESIDE and entry.column.by != "phone"
                for entry in plan.mapped
            )
            # What it asks the database for is kept in the plan.
            target._import_required(plan)
        return memory["beside"]

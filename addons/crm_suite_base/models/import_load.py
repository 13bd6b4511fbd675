import datetime
import gc
import io
import json
import os
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from math import isfinite
from typing import NamedTuple

from psycopg2.extras import Json

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.column_profile import profile_column
from ..tools.import_blanks import looks_spread, spread_blanks
from ..tools.import_headers import guess_mapping, normalize_header
from ..tools.import_order import order_words
from ..tools.import_types import Problem
from ..tools.pg_copy import COPY_SIZE, copy_text
from ..tools.tabular import TableError, open_table
from .import_batch import SMALL

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": "\t"}
SAMPLE = 20
_COLUMNS = (
    "batch_id",
    "number",
    "kind",
    "state",
    "planned",
    "res_id",
    "wave",
    "raw",
    "vals",
    "problems",
    "message",
    "key",
    "label",
    "code",
    "parent",
)
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode
_quote = json.encoder.encode_basestring
NUL = _quote("\0")[1:-1]


class Staged(NamedTuple):
    """A row that was read, on its way into the table of rows.

    :param line: the further columns of the table, as COPY wants them
    :param is_sound: it has warnings at most
    """

    number: int
    line: str
    vals: dict
    key: str | None
    is_sound: bool


class ImportLoad(models.Model):
    """The part of an import between the file and the table of rows."""

    _inherit = "crm.suite.import.batch"

    # ------------------------------------------------------------------
    # The file
    # ------------------------------------------------------------------

    def _open_table(self):
        """The file as a table; a large one is streamed from the disk.

        :raise UserError: the file is refused, with the reason
        """
        self.ensure_one()
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_field", "=", "file"),
                    ("res_id", "=", self.id),
                ],
                limit=1,
            )
        )
        if not attachment:
            raise UserError(self.env._("Choose a file first."))
        source = attachment.raw
        if attachment.store_fname:
            path = attachment._full_path(attachment.store_fname)
            source = path if os.path.exists(path) else source
        if self.delimiter == "space":
            source = spread_blanks(attachment.raw)
        options = {
            "encoding": self.encoding or None,
            "delimiter": DELIMITERS.get(self.delimiter),
            "sheet": self.sheet or None,
            "header_row": None if self.header_row < 0 else self.header_row,
        }
        try:
            return open_table(source, self.file_name, options)
        except TableError as error:
            raise UserError(error.text(self.env)) from error

    # ------------------------------------------------------------------
    # Preview
    # ------------------------------------------------------------------

    def _preview(self):
        """Look at the beginning of the file and guess what its columns mean."""
        for batch in self:
            with batch._open_table() as table:
                rows = batch._read_sample(table)
                if table.kind == "csv" and not batch.delimiter:
                    if looks_spread(table.columns, [row.values for row in rows]):
                        batch.sudo().delimiter = "space"
                        batch._preview()
                        continue
                mapping = batch._guess_mapping(table.columns, rows)
                preview = batch._make_preview(table, rows)
            batch.sudo().write(
                {
                    "state": "previewed",
                    "mapping": mapping,
                    "preview": preview,
                    "is_loaded": False,
                    "message": False,
                }
            )
            batch._refresh_hints()

    def _read_sample(self, table):
        """Enough rows to know whether the file is a small one."""
        try:
            return list(islice(table.iter_rows(), SMALL + 1))
        except TableError as error:
            raise UserError(error.text(self.env)) from error

    def _guess_mapping(self, headers, rows):
        """What every column means: as before for this file, as in the profile, or as
        its header says."""
        remembered = dict(self.profile_id.mapping or {})
        for entry in self.mapping or []:
            if entry.get("field"):
                remembered[normalize_header(entry["header"])] = entry["field"]
        columns = self._target()._import_columns_in_languages()
        names = guess_mapping(headers, columns, remembered)
        return [
            {
                "index": index,
                "header": header,
                "field": name,
                "options": self._guess_reading(index, rows),
            }
            for index, (header, name) in enumerate(zip(headers, names, strict=True))
        ]

    def _guess_reading(self, index, rows):
        """How a column writes dates and numbers, as far as its cells tell."""
        cells = (row.values[index] for row in rows)
        # The beginning of a long text tells that it is one.
        profile = profile_column([c[:99] if isinstance(c, str) else c for c in cells])
        found = {"date_order": profile.date_order, "separator": profile.separator}
        return {name: value for name, value in found.items() if value}

    def _make_preview(self, table, rows):
        found = [problem for problem in table.problems if problem.level != "info"]
        return {
            "kind": table.kind,
            "encoding": table.encoding or "",
            "delimiter": table.delimiter or "",
            "sheet": table.sheet or "",
            "sheets": [sheet.name for sheet in table.sheets if not sheet.hidden],
            "header_row": table.header_row or 0,
            "rows": [[shown(cell) for cell in row.values] for row in rows[:SAMPLE]],
            "numbers": [row.number for row in rows[:SAMPLE]],
            "row_count": len(rows) if len(rows) <= SMALL else False,
            "empty": [
                index
                for index in range(len(table.columns))
                if not any(_is_filled(row.values[index]) for row in rows)
            ],
            "notes": [
                problem.text(self.env)
                for problem in table.problems
                if problem.level == "info" or problem.row is None
            ][:10],
            "problem_count": len([problem for problem in found if problem.row]),
            "problems": [p.text(self.env) for p in found if p.row][:10],
        }

    def _is_small(self):
        return (self.preview or {}).get("row_count", False) is not False

    # ------------------------------------------------------------------
    # Loading: file → rows
    # ------------------------------------------------------------------

    def _load_page(self, memory):
        """Read the next page of the file into the table of rows.

        The worker keeps the file open between pages. One that takes over from a dead
        worker reads from the beginning without converting what is already there.

        :param dict memory: what the worker keeps between pages
        :return: number of rows; 0 when the file is at its end
        """
        if memory.get("at") != self.loaded:
            memory.update(self._begin_load())
        with _without_gc():
            return self._load_rows(memory)

    def _load_rows(self, memory):
        plan, target = memory["load plan"], self._target()
        mapped = {entry.header: entry.index for entry in plan.mapped}
        try:
            page = self._take_page(memory)
        except TableError as error:
            raise UserError(error.text(self.env)) from error
        if not page.count:
            memory["table"].close()
            return 0
        staged = [
            plain or self._load_row(target, plan, mapped, row)
            for plain, row in zip(page.plain, page.own, strict=True)
        ]
        self._read_ahead(memory, page)
        self._copy_rows(staged, self._do_direct(memory, staged))
        self.sudo().write({"loaded": self.loaded + page.count})
        memory["at"] = self.loaded
        return page.count

    def _begin_load(self):
        """What a worker keeps while it reads the file."""
        table = self._open_table()
        plan = self._plan(dry=True)
        return {
            "table": table,
            "rows": islice(table.iter_rows(), self.loaded, None),
            "load plan": plan,
            "examples": self._target()._import_example_cells(plan),
            **self._begin_direct(table),
        }

    def _copy_rows(self, staged, made):
        """Put rows into their table.

        :param list[Staged] staged: the rows
        :param dict made: ids of the records that some have become already, by
            position
        """
        waiting = f"\trow\t{self._open_state()}\t\\N\t\\N\t1\t"
        done = "\trow\tcreated\tcreate\t%d\t1\t"
        buffer = io.StringIO()
        for position, row in enumerate(staged):
            state = done % made[position] if position in made else waiting
            buffer.write(f"{self.id}\t{row.number}{state}{row.line}\n")
        buffer.seek(0)
        self.env.cr.copy_expert(
            f"COPY crm_suite_import_row ({', '.join(_COLUMNS)}) FROM STDIN",
            buffer,
            COPY_SIZE,
        )

    def _load_row(self, target, plan, mapped, row):
        """:rtype: Staged"""
        cells = row.values
        raw = json_list(cells)
        if NUL in raw:
            cells = [
                cell.replace("\0", "") if cell.__class__ is str else cell
                for cell in cells
            ]
            raw = json_list(cells)
        found = row.problems and [
            Problem(
                mapped.get(problem.column),
                problem.column or "",
                problem.text(self.env),
                problem.level != "error",
            )
            for problem in row.problems
            if problem.column is None or problem.column in mapped
        ]
        record = self._convert_row(target, plan, cells, found)
        vals, problems, message, key, label, code, parent = record
        line = f"{raw}\t{_json_object(vals)}"
        if "\\" in line:
            line = line.replace("\\", "\\\\")
        rest = (
            _encode(problems) if problems else None,
            message,
            key,
            label,
            code,
            parent,
        )
        texts = ["\\N" if text is None else copy_text(text) for text in rest]
        is_sound = not problems or all(problem.warning for problem in problems)
        return Staged(row.number, "\t".join([line, *texts]), vals, key, is_sound)

    def _convert_row(self, target, plan, cells, found=()):
        """Values, problems, message and links of a row, in the order of the table."""
        vals, problems = target._import_convert(plan, cells)
        if found:
            problems = [*found, *problems]
        message = problems and "\n".join(
            problem.sentence(self.env) for problem in problems
        )
        return (
            vals,
            problems,
            message or None,
            target._import_key_text(plan, vals),
            *target._import_links(vals),
        )

    def _read_again(self, rows):
        """Convert rows whose cells were corrected."""
        plan, target = self._plan(dry=True), self._target()
        rows.flush_recordset()
        for row in rows:
            record = self._convert_row(target, plan, row.raw or [])
            vals, problems, message, key, label, code, parent = record
            wave = row.wave
            if row.decision and row.first:
                # After the row of the same key that stands above it.
                wave = max(wave, 2 + row.repeat)
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE crm_suite_import_row
                       SET vals = %s, problems = %s, message = %s, key = %s,
                           label = %s, code = %s, parent = %s, wave = %s,
                           state = 'pending', planned = NULL,
                           first = CASE WHEN key IS NOT DISTINCT FROM %s
                                        THEN first END,
                           repeat = CASE WHEN key IS NOT DISTINCT FROM %s
                                         THEN repeat END
                     WHERE id = %s
                    """,
                    Json(vals),
                    Json(problems) if problems else None,
                    message,
                    key,
                    label,
                    code,
                    parent,
                    wave,
                    key,
                    key,
                    row.id,
                )
            )
        rows.invalidate_recordset(flush=False)

    # ------------------------------------------------------------------
    # After the last row: what only the whole file tells
    # ------------------------------------------------------------------

    def _mark_rows(self):
        """Find rows with the same key, rows that others belong to, and what is
        missing."""
        if self._has_open_rows():
            self._analyze_rows()
            self._mark_repeats()
            if self._target()._import_links_rows:
                self._mark_waves()
            self._mark_joined()
            if self.create_missing and self._add_implied():
                self._analyze_rows()
        self.sudo().is_loaded = True

    def _analyze_rows(self):
        """Tell the planner about the new rows, without reading their contents."""
        self.env.cr.execute(
            SQL(
                "ANALYZE crm_suite_import_row"
                " (batch_id, kind, state, wave, number, key, label, code, parent)"
            )
        )

    def _mark_repeats(self):
        """Number the rows of the same key and remember which of them is the first."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_import_row r
                   SET repeat = w.nth - 1, first = w.first,
                       identical = r.vals = w.first_vals
                  FROM (
                    SELECT id, row_number() OVER w AS nth,
                           first_value(number) OVER w AS first,
                           first_value(vals) OVER w AS first_vals
                      FROM crm_suite_import_row
                     WHERE batch_id = %(batch)s AND kind = 'row' AND key IS NOT NULL
                    WINDOW w AS (PARTITION BY key ORDER BY number, id)
                  ) w
                 WHERE r.id = w.id AND w.nth > 1
                """,
                batch=self.id,
            )
        )

    def _mark_joined(self):
        """Put rows that only add something to the record of another row behind it."""
        names = list(self._target()._import_joined)
        if not names:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_import_row r
                   SET first = NULL, wave = r.wave + r.repeat
                  FROM crm_suite_import_row f
                 WHERE r.batch_id = %(batch)s AND r.kind = 'row'
                   AND r.first IS NOT NULL AND NOT r.identical
                   AND r.vals ?| %(names)s
                   AND f.batch_id = %(batch)s AND f.kind = 'row'
                   AND f.number = r.first
                   AND f.vals @> (r.vals - %(names)s)
                """,
                batch=self.id,
                names=names,
            )
        )

    def _mark_waves(self):
        """Put rows behind those that they belong to, whatever their order.

        Rows of a wave are worked on side by side; a wave begins when the one before
        is through. Rows that belong to each other in a circle are refused. The words
        are put in order instead of the rows: thousands of rows may have one name, and
        each would be linked to thousands.
        """
        rows = self._get_linked_rows()
        if not rows:
            return
        places, circles = order_words(
            (word, parent) for *words, parent in rows for word in words
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_import_row r
                   SET wave = 1 + p.place::int
                  FROM jsonb_each_text(%(places)s) p(word, place)
                 WHERE r.batch_id = %(batch)s AND r.parent = p.word
                """,
                batch=self.id,
                places=Json(places),
            )
        )
        if circles:
            self._refuse_circles(circles)

    def _get_linked_rows(self):
        """Name, code and company of the rows that belong to other rows.

        :rtype: list[tuple]
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT r.label, r.code, r.parent
                  FROM crm_suite_import_row r
                 WHERE r.batch_id = %(batch)s AND r.parent IS NOT NULL
                   AND EXISTS (
                        SELECT 1 FROM crm_suite_import_row p
                         WHERE p.batch_id = %(batch)s AND p.label = r.parent)
                 UNION
                SELECT r.label, r.code, r.parent
                  FROM crm_suite_import_row r
                 WHERE r.batch_id = %(batch)s AND r.parent IS NOT NULL
                   AND EXISTS (
                        SELECT 1 FROM crm_suite_import_row p
                         WHERE p.batch_id = %(batch)s AND p.code = r.parent)
                """,
                batch=self.id,
            )
        )

    def _refuse_circles(self, words):
        """Refuse the rows by which each of the words belongs to itself.

        They come first, so that rows that belong to them find them refused.
        """
        self.env.cr.execute(
            SQL(
                """
                WITH circle AS (
                    SELECT word FROM jsonb_array_elements_text(%(words)s) w(word)
                )
                UPDATE crm_suite_import_row
                   SET wave = 0, message = %(message)s,
                       problems = jsonb_build_array(
                            jsonb_build_array(NULL, '', %(message)s, false))
                 WHERE batch_id = %(batch)s
                   AND parent IN (SELECT word FROM circle)
                   AND (label IN (SELECT word FROM circle)
                        OR code IN (SELECT word FROM circle))
                """,
                batch=self.id,
                words=Json(sorted(words)),
                message=self.env._(
                    "The row belongs, directly or through others, to itself."
                ),
            )
        )

    def _add_implied(self):
        """Add a row, before all others, for every name that nobody has: no row of the
        file and no record.

        Whether there is such a record by then is seen again when its turn comes.

        :return: number of rows
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_import_row
                            (batch_id, number, kind, state, wave, vals, key, label)
                SELECT DISTINCT ON (r.parent)
                       r.batch_id, 0, 'implied', r.state, 0, r.vals, r.parent, r.parent
                  FROM crm_suite_import_row r
                 WHERE r.batch_id = %(batch)s AND r.kind = 'row'
                   AND r.state IN ('new', 'pending')
                   AND r.parent IS NOT NULL
                   AND (r.problems IS NULL OR %(sound)s)
                   AND NOT EXISTS (
                        SELECT 1 FROM crm_suite_import_row p
                         WHERE p.batch_id = %(batch)s AND p.label = r.parent)
                   AND NOT EXISTS (
                        SELECT 1 FROM crm_suite_import_row p
                         WHERE p.batch_id = %(batch)s AND p.code = r.parent)
                   AND %(unknown)s
              ORDER BY r.parent, r.number
                """,
                batch=self.id,
                sound=self._sound_rows(),
                unknown=self._target()._import_unknown(self._plan(dry=True)),
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _sound_rows(self):
        """SQL: the row has warnings at most."""
        # Not strict, PostgreSQL would look for a fourth element in each of the four.
        return SQL("NOT jsonb_path_exists(r.problems, 'strict $[*] ? (@[3] == false)')")


def _cell(value):
    """A cell as it can be stored in JSON and edited as text."""
    if value is None or isinstance(value, bool | int | str):
        return value.replace("\0", "") if isinstance(value, str) else value
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else format(value, "f")
    return str(value)


@contextmanager
def _without_gc():
    """Make thousands of small objects, without a circle among them, in peace.

    The host's own manager leaves the collection off after an exception.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _is_filled(cell):
    return cell is not None and bool(str(cell).strip())


def shown(value):
    """A cell in the preview: short text."""
    value = _cell(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value)[:120]


def json_text(value):
    """:func:`json.dumps` for the few types that there are, quicker."""
    kind = value.__class__
    if kind is str:
        return _quote(value)
    if kind is float and isfinite(value):
        return repr(value)
    return str(value) if kind is int else _encode(value)


def _json_object(vals):
    return (
        "{" + ", ".join([f'"{name}": {json_text(vals[name])}' for name in vals]) + "}"
    )


def json_list(cells):
    texts = [_quote(c) if c.__class__ is str else json_text(_cell(c)) for c in cells]
    return f"[{', '.join(texts)}]"

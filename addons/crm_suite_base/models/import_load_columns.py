from odoo import models

from ..tools.pg_copy import copy_text
from .import_load import NUL, Staged, json_list, json_text
from .import_target import LONGEST_CELL
from .import_target_value import REMEMBERED


class ImportLoadColumns(models.Model):
    """Pages of plain rows, column by column.

    Files of hundreds of thousands of lines say the same few thousand days, amounts and
    customers. What is plain about a row (texts in all cells, nothing empty, nothing
    wrong) is put together from what is known about its texts.
    """

    _inherit = "crm.suite.import.batch"

    def _load_plain(self, target, plan, rows):
        """Read rows that need no closer look.

        :param list rows: of the file
        :return: for each row what :meth:`_load_row` makes of it, or None
        :rtype: list[Staged | None]
        """
        staged = [None] * len(rows)
        entries = target._import_converters(plan)
        names = [name for _mapped, name, _convert, _known in entries]
        if not target._import_is_bulk or len(set(names)) < len(names):
            return staged
        width = max(mapped.index for mapped, *_rest in entries)
        plain = [
            (at, row)
            for at, row in enumerate(rows)
            if not row.problems and _is_text(row.values) and len(row.values) > width
        ]
        known = [
            _read_column(
                plan, entry, [row.values[entry[0].index] for _at, row in plain]
            )
            for entry in entries
        ]
        for (at, row), *found in zip(plain, *known, strict=True):
            if None not in found:
                staged[at] = self._stage_plain(target, plan, row, names, found)
        return staged

    def _stage_plain(self, target, plan, row, names, found):
        raw = json_list(row.values)
        vals = {name: value for name, (value, _json) in zip(names, found, strict=True)}
        problems = []
        target._import_complete(plan, vals, problems)
        if problems or len(vals) != len(names) or NUL in raw:
            return None
        line = f"{raw}\t{{{', '.join([json for _value, json in found])}}}"
        if "\\" in line:
            line = line.replace("\\", "\\\\")
        key = target._import_key_text(plan, vals)
        rest = (key, *target._import_links(vals))
        texts = ["\\N" if text is None else copy_text(text) for text in rest]
        line = "\t".join((line, "\\N", "\\N", *texts))
        return Staged(row.number, line, vals, key, True)


def _is_text(cells):
    return set(map(type, cells)) == {str}


def _read_column(plan, entry, cells):
    """What is known about the cells of a column: value and JSON, or None."""
    mapped, name, convert, _known = entry
    facts = plan.memory.setdefault(("column", mapped.index), {})
    if len(facts) > REMEMBERED:
        facts.clear()
    for cell in set(cells).difference(facts):
        facts[cell] = _read_cell(plan, name, convert, cell)
    return [facts[cell] for cell in cells]


def _read_cell(plan, name, convert, cell):
    text = cell.strip()
    if not text or len(text) > LONGEST_CELL:
        return None
    try:
        value = convert(text, {})
    except ValueError:
        return None
    if plan.memory.pop("notes", None) or value.__class__ not in (str, int, float):
        return None
    return value, f'"{name}": {json_text(value)}'

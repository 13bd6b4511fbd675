"""Write a pivot table, as the web client describes it, into an XLSX sheet.

Same sheet as the host's (``web/controllers/pivot.py``), except that text is never
taken for a formula, a link or a number.
"""

from collections import deque

import xlsxwriter

LIMIT = 100_000  # the host's bound on widths that a client may claim
STARTS = ("=", "{=")


def _texts(table):
    for header_row in table["col_group_headers"]:
        for header in header_row:
            yield header["title"]
    for measure in table["measure_headers"]:
        yield measure["title"]
    for row in table["rows"]:
        yield f"{row['indent'] * '     '}{row['title']}"
        for cell in row["values"]:
            yield cell["value"]


def needs_guard(table):
    """Tell whether XlsxWriter could take a text of the table for something else."""
    return any(
        isinstance(text, str) and (text.startswith(STARTS) or ":" in text)
        for text in _texts(table)
    )


def write_pivot(output, table):
    """Write ``table`` (the host's JSON structure) as a workbook into ``output``."""
    with xlsxwriter.Workbook(
        output,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    ) as workbook:
        _PivotSheet(workbook, table).write()


class _PivotSheet:
    def __init__(self, workbook, table):
        self.table = table
        self.sheet = workbook.add_worksheet(table["title"])
        grey = {"pattern": 1, "bg_color": "#AAAAAA"}
        self.header_bold = workbook.add_format({"bold": True, **grey})
        self.header_plain = workbook.add_format(grey)
        self.bold = workbook.add_format({"bold": True})
        self.measures = min(table["measure_count"], LIMIT)

    def put(self, row, column, value, style=None):
        # "{=…}" is an array formula to write() whatever the workbook options say.
        if isinstance(value, str) and value:
            self.sheet.write_string(row, column, value, style)
        else:
            self.sheet.write(row, column, value, style)

    def write(self):
        row = self._write_group_headers()
        row = self._write_measure_headers(row)
        self._write_rows(row)

    def _write_group_headers(self):
        # carry: columns whose header spans several rows, with the rows still to fill
        carry = deque()
        for row, headers in enumerate(self.table["col_group_headers"]):
            self.put(row, 0, "", self.header_plain)
            column = 1
            for header in headers:
                column = self._fill_carried(row, column, carry)
                width = min(header["width"], LIMIT)
                for offset in range(width):
                    title = "" if offset else header["title"]
                    self.put(row, column + offset, title, self.header_plain)
                if header["height"] > 1:
                    carry.append((column, header["height"] - 1))
                column += width
            self._fill_carried(row, column, carry)
        return len(self.table["col_group_headers"])

    def _fill_carried(self, row, column, carry):
        while carry and carry[0][0] == column:
            _column, height = carry.popleft()
            for offset in range(self.measures):
                self.put(row, column + offset, "", self.header_plain)
            if height > 1:
                carry.append((column, height - 1))
            column += self.measures
        return column

    def _write_measure_headers(self, row):
        headers = self.table["measure_headers"]
        if not headers:
            return row
        self.put(row, 0, "", self.header_plain)
        for column, measure in enumerate(headers, start=1):
            style = self.header_bold if measure["is_bold"] else self.header_plain
            self.put(row, column, measure["title"], style)
        self.sheet.set_column(0, len(headers), 16)  # about 88 pixels
        return row + 1

    def _write_rows(self, start):
        for number, row in enumerate(self.table["rows"], start=start):
            title = f"{row['indent'] * '     '}{row['title']}"
            self.put(number, 0, title, self.header_plain)
            for column, cell in enumerate(row["values"], start=1):
                style = self.bold if cell.get("is_bold") else None
                self.put(number, column, cell["value"], style)

"""Files that an import hands out: the empty template and the file of errors."""

from dataclasses import dataclass, field

import xlsxwriter

from .xlsx import (
    NUMBER_FORMATS,
    SAFE_OPTIONS,
    SheetColumn,
    WorkbookWriter,
    clean_text,
    display_width,
    sheet_name,
)

# Rows of the template that have drop-downs and formats.
_PREPARED_ROWS = 5_000
_MAX_CHOICES = 5_000


@dataclass(frozen=True)
class TemplateColumn:
    """A column of an import template.

    :param kind: as in :class:`xlsx.SheetColumn`
    :param help: what belongs into the column, for the sheet of instructions
    :param choices: allowed values, offered as a drop-down
    :param strict: refuse other values while typing (else only a hint is shown)
    """

    label: str
    kind: str = "text"
    required: bool = False
    help: str = ""
    choices: tuple = ()
    strict: bool = True
    example: str = ""


@dataclass(frozen=True)
class TemplateTexts:
    """The words of the template, in the language of the user."""

    data_sheet: str = "Data"
    help_sheet: str = "Instructions"
    list_sheet: str = "Lists"
    column: str = "Column"
    required: str = "Required"
    yes: str = "yes"
    meaning: str = "What to enter"
    choices: str = "Allowed values"
    example: str = "Example"
    not_allowed_title: str = "Value not in the list"
    not_allowed: str = "Choose one of the values from the list."
    intro: tuple = field(
        default=(
            "Enter one record per row on the first sheet. Columns marked * are required.",
            "Delete the grey example rows before importing.",
        )
    )


def write_template(output, columns, examples=(), texts=None):
    """Write an import template.

    :param output: path or binary file object
    :param columns: list of :class:`TemplateColumn`
    :param examples: rows of values, written in grey below the header
    :param texts: :class:`TemplateTexts`
    """
    texts = texts or TemplateTexts()
    # The sheets are written side by side, hence not row by row.
    options = {**SAFE_OPTIONS, "constant_memory": False}
    with xlsxwriter.Workbook(output, options) as book:
        _Template(book, columns, texts).build(examples)


class _Template:
    def __init__(self, book, columns, texts):
        taken = set()
        self.book = book
        self.columns = columns
        self.texts = texts
        self.data = book.add_worksheet(sheet_name(texts.data_sheet, taken))
        self.help = book.add_worksheet(sheet_name(texts.help_sheet, taken))
        self.lists = None
        self.list_name = sheet_name(texts.list_sheet, taken)
        head = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
        self.head = book.add_format({**head, "bg_color": "#E7E9ED"})
        self.head_required = book.add_format(
            {**head, "bg_color": "#FCE8E6", "font_color": "#A50E0E"}
        )
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    def build(self, examples):
        self.data.freeze_panes(1, 0)
        for index, column in enumerate(self.columns):
            self._write_header(index, column)
            if column.choices:
                self._add_choices(index, column)
        self._write_examples(examples)
        self._write_help()
        self.data.activate()

    def _write_header(self, index, column):
        label = f"{column.label} *" if column.required else column.label
        style = self.head_required if column.required else self.head
        self.data.write_string(0, index, clean_text(label), style)
        # Text columns are formatted as text, or Excel eats leading zeros.
        code = "@" if column.kind == "text" else NUMBER_FORMATS[column.kind]
        body = self.book.add_format({"num_format": code} if code else {})
        width = max(display_width(label), display_width(column.example), 10) + 2
        self.data.set_column(index, index, min(width, 40), body)
        if column.help:
            self.data.write_comment(0, index, column.help[:1000])

    def _add_choices(self, index, column):
        choices = [str(choice) for choice in column.choices[:_MAX_CHOICES]]
        if self.lists is None:
            self.lists = self.book.add_worksheet(self.list_name)
            self.lists.hide()
        for row, choice in enumerate(choices):
            self.lists.write_string(row, index, clean_text(choice))
        quoted = self.list_name.replace("'", "''")
        area = xlsxwriter.utility.xl_range_abs(0, index, len(choices) - 1, index)
        self.data.data_validation(
            1,
            index,
            _PREPARED_ROWS,
            index,
            {
                "validate": "list",
                "source": f"='{quoted}'!{area}",
                "error_type": "stop" if column.strict else "information",
                "error_title": self.texts.not_allowed_title[:32],
                "error_message": self.texts.not_allowed[:255],
            },
        )

    def _write_examples(self, examples):
        grey = {"font_color": "#80868B", "italic": True}
        styles = []
        for column in self.columns:
            code = "@" if column.kind == "text" else NUMBER_FORMATS[column.kind]
            styles.append(
                self.book.add_format({**grey, **({"num_format": code} if code else {})})
            )
        for row, values in enumerate(examples, start=1):
            for index, value in enumerate(values[: len(self.columns)]):
                _write_value(self.data, row, index, value, styles[index])

    def _write_help(self):
        texts, row = self.texts, 0
        self.help.set_column(0, 0, 28)
        self.help.set_column(1, 1, 12)
        self.help.set_column(2, 4, 44)
        for line in texts.intro:
            self.help.write_string(row, 0, clean_text(line))
            row += 1
        row += 1
        labels = (
            texts.column,
            texts.required,
            texts.meaning,
            texts.choices,
            texts.example,
        )
        for index, label in enumerate(labels):
            self.help.write_string(row, index, label, self.head)
        for column in self.columns:
            row += 1
            shown = ", ".join(str(choice) for choice in column.choices[:30])
            more = ", …" if len(column.choices) > 30 else ""
            cells = (
                column.label,
                texts.yes if column.required else "",
                column.help,
                shown + more,
                column.example,
            )
            for index, text in enumerate(cells):
                self.help.write_string(row, index, clean_text(str(text)), self.wrapped)


def _write_value(sheet, row, column, value, style):
    if value is None or value is False or value == "":
        return
    if isinstance(value, str):
        sheet.write_string(row, column, clean_text(value), style)
    else:
        sheet.write(row, column, value, style)


class ErrorFileWriter:
    """The rows that were refused, each with its reason, to be fixed and imported.

    The columns are those of the original file, so the same profile fits; the reason
    stands in a column of its own at the end, which an import does not know.

    :param output: path or binary file object
    :param headers: the column names of the original file
    :param row_label: header of the column with the row number in the original file
    :param error_label: header of the column with the reason
    """

    def __init__(self, output, headers, row_label, error_label, sheet="Errors"):
        columns = [SheetColumn(str(header), "code") for header in headers]
        columns += [
            SheetColumn(row_label, "integer", width=10),
            SheetColumn(error_label, "text", width=60),
        ]
        self._size = len(headers)
        self._writer = WorkbookWriter(output, columns, sheet=sheet)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def write_row(self, number, values, errors):
        """:param errors: one sentence or a list of them"""
        if not isinstance(errors, str):
            errors = "\n".join(errors)
        cells = list(values[: self._size])
        cells += [None] * (self._size - len(cells))
        # A refused "no" is a value of the user, not the ORM's idea of nothing.
        cells = ["FALSE" if value is False else value for value in cells]
        self._writer.write_row([*cells, number, errors])

    @property
    def row_count(self):
        return self._writer.row_count

    def close(self):
        self._writer.close()

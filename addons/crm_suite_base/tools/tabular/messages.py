"""Sentences for everything a reader, a converter or a writer may have to say.

Code that reads files knows nothing of users and languages: it names a *code* and
hands over parameters. The sentence belongs to the code and is found here, so that
it is collected for translation and can be shown in the language of whoever looks.
"""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__, default_lang="en_US")

# What a problem means for the row in which it was found:
#   error    the value (or the whole row) cannot be trusted: reject the row, unless
#            the problem names a column that is not imported
#   warning  read, but somebody should look
#   info     said once about the file
ERROR, WARNING, INFO = "error", "warning", "info"

# fmt: off
MESSAGES = {
    # --- the file as a whole is refused
    "file_empty": (ERROR, _lt("The file is empty. Choose a file that has a header line and at least one row.")),
    "file_too_large": (ERROR, _lt("The file has %(size)s MB, more than the %(limit)s MB allowed. Split it into smaller files.")),
    "file_unreadable": (ERROR, _lt("The file cannot be opened (%(reason)s). Save it again with the program it came from, as XLSX or CSV.")),
    "file_password": (ERROR, _lt("The file is protected by a password. Open it in Excel, remove the password (File > Info > Protect Workbook) and save it again.")),
    "file_kind": (ERROR, _lt("This is %(found)s, not a table. Open it in the program it came from and save it as XLSX or CSV.")),
    "file_archive": (ERROR, _lt("This is a ZIP archive, not a table. Unpack it and import the files in it one by one.")),
    "file_binary": (ERROR, _lt("The file contains binary data, not text. Save it as XLSX or CSV (UTF-8) and try again.")),
    "file_bomb": (ERROR, _lt("The file would unpack to %(size)s MB, more than the %(limit)s MB allowed. Split it into smaller files.")),
    "file_entities": (ERROR, _lt("The file contains XML entity definitions, which a workbook never needs. It was refused for safety.")),
    "file_cut_off": (ERROR, _lt("The file ends in the middle of row %(row)s (%(reason)s). The upload was probably interrupted: upload it again.")),
    "encoding_unknown": (ERROR, _lt("The encoding “%(encoding)s” is not known. Choose another one, for example UTF-8 or GB18030.")),
    "delimiter_invalid": (ERROR, _lt("“%(delimiter)s” cannot separate columns. Choose a single character such as a comma, a semicolon or a tab.")),
    "sheet_missing": (ERROR, _lt("The workbook has no sheet “%(sheet)s”. It has: %(sheets)s.")),
    "sheet_none": (ERROR, _lt("The file has no rows: its sheet is empty. Choose a file that has a header line and at least one row.")),
    "header_missing": (ERROR, _lt("The header row %(row)s is beyond the end of the file.")),
    "line_too_long": (ERROR, _lt("Line %(line)s is longer than %(limit)s characters: this is not a table, or its line ends are broken.")),
    "columns_too_many": (ERROR, _lt("Row %(row)s has %(count)s columns, more than the %(limit)s allowed.")),
    "vcard_none": (ERROR, _lt("The file contains no contact card (no line BEGIN:VCARD).")),
    # --- the file as a whole, worth knowing
    "encoding_guessed": (INFO, _lt("The encoding was guessed as %(encoding)s. If names look wrong in the preview, choose another encoding.")),
    "rows_above_header": (INFO, _lt("The first %(count)s row(s) stand above the header in row %(row)s and are not imported.")),
    "header_synthetic": (INFO, _lt("The file has no header row; columns are named after their letters.")),
    "header_duplicate": (WARNING, _lt("The header “%(name)s” is used by several columns; column %(column)s is now called “%(renamed)s”.")),
    "header_blank": (WARNING, _lt("Column %(column)s has values but no header; it is now called “%(renamed)s”.")),
    "sheets_more": (INFO, _lt("Only the sheet “%(sheet)s” is read. Others with cells: %(sheets)s.")),
    "merged_cells": (INFO, _lt("The sheet has %(count)s merged area(s): their value counts for the first cell only.")),
    # --- a row
    "row_long": (ERROR, _lt("Row %(row)s has %(count)s values but the header has only %(expected)s columns; surplus: %(surplus)s. Probably a separator inside a value is not quoted.")),
    "row_outside": (WARNING, _lt("Row %(row)s has values beyond the last column with a header, which are not imported: %(surplus)s.")),
    "row_short": (WARNING, _lt("Row %(row)s has only %(count)s of %(expected)s values; the rest is taken as empty.")),
    "quote_unclosed": (ERROR, _lt("Row %(row)s (line %(line)s), column %(column)s: a quotation mark is opened and never closed.")),
    "quote_recovered": (WARNING, _lt("Row %(row)s (line %(line)s), column %(column)s: the quotation marks are broken; the value was read as “%(value)s”.")),
    "undecodable": (ERROR, _lt("Row %(row)s, column %(column)s: some bytes are no valid %(encoding)s text, the value reads “%(value)s”.")),
    "nul_removed": (WARNING, _lt("Row %(row)s, column %(column)s: NUL characters were removed.")),
    "cell_error": (ERROR, _lt("Cell %(cell)s contains the error %(value)s instead of a value.")),
    "cell_formula": (ERROR, _lt("Cell %(cell)s contains a formula without a calculated result. Open the file in Excel, save it and import it again.")),
    "cell_digits": (WARNING, _lt("Cell %(cell)s holds the number %(value)s: Excel keeps only 15 digits, so its last digits may be zeros in place of the real ones. Enter such numbers as text.")),
    "cell_date": (ERROR, _lt("Cell %(cell)s: %(value)s is formatted as a date but is no valid one.")),
    "cell_broken": (ERROR, _lt("Cell %(cell)s cannot be read (%(value)s).")),
    "cell_long": (ERROR, _lt("Row %(row)s, column %(column)s: the value has %(count)s characters, more than the %(limit)s allowed.")),
    "card_unclosed": (WARNING, _lt("Card %(row)s (line %(line)s) has no END:VCARD; what stands there was read.")),
    "card_empty": (ERROR, _lt("Card %(row)s (line %(line)s) has neither a name nor a company, e-mail or phone number.")),
    "card_line": (WARNING, _lt("Card %(row)s, line %(line)s: “%(value)s” is not a contact property and was left out.")),
    "card_agent": (WARNING, _lt("Card %(row)s, line %(line)s: the card of an assistant (AGENT) inside this card was left out.")),
    "card_value": (WARNING, _lt("Card %(row)s, line %(line)s: the value of %(property)s cannot be used (%(reason)s) and was left out.")),
    # --- a value
    "bad_date": (ERROR, _lt("“%(value)s” is not a date. Write it like 2026-03-05.")),
    "bad_date_order": (ERROR, _lt("“%(value)s” can be read as day/month or month/day. Choose the order for this column.")),
    "bad_datetime": (ERROR, _lt("“%(value)s” is not a date and time. Write it like 2026-03-05 14:30.")),
    "bad_number": (ERROR, _lt("“%(value)s” is not a number.")),
    "bad_integer": (ERROR, _lt("“%(value)s” is not a whole number.")),
    "bad_number_separator": (ERROR, _lt("“%(value)s” can be read as a thousands separator or a decimal one. Choose the decimal separator for this column.")),
    "number_too_large": (ERROR, _lt("“%(value)s” is too large a number.")),
    "bad_boolean": (ERROR, _lt("“%(value)s” is neither yes nor no.")),
    "bad_selection": (ERROR, _lt("“%(value)s” is not one of: %(choices)s.")),
    "number_damaged": (ERROR, _lt("“%(value)s” was shortened by Excel and has lost digits. Format the column as text, enter the number again and save.")),
    "value_empty": (ERROR, _lt("A value is required.")),
}
# fmt: on

# Parts of sentences. As parameters they travel as their key, so that parameters
# stay plain data which can be stored.
# fmt: off
WORDS = {
    "found": {
        "pdf": _lt("a PDF document"),
        "picture": _lt("a picture"),
        "gzip": _lt("a compressed file (gzip)"),
        "7zip": _lt("a compressed file (7-Zip)"),
        "rar": _lt("a compressed file (RAR)"),
        "bzip2": _lt("a compressed file (bzip2)"),
        "rtf": _lt("a text document (RTF)"),
        "database": _lt("a database"),
        "program": _lt("a program"),
        "web": _lt("a web page saved under another name"),
        "excel_xml": _lt("an Excel 2003 XML file"),
        "xml": _lt("an XML file"),
        "xlsb": _lt("a binary workbook (XLSB)"),
        "word": _lt("a Word document"),
        "slides": _lt("a presentation"),
        "office": _lt("an Office file without cells"),
    },
    "reason": {
        "zip": _lt("its ZIP container is damaged"),
        "compression": _lt("it is compressed by a method Excel does not use"),
        "parts": _lt("parts of the workbook are missing"),
        "xml": _lt("its XML is damaged"),
        "xls": _lt("its structure is damaged"),
        "base64": _lt("its base64 text is damaged"),
        "date": _lt("it is no complete date"),
        "picture": _lt("it is no picture"),
        "remote": _lt("pictures on the net are not fetched"),
        "missing": _lt("it does not exist or may not be read"),
    },
}
# fmt: on


def level_of(code):
    """:return: ``error``, ``warning`` or ``info``"""
    return MESSAGES[code][0]


def sentence(code, params, env=None):
    """The sentence of ``code``, in the language of ``env`` (or of the caller)."""
    template = MESSAGES[code][1]
    return _say(template, env) % {
        name: _say(WORDS[name][value], env)
        if name in WORDS and value in WORDS[name]
        else value
        for name, value in params.items()
    }


def _say(lazy, env):
    translate = str if env is None else env._
    return translate(lazy)

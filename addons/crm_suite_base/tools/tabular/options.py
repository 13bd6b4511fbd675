"""What the user may decide about the reading of a file, and the limits."""

from dataclasses import dataclass, fields

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Options:
    """Everything left at None is found out from the content.

    :param kind: csv, xlsx, xls, ods or vcard
    :param encoding: name of a codec, for text files
    :param delimiter: the character between columns of a text file
    :param quotechar: the character around values of a text file ("" = none)
    :param escapechar: the character that takes the meaning from the next one
    :param header_row: row number of the header as the user sees it; 0 = no header
    :param sheet: name or index (from 0) of the sheet to read
    :param fill_merged: repeat the value of a merged area in all of its cells
    """

    kind: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quotechar: str = '"'
    escapechar: str | None = None
    header_row: int | None = None
    sheet: str | int | None = None
    fill_merged: bool = False
    max_file_bytes: int = 512 * MEBIBYTE
    max_unpacked_bytes: int = 2048 * MEBIBYTE
    max_columns: int = 2000
    max_cell_chars: int = 1_000_000
    # Kept problems; what comes later is only counted (``Table.problem_count``).
    max_problems: int = 10_000

    @classmethod
    def of(cls, options):
        """Accept an instance, a dictionary (unknown keys are an error) or None."""
        if isinstance(options, cls):
            return options
        known = {field.name for field in fields(cls)}
        unknown = set(options or {}) - known
        if unknown:
            raise TypeError(f"unknown reading options: {sorted(unknown)}")
        return cls(**(options or {}))

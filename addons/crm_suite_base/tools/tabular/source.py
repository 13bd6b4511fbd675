"""Where a file's bytes come from, and what every format reader offers."""

import io
import os
from dataclasses import dataclass, field

from .errors import TableError
from .options import MEBIBYTE


class Blob:
    """Bytes in memory or a file on disk, opened as often as needed.

    A reader streams from it; a large upload therefore should come as a path.
    """

    def __init__(self, data):
        if isinstance(data, bytes | bytearray | memoryview):
            self._bytes, self.path = bytes(data), None
            self.size = len(self._bytes)
        else:
            self._bytes, self.path = None, os.fspath(data)
            try:
                self.size = os.path.getsize(self.path)
            except OSError as error:
                raise TableError("file_unreadable", reason="missing") from error

    def open(self):
        """:return: a binary file object at its beginning"""
        return io.BytesIO(self._bytes) if self.path is None else open(self.path, "rb")

    def head(self, size):
        with self.open() as stream:
            return stream.read(size)

    def check_size(self, limit):
        if not self.size:
            raise TableError("file_empty")
        if self.size > limit:
            raise TableError(
                "file_too_large", size=megabytes(self.size), limit=megabytes(limit)
            )


def megabytes(size):
    return -(-size // MEBIBYTE)


@dataclass
class Sheet:
    """A sheet of a workbook as the user may choose it."""

    name: str
    hidden: bool = False
    index: int = 0


@dataclass
class Source:
    """Base of the format readers: raw rows, before header and column names.

    ``records()`` may be called again and again; each call reads from the beginning
    and yields ``(row number, list of cells, list of (cell index, code, params))``.
    A cell index of None stands for the whole row. Blank rows need not be yielded.
    """

    kind = None
    sheets: list = field(default_factory=list)
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    # Fixed column names (contact cards), or None where the file has the names.
    fixed_columns: list | None = None
    # True where a short row is worth a word: in text files something may be lost.
    ragged_matters = False
    file_problems: list = field(default_factory=list)

    def records(self):
        raise NotImplementedError

    def check(self):
        """See :meth:`Table.check`."""
        return None

    def close(self):
        """Let go of what the reader holds open."""

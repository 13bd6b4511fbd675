"""The one exception of the readers, and the problems that stop nobody."""

from typing import NamedTuple

from .messages import MESSAGES, level_of, sentence

# Values are quoted in sentences; a sentence with a megabyte in it helps nobody.
_SHOWN = 80


def shorten(value, limit=_SHOWN):
    """A value as it may be quoted in a sentence."""
    text = str(value).replace("\n", " ").replace("\r", " ").replace("\0", "")
    return text if len(text) <= limit else text[: limit - 1] + "…"


class TableError(ValueError):
    """A file, row or value is refused, with a sentence that says why.

    :param code: key of :data:`messages.MESSAGES`
    :param row: row number as the user sees it in his file, if known
    :param column: column name or letter, if known
    :param params: what the sentence needs
    """

    def __init__(self, code, *, row=None, column=None, **params):
        self.code = code
        self.row = row
        self.column = column
        self.params = {"row": row, "column": column, **params}
        super().__init__(code)

    @property
    def template(self):
        """The sentence with its placeholders; translated when turned into str."""
        return MESSAGES[self.code][1]

    def text(self, env=None):
        """The finished sentence, in the language of ``env``."""
        return sentence(self.code, self.params, env)

    def __str__(self):
        return self.text()

    def __reduce__(self):
        return _rebuild_error, (self.code, self.row, self.column, self.params)


def _rebuild_error(code, row, column, params):
    extra = {key: val for key, val in params.items() if key not in ("row", "column")}
    return TableError(code, row=row, column=column, **extra)


class Problem(NamedTuple):
    """Something found while reading that does not stop the reading.

    ``row`` is None for the file as a whole, ``column`` is the name of the column (as
    in ``Table.columns``) or None for the whole row.
    """

    row: int | None
    column: str | None
    code: str
    params: dict

    @property
    def level(self):
        return level_of(self.code)

    def text(self, env=None):
        params = {"row": self.row, "column": self.column, **self.params}
        return sentence(self.code, params, env)

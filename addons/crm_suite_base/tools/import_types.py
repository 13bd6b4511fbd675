"""What the parts of an import hand to each other: columns, rows, problems."""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .labelled import labelled

# What a row asks for and what became of it.
CREATE, UPDATE, UNCHANGED, REJECT = "create", "update", "unchanged", "reject"


@dataclass(frozen=True)
class Column:
    """Something that a column of a file can mean.

    :param name: name in mappings; ``field/by`` where a record is found by one of its
        fields (``partner_id/ref``)
    :param kind: char, text, integer, float, boolean, date, datetime, selection,
        choice (a record of a short list), record (a record of a long one) or tags
    :param comodel: model of the records
    :param by: field of the comodel by which a record is found; None: by its name,
        code or external id
    :param choices: pairs of value and label of a selection
    :param labels: the label in the other languages of the database
    :param aliases: further headers by which the column is recognised
    :param key: whether a row may be recognised by the column
    """

    name: str
    label: str
    kind: str = "char"
    required: bool = False
    comodel: str | None = None
    by: str | None = None
    choices: tuple = ()
    labels: tuple = ()
    aliases: tuple = ()
    example: str = ""
    key: bool = False
    size: int | None = None

    @property
    def field(self):
        """The field of the target's model that receives the value."""
        return self.name.partition("/")[0]


class Problem(NamedTuple):
    """What is wrong with a row, or (a warning) worth a look: where and what."""

    index: int | None
    column: str
    text: str
    warning: bool = False

    def sentence(self, env):
        """:rtype: str"""
        return labelled(env, self.column, self.text) if self.column else self.text


class Link(NamedTuple):
    """A column of a plain table whose record is found by a text of the row.

    :param text: name of the text in the values of a row
    :param ids: the ids by text
    :param strict: whether a row with any other text needs a second look
    """

    text: str
    ids: dict
    strict: bool = False


@dataclass(slots=True)
class Row:
    """A row on its way through the import."""

    id: int
    number: int
    kind: str = "row"
    repeat: int = 0
    key: str | None = None
    decision: str | None = None
    vals: dict = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    # Number of the row above with the same key, and whether both say the same.
    first: int | None = None
    identical: bool = False
    # Found and decided on the way.
    values: dict = field(default_factory=dict)
    match: Any = None
    action: str | None = None
    res_id: int | None = None
    # What its problems tell of records that the user may not read: pairs of what was
    # looked for and the records, for ``crm.suite.duplicate.query``.
    told: list = field(default_factory=list)

    @property
    def is_refused(self):
        return any(not problem.warning for problem in self.problems)

    def reject(self, text, index=None, column=""):
        self.problems.append(Problem(index, column, text))
        self.action = REJECT


@dataclass(frozen=True)
class Mapped:
    """A column of the file with its meaning."""

    index: int
    header: str
    column: Column
    options: dict = field(default_factory=dict)


@dataclass
class Plan:
    """Everything about a batch that its rows need to know, read once per worker."""

    batch_id: int
    mapped: list[Mapped]
    key: tuple[str, ...]
    mode: str
    duplicate_policy: str
    clear_empty: bool
    create_missing: bool
    dry: bool
    defaults: dict
    # Journal of a real run; None in a dry run, which is rolled back.
    operation: Any = None
    # How dates and numbers are written in the file, where somebody said so.
    reading: dict = field(default_factory=dict)
    # What targets remember between chunks of one worker.
    memory: dict = field(default_factory=dict)

    def __post_init__(self):
        self.by_field = {}
        for mapped in self.mapped:
            self.by_field.setdefault(mapped.column.field, []).append(mapped)

    def has_column(self, name):
        """Whether a column of the file has the meaning ``name``."""
        mapped = self.by_field.get(name.partition("/")[0], ())
        return any(entry.column.name == name for entry in mapped)

    def where(self, field_name):
        """Index and header of the column that carries ``field_name``."""
        mapped = self.by_field.get(field_name)
        return (mapped[0].index, mapped[0].header) if mapped else (None, "")

    def for_implied(self):
        """The plan for customers that rows only name: what is there stays as it is."""
        return replace(
            self,
            mapped=[],
            key=("ref",),
            mode="create",
            duplicate_policy="skip",
            clear_empty=False,
            memory={},
        )

    def may_create(self, row):
        return self.mode != "update" or row.decision == "create"

    def policy(self, row):
        """What becomes of ``row`` if its record is already there."""
        if row.decision:
            return row.decision
        if self.mode == "update":
            return "update"
        if self.mode == "create" and self.duplicate_policy == "update":
            return "skip"
        return self.duplicate_policy

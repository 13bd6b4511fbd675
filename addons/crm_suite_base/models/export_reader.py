"""Records as rows of plain values, batch by batch, in bounded memory.

No model: the reader that every export shares. It is given a model in the user's
environment, so rules and field groups decide what comes out.
"""

import pytz

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

BATCH = 2000
# Names of linked records kept between batches, per model.
NAMES_KEPT = 20_000
# Links that a path may follow: parent_id/country_id/name has two.
MAX_DEPTH = 4
TYPES = frozenset(
    {
        "boolean",
        "char",
        "date",
        "datetime",
        "float",
        "html",
        "integer",
        "many2many",
        "many2one",
        "many2one_reference",
        "monetary",
        "one2many",
        "reference",
        "selection",
        "text",
    }
)
# Types whose values are in the cache as they are wanted, and what stands for NULL.
_CACHED = {
    "boolean": False,
    "char": None,
    "date": None,
    "datetime": None,
    "float": 0.0,
    "integer": 0,
    "many2one": None,
    "monetary": 0.0,
    "selection": None,
    "text": None,
}


def _labels(model):
    """Names of columns where the screens call a field otherwise than its model."""
    get_labels = getattr(model, "_crm_suite_export_labels", None)
    return get_labels() if get_labels else {}


def _is_masked(records, name):
    """Whether pools hide the field of some records: the cache has the real values."""
    get_masked = getattr(records, "_pool_masked_fields", None)
    return get_masked and name in get_masked() and records._pool_hiding(name)


class _Batch:
    """Values of fetched records, column by column.

    Columns of the table are taken from the cache into which they were fetched just
    now: half of the time of an export would go into making a record of every cell.
    """

    def __init__(self, records):
        self.records = records

    def __getitem__(self, name):
        records = self.records
        if name == "id":
            return list(records._ids)
        field = records._fields[name]
        cached = field.type in _CACHED and field.store and not field.translate
        if cached and not _is_masked(records, name):
            cache = field._get_cache(records.env)
            if all(id_ in cache for id_ in records._ids):
                empty = _CACHED[field.type]
                values = [cache[id_] for id_ in records._ids]
                return [empty if value is None else value for value in values]
        return [row[name] for row in records.read([name], load=None)]


class _Names:
    """Display names of linked records, looked up once per batch and model."""

    def __init__(self, model):
        # The name of a link belongs to the record that has the link: the host, too,
        # shows it without asking for access to the other record. A name that is contact
        # data itself is held back as it is elsewhere.
        self.masked = _is_masked(model, "display_name")
        self.model = model.sudo().with_context(active_test=False)
        self.known = {}

    def load(self, ids):
        missing = [id_ for id_ in ids if id_ not in self.known]
        if not missing:
            return self.known
        if len(self.known) + len(missing) > NAMES_KEPT:
            self.known = {id_: self.known[id_] for id_ in ids if id_ in self.known}
        records = self.model.browse(missing).exists()
        if self.masked:
            rows = records.sudo(False)._read_format(["display_name"])
            self.known.update((row["id"], row["display_name"]) for row in rows)
        else:
            self.known.update((record.id, record.display_name) for record in records)
        return self.known


class ExportReader:
    """Read ``paths`` of the records of ``model``.

    A path is a field name, ``.id`` (database id), ``id`` (external id, empty where
    there is none) or a path through many2one fields (``country_id/code``).

    With ``reimport`` the file is made for a program: headers are paths, links are
    database ids (``user_id/.id``), selections are their technical values.

    :raise UserError: for a path that does not exist or cannot be exported
    :raise AccessError: for a field that the user may not read
    """

    def __init__(self, model, paths, reimport=False):
        self.model = model
        self.reimport = reimport
        self._names = {}
        self.timezone = pytz.timezone(model.env.user.tz or "UTC")
        self.columns = [self._column(model, path.split("/"), path) for path in paths]
        if not self.columns:
            raise UserError(model.env._("Choose at least one column to export."))

    @property
    def headers(self):
        return [column.header for column in self.columns]

    def names(self, model):
        if model._name not in self._names:
            self._names[model._name] = _Names(model)
        return self._names[model._name]

    def batches(self, domain, after_id=0, limit=None):
        """Yield ``(last id, rows)`` in the order of ids.

        Each batch starts behind the last id of the one before: no offset to skip,
        no list of all ids, and nothing of a batch stays in the cache.
        """
        env = self.model.env
        domain = fields.Domain(domain)
        names = list(dict.fromkeys(column.name for column in self.columns))
        env.flush_all()  # what is still to be computed is not in the cache
        while limit is None or limit > 0:
            size = BATCH if limit is None else min(BATCH, limit)
            records = self.model.search_fetch(
                domain & fields.Domain("id", ">", after_id),
                names,
                order="id",
                limit=size,
            )
            if not records:
                return
            after_id = records.ids[-1]
            batch = _Batch(records)
            columns = [column.values(batch) for column in self.columns]
            yield after_id, list(zip(*columns, strict=True))
            env.invalidate_all(flush=False)
            if len(records) < size:
                return
            if limit is not None:
                limit -= size

    def _column(self, model, path, full_path, label=""):
        name, rest = path[0], path[1:]
        if name in (".id", "id") and not rest:
            kind = _DatabaseId if name == ".id" else _ExternalId
            return kind(self, model, full_path, label)
        field = model._fields.get(name)
        if field is None or len(full_path.split("/")) > MAX_DEPTH:
            self._refuse(model, full_path)
        model._check_field_access(field, "read")
        label += _labels(model).get(name) or field._description_string(model.env)
        if rest and field.type == "many2one":
            return _Related(self, model, field, rest, full_path, label)
        # The host's templates may name a link's name: links are named anyway.
        if rest and not (field.relational and rest in (["display_name"], ["name"])):
            self._refuse(model, full_path)
        if field.type not in TYPES or not field.exportable:
            self._refuse(model, full_path)
        kind = _KINDS.get(field.type, _Plain)
        return kind(self, model, field, full_path, label)

    def _refuse(self, model, path):
        raise UserError(
            model.env._(
                "The column “%(column)s” of %(model)s cannot be exported: there is no "
                "such field, or its content does not fit into a cell.",
                column=path,
                model=model._description,
            )
        )


class _Plain:
    """Numbers, dates and text: the value itself, ``None`` where there is none.

    ``kind`` says what the cells are, in the words of ``tools/xlsx.py``.
    """

    kind = "text"

    def __init__(self, reader, model, field, path, label):
        self.reader = reader
        self.model = model
        self.field = field
        self.name = field.name
        self.header = path if reader.reimport else label
        self.kind = _SHEET_KINDS.get(field.type, self.kind)

    def values(self, batch):
        return [None if value is False else value for value in batch[self.name]]


class _Boolean(_Plain):
    def values(self, batch):
        return batch[self.name]


class _Html(_Plain):
    def values(self, batch):
        convert = str if self.reader.reimport else html2plaintext
        return [convert(value) if value else None for value in batch[self.name]]


class _Selection(_Plain):
    def __init__(self, reader, model, field, path, label):
        super().__init__(reader, model, field, path, label)
        self.labels = dict(field._description_selection(model.env) or ())

    def values(self, batch):
        if self.reader.reimport:
            return super().values(batch)
        labels = self.labels
        return [labels.get(v, v) if v else None for v in batch[self.name]]


class _Datetime(_Plain):
    """Stored in UTC, shown (and read back by an import) in the user's time."""

    def values(self, batch):
        timezone, utc = self.reader.timezone, pytz.utc
        return [
            utc.localize(value).astimezone(timezone).replace(tzinfo=None)
            if value
            else None
            for value in batch[self.name]
        ]


class _Many2one(_Plain):
    def __init__(self, reader, model, field, path, label):
        super().__init__(reader, model, field, path, label)
        if reader.reimport:
            self.header = f"{path}/.id"
            self.kind = "integer"

    def values(self, batch):
        ids = batch[self.name]
        if self.reader.reimport:
            return [id_ or None for id_ in ids]
        names = self.reader.names(self.model.env[self.field.comodel_name])
        known = names.load({id_ for id_ in ids if id_})
        return [known.get(id_) for id_ in ids]


class _X2many(_Plain):
    """All linked records in one cell: a customer is one row."""

    def __init__(self, reader, model, field, path, label):
        super().__init__(reader, model, field, path, label)
        if reader.reimport:
            self.header = (
                f"{path.removesuffix('/name').removesuffix('/display_name')}/.id"
            )

    def values(self, batch):
        lists = batch[self.name]
        if self.reader.reimport:
            return [",".join(map(str, ids)) or None for ids in lists]
        names = self.reader.names(self.model.env[self.field.comodel_name])
        known = names.load({id_ for ids in lists for id_ in ids})
        return [
            ", ".join(name for id_ in ids if (name := known.get(id_))) or None
            for ids in lists
        ]


class _Reference(_Plain):
    def values(self, batch):
        values = [value or None for value in batch[self.name]]
        if self.reader.reimport:
            return values
        by_model = {}
        for value in filter(None, values):
            model, _comma, res_id = value.partition(",")
            by_model.setdefault(model, set()).add(int(res_id))
        shown = {
            f"{model},{res_id}": name
            for model, ids in by_model.items()
            if model in self.model.env
            for res_id, name in self.reader.names(self.model.env[model])
            .load(ids)
            .items()
        }
        return [shown.get(value) for value in values]


class _Related(_Plain):
    """A field of a linked record, read with the user's access to that record."""

    def __init__(self, reader, model, field, rest, path, label):
        super().__init__(reader, model, field, path, label)
        self.comodel = model.env[field.comodel_name].with_context(active_test=False)
        self.target = reader._column(self.comodel, rest, path, f"{label}/")
        self.header = self.target.header
        self.kind = self.target.kind

    def values(self, batch):
        ids = batch[self.name]
        # search() leaves out the linked records that the user may not read
        linked = self.comodel.search_fetch(
            [("id", "in", list(set(filter(None, ids))))],
            [self.target.name],
            order="id",
        )
        values = self.target.values(_Batch(linked))
        found = dict(zip(linked._ids, values, strict=True))
        return [found.get(id_) for id_ in ids]


class _DatabaseId:
    name = "id"
    kind = "integer"

    def __init__(self, reader, model, path, label):
        self.model = model
        self.header = path if reader.reimport else label + self._title(model.env)

    @staticmethod
    def _title(env):
        return env._("Database ID")

    def values(self, batch):
        return batch["id"]


class _ExternalId(_DatabaseId):
    """Existing external ids only: exporting writes nothing."""

    kind = "code"

    @staticmethod
    def _title(env):
        return env._("External ID")

    def values(self, batch):
        data = self.model.env["ir.model.data"].sudo()
        known = {}
        for line in data.search_fetch(
            [
                ("model", "=", self.model._name),
                ("res_id", "in", batch["id"]),
            ],
            ["module", "name", "res_id"],
            order="id desc",
        ):
            known[line.res_id] = line.complete_name
        return [known.get(id_) for id_ in batch["id"]]


_SHEET_KINDS = {
    "boolean": "boolean",
    # Text to the cell, too: an edited postcode must not become a number.
    "char": "code",
    "date": "date",
    "datetime": "datetime",
    "float": "decimal",
    "integer": "integer",
    "many2one_reference": "integer",
    "monetary": "money",
}
_KINDS = {
    "boolean": _Boolean,
    "datetime": _Datetime,
    "html": _Html,
    "many2many": _X2many,
    "many2one": _Many2one,
    "one2many": _X2many,
    "reference": _Reference,
    "selection": _Selection,
}

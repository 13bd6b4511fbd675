"""Expressions over records of the ORM: their fields described, their values read.

What is described is what can be compared: stored and computed fields of simple types
and relations. Binary data, HTML, JSON and fields for one group only are left out.
"""

from .expression_eval import DIGITS, Money

TYPES = {
    "boolean": "boolean",
    "char": "text",
    "date": "date",
    "datetime": "datetime",
    "float": "number",
    "integer": "number",
    "many2many": "records",
    "many2one": "record",
    "monetary": "money",
    "one2many": "records",
    "selection": "selection",
    "text": "text",
}
OPEN_GROUPS = {"base.group_user", "crm_suite_base.group_crm_suite_user"}
# Parts of names of fields that hold secrets, whatever group may read them.
CLOSED = ("password", "token", "secret", "api_key", "totp")


def describe_models(env, names=None, aliases=None, allow=None):
    """A description of fields for :func:`expression.compile_expression`.

    :param names: models of further names, such as ``{"submitter": "res.users"}``; they
        are known in every model, and the reader must know them for the first one
    :param aliases: other names of fields by model, ``{"sale.order": {"lines":
        "order_line"}}``
    :param allow: function of a field that says whether it may be named; by default
        those that every user of the suite may read
    :return: function that gives, for the name of a model, ``{name: {"type", "model"?,
        "options"?, "label"}}``
    """
    allow = allow or is_open
    known = {}

    def describe(model_name):
        if model_name not in known:
            known[model_name] = _describe(env, model_name, allow)
            for name, other in ((aliases or {}).get(model_name) or {}).items():
                entry = known[model_name].get(other)
                if entry:
                    known[model_name].setdefault(name, {**entry, "field": other})
            for name, other in (names or {}).items():
                entry = {"type": "record", "model": other, "label": name}
                known[model_name].setdefault(name, entry)
        return known[model_name]

    return describe


def is_open(field):
    """Whether every user of the suite may read a field."""
    groups = {name.strip() for name in (field.groups or "").split(",") if name.strip()}
    return not groups or not OPEN_GROUPS.isdisjoint(groups)


def _describe(env, model_name, allow):
    model = env.get(model_name)
    if model is None:
        return {}
    found = {}
    for name, field in model._fields.items():
        kind = TYPES.get(field.type)
        if not kind or any(word in name for word in CLOSED) or not allow(field):
            continue
        entry = {"type": kind, "label": field.string or name}
        if field.relational:
            entry["model"] = field.comodel_name
        elif kind == "selection":
            entry["options"] = [
                (str(key), str(label))
                for key, label in field._description_selection(env)
            ]
        found[name] = entry
    return found


class RecordReader:
    """Reads the values of an expression from records.

    :param records: for which the expression is asked, in order
    :param today: date of the user
    :param zone: name of his time zone
    :param names: for further names, ids of records: a list with one for each record.
        Their models are those of the description
    :param functions: by name, functions that take a list of tuples and give a list
    :param models: models of the further names, by default res.users
    """

    def __init__(
        self,
        records,
        today,
        zone="UTC",
        names=None,
        functions=None,
        models=None,
    ):
        self.records = records
        self.count = len(records)
        self.today = today
        self.zone = zone
        self.names = names or {}
        self.functions = functions or {}
        self.models = models or {}

    def call(self, name, rows):
        return self.functions[name](rows)

    def read(self, path):
        first = path[0]
        if first in self.names and first not in self.records._fields:
            return self._read_named(path)
        return [self._value(record, path) for record in self.records]

    def _read_named(self, path):
        ids = self.names[path[0]]
        if len(path) == 1:
            return list(ids)
        users = self.records.env[self.models.get(path[0], "res.users")].sudo()
        return [self._value(users.browse(one or []), path[1:]) for one in ids]

    def _value(self, record, path):
        """The value at the end of a path: a list as soon as it leads to many.

        Each line gives one value even where several lead to the same record, so that
        paths with one beginning stay side by side.
        """
        records, many = [record], False
        for position, name in enumerate(path):
            last = position == len(path) - 1
            field = records[0]._fields[name]
            if field.type in ("one2many", "many2many"):
                records = [line for one in records for line in one[name]]
                many = True
                if last:
                    # Of a record with values that wait: the stored line behind it.
                    return [line._origin.id or line.id for line in records]
                if not records:
                    return []
            elif last:
                values = [_plain(one, field) for one in records]
                return values if many else values[0]
            else:
                records = [one[name] for one in records]
        return None


def _plain(record, field):
    """The value of a field of one record or of none."""
    if not record:
        return None
    value = record[field.name]
    if field.type == "many2one":
        return value.id or None
    if field.type == "monetary":
        currency_name = field.get_currency_field(record)
        currency = record[currency_name] if currency_name else None
        return Money(value, currency.decimal_places if currency else DIGITS)
    return value

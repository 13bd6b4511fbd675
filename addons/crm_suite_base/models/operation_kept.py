"""Putting into words what an undo leaves alone."""

from collections import defaultdict

from ..tools.labelled import labelled

LIMIT = 1000


def describe_kept(env, kept):
    """Describe kept records for the user, as far as they may see them.

    :param dict kept: as :meth:`UndoPlan.get_kept` returns it
    :return: list of ``{"model", "res_id", "name", "reason", "fields"}``, at most
        :data:`LIMIT`
    :rtype: list[dict]
    """
    described = []
    shown = list(kept.items())[:LIMIT]
    names = _read_names(env, shown)
    for (model_name, id_), entry in shown:
        described.append(
            {
                "model": model_name,
                "res_id": id_,
                "name": names.get(model_name, id_),
                "reason": _describe_reason(env, names, entry),
                "fields": _describe_fields(env, names, model_name, id_, entry),
            }
        )
    return described


def _read_names(env, shown):
    names = RecordNames(env)
    for (model_name, id_), entry in shown:
        names.want(model_name, id_)
        for source, source_id, _count in entry.get("uses", ()):
            names.want(source, source_id)
        for name, *values in entry["fields"]:
            if model_name in env and name in env[model_name]._fields:
                names.want_values(env[model_name]._fields[name], *values)
    names.read()
    return names


def _describe_reason(env, names, entry):
    reasons = [entry["reason"]] if entry["reason"] else []
    # One record often refers by several fields (customer, invoice address, …).
    for model_name, id_, count in dict.fromkeys(entry.get("uses", ())):
        record = names.get(model_name, id_)
        label = names.get_model(model_name)
        if count > 1:
            reasons.append(
                env._(
                    "Used by %(count)s × %(kind)s, for example %(record)s.",
                    count=count,
                    kind=label,
                    record=record,
                )
            )
        else:
            reasons.append(
                env._("Used by %(kind)s %(record)s.", kind=label, record=record)
            )
    return " ".join(reasons)


def _describe_fields(env, names, model_name, id_, entry):
    if model_name not in env or not names.is_readable(model_name, id_):
        return []
    model = env[model_name]
    described = {}
    for name, was, is_now in entry["fields"]:
        field = model._fields.get(name)
        if field is None or not model._has_field_access(field, "read"):
            continue
        described[name] = {
            "field": name,
            "label": field._description_string(env),
            "was": describe_value(env, names, field, was),
            "is": describe_value(env, names, field, is_now),
        }
    return list(described.values())


def describe_value(env, names, field, value):
    """Show a raw column value as the user would see it.

    :rtype: str
    """
    if isinstance(value, dict) and field.translate:
        value = value.get(env.lang) or next(iter(value.values()), None)
    if isinstance(value, dict) and field.company_dependent:
        value = value.get(str(env.company.id), next(iter(value.values()), None))
    if field.type == "boolean":
        return env._("Yes") if value else env._("No")
    if value is None or value is False or value == []:
        return ""
    if field.type == "many2one" and isinstance(value, int):
        return names.get(field.comodel_name, value)
    if field.type == "many2many" and isinstance(value, list):
        return ", ".join(names.get(field.comodel_name, id_) for id_ in value)
    if field.type == "selection":
        options = dict(field._description_selection(env))
        return options.get(value, str(value))
    if field.type == "datetime":
        return str(value).replace("T", " ")[:16]
    return str(value)


def make_line_values(env, entry):
    """Turn a described record into the values of a line on the screen.

    :param dict entry: one of :func:`describe_kept`
    :rtype: dict
    """
    return {
        "name": entry["name"],
        "model": entry["model"],
        "res_id": entry["res_id"],
        "reason": entry["reason"],
        "changes": "; ".join(
            labelled(
                env,
                change["label"],
                f"{change['was'] or '–'} → {change['is'] or '–'}",
            )
            for change in entry["fields"]
        ),
    }


class RecordNames:
    """Display names of many records, read at once per model, with the user's rights."""

    def __init__(self, env):
        self.env = env
        self.wanted = defaultdict(set)
        self.names = {}

    def want(self, model_name, id_):
        """Ask for a name; :meth:`read` fetches all that were asked for."""
        if model_name in self.env and id_ and (model_name, id_) not in self.names:
            self.wanted[model_name].add(id_)

    def want_values(self, field, *values):
        """Ask for the names that values of a relational field refer to."""
        if field.type not in ("many2one", "many2many"):
            return
        for value in values:
            for id_ in value if isinstance(value, list) else [value]:
                if isinstance(id_, int):
                    self.want(field.comodel_name, id_)

    def read(self):
        for model_name, ids in self.wanted.items():
            records = self.env[model_name].browse(ids).exists()
            for record in records._filtered_access("read"):
                self.names[model_name, record.id] = record.display_name
        self.wanted.clear()

    def get(self, model_name, id_):
        if self.wanted:
            self.read()
        return self.names.get((model_name, id_)) or self.env._(
            "record %(number)s", number=id_
        )

    def is_readable(self, model_name, id_):
        return (model_name, id_) in self.names

    def get_model(self, model_name):
        if model_name not in self.env:
            return model_name
        return self.env["ir.model"]._get(model_name).sudo().name

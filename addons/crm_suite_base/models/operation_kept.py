"""Putting into words what an undo leaves alone."""

from collections import defaultdict

LIMIT = 1000


def describe_kept(env, kept):
    """Describe kept records for the user, as far as they may see them.

    :param dict kept: as :meth:`UndoPlan.get_kept` returns it
    :return: list of ``{"model", "res_id", "name", "reason", "fields"}``, at most
        :data:`LIMIT`
    :rtype: list[dict]
    """
    described = []
    names = _Names(env, kept)
    for (model_name, id_), entry in list(kept.items())[:LIMIT]:
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


class _Names:
    """Display names of many records, read at once per model, with the user's rights."""

    def __init__(self, env, kept):
        self.env = env
        wanted = defaultdict(set)
        for (model_name, id_), entry in list(kept.items())[:LIMIT]:
            wanted[model_name].add(id_)
            for source, source_id, _count in entry.get("uses", ()):
                wanted[source].add(source_id)
            if model_name in env:
                self._collect_targets(wanted, env[model_name], entry)
        self.names = {}
        for model_name, ids in wanted.items():
            if model_name in env:
                records = env[model_name].browse(ids).exists()
                readable = records._filtered_access("read")
                for record in readable:
                    self.names[model_name, record.id] = record.display_name

    def _collect_targets(self, wanted, model, entry):
        for name, *values in entry["fields"]:
            field = model._fields.get(name)
            if field is None or field.type not in ("many2one", "many2many"):
                continue
            for value in values:
                for id_ in value if isinstance(value, list) else [value]:
                    if isinstance(id_, int) and id_:
                        wanted[field.comodel_name].add(id_)

    def get(self, model_name, id_):
        return self.names.get((model_name, id_)) or self.env._(
            "record %(number)s", number=id_
        )

    def is_readable(self, model_name, id_):
        return (model_name, id_) in self.names

    def get_model(self, model_name):
        if model_name not in self.env:
            return model_name
        return self.env["ir.model"]._get(model_name).sudo().name

"""Values that a program, a file or other code gives, beside what a record has already."""


def get_given(model, name, vals):
    """The record that values for ``create`` or ``write`` put into a many2one field.

    Code of the host gives an id, the record itself, or an id with a name; a form also
    values with the id among them.

    :return: one record, or none
    """
    value = vals.get(name)
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, list | tuple):
        value = value and value[0]
    value = getattr(value, "id", value)
    records = model.env[model._fields[name].comodel_name]
    return records.browse(() if isinstance(value, str | dict) else value or ())


def get_missing(record, name, commands):
    """Ids that ``(4, id)`` commands would add to a many2many field of a record.

    :rtype: list[int]
    """
    wanted = [command[1] for command in commands if command[0] == 4]
    return [id_ for id_ in wanted if id_ not in record[name].ids]


def differs(record, name, value):
    """Whether writing a value would change a record.

    Numbers count as far as the field keeps them, links of many2many fields only add.

    :param value: as ``write`` takes it
    :rtype: bool
    """
    field = record._fields[name]
    old = record[name]
    if field.type == "many2many":
        return bool(get_missing(record, name, value))
    if field.type == "many2one":
        return old.id != (value or False)
    if field.type in ("float", "monetary"):
        return (
            round((old or 0.0) - float(value or 0.0), _get_decimals(record, field)) != 0
        )
    new = field.convert_to_record(field.convert_to_cache(value, record), record)
    return (old or False) != (new or False)


def _get_decimals(record, field):
    if field.type == "monetary":
        currency = record[field.get_currency_field(record)]
        return currency.decimal_places if currency else 2
    digits = field.get_digits(record.env)
    return digits[1] if digits else 6

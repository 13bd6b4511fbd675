"""What programs read: which fields of which rows, by what they may ask for them, and how
the answers look. One source for answering and for the description."""

from .api_schema import CUSTOM, FIELDS

PAGE, MOST = 100, 500
# What a row has beside the fields that programs write.
MOMENTS = ("create_date", "write_date")
MORE = {
    "customer": (
        *("active", "company_id", "commercial_partner_id", "crm_suite_grade_id"),
        *("crm_suite_type", *MOMENTS),
    ),
    "lead": (
        *("active", "company_id", "partner_id", "probability", "date_closed"),
        *("lost_reason_id", *MOMENTS),
    ),
    "interaction": ("company_id", "partner_id", "commercial_partner_id", *MOMENTS),
    "purchase": ("company_id", "partner_id", *MOMENTS),
}
# Parameter of a list to the field that it is compared with.
IDS = {
    "customer": {"parent_id": "parent_id"},
    "lead": {"customer_id": "partner_id.commercial_partner_id"},
    "interaction": {"customer_id": "commercial_partner_id"},
    "purchase": {"customer_id": "partner_id"},
}
TEXTS = {
    "customer": ("ref", "email", "phone", "vat"),
    "lead": ("crm_suite_reference", "email_from", "phone"),
    "interaction": ("reference",),
    "purchase": ("source", "reference"),
}
WITH_ARCHIVED = ("customer", "lead")
CHOICES = ("no", "yes")
KINDS = {
    "active": "boolean",
    "probability": "number",
    "create_date": "moment",
    "write_date": "moment",
    "date_closed": "moment",
}
RECORD = {
    "type": ["object", "null"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    "required": ["id", "name"],
}
SCHEMAS = {
    "boolean": {"type": "boolean"},
    "number": {"type": ["number", "null"]},
    "text": {"type": ["string", "null"]},
    "moment": {"type": ["string", "null"], "description": "UTC, YYYY-MM-DDTHH:MM:SSZ"},
    "record": RECORD,
    "records": {"type": "array", "items": {**RECORD, "type": "object"}},
}


def read_fields(entity):
    """Names of the fields of a row, without those that an administrator added.

    :param str entity: a key of :data:`FIELDS`
    :rtype: list[str]
    """
    skipped = ("id", "customer_id", "customer_ref")
    written = [name for name in FIELDS[entity] if name not in skipped]
    return [*written, *(name for name in MORE[entity] if name not in written)]


def _kind(entity, name):
    schema = FIELDS[entity].get(name)
    if schema is None or name in KINDS:
        return KINDS.get(name) or ("record" if name.endswith("_id") else "text")
    types = schema.get("type", "string")
    if types == "array":
        return "records"
    if name.endswith("_id"):
        return "record"
    if "boolean" in types:
        return "boolean"
    return "number" if "number" in types or "integer" in types else "text"


def record_schema(entity):
    """How a row is answered.

    :param str entity: a key of :data:`FIELDS`
    :rtype: dict
    """
    properties = {"id": {"type": "integer", "minimum": 1}}
    for name in read_fields(entity):
        about = FIELDS[entity].get(name, {}).get("description")
        schema = SCHEMAS[_kind(entity, name)]
        properties[name] = {**schema, "description": about} if about else schema
    properties["masked"] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "Fields that have a value which the user sees after claiming it",
    }
    return {
        "type": "object",
        "description": "Fields that the user of the key may not read are left out",
        "properties": properties,
        "patternProperties": {CUSTOM: {"description": "Added by an administrator"}},
        "required": ["id"],
        "additionalProperties": False,
    }


def page_schema(reference):
    """How a list is answered.

    :param dict reference: to the schema of a row
    :rtype: dict
    """
    return {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": reference},
            "next": {
                "type": ["integer", "null"],
                "description": "For `after` of the next page; null: this was the last",
            },
            "as_of": {
                **SCHEMAS["moment"],
                "description": "For `updated_since` of the next time: of the first page,"
                " nothing that changes is missed",
            },
        },
        "required": ["rows", "next", "as_of"],
        "additionalProperties": False,
    }


def _parameter(name, schema, text):
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": schema,
        "description": text,
    }


def list_parameters(entity):
    """What a list may be asked for.

    :param str entity: a key of :data:`FIELDS`
    :rtype: list[dict]
    """
    number = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
    found = [
        _parameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE},
            "Rows of a page",
        ),
        _parameter("after", {**number, "minimum": 0}, "`next` of the page before"),
        _parameter(
            "updated_since",
            {
                "type": "string",
                "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
                "(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?$",
            },
            "Only what was created or changed then or later; UTC",
        ),
    ]
    if entity in WITH_ARCHIVED:
        found.append(
            _parameter(
                "archived",
                {"enum": list(CHOICES), "default": CHOICES[0]},
                "Whether archived ones are among them",
            )
        )
    found += [
        _parameter(name, number, f"Only those with this {name}") for name in IDS[entity]
    ]
    found += [
        _parameter(
            name,
            {"type": "string", "minLength": 1, "maxLength": 200},
            f"Only those with this {name}",
        )
        for name in TEXTS[entity]
    ]
    return found

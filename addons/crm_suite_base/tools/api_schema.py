"""The shapes of what programs send: one source for checking and for the description.

Every field of a row is a member of the model of the same name; :mod:`api_openapi` shows
these very schemas.
"""

import functools

from jsonschema import Draft202012Validator

MOST_ROWS = 1000
INTEGER = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
CUSTOM = "^x_crm_[a-z0-9_]{1,56}$"


def _text(description, size=500):
    return {
        "type": ["string", "null"],
        "maxLength": size,
        "description": description,
    }


def _record(description):
    return {
        "type": ["string", "integer", "null"],
        "maxLength": 500,
        "minimum": 1,
        "maximum": 2**31 - 1,
        "description": f"{description}: id, external id, code or name",
    }


def _records(description):
    return {
        "type": "array",
        "maxItems": 50,
        "items": {**_record(description), "type": ["string", "integer"]},
        "description": f"{description}; added to those that are there",
    }


def _choice(description, *codes):
    return {"enum": [*codes, None], "description": description}


def _number(description):
    return {
        "type": ["number", "null"],
        "minimum": -1e15,
        "maximum": 1e15,
        "description": description,
    }


def _whole(description, least=-(2**31)):
    return {
        "type": ["integer", "null"],
        "minimum": least,
        "maximum": 2**31 - 1,
        "description": description,
    }


def _date(description):
    return {
        "type": ["string", "null"],
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "description": f"{description}, YYYY-MM-DD",
    }


def _flag(description):
    return {"type": "boolean", "description": description}


ADDRESS = {
    "street": _text("Street and number"),
    "street2": _text("Second line of the street"),
    "zip": _text("Postal code", 100),
    "city": _text("City"),
    "state_id": _record("Province"),
    "country_id": _record("Country"),
}
CUSTOMER_OF = {
    "customer_id": {**INTEGER, "minimum": 1, "description": "Id of the customer"},
    "customer_ref": {
        "type": "string",
        "minLength": 1,
        "maxLength": 500,
        "description": "Reference of the customer, instead of its id",
    },
}
OWN_ID = {"id": {**INTEGER, "minimum": 1, "description": "Id of the record to update"}}

FIELDS = {
    "customer": {
        **OWN_ID,
        "ref": _text("Reference: the number of the customer in the other system"),
        "name": _text("Name"),
        "is_company": _flag("A company, not a person"),
        "parent_id": _record("Company of a contact"),
        "email": _text("E-mail address"),
        "phone": _text("Phone number"),
        "vat": _text("Tax number, in China the USCC"),
        "website": _text("Web site"),
        "function": _text("Position of a person"),
        **ADDRESS,
        "lang": _text("Language, such as zh_CN", 20),
        "industry_id": _record("Industry"),
        "category_id": _records("Tags"),
        "user_id": _record("Owner, by login"),
        "comment": _text("Notes", 20000),
        "crm_suite_lifecycle_id": _record("Lifecycle stage"),
        "crm_suite_team_id": _record("Team"),
        "crm_suite_source_id": _record("Source"),
        "crm_suite_employees": _whole("Number of employees", 0),
        "crm_suite_needs": _text("Needs", 20000),
        "crm_suite_preferences": _text("Preferences", 20000),
        "crm_suite_preferred_channel": _choice(
            "Preferred channel", "phone", "email", "sms", "wechat", "visit"
        ),
        "crm_suite_preferred_time": _choice(
            "Preferred time", "morning", "afternoon", "evening", "weekend"
        ),
    },
    "lead": {
        **OWN_ID,
        "crm_suite_reference": _text("Number of the lead in the other system"),
        "name": _text("Title; without it the name of who asks"),
        "type": _choice("Lead or deal", "lead", "opportunity"),
        "partner_name": _text("Company that asks"),
        "contact_name": _text("Person who asks"),
        "email_from": _text("E-mail address"),
        "phone": _text("Phone number"),
        "website": _text("Web site"),
        "function": _text("Position of the person"),
        **ADDRESS,
        **CUSTOMER_OF,
        "description": _text("What is asked for", 20000),
        "expected_revenue": _number("Expected revenue in the company's currency"),
        "date_deadline": _date("Expected closing"),
        "priority": _choice("Stars", "0", "1", "2", "3"),
        "user_id": _record("Owner, by login"),
        "team_id": _record("Team"),
        "stage_id": _record("Stage"),
        "source_id": _record("Source"),
        "medium_id": _record("Medium"),
        "campaign_id": _record("Campaign"),
        "tag_ids": _records("Tags"),
    },
    "interaction": {
        "reference": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "Number of the call in the other system; the key",
        },
        **CUSTOMER_OF,
        "contact_id": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 2**31 - 1,
            "description": "Id of the person spoken with",
        },
        "kind": {"enum": ["call", "walk_in", "visit"], "description": "What it was"},
        "direction": {"enum": ["in", "out"], "description": "Who began"},
        "date": {
            "type": "string",
            "maxLength": 40,
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})?)?$",
            "description": "When, ISO 8601; without an offset it is UTC",
        },
        "duration": {**INTEGER, "minimum": 0, "description": "Minutes"},
        "outcome": _choice(
            "What came of it",
            *("reached", "interested", "agreed", "callback", "no_answer"),
            *("refused", "wrong_number", "complaint"),
        ),
        "summary": _text("What was said", 20000),
        "next_step": _text("What is next; makes an activity"),
        "next_date": _date("Day of the next step"),
        "user_id": _record("Who spoke, by login"),
    },
    "purchase": {
        "source": _text("The other system", 200),
        "reference": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "Number of the order in the other system",
        },
        "line": {
            "type": "string",
            "minLength": 1,
            "maxLength": 100,
            "description": "Line of that order; 1 if not given. Source, reference and line are the key",
        },
        **CUSTOMER_OF,
        "date": {**_date("Day of the purchase"), "type": "string"},
        "product_id": _record("Product of ours"),
        "product_name": _text("Product in the words of the other system"),
        "quantity": {**_number("Quantity"), "type": "number"},
        "amount": {**_number("What was paid for the whole quantity"), "type": "number"},
        "currency_id": _record("Currency, by code; without it that of the company"),
    },
}
# By which field a row is found; the first where the request says nothing.
KEYS = {
    "customer": ("ref", "email", "phone", "vat"),
    "lead": ("crm_suite_reference", "email_from", "phone"),
    "interaction": ("reference",),
    "purchase": ("reference",),
}
REQUIRED = {"interaction": ["reference"], "purchase": ["reference"]}
# Rows may carry the fields that an administrator added.
WITH_CUSTOM = ("customer", "lead")
CUSTOM_VALUE = {
    "anyOf": [
        {"type": ["string", "number", "boolean", "null"], "maxLength": 20000},
        {
            "type": "array",
            "maxItems": 50,
            "items": {"type": ["string", "integer"], "maxLength": 500},
        },
    ],
    "description": "A field that an administrator added",
}
DECISION = {
    "type": "object",
    "properties": {
        "decision": {
            "enum": ["agree", "reject", "return", "transfer", "add_before", "add_after"]
        },
        "comment": {
            "type": "string",
            "maxLength": 5000,
            "description": "Required to reject and to return",
        },
        "to": {"type": "string", "maxLength": 100, "description": "Node to return to"},
        "user_ids": {
            "type": "array",
            "maxItems": 20,
            "items": {**INTEGER, "minimum": 1},
            "description": "Who gets the task, or signs too",
        },
        "later": {
            "type": "boolean",
            "description": "Transfer with my later tasks of this request",
        },
        "values": {
            "type": "object",
            "maxProperties": 50,
            "additionalProperties": {
                "type": ["string", "number", "boolean", "null"],
                "maxLength": 20000,
            },
            "description": "What is filled in",
        },
    },
    "required": ["decision"],
    "additionalProperties": False,
}


def row_schema(entity):
    """The schema of one row.

    :param str entity: a key of :data:`FIELDS`
    :rtype: dict
    """
    schema = {
        "type": "object",
        "properties": FIELDS[entity],
        "additionalProperties": False,
        "minProperties": 1,
    }
    if entity in REQUIRED:
        schema["required"] = REQUIRED[entity]
    if entity in WITH_CUSTOM:
        schema["patternProperties"] = {CUSTOM: CUSTOM_VALUE}
    return schema


@functools.cache
def _validator(entity):
    return Draft202012Validator(
        DECISION if entity == "decision" else row_schema(entity)
    )


def check_value(entity, value):
    """What is wrong with a row, or with a decision.

    :param str entity: a key of :data:`FIELDS`, or ``decision``
    :return: the broken rule, the path to the value, and what the rule says; None when
        all is well
    :rtype: tuple[str, list, object] | None
    """
    validator = _validator(entity)
    if validator.is_valid(value):
        return None
    errors = validator.iter_errors(value)
    error = min(errors, key=lambda e: (len(e.absolute_path), str(e.validator)))
    path = list(error.absolute_path)
    limit = error.validator_value
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [n for n in error.instance if n not in known]
        custom = entity in WITH_CUSTOM
        unknown = [n for n in unknown if not (custom and n.startswith("x_crm_"))]
        return "unknown", [*path, (unknown or [""])[0]], None
    if error.validator == "required":
        missing = [name for name in limit if name not in error.instance]
        return "required", [*path, missing[0]], None
    return error.validator, path, limit


def pointer(path):
    """A path into the body as a JSON pointer (RFC 6901).

    :param list path: names and positions
    :rtype: str
    """
    parts = (str(part)[:100].replace("~", "~0").replace("/", "~1") for part in path)
    # A name may hold half a character, which no answer can.
    return "".join(f"/{part}" for part in parts).encode("utf-8", "replace").decode()

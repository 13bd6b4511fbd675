"""The description of the interface (OpenAPI 3.1), made from the schemas that check."""

import functools

from .api_problem import MEDIA_TYPE, PROBLEMS
from .api_reading import list_parameters, page_schema, record_schema
from .api_schema import DECISION, FIELDS, KEYS, MOST_ROWS, row_schema

PREFIX = "/crm_suite/api/v1"
PLURALS = {
    "customer": "customers",
    "lead": "leads",
    "interaction": "interactions",
    "purchase": "purchases",
}
ACTIONS = ("created", "updated", "unchanged", "rejected")
# Which statuses any request with a body, or without one, can be answered with.
WITHOUT_BODY = (400, 401, 403, 405, 409, 415, 429)
WITH_BODY = (*WITHOUT_BODY, 413, 422)
IDENTIFIER = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
NULLABLE_ID = {"type": ["integer", "null"]}
WARNING = {
    "warning": {
        "type": "string",
        "description": "A duplicate rule noted a pair; for people",
    },
    "duplicates": {
        "type": "array",
        "description": "The records that it may be, as far as the user may see them",
        "items": {
            "type": "object",
            "properties": {
                "model": {"type": "string"},
                "id": {"type": "integer"},
                "name": {"type": "string"},
            },
            "required": ["model", "id", "name"],
            "additionalProperties": False,
        },
    },
}
RESULT = {
    "type": "object",
    "properties": {
        "row": {"type": "integer", "minimum": 0, "description": "Position, from 0"},
        "result": {"enum": list(ACTIONS)},
        "id": NULLABLE_ID,
        "code": {
            "type": "string",
            "description": "Of a rejected row: invalid, value, key, reference,"
            " ambiguous, duplicate, missing or forbidden",
        },
        "field": {"type": "string", "description": "JSON pointer into the body"},
        "reason": {
            "type": "string",
            "description": "For people, in the user's language",
        },
        **WARNING,
    },
    "required": ["row", "result", "id"],
    "additionalProperties": False,
}
COUNT = {"type": "integer", "minimum": 0}
BULK_ANSWER = {
    "type": "object",
    "properties": {
        "read": COUNT,
        **dict.fromkeys(ACTIONS, COUNT),
        "operation_id": {
            **NULLABLE_ID,
            "description": "The operation by which the request can be undone",
        },
        "results": {"type": "array", "items": RESULT},
    },
    "required": ["read", *ACTIONS, "operation_id", "results"],
    "additionalProperties": False,
}
SINGLE_ANSWER = {
    "type": "object",
    "properties": {
        "id": NULLABLE_ID,
        "result": {"enum": list(ACTIONS[:3])},
        "operation_id": NULLABLE_ID,
        **WARNING,
    },
    "required": ["id", "result", "operation_id"],
    "additionalProperties": False,
}
PERSON = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    "required": ["id", "name"],
}
MOMENT = {
    "type": ["string", "null"],
    "description": "UTC, YYYY-MM-DDTHH:MM:SSZ",
}
TASK = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "request_id": {"type": "integer"},
        "document": {
            "type": "object",
            "properties": {
                "model": {"type": "string"},
                "id": {"type": "integer"},
                "name": {"type": "string"},
            },
            "required": ["model", "id", "name"],
        },
        "node": {"type": "string"},
        "kind": {"enum": ["approve", "fill", "revise"]},
        "for": PERSON,
        "asked_by": {"anyOf": [PERSON, {"type": "null"}]},
        "since": MOMENT,
        "due": MOMENT,
        "figures": {"type": "array", "items": {"type": "string"}},
        "fields": {"type": "array", "items": {"type": "string"}},
        "decisions": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["id", "request_id", "document", "node", "kind", "for", "since", "due"],
}
TASKS = {
    "type": "object",
    "properties": {
        "tasks": {"type": "array", "items": TASK},
        "next": {**NULLABLE_ID, "description": "For `after` of the next page"},
    },
    "required": ["tasks", "next"],
}
EVENT = {
    "type": "object",
    "properties": {
        **{
            name: {"type": "string"}
            for name in (
                "kind",
                "node",
                "node_name",
                "who",
                "for",
                "comment",
                "channel",
            )
        },
        "at": MOMENT,
    },
    "required": ["kind", "at"],
}
REQUEST = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "state": {"type": "string"},
        "flow": {"type": "string"},
        "version": {"type": "integer"},
        "submitter": {"type": "string"},
        "started": MOMENT,
        "finished": MOMENT,
        "document": TASK["properties"]["document"],
        "nodes": {"type": "array", "items": {"type": "object"}},
        "events": {"type": "array", "items": EVENT},
        "tasks": {
            "type": "array",
            "items": TASK,
            "description": "Those that wait for the user of the key",
        },
    },
    "required": ["id", "name", "state", "document", "nodes", "events", "tasks"],
}
DECIDED = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "state": {"type": "string"},
        "request_id": {"type": "integer"},
        "request_state": {"type": "string"},
        "result": {"enum": ["decided", "unchanged"]},
    },
    "required": ["id", "state", "request_id", "request_state", "result"],
}
PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"enum": sorted(PROBLEMS)},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "field": {"type": "string"},
                    "reason": {"type": "string"},
                },
                "required": ["code", "field", "reason"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code"],
}
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "description": "A repeated request with the same key and body gets the first answer"
    " for 24 hours and changes nothing.",
}


@functools.cache
def describe():
    """The whole description.

    :rtype: dict
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CRM Suite",
            "version": "1.0.0",
            "summary": "Customers, leads, interactions, purchases and approvals",
            "license": {"name": "LGPL-3.0-only", "identifier": "LGPL-3.0-only"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": {
            **{
                f"{PREFIX}/{plural}": {
                    "get": _describe_list(entity),
                    "post": _describe_rows(entity),
                }
                for entity, plural in PLURALS.items()
            },
            **{
                f"{PREFIX}/{plural}/{{id}}": {"get": _describe_read(entity)}
                for entity, plural in PLURALS.items()
            },
            f"{PREFIX}/approvals/tasks": {"get": _describe_tasks()},
            f"{PREFIX}/approvals/requests/{{id}}": {"get": _describe_request()},
            f"{PREFIX}/approvals/tasks/{{id}}/decision": {"post": _describe_decision()},
            f"{PREFIX}/openapi.json": {"get": _describe_description()},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **{name.capitalize(): row_schema(name) for name in FIELDS},
                **{f"{n.capitalize()}Record": record_schema(n) for n in FIELDS},
                **{
                    f"{name.capitalize()}Page": page_schema(
                        _ref(f"{name.capitalize()}Record")
                    )
                    for name in FIELDS
                },
                "BulkAnswer": BULK_ANSWER,
                "SingleAnswer": SINGLE_ANSWER,
                "Problem": PROBLEM,
                "Decision": DECISION,
                "Tasks": TASKS,
                "Request": REQUEST,
                "Decided": DECIDED,
            },
        },
    }


def _ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def _responses(schema, statuses):
    content = {"application/json": {"schema": schema}}
    responses = {"200": {"description": "Done", "content": content}}
    for status in sorted(statuses):
        codes = [code for code, (number, _t) in PROBLEMS.items() if number == status]
        response = {
            "description": "; ".join(f"{c}: {PROBLEMS[c][1]}" for c in codes),
            "content": {MEDIA_TYPE: {"schema": _ref("Problem")}},
        }
        if status == 429:
            response["headers"] = {
                "Retry-After": {
                    "schema": {"type": "integer"},
                    "description": "Seconds to wait",
                }
            }
        responses[str(status)] = response
    return responses


def _describe_rows(entity):
    row = _ref(entity.capitalize())
    bulk = {
        "type": "object",
        "properties": {
            "rows": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_ROWS,
                "items": row,
            }
        },
        "required": ["rows"],
        "additionalProperties": False,
    }
    parameters = [IDEMPOTENCY]
    if len(KEYS[entity]) > 1:
        parameters.append(
            {
                "name": "key",
                "in": "query",
                "required": False,
                "schema": {"enum": list(KEYS[entity]), "default": KEYS[entity][0]},
                "description": "The field that identifies a row",
            }
        )
    return {
        "operationId": f"upsert_{PLURALS[entity]}",
        "summary": f"Create or update {PLURALS[entity]}",
        "description": f"Scope `{entity}:write`. One object, or up to {MOST_ROWS} in"
        " `rows`: each gets its own result, in order, and a bad one does not hold up the"
        " others. A field that is not given is left alone, null empties it.",
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"oneOf": [row, bulk]}}},
        },
        "responses": _responses(
            {"oneOf": [_ref("SingleAnswer"), _ref("BulkAnswer")]}, WITH_BODY
        ),
    }


def _describe_list(entity):
    return {
        "operationId": f"list_{PLURALS[entity]}",
        "summary": f"Read {PLURALS[entity]}, page by page",
        "description": f"Scope `{entity}:read`. What the user of the key may read, in the"
        " order of the ids. Contact data in a pool are null until somebody claims them.",
        "parameters": list_parameters(entity),
        "responses": _responses(_ref(f"{entity.capitalize()}Page"), WITHOUT_BODY),
    }


def _describe_read(entity):
    return {
        "operationId": f"read_{entity}",
        "summary": f"Read one of the {PLURALS[entity]}",
        "description": f"Scope `{entity}:read`.",
        "parameters": [_path_id("Id of the record")],
        "responses": _responses(
            _ref(f"{entity.capitalize()}Record"), (*WITHOUT_BODY, 404)
        ),
    }


def _path_id(what):
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": IDENTIFIER,
        "description": what,
    }


def _describe_tasks():
    return {
        "operationId": "list_tasks",
        "summary": "The approval tasks that wait for the user of the key",
        "description": "Scope `approval:read`. Also those of people for whom he stands in.",
        "parameters": [
            {
                "name": "limit",
                "in": "query",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 100,
                    "default": 50,
                },
            },
            {
                "name": "after",
                "in": "query",
                "schema": {**IDENTIFIER, "minimum": 0},
                "description": "`next` of the page before",
            },
        ],
        "responses": _responses(_ref("Tasks"), WITHOUT_BODY),
    }


def _describe_request():
    return {
        "operationId": "read_request",
        "summary": "Where an approval is, who had it, when",
        "description": "Scope `approval:read`.",
        "parameters": [_path_id("Id of the request")],
        "responses": _responses(_ref("Request"), (*WITHOUT_BODY, 404)),
    }


def _describe_decision():
    return {
        "operationId": "decide_task",
        "summary": "Decide an approval task",
        "description": "Scope `approval:decide`. Deciding the same again changes nothing.",
        "parameters": [_path_id("Id of the task"), IDEMPOTENCY],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("Decision")}},
        },
        "responses": _responses(_ref("Decided"), (*WITH_BODY, 404)),
    }


def _describe_description():
    return {
        "operationId": "read_description",
        "summary": "This description",
        "security": [],
        "responses": {
            "200": {
                "description": "OpenAPI 3.1",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    }

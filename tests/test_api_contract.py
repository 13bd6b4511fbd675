"""The description of the inbound API is true: requests made from it, right and wrong
ones, get only answers that it names, and never a failure of the server."""

import datetime
import json

import pytest
import schemathesis
from conftest import shell
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# About a minute in all, on two slow cores.
EXAMPLES = 15
SEED = 20261122
MAKE_KEY = """
user = env["res.users"].search([("login", "=", "manager")])
scopes = [name for name in env["crm.suite.api.key"]._fields if name.startswith("may_")]
key, text = env["crm.suite.api.key"].with_user(user)._make(user, "contract", scopes, UNTIL)
env["ir.config_parameter"].set_param("crm_suite_base.api_requests", 0)
env["ir.config_parameter"].set_param("crm_suite_base.api_rows", 0)
env.cr.commit()
print("KEY", text)
"""


@pytest.fixture(scope="module")
def key(odoo, live):
    """A key that may do everything, without limits."""
    until = datetime.datetime.now() + datetime.timedelta(days=1)
    head = f"import datetime\nUNTIL = {until!r}\n"
    # An interactive shell reads a blank line as the end of a block.
    code = f"exec({head + MAKE_KEY!r})\n"
    return shell(odoo, live.database, code).rsplit("KEY ", 1)[1].split()[0]


@pytest.fixture(scope="module")
def headers(live, key):
    return {"Authorization": f"Bearer {key}", "X-Odoo-Database": live.database}


@pytest.fixture(scope="module")
def description(live):
    return schemathesis.openapi.from_url(
        f"{live.url}/crm_suite/api/v1/openapi.json",
        headers={"X-Odoo-Database": live.database},
    )


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_are_as_described(live, description, headers, mode):
    operations = [found.ok() for found in description.get_all_operations()]
    assert len(operations) == 15
    seen = set()
    for operation in operations:

        @seed(SEED)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=False,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case):
            response = case.call(headers=headers, timeout=30)
            seen.add(response.status_code)
            case.validate_response(response, checks=CHECKS)

        send()
    assert 200 in seen, "Not one request was understood"
    assert not live.our_tracebacks()


@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(body=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_noise_is_refused(live, description, headers, body):
    operation = description["/crm_suite/api/v1/customers"]["POST"]
    case = operation.Case(body=body, media_type="application/json")
    response = case.call(headers=headers, timeout=30)
    assert response.status_code in (400, 422), response.text
    assert json.loads(response.text)["code"] in ("bad_request", "invalid")

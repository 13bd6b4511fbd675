"""The contract for programs, over XML-RPC and JSON-2 alike."""

import uuid
import xmlrpc.client

import clients
import pytest


@pytest.fixture(params=["xmlrpc", "json2"])
def rep(request, live):
    """A sales representative's program, over either protocol.

    Called with arguments by name: the only form that both protocols have.
    """
    client = getattr(live, request.param)("rep")
    if request.param == "json2":
        return client.call

    def call(model, method, ids=None, **arguments):
        return client.call(model, method, *([ids] if ids else []), **arguments)

    return call


def refused(call, *arguments, **options):
    """The sentence with which a call is refused."""
    with pytest.raises((xmlrpc.client.Fault, clients.Json2Error)) as caught:
        call(*arguments, **options)
    return str(caught.value)


def reference():
    return f"T-{uuid.uuid4()}"


def test_upsert_is_idempotent(rep):
    values = {"ref": reference(), "name": "Yangtze Optics", "email": "A@Example.com"}
    first = rep("res.partner", "crm_suite_upsert", values=values, key="ref")
    again = rep("res.partner", "crm_suite_upsert", values=values, key="ref")
    assert first["action"] == "created"
    assert again == {"id": first["id"], "action": "unchanged"}
    values["name"] = "Yangtze Optics Ltd"
    changed = rep("res.partner", "crm_suite_upsert", values=values, key="ref")
    assert changed == {"id": first["id"], "action": "updated"}
    [row] = rep(
        "res.partner",
        "search_read",
        domain=[["ref", "=", values["ref"]]],
        fields=["name", "email"],
    )
    assert (row["name"], row["email"]) == ("Yangtze Optics Ltd", "a@example.com")


def test_upsert_checks_as_the_form_does(rep):
    sentence = refused(
        rep,
        "res.partner",
        "crm_suite_upsert",
        values={"ref": reference(), "name": "Bad mail", "email": "nobody at nowhere"},
        key="ref",
    )
    assert "Traceback" not in sentence.splitlines()[0]
    assert "nobody at nowhere" in sentence


def test_customer_page_as_data(rep):
    values = {"ref": reference(), "name": "Data & Page"}
    made = rep("res.partner", "crm_suite_upsert", values=values, key="ref")
    page = rep("res.partner", "crm_suite_360", partner_id=made["id"])
    assert page["id"] == made["id"]
    assert page["name"] == "Data & Page"
    assert {"identity", "timeline"} <= set(page["blocks"])


@pytest.mark.parametrize("protocol", ["xmlrpc", "json2"])
def test_no_role_no_service(live, protocol):
    client = getattr(live, protocol)("plain")
    values = {"ref": reference(), "name": "Uninvited"}
    refused(client.call, "res.partner", "crm_suite_upsert", values=values, key="ref")


def test_a_wrong_key_opens_nothing(live):
    stranger = clients.Json2(live.url, live.database, "0" * 40)
    with pytest.raises(clients.Json2Error) as caught:
        stranger.call("res.partner", "search_read", domain=[], fields=["name"])
    assert caught.value.status == 401

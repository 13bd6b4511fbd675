"""The contract for programs, over XML-RPC and JSON-2 alike."""

import base64
import uuid
import xmlrpc.client

import clients
import pytest


@pytest.fixture(params=["xmlrpc", "json2"])
def program(request, live):
    """A function that gives the program of a login, over either protocol.

    Called with arguments by name: the only form that both protocols have.
    """

    def program_of(login):
        client = getattr(live, request.param)(login)
        if request.param == "json2":
            return client.call

        def call(model, method, ids=None, **arguments):
            # What is created comes first, without a name.
            first = ids or arguments.pop("vals_list", None)
            return client.call(model, method, *([first] if first else []), **arguments)

        return call

    return program_of


@pytest.fixture
def rep(program):
    """A sales representative's program."""
    return program("rep")


@pytest.fixture
def steward(program):
    """A program that may import."""
    return program("steward")


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


def make_batch(call, known, new):
    """An import of three rows: a customer to rename, a new one, and one to refuse."""
    text = (
        "Reference,Name,Phone\n"
        f"{known},Halden Optics AS,\n{new},Bergen Glass AS,\n{new}-bad,Wrong,12\n"
    )
    values = {
        "target": "customer",
        "file_name": "customers.csv",
        "file": base64.b64encode(text.encode()).decode(),
        "mode": "both",
        "key": "ref",
    }
    [batch_id] = call("crm.suite.import.batch", "create", vals_list=[values])
    return batch_id


def customers(call, *refs):
    """Names by reference."""
    rows = call(
        "res.partner",
        "search_read",
        domain=[["ref", "in", list(refs)]],
        fields=["ref", "name"],
    )
    return {row["ref"]: row["name"] for row in rows}


@pytest.fixture
def file(steward):
    """An import of the steward, and the two references that it is about."""
    known, new = reference(), reference()
    values = {"ref": known, "name": "Halden"}
    steward("res.partner", "crm_suite_upsert", values=values, key="ref")
    return make_batch(steward, known, new), known, new


COUNTS = {"read": 3, "created": 1, "updated": 1, "rejected": 1, "pending": 0}


def test_import_is_tried_run_and_undone(steward, file):
    batch_id, known, new = file

    def act(method):
        return steward("crm.suite.import.batch", method, ids=[batch_id])

    tried = act("action_dry_run")
    assert COUNTS.items() <= tried.items()
    assert (tried["state"], tried["key"]) == ("ready", ["ref"])
    [problem] = tried["problems"]
    assert (problem["row"], problem["column"]) == (4, "Phone")
    assert customers(steward, known, new) == {known: "Halden"}

    done = act("action_run")
    assert COUNTS.items() <= done.items()
    assert done["state"] == "done"
    assert done == act("progress")
    imported = {known: "Halden Optics AS", new: "Bergen Glass AS"}
    assert customers(steward, known, new, f"{new}-bad") == imported

    undone = act("action_undo")
    assert (undone["restored"], undone["kept"]) == (2, [])
    assert customers(steward, known, new) == {known: "Halden"}
    assert "undo" in refused(act, "action_undo").lower()


def test_operation_is_undone_and_done_again(steward, file):
    batch_id, known, new = file
    done = steward("crm.suite.import.batch", "action_run", ids=[batch_id])

    def act(method, operation_id, **arguments):
        return steward("crm.suite.operation", method, ids=[operation_id], **arguments)

    # Meanwhile somebody changes what the import has written.
    values = {"ref": known, "name": "Halden AS"}
    steward("res.partner", "crm_suite_upsert", values=values, key="ref")
    shown = act("undo_preview", done["operation_id"])
    assert (shown["restore"], shown["keep_count"]) == (1, 1)
    [kept] = shown["keep"]
    assert kept["model"] == "res.partner"
    undone = act("action_undo", done["operation_id"])
    assert (undone["restored"], undone["kept_count"]) == (1, 1)
    assert undone["kept"] == shown["keep"]
    assert customers(steward, known, new) == {known: "Halden AS"}
    again = act("action_undo", undone["operation_id"])
    assert again["restored"] == 1
    assert customers(steward, new) == {new: "Bergen Glass AS"}


def test_undo_is_not_for_everybody(program, steward, file):
    batch_id, known, _new = file
    done = steward("crm.suite.import.batch", "action_run", ids=[batch_id])
    for login in ("rep", "plain"):
        call = program(login)
        refused(call, "crm.suite.import.batch", "action_undo", ids=[batch_id])
        operation = [done["operation_id"]]
        refused(call, "crm.suite.operation", "action_undo", ids=operation)
    assert customers(steward, known) == {known: "Halden Optics AS"}


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

"""An employee without a role of ours sees and changes nothing of ours."""

import json
import xmlrpc.client

import pytest

OURS = "crm_suite_"


@pytest.fixture(scope="module")
def our_models(live):
    """Names of all models that our addons made, read as administrator."""
    admin = live.xmlrpc()
    rows = admin.call(
        "ir.model.data",
        "search_read",
        [("module", "=like", f"{OURS}%"), ("model", "=", "ir.model")],
        fields=["res_id"],
    )
    models = admin.call(
        "ir.model", "read", [row["res_id"] for row in rows], fields=["model"]
    )
    # Models that we extend belong to others; those are looked at field by field.
    return sorted(m["model"] for m in models if m["model"].startswith("crm.suite."))


def test_there_is_something_to_hide(our_models):
    assert "crm.suite.lifecycle.stage" in our_models


@pytest.mark.parametrize("method", ["search_read", "search_count", "create", "write"])
def test_models_are_closed(live, our_models, method):
    plain = live.xmlrpc("plain")
    arguments = {
        "search_read": [[]],
        "search_count": [[]],
        "create": [{}],
        "write": [[1], {}],
    }[method]
    opened = []
    for model in our_models:
        try:
            plain.call(model, method, *arguments)
        except xmlrpc.client.Fault as fault:
            # 4 is the fault code of a denied access.
            if fault.faultCode != 4:
                opened.append(f"{model}: {fault.faultString[-300:]}")
        else:
            opened.append(model)
    assert not opened, f"{method} of {opened}"


@pytest.mark.parametrize(
    "model", ["res.partner", "crm.lead", "sale.order", "account.move", "res.users"]
)
def test_fields_on_host_models_are_invisible(live, model):
    fields = live.xmlrpc("plain").call(model, "fields_get", [], ["type"])
    assert not [name for name in fields if name.startswith(OURS)]


def test_fields_on_host_models_exist_for_a_role(live):
    """Guard: the test above would pass if the fields had other names."""
    fields = live.xmlrpc("rep").call("res.partner", "fields_get", [], ["type"])
    assert f"{OURS}lifecycle_id" in fields


def test_menus_are_invisible(live):
    menus = json.loads(live.web("plain").get("/web/webclient/load_menus"))
    assert not [m for m in menus.values() if (m.get("xmlid") or "").startswith(OURS)]
    menus = json.loads(live.web("rep").get("/web/webclient/load_menus"))
    assert [m for m in menus.values() if (m.get("xmlid") or "").startswith(OURS)]


@pytest.mark.parametrize(
    "model, kind",
    [("res.partner", "form"), ("res.partner", "list"), ("res.partner", "kanban")],
)
def test_views_of_the_host_name_nothing_of_ours(live, model, kind):
    views = live.xmlrpc("plain").call(
        model, "get_views", [[False, kind], [False, "search"]]
    )
    for name, view in views["views"].items():
        assert OURS not in view["arch"], f"{model} {name}"


def test_a_partner_can_still_be_kept(live):
    """Our normalisation and journal do not stand in the way of the host's users."""
    admin = live.xmlrpc()
    group = admin.call(
        "ir.model.data",
        "search_read",
        [("module", "=", "base"), ("name", "=", "group_partner_manager")],
        fields=["res_id"],
    )[0]["res_id"]
    plain = live.xmlrpc("plain")
    admin.call("res.users", "write", [plain.uid], {"group_ids": [(4, group)]})
    partner = plain.call("res.partner", "create", {"name": "Plain & Sons"})
    plain.call("res.partner", "write", [partner], {"city": "Ghent"})
    [row] = plain.call("res.partner", "read", [partner], fields=["city"])
    assert row["city"] == "Ghent"
    assert plain.call("res.partner", "unlink", [partner])

"""Who asks by e-mail or by a form on a web site becomes a lead, as the guide tells."""

import datetime
import html
import io
import re
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from urllib.parse import urlencode

import pytest
from conftest import ROOT, shell

MAIL = """\
Message-Id: <{id}@outside.example>
From: {sender}
To: {to}
Subject: Prices of lenses
Content-Type: text/plain; charset=utf-8

Please call me.
"""
MAKE_KEY = """
user = env["res.users"].search([("login", "=", "rep")])
key, text = env["crm.suite.api.key"].with_user(user)._make(user, "form", ["may_lead"], UNTIL)
env.cr.commit()
print("KEY", text)
"""


@pytest.fixture(scope="module")
def admin(live):
    return live.xmlrpc()


def leads(admin, *domain):
    names = ["name", "contact_name", "partner_name", "email_from", "email_normalized"]
    names += ["phone", "description", "partner_id", "team_id"]
    return admin.call("crm.lead", "search_read", list(domain), fields=names)


def pairs(admin, lead_id):
    """How a lead and what is like it were found."""
    rows = admin.call(
        "crm.suite.duplicate.pair",
        "search_read",
        [
            *("|", "&", ("left_model", "=", "crm.lead"), ("left_id", "=", lead_id)),
            *("&", ("right_model", "=", "crm.lead"), ("right_id", "=", lead_id)),
        ],
        fields=["channel", "state"],
    )
    return [(row["channel"], row["state"]) for row in rows]


# === E-MAIL === #


@pytest.fixture(scope="module")
def team(admin):
    """A sales team with an address, and the address."""
    domains = admin.call("mail.alias.domain", "search", [], limit=1)
    if not domains:
        values = {"name": "capture.example"}
        domains = [admin.call("mail.alias.domain", "create", values)]
    values = {"name": "Inquiries", "alias_name": "inquiries", "company_id": False}
    team_id = admin.call("crm.team", "create", values)
    [team] = admin.call("crm.team", "read", [team_id], fields=["alias_id"])
    alias = [team["alias_id"][0]]
    admin.call("mail.alias", "write", alias, {"alias_domain_id": domains[0]})
    [row] = admin.call("mail.alias", "read", alias, fields=["alias_full_name"])
    return team_id, row["alias_full_name"]


@pytest.fixture
def deliver(live, team):
    """What the mail server's script does with each mail."""
    gateway = live.xmlrpc("gateway")

    def process(sender):
        mail = MAIL.format(id=uuid.uuid4(), sender=sender, to=team[1])
        return gateway.call("mail.thread", "message_process", False, mail)

    return process


def test_mail_of_a_stranger_is_a_lead(admin, deliver, team):
    lead_id = deliver("张三 <ZHANG.San@New-Firm.Example>")
    [lead] = leads(admin, ("id", "=", lead_id))
    assert lead["name"] == "Prices of lenses"
    assert lead["email_normalized"] == "zhang.san@new-firm.example"
    assert lead["team_id"][0] == team[0]
    assert not lead["partner_id"]
    # He writes again: two leads, and a decision that waits for somebody.
    again = deliver("zhang.san@new-firm.example")
    assert again != lead_id
    assert ("mail", "new") in pairs(admin, again)


def test_mail_of_a_customer_names_the_customer(admin, deliver, live):
    values = {"name": "Halden Optics AS", "email": "Info@Halden-Optics.Example"}
    made = live.xmlrpc("rep").call(
        "res.partner", "crm_suite_upsert", values=values, key="email"
    )
    [lead] = leads(admin, ("id", "=", deliver("Ola <INFO@halden-optics.example>")))
    assert lead["partner_id"][0] == made["id"]


# === A FORM ON A WEB SITE === #


@pytest.fixture(scope="module")
def form(odoo, live):
    """The example of the contract as it stands there, with a key for leads only."""
    text = Path(ROOT, "docs", "api.md").read_text(encoding="utf-8")
    section = text.partition("### A form on your web site")[2]
    code = section.partition("```python\n")[2].partition("```")[0]
    until = datetime.datetime.now() + datetime.timedelta(days=1)
    head = f"import datetime\nUNTIL = {until!r}\n"
    # An interactive shell reads a blank line as the end of a block.
    said = shell(odoo, live.database, f"exec({head + MAKE_KEY!r})\n")
    key = said.rsplit("KEY ", 1)[1].split()[0]
    names = {"__name__": "form"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_URL", live.url)
        patch.setenv("CRM_KEY", key)
        exec(compile(code, "docs/api.md", "exec"), names)
    return Form(names["application"], key)


class Form:
    def __init__(self, application, key):
        self.application = application
        self.key = key

    def ask(self, method="GET", **values):
        body = urlencode(values).encode()
        environ = {
            "REQUEST_METHOD": method,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        page = b"".join(self.application(environ, lambda *_: None)).decode()
        assert self.key not in page
        return page

    def said(self, **values):
        page = self.ask("POST", **values)
        return html.unescape(re.search(r"<p>(.*)</p>", page)[1])

    def token(self):
        return re.search(r'name="token" value="([^"]+)"', self.ask())[1]


def filled(**values):
    return {
        "contact_name": "Kari",
        "partner_name": "Bergen Glass AS",
        "email_from": f"{uuid.uuid4()}@bergen.example",
        "phone": "+47 22 12 34 56",
        "description": "Prices, please",
        **values,
    }


def test_form_makes_one_lead(admin, form):
    values = filled(token=form.token())
    thanks = "Thank you, we will call you."
    assert form.said(**values) == thanks
    # The second click.
    assert form.said(**values) == thanks
    [lead] = leads(admin, ("email_normalized", "=", values["email_from"]))
    assert (lead["contact_name"], lead["partner_name"]) == ("Kari", "Bergen Glass AS")
    assert lead["phone"].replace(" ", "") == "+4722123456"
    assert "Prices, please" in lead["description"]


def test_form_of_who_asks_again(admin, form):
    """A new page is a new question, and the two are shown to somebody."""
    values = filled()
    for _time in range(2):
        assert "Thank you" in form.said(**values, token=form.token())
    found = leads(admin, ("email_normalized", "=", values["email_from"]))
    assert len(found) == 2
    assert ("api", "new") in pairs(admin, found[0]["id"])


def test_form_tells_why_not(admin, form):
    """A browser asks for a name, a program may leave it out."""
    values = {"description": str(uuid.uuid4()), "token": form.token()}
    said = form.said(**values)
    assert said and "Thank you" not in said and "call us" not in said
    assert not leads(admin, ("description", "ilike", values["description"]))


def test_form_is_not_for_robots(admin, form):
    values = filled(website="https://spam.example", token=form.token())
    assert form.said(**values) == "Thank you."
    assert form.said(**filled(token="x")) == "Please open the page again."
    assert form.said(**filled()) == "Please open the page again."
    assert not leads(admin, ("email_from", "=", values["email_from"]))


def test_key_of_the_form_opens_nothing_else(live, form):
    for address in ("customers", "leads"):
        request = urllib.request.Request(
            f"{live.url}/crm_suite/api/v1/{address}",
            headers={"Authorization": f"Bearer {form.key}"},
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        assert caught.value.code == 403

"""Tests from outside: a real server, real clients, no import of Odoo in this process."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "setup"), str(ROOT / "tests")]

import clients  # noqa: E402
from crm_suite_setup import commands, serve  # noqa: E402
from crm_suite_setup.database import Databases  # noqa: E402

collect_ignore = ["bench"]
PASSWORD = "a-long-Password-4-tests"
# Where an entry of Odoo's log begins.
ENTRY = re.compile(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:)", re.MULTILINE)
# Login: groups. "plain" is an employee without a role of ours.
PEOPLE = {
    "plain": [],
    "rep": ["crm_suite_base.group_crm_suite_sales_rep"],
    "lead": ["crm_suite_base.group_crm_suite_sales_lead"],
    "manager": ["crm_suite_base.group_crm_suite_sales_manager"],
    # A program that delivers incoming mail.
    "gateway": ["crm_suite_base.group_crm_suite_mail_gateway"],
    "steward": [
        "crm_suite_base.group_crm_suite_data_steward",
        "base.group_allow_export",
    ],
}
# API keys cannot be made over RPC (they ask for the password on a page).
MAKE_PEOPLE = """
import datetime, json
keys = {}
until = datetime.datetime.now() + datetime.timedelta(days=1)
for login, groups in PEOPLE.items():
    groups = ["base.group_user", *groups]
    user = env["res.users"].with_context(no_reset_password=True).create({
        "name": login.title(), "login": login, "password": PASSWORD,
        "email": login + "@example.com",
        "group_ids": [(6, 0, [env.ref(group).id for group in groups])],
    })
    keys[login] = env["res.users.apikeys"].with_user(user)._generate(
        "rpc", "tests", until
    )
env.cr.commit()
print("KEYS", json.dumps(keys))
"""


@pytest.fixture(scope="session")
def odoo():
    with commands.environment(testing=True) as ready:
        yield ready


@pytest.fixture(scope="session")
def databases(odoo):
    return Databases(odoo)


@pytest.fixture
def new_database(databases):
    """A function that copies a template; its copies are dropped after the test."""
    made = []

    def make(template, suffix="copy"):
        name = f"crm_suite_test_{suffix}_{len(made)}_{os.getpid()}"
        made.append(name)
        return databases.copy(template, name)

    yield make
    for name in made:
        databases.drop(name)


def shell(odoo, database, code):
    """Run Python in `odoo shell` and return what it printed."""
    result = subprocess.run(
        odoo.command("shell", "-c", odoo.config, "-d", database, "--no-http"),
        env=odoo.environ(),
        input=code,
        capture_output=True,
        text=True,
    )
    trouble = result.returncode or "Traceback (most recent call last)" in result.stderr
    assert not trouble, result.stderr[-4000:]
    return result.stdout


@dataclasses.dataclass
class LiveServer:
    """A served database and the ways to talk to it."""

    url: str
    database: str
    log: pathlib.Path
    keys: dict

    def our_tracebacks(self):
        """Entries of the log in which code of ours failed.

        The host's scheduled actions run beside and may lose a row to a request.
        """
        entries = ENTRY.split(self.log.read_text(errors="replace"))
        return [x for x in entries if "Traceback" in x and "/addons/crm_suite_" in x]

    def xmlrpc(self, login="admin"):
        password = "admin" if login == "admin" else PASSWORD
        return clients.XmlRpc(self.url, self.database, login, password)

    def json2(self, login):
        return clients.Json2(self.url, self.database, self.keys[login])

    def web(self, login="admin"):
        password = "admin" if login == "admin" else PASSWORD
        return clients.Web(self.url, self.database, login, password)


@pytest.fixture(scope="session")
def live(odoo, databases):
    """One server with demo data for all tests that do not need one of their own."""
    name = f"crm_suite_test_live_{os.getpid()}"
    databases.copy(databases.suite_template(demo=True), name)
    config = odoo.settings.state / f"{name}.conf"
    log = odoo.settings.logs / f"{name}.log"
    try:
        head = f"PEOPLE = {PEOPLE!r}\nPASSWORD = {PASSWORD!r}\n"
        # An interactive shell reads a blank line as the end of a block.
        code = f"exec({head + MAKE_PEOPLE!r})\n"
        keys = json.loads(shell(odoo, name, code).rsplit("KEYS ", 1)[1])
        port = serve.free_port()
        odoo.write_config(config, name, http_port=port)
        with serve.server(odoo, config, port, log):
            yield LiveServer(f"http://127.0.0.1:{port}", name, log, keys)
    finally:
        config.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
        databases.drop(name)

"""Tests from outside: a real server, real clients, no import of Odoo in this process."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

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
GROUP = "crm_suite_base.group_crm_suite_"
# Login: groups. "plain" is an employee without a role of ours.
PEOPLE = {
    "plain": [],
    "rep": [f"{GROUP}sales_rep"],
    "lead": [f"{GROUP}sales_lead"],
    "manager": [f"{GROUP}sales_manager"],
    # A program that delivers incoming mail.
    "gateway": [f"{GROUP}mail_gateway"],
    "steward": [f"{GROUP}data_steward", "base.group_allow_export"],
    "marketer": [f"{GROUP}marketer"],
    "marketing_manager": [f"{GROUP}marketing_manager"],
    "agent": [f"{GROUP}agent"],
    "service_manager": [f"{GROUP}service_manager"],
    "analyst": [f"{GROUP}analyst"],
    "privacy_officer": [f"{GROUP}privacy_officer"],
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


@pytest.fixture
def open_folder():
    """A folder that other accounts pass. Those of pytest are closed to them, and every
    other run of it on the machine closes them again.
    """
    with tempfile.TemporaryDirectory(prefix="crm_suite_") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield folder


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
    with live_server(odoo, databases, "live") as server:
        yield server


@pytest.fixture(scope="module")
def live_workers(odoo, databases):
    """A server of several processes, as in production."""
    ports = {"gevent_port": serve.free_port()}
    with live_server(odoo, databases, "workers", workers=4, **ports) as server:
        yield server


@contextlib.contextmanager
def live_server(odoo, databases, suffix, **options):
    """A server with demo data and the people above, and its database for a while."""
    name = f"crm_suite_test_{suffix}_{os.getpid()}"
    databases.copy(databases.suite_template(demo=True), name)
    config = odoo.settings.state / f"{name}.conf"
    log = odoo.settings.logs / f"{name}.log"
    try:
        head = f"PEOPLE = {PEOPLE!r}\nPASSWORD = {PASSWORD!r}\n"
        # An interactive shell reads a blank line as the end of a block.
        code = f"exec({head + MAKE_PEOPLE!r})\n"
        keys = json.loads(shell(odoo, name, code).rsplit("KEYS ", 1)[1])
        port = serve.free_port()
        odoo.write_config(config, name, http_port=port, **options)
        with serve.server(odoo, config, port, log):
            yield LiveServer(f"http://127.0.0.1:{port}", name, log, keys)
    finally:
        config.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
        databases.drop(name)

"""`./setup/run` as a person uses it: start, stop, start again, a second checkout."""

import contextlib
import copy
import dataclasses
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

import pytest
from conftest import ROOT
from crm_suite_setup import postgres, serve, settings
from crm_suite_setup.database import Databases
from crm_suite_setup.errors import SetupError

NAME = "crm_suite_test_run"
READY_SECONDS = 20


@pytest.fixture(scope="module")
def environ(odoo, databases):
    """A database and a port of our own beside those of the checkout."""
    databases.suite_template(demo=False)
    databases.drop(NAME)
    yield {
        **{k: v for k, v in os.environ.items() if k != "CRM_SUITE_DB"},
        "CRM_SUITE_DB": NAME,
        "CRM_SUITE_DEMO": "0",
        "CRM_SUITE_PORT": str(serve.free_port()),
    }
    databases.drop(NAME)


def run(environ, *arguments, **options):
    return subprocess.run(
        [str(ROOT / "setup" / "run"), *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        **options,
    )


class Running:
    """./setup/run in the background, until it says that it is ready."""

    def __init__(self, environ):
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [str(ROOT / "setup" / "run")],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = []
        for line in self.process.stdout:
            self.said.append(line)
            if "Ready: " in line:
                break
        self.seconds = time.monotonic() - self.started

    def stop(self, number):
        self.process.send_signal(number)
        self.said.append(self.process.stdout.read())
        return self.process.wait(60)


def children(pid):
    """Processes below one process, by the kernel's own list."""
    output = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid=,args="], capture_output=True, text=True
    ).stdout
    rows = [line.split(None, 2) for line in output.splitlines()]
    return [row[2] for row in rows if row[1] == str(pid)]


def test_first_start_prepares_without_serving(environ, databases):
    result = run(environ, "--no-serve")
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"database {NAME} is ready" in result.stdout
    [installed] = databases.connection.query(
        "SELECT count(*) FROM ir_module_module"
        " WHERE name LIKE 'crm_suite_%' AND state = 'installed'",
        database=NAME,
    )
    assert int(installed) == len(databases.settings.suite_addons)
    ctype = databases.connection.query(
        f"SELECT datctype FROM pg_database WHERE datname = '{NAME}'"
    )
    # Trigrams of Chinese names need a character type that knows them.
    assert re.search("utf-?8", ctype[0], re.I)
    trigrams = databases.connection.query("SELECT show_trgm('客户')", database=NAME)
    assert trigrams != ["{}"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_second_start_is_quick_and_stops_clean(environ, number):
    running = Running(environ)
    try:
        port = environ["CRM_SUITE_PORT"]
        assert f"http://127.0.0.1:{port}" in running.said[-1]
        assert not [line for line in running.said if "Installing" in line]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/web/login") as page:
            assert page.status == 200
        # The database manager is closed, the port is on loopback only.
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}/web/database/manager"
        ) as page:
            assert b"disabled by the administrator" in page.read()
        again = run(environ)
        assert again.returncode == 1
        assert "running already" in again.stderr
        below = children(running.process.pid)
    finally:
        code = running.stop(number)
    assert below and code == 0, running.said
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/web/login", timeout=5)
    if os.environ.get("CRM_SUITE_TEST_TIMING", "1") != "0":
        assert running.seconds < READY_SECONDS


def test_next_port_if_none_was_asked_for(environ):
    """A second checkout is served beside the first, and says where."""
    unasked = {k: v for k, v in environ.items() if k != "CRM_SUITE_PORT"}
    with socket.socket() as taken:
        # Whoever else has the port does as well.
        with contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", settings.DEFAULT_PORT))
            taken.listen()
        running = Running(unasked)
        try:
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", running.said[-1])
            port = int(found[1])
            assert port > settings.DEFAULT_PORT
            assert f"port {settings.DEFAULT_PORT} is in use" in running.said[-1]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/web/login") as page:
                assert page.status == 200
        finally:
            running.stop(signal.SIGINT)


def test_two_that_start_together_get_two_ports(odoo):
    """The port of the first is kept before its server has bound it."""
    unasked = dataclasses.replace(
        odoo.settings, port=settings.DEFAULT_PORT, port_given=False
    )
    with serve.own_port(unasked) as first, serve.own_port(unasked) as second:
        assert first != second
    with serve.own_port(unasked) as again:
        assert again == first


def test_changed_addon_is_upgraded_once(environ, databases):
    """After a `git pull` the database follows by itself."""
    addon = databases.settings.suite_addons[0]
    remembered = databases._remembered(NAME)
    databases._remember(NAME, remembered | {addon: "older"})
    result = run(environ, "--no-serve")
    assert f"have changed since the last start: {addon}" in result.stdout
    assert "Upgrading" not in run(environ, "--no-serve").stdout


def test_uninstalled_addon_stays_so(environ, databases):
    """Only an addon that the database has never seen is installed by itself."""
    addon = databases.settings.suite_addons[-1]
    query = databases.connection.query
    update = "UPDATE ir_module_module SET state = '{}' WHERE name = '{}'"
    query(update.format("uninstalled", addon), database=NAME)
    try:
        assert "Upgrading" not in run(environ, "--no-serve").stdout
    finally:
        query(update.format("installed", addon), database=NAME)


def test_interrupted_creation_is_redone(environ, databases):
    """A database under its temporary name is from a run that was killed."""
    databases.drop(NAME)
    databases.create_empty(databases.making(NAME))
    result = run(environ, "--no-serve")
    assert result.returncode == 0, result.stderr
    assert NAME in databases.names()
    assert databases.making(NAME) not in databases.names()


def test_two_checkouts_do_not_collide(odoo, open_folder):
    """A second state folder gets a server of its own, and stops only that."""
    second = dataclasses.replace(
        odoo.settings, state=open_folder / "state", pg_host="", pg_port=""
    )
    second.state.mkdir()
    with postgres.Server(second) as connection:
        assert connection.host != odoo.connection.host
        connection.query("CREATE DATABASE only_here")
        assert "only_here" not in odoo.connection.query(
            "SELECT datname FROM pg_database"
        )
        # The first user of a server leaves, the second stays: it goes on.
        with postgres.Server(second):
            pass
        assert connection.query("SELECT 1") == ["1"]
    assert connection.query("SELECT 1", check=False) is None
    assert odoo.connection.query("SELECT 1") == ["1"]


def second_checkout(odoo, state):
    """Another checkout that was given the same server."""
    other = copy.copy(odoo)
    other.settings = dataclasses.replace(
        odoo.settings, state=state, pg_host=odoo.connection.host
    )
    return Databases(other)


def test_database_of_another_checkout_is_left_alone(environ, odoo, databases, tmp_path):
    """The command itself, told to use the server and the name of another checkout."""
    note = databases._note(NAME)
    assert note["state"] == str(odoo.settings.state)
    connection = odoo.connection
    given = {
        "PGHOST": connection.host,
        "PGPORT": connection.port,
        "PGUSER": connection.user,
        "PGPASSWORD": connection.password,
        "CRM_SUITE_STATE": str(tmp_path / "second"),
    }
    result = run({**environ, **given}, "--no-serve")
    assert result.returncode == 1, result.stdout
    [sentence] = result.stderr.splitlines()
    assert f"database {NAME}" in sentence
    assert f"another checkout, whose state folder is {odoo.settings.state}" in sentence
    assert "set CRM_SUITE_DB" in sentence
    # Nor may the host's command line touch it without being told its name.
    odoo_command = [str(ROOT / "setup" / "odoo"), "-u", "base", "--stop-after-init"]
    result = subprocess.run(
        odoo_command, env={**environ, **given}, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert "another checkout" in result.stderr
    assert databases._note(NAME) == note


def test_whose_a_database_is(environ, odoo, databases, tmp_path):
    first = second_checkout(odoo, odoo.settings.state)
    second = second_checkout(odoo, tmp_path / "second")
    (tmp_path / "second").mkdir()
    first.check_ours(NAME)
    second.check_ours("not_there_yet")
    with pytest.raises(SetupError, match="belongs to another checkout"):
        second.check_ours(NAME)
    # The checkout was moved, and its state with it.
    remembered = databases._remembered(NAME)
    second._remember(NAME, remembered)
    (tmp_path / "second").rename(tmp_path / "moved")
    first.check_ours(NAME)
    # Nobody said whose it is: who has its files may have restored it.
    databases.connection.query(f"COMMENT ON DATABASE {NAME} IS NULL")
    first.check_ours(NAME)
    with pytest.raises(SetupError, match="was not made by this checkout"):
        second_checkout(odoo, tmp_path / "moved").check_ours(NAME)
    databases._remember(NAME, remembered)


def test_two_that_create_together_do_not_disturb_each_other(odoo, tmp_path):
    second = second_checkout(odoo, tmp_path / "second")
    assert second.making(NAME) != Databases(odoo).making(NAME)


def test_long_paths_get_a_short_socket(odoo, tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    deep_settings = dataclasses.replace(odoo.settings, state=deep)
    home = postgres._home(deep_settings)
    folder = postgres._socket_folder(home, deep_settings)
    try:
        assert len(os.fsencode(folder)) <= postgres.LONGEST_SOCKET
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        folder.rmdir()
        shutil.rmtree(home)


@pytest.fixture
def outside(odoo, open_folder, monkeypatch):
    """The settings of a state folder whose server keeps its data elsewhere."""
    monkeypatch.setattr(
        postgres, "_home_path", lambda settings: open_folder / "homes" / settings.tag
    )
    state = open_folder / "state"
    state.mkdir()
    return dataclasses.replace(odoo.settings, state=state, pg_host="", pg_port="")


def test_databases_of_a_removed_state_folder_are_set_aside(outside, capsys):
    with postgres.Server(outside) as connection:
        connection.query("CREATE DATABASE crm_suite")
    with postgres.Server(outside) as connection:
        assert "crm_suite" in connection.query("SELECT datname FROM pg_database")
    home = postgres._home_path(outside)
    assert (home / postgres.OWNER_NOTE).read_text() == f"{outside.state}\n"
    assert not (home / "data.old").exists()
    shutil.rmtree(outside.state)
    outside.state.mkdir()
    capsys.readouterr()
    with postgres.Server(outside) as connection:
        assert "crm_suite" not in connection.query("SELECT datname FROM pg_database")
    assert f"are kept in {home}/data.old" in capsys.readouterr().out
    assert (home / "data.old" / "PG_VERSION").exists()


def test_state_folder_removed_while_its_server_runs(outside):
    with postgres.Server(outside):
        again = dataclasses.replace(outside)
        shutil.rmtree(outside.state)
        outside.state.mkdir()
        with pytest.raises(SetupError, match="kill -INT [0-9]+"):
            postgres.Server(again).__enter__()


def test_orphans_of_other_checkouts_are_named(outside, capsys):
    gone = dataclasses.replace(outside, state=outside.state.with_name("gone"))
    gone.state.mkdir()
    orphan = postgres._home(gone)
    gone.state.rmdir()
    with postgres.Server(outside):
        pass
    said = capsys.readouterr().out
    assert f"{orphan} holds the databases of {gone.state}, which is gone" in said
    assert str(postgres._home_path(outside)) not in said

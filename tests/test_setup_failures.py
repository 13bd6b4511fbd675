"""When something is wrong with the machine: one sentence, exit code 1, nothing half-made.

Every case runs the real command with a state, a cache and a PATH of its own, in which
single programs are replaced by small scripts.
"""

import dataclasses
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import types

import pytest
from conftest import ROOT
from crm_suite_setup import console, database, errors, host, shell, system
from crm_suite_setup.errors import SetupError

# A deb needs dpkg-deb to be made.
needs_dpkg = pytest.mark.skipif(
    not shutil.which("dpkg-deb"), reason="This system has no dpkg-deb."
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="Only root can change user.")


@pytest.fixture
def machine(open_folder):
    return Machine(open_folder)


class Machine:
    def __init__(self, folder):
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.state = folder / "state"
        keep = {"PATH", "HOME", "LANG", "TMPDIR"}
        self.environ = {k: v for k, v in os.environ.items() if k in keep}
        self.environ |= {
            "PATH": f"{self.bin}:{self.environ['PATH']}",
            "CRM_SUITE_STATE": str(self.state),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }

    def program(self, name, script):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def command(self, name, *arguments, **options):
        environ = self.environ | options.pop("environ", {})
        return subprocess.run(
            [str(options.pop("root", ROOT) / "setup" / name), *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            **options,
        )

    def sentence(self, name, *arguments, **options):
        """The sentence with which a command ends that must fail."""
        result = self.command(name, *arguments, **options)
        assert result.returncode == 1, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        lines = [x for x in result.stderr.splitlines() if "Warning" not in x]
        assert lines[0].startswith(f"setup/{name}: "), result.stderr
        return "\n".join(lines)

    def fake_host(self, version="(19, 0, 0, FINAL, 0, '')"):
        """A folder that looks like a source checkout of Odoo."""
        package = self.folder / "odoo-source" / "odoo"
        base = package / "addons" / "base"
        base.mkdir(parents=True)
        (package / "release.py").write_text(f"version_info = {version}\n")
        (base / "__manifest__.py").write_text("{}")
        return package.parent

    def leftovers(self, pattern):
        return sorted(self.folder.glob(f"cache/crm_suite/{pattern}"))


def test_port_in_use(machine):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        sentence = machine.sentence("run", environ={"CRM_SUITE_PORT": port})
    assert f"Port {port} is in use" in sentence
    assert "CRM_SUITE_PORT" in sentence


@pytest.mark.parametrize("port", ["web", "0", "70000"])
def test_port_that_is_none(machine, port):
    sentence = machine.sentence("run", environ={"CRM_SUITE_PORT": port})
    assert "between 1 and 65535" in sentence


def test_database_name_that_is_none(machine):
    assert "CRM_SUITE_DB" in machine.sentence("run", environ={"CRM_SUITE_DB": "a;b"})


def test_state_folder_that_cannot_be_written(machine):
    # A file in place of the folder's parent stops root as well.
    (machine.folder / "file").write_text("")
    state = {"CRM_SUITE_STATE": str(machine.folder / "file" / "state")}
    assert str(machine.folder / "file") in machine.sentence("run", environ=state)


@needs_root
def test_read_only_checkout(machine):
    """An ordinary user in a checkout of somebody else's."""
    checkout = machine.folder / "checkout"
    shutil.copytree(ROOT / "setup", checkout / "setup")
    checkout.chmod(0o755)
    environ = {"CRM_SUITE_STATE": ""}
    sentence = machine.sentence(
        "run", root=checkout, environ=environ, user="nobody", group="nogroup"
    )
    assert "cannot be written" in sentence
    assert "CRM_SUITE_STATE" in sentence
    assert not (checkout / ".crm_suite").exists()
    assert not list(checkout.rglob("__pycache__"))


def test_no_odoo_where_it_should_be(machine):
    sentence = machine.sentence("odoo", "x", environ={"CRM_SUITE_ODOO": "/nowhere"})
    assert "There is no Odoo in /nowhere" in sentence


def test_odoo_of_another_version(machine):
    other = machine.fake_host("(18, 0, 0, FINAL, 0, '')")
    sentence = machine.sentence("odoo", "x", environ={"CRM_SUITE_ODOO": str(other)})
    assert "18.0" in sentence
    assert "19.0" in sentence


def test_no_network(machine):
    machine.program(
        "apt-get",
        'case "$*" in *indextargets*) echo "Debian|http://mirror.invalid|bookworm|'
        'Packages";; *) echo "E: Temporary failure resolving"; exit 100;; esac',
    )
    sentence = machine.sentence("odoo", "x")
    assert "check the network" in sentence
    assert "CRM_SUITE_ODOO" in sentence
    assert not machine.leftovers("host/*")
    assert not machine.leftovers("tmp/*")


def test_no_debian_archive(machine):
    """Ubuntu has no Odoo 19: it comes from Debian's own archive, by Debian's keys."""
    seen = machine.folder / "sources.list"
    machine.program(
        "apt-get",
        'case "$*" in *indextargets*) echo "Ubuntu|http://archive.ubuntu.com/ubuntu|'
        'noble|Packages";; *) for word in "$@"; do case "$word" in '
        f'Dir::Etc::SourceList=*) cp "${{word#*=}}" {seen};; esac; done; exit 100;; esac',
    )
    assert "check the network" in machine.sentence("odoo", "x")
    lines = seen.read_text().splitlines()
    assert [line.split()[2:] for line in lines] == [
        ["http://deb.debian.org/debian", "sid", "main"],
        ["http://deb.debian.org/debian", "bookworm", "main"],
    ]
    assert all(f"[signed-by={host.keyring()}]" in line for line in lines)


def test_no_network_for_packages_of_the_system(machine):
    """Root, whose apt reaches nobody."""
    machine.program("apt-cache", 'echo "Package: postgresql"')
    machine.program("apt-get", "echo E: Temporary failure resolving; exit 100")
    code = (
        "import pathlib, sys; from crm_suite_setup import __main__, system\n"
        "system.is_root = lambda: True\n"
        f"system.CREATE_CLUSTER_FOLDER = pathlib.Path({str(machine.folder)!r})\n"
        "system.wanted = lambda *_: [system.Package('libmagic1', lambda: False)]\n"
        "sys.exit(__main__.main(['odoo', 'x']))"
    )
    result = run_code(machine, code)
    assert result.returncode == 1
    [sentence] = result.stderr.splitlines()
    assert "could not install libmagic1: check the network" in sentence
    assert "Temporary failure resolving" in sentence
    assert "Reading the system's package lists …" in result.stdout
    assert "Installing libmagic1 …" in result.stdout
    assert "done" not in result.stdout.rpartition("Installing")[2]


def without_python(machine, user_id):
    """The very first step, before there is a Python that could say anything."""
    for name in ("bash", "dirname", "env", "readlink"):
        (machine.bin / name).symlink_to(shutil.which(name))
    machine.program("id", f"echo {user_id}")
    return {"PATH": str(machine.bin)}


def test_no_network_for_python_itself(machine):
    environ = without_python(machine, 0)
    machine.program("apt-get", "echo E: Temporary failure resolving >&2; exit 100")
    result = machine.command("run", environ=environ)
    assert result.returncode == 1
    [sentence] = result.stderr.splitlines()
    assert "check the network" in sentence
    assert "apt-get install python3" in sentence
    # What apt says is seen while it works.
    first, *said = result.stdout.splitlines()
    assert first == "» Installing python3 …"
    assert said == ["  E: Temporary failure resolving"] * 2


@pytest.mark.parametrize("server", ["", "db.invalid"], ids=["own server", "PGHOST"])
@pytest.mark.parametrize("command", ["run", "test", "bench"])
def test_without_python_one_line_names_all_packages(
    machine, monkeypatch, command, server
):
    """The line of an ordinary user, who else would be told another one afterwards."""
    environ = without_python(machine, 1000) | {"PGHOST": server}
    machine.program("apt-get", "touch called")
    result = machine.command(command, environ=environ, cwd=machine.folder)
    assert result.returncode == 1
    sentence, line = result.stderr.splitlines()
    assert "Python 3.10 or newer" in sentence
    assert not (machine.folder / "called").exists()
    monkeypatch.setattr(system.host, "keyring", lambda: None)
    wanted = system.wanted(FakeSettings(server), command != "run")
    names = {package.name for package in wanted if not package.optional}
    head, *named = line.strip().partition("--no-install-recommends ")
    assert head == "apt-get install -y "
    assert set(named[1].split()) == {"python3", *names}


@dataclasses.dataclass
class FakeSettings:
    pg_host: str
    odoo: str = ""


# === PROGRESS === #


def test_progress_goes_on_while_nothing_is_heard(capsys):
    with console.Progress("Copying", every=0.02) as progress:
        progress.update("1 of 2, the big one")
        time.sleep(0.1)
    first, *middle, last = capsys.readouterr().out.splitlines()
    assert first == "» Copying …"
    assert len(middle) > 1
    assert set(middle) == {"  Copying: 1 of 2, the big one (0 s)"}
    assert last == "  Copying: done in 0 s"


def test_progress_of_what_failed_is_not_done(capsys):
    with pytest.raises(ValueError), console.Progress("Copying", every=9):
        raise ValueError
    assert "done" not in capsys.readouterr().out


def test_what_a_program_says_is_its_progress(capsys):
    command = ["sh", "-c", "echo Collecting lxml; sleep 0.2; exit 3"]
    with console.Progress("Fetching", every=0.05) as progress:
        result = shell.run_shown(command, progress)
    assert (result.returncode, result.stdout) == (3, "Collecting lxml\n")
    assert "Fetching: Collecting lxml (0 s)" in capsys.readouterr().out


def test_download_tells_its_share(tmp_path):
    size = host._size(
        "'http://x/a.deb' a_1_all.deb 3000000 SHA256:0\n"
        "'http://x/b.deb' b_1_all.deb 1000000 SHA256:0\nReading lists 9\n"
    )
    assert size == 4_000_000
    partial = tmp_path / "apt" / "cache" / "archives" / "partial"
    lists = tmp_path / "apt" / "lists"
    for folder in (partial, lists):
        folder.mkdir(parents=True)
    (tmp_path / "b_1_all.deb").write_bytes(bytes(1_000_000))
    (partial / "a_1_all.deb").write_bytes(bytes(2_000_000))
    (lists / "Packages").write_bytes(bytes(5_000_000))
    assert host._so_far(tmp_path, size) == "3 of 4 MB, 75 %"
    # An apt that does not say the size.
    assert host._so_far(tmp_path, 0) == "3 MB"


def make_package(folder, name, version, files=()):
    tree = folder / f"tree-{name}"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\n"
        "Maintainer: Test <test@example.com>\nDescription: test\n"
    )
    for path, text in dict(files).items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    package = folder / f"{name}_{version}_all.deb"
    command = ["dpkg-deb", "--root-owner-group", "-b", str(tree), str(package)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return package


@needs_dpkg
def test_wrong_checksum(machine):
    """The archive serves another file under the version that we know."""
    shop = machine.folder / "shop"
    shop.mkdir()
    make_package(shop, host.PACKAGE, host.KNOWN_VERSION)
    for name in (*host.COMPANIONS_OWN, *host.COMPANIONS_SID):
        make_package(shop, name, "1.0")
    machine.program(
        "apt-get",
        'case "$*" in *indextargets*) echo "Debian|http://mirror.invalid|bookworm|'
        f'Packages";; *download*) cp {shop}/*.deb .;; esac',
    )
    sentence = machine.sentence("odoo", "x")
    assert host.KNOWN_SHA256 in sentence
    assert not machine.leftovers("host/*")
    assert not machine.leftovers("tmp/*")


@needs_dpkg
def test_package_of_another_version(machine):
    package = make_package(machine.folder, "odoo", "18.0.1")
    sentence = machine.sentence("odoo", "x", environ={"CRM_SUITE_ODOO": str(package)})
    assert "18.0.1" in sentence


def test_file_that_is_no_package(machine):
    (machine.folder / "odoo.deb").write_text("not a package")
    environ = {"CRM_SUITE_ODOO": str(machine.folder / "odoo.deb")}
    assert "is not a Debian package" in machine.sentence("odoo", "x", environ=environ)


def test_disk_full_before_the_start(machine):
    """The space is looked at before anything is downloaded."""
    code = (
        "import collections, shutil, sys; from crm_suite_setup import __main__\n"
        "usage = collections.namedtuple('usage', 'total used free')\n"
        "shutil.disk_usage = lambda path: usage(10, 10, 1024**2)\n"
        "sys.exit(__main__.main(['odoo', 'x']))"
    )
    result = run_code(machine, code)
    assert result.returncode == 1
    assert "0.0 GB free" in result.stderr
    assert not machine.leftovers("host/*")


def test_disk_full_in_the_middle(machine):
    code = (
        "import errno, sys; from crm_suite_setup import __main__, host\n"
        "def fail(*_): raise OSError(errno.ENOSPC, 'No space', '/some/file')\n"
        "host._download = fail\n"
        "sys.exit(__main__.main(['odoo', 'x']))"
    )
    result = run_code(machine, code)
    assert result.returncode == 1
    assert "disk is full (/some/file)" in result.stderr
    assert not machine.leftovers("tmp/*")


@pytest.mark.parametrize("left", [0, 100 * 1024**2], ids=["none", "too little"])
def test_disk_full_before_a_template(monkeypatch, tmp_path, left):
    """Odoo is there already, the place for its database is not."""
    usage = shutil.disk_usage(tmp_path)._replace(free=left)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    databases = FakeDatabases(tmp_path)
    with pytest.raises(SetupError, match="free some space"):
        databases._template("a_template", databases.made.append)
    assert not databases.made


def test_why_a_template_failed_is_told_on_a_full_disk(tmp_path):
    """Dropping what was begun fails then, too."""

    def make(name):
        errors.expect_space(f"FATAL: {errors.FULL_DISK_SIGNS[0]}", tmp_path)

    databases = FakeDatabases(tmp_path, undroppable=True)
    with pytest.raises(SetupError, match=f"The disk is full .{tmp_path}"):
        databases._template("a_template", make)


def test_lost_connection_on_a_full_disk(monkeypatch, tmp_path):
    """The server that could not write is gone, and nobody else says why."""
    errors.expect_space("the database system is in recovery mode", tmp_path)
    usage = shutil.disk_usage(tmp_path)._replace(free=10 * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SetupError, match="disk is full"):
        errors.expect_space("the database system is in recovery mode", tmp_path)


class FakeDatabases(database.Databases):
    def __init__(self, folder, undroppable=False):
        self.settings = types.SimpleNamespace(state=folder, pg_host="somewhere")
        self.undroppable = undroppable
        self.made = []

    def exists(self, name):
        return False

    def drop(self, name):
        if self.undroppable and self.made:
            raise SetupError("PostgreSQL: the connection is lost.")
        self.made.append(name)


def run_code(machine, code):
    return subprocess.run(
        [sys.executable, "-B", "-c", code],
        env=machine.environ | {"PYTHONPATH": str(ROOT / "setup")},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_missing_packages_are_named_in_one_line(machine):
    """An ordinary user is told what to install; nothing is tried."""
    code = (
        "import sys; from crm_suite_setup import __main__, system\n"
        "system.is_root = lambda: False\n"
        "system.wanted = lambda *_: [system.Package(name, lambda: False)"
        " for name in ('postgresql', 'fonts-noto-cjk')]\n"
        "sys.exit(__main__.main(['odoo', 'x']))"
    )
    result = run_code(machine, code)
    assert result.returncode == 1
    line = "apt-get install -y --no-install-recommends postgresql fonts-noto-cjk"
    assert line in result.stderr


@pytest.mark.parametrize("known", [True, False])
def test_the_line_names_only_what_the_system_has(machine, known):
    """Debian 13 has no wkhtmltopdf: the line would fail as a whole."""
    machine.program("apt-cache", "echo Package: wkhtmltopdf" if known else "exit 100")
    code = (
        "import sys; from crm_suite_setup import __main__, system\n"
        "system.is_root = lambda: False\n"
        "system.wanted = lambda *_: [system.Package('postgresql', lambda: False),"
        " system.Package('wkhtmltopdf', lambda: False, optional=True)]\n"
        "sys.exit(__main__.main(['odoo', 'x']))"
    )
    *_words, line = run_code(machine, code).stderr.splitlines()
    assert line.split()[4:] == ["postgresql"] + ["wkhtmltopdf"] * known


# === POSTGRESQL === #


@pytest.fixture
def ready(odoo, machine):
    """Everything but PostgreSQL is there already."""
    machine.environ["CRM_SUITE_ODOO"] = str(odoo.host.python_root)
    machine.environ["XDG_CACHE_HOME"] = str(odoo.settings.cache.parent)
    return machine


def test_postgresql_too_old(ready):
    ready.program("psql", "echo 12")
    environ = {"PGHOST": "db.invalid", "PGUSER": "crm"}
    code = (
        "import sys; from crm_suite_setup import __main__, postgres\n"
        "postgres.tool = lambda name: name\n"
        "sys.exit(__main__.main(['odoo', 'x']))"
    )
    ready.environ |= environ
    result = run_code(ready, code)
    assert result.returncode == 1
    assert "version 12" in result.stderr
    assert "13 or newer" in result.stderr


def test_postgresql_that_does_not_answer(ready):
    environ = {"PGHOST": "127.0.0.1", "PGPORT": "1", "PGUSER": "crm"}
    sentence = ready.sentence("odoo", "x", environ=environ)
    assert "PostgreSQL server 127.0.0.1 cannot be used" in sentence


def test_role_that_the_host_refuses(ready):
    environ = {"PGHOST": "127.0.0.1", "PGUSER": "postgres"}
    assert "refuses" in ready.sentence("odoo", "x", environ=environ)


def test_role_that_may_not_create_databases(ready, odoo):
    connection = odoo.connection
    connection.query("DROP ROLE IF EXISTS crm_weak; CREATE ROLE crm_weak LOGIN")
    try:
        environ = {"PGHOST": connection.host, "PGUSER": "crm_weak"}
        environ["CRM_SUITE_DB"] = "not_there_yet"
        sentence = ready.sentence("run", "--no-serve", environ=environ)
    finally:
        connection.query("DROP ROLE crm_weak")
    assert "ALTER ROLE crm_weak CREATEDB" in sentence


def test_cluster_of_a_version_that_is_gone(ready):
    data = ready.state / "pg" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    assert "install postgresql-9" in ready.sentence("odoo", "x")


def test_unknown_package_index(ready, tmp_path):
    """pip without a network: its failure is told, and no environment is left."""
    ready.environ["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    environ = {"PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_RETRIES": "1"}
    environ |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
    sentence = ready.sentence("odoo", "x", environ=environ)
    assert "Python packages cannot be fetched: check the network" in sentence
    assert "PIP_INDEX_URL" in sentence
    assert not [p for p in ready.leftovers("venv/*") if p.is_dir()]


def test_folder_that_lacks_python_packages(ready, tmp_path):
    """Without a network the packages may come from a folder; this one is empty."""
    ready.environ["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    environ = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    environ |= {"PIP_CONFIG_FILE": os.devnull}
    sentence = ready.sentence("odoo", "x", environ=environ)
    assert "a folder with the packages in PIP_FIND_LINKS" in sentence
    assert not [p for p in ready.leftovers("venv/*") if p.is_dir()]


def test_help_needs_nothing(machine):
    for name in ("run", "test", "odoo", "bench", "backup", "restore"):
        result = machine.command(name, "--help")
        assert result.returncode == 0, result.stderr
        assert "CRM_SUITE_PORT" in result.stdout
    assert not machine.state.exists()


def test_every_command_is_executable():
    for name in ("run", "test", "odoo", "bench", "backup", "restore"):
        assert os.access(pathlib.Path(ROOT, "setup", name), os.X_OK)

"""PostgreSQL: the server that was named, or a private one in the state folder.

The private server listens on a socket in a folder of its own, never on a port, so
two checkouts (or a system server) cannot get in each other's way. PostgreSQL refuses
to run as root, so root runs it as the account of Debian's package.
"""

import dataclasses
import glob
import os
import pathlib
import pwd
import re
import shutil
import tempfile

from .console import say, warn
from .errors import SetupError, expect_space
from .locks import locked, share, try_lock
from .shell import is_root, last_words, run, which

OLDEST = 13
ROLE = "odoo"
# The kernel's limit for the path of a socket is 107 bytes.
LONGEST_SOCKET = 107 - len("/.s.PGSQL.5432")
# For root, whose state folder other accounts may not enter. Each folder in it says
# which state folder it belongs to.
HOMES = pathlib.Path("/var/lib/crm_suite")
OWNER_NOTE = "state-folder"
CONFIGURATION = """
# Written by the set-up of the CRM suite.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
random_page_cost = 1.1
jit = off
# A power cut may lose the last half second, never the database: this server is
# for trying and testing, and it makes both twice as fast.
synchronous_commit = off
lc_messages = 'C'
"""


@dataclasses.dataclass(frozen=True)
class Connection:
    host: str
    port: str = ""
    user: str = ROLE
    password: str = ""

    def environ(self):
        wanted = {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        kept.update({k: v for k, v in wanted.items() if v})
        return kept | {"PGCONNECT_TIMEOUT": "10"}

    def query(self, sql, database="postgres", check=True):
        """Run SQL through psql; return its rows as text lines."""
        result = run(
            [tool("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-"],
            env=self.environ(),
            input=sql,
            stdin=None,
        )
        if result.returncode and check:
            expect_space(result.stdout, self.host)
            raise SetupError(f"PostgreSQL: {last_words(result.stdout, 2)}")
        return result.stdout.splitlines() if not result.returncode else None


def find_programs():
    """Folders with PostgreSQL's server programs, newest version first."""
    found = {}
    folders = glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/usr/pgsql-*/bin")
    folders += [str(pathlib.Path(p).parent) for p in [which("initdb")] if p]
    for folder in folders:
        if pathlib.Path(folder, "initdb").exists():
            if version := program_version(folder):
                found.setdefault(version, pathlib.Path(folder))
    return dict(sorted(found.items(), reverse=True))


def program_version(folder):
    match = re.search(r"\(PostgreSQL\) (\d+)", run([f"{folder}/postgres", "-V"]).stdout)
    return int(match[1]) if match else 0


def tool(name):
    """A client program; Debian's wrappers in PATH need no cluster of the system."""
    folder = next(iter(find_programs().values()), None)
    if folder and (folder / name).exists():
        return str(folder / name)
    if found := which(name):
        return found
    raise SetupError(
        f"The program {name} is missing; install the package postgresql-client."
    )


class Server:
    """What `run`, `test`, `odoo` and `bench` have in common: a running PostgreSQL."""

    def __init__(self, settings):
        self.settings = settings
        self.private = not settings.pg_host
        self.connection = None
        self._users = None

    def __enter__(self):
        if self.private:
            self._start()
        else:
            self._use_given()
        return self.connection

    def __exit__(self, *exc_info):
        if self.private:
            self._stop()

    # === A SERVER THAT WAS NAMED === #

    def _use_given(self):
        given = self.settings
        user = given.pg_user or pwd.getpwuid(os.getuid()).pw_name
        if user == "postgres":
            raise SetupError(
                "Odoo refuses to work as the PostgreSQL role “postgres”: create"
                " another one (createuser --createdb odoo) and name it in PGUSER."
            )
        self.connection = Connection(
            given.pg_host, given.pg_port, user, given.pg_password
        )
        try:
            rows = self.connection.query(
                "SELECT current_setting('server_version_num')::int / 10000"
            )
        except SetupError as error:
            raise SetupError(
                f"The PostgreSQL server {given.pg_host} cannot be used: check PGHOST,"
                f" PGPORT, PGUSER and PGPASSWORD, or unset them. ({error})"
            ) from error
        _check_version(int(rows[0]), f"The PostgreSQL server {given.pg_host}")

    # === A PRIVATE SERVER === #

    def _start(self):
        with locked(self.settings.state / "pg.lock", "starting PostgreSQL"):
            self._set_aside()
            self._check_programs()
            self.home = _home(self.settings)
            self.socket = _socket_folder(self.home, self.settings)
            self.connection = Connection(str(self.socket))
            self._users = open(self.settings.state / "pg.users", "a")
            share(self._users)
            if not (self.home / "data").exists():
                self._create()
            if not self._running():
                self._launch()

    def _set_aside(self):
        """Begin anew after somebody removed the state folder, but not all of it.

        Outside the state folder the data of the server outlive it. Their attachments
        are gone, so nobody can go on with them; they are kept all the same, for the
        folder may have been missing for another reason (a disk that is not mounted).
        """
        home = _home_path(self.settings)
        outside = not home.is_relative_to(self.settings.state)
        known = (self.settings.state / "pg.users").exists()
        if known or not outside or not (home / "data").exists():
            return
        if process := _postmaster(home / "data"):
            raise SetupError(
                f"The state folder {self.settings.state} was removed while its database"
                f" server was running: stop that with “kill -INT {process}” and start"
                " again."
            )
        shutil.rmtree(home / "data.old", ignore_errors=True)
        os.replace(home / "data", home / "data.old")
        say(
            f"The state folder was removed: its databases are kept in {home}/data.old,"
            " remove that too if you do not need them"
        )

    def _check_programs(self):
        found = find_programs()
        cluster = _home_path(self.settings) / "data" / "PG_VERSION"
        if cluster.exists():
            version = int(cluster.read_text())
            if version not in found:
                raise SetupError(
                    f"The database in {cluster.parent} was made with PostgreSQL"
                    f" {version}, which is not installed any more: install"
                    f" postgresql-{version}, or remove {self.settings.state} to"
                    " start from nothing."
                )
        else:
            version = max(found, default=0)
            if not version:
                raise SetupError(
                    "PostgreSQL is missing: install the package postgresql, or name"
                    " a server with PGHOST."
                )
        _check_version(version, "The installed PostgreSQL")
        self.programs = found[version]

    def _create(self):
        say("Creating a private PostgreSQL server")
        for orphan, state in _orphans(self.home):
            say(
                f"{orphan} holds the databases of {state}, which is gone: remove it too"
            )
        new = self.home / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        try:
            result = self._run_as_owner(
                "initdb", "-D", new, "-U", ROLE, "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8", "--no-instructions",
            )  # fmt: skip
            if result.returncode:
                expect_space(result.stdout, self.home)
                raise SetupError(
                    "The private PostgreSQL server cannot be created:"
                    f" {last_words(result.stdout, 2)}."
                )
            with open(new / "postgresql.conf", "a") as stream:
                stream.write(CONFIGURATION)
            os.replace(new, self.home / "data")
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _running(self):
        return not self._control("status").returncode

    def _launch(self):
        log = self.home / "postgres.log"
        options = f"-c unix_socket_directories='{self.socket}'"
        result = self._control("start", "-w", "-t", "120", "-l", log, "-o", options)
        if result.returncode:
            words = last_words(log.read_text() if log.exists() else result.stdout)
            expect_space(words, self.home)
            raise SetupError(f"The private PostgreSQL server does not start: {words}.")

    def _stop(self):
        if not self._users:
            return
        with locked(self.settings.state / "pg.lock", "stopping PostgreSQL"):
            # Closing gives up our share; whoever then gets it alone was the last.
            self._users.close()
            with open(self.settings.state / "pg.users", "a") as users:
                if try_lock(users) and self._running():
                    stopped = self._control("stop", "-w", "-t", "60", "-m", "fast")
                    if stopped.returncode:
                        warn(f"PostgreSQL did not stop: {last_words(stopped.stdout)}")

    def _control(self, action, *arguments):
        return self._run_as_owner(
            "pg_ctl", action, "-D", self.home / "data", *arguments
        )

    def _run_as_owner(self, program, *arguments):
        # A file, not a pipe: the server keeps its parent's output open.
        with tempfile.TemporaryFile("w+") as output:
            result = run(
                [self.programs / program, *arguments],
                stdout=output,
                cwd="/",
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                **_owner_options(),
            )
            output.seek(0)
            result.stdout = output.read()
        return result


def _check_version(version, subject):
    if version < OLDEST:
        raise SetupError(
            f"{subject} is version {version} and Odoo needs {OLDEST} or newer:"
            f" install a newer one, or name another server with PGHOST."
        )


def _owner():
    """The account that runs the server: ourselves, or another one for root."""
    if not is_root():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SetupError(
        "PostgreSQL refuses to run as root and there is no account “postgres”:"
        " start as an ordinary user."
    )


def _owner_options():
    owner = _owner()
    if not owner:
        return {}
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _home_path(settings):
    """The server's folder: in the state folder, if its account can get there."""
    inside = settings.state / "pg"
    owner = _owner()
    if inside.exists() or not owner or _reachable(settings.state, owner):
        return inside
    return HOMES / settings.tag


def _postmaster(data):
    """The process that serves a folder, if there is one."""
    try:
        process = (data / "postmaster.pid").read_text().split()[0]
    except (OSError, IndexError):
        return None
    return process if pathlib.Path("/proc", process).exists() else None


def _orphans(home):
    """Folders beside this one whose state folders are gone, with these."""
    for note in sorted(home.parent.glob(f"*/{OWNER_NOTE}")):
        state = note.read_text().strip()
        if not pathlib.Path(state).exists():
            yield note.parent, state


def _reachable(folder, owner):
    """Whether an account may pass through all folders above (/root is closed)."""
    for part in (folder, *folder.parents):
        status = part.stat()
        mode = status.st_mode
        if status.st_uid == owner.pw_uid:
            allowed = mode & 0o100
        elif status.st_gid == owner.pw_gid:
            allowed = mode & 0o010
        else:
            allowed = mode & 0o001
        if not allowed:
            return False
    return True


def _home(settings):
    path = _home_path(settings)
    path.mkdir(parents=True, exist_ok=True)
    owner = _owner()
    if owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    path.chmod(0o700)
    if not path.is_relative_to(settings.state):
        (path / OWNER_NOTE).write_text(f"{settings.state}\n")
    return path


def _socket_folder(home, settings):
    folder = home / "socket"
    if len(os.fsencode(folder)) > LONGEST_SOCKET:
        folder = pathlib.Path(f"/tmp/crm_suite-{os.getuid()}-{settings.tag}")
    owner = _owner()
    expected = owner.pw_uid if owner else os.getuid()
    folder.mkdir(mode=0o700, exist_ok=True)
    if owner and folder.stat().st_uid == os.getuid():
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    if folder.is_symlink() or folder.stat().st_uid != expected:
        raise SetupError(
            f"{folder} belongs to somebody else; remove it, or set CRM_SUITE_STATE"
            " to a folder with a shorter path."
        )
    folder.chmod(0o700)
    return folder

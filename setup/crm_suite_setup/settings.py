"""Where things are and what the environment asks for."""

import dataclasses
import errno
import hashlib
import os
import pathlib
import shutil

from .errors import SetupError, full_disk

DEFAULT_PORT = 8069
# Host with its packages 1 GB, environment 0.5 GB, databases 1 GB.
NEEDED_BYTES = 3 * 1024**3

ENVIRONMENT_HELP = """\
Environment variables:
  CRM_SUITE_ODOO    an Odoo 19.0 to use instead of downloading one: the folder of
                    a source checkout or of an unpacked package, or a .deb file
  CRM_SUITE_PORT    port of the web server (8069, or the next one that is free)
  CRM_SUITE_DB      name of the database (crm_suite)
  CRM_SUITE_DEMO    0: create the database without demo data
  CRM_SUITE_STATE   state folder (.crm_suite in the checkout)
  PGHOST PGPORT PGUSER PGPASSWORD
                    use this PostgreSQL server (13 or newer) instead of a private one
"""


@dataclasses.dataclass(frozen=True)
class Settings:
    root: pathlib.Path
    state: pathlib.Path
    cache: pathlib.Path
    odoo: str
    port: int
    port_given: bool
    database: str
    demo: bool
    pg_host: str
    pg_port: str
    pg_user: str
    pg_password: str

    @property
    def addons(self):
        return self.root / "addons"

    @property
    def data(self):
        """Odoo's data folder: attachments and web sessions."""
        return self.state / "data"

    @property
    def logs(self):
        return self.state / "log"

    @property
    def suite_addons(self):
        """Names of the addons of this repository, in alphabetical order."""
        return sorted(p.parent.name for p in self.addons.glob("*/__manifest__.py"))

    @property
    def tag(self):
        """Short name of this state folder, to keep two checkouts apart."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:8]


def _port(value):
    if not value:
        return DEFAULT_PORT
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise SetupError(
            f"CRM_SUITE_PORT is {value!r}; give a number between 1 and 65535."
        )
    return int(value)


def _cache_folder(environ, state):
    home = environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = pathlib.Path(home) / "crm_suite"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder.resolve()
    except OSError:
        # Accounts without a home folder (services, containers) still work.
        return state / "cache"
    return state / "cache"


def from_environment(environ=os.environ):
    root = pathlib.Path(__file__).resolve().parents[2]
    state = pathlib.Path(environ.get("CRM_SUITE_STATE") or root / ".crm_suite")
    state = state.expanduser().absolute()
    database = environ.get("CRM_SUITE_DB") or "crm_suite"
    if not database.replace("_", "").replace("-", "").isalnum():
        raise SetupError(
            f"CRM_SUITE_DB is {database!r}; use letters, digits, - and _ only."
        )
    return Settings(
        root=root,
        state=state,
        cache=_cache_folder(environ, state),
        odoo=environ.get("CRM_SUITE_ODOO", ""),
        port=_port(environ.get("CRM_SUITE_PORT", "")),
        port_given=bool(environ.get("CRM_SUITE_PORT")),
        database=database,
        demo=environ.get("CRM_SUITE_DEMO", "1") not in ("0", "no", "false"),
        pg_host=environ.get("PGHOST", ""),
        pg_port=environ.get("PGPORT", ""),
        pg_user=environ.get("PGUSER", ""),
        pg_password=environ.get("PGPASSWORD", ""),
    )


def prepare_state(settings):
    """Make the state folder, or say why it cannot be made."""
    try:
        for folder in (settings.state, settings.data, settings.logs):
            folder.mkdir(parents=True, exist_ok=True)
        probe = settings.state / f".probe-{os.getpid()}"
        probe.write_text("x")
        probe.unlink()
    except OSError as error:
        raise SetupError(explain_os_error(error, settings.state)) from error


def check_space(*folders, needed=NEEDED_BYTES):
    """Refuse to begin a first set-up that cannot be finished."""
    for folder in set(folders):
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise SetupError(
                f"The disk of {folder} has {free / 1024**3:.1f} GB free and the"
                f" set-up needs {needed / 1024**3:.0f} GB: free some space or put"
                " the state on another disk with CRM_SUITE_STATE (and the cache"
                " with XDG_CACHE_HOME)."
            )


def explain_os_error(error, folder):
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return (
            f"{folder} cannot be written; set CRM_SUITE_STATE to a folder"
            " that you may write, for example CRM_SUITE_STATE=~/crm_suite."
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full_disk(error.filename or folder)
    return f"{folder}: {error.strerror or error}."

"""Packages of the operating system."""

import ctypes.util
import dataclasses
import glob
import importlib.util
import os
import pathlib
from collections.abc import Callable

from . import host, postgres
from .console import Progress, warn
from .errors import SetupError
from .shell import is_root, last_words, run, run_shown, which

# Debian makes and starts a cluster of its own when PostgreSQL is installed. The
# suite does not use it, so a machine that had no PostgreSQL shall not get one
# running on port 5432 because of us.
CREATE_CLUSTER_FOLDER = pathlib.Path("/etc/postgresql-common/createcluster.d")


@dataclasses.dataclass(frozen=True)
class Package:
    name: str
    present: Callable[[], bool]
    # Optional packages are installed where the system has them.
    optional: bool = False


def _has_cjk_font():
    roots = ("/usr/share/fonts", "/usr/local/share/fonts")
    names = ("NotoSansCJK*", "NotoSerifCJK*", "NotoSansSC*", "wqy*", "SourceHanSans*")
    return any(
        glob.glob(f"{root}/**/{name}", recursive=True)
        for root in roots
        for name in names
    )


def _has_venv():
    return importlib.util.find_spec("ensurepip") is not None


def wanted(settings, testing):
    """The packages that this command needs on this machine."""
    packages = [
        Package("python3-venv", _has_venv),
        Package("libmagic1", lambda: bool(ctypes.util.find_library("magic"))),
        Package("wkhtmltopdf", lambda: bool(which("wkhtmltopdf")), optional=True),
        Package("fonts-noto-cjk", _has_cjk_font),
    ]
    if not settings.odoo:
        # On Ubuntu the archive that has Odoo is Debian's, not the system's own.
        keyring = Package("debian-archive-keyring", lambda: bool(host.keyring()))
        packages.append(keyring)
    if settings.pg_host:
        client = Package("postgresql-client", lambda: bool(which("psql")))
        packages.append(client)
    else:
        server = Package("postgresql", lambda: bool(postgres.find_programs()))
        packages.append(server)
    if testing:
        browsers = ("chromium", "chromium-browser", "google-chrome")
        packages += [
            Package("chromium", lambda: bool(which(*browsers))),
            Package("gettext", lambda: bool(which("msgfmt"))),
        ]
    return packages


def ensure_packages(settings, testing=False):
    """Install what is missing if we may, or say the one line that does it."""
    missing = [p for p in wanted(settings, testing) if not p.present()]
    if not missing:
        return
    required = [p for p in missing if not p.optional]
    if not is_root() or not which("apt-get"):
        _ask_for(missing, required)
        return
    _install(missing)
    still = [p.name for p in required if not p.present()]
    if still:
        raise SetupError(
            f"These packages were installed but cannot be used: {' '.join(still)};"
            " install them by hand and start again."
        )


def _ask_for(missing, required):
    """Say the line that installs what we may not install.

    A package that this system does not have would make the whole line fail.
    """
    names = [p.name for p in missing if not p.optional or _has_candidate(p.name)]
    line = " ".join(["apt-get install -y --no-install-recommends", *names])
    if required:
        raise SetupError(
            "These packages of the system are missing; install them (as root, for"
            f" example with sudo) and start again:\n    {line}"
        )
    if names:
        warn(f"PDF reports need a package that is missing: {line}")


def _install(packages):
    environ = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    with Progress("Reading the system's package lists") as progress:
        updated = run_shown(["apt-get", "-q", "update"], progress, env=environ)
    available = [
        p for p in packages if not p.optional or _has_candidate(p.name, environ)
    ]
    for package in packages:
        if package not in available:
            warn(f"this system has no package {package.name}; going on without it.")
    names = [p.name for p in available]
    command = ["apt-get", "-y", "-q", "--no-install-recommends", "install", *names]
    with Progress(f"Installing {' '.join(names)}") as progress, _no_cluster():
        result = run_shown(command, progress, env=environ)
        if result.returncode:
            failed = updated if updated.returncode else result
            raise SetupError(
                f"apt-get could not install {' '.join(names)}: check the network and"
                f" the package sources, then start again. ({last_words(failed.stdout)})"
            )


def _has_candidate(name, environ=None):
    if not which("apt-cache"):
        return False
    result = run(["apt-cache", "show", "--no-all-versions", name], env=environ)
    return result.returncode == 0 and bool(result.stdout.strip())


class _no_cluster:
    """While it lasts, installing PostgreSQL does not create a system cluster."""

    def __enter__(self):
        self.file = None
        if not postgres.find_programs():
            CREATE_CLUSTER_FOLDER.mkdir(parents=True, exist_ok=True)
            self.file = CREATE_CLUSTER_FOLDER / "crm-suite-setup.conf"
            self.file.write_text("create_main_cluster = false\n")

    def __exit__(self, *exc_info):
        if self.file:
            self.file.unlink(missing_ok=True)

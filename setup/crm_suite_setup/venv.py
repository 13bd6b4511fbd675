"""The virtual environment: pinned requirements, and a link to the host."""

import hashlib
import os
import pathlib
import shutil
import sys

from .console import Progress
from .errors import SetupError, expect_space
from .locks import locked
from .shell import last_words, run, run_shown

READY = "crm_suite_ready"
OFFLINE_SIGNS = (
    "connection broken",
    "network is unreachable",
    "name resolution",
    "failed to establish a new connection",
    "max retries exceeded",
    "timed out",
    "connection refused",
    "cannot connect to proxy",
    "certificate verify failed",
    # An index, or a folder in place of one, that has not even one version.
    "from versions: none",
)


def ensure_venv(settings, host, testing=False):
    """Return the Python of an environment that holds just what is pinned."""
    lists = [settings.root / "requirements.txt"]
    if testing:
        lists.append(settings.root / "requirements-dev.txt")
    parts = [sys.version, str(host.python_root), *(p.read_text() for p in lists)]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    folder = settings.cache / "venv" / key
    python = folder / "bin" / "python"
    if (folder / READY).exists() and python.exists():
        return python
    with locked(settings.cache / "venv" / f"{key}.lock", "making the environment"):
        if not (folder / READY).exists() or not python.exists():
            _make(settings, host, folder, lists)
    return python


def _make(settings, host, folder, lists):
    # An environment cannot be moved, so it is made in place and marked when it is
    # whole; one without the mark was interrupted.
    shutil.rmtree(folder, ignore_errors=True)
    log = settings.logs / "pip.log"
    with Progress("Making the Python environment") as progress:
        try:
            result = run([sys.executable, "-m", "venv", folder])
            if result.returncode:
                raise SetupError(
                    "The Python environment cannot be made; install python3-venv and"
                    f" start again. ({last_words(result.stdout, 1)})"
                )
            _install(folder / "bin" / "python", lists, log, progress)
            site = next(pathlib.Path(folder, "lib").glob("python3*")) / "site-packages"
            (site / "crm_suite_host.pth").write_text(f"{host.python_root}\n")
            (folder / READY).touch()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _install(python, lists, log, progress):
    command = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    command.append("--progress-bar=off")
    for path in lists:
        command += ["-r", path]
    result = run_shown(command, progress, env={**os.environ, "PIP_NO_INPUT": "1"})
    log.write_text(result.stdout)
    if not result.returncode:
        return
    expect_space(result.stdout, python)
    if any(sign in result.stdout.lower() for sign in OFFLINE_SIGNS):
        raise SetupError(
            "The Python packages cannot be fetched: check the network, or name a"
            " mirror in PIP_INDEX_URL, or a folder with the packages in"
            " PIP_FIND_LINKS and set PIP_NO_INDEX=1, and start again; pip's words"
            f" are in {log}."
        )
    raise SetupError(
        f"pip could not install the requirements: {last_words(result.stdout, 1)};"
        f" the whole story is in {log}."
    )

"""`./setup/run`: serve the suite until somebody stops it."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time

from .console import say
from .errors import SetupError
from .locks import try_lock
from .settings import DEFAULT_PORT
from .shell import last_words

READY_SECONDS = 180
STOP_SECONDS = 20
MOST_CHECKOUTS = 20


class Stopped(Exception):
    """Somebody asked us to stop (Ctrl-C, systemd, a closed terminal)."""


def stop_on_signals():
    """Let signals unwind the stack, so that everything started is stopped."""

    def stop(number, _frame):
        # A second Ctrl-C must not interrupt the stopping.
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)


def check_port(settings):
    """Fail early, not after minutes, if the port that was asked for is taken."""
    if not settings.port_given:
        return
    try:
        _bind(settings.port)
    except PermissionError as error:
        raise SetupError(
            f"Port {settings.port} is reserved for root: set CRM_SUITE_PORT to a"
            " number above 1023."
        ) from error
    except OSError as error:
        raise SetupError(
            f"Port {settings.port} is in use by another program: stop that, or"
            f" set CRM_SUITE_PORT to another number, for example {settings.port + 1}."
        ) from error


def _bind(port):
    """Take a port of the loopback and give it back, or raise what the kernel says."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


@contextlib.contextmanager
def own_port(settings):
    """The port that was asked for, or else the first free one from Odoo's own.

    A server binds its port seconds after it was chosen: the lock keeps it for us, so
    that two checkouts that start together do not choose the same one.
    """
    if settings.port_given:
        check_port(settings)
        yield settings.port
        return
    for port in range(DEFAULT_PORT, DEFAULT_PORT + MOST_CHECKOUTS):
        with open(settings.cache / f"port-{port}.lock", "a") as handle:
            if try_lock(handle) and _is_free(port):
                yield port
                return
    raise SetupError(
        f"The ports {DEFAULT_PORT} to {port} are all in use: stop what uses them, or"
        " set CRM_SUITE_PORT to another number."
    )


def _is_free(port):
    try:
        _bind(port)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def only_one(settings):
    """Two servers on one state folder would share sessions and the database."""
    with open(settings.state / "run.lock", "a") as handle:
        if not try_lock(handle):
            raise SetupError(
                "The suite of this checkout is running already; stop that first, or"
                " set CRM_SUITE_STATE to another folder to run a second one."
            )
        yield


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(odoo, config, port, log, *arguments):
    """A running server; stopped when the block ends, however it ends."""
    with open(log, "w") as stream:
        # A session of its own: Ctrl-C reaches us, and we stop it in order.
        process = subprocess.Popen(
            odoo.command("-c", config, *arguments),
            env=odoo.environ(),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, port, log)
        yield process
    finally:
        _stop(process)


def _wait_until_ready(process, port, log):
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            words = last_words(log.read_text(errors="replace"), 2)
            raise SetupError(f"The server ended at once: {words} (log: {log}).")
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/web/login")
            # Somebody else may have been faster and answer in its place.
            if connection.getresponse().status == 200 and process.poll() is None:
                return
        time.sleep(0.3)
    raise SetupError(
        f"The server does not answer after {READY_SECONDS} seconds; see its log {log}."
    )


def _stop(process):
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)


def serve(odoo):
    settings = odoo.settings
    log = settings.logs / "server.log"
    say("Starting the server")
    with own_port(settings) as port:
        config = odoo.write_config(odoo.config, settings.database, http_port=port)
        with server(odoo, config, port, log) as process:
            address = f"http://127.0.0.1:{port}/odoo/crm-customers"
            taken = "" if port == settings.port else f"; port {settings.port} is in use"
            say(f"Ready: {address}  (login admin, password admin{taken})")
            say(f"Log: {log} — stop with Ctrl-C")
            code = process.wait()
    words = last_words(log.read_text(errors="replace"), 2)
    raise SetupError(f"The server ended by itself (exit code {code}): {words}")

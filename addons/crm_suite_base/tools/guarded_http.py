"""The one way in which the suite asks or tells other systems something.

:func:`request` connects to the very address that was checked, while the certificate
has to be that of the name; follows no redirect; takes no proxy from the environment;
and ends in time, however slowly the other side drips. See :mod:`guarded_address` for
what may be asked.
"""

import http.client
import socket
import ssl
import threading
import time
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_match_hostname import CertificateError

from .guarded_address import (
    AddressRefused,
    AnswerTooLarge,
    CertificateRefused,
    Policy,
    RequestFailed,
    RequestTimeout,
    check_target,
)

CHUNK = 16384
USER_AGENT = "CRM-Suite/19.0"
# These say how the message is transported; the client alone sets them.
OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection"}


@dataclass(frozen=True)
class Limits:
    """Seconds to connect, between two parts of the answer and for everything together,
    and bytes of the answer; with ``cut`` a larger answer is cut and not refused."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 15.0
    size: int = 1_000_000
    cut: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back; header names are in lower case, ``seconds`` is the duration."""

    status: int
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False
    seconds: float = 0.0
    address: str = ""

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")


def request(method, url, body=b"", headers=None, policy=None, limits=None, lookup=None):
    """Ask or tell another system something.

    :param str method: ``GET``, ``POST``, …
    :param str url: https; http where the policy allows it
    :param bytes body:
    :param dict headers:
    :param Policy policy: by default only servers of the internet
    :param Limits limits:
    :param lookup: instead of :func:`guarded_address.resolve`
    :return: any answer, also one with an error status or a redirect
    :rtype: Answer
    :raise AddressRefused: nothing was sent, for it is not allowed
    :raise RequestFailed: what was sent may have arrived or not
    """
    limits = limits or Limits()
    started = time.monotonic()
    headers = _check_headers(headers)
    wait = min(limits.connect, limits.total)
    target = check_target(url, policy or Policy(), wait, lookup)
    deadline = _Deadline(target, started, limits)
    with _translated(deadline):
        for position, address in enumerate(target.addresses):
            try:
                answer = _exchange(method, target, address, body, headers, deadline)
            except urllib3.exceptions.NewConnectionError:
                # Nothing was sent yet: the next address of the same name may do.
                if position == len(target.addresses) - 1 or deadline.is_over():
                    raise
                continue
            return replace(answer, seconds=time.monotonic() - started, address=address)
    raise RequestFailed("unknown_host", host=target.host)


def _check_headers(headers):
    result = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    for name, value in (headers or {}).items():
        text = str(value)
        if (
            name.lower() in OWN_HEADERS
            or not name.isascii()
            or any(char in text + name for char in "\r\n\0")
        ):
            raise AddressRefused("header", name=name[:60])
        result[name] = text
    return result


# === TIME ===


class _Deadline:
    """Cuts the connection when the time is over.

    Time limits of sockets count each part that arrives anew: who sends one byte every
    few seconds keeps them satisfied for ever.
    """

    def __init__(self, target, started, limits):
        self.target = target
        self.limits = limits
        self.end = started + limits.total
        self.expired = False
        self._socket = None

    def left(self):
        return max(self.end - time.monotonic(), 0.001)

    def is_over(self):
        return self.expired or time.monotonic() >= self.end

    @contextmanager
    def watch(self, connected):
        """Watch over a connected socket, of which TLS may take the descriptor."""
        self._socket = connected.dup()
        timer = threading.Timer(self.left(), self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._socket.close()

    def _cut(self):
        self.expired = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            # The other side was faster.
            return

    def error(self):
        seconds = f"{self.limits.total:g}"
        return RequestTimeout("timeout", host=self.target.host, seconds=seconds)


@contextmanager
def _translated(deadline):
    """Turn the many errors of the libraries into ours."""
    host = deadline.target.host
    try:
        yield
    except RequestFailed:
        if deadline.is_over():
            raise deadline.error() from None
        raise
    except (
        urllib3.exceptions.HTTPError,
        http.client.HTTPException,
        OSError,
        zlib.error,
        ValueError,
    ) as error:
        if deadline.is_over():
            raise deadline.error() from error
        raise _name_error(error, host, deadline.limits) from error


def _name_error(error, host, limits):
    causes = []
    cause = error
    while cause is not None and len(causes) < 6:
        causes.append(cause)
        cause = cause.__cause__ or getattr(cause, "reason", None)
        cause = cause if isinstance(cause, BaseException) else None
    for cause in causes:
        if isinstance(cause, CertificateError | ssl.SSLCertVerificationError):
            reason = getattr(cause, "verify_message", "") or str(cause)
            return CertificateRefused("tls", host=host, reason=reason)
    for cause in causes:
        if isinstance(cause, TimeoutError | urllib3.exceptions.ReadTimeoutError):
            connecting = isinstance(error, urllib3.exceptions.ConnectTimeoutError)
            seconds = limits.connect if connecting else limits.read
            return RequestTimeout("timeout", host=host, seconds=f"{seconds:g}")
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return CertificateRefused("tls", host=host, reason=cause.reason or "TLS")
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return RequestFailed("connect", host=host, reason=cause.strerror)
    return RequestFailed("answer", host=host, reason=type(causes[-1]).__name__)


# === THE EXCHANGE ===


def _exchange(method, target, address, body, headers, deadline):
    limits = deadline.limits
    connection = _connect(target, address, deadline)
    try:
        raw = connection.connected(min(limits.connect, deadline.left()))
        with deadline.watch(raw):
            connection.connect()
            connection.sock.settimeout(min(limits.read, deadline.left()))
            connection.timeout = limits.read
            connection.request(
                method,
                target.path,
                body=body or None,
                headers={"Host": target.authority, **headers},
                preload_content=False,
                decode_content=False,
            )
            response = connection.getresponse()
            content, cut = _read(response, target.host, limits, deadline)
            return Answer(
                status=response.status,
                headers={k.lower(): v for k, v in response.headers.items()},
                body=content,
                cut=cut,
            )
    finally:
        connection.close()


def _connect(target, address, deadline):
    options = {"host": address, "port": target.port}
    if target.scheme == "http":
        return _PlainConnection(**options)
    return _TlsConnection(
        **options,
        ssl_context=_get_context(),
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def _get_context():
    """Certificates of the system, where a company adds its own, and the known ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Pinned:
    """Connects first, so that the time can be watched from the first byte of TLS on."""

    _connected = None

    def connected(self, timeout):
        self.timeout = timeout
        self._connected = super()._new_conn()
        return self._connected

    def _new_conn(self):
        return self._connected


class _PlainConnection(_Pinned, HTTPConnection):
    pass


class _TlsConnection(_Pinned, HTTPSConnection):
    pass


def _read(response, host, limits, deadline):
    """Read at most so much, counted after unpacking.

    :rtype: tuple[bytes, bool]
    """
    unpack = _get_unpacker(response, host)
    parts, size = [], 0
    while True:
        packed = response.read(CHUNK, decode_content=False)
        if deadline.is_over():
            raise deadline.error()
        data = unpack(packed, limits.size + 1 - size)
        parts.append(data)
        size += len(data)
        if size > limits.size:
            if not limits.cut:
                raise AnswerTooLarge("large", host=host, limit=limits.size)
            return b"".join(parts)[: limits.size], True
        if not packed:
            return b"".join(parts), False


def _get_unpacker(response, host):
    """Unpack what nobody asked to be packed; never more than there is room for."""
    coding = (response.headers.get("Content-Encoding") or "identity").strip().lower()
    if coding == "identity":
        return lambda packed, room: packed[:room]
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise RequestFailed("answer", host=host, reason=coding[:40])
    # 32: recognise the heads of gzip and zlib.
    unpacker = zlib.decompressobj(32 + zlib.MAX_WBITS)

    def unpack(packed, room):
        return unpacker.decompress(packed, max(room, 1)) if packed else b""

    return unpack

"""Which addresses the suite may talk to.

A person who may enter an address of another system must not be able to use the server
as a way into the network in which it stands. So an address is read strictly, its name
is resolved once, and each address found has to be a public one, or one that the
administrator of the server has listed.
"""

import ipaddress
import re
import socket
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import idna

MESSAGES = {
    "url": "“%(url)s” is not a complete web address, such as https://example.com/hook.",
    "scheme": "“%(url)s” must begin with https://.",
    "credentials": "“%(url)s” contains a user name or password. Leave them out; the "
    "receiver can check the signature instead.",
    "host": "“%(host)s” is not a name or address of a server in its usual spelling.",
    "port": "The port %(port)s is not allowed. Allowed are: %(ports)s.",
    "unknown_host": "The server “%(host)s” was not found. Check the name.",
    "private": "“%(host)s” leads to %(address)s, which is no address of the public "
    "internet. An administrator can allow it in the settings, under internal servers.",
    "connect": "“%(host)s” does not answer: %(reason)s.",
    "tls": "“%(host)s” has no valid certificate: %(reason)s.",
    "timeout": "“%(host)s” took longer than %(seconds)s seconds.",
    "large": "The answer of “%(host)s” is larger than %(limit)s bytes.",
    "answer": "“%(host)s” gave an answer that cannot be read: %(reason)s.",
    "header": "The header “%(name)s” cannot be sent.",
    "neutralized": "This is a copy of a database, from which nothing is sent.",
    "entry": "“%(entry)s” is not an internal server. Write a name, an address or a "
    "network, each with a port if needed: erp.local:8069, 10.1.2.3, 10.1.0.0/16.",
}


class GuardedHttpError(Exception):
    """A request that was refused or failed; its text says why.

    :ivar str code: key of :data:`MESSAGES`
    :ivar dict params: what the message names
    """

    def __init__(self, code, **params):
        self.code = code
        self.params = params
        super().__init__(MESSAGES[code] % params)


class AddressRefused(GuardedHttpError):
    """Nothing was sent: the address is not allowed."""


class RequestFailed(GuardedHttpError):
    """The other side could not be reached or did not answer properly."""


class RequestTimeout(RequestFailed):
    """A time limit was reached."""


class AnswerTooLarge(RequestFailed):
    """The answer is larger than the caller wants to read."""


class CertificateRefused(RequestFailed):
    """The other side could not prove its name."""


# What no list of internal servers opens: nobody's server has such an address, and
# hosting companies give out keys of the machine there.
NEVER = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "168.63.129.16/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::254/128",
    )
]
# Public in the lists of the library or in some versions of it, yet no place for a
# server of somebody else: shared, benchmarking, reserved and translated addresses.
RESERVED = [
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
]
PUBLIC_V6 = ipaddress.ip_network("2000::/3")
# Their last part decides for web clients whether a name is a number.
NUMBER = re.compile(r"(\d+|0x[0-9a-f]*)$", re.IGNORECASE)
NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*"
    r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$"
)


@dataclass(frozen=True)
class Internal:
    """One entry of the list of internal servers: a name or a network, maybe a port."""

    name: str = ""
    network: object = None
    port: int | None = None

    def covers(self, host, address):
        if self.name:
            return self.name == host
        return address.version == self.network.version and address in self.network


@dataclass(frozen=True)
class Policy:
    """What may be asked for.

    :ivar tuple internal: entries of :func:`parse_internal`
    :ivar bool allow_http: whether servers of the internet may be asked without
        encryption; internal ones always may
    :ivar tuple ports: ports of servers that have none in the list
    """

    internal: tuple = ()
    allow_http: bool = False
    ports: tuple = (80, 443, 8443)


@dataclass(frozen=True)
class Target:
    """An address that was checked: where to connect and whom to expect there."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple = field(default=())

    @property
    def authority(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == default else f"{host}:{self.port}"


# === READING ADDRESSES ===


def parse_url(url):
    """Read an address strictly, without asking anybody for anything.

    :rtype: Target
    :raise AddressRefused: when it is not one that everybody reads in the same way
    """
    shown = str(url)[:200]
    if (
        not isinstance(url, str)
        or len(url) > 2000
        or any(ord(char) <= 32 or char in "\\\x7f" for char in url)
    ):
        raise AddressRefused("url", url=shown)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("url", url=shown) from error
    scheme = parts.scheme
    if not scheme:
        raise AddressRefused("url", url=shown)
    if scheme not in ("http", "https"):
        raise AddressRefused("scheme", url=shown)
    if "@" in parts.netloc:
        # What is secret is not repeated in a message.
        raise AddressRefused("credentials", url=f"{scheme}://…")
    if not parts.netloc or port == 0 or parts.netloc.endswith(":"):
        raise AddressRefused("url", url=shown)
    host = read_host(parts.netloc, parts.hostname)
    path = _quote(parts.path or "/")
    if parts.query:
        path += "?" + _quote(parts.query)
    return Target(
        url=url,
        scheme=scheme,
        host=host,
        port=port or (443 if scheme == "https" else 80),
        path=path,
    )


def _quote(text):
    return "".join(
        char if ord(char) < 128 else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in text
    )


def read_host(netloc, hostname):
    """The name or address of a server, in its one usual spelling.

    :param str netloc: as it stands in the address, to see brackets
    :raise AddressRefused: for the many other ways to write an address of IPv4, which
        programs read differently: ``127.1``, ``0x7f000001``, ``0177.0.0.1``
    """
    shown = str(hostname or netloc)[:100]
    if netloc.startswith("["):
        if "%" in hostname:
            raise AddressRefused("host", host=shown)
        try:
            return str(ipaddress.IPv6Address(hostname))
        except ValueError as error:
            raise AddressRefused("host", host=shown) from error
    name = _encode_name(hostname or "", shown)
    if NUMBER.match(name.rsplit(".", 1)[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError as error:
            raise AddressRefused("host", host=shown) from error
    if not NAME.match(name):
        raise AddressRefused("host", host=shown)
    return name


def _encode_name(hostname, shown):
    name = hostname.lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except (idna.IDNAError, UnicodeError) as error:
            raise AddressRefused("host", host=shown) from error
    return name.removesuffix(".")


def parse_internal(text):
    """Read the list of internal servers: one per line or separated by commas.

    :rtype: tuple[Internal]
    :raise AddressRefused: that names the entry that cannot be read
    """
    entries = re.split(r"[\s,;]+", text or "")
    return tuple(_parse_entry(entry) for entry in entries if entry)


def _parse_entry(entry):
    try:
        return Internal(network=ipaddress.ip_network(entry, strict=False))
    except ValueError:
        pass
    head, _colon, port = entry.rpartition(":")
    if not head or not re.fullmatch(r"\d{1,5}", port) or not 0 < int(port) < 65536:
        head, port = entry, ""
    number = int(port) if port else None
    bare = head[1:-1] if head.startswith("[") and head.endswith("]") else head
    try:
        network = ipaddress.ip_network(bare, strict=False)
        return Internal(network=network, port=number)
    except ValueError:
        pass
    name = head.lower().removesuffix(".")
    # A number that is no address is a mistake, not a name.
    if not NAME.match(name) or NUMBER.match(name.rsplit(".", 1)[-1]):
        raise AddressRefused("entry", entry=entry[:100])
    return Internal(name=name, port=number)


# === JUDGING ADDRESSES ===


def is_public(address):
    """Whether anybody's server on the internet can have this address.

    :param address: of :mod:`ipaddress`
    """
    if any(address in net for net in NEVER if net.version == address.version):
        return False
    if any(address in net for net in RESERVED if net.version == address.version):
        return False
    if address.version == 6 and address not in PUBLIC_V6:
        # Among others what stands for an address of IPv4: mapped, translated (NAT64).
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_allowed_internal(address, host, port, policy):
    """Whether the administrator has listed it."""
    plain = getattr(address, "ipv4_mapped", None) or address
    for address_ in {address, plain}:
        if any(address_ in net for net in NEVER if net.version == address_.version):
            return False
    return any(
        entry.covers(host, plain)
        and (port == entry.port if entry.port else port in policy.ports)
        for entry in policy.internal
    )


def check_target(url, policy, seconds=5.0, lookup=None):
    """Read an address, resolve its name once and check what was found.

    All addresses of a name have to be good: who mixes a public with a private one has
    no good reason.

    :param Policy policy:
    :param float seconds: to wait at most for the name
    :param lookup: function of host and port that gives texts of addresses
    :return: the target with the addresses to connect to
    :rtype: Target
    """
    target = parse_url(url)
    found = tuple(dict.fromkeys(_resolve(target, seconds, lookup or resolve)))
    internal = True
    for text in found:
        address = ipaddress.ip_address(text)
        if not is_allowed_internal(address, target.host, target.port, policy):
            internal = False
            if not is_public(address):
                raise AddressRefused("private", host=target.host, address=text)
    if not internal:
        if target.port not in policy.ports:
            ports = ", ".join(str(port) for port in policy.ports)
            raise AddressRefused("port", port=target.port, ports=ports)
        if target.scheme == "http" and not policy.allow_http:
            raise AddressRefused("scheme", url=target.url[:200])
    return Target(**{**vars(target), "addresses": found})


def resolve(host, port):
    """The addresses of a name, as texts.

    :raise OSError: when there are none
    """
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # An address of IPv6 may carry the name of a network card after a percent sign.
    return [row[4][0].split("%")[0] for row in rows]


def _resolve(target, seconds, lookup):
    try:
        return [str(ipaddress.ip_address(target.host))]
    except ValueError:
        pass
    answer = []

    def look():
        try:
            answer.append(lookup(target.host, target.port))
        except (OSError, UnicodeError) as error:
            answer.append(error)

    # The system's call has no time limit.
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    if not answer:
        raise RequestTimeout("timeout", host=target.host, seconds=f"{seconds:g}")
    if isinstance(answer[0], Exception) or not answer[0]:
        raise RequestFailed("unknown_host", host=target.host)
    return answer[0]

import contextlib
import datetime
import gzip
import http.server
import ipaddress
import socket
import ssl
import tempfile
import threading
import time
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, TransactionCase, tagged
from odoo.tools import mute_logger

from ..tools import guarded_http
from ..tools.guarded_address import (
    MESSAGES,
    AddressRefused,
    AnswerTooLarge,
    CertificateRefused,
    GuardedHttpError,
    Policy,
    RequestFailed,
    RequestTimeout,
    check_target,
    is_public,
    parse_internal,
    parse_url,
)
from ..tools.guarded_http import Limits, request

PUBLIC = "93.184.216.34"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the path, and notes what it was asked."""

    def log_message(self, *_args):
        """Say nothing."""

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append((self.path, dict(self.headers), body))
        with contextlib.suppress(OSError):
            getattr(self, "answer_" + self.path.split("/")[1].split("?")[0])()

    do_GET = do_POST

    def _send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_ok(self):
        self._send(200, b"fine")

    def answer_redirect(self):
        self._send(302, Location="http://169.254.169.254/latest/meta-data/")

    def answer_huge(self):
        self.send_response(200)
        self.end_headers()
        for _number in range(2000):
            self.wfile.write(b"x" * 10_000)

    def answer_bomb(self):
        self._send(200, gzip.compress(b"\0" * 30_000_000), Content_Encoding="gzip")

    def answer_packed(self):
        self._send(200, gzip.compress(b"packed text"), Content_Encoding="gzip")

    def answer_brotli(self):
        self._send(200, b"?", Content_Encoding="br")

    def answer_drip(self):
        self.send_response(200)
        self.end_headers()
        for _number in range(100):
            self.wfile.write(b".")
            self.wfile.flush()
            time.sleep(0.1)

    def answer_driphead(self):
        for _number in range(100):
            self.wfile.write(b"H")
            self.wfile.flush()
            time.sleep(0.1)

    def answer_silent(self):
        time.sleep(3)

    def answer_nonsense(self):
        self.wfile.write(b"\x00\x01 nonsense\r\n\r\n")


def make_certificate(name):
    """A certificate of a name, signed by itself: texts of both and the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


class Server:
    """A web server of the test on the own machine."""

    def __init__(self, pem=None):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.seen = []
        if pem:
            with tempfile.NamedTemporaryFile(suffix=".pem") as file:
                file.write(pem)
                file.flush()
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(file.name)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    @property
    def seen(self):
        return self.http.seen

    def url(self, path, host="127.0.0.1", scheme="http"):
        return f"{scheme}://{host}:{self.port}/{path}"

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def serve(test, pem=None):
    server = Server(pem)
    test.addCleanup(server.close)
    return server


@tagged("post_install", "-at_install")
class TestGuardedAddress(BaseCase):
    """Which addresses may be asked."""

    def refused(self, url, policy=None, lookup=None):
        with self.assertRaises(AddressRefused) as caught:
            check_target(url, policy or Policy(), lookup=lookup)
        self.assertTrue(str(caught.exception))
        return caught.exception.code

    def test_private_addresses_are_refused(self):
        for address in (
            "127.0.0.1 10.0.0.1 172.16.5.5 192.168.1.1 169.254.169.254 0.0.0.0 "
            "100.64.0.1 100.100.100.200 224.0.0.1 255.255.255.255 198.18.0.1 "
            "240.0.0.1 192.0.0.8 168.63.129.16 192.88.99.1 192.0.2.1"
        ).split():
            with self.subTest(address=address):
                self.assertEqual(self.refused(f"https://{address}/"), "private")
        for address in (
            "::1 :: fe80::1 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 "
            "::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 "
            "2002:7f00:1::1 2001::1 2001:db8::1 ::127.0.0.1 fec0::1 100::1"
        ).split():
            with self.subTest(address=address):
                self.assertEqual(self.refused(f"https://[{address}]/"), "private")

    def test_public_addresses_are_allowed(self):
        for host in (PUBLIC, "8.8.8.8", "[2606:2800:220:1:248:1893:25c8:1946]"):
            with self.subTest(host=host):
                target = check_target(f"https://{host}/x?y=1", Policy())
                self.assertEqual(target.port, 443)
                self.assertEqual(target.path, "/x?y=1")

    def test_odd_spellings(self):
        for host in (
            "127.1 127.0.1 0177.0.0.1 0x7f.0.0.1 0x7f000001 2130706433 017700000001 "
            "127.0.0.01 1.2.3.4.5 256.1.1.1 １２７.1 0x 08.8.8.8 127.0.0.0x1"
        ).split():
            with self.subTest(host=host):
                self.assertEqual(self.refused(f"https://{host}/"), "host")

    def test_full_width_digits_are_digits(self):
        self.assertEqual(self.refused("https://１２７.０.０.１/"), "private")
        self.assertEqual(self.refused("https://127。0。0。1/"), "private")

    @settings(max_examples=300, deadline=None)
    @given(
        number=st.integers(0, 2**32 - 1).filter(
            lambda n: not is_public(ipaddress.IPv4Address(n))
        ),
        spelling=st.sampled_from(
            ["dotted", "whole", "hex", "octal", "mixed", "short", "mapped", "nat64"]
        ),
        dot=st.booleans(),
    )
    def test_no_spelling_of_a_private_address_gets_through(self, number, spelling, dot):
        octets = list(ipaddress.IPv4Address(number).packed)
        a, b, c, d = octets
        host = {
            "dotted": f"{a}.{b}.{c}.{d}",
            "whole": f"{number}",
            "hex": hex(number),
            "octal": ".".join(f"0{octet:o}" for octet in octets),
            "mixed": f"{hex(a)}.{b}.0{c:o}.{d}",
            "short": f"{a}.{b}.{c * 256 + d}",
            "mapped": f"[::ffff:{a}.{b}.{c}.{d}]",
            "nat64": f"[64:ff9b::{a}.{b}.{c}.{d}]",
        }[spelling]
        if dot and not host.startswith("["):
            host += "."
        with self.assertRaises(AddressRefused):
            check_target(f"https://{host}/", Policy(), lookup=self.fail)

    @settings(max_examples=300, deadline=None)
    @given(text=st.text(max_size=60))
    def test_any_text_is_read_or_refused(self, text):
        for url in (text, "https://" + text):
            try:
                target = parse_url(url)
            except AddressRefused:
                continue
            self.assertTrue(target.host.isascii())
            self.assertNotIn("@", target.host)
            self.assertFalse(set(target.path) & set(" \r\n\t"))

    def test_what_is_no_address(self):
        for url, code in {
            "": "url",
            None: "url",
            7: "url",
            "https://": "url",
            "https:///x": "url",
            "https://example.com:/": "url",
            "https://example.com:0/": "url",
            "https://example.com:99999/": "url",
            "https://exam ple.com/": "url",
            "https://example.com/\r\nHost: x": "url",
            "https://example.com\\@127.0.0.1/": "url",
            "https://[::1/": "url",
            "https://[fe80::1%25eth0]/": "host",
            "https://-a.com/": "host",
            "https://a..b/": "host",
            "https://%31%32%37.0.0.1/": "host",
            "ftp://example.com/": "scheme",
            "file:///etc/passwd": "scheme",
            "javascript:alert(1)": "scheme",
            "gopher://127.0.0.1:25/": "scheme",
            "https://user:word@example.com/": "credentials",
            "https://example.com@127.0.0.1/": "credentials",
        }.items():
            with self.subTest(url=url):
                self.assertEqual(self.refused(url), code)

    def test_the_password_is_not_repeated(self):
        with self.assertRaises(AddressRefused) as caught:
            parse_url("https://user:hunter2@example.com/")
        self.assertNotIn("hunter2", str(caught.exception))

    def test_names_are_judged_by_all_their_addresses(self):
        answers = {
            "good.example": [PUBLIC],
            "bad.example": ["10.0.0.1"],
            "both.example": [PUBLIC, "127.0.0.1"],
            "mapped.example": ["::ffff:10.0.0.1"],
        }

        def lookup(host, port):
            return answers[host]

        target = check_target("https://GOOD.example./", Policy(), lookup=lookup)
        self.assertEqual((target.host, target.addresses), ("good.example", (PUBLIC,)))
        for name in ("bad", "both", "mapped"):
            with self.subTest(name=name):
                code = self.refused(f"https://{name}.example/", lookup=lookup)
                self.assertEqual(code, "private")

    def test_ports_and_plain_http(self):
        self.assertEqual(self.refused(f"https://{PUBLIC}:25/"), "port")
        self.assertEqual(self.refused(f"http://{PUBLIC}/"), "scheme")
        policy = Policy(allow_http=True, ports=(80, 9000))
        self.assertTrue(check_target(f"http://{PUBLIC}/", policy))
        self.assertTrue(check_target(f"https://{PUBLIC}:9000/", policy))

    def test_internal_servers(self):
        policy = Policy(
            internal=parse_internal(
                "10.1.0.0/16, erp.local:8069\n127.0.0.1:9\n[fd00::5]:70"
            )
        )

        def lookup(host, port):
            return {"erp.local": ["192.168.7.7"], "evil.example": ["192.168.7.7"]}[host]

        for url in (
            "http://10.1.2.3/",
            "https://10.1.2.3:8443/",
            "http://erp.local:8069/x",
            "http://127.0.0.1:9/",
            "http://[fd00::5]:70/",
        ):
            with self.subTest(url=url):
                self.assertTrue(check_target(url, policy, lookup=lookup))
        for url in (
            "https://10.2.0.1/",
            "https://10.1.2.3:22/",
            "http://erp.local:22/",
            "http://evil.example:8069/",
            "http://127.0.0.1:10/",
        ):
            with self.subTest(url=url):
                self.assertEqual(self.refused(url, policy, lookup), "private")

    def test_some_addresses_no_list_opens(self):
        policy = Policy(internal=parse_internal("0.0.0.0/0 ::/0 meta.local"))

        def lookup(host, port):
            return ["169.254.169.254"]

        for host in (
            "169.254.169.254",
            "[::ffff:169.254.169.254]",
            "[fe80::1]",
            "0.0.0.0",
            "168.63.129.16",
            "meta.local",
        ):
            with self.subTest(host=host):
                code = self.refused(f"https://{host}/", policy, lookup)
                self.assertEqual(code, "private")

    def test_entries_that_cannot_be_read(self):
        for entry in ("10.1.0.0/99", "http://x", "a b:c", "127.1", "0x7f000001", "x:0"):
            with self.subTest(entry=entry), self.assertRaises(AddressRefused) as caught:
                parse_internal(entry)
            self.assertEqual(caught.exception.code, "entry")

    def test_unknown_and_slow_names(self):
        def nobody(host, port):
            raise socket.gaierror(-2, "unknown")

        def slow(host, port):
            time.sleep(1)
            return [PUBLIC]

        with self.assertRaises(RequestFailed):
            check_target("https://x.example/", Policy(), lookup=nobody)
        with self.assertRaises(RequestTimeout):
            check_target("https://x.example/", Policy(), 0.05, lookup=slow)


@tagged("post_install", "-at_install")
class TestGuardedHttp(BaseCase):
    """Requests to real servers on the own machine."""

    def setUp(self):
        super().setUp()
        self.server = serve(self)
        self.policy = Policy(
            internal=parse_internal(f"127.0.0.1:{self.server.port} localhost")
        )

    def ask(self, path, method="POST", **options):
        return request(method, self.server.url(path), policy=self.policy, **options)

    def test_answer(self):
        answer = self.ask("ok?a=1", body=b"{}", headers={"X-Test": "1"})
        self.assertEqual(
            (answer.status, answer.body, answer.cut), (200, b"fine", False)
        )
        self.assertEqual(answer.address, "127.0.0.1")
        path, headers, body = self.server.seen[0]
        self.assertEqual((path, body), ("/ok?a=1", b"{}"))
        self.assertEqual(headers["Host"], f"127.0.0.1:{self.server.port}")
        self.assertEqual(headers["X-Test"], "1")
        self.assertIn("CRM-Suite", headers["User-Agent"])

    def test_own_machine_is_refused_without_the_list(self):
        with self.assertRaises(AddressRefused):
            request("GET", self.server.url("ok"))
        self.assertFalse(self.server.seen)

    def test_redirects_are_not_followed(self):
        answer = self.ask("redirect")
        self.assertEqual(answer.status, 302)
        self.assertEqual(len(self.server.seen), 1)

    def test_proxies_of_the_environment_are_not_used(self):
        names = ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY")
        with patch.dict("os.environ", dict.fromkeys(names, "http://127.0.0.1:1")):
            self.assertEqual(self.ask("ok").status, 200)

    def test_size(self):
        limits = Limits(size=50_000)
        with self.assertRaises(AnswerTooLarge):
            self.ask("huge", limits=limits)
        answer = self.ask("huge", limits=Limits(size=50_000, cut=True))
        self.assertEqual((len(answer.body), answer.cut), (50_000, True))

    def test_bomb(self):
        unpacked = []
        original = guarded_http._get_unpacker

        def watched(response, host):
            unpack = original(response, host)

            def count(packed, room):
                data = unpack(packed, room)
                unpacked.append(len(data))
                return data

            return count

        with (
            patch.object(guarded_http, "_get_unpacker", watched),
            self.assertRaises(AnswerTooLarge),
        ):
            self.ask("bomb", limits=Limits(size=100_000))
        self.assertLessEqual(sum(unpacked), 100_001)
        self.assertEqual(self.ask("packed").text, "packed text")
        with self.assertRaises(RequestFailed):
            self.ask("brotli")

    def test_a_slow_drip_ends(self):
        for path in ("drip", "driphead", "silent"):
            with self.subTest(path=path), self.assertRaises(RequestTimeout):
                self.ask(path, limits=Limits(read=0.6, total=0.5))

    def test_no_part_in_time(self):
        with self.assertRaises(RequestTimeout):
            self.ask("silent", limits=Limits(read=0.2, total=5))

    def test_nonsense(self):
        with self.assertRaises(RequestFailed):
            self.ask("nonsense")

    def test_nobody_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        policy = Policy(internal=parse_internal(f"127.0.0.1:{port}"))
        with self.assertRaises(RequestFailed) as caught:
            request("GET", f"http://127.0.0.1:{port}/", policy=policy)
        self.assertEqual(caught.exception.code, "connect")

    def test_a_name_that_changes_is_asked_once(self):
        answers = [["127.0.0.1"], ["169.254.169.254"]]
        policy = Policy(internal=parse_internal(f"turn.example:{self.server.port}"))
        url = self.server.url("ok", "turn.example")
        answer = request(
            "GET", url, policy=policy, lookup=lambda host, port: answers.pop(0)
        )
        self.assertEqual((answer.status, len(answers)), (200, 1))
        with self.assertRaises(AddressRefused):
            request("GET", url, policy=policy, lookup=lambda host, port: answers.pop(0))
        self.assertEqual(len(self.server.seen), 1)

    def test_headers_cannot_be_smuggled(self):
        for headers in ({"X": "a\r\nHost: b"}, {"Host": "other"}, {"X\n": "1"}):
            with self.subTest(headers=headers), self.assertRaises(AddressRefused):
                self.ask("ok", headers=headers)


@tagged("post_install", "-at_install")
class TestGuardedTls(BaseCase):
    """The connection goes to the checked address, the certificate is that of the name."""

    def setUp(self):
        super().setUp()
        self.pem = make_certificate("hook.example")
        self.server = serve(self, self.pem)

    def ask(self, host, trusted=True):
        policy = Policy(internal=parse_internal(f"{host}:{self.server.port}"))
        context = ssl.create_default_context()
        if trusted:
            context.load_verify_locations(
                cadata=self.pem.split(b"-----BEGIN PRIV")[0].decode()
            )
        with patch.object(guarded_http, "_get_context", lambda: context):
            return request(
                "POST",
                self.server.url("ok", host, "https"),
                policy=policy,
                lookup=lambda host, port: ["127.0.0.1"],
            )

    def test_right_name(self):
        self.assertEqual(self.ask("hook.example").status, 200)
        headers = self.server.seen[0][1]
        self.assertEqual(headers["Host"], f"hook.example:{self.server.port}")

    @mute_logger("urllib3.connection")
    def test_wrong_name(self):
        with self.assertRaises(CertificateRefused):
            self.ask("other.example")
        self.assertFalse(self.server.seen)

    def test_unknown_authority(self):
        with self.assertRaises(CertificateRefused):
            self.ask("hook.example", trusted=False)
        self.assertFalse(self.server.seen)


@tagged("post_install", "-at_install")
class TestHttpSettings(TransactionCase):
    """The accessor that every sender uses."""

    def setUp(self):
        super().setUp()
        self.server = serve(self)
        self.client = self.env["crm.suite.http"]
        self.parameters = self.env["ir.config_parameter"]

    def test_list_of_the_settings(self):
        with self.assertRaises(GuardedHttpError):
            self.client._request("GET", self.server.url("ok"))
        self.parameters.set_param(
            "crm_suite_base.http_internal", f"127.0.0.1:{self.server.port}"
        )
        self.assertEqual(self.client._request("GET", self.server.url("ok")).status, 200)

    def test_nothing_leaves_a_copy(self):
        self.parameters.set_param(
            "crm_suite_base.http_internal", f"127.0.0.1:{self.server.port}"
        )
        self.parameters.set_param("database.is_neutralized", "True")
        with self.assertRaises(AddressRefused) as caught:
            self.client._request("GET", self.server.url("ok"))
        self.assertEqual(caught.exception.code, "neutralized")
        self.assertFalse(self.server.seen)

    def test_settings_refuse_what_cannot_be_read(self):
        settings_ = self.env["res.config.settings"].create(
            {"crm_suite_http_internal": "127.1"}
        )
        with self.assertRaisesRegex(Exception, "127.1"):
            settings_.set_values()

    def test_every_error_has_words(self):
        for code in MESSAGES:
            words = self.client._get_words()
            self.assertIn(code, words)

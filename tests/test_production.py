"""The production set is one that programs accept: server, proxy, service manager."""

import json
import re
import shutil
import subprocess

import pytest
from conftest import ROOT

PRODUCTION = ROOT / "setup" / "production"
READ_CONFIG = """
import json, sys
from odoo.tools import config
config.parse_config(["-c", sys.argv[1]], setup_logging=True)
names = ("workers", "list_db", "proxy_mode", "http_interface", "db_name", "dbfilter",
         "with_demo", "gevent_port", "http_port", "test_enable", "dev_mode")
print(json.dumps({name: config[name] for name in names}))
"""


def test_server_configuration(odoo, tmp_path):
    """The host reads every option, warns about none, and nothing is left open."""
    text = (ROOT / "odoo.conf").read_text()
    text = text.replace("/opt/crm_suite/addons", str(ROOT / "addons"))
    text = text.replace("/var/lib/crm_suite", str(tmp_path))
    (tmp_path / "odoo.conf").write_text(text)
    environ = {k: v for k, v in odoo.environ().items() if not k.startswith("PG")}
    del environ["ODOO_RC"]
    result = subprocess.run(
        [str(odoo.python), "-c", READ_CONFIG, str(tmp_path / "odoo.conf")],
        env=environ,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stderr
    options = json.loads(result.stdout)
    assert options["workers"] > 1
    assert options["list_db"] is False
    assert options["proxy_mode"] is True
    assert options["http_interface"] == "127.0.0.1"
    assert options["with_demo"] is False
    assert re.fullmatch(options["dbfilter"], *options["db_name"])
    assert not options["dev_mode"]


def test_proxy_and_server_agree(odoo):
    """The proxy sends pages and websocket to the ports that the server opens."""
    nginx = (PRODUCTION / "nginx.conf").read_text()
    conf = (ROOT / "odoo.conf").read_text()
    for option in ("http_port", "gevent_port"):
        [port] = re.findall(rf"^{option} = (\d+)$", conf, re.M)
        assert f"server 127.0.0.1:{port};" in nginx


def test_proxy_sets_every_header_it_is_trusted_for():
    """Also where a location sets headers of its own: it inherits none then."""
    nginx = (PRODUCTION / "nginx.conf").read_text()
    header = re.compile(r"proxy_set_header (\S+)")
    locations = re.findall(r"location [^{]+\{([^}]*)\}", nginx)
    trusted = set(header.findall(re.sub(r"location [^{]+\{[^}]*\}", "", nginx)))
    assert {"Host", "X-Forwarded-Host", "X-Forwarded-For"} <= trusted
    for block in locations:
        own = set(header.findall(block))
        assert not own or trusted <= own


@pytest.mark.skipif(not shutil.which("nginx"), reason="This system has no nginx.")
def test_proxy_configuration(tmp_path):
    site = (PRODUCTION / "nginx.conf").read_text()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=crm.example.com", "-keyout", str(tmp_path / "key.pem")),
            *("-out", str(tmp_path / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    site = re.sub(r"/etc/ssl\S+fullchain.pem", str(tmp_path / "cert.pem"), site)
    site = re.sub(r"/etc/ssl\S+privkey.pem", str(tmp_path / "key.pem"), site)
    (tmp_path / "site.conf").write_text(site)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}"
        f" http {{ include {tmp_path}/site.conf; }}"
    )
    result = subprocess.run(
        ["nginx", "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="This system has no systemd."
)
@pytest.mark.parametrize(
    "unit", ["crm-suite.service", "crm-suite-backup.service", "crm-suite-backup.timer"]
)
def test_units(unit, tmp_path):
    for path in PRODUCTION.glob("crm-suite*"):
        # The account and the checkout are made by the installation.
        text = re.sub(r"^(User|Group)=.*\n", "", path.read_text(), flags=re.M)
        (tmp_path / path.name).write_text(text.replace("/opt/crm_suite", str(ROOT)))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)],
        capture_output=True,
        text=True,
    )
    ours = [x for x in result.stderr.splitlines() if "crm-suite" in x]
    assert not ours

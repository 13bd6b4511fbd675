"""Webhooks: from the event to the answer, through the outbox, beside bare requests.

A receiver on this machine answers at once; a second subscription of the same events has
a receiver that answers after a second. *Bare* are the same bodies posted one after the
other without noting anything.
"""

import http.server
import threading
import time

import requests

from .report import Row

EVENTS = 2_000
SLOW_SECONDS = 1.0
INTERNAL = "crm_suite_base.http_internal"


class _Receiver(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_args):
        """Say nothing."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/slow":
            time.sleep(SLOW_SECONDS)
        self.send_response(204)
        self.end_headers()


def run(bench):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    with bench.env(bench.suite_db) as env:
        env["ir.config_parameter"].set_param(INTERNAL, base.removeprefix("http://"))
        quick = _subscribe(env, f"{base}/quick")
        emit, spread = _fill(env)
        yield Row(
            f"{EVENTS} events: noted in the caller's transaction",
            f"{emit / EVENTS * 1e6:.0f} µs per event",
        )
        yield Row(
            "put into an outbox, with the body", f"{spread / EVENTS * 1e6:.0f} µs"
        )
        sent = _send(env, quick)
        bare = _post_bare(env, quick, f"{base}/quick")
        yield Row(
            "sent, one receiver",
            f"{EVENTS / sent:.0f} per second; bare requests {EVENTS / bare:.0f}",
        )
        slow = _subscribe(env, f"{base}/slow")
        _fill(env)
        beside = _send(env, quick)
        yield Row(
            f"the same beside a receiver that takes {SLOW_SECONDS:g} s",
            f"{beside / sent:.2f} × the time",
        )
        # Sending commits, so this is not rolled back.
        (quick | slow).unlink()
        env.cr.execute(
            "DELETE FROM crm_suite_webhook_event WHERE type = 'customer.owner_changed'"
        )
        env["ir.config_parameter"].set_param(INTERNAL, False)
        env["ir.cron"]._commit_progress()
    server.shutdown()


def _subscribe(env, url):
    kind = env.ref("crm_suite_base.webhook_type_customer_owner_changed")
    webhook = env["crm.suite.webhook"].create(
        {
            "name": url,
            "url": url,
            "type_ids": kind.ids,
            # The superuser of the benchmark is archived.
            "run_as_id": env.ref("base.user_admin").id,
        }
    )
    webhook.rotate_secret()
    webhook.action_start()
    return webhook


def _fill(env):
    partners = env["res.partner"].search([], limit=EVENTS)
    while len(partners) < EVENTS:
        values = [{"name": f"Hook {n}"} for n in range(EVENTS - len(partners))]
        partners |= env["res.partner"].create(values)
    started = time.perf_counter()
    env["crm.suite.webhook"]._emit("customer.owner_changed", partners)
    env.flush_all()
    emit = time.perf_counter() - started
    started = time.perf_counter()
    while env["crm.suite.webhook"]._spread():
        pass
    env.flush_all()
    return emit, time.perf_counter() - started


def _send(env, webhook):
    """Seconds until a subscription has nothing waiting."""
    deliveries = env["crm.suite.webhook.delivery"]
    policy = env["crm.suite.http"]._get_policy()
    domain = [("webhook_id", "=", webhook.id), ("state", "=", "pending")]
    started = time.perf_counter()
    ended = []

    def commit(done):
        env["ir.cron"]._commit_progress(done)
        if done and not ended and not deliveries.search_count(domain, limit=1):
            ended.append(time.perf_counter() - started)
        return 0 if ended else 60

    deliveries._send_due(policy, commit)
    return ended[0]


def _post_bare(env, webhook, url):
    bodies = webhook.delivery_ids[:EVENTS].mapped("body")
    started = time.perf_counter()
    for body in bodies:
        # As the host's webhooks do: a connection for each. To our own receiver.
        # nosemgrep: odoo-requests-ssrf
        requests.post(url, data=body.encode(), timeout=5)
    return time.perf_counter() - started

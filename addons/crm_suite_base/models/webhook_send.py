import logging
import random
import time
from collections import Counter, defaultdict, deque
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.guarded_address import GuardedHttpError
from ..tools.guarded_http import Limits, request
from ..tools.retry import is_try_again
from ..tools.webhook_sign import get_wait, make_headers, read_retry_after
from .webhook_delivery import HEAD

_logger = logging.getLogger(__name__)

# How many are sent at once, over all subscriptions and to one.
LANES = 24
LANES_EACH = 8
# How many of one subscription are claimed at once.
CLAIMED = 40
# Seconds to wait for those who answer at the same time.
GATHER = 0.01
# Seconds in which a subscription is not asked again for which nothing was to be claimed,
# and how many times as long as it took to find that out: it may mean to look at all
# that waits there.
REST = 1
REST_TIMES = 10
# With less time left than this no more is begun for who does not answer well.
SLOW_MARGIN = 5
# A receiver should note the event and answer; what it does then is its own time.
LIMITS = Limits(connect=5, read=10, total=12, size=2000, cut=True)
MOST_TRIES = 12
TRIES_PARAMETER = "crm_suite_base.webhook_tries"
PAUSE_HOURS = 72
PAUSE_PARAMETER = "crm_suite_base.webhook_pause_hours"
PAUSE_AFTER = 5
GONE = 410


class Letter(NamedTuple):
    """What a thread needs to send one delivery; it knows no database."""

    delivery_id: int
    webhook_id: int
    url: str
    secrets: tuple
    message_id: str
    event_type: str
    body: bytes


class Outcome(NamedTuple):
    """What became of it; ``error`` is one of the client, or ``None``."""

    answer: object
    error: object
    seconds: float


def post(letter, policy, lookup=None):
    """Send one message and say what became of it.

    :rtype: Outcome
    """
    started = time.monotonic()
    timestamp = int(time.time())
    headers = make_headers(
        letter.secrets, letter.message_id, timestamp, letter.body, letter.event_type
    )
    try:
        answer = request(
            "POST", letter.url, letter.body, headers, policy, LIMITS, lookup
        )
    except GuardedHttpError as error:
        return Outcome(None, error, time.monotonic() - started)
    return Outcome(answer, None, answer.seconds)


class _Desk:
    """What a run has claimed and what is on its way; the lanes are shared fairly."""

    def __init__(self):
        self.running = {}
        self.queues = defaultdict(deque)
        self.due = []
        # Who did not answer well in this run, and how often each had its turn.
        self.slow = set()
        self.served = Counter()
        # Until when somebody has nothing that could be sent.
        self.resting = {}

    def is_resting(self, webhook_id):
        """Whether a subscription had nothing to claim a moment ago."""
        return time.monotonic() < self.resting.get(webhook_id, 0)

    def has_letters(self, webhook_id):
        """Whether something of a subscription is claimed, here or on its way.

        One that is slow has one at a time; another one goes on claiming while its last
        ones are on their way.
        """
        if webhook_id in self.slow:
            return any(r.webhook_id == webhook_id for r in self.running.values())
        return bool(self.queues[webhook_id])

    def next_letters(self):
        """What free lanes take, first from those who had the fewest turns."""
        waiting = [id_ for id_, queue in self.queues.items() if queue]
        busy = Counter(letter.webhook_id for letter in self.running.values())
        room = LANES - len(self.running)
        share = max(1, min(LANES_EACH, LANES // max(len(waiting), 1)))
        for webhook_id in sorted(waiting, key=lambda id_: (self.served[id_], id_)):
            each = 1 if webhook_id in self.slow else share
            for _turn in range(each - busy[webhook_id]):
                if room > 0 and self.queues[webhook_id]:
                    room -= 1
                    self.served[webhook_id] += 1
                    yield self.queues[webhook_id].popleft()

    def take_back(self, future):
        """A letter whose answer is there, with the answer."""
        letter, outcome = self.running.pop(future), future.result()
        # What waited for this one may be sent now.
        self.resting.pop(letter.webhook_id, None)
        if outcome.error or outcome.seconds > SLOW_MARGIN:
            self.slow.add(letter.webhook_id)
        return letter, outcome

    def unsent(self):
        return [letter for queue in self.queues.values() for letter in queue]


class WebhookDelivery(models.Model):
    """Sending what waits in the outbox.

    Each message is claimed and the claim committed before it is sent, and marked after
    it. Threads send side by side without touching the database, and each subscription
    has a few of them only, so who answers slowly holds up nobody else.
    """

    _inherit = "crm.suite.webhook.delivery"

    @api.model
    def _cron_send(self):
        """Spread new events, send what is due, and come back when the next is."""
        progress = self.env["ir.cron"]._commit_progress
        progress()
        left = 1
        while left and self._guarded(self.env["crm.suite.webhook"]._spread):
            left = progress()
        progress()
        self._guarded(self._release_lost)
        left = progress()
        try:
            policy = self.env["crm.suite.http"]._get_policy()
        except GuardedHttpError as error:
            _logger.info("No webhooks are sent: %s", error)
            return
        if left:
            self._send_due(policy, self._commit)
        self._plan_next()

    def _commit(self, done):
        """Commit, and see from then on what others have committed."""
        left = self.env["ir.cron"]._commit_progress(done)
        self.env.invalidate_all(flush=False)
        return left

    def _guarded(self, method):
        """Run it; two workers that met leave it to the one who was faster."""
        try:
            result = method()
            self.env.flush_all()
            return result
        except Exception as error:
            if not is_try_again(error):
                raise
            self.env.cr.rollback()
            return None

    def _send_due(self, policy, commit):
        """Send until nothing is due or the time is up.

        :param commit: commits, takes how many are done, and gives the seconds left
        """
        desk = _Desk()
        left = commit(0)
        with ThreadPoolExecutor(LANES) as pool:
            while True:
                if left and self._claim_letters(desk, left):
                    # What is claimed is committed before it leaves.
                    left = commit(0)
                for letter in desk.next_letters() if left else ():
                    desk.running[pool.submit(post, letter, policy)] = letter
                if not desk.running:
                    break
                wait(desk.running, return_when=FIRST_COMPLETED)
                # Who answers at once is marked together with his neighbours.
                done, _rest = wait(desk.running, timeout=GATHER)
                outcomes = [desk.take_back(future) for future in done]
                self._mark_guarded(outcomes)
                left = commit(len(outcomes))
        unsent = [letter.delivery_id for letter in desk.unsent()]
        if unsent:
            self._guarded(self.browse(unsent)._give_back)
            commit(0)

    def _claim_letters(self, desk, left):
        """Claim for those who have nothing claimed any more.

        :return: whether anything was claimed
        :rtype: bool
        """
        found = []
        desk.due = self._find_due_webhooks()
        for webhook_id in desk.due:
            slow = webhook_id in desk.slow
            if desk.has_letters(webhook_id) or (slow and left < SLOW_MARGIN):
                continue
            if desk.is_resting(webhook_id):
                continue
            limit = 1 if slow else CLAIMED
            started = time.monotonic()
            claimed = self._guarded(lambda w=webhook_id, n=limit: self._claim(w, n))
            if claimed is None:
                # What was claimed before in this transaction is lost with it.
                return False
            if not claimed:
                ended = time.monotonic()
                rest = max(REST, (ended - started) * REST_TIMES)
                desk.resting[webhook_id] = ended + rest
            found += [delivery._make_letter() for delivery in claimed]
        for letter in found:
            desk.queues[letter.webhook_id].append(letter)
        return bool(found)

    def _make_letter(self):
        webhook = self.webhook_id.sudo()
        secrets = [webhook.secret]
        if webhook.secret_old and webhook.secret_old_until > fields.Datetime.now():
            secrets.append(webhook.secret_old)
        return Letter(
            delivery_id=self.id,
            webhook_id=webhook.id,
            url=webhook.url,
            secrets=tuple(secret for secret in secrets if secret),
            message_id=self.event_id.uuid,
            event_type=self.event_type,
            body=(self.body or "").encode(),
        )

    # === MARKING === #

    def _mark_guarded(self, outcomes):
        """Write down what became of some; again when two workers met at a subscription.

        :param list outcomes: pairs of :class:`Letter` and :class:`Outcome`
        """
        for _attempt in range(5):
            try:
                ids = [letter.delivery_id for letter, _outcome in outcomes]
                known = {
                    delivery.id: delivery for delivery in self.browse(ids).exists()
                }
                for letter, outcome in outcomes:
                    if letter.delivery_id in known:
                        known[letter.delivery_id]._mark(outcome)
                self.env.flush_all()
                return
            except Exception as error:
                if not is_try_again(error):
                    raise
                # Only a new transaction sees what the other one did.
                self.env.cr.rollback()
        _logger.warning("%s deliveries stay claimed and are sent again", len(outcomes))

    def _mark(self, outcome):
        self.ensure_one()
        delivery = self
        if delivery.state != "sending":
            return
        status = outcome.answer.status if outcome.answer else 0
        values = {
            "status_code": status,
            "seconds": outcome.seconds,
            "sent_at": fields.Datetime.now(),
            # PostgreSQL takes no zero bytes.
            "answer": outcome.answer.text.replace("\0", "")[:2000]
            if outcome.answer
            else False,
        }
        if 200 <= status < 300:
            delivery.write({**values, "state": "sent", "error": False})
            delivery.webhook_id._note_success()
            return
        error = delivery._word_outcome(outcome)
        delivery.write({**values, **delivery._plan_retry(outcome), "error": error})
        if status == GONE:
            delivery.webhook_id._unsubscribe()
        elif not delivery.is_test:
            delivery.webhook_id._note_failure(error)

    def _word_outcome(self, outcome):
        if outcome.error:
            return self.env["crm.suite.http"]._word(outcome.error)
        return self.env._("The receiver answered %(code)s.", code=outcome.answer.status)

    def _plan_retry(self, outcome):
        """When it is tried again, or that it is given up."""
        # A number of the settings.
        parameters = self.env["ir.config_parameter"].sudo()
        most = int(parameters.get_param(TRIES_PARAMETER) or MOST_TRIES)
        gone = outcome.answer is not None and outcome.answer.status == GONE
        if self.attempts >= most or gone or self.is_test:
            return {"state": "dead", "next_try": False}
        asked = None
        if outcome.answer is not None:
            value = outcome.answer.headers.get("retry-after")
            asked = read_retry_after(value, time.time())
        # Spreads tries; nothing depends on its being secret.
        seconds = get_wait(self.attempts, random.random(), asked)  # noqa: S311
        return {
            "state": "failed",
            "next_try": fields.Datetime.now() + timedelta(seconds=seconds),
        }

    @api.model
    def _plan_next(self):
        """Wake up for what can be sent now, or when the next try is due.

        What waits for an earlier event of its record is not due, whatever its date.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT LEAST(
                       (SELECT min(d.next_try)
                          FROM crm_suite_webhook_delivery d
                         WHERE d.is_test AND d.state IN ('pending', 'failed')),
                       (SELECT min(d.next_try)
                          FROM crm_suite_webhook_delivery d
                          JOIN crm_suite_webhook w ON w.id = d.webhook_id
                         WHERE %s))
                """,
                SQL(HEAD),
            )
        )
        unspread = self.env["crm.suite.webhook.event"].search_count(
            [("spread", "=", False)], limit=1
        )
        if unspread:
            self._wake()
        elif rows[0][0]:
            # Not before it can be done, and not in a circle.
            soon = fields.Datetime.now() + timedelta(seconds=1)
            self._wake(at=max(rows[0][0], soon))


class Webhook(models.Model):
    """How a receiver behaves, and what follows from it."""

    _inherit = "crm.suite.webhook"

    def _note_success(self):
        """At most once a minute: workers would wait for each other at this row."""
        recent = fields.Datetime.now() - timedelta(minutes=1)
        for webhook in self:
            if webhook.failing_since or (webhook.last_success or recent) <= recent:
                webhook.write(
                    {
                        "last_success": fields.Datetime.now(),
                        "failing_since": False,
                        "failure_count": 0,
                    }
                )

    def _note_failure(self, error):
        """Count it; who fails for too long is paused, and somebody is told."""
        now = fields.Datetime.now()
        # A number of the settings.
        parameters = self.env["ir.config_parameter"].sudo()
        hours = float(parameters.get_param(PAUSE_PARAMETER) or PAUSE_HOURS)
        for webhook in self:
            since = webhook.failing_since or now
            webhook.write(
                {
                    "last_failure": now,
                    "last_error": error,
                    "failing_since": since,
                    "failure_count": webhook.failure_count + 1,
                }
            )
            long = now - since >= timedelta(hours=hours)
            if long and webhook.failure_count >= PAUSE_AFTER and webhook.state == "on":
                webhook._stop(
                    "paused",
                    self.env._(
                        "Paused by itself: no success since %(moment)s. %(error)s",
                        moment=fields.Datetime.to_string(since),
                        error=error,
                    ),
                )

    def _unsubscribe(self):
        """The receiver does not want any more (410): no new events are kept."""
        for webhook in self.filtered(lambda w: w.state in ("on", "paused")):
            webhook._stop(
                "gone", self.env._("The receiver has ended the subscription (410).")
            )

    def _stop(self, state, reason, events_are_kept=True):
        """Send no more and tell the owner.

        :param bool events_are_kept: whether what happens meanwhile waits with its
            text; otherwise it is skipped and can be sent again later
        """
        self.write({"state": state, "pause_reason": reason, "last_error": reason})
        local = self.with_context(lang=self.owner_id.lang or self.env.lang)
        body = reason
        if state == "paused" and events_are_kept:
            body = local.env._(
                "%(reason)s What happens meanwhile is kept and sent when you start it "
                "again.",
                reason=reason,
            )
        elif state == "paused":
            body = local.env._(
                "%(reason)s What happens meanwhile is skipped; when you have started it "
                "again, send the skipped events once more.",
                reason=reason,
            )
        # Through the host: into the inbox or by mail, as the person wants it.
        self.env["mail.thread"].sudo().message_notify(
            partner_ids=self.owner_id.partner_id.ids,
            subject=local.env._(
                "The webhook “%(name)s” does not send any more", name=self.name
            ),
            body=body,
            model=self._name,
            res_id=self.id,
        )

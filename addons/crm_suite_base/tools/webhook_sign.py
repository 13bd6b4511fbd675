"""Signatures and tries of webhooks: no database, no network.

The form is that of Standard Webhooks (version 1): the headers ``webhook-id``,
``webhook-timestamp`` and ``webhook-signature``; signed is ``id.timestamp.body``, so a
caught message can neither be changed nor sent again later or under another id.
"""

import base64
import binascii
import email.utils
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
SECRET_BYTES = 32
# Seconds to wait: doubled with each try, up to six hours, and never more than a day.
FIRST_WAIT = 30
LONGEST_WAIT = 6 * 3600
LONGEST_ASKED = 24 * 3600


def make_secret():
    """A new secret, as receivers enter it.

    :rtype: str
    """
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret, message_id, timestamp, body):
    """The signature of one message.

    :param str secret: of :func:`make_secret`
    :param int timestamp: seconds since 1970
    :param bytes body:
    :return: ``v1,`` and the signature in base64
    :rtype: str
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    content = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def make_headers(secrets_, message_id, timestamp, body, event_type):
    """The headers of one try; with several secrets each has its signature.

    :rtype: dict
    """
    signatures = [sign(secret, message_id, timestamp, body) for secret in secrets_]
    return {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
        "webhook-type": event_type,
    }


def verify(secret, headers, body, now, tolerance=300):
    """Whether a message is genuine and of now: what a receiver does.

    :param dict headers: names in lower case
    :param float now: seconds since 1970
    :rtype: bool
    """
    try:
        timestamp = int(headers["webhook-timestamp"])
        wanted = sign(secret, headers["webhook-id"], timestamp, body)
    except (KeyError, ValueError, binascii.Error):
        return False
    given = str(headers.get("webhook-signature") or "").split()
    genuine = any(
        hmac.compare_digest(wanted.encode(), signature.encode()) for signature in given
    )
    return genuine and abs(now - timestamp) <= tolerance


def get_wait(tries, jitter, asked=None):
    """Seconds until the next try.

    :param int tries: how many there were
    :param float jitter: between 0 and 1; spreads those who failed together
    :param asked: seconds that the receiver asks for, or ``None``
    :rtype: float
    """
    wait = min(FIRST_WAIT * 2 ** min(max(tries - 1, 0), 20), LONGEST_WAIT)
    wait *= 0.8 + 0.4 * jitter
    return max(wait, min(asked or 0, LONGEST_ASKED))


def read_retry_after(value, now):
    """What the header ``Retry-After`` says, in seconds; ``None``: nothing useful.

    :param float now: seconds since 1970
    """
    text = str(value or "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(moment.timestamp() - now, 0)

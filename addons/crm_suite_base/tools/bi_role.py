"""Passwords of database roles: made here, and handed to PostgreSQL as a verifier only,
so that no log of statements holds the password."""

import base64
import hashlib
import hmac
import re
import secrets

ITERATIONS = 4096
ROLE = re.compile(r"[a-z][a-z0-9_]{2,50}")


def is_role_name(name):
    """Whether a name can be used for a role without quoting it."""
    return bool(ROLE.fullmatch(name or "")) and not name.startswith("pg_")


def propose_role(database):
    """A name for the role of a database: roles belong to the whole server."""
    plain = re.sub(r"[^a-z0-9_]", "_", database.lower())[:40].strip("_")
    return f"bi_{plain or 'crm'}"


def make_password():
    """Letters, digits and two marks that need no quoting in any tool."""
    return secrets.token_urlsafe(24)


def make_verifier(password, salt=None):
    """What PostgreSQL stores of a password (SCRAM-SHA-256, RFC 5803).

    :param str password: of ASCII characters
    :param bytes salt: sixteen random bytes by default
    :rtype: str
    """
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    client = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    stored = hashlib.sha256(client).digest()
    server = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"

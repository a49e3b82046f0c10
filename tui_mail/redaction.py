"""Keeping secrets out of what is logged: those that this process knows, and what looks like one in a protocol.

What belongs here: which octets must never be written in the open, and the formatter that every log goes through.
What must never be here: where secrets come from. Nothing here is needed for a sentence to be right: who raises an error
leaves secrets out of it. This is the second lock.
"""

from __future__ import annotations

import logging
import re
import threading
from base64 import b64encode
from urllib.parse import quote

HIDDEN = "•••"
SHORTEST = 4
"""A shorter secret would blot out parts of usual words; the patterns find it where it is sent."""

_PATTERNS = (
    # the words that carry a secret in IMAP, POP3 and SMTP, however a log quotes them
    (re.compile(r"(?i)(\bAUTHENTICATE\s+[A-Z0-9_-]+\s+)[A-Za-z0-9+/=]+"), r"\1"),
    (re.compile(r"(?i)(\bAUTH\s+(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|CRAM-MD5)\s+)[A-Za-z0-9+/=]+"), r"\1"),
    (
        re.compile(r"(\b(?:LOGIN|login)\s+(?:\"(?:[^\"\\]|\\.)*\"|[^\s\"{]+)\s+)(?:\"(?:[^\"\\]|\\.)*\"|[^\s\"]+)"),
        r"\1",
    ),
    (re.compile(r"(\bPASS )\S[^\r\n'\"]*"), r"\1"),
    (re.compile(r"(\bAPOP \S+ )[0-9a-f]{32}"), r"\1"),
    (re.compile(r"(?i)(\bBearer\s+)[A-Za-z0-9._~+/=-]{8,}"), r"\1"),
    (
        re.compile(
            r"(?i)(\b(?:access_token|refresh_token|client_secret|code_verifier|device_code|code|password|passphrase)"
            r"['\"]?\s*[=:]\s*['\"]?)[^\s'\"&,}]{6,}"
        ),
        r"\1",
    ),
)

_known: dict[str, None] = {}
_lock = threading.Lock()


def hide(secret: str) -> None:
    """From now on, nothing that is logged in this process holds this, nor base64 or a URL with it in it."""
    if len(secret) < SHORTEST:
        return
    with _lock:
        for form in _forms(secret):
            _known[form] = None


def redacted(text: str) -> str:
    """Text without secrets."""
    with _lock:
        known = sorted(_known, key=len, reverse=True)
    for form in known:
        text = text.replace(form, HIDDEN)
    for pattern, kept in _PATTERNS:
        text = pattern.sub(kept + HIDDEN, text)
    return text


class RedactingFormatter(logging.Formatter):
    """A log line and its traceback, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """As logging's own, then redacted."""
        return redacted(super().format(record))


def _forms(secret: str) -> set[str]:
    """How a secret may stand in a text: as it is, quoted in some way, and in base64 at each alignment."""
    octets = secret.encode("utf-8", "surrogatepass")
    forms = {secret, quote(secret, safe=""), repr(secret)[1:-1], repr(octets)[2:-1]}
    for before in range(3):
        coded = b64encode(b"\0" * before + octets).decode().rstrip("=")
        start = (before * 8 + 5) // 6
        end = (before + len(octets)) * 8 // 6
        if end - start >= 6:
            forms.add(coded[start:end])
    return {form for form in forms if len(form) >= SHORTEST}

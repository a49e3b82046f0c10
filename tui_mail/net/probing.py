"""A look at a mail server that nobody has logged in to yet: TLS, certificate, greeting, what it offers; then goodbye.

What belongs here: what can be learnt without saying who one is. What must never be here: a credential, the name of a
person or an address, or a connection that is not encrypted.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress

from tui_mail.config.discovery import Look, Service
from tui_mail.errors import MailError
from tui_mail.model import Security, Server
from tui_mail.net.connection import tls_version
from tui_mail.net.failures import cleartext_refused
from tui_mail.net.login import greet as greet_imap
from tui_mail.net.pop3_line import Pop3Line
from tui_mail.net.pop3_login import greet as greet_pop3
from tui_mail.net.smtp_line import Line
from tui_mail.net.smtp_login import greet as greet_smtp
from tui_mail.net.talk import Conversation
from tui_mail.text import safe_line

PATIENCE = 5.0
"""Seconds for each step of a look."""

_TOLD = {"imap": ("IDLE", "NOTIFY", "MOVE", "QRESYNC"), "pop3": ("UIDL", "TOP"), "smtp": ("SIZE", "DSN", "SMTPUTF8")}
"""What is told of a server for people, of all that it offers."""
_MERITS = frozenset({"IDLE"})
_PASSWORDS = frozenset({"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "DIGEST-MD5"})
_TOKENS = frozenset({"XOAUTH2", "OAUTHBEARER"})


def look(service: Service, server: Server, patience: float = PATIENCE) -> Look:
    """See whether that server is there and can be trusted. Raises the MailError that says why not."""
    if server.security is Security.NONE:
        raise cleartext_refused(server)
    if service == "imap":
        return _imap(server, patience)
    return _pop3(server, patience) if service == "pop3" else _smtp(server, patience)


def is_distrusted(error: MailError) -> bool:
    """True when a server is there that speaks TLS, and its certificate is the reason why it is not believed."""
    return isinstance(error.__cause__, ssl.SSLCertVerificationError)


def is_absent(error: MailError) -> bool:
    """True when there is no host of that name, so that no other port of it is worth a try."""
    return isinstance(error.__cause__, (socket.gaierror, UnicodeError))


def _imap(server: Server, patience: float) -> Look:
    talk = Conversation(server, timeout=patience)
    try:
        greet_imap(talk, patience)
        words = talk.capabilities_now
        ways = {word[5:] for word in words if word.startswith("AUTH=")}
        if "LOGINDISABLED" not in words:
            ways.add("LOGIN")
        return _seen("imap", tls_version(talk.wire.sock), words, ways)
    finally:
        talk.leave()


def _pop3(server: Server, patience: float) -> Look:
    line = Pop3Line(server, timeout=patience)
    try:
        _, offered = greet_pop3(line, patience)
        ways = set(offered.words.get("SASL", "").upper().split())
        if "USER" in offered.words or not offered.told:
            ways.add("LOGIN")
        return _seen("pop3", line.tls, offered.words, ways)
    finally:
        _quit(line)


def _smtp(server: Server, patience: float) -> Look:
    line = Line(server, timeout=patience)
    try:
        offered = greet_smtp(line, patience)
        return _seen("smtp", line.tls, offered, set(offered.get("AUTH", "").upper().split()))
    finally:
        _quit(line)


def _quit(line: Line | Pop3Line) -> None:
    with suppress(MailError):
        if line.alive:
            line.transmit(b"QUIT\r\n", 1.0)
    line.close()


def _seen(service: Service, tls: str, offered: Iterable[str], ways: set[str]) -> Look:
    told = [word for word in _TOLD[service] if word in frozenset(offered)]
    tokens = sorted(ways & _TOKENS)
    only_oauth2 = bool(tokens) and not ways & _PASSWORDS
    words = [tls, *told, *(("OAuth only",) if only_oauth2 else tokens)]
    return Look(
        safe_line(" · ".join(word for word in words if word)),
        tuple(word for word in told if word in _MERITS),
        only_oauth2,
    )

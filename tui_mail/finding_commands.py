"""Looking for the settings of an address: what the assistant finds, for scripts and for those who write config.toml.

What belongs here: words and JSON for a `Discovery`. What must never be here: how anything is found.
"""

from __future__ import annotations

import shlex
import sys
import threading
from typing import Any

from tui_mail.answers import Arguments, answer
from tui_mail.client.discovering import discover
from tui_mail.model import Protocol, Security, Server
from tui_mail.settings import DEFAULT_PORTS, Candidate, Discovery
from tui_mail.text import safe_line


def find(given: Arguments) -> int:
    """Say which servers an address has; what was tried goes to stderr. Exit 1 when there are none, 69 when offline."""
    stop = threading.Event()
    found = discover(given.address, lambda line: print(line, file=sys.stderr), stop)
    if found.problem is not None:
        raise found.problem
    answer(given, discovery_json(found), *discovery_lines(found))
    return 0


def discovery_lines(found: Discovery) -> list[str]:
    """For people: what the provider wants, then the settings, the best first."""
    lines: list[str] = []
    if found.card is not None:
        lines += [f"{safe_line(found.card.name)}: needs {_NEEDS[found.card.need.value]}"]
        lines += [safe_line(text, 600) for text in (found.card.hint, found.card.link) if text]
    for candidate in found.candidates:
        lines += [
            "",
            f"{candidate.protocol.value.upper()}, {'seen' if candidate.verified else 'not seen'}: {candidate.why}",
        ]
        lines += [f"  {_line(candidate.incoming)}"]
        lines += [f"  {_line(candidate.outgoing)}, for sending"] if candidate.outgoing else []
    lines += ["", f"To add it: {command_line(found.address, found.candidates[0])}"]
    return lines if lines[0] else lines[1:]


def command_line(address: str, candidate: Candidate) -> str:
    """The command that adds an account with these settings; a password is asked for."""
    words = ["tui-mail", "account", "add", "--email", address]
    if candidate.protocol is not Protocol.IMAP:
        words += ["--protocol", candidate.protocol.value]
    words += _words("", candidate.incoming, candidate.protocol.value, address)
    if candidate.outgoing is not None:
        words += _words("smtp-", candidate.outgoing, "smtp", candidate.incoming.user)
    return safe_line(shlex.join(words), 2_000)


def _words(prefix: str, server: Server, service: str, user: str) -> list[str]:
    """The options for a server, without those that go without saying."""
    words = [f"--{prefix}host", server.host]
    if server.port != DEFAULT_PORTS[service, server.security]:
        words += [f"--{prefix}port", str(server.port)]
    if server.security is not Security.TLS:
        words += [f"--{prefix}security", server.security.value]
    if server.user != user:
        words += [f"--{prefix}user", server.user]
    if server.auth != "password":
        words += [f"--{prefix}auth", server.auth]
    if server.ca_file:
        words += [f"--{prefix}ca-file", server.ca_file]
    return words


def discovery_json(found: Discovery) -> dict[str, Any]:
    """The whole of it, for programs."""
    card = found.card
    return {
        "address": found.address,
        "provider": card
        and {"name": card.name, "need": card.need.value, "hint": card.hint, "hint_fr": card.hint_fr, "link": card.link},
        "candidates": [candidate_json(candidate) for candidate in found.candidates],
    }


def candidate_json(candidate: Candidate) -> dict[str, Any]:
    """One way to set the account up."""
    return {
        "protocol": candidate.protocol.value,
        "verified": candidate.verified,
        "found": candidate.found.name.lower(),
        "why": candidate.why,
        "incoming": _server_json(candidate.incoming),
        "outgoing": candidate.outgoing and _server_json(candidate.outgoing),
    }


_NEEDS = {
    "password": "the password of the mailbox",
    "app-password": "an app password",
    "oauth2": "OAuth",
    "bridge": "a program of its own on this computer",
}


def _line(server: Server) -> str:
    return safe_line(f"{server.host}:{server.port} {server.security.value.upper()}, user {server.user or '(none)'}")


def _server_json(server: Server) -> dict[str, Any]:
    return {
        "host": server.host,
        "port": server.port,
        "security": server.security.value,
        "user": server.user,
        "auth": server.auth,
    }

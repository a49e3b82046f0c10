"""Settings that an account could have, and what a look at its servers told: plain data between finding and asking.

What belongs here: what discovery finds, what each step of a check says. What must never be here: networks, secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import Literal

from tui_mail.errors import MailError
from tui_mail.model import Protocol, Security, Server
from tui_mail.records import frozen
from tui_mail.text import SafeText

Leg = Literal["incoming", "outgoing"]
"""Which server of an account."""


class Found(StrEnum):
    """Where settings come from, the most trusted first."""

    PROVIDER = "the table of known providers"
    DOMAIN = "the domain's own configuration"
    ISPDB = "Thunderbird's database"
    MX = "the domain's mail exchanger"
    SRV = "the domain's SRV records"
    PROBE = "servers that answered"
    GUESS = "a guess"


class Need(StrEnum):
    """What a provider wants instead of the usual password."""

    PASSWORD = "password"  # noqa: S105
    APP_PASSWORD = "app-password"  # noqa: S105
    OAUTH2 = "oauth2"
    BRIDGE = "bridge"
    """A program on this computer, with a password of its own."""


@frozen
class ProviderCard:
    """What a person has to know of a provider before the first try. Plain text, in English and French."""

    name: str
    need: Need = Need.PASSWORD
    hint: str = ""
    hint_fr: str = ""
    link: str = ""
    """https page on which that is switched on or made."""


@frozen
class Candidate:
    """Settings for an address that may work. `user` is filled in; there are no secrets."""

    protocol: Protocol
    incoming: Server
    outgoing: Server | None
    found: Found
    why: SafeText = SafeText("")
    """For people: "MX → OVH · certificate ✓ · IDLE ✓"."""
    verified: bool = False
    """TLS with a valid certificate and a greeting were seen on both legs; nobody logged in."""


@frozen
class Discovery:
    """What was found for an address, the best first; nothing found is an empty list."""

    address: str
    candidates: tuple[Candidate, ...] = ()
    card: ProviderCard | None = None
    problem: MailError | None = None
    """Why there are no candidates: this computer is offline, nothing answered, or no program can read there."""

    def best(self, protocol: Protocol) -> Candidate | None:
        """The best settings for a protocol."""
        return next((candidate for candidate in self.candidates if candidate.protocol is protocol), None)


class Step(StrEnum):
    """What is tried of a server, in this order."""

    DNS = "name"
    CONNECT = "connection"
    TLS = "TLS"
    GREETING = "greeting"
    LOGIN = "login"
    MAIL = "mail"
    """IMAP: the list of folders; POP3: the count of messages; SMTP: nothing, or a message to oneself when asked."""


@frozen
class StepDone:
    """One step of a check has ended."""

    leg: Leg
    step: Step
    ok: bool
    words: SafeText = SafeText("")
    """What was learnt: "TLS 1.3, valid until 2027-01-31", "IDLE, MOVE, UIDPLUS", "12 folders"."""


@frozen
class Cure:
    """A change of settings that would probably help, offered and never made on its own."""

    words: str
    """The button: "Use port 465", "Trust this certificate"."""
    server: Server
    leg: Leg


@frozen
class LegReport:
    """What came of checking one server."""

    leg: Leg
    steps: tuple[StepDone, ...] = ()
    problem: MailError | None = None
    """Its sentence says what happened and what to do."""
    cures: tuple[Cure, ...] = ()
    warnings: tuple[SafeText, ...] = ()
    """What works, but badly, or not for long."""
    facts: dict[str, str] = field(default_factory=dict)
    """For JSON and bug reports: address, tls, cipher, certificate, capabilities, greeting."""

    @property
    def ok(self) -> bool:
        """Everything that was tried worked."""
        return self.problem is None


DEFAULT_PORTS: Mapping[tuple[str, Security], int] = {
    ("imap", Security.TLS): 993,
    ("imap", Security.STARTTLS): 143,
    ("imap", Security.NONE): 143,
    ("pop3", Security.TLS): 995,
    ("pop3", Security.STARTTLS): 110,
    ("pop3", Security.NONE): 110,
    ("smtp", Security.TLS): 465,
    ("smtp", Security.STARTTLS): 587,
    ("smtp", Security.NONE): 587,
}
"""The port that belongs to a service and its security (RFC 8314)."""


def usual_port(leg: Leg, protocol: Protocol, security: Security) -> int:
    """The port that belongs to a security."""
    return DEFAULT_PORTS["smtp" if leg == "outgoing" else protocol.value, security]


def mismatch(leg: Leg, protocol: Protocol, server: Server) -> tuple[Cure, ...]:
    """Ways out when a port usually speaks another security than the one that is set: change the one or the other."""
    encrypted = {usual_port(leg, protocol, security): security for security in (Security.TLS, Security.STARTTLS)}
    usual = encrypted.get(server.port, server.security)
    if usual is server.security or server.security is Security.NONE:
        return ()
    port = usual_port(leg, protocol, server.security)
    return (
        Cure(f"Port {port}", replace(server, port=port), leg),
        Cure(usual.value.upper(), replace(server, security=usual), leg),
    )

"""What is known of one provider: its servers, the form of the user name, and what a person has to do first.

What belongs here: the shape of a row of the table. What must never be here: a row (provider_table.py).
"""

from __future__ import annotations

from typing import Literal

from tui_mail.model import Protocol, Security, Server
from tui_mail.records import frozen
from tui_mail.settings import DEFAULT_PORTS, Need, ProviderCard

UserForm = Literal["address", "local part"]
"""What a server calls the person: anna@example.org, or anna."""


@frozen
class Place:
    """One server of a provider; port 0 is the usual one for its security."""

    host: str
    security: Security = Security.TLS
    user: UserForm = "address"
    port: int = 0

    def server(self, service: str, address: str, auth: str) -> Server:
        """How `address` logs in there; `service` is imap, pop3 or smtp."""
        user = address if self.user == "address" else address.rpartition("@")[0]
        return Server(self.host, self.port or DEFAULT_PORTS[service, self.security], self.security, user, auth)


@frozen
class Provider:
    """One provider, the preferred server of each kind first; without any, no program can read there."""

    card: ProviderCard
    domains: tuple[str, ...] = ()
    exchangers: tuple[str, ...] = ()
    """Endings of the names of the servers that take mail for its customers' own domains."""
    imap: tuple[Place, ...] = ()
    pop3: tuple[Place, ...] = ()
    smtp: tuple[Place, ...] = ()

    def incoming(self, address: str) -> tuple[tuple[Protocol, Server], ...]:
        """Where the mail of `address` is."""
        kinds = ((Protocol.IMAP, self.imap), (Protocol.POP3, self.pop3))
        return tuple((kind, place.server(kind.value, address, self.auth)) for kind, places in kinds for place in places)

    def outgoing(self, address: str) -> tuple[Server, ...]:
        """Where mail of `address` is sent."""
        return tuple(place.server("smtp", address, self.auth) for place in self.smtp)

    @property
    def auth(self) -> str:
        """How one logs in: password | oauth2."""
        return "oauth2" if self.card.need is Need.OAUTH2 else "password"

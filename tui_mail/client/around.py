"""Looking for servers that nobody named: what is known of the usual names, and when that is enough.

What belongs here: which of them is the best. What must never be here: the network; whoever looks notes what was seen.
"""

from __future__ import annotations

from tui_mail.config import discovery as rules
from tui_mail.config.discovery import Offered, Service
from tui_mail.model import Security, Server
from tui_mail.settings import Found


class Around:
    """What is known of the usual names: for each service and host, nothing yet, a server, or that there is none."""

    def __init__(self, domain: str, address: str, exchangers: tuple[str, ...], ca_file: str) -> None:
        self._hosts = rules.guesses(domain, exchangers)
        self._address = address
        self._ca_file = ca_file
        self._known: dict[tuple[Service, int], Server | None] = {}
        self._distrusted: set[tuple[Service, int]] = set()

    def order(self) -> list[tuple[Service, int]]:
        """What to look at, the likeliest first, all services in turn."""
        pairs = [(service, at) for service in rules.SERVICES for at in range(len(self._hosts[service]))]
        return sorted(pairs, key=lambda pair: pair[1])

    def server(self, service: Service, at: int, security: Security) -> Server:
        """The server to look at."""
        made = rules.guess(service, self._hosts[service][at], security, self._address)
        return rules.trusted(made, self._ca_file)

    def note(self, service: Service, at: int, server: Server | None, *, distrusted: bool = False) -> None:
        """What is there, after all that was tried."""
        self._known[service, at] = server
        if distrusted:
            self._distrusted.add((service, at))

    def is_settled(self, service: Service) -> bool:
        """True when the best server of a kind is known, or that there is none."""
        for at in range(len(self._hosts[service])):
            if (service, at) not in self._known:
                return False
            if self._known[service, at] is not None and (service, at) not in self._distrusted:
                return True
        return True

    def is_over(self) -> bool:
        """True when nothing better can come."""
        return all(map(self.is_settled, rules.SERVICES))

    def is_enough(self) -> bool:
        """True when mail can be read and sent."""
        return all(self._of(service, distrusted=False) and self.is_settled(service) for service in ("imap", "smtp"))

    def found(self) -> Offered:
        """The servers that answered."""
        return self._offered(Found.PROBE, "answered", distrusted=False)

    def distrusted(self) -> Offered:
        """Those whose certificate is not believed, for a person to decide."""
        return self._offered(Found.GUESS, "certificate not trusted", distrusted=True)

    def _offered(self, found: Found, where: str, *, distrusted: bool) -> Offered:
        incoming = [
            (protocol, server)
            for service, protocol in rules.INCOMING.items()
            for server in self._of(service, distrusted=distrusted)
        ]
        return Offered(found, where, tuple(incoming), tuple(self._of("smtp", distrusted=distrusted)))

    def _of(self, service: Service, *, distrusted: bool) -> list[Server]:
        return [
            server
            for key in sorted(self._known)
            if key[0] == service
            and (server := self._known[key]) is not None
            and (key in self._distrusted) is distrusted
        ]

"""What was found for an address, put in order: pure rules from answers to candidates.

What belongs here: which names are believable, what DNS records mean, which settings come first. What must never be
here: the network, or settings without TLS: what a stranger names can only be used encrypted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from tui_mail.config.providers import Provider, provider_of_host
from tui_mail.errors import UsageError
from tui_mail.model import Protocol, Security, Server
from tui_mail.records import frozen
from tui_mail.settings import DEFAULT_PORTS, Candidate, Discovery, Found, ProviderCard
from tui_mail.text import SafeText, safe_line

Service = Literal["imap", "pop3", "smtp"]

SERVICES: tuple[Service, ...] = ("imap", "smtp", "pop3")
INCOMING: Mapping[Service, Protocol] = {"imap": Protocol.IMAP, "pop3": Protocol.POP3}

SRV_NAMES: Mapping[str, tuple[Service, Security]] = {
    "_imaps._tcp": ("imap", Security.TLS),
    "_imap._tcp": ("imap", Security.STARTTLS),
    "_pop3s._tcp": ("pop3", Security.TLS),
    "_pop3._tcp": ("pop3", Security.STARTTLS),
    "_submissions._tcp": ("smtp", Security.TLS),
    "_submission._tcp": ("smtp", Security.STARTTLS),
}
"""RFC 6186 and RFC 8314 section 5.1, the preferred ones first."""

_ANYBODYS_WORD = frozenset({Found.SRV, Found.PROBE, Found.GUESS})
"""Only DNS vouches for these: a server of another domain is for a person to look at (RFC 6186 section 6)."""
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f<>@\"(),:;\[\\\]]{1,64}")
_HOSTS: Mapping[Service, tuple[str, ...]] = {
    "imap": ("imap.", "mail.", ""),
    "smtp": ("smtp.", "mail.", ""),
    "pop3": ("pop.", "pop3.", "mail."),
}
"""What comes before the domain in the names that mail servers usually have."""


@frozen
class Record:
    """One SRV record (RFC 2782)."""

    priority: int
    weight: int
    host: str
    """Empty: the service is not offered."""
    port: int


@frozen
class Offered:
    """The settings that one source names, its alternatives in order."""

    found: Found
    where: str
    """For people: whose word it is."""
    incoming: tuple[tuple[Protocol, Server], ...] = ()
    outgoing: tuple[Server, ...] = ()
    card: ProviderCard | None = None

    def servers(self, service: Service) -> Iterator[Server]:
        """Its servers of one kind."""
        if service == "smtp":
            yield from self.outgoing
        else:
            yield from (server for protocol, server in self.incoming if protocol.value == service)


@frozen
class Look:
    """A server that answered: TLS with a valid certificate, and the greeting of its protocol."""

    words: SafeText
    """For people: "TLS 1.3 · IDLE · MOVE"."""
    merits: tuple[str, ...] = ()
    """What is worth telling of it: "IDLE"."""
    only_oauth2: bool = False
    """It takes access tokens and no password."""


Looks = Mapping[tuple[Service, Server], Look | str]
"""What came of looking at servers: what was seen, or in a few words why nothing was."""


def split_address(address: str) -> tuple[str, str]:
    """The address as its servers know it, and its domain in the form that DNS knows. Raises UsageError."""
    local, _, domain = address.strip().rpartition("@")
    name = host_name(domain)
    if not name or not _ADDRESS.fullmatch(local):
        raise UsageError(
            f"“{safe_line(address, 80)}” is no e-mail address, such as anna@example.org. Nothing was tried."
        )
    return f"{local}@{name}", name


def host_name(untrusted: str) -> str:
    """A name that can be looked up and shown as it is: lower case, ASCII (IDNA); empty when it is none."""
    text = untrusted.strip().rstrip(".").lower()
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return text if len(text) <= 253 and all(map(_LABEL.fullmatch, text.split("."))) else ""


def base_domain(host: str) -> str:
    """The domain that somebody registered: example.co.uk of mx1.mail.example.co.uk; empty for what nobody can."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList().privatesuffix(host) or ""


def of_provider(provider: Provider, address: str, found: Found) -> Offered:
    """What the table says."""
    where = "known provider" if found is Found.PROVIDER else f"MX → {provider.card.name}"
    return Offered(found, where, provider.incoming(address), provider.outgoing(address), provider.card)


def of_records(records: Mapping[str, Sequence[Record]], address: str) -> Offered:
    """What SRV records say: by service, TLS from the start before STARTTLS, then by priority and weight."""
    incoming: list[tuple[Protocol, Server]] = []
    outgoing: list[Server] = []
    for name, (service, security) in SRV_NAMES.items():
        for record in sorted(records.get(name, ()), key=lambda one: (one.priority, -one.weight)):
            if not record.host or not 0 < record.port < 65_536:
                continue
            server = Server(record.host, record.port, security, address)
            if service == "smtp":
                outgoing.append(server)
            else:
                incoming.append((Protocol(service), server))
    return Offered(Found.SRV, "SRV records", tuple(incoming), tuple(outgoing))


def guesses(domain: str, exchangers: Sequence[str]) -> dict[Service, tuple[str, ...]]:
    """Where servers may be found that nobody named, the likeliest first: usual names, then who takes the mail."""
    own = {service: [f"{prefix}{domain}" for prefix in prefixes] for service, prefixes in _HOSTS.items()}
    return {service: tuple(dict.fromkeys([*names, *exchangers[:1]])) for service, names in own.items()}


def guess(service: Service, host: str, security: Security, address: str) -> Server:
    """A server with its usual port."""
    return Server(host, DEFAULT_PORTS[service, security], security, address)


def trusted(server: Server, ca_file: str) -> Server:
    """The same server, believed when these authorities vouch for it; "" leaves it to the system's."""
    return replace(server, ca_file=ca_file) if ca_file else server


def trusting(offered: Offered, ca_file: str) -> Offered:
    """The same servers, believed when these authorities vouch for them."""
    return replace(
        offered,
        incoming=tuple((protocol, trusted(server, ca_file)) for protocol, server in offered.incoming),
        outgoing=tuple(trusted(server, ca_file) for server in offered.outgoing),
    )


def servers_of(offers: Sequence[Offered], service: Service) -> list[Server]:
    """Every server of one kind, each once, the most trusted source's first."""
    return list(dict.fromkeys(server for offered in offers for server in offered.servers(service)))


def discovery(address: str, offers: Sequence[Offered], looks: Looks) -> Discovery:
    """Candidates out of all offers (the most trusted first): those that answered first, IMAP before POP3."""
    candidates = [
        _candidate(offered, protocol, server, offers, looks)
        for offered in offers
        for protocol, server in offered.incoming
    ]
    once: dict[tuple[Protocol, str, int, Security], Candidate] = {}
    for one in candidates:
        once.setdefault((one.protocol, one.incoming.host, one.incoming.port, one.incoming.security), one)
    ordered = sorted(once.values(), key=lambda one: (not one.verified, one.protocol is Protocol.POP3))
    provider = provider_of_host(ordered[0].incoming.host) if ordered else None
    cards = [offered.card for offered in offers if offered.card is not None]
    if provider is not None and not any(offered.found in (Found.PROVIDER, Found.MX) for offered in offers):
        cards.insert(0, provider.card)
    return Discovery(address, tuple(ordered), cards[0] if cards else None)


def _candidate(
    offered: Offered, protocol: Protocol, incoming: Server, offers: Sequence[Offered], looks: Looks
) -> Candidate:
    senders = list(offered.outgoing) or servers_of(offers, "smtp")
    answered = (server for server in senders if isinstance(looks.get(("smtp", server)), Look))
    outgoing = next(answered, senders[0] if senders else None)
    look = looks.get((_service(protocol), incoming))
    sends = looks.get(("smtp", outgoing)) if outgoing is not None else None
    words = [offered.where]
    if offered.found in _ANYBODYS_WORD and not _is_within(incoming.host, incoming.user.rpartition("@")[2]):
        words.append("another domain’s server")
    if isinstance(look, Look):
        words += ["certificate ✓", *(f"{merit} ✓" for merit in look.merits)]
    words += [look] if isinstance(look, str) else []
    words += ["sending ✓"] if isinstance(sends, Look) else [f"sending: {sends}"] if sends else []
    return Candidate(
        protocol,
        _with_login(incoming, look),
        outgoing and _with_login(outgoing, sends),
        offered.found,
        safe_line(" · ".join(words), 300),
        verified=isinstance(look, Look) and isinstance(sends, Look),
    )


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _with_login(server: Server, look: Look | str | None) -> Server:
    return replace(server, auth="oauth2") if isinstance(look, Look) and look.only_oauth2 else server


def _service(protocol: Protocol) -> Service:
    return "imap" if protocol is Protocol.IMAP else "pop3"

"""From an e-mail address to settings that work: the table, the domain's own words, databases, DNS, and a look around.

What belongs here: which source is asked when, whose answer counts, and when to stop. What must never be here: a
credential (there is none), settings without TLS, or anything that the screen waits for.

The sources are asked at the same time. An answer counts once those that are more trusted have answered too: the table
of providers, the domain's own autoconfig file, Thunderbird's database, the provider that takes the domain's mail (MX),
SRV records. What they name is looked at: TLS, certificate, greeting. Where nobody names a server that answers, servers
are looked for under the usual names. Only domains are ever sent, never the address.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tui_mail.client.around import Around
from tui_mail.client.trying import Tries
from tui_mail.config import discovery as rules
from tui_mail.config.autoconfig import LIMIT, read_autoconfig
from tui_mail.config.discovery import Look, Offered, Record, Service
from tui_mail.config.providers import provider_of, provider_of_exchanger, similar_domain
from tui_mail.errors import CertificateRefused, MailError, Unreachable
from tui_mail.model import Security, Server
from tui_mail.net.lookups import Exchangers, File, Internet, fetch, mail_exchangers, service_records
from tui_mail.net.probing import is_absent, is_distrusted, look
from tui_mail.settings import Discovery, Found
from tui_mail.text import SafeText, safe_line

INTERNET = Internet()

TOTAL = 12.0
"""Seconds for everything."""
ASKING = 6.5
"""Seconds of these for what can be asked."""
LINGER = 1.5
"""Seconds for which POP3 is still looked for when IMAP and SMTP are found."""

_PORTAL = (
    "This network answers in place of the servers that were asked: it probably wants you to sign in first (hotel, "
    "train, café). Nothing was changed. Open any page in a browser, then try again,"
)
_CLOCK = (
    "By this computer's clock the certificates of the servers that were asked are not valid. Nothing was changed. Set "
    "the clock, then try again,"
)
_IN_BETWEEN = {
    "name": _PORTAL,
    "plain": _PORTAL,
    "expired": _CLOCK,
    "early": _CLOCK,
    "untrusted": (
        "Nobody whom this computer trusts vouches for the servers that were asked: this network answers in their "
        "place, or the list of authorities (the package ca-certificates) is missing here. Nothing was changed. Sign in "
        "to the network with a browser, or install that list, then try again,"
    ),
}
"""By the reason why a certificate that is known to be good was refused."""

Tell = Callable[[SafeText], None]


def known(address: str) -> Discovery | None:
    """What the table of providers says of an address, at once and without any network; None when it says nothing.

    Raises UsageError when that is no address.
    """
    address, domain = rules.split_address(address)
    provider = provider_of(domain)
    if provider is None:
        return None
    found = rules.discovery(address, [rules.of_provider(provider, address, Found.PROVIDER)], {})
    return found if found.candidates else Discovery(address, (), provider.card, MailError(provider.card.hint))


def discover(
    address: str,
    tell: Tell,
    stop: threading.Event,
    *,
    early: Callable[[Discovery], None] = lambda _: None,
    internet: Internet = INTERNET,
) -> Discovery:
    """Find settings for an address: within 12 seconds, or as soon as `stop` is set. Blocks; all calls on this thread.

    `tell` is given a line for everything that was tried, and its result. `early` is given what is known so far,
    whenever that has become better: for a known provider at once, before its servers are looked at. Nothing found is an
    empty list, with `problem` saying why. Raises UsageError when that is no address.
    """
    search = _Search(*rules.split_address(address), tell, stop, internet)
    if (table := known(address)) is not None:
        early(table)
        if table.problem is not None:
            return table
        search.from_table()
    else:
        search.ask()
        if search.offers and not stop.is_set():
            early(search.result())
    search.verify()
    if table is None:
        search.look_around()
    return search.result()


@dataclass(frozen=True, slots=True, order=True)
class _Rank:
    """How much an answer counts: the lower the more. `second` orders those of one kind."""

    first: int
    second: int = 0


_DOMAIN, _ISPDB, _MX, _SRV, _PROBE, _GUESS = (_Rank(at) for at in range(1, 7))


class _Search:
    """One search. Everything but the tries themselves happens on the caller's thread."""

    def __init__(self, address: str, domain: str, tell: Tell, stop: threading.Event, internet: Internet) -> None:
        self.offers: dict[_Rank, Offered] = {}
        self._address = address
        self._domain = domain
        self._tell = tell
        self._stop = stop
        self._internet = internet
        self._began = time.monotonic()
        self._until = self._began + TOTAL
        self._looks: dict[tuple[Service, Server], Look | str] = {}
        self._waiting: list[_Rank] = []
        self._exchangers = Exchangers(exists=True)
        self._online = False
        self._in_between = ""
        """What keeps everything from being asked, and what to do; seen by the certificate of the database."""

    def say(self, words: str) -> None:
        """One line of the log."""
        self._tell(safe_line(words, 300))

    def result(self) -> Discovery:
        """What is known now."""
        found = rules.discovery(self._address, self._ordered(), self._looks)
        if found.candidates:
            return found
        return Discovery(self._address, (), found.card, self._problem())

    def _ordered(self) -> list[Offered]:
        return [rules.trusting(self.offers[rank], self._internet.ca_file) for rank in sorted(self.offers)]

    def _problem(self) -> MailError:
        domain = self._domain
        if self._stop.is_set():
            return MailError("The search was stopped; nothing was changed.")
        closed = next((one.card for one in self.offers.values() if one.card is not None and not one.incoming), None)
        if closed is not None:
            return MailError(closed.hint)
        if not self._online:
            return Unreachable(
                "Nothing answered, no name server and no mail server: this computer seems to be offline. Nothing was "
                "changed. Connect it and try again, or enter the servers by hand."
            )
        if self._in_between:
            return MailError(f"{self._in_between} or enter the servers by hand.")
        meant = similar_domain(domain)
        hint = f" Did you mean {meant}?" if meant else " Check the address."
        if not self._exchangers.exists:
            return MailError(f"There is no domain {domain}. Nothing was changed.{hint}")
        return MailError(
            f"No mail servers were found for {domain}. Nothing was changed.{hint} If it is right, ask the provider for "
            "the names of its servers and enter them by hand."
        )

    # --- asking ---------------------------------------------------------------------------------

    def from_table(self) -> None:
        """Take what the table says."""
        provider = provider_of(self._domain)
        assert provider is not None
        self.say(f"{self._domain}: known, {provider.card.name}")
        self._take(_Rank(0), rules.of_provider(provider, self._address, Found.PROVIDER))

    def ask(self) -> None:
        """Ask all sources at once, until the best that can still be had is there."""
        domain, internet = self._domain, self._internet
        self.say(f"{domain}: not in the table of providers")
        if meant := similar_domain(domain):
            self.say(f"{domain} is not {meant}: is the address right?")
        tries = Tries(self._stop, min(self._until, self._began + ASKING))
        self._waiting += [_MX, _SRV]
        tries.add(partial(mail_exchangers, domain, internet), partial(self._exchangers_known, tries))
        self._ask_files(tries, domain, (_DOMAIN, Found.DOMAIN), (_ISPDB, Found.ISPDB))
        tries.add(partial(service_records, domain, internet), self._records_known)
        while not self._is_settled() and tries.wait():
            pass

    def _ask_files(self, tries: Tries, domain: str, own: tuple[_Rank, Found], shared: tuple[_Rank, Found]) -> None:
        """The files about a domain: its own in two places, and that of the database."""
        places = (
            (f"https://autoconfig.{domain}/mail/config-v1.1.xml", *own, 0),
            (f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml", *own, 1),
            (f"{self._internet.ispdb}{domain}", *shared, 2),
        )
        for url, rank, found, second in places:
            rank = _Rank(rank.first, rank.second + second)
            self._waiting.append(rank)
            work = partial(fetch, url, LIMIT, self._internet)
            tries.add(work, partial(self._file_known, url, rank, found))

    def _is_settled(self) -> bool:
        best = min((rank for rank, offered in self.offers.items() if offered.incoming), default=None)
        return best is not None and not any(rank < best for rank in self._waiting)

    def _file_known(self, url: str, rank: _Rank, found: Found, outcome: File | MailError) -> None:
        self._waiting.remove(rank)
        where = url.removeprefix("https://")
        if isinstance(outcome, MailError):
            self._online |= not isinstance(outcome, Unreachable)
            if isinstance(outcome, CertificateRefused) and url.startswith(self._internet.ispdb):
                self._in_between = _IN_BETWEEN.get(outcome.reason, "")
            self.say(f"{where}: {_short(outcome)}")
            return
        self._online = True
        if outcome.status != 200:
            self.say(f"{where}: nothing there ({outcome.status})")
            return
        name = "Thunderbird's database" if url.startswith(self._internet.ispdb) else where.partition("/")[0]
        try:
            offered = read_autoconfig(outcome.octets, self._address, found, name)
        except ValueError as error:
            self.say(f"{where}: {error}")
            return
        self.say(f"{where}: {_named(offered)}")
        self._take(rank, offered)

    def _exchangers_known(self, tries: Tries, outcome: Exchangers | MailError) -> None:
        self._waiting.remove(_MX)
        if isinstance(outcome, MailError):
            self.say(f"MX of {self._domain}: {_short(outcome)}")
            return
        self._online = True
        self._exchangers = outcome
        if not outcome.hosts:
            self.say(f"MX of {self._domain}: " + ("none" if outcome.exists else "there is no such domain"))
            return
        first = outcome.hosts[0]
        provider = provider_of_exchanger(first)
        if provider is not None:
            self.say(f"MX of {self._domain}: {first} → {provider.card.name}")
            self._take(_MX, rules.of_provider(provider, self._address, Found.MX))
            return
        base = rules.base_domain(first)
        self.say(f"MX of {self._domain}: {first}" + (f" → {base}" if base not in ("", self._domain) else ""))
        if base not in ("", self._domain):
            rank = _Rank(_MX.first, 1)
            self._ask_files(tries, base, (rank, Found.MX), (rank, Found.MX))

    def _records_known(self, outcome: Mapping[str, tuple[Record, ...]] | MailError) -> None:
        self._waiting.remove(_SRV)
        if isinstance(outcome, MailError):
            self.say(f"SRV of {self._domain}: {_short(outcome)}")
            return
        self._online = True
        offered = rules.of_records(outcome, self._address)
        self.say(f"SRV of {self._domain}: {_named(offered)}")
        self._take(_SRV, offered)

    def _take(self, rank: _Rank, offered: Offered) -> None:
        if offered.incoming or offered.outgoing or offered.card is not None:
            self.offers[rank] = offered

    # --- looking --------------------------------------------------------------------------------

    def verify(self) -> None:
        """Look at the servers that were named: of each kind the first, and the next one only where that fails."""
        tries = Tries(self._stop, self._until)
        offers = self._ordered()
        for service in rules.SERVICES:
            self._look_at(tries, service, rules.servers_of(offers, service), first=False)
        while tries.wait():
            pass

    def _look_at(self, tries: Tries, service: Service, servers: list[Server], *, first: bool) -> None:
        def seen(outcome: Look | MailError) -> None:
            if not self._seen(service, servers[0], outcome):
                gone = servers[0].host if _is_absent(outcome) else ""
                self._look_at(tries, service, [one for one in servers[1:] if one.host != gone], first=True)

        if servers:
            tries.add(partial(look, service, servers[0]), seen, first=first)

    def _seen(self, service: Service, server: Server, outcome: Look | MailError) -> bool:
        where = f"{service.upper()} {server.host}:{server.port} {server.security.value.upper()}"
        if isinstance(outcome, MailError):
            self._online |= not isinstance(outcome, Unreachable)
            self._looks[service, server] = _short(outcome)
            self.say(f"{where}: {_short(outcome)}")
            return False
        self._online = True
        self._looks[service, server] = outcome
        self.say(f"{where}: certificate ✓ · {outcome.words}")
        return True

    def look_around(self) -> None:
        """Look for servers under the usual names, unless one that was named has answered.

        Nor where a known provider takes the domain's mail: what answers elsewhere does not have it.
        """
        answered = {service for (service, _), seen in self._looks.items() if isinstance(seen, Look)}
        if (answered & {"imap", "pop3"} and "smtp" in answered) or _MX in self.offers:
            return
        if not self._online or not self._exchangers.exists or self._stop.is_set():
            return
        self.say(f"{self._domain}: nobody names servers that answer; looking under the usual names")
        around = Around(self._domain, self._address, self._exchangers.hosts, self._internet.ca_file)
        tries = Tries(self._stop, self._until)
        for service, at in around.order():
            self._probe(tries, around, service, at, Security.TLS)
        enough = float("inf")
        while not around.is_over() and tries.wait(enough):
            if around.is_enough():
                enough = min(enough, time.monotonic() + LINGER)
        self._take(_PROBE, around.found())
        self._take(_GUESS, around.distrusted())

    def _probe(self, tries: Tries, around: Around, service: Service, at: int, security: Security) -> None:
        server = around.server(service, at, security)

        def seen(outcome: Look | MailError) -> None:
            if self._seen(service, server, outcome):
                around.note(service, at, server)
            elif isinstance(outcome, MailError) and is_distrusted(outcome):
                around.note(service, at, server, distrusted=True)
            elif security is Security.TLS and not _is_absent(outcome) and not around.is_settled(service):
                self._probe(tries, around, service, at, Security.STARTTLS)
            else:
                around.note(service, at, None)

        tries.add(partial(look, service, server), seen, first=security is not Security.TLS)


def _named(offered: Offered) -> str:
    """The servers of an offer, for the log."""
    named = [f"{protocol.value.upper()} {server.host}:{server.port}" for protocol, server in offered.incoming]
    named += [f"SMTP {server.host}:{server.port}" for server in offered.outgoing]
    return ", ".join(named) or "none"


def _is_absent(outcome: Look | MailError) -> bool:
    return isinstance(outcome, MailError) and is_absent(outcome)


def _short(error: MailError) -> str:
    """The first sentence: what happened."""
    return error.sentence.partition(". ")[0].removesuffix(".")

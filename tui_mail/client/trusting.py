"""What is known about the sender of a message, out of the store and config.toml, put together for mime/trust.

What belongs here: which server authenticates for an account, and keeping in mind what does not change from one
message to the next. What must never be here: judging; that is mime/trust.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from tui_mail.client.identities import identities_of
from tui_mail.config.providers import provider_of
from tui_mail.mime.authentication import FIELD, learnt, server_of
from tui_mail.mime.domains import domain_of
from tui_mail.mime.headers import BLOCK_LIMIT, header_texts, parse_headers
from tui_mail.mime.trust import Known, trust_of
from tui_mail.model import Account, Message
from tui_mail.store import acquaintance, bodies, messages
from tui_mail.store.database import Database

LEARN_MESSAGES = 40
"""Newest messages of an inbox from which the name of its server is learnt."""
LEARN_SIZE = 200_000
REMEMBERED = 120.0
"""Seconds after which is asked again whom the person wrote to."""
UNKNOWN = 10.0
"""Seconds after which is looked again which server authenticates, if that could not be told."""
_PROVIDERS = {
    "imap.gmail.com": "mx.google.com",
    "pop.gmail.com": "mx.google.com",
    "imap.fastmail.com": ".messagingengine.com",
    "imap.mail.me.com": ".icloud.com",
    "imap.mail.yahoo.com": ".yahoo.com",
    "imap.aol.com": ".aol.com",
}
"""Names under which big providers authenticate, by the host where the mail is read."""


class Trusting:
    """Gives messages what speaks for and against them. Any thread but the screen's."""

    def __init__(self, db: Database, accounts: Callable[[], Sequence[Account]], forget: Callable[[], None]) -> None:
        """`forget` is called when what was judged before would be judged otherwise now."""
        self._db = db
        self._forget = forget
        self._accounts = accounts
        self._lock = threading.Lock()
        self._servers: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._domains: tuple[float, frozenset[str]] = (0.0, frozenset())

    def judged(self, message_id: int, message: Message) -> Message:
        """The message with its `trust`. Raises StoreError."""
        sql = self._db.read()
        name = messages.account_of(sql, message_id)
        account = next((one for one in self._accounts() if one.name == name), None)
        own = frozenset(one.email.casefold() for one in self._accounts())
        sender = next((one for one in message.from_ if one.email), None)
        known = Known(servers=self._servers_of(account) if account else (), own=own)
        if sender is not None and str(sender.email).casefold() not in own:
            is_first, is_friend = acquaintance.standing(sql, message_id, str(sender.email))
            known = replace(
                known,
                is_first=is_first,
                is_friend=is_friend,
                domains=self._domains_written_to() | _own_domains(self._accounts()),
                namesake="" if is_friend else acquaintance.namesake(sql, str(sender.name), str(sender.email)),
            )
        return replace(message, trust=trust_of(message, known))

    def _domains_written_to(self) -> frozenset[str]:
        with self._lock:
            when, domains = self._domains
            if not when or time.monotonic() - when > REMEMBERED:
                domains = frozenset(map(_ascii, acquaintance.domains_written_to(self._db.read())))
                self._domains = time.monotonic(), domains
            return domains

    def _servers_of(self, account: Account) -> tuple[str, ...]:
        if account.authserv_ids:
            return account.authserv_ids
        if provider := _PROVIDERS.get(account.incoming.host.lower()):
            return (provider,)
        with self._lock:
            when, servers = self._servers.get(account.name, (0.0, ()))
            if not when or (not servers and time.monotonic() - when > UNKNOWN):
                servers = self._learnt(account)
                if when and servers:
                    self._forget()
                self._servers[account.name] = time.monotonic(), servers
            return servers

    def _learnt(self, account: Account) -> tuple[str, ...]:
        seen = list[tuple[str, str]]()
        for message_id in acquaintance.newest_received(self._db.read(), account.name, LEARN_MESSAGES, LEARN_SIZE):
            raw = bodies.load(self._db.read_bodies(), message_id)
            if raw is None:
                continue
            block = raw[:BLOCK_LIMIT]
            sender = next((domain_of(str(one.email)) for one in parse_headers(block).from_ if one.email), "")
            field = next((value for name, value in header_texts(block) if name == FIELD), "")
            seen.append((server_of(field) if field else "", sender))
        name = learnt(seen)
        return (name,) if name else ()


def _own_domains(accounts: Sequence[Account]) -> frozenset[str]:
    """The domains of the person's own addresses, as nobody else's: those of providers are everybody's."""
    domains = {domain_of(one.email) for account in accounts for one in identities_of(account)}
    return frozenset(one for one in domains if one and provider_of(one) is None)


def _ascii(domain: str) -> str:
    return domain_of(f"@{domain}")

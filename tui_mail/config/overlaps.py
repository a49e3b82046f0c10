"""Accounts that read the same mailbox: what one of them takes away by POP3 is gone for the other.

What belongs here: telling from config.toml that they do, and the sentence. What must never be here: what a server shows
(store/others).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tui_mail.config.rules import is_loopback
from tui_mail.model import Account, Protocol
from tui_mail.text import SafeText, safe_line

_SERVICE = re.compile(r"^(imap4?|imaps|pop3?|pop3?s|mail|pop-mail|imap-mail)\.(?=.+\.)")
"""What a provider calls the same mailbox by: imap.example.org and pop.example.org."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Several accounts of one mailbox."""

    accounts: tuple[str, ...]
    sentence: SafeText


def overlaps(accounts: Sequence[Account]) -> list[Overlap]:
    """Every pair of accounts that have one server and one user, at least one of them by POP3.

    Two by IMAP show the same mail twice, and lose none.
    """
    found = list[Overlap]()
    for at, one in enumerate(accounts):
        for other in accounts[at + 1 :]:
            if Protocol.POP3 in (one.protocol, other.protocol) and _are_one(one, other):
                found.append(Overlap((one.name, other.name), safe_line(_words(one, other))))
    return found


def _are_one(one: Account, other: Account) -> bool:
    if Protocol.LOCAL in (one.protocol, other.protocol) or _user(one) != _user(other):
        return False
    mine, its = one.incoming, other.incoming
    if is_loopback(mine.host) and one.protocol is other.protocol and mine.port != its.port:
        return False  # tunnels to two servers
    return _host(one) == _host(other)


def _user(account: Account) -> str:
    """The user, as most servers read it: with or without the domain of the address."""
    user = account.incoming.user.casefold()
    name, _, domain = user.partition("@")
    return name if not domain or domain == account.email.casefold().partition("@")[2] else user


def _host(account: Account) -> str:
    host = account.incoming.host.casefold().rstrip(".")
    return _SERVICE.sub("", host)


def _words(one: Account, other: Account) -> str:
    takes = next((a for a in (one, other) if a.protocol is Protocol.POP3 and a.delete_from_server != "never"), None)
    both = f"{one.name} and {other.name} read the same mailbox ({one.incoming.user} at {one.incoming.host})"
    if takes is None:
        return f"{both}, so its mail is here twice. Nothing is lost; keep one of the two accounts."
    left = other if takes is one else one
    return (
        f"{both}, and {takes.name} deletes there what it has fetched ({takes.delete_from_server}), which {left.name}"
        f" then misses. It is safe here, in {takes.name}; keep one of the two, or set delete_from_server to never."
    )

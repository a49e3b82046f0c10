"""Accounts that read the same mailbox: what one of them takes away by POP3 is gone for the other.

What belongs here: telling from config.toml that they do, and the sentence. What must never be here: what a server shows
(store/others).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_mail.config.rules import is_loopback
from tui_mail.model import Account, Protocol
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line

_SERVICE = re.compile(r"^(imap4?s?|pop3?s?|mail|pop-mail|imap-mail|in|incoming)\.(?=.+\.)")
"""What a provider calls the same mailbox by: imap.example.org and pop.example.org."""


@frozen
class Overlap:
    """Two accounts of one mailbox."""

    accounts: tuple[str, str]
    sentence: SafeText
    takes: str = ""
    """The account that deletes by POP3 what the other one then misses; empty: none does."""


def overlaps(accounts: Sequence[Account]) -> list[Overlap]:
    """Every pair of accounts of one mailbox, at least one of them by POP3.

    Two by IMAP show the same mail twice, and lose none.
    """
    found = list[Overlap]()
    for at, one in enumerate(accounts):
        for other in accounts[at + 1 :]:
            if Protocol.POP3 in (one.protocol, other.protocol) and (overlap := overlap_of(one, other)) is not None:
                found.append(overlap)
    return found


def overlap_of(one: Account, other: Account) -> Overlap | None:
    """What is to be said of two accounts of one mailbox; None when they are of two."""
    if not one_mailbox(one, other):
        return None
    both = f"{one.name} and {other.name} read the same mailbox ({one.incoming.user} at {one.incoming.host})"
    takes = next((account for account in (one, other) if deletes(account)), None)
    if takes is None:
        words = f"{both}, so its mail is here twice. Nothing is lost; keep one of the two accounts."
    else:
        left = other if takes is one else one
        words = (
            f"{both}, and {takes.name} deletes there what it has fetched ({takes.delete_from_server}), which "
            f"{left.name} then misses. It is safe here, in {takes.name}; keep one of the two, or set "
            f"delete_from_server of {takes.name} to never."
        )
    return Overlap((one.name, other.name), safe_line(words), takes.name if takes is not None else "")


def one_mailbox(one: Account, other: Account) -> bool:
    """Whether two accounts read the same mailbox, as far as their settings tell."""
    mine, its = one.incoming, other.incoming
    if Protocol.LOCAL in (one.protocol, other.protocol) or not mine.host or not its.host or _user(one) != _user(other):
        return False
    if is_loopback(mine.host) and one.protocol is other.protocol and mine.port != its.port:
        return False  # tunnels to two servers
    return _bare(mine.host) == _bare(its.host) or _house(mine.host) == _house(its.host)


def deletes(account: Account) -> bool:
    """Whether the account has the server delete mail that others may want."""
    return account.protocol is Protocol.POP3 and account.delete_from_server != "never"


def _user(account: Account) -> str:
    """The user, as most servers read it: with or without the domain of the address."""
    user = account.incoming.user.casefold()
    domain = account.email.casefold().rpartition("@")[2]
    return user if "@" in user else f"{user}@{domain}"


def _bare(host: str) -> str:
    """The host without its service."""
    return _SERVICE.sub("", host.casefold().rstrip("."))


def _house(host: str) -> str:
    """Whose the server is: the provider's name when it has several names, else the host without its service."""
    from tui_mail.config.providers import PROVIDERS  # large, and of use to few

    name = host.casefold().rstrip(".")
    known = (one.card.name for one in PROVIDERS if any(name == place.host for place in (*one.imap, *one.pop3)))
    return next(known, _bare(host))

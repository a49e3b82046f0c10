"""What to do with a POP3 listing: what to fetch, what to look at first, what may be deleted. Pure functions.

What belongs here: deciding. What must never be here: sockets, SQL, clocks.

A UIDL is only a name that a server gives. Servers give none, give the same twice, or other ones to everything after a
migration; nothing may be fetched twice for that, and nothing deleted that is not here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tui_mail.net.pop3 import Listed
from tui_mail.store.maildrop import EXPECTED, Known

MANY_KNOWN = 20
"""So many messages must be known before a listing in which nearly all are unknown is suspicious…"""
SUSPICIOUS = 0.9
"""…and that is this share of them."""
_DAYS = re.compile(r"(\d+) days?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the maildrop under the name by which it is remembered; `uidl` empty: its header must tell one."""

    number: int
    size: int
    uidl: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a listing asks for."""

    here: tuple[Entry, ...]
    """Fetched before."""
    look: tuple[Entry, ...]
    """Their header is to be read first: they may be here under another name."""
    fetch: tuple[Entry, ...]
    """New: to be fetched."""
    expected: tuple[Entry, ...] = ()
    """New, but messages came another way (the account was an IMAP account) that may be these: looked at, too."""


def plan(listing: Sequence[Listed], known: Mapping[str, Known]) -> Plan:
    """Sort a listing by what is known of it."""
    if listing and all(one.uidl == str(one.number) for one in listing):  # places in the list, used again and again
        listing = [Listed(one.number, one.size, "") for one in listing]
    often = Counter(one.uidl for one in listing)
    here, new, nameless = list[Entry](), list[Entry](), list[Entry]()
    for one in listing:
        entry = Entry(one.number, one.size, one.uidl)
        before = known.get(one.uidl) if one.uidl else None
        if not one.uidl or often[one.uidl] > 1:
            nameless.append(Entry(one.number, one.size, ""))
        elif before is None:
            new.append(entry)
        elif before.size not in (0, one.size):
            nameless.append(Entry(one.number, one.size, ""))  # the name of another message now
        else:
            here.append(entry)
    alive = sum(1 for one in known.values() if not one.deleted)
    if alive >= MANY_KNOWN and new and len(new) > SUSPICIOUS * len(listing):
        return Plan(tuple(here), (*nameless, *new), ())
    if new and any(uidl.startswith(EXPECTED) for uidl in known):
        return Plan(tuple(here), tuple(nameless), (), tuple(new))
    return Plan(tuple(here), tuple(nameless), tuple(new))


def to_delete(
    policy: str, here: Sequence[Entry], known: Mapping[str, Known], thrown_away: Collection[int], now: float
) -> list[Entry]:
    """What the server may be told to delete: of what is here, by the person's policy.

    `policy`: never | at_once | when_deleted | "N days" since it was fetched. `thrown_away`: ids of messages that are
    in the trash or deleted here.
    """
    found = list[Entry]()
    days = _DAYS.fullmatch(policy)
    for entry in here:
        one = known.get(entry.uidl)
        if one is None:
            continue
        old_enough = days is not None and now - one.first_seen >= int(days[1]) * 86_400
        if policy == "at_once" or old_enough or (policy == "when_deleted" and one.message_id in thrown_away):
            found.append(entry)
    return found

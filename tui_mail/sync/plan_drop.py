"""What to do with a POP3 listing: what to fetch, what to look at first, what may be deleted. Pure functions.

What belongs here: deciding. What must never be here: sockets, SQL, clocks.

A UIDL is only a name that a server gives. Servers give none, give the same twice, or other ones to everything after a
migration; nothing may be fetched twice for that, and nothing deleted that is not here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from tui_mail.net.pop3 import Listed
from tui_mail.records import frozen
from tui_mail.store.maildrop import EXPECTED, SLACK, Known

MANY_KNOWN = 20
"""So many messages must be known before a listing in which nearly all are unknown is suspicious…"""
SUSPICIOUS = 0.9
"""…and that is this share of them."""
_DAYS = re.compile(r"(\d+) days?")


@frozen
class Entry:
    """A message of the maildrop under the name by which it is remembered; `uidl` empty: its header must tell one."""

    number: int
    size: int
    uidl: str


@frozen
class Plan:
    """What a listing asks for."""

    here: tuple[Entry, ...]
    """Fetched before."""
    look: tuple[Entry, ...]
    """Their header is to be read first: they may be here under another name, or be others under a known one."""
    fetch: tuple[Entry, ...]
    """New: to be fetched."""
    expected: tuple[Entry, ...] = ()
    """New, but messages came another way (the account was an IMAP account) that may be these: looked at, too."""
    renamed: tuple[Entry, ...] = ()
    """New, but known names are missing, and these are about as large as what had them: looked at, too."""


@frozen
class Deletion:
    """A message that the server would be told to delete."""

    known: Known
    """`message_id` 0: it would be fetched first."""
    why: str


@frozen
class Foretold:
    """What the next visit would do."""

    listed: int
    """Messages of the maildrop."""
    new: int
    """So many of them would be fetched."""
    deletions: tuple[Deletion, ...]
    unreadable: tuple[Known, ...]
    """Those that the policy gives up, and that stay on the server because they cannot be read on this disk."""


def plan(listing: Sequence[Listed], known: Mapping[str, Known], visited: int = 0) -> Plan:
    """Sort a listing by what is known of it; `visited` is when the last visit began, as `Known.last_seen` says it."""
    if listing and all(one.uidl == str(one.number) for one in listing):  # places in the list, used again and again
        listing = [Listed(one.number, one.size, "") for one in listing]
    often = Counter(one.uidl for one in listing)
    here, new, doubtful = list[Entry](), list[Entry](), list[Entry]()
    for one in listing:
        entry = Entry(one.number, one.size, one.uidl)
        before = known.get(one.uidl) if one.uidl else None
        if not one.uidl or often[one.uidl] > 1:
            doubtful.append(Entry(one.number, one.size, ""))
        elif before is None:
            new.append(entry)
        elif before.size not in (0, one.size):
            doubtful.append(Entry(one.number, one.size, ""))  # the name of another message now
        elif before.deleted or before.last_seen < visited:
            doubtful.append(entry)  # it was gone, and is there again: perhaps only its name is
        else:
            here.append(entry)
    alive = sum(1 for one in known.values() if not one.deleted)
    if alive >= MANY_KNOWN and new and len(new) > SUSPICIOUS * len(listing):
        return Plan(tuple(here), (*doubtful, *new), ())
    if new and any(uidl.startswith(EXPECTED) for uidl in known):
        return Plan(tuple(here), tuple(doubtful), (), tuple(new))
    gone = missing(known, often)
    sizes = sorted(one.size for one in known.values() if one.message_id in gone)
    renamed = [entry for entry in new if _is_near(entry.size, sizes)]
    fetch = [entry for entry in new if not _is_near(entry.size, sizes)]
    return Plan(tuple(here), tuple(doubtful), tuple(fetch), renamed=tuple(renamed))


def missing(known: Mapping[str, Known], listed: Collection[str]) -> set[int]:
    """Ids of messages that were left on the server, and of which no name is listed."""
    left = {one.message_id for one in known.values() if not one.deleted}
    return left - {one.message_id for uidl, one in known.items() if uidl in listed}


def _is_near(size: int, sizes: Sequence[int]) -> bool:
    """Whether one of `sizes`, in order, may be told of the same message: servers count otherwise, or guess."""
    slack = max(SLACK, size // 50)
    at = bisect_left(sizes, size - slack)
    return at < len(sizes) and sizes[at] <= size + slack


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


def why(policy: str, one: Known, *, in_trash: bool, now: float) -> str:
    """What has `to_delete` choose this message, in a few words."""
    if policy == "at_once":
        return "it is here" if one.message_id else "it would be fetched first"
    if policy == "when_deleted":
        return "in the trash here" if in_trash else "deleted here"
    days = int(now - one.first_seen) // 86_400
    return f"here for {days} day{'s' * (days != 1)}"

"""Parts of one message, and portions of them (BODY.PEEK[section]<from.count>, RFC 9051 section 6.4.5).

What belongs here: asking, and believing only what was asked for. What must never be here: which parts are wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tui_mail.excerpt import Branch
from tui_mail.net.bodystructure import structure_of
from tui_mail.net.imap import ImapSession
from tui_mail.net.replies import Malformed, Value, fetched, number_of
from tui_mail.net.sets import LAST_UID

HEADER_LIMIT = 262_144
STRUCTURE_BUDGET = 8 * 1024 * 1024
"""Octets that may tell the structure of a message."""
LINE = 4_000
"""Octets of a command: servers take no endless lines."""
SLACK = 65_536

_SECTION = re.compile(r"[0-9]+(?:\.[0-9]+)*(?:\.MIME)?|HEADER|")


def structure(session: ImapSession, uid: int) -> tuple[Branch, bytes] | None:
    """The parts of a message and its header; None when it is gone, or when its server tells nothing of use.

    Raises CommandRefused.
    """
    items = _ask(session, uid, b"BODYSTRUCTURE BODY.PEEK[HEADER]<0.%d>" % HEADER_LIMIT, STRUCTURE_BUDGET)
    header = _octets(items, "HEADER", 0)
    if header is None:
        return None
    try:
        return structure_of(items.get("BODYSTRUCTURE")), header[:HEADER_LIMIT]
    except Malformed:
        return None


def beginnings(session: ImapSession, uid: int, wanted: Sequence[tuple[str, int]]) -> dict[str, bytes]:
    """The first octets of sections, by section; what the server does not have is not among them."""
    found = dict[str, bytes]()
    for some in _lines(wanted):
        words = b" ".join(b"BODY.PEEK[%s]<0.%d>" % (_named(section), count) for section, count in some)
        items = _ask(session, uid, words, sum(count + SLACK for _, count in some))
        for section, count in some:
            octets = _octets(items, section, 0)
            if octets is not None:
                found[section] = octets[:count]
    return found


def portion(session: ImapSession, uid: int, section: str, start: int, count: int) -> bytes | None:
    """Octets of a section (empty: of the whole message) from `start` on; fewer at its end, None when it is gone."""
    items = _ask(session, uid, b"BODY.PEEK[%s]<%d.%d>" % (_named(section), start, count), count + SLACK)
    octets = _octets(items, section, start)
    return None if octets is None else octets[:count]


def _ask(session: ImapSession, uid: int, wanted: bytes, budget: int) -> dict[str, Value]:
    items = dict[str, Value]()

    def take(kind: str, _: int, rest: list[bytes]) -> bool:
        if kind != "FETCH":
            return False
        try:
            told = fetched(rest)
        except Malformed:
            return False
        ours = number_of(told.get("UID"), LAST_UID) == uid and any(key.startswith("BODY") for key in told)
        if ours:
            items.update(told)
        return ours

    session.run("send parts of a message", b"UID FETCH %d (UID %s)" % (uid, wanted), take=take, budget=budget)
    return items


def _octets(items: dict[str, Value], section: str, start: int) -> bytes | None:
    """What is told of a section from exactly there on. NIL is nothing, and so is a list."""
    name = f"BODY[{section.upper()}]"
    value = items.get(f"{name}<{start}>", items.get(name) if start == 0 else None)
    return value if isinstance(value, bytes) else None


def _named(section: str) -> bytes:
    if not _SECTION.fullmatch(section):
        raise ValueError(f"no section {section!r}")
    return section.encode("ascii")


def _lines(wanted: Sequence[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    some, octets = list[tuple[str, int]](), 0
    for section, count in wanted:
        some.append((section, count))
        octets += len(section) + 30
        if octets > LINE:
            yield some
            some, octets = [], 0
    if some:
        yield some

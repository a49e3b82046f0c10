"""Servers that leave out, repeat, mix up, lie or forget: what is stored is what they have, once, under its own name.

One scenario for every oddity, with the whole client: mail is read, changed by another client and by us, and both
sides are compared, bodies included; then again after a restart. `test_odd_moments` has what happens at one moment.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable

import pytest

from tests.servers.odd import BARE, CAPABILITIES, MODSEQS, QRESYNC, Bend
from tests.sync.conftest import message, shown
from tests.sync.odd_place import Place, agree, ids, soon
from tui_mail.model import ChangeState, Flag, Role

Lines = list[bytes]


def without(*words: bytes) -> Bend:
    """Leave out lines that hold one of these words."""
    return lambda said: [line for line in said if not any(word in line for word in words)]


def adding(*lines: bytes) -> Bend:
    """Say these first."""
    return lambda said: [*lines, *said]


def replacing(pattern: bytes, by: bytes) -> Bend:
    """Say something else."""
    return lambda said: [re.sub(pattern, by, line) for line in said]


def refusing(words: bytes = b"NO not here") -> Bend:
    """Carry nothing out that can be seen, and say so."""
    return lambda _: [words]


def sometimes(bend: Bend, every: int = 2) -> Bend:
    """Bend every second answer, the first one included."""
    turns = itertools.count()
    return lambda said: bend(said) if next(turns) % every == 0 else said


def by_chance(bend: Bend, share: float) -> Bend:
    """Bend so many answers of one, without a rhythm."""
    dice = random.Random(11)
    return lambda said: bend(said) if dice.random() < share else said


def after_the_first(bend: Bend) -> Bend:
    """The first answer is honest."""
    turns = itertools.count()
    return lambda said: bend(said) if next(turns) else said


def backwards(said: Lines) -> Lines:
    """Rows in another order."""
    return [*reversed(said[:-1]), said[-1]]


def doubled(said: Lines) -> Lines:
    """Everything twice, the second time with another text."""
    again = [re.sub(rb"Subject: Number", rb"Subject: Lumber", line) for line in said[:-1]]
    return [*said[:-1], *again, said[-1]]


def half(said: Lines) -> Lines:
    """Only every second line."""
    return [*said[:-1:2], said[-1]]


def only_inbox(said: Lines) -> Lines:
    return [line for line in said if b"INBOX" in line or line is said[-1]]


def cut_off(said: Lines) -> Lines:
    """BYE in the middle of an answer that has several lines."""
    return [*said[: len(said) // 2], b"* BYE disk on fire"] if len(said) > 3 else said


def foreign_rows(said: Lines) -> Lines:
    """Rows of messages that nobody asked for, and of none at all."""
    extra = list[bytes]()
    for uid in (b"0", b"-4", b"18446744073709551616", b"4294967296", b"NIL"):
        extra.append(
            b'* 1 FETCH (UID %s FLAGS (\\Seen) INTERNALDATE "02-Nov-2026 10:00:00 +0000" RFC822.SIZE 10'
            b" BODY[HEADER.FIELDS (SUBJECT)] {20}\r\nSubject: Foreign\r\n\r\n)" % uid
        )
        extra.append(b"* 1 FETCH (UID %s FLAGS (\\Seen))" % uid)
        extra.append(b"* 1 FETCH (UID %s BODY[] {7}\r\nforeign)" % uid)
    return [*extra, *said]


NEWS = ("NOOP", "UID FETCH", "UID SEARCH", "UID STORE", "SELECT")
BROKEN = (b"* VANISHED (EARLIER) 12:x", b"* VANISHED", b"* VANISHED (EARLIER", b"* VANISHED 5:-1", b"* VANISHED ()")

ODDITIES: dict[str, tuple[str, dict[str, Bend]]] = {
    "honest": (CAPABILITIES, {}),
    "honest with modseqs": (MODSEQS, {}),
    "honest with qresync": (QRESYNC, {}),
    "no extensions": (BARE, {}),
    "no uidnext": (CAPABILITIES, {"SELECT": without(b"UIDNEXT")}),
    "no uidnext anywhere": (BARE, {"SELECT": without(b"UIDNEXT"), "STATUS": refusing(b"BAD what is STATUS")}),
    "no uidvalidity": (CAPABILITIES, {"SELECT": without(b"UIDVALIDITY")}),
    "no uidvalidity anywhere": (
        BARE, {"SELECT": without(b"UIDVALIDITY"), "STATUS": replacing(rb" UIDVALIDITY \d+", b"")},
    ),
    "neither": (BARE, {"SELECT": without(b"UIDNEXT", b"UIDVALIDITY"), "STATUS": refusing()}),
    "neither, with qresync": (QRESYNC, {"SELECT": without(b"UIDNEXT", b"UIDVALIDITY"), "STATUS": refusing()}),
    "uidnext too low": (CAPABILITIES, {"SELECT": replacing(rb"UIDNEXT \d+", b"UIDNEXT 2")}),
    "uidnext too high": (CAPABILITIES, {"SELECT": replacing(rb"UIDNEXT \d+", b"UIDNEXT 900")}),
    "uidnext too high, with qresync": (QRESYNC, {"SELECT": replacing(rb"UIDNEXT \d+", b"UIDNEXT 900")}),
    "nomodseq": (MODSEQS, {"SELECT": replacing(rb"HIGHESTMODSEQ \d+", b"NOMODSEQ")}),
    "nomodseq, with qresync": (QRESYNC, {"SELECT": replacing(rb"HIGHESTMODSEQ \d+", b"NOMODSEQ")}),
    "nomodseq now and then": (QRESYNC, {"SELECT": sometimes(replacing(rb"HIGHESTMODSEQ \d+", b"NOMODSEQ"))}),
    "modseq goes down": (QRESYNC, {"SELECT": sometimes(replacing(rb"HIGHESTMODSEQ \d+", b"HIGHESTMODSEQ 1"))}),
    "modseq goes down without qresync": (
        MODSEQS, {"SELECT": sometimes(replacing(rb"HIGHESTMODSEQ \d+", b"HIGHESTMODSEQ 1"))},
    ),
    "enable confirms nothing": (QRESYNC, {"ENABLE": without(b"ENABLED")}),
    "enable is refused": (QRESYNC, {"ENABLE": refusing(b"BAD what")}),
    "codes without words, as Gmail": (QRESYNC.replace(" QRESYNC", ""), {"SELECT": replacing(rb"\] \w+$", b"]")}),
    "a space before the parenthesis, as Exchange": (
        CAPABILITIES, {"LIST": replacing(rb"\)$", b" )"), "STATUS": replacing(rb"\)$", b" )")},
    ),
    "a modseq and no condstore, as Yahoo": (CAPABILITIES, {"SELECT": adding(b"* OK [HIGHESTMODSEQ 7] highest")}),
    "inbox in another case": (CAPABILITIES, {"LIST": replacing(rb"INBOX", b"Inbox")}),
    "status lies": (CAPABILITIES, {
        "LIST": replacing(rb"\(MESSAGES.*", b"(MESSAGES 3 UNSEEN 1 UIDNEXT 4 UIDVALIDITY 1)"),
        "STATUS": replacing(rb"\(MESSAGES.*", b"(MESSAGES 3 UNSEEN 1 UIDNEXT 4 UIDVALIDITY 1)"),
    }),
    "status says another uidvalidity": (CAPABILITIES, {
        "LIST": replacing(rb"UIDVALIDITY \d+", b"UIDVALIDITY 99"),
        "STATUS": replacing(rb"UIDVALIDITY \d+", b"UIDVALIDITY 99"),
    }),
    "empty search": (CAPABILITIES, {"UID SEARCH": without(b"* ESEARCH")}),
    "empty search now and then": (CAPABILITIES, {"UID SEARCH": sometimes(without(b"* ESEARCH"))}),
    "empty plain search": (BARE, {"UID SEARCH": replacing(rb"\* SEARCH.*", b"* SEARCH")}),
    "half of a search": (BARE, {"UID SEARCH": sometimes(replacing(rb"(\* SEARCH( \d+)).*", rb"\1"))}),
    "search is nonsense": (CAPABILITIES, {"UID SEARCH": replacing(rb"ALL .*", b"ALL x:y")}),
    "search is refused": (BARE, {"UID SEARCH": refusing()}),
    "rows backwards": (CAPABILITIES, {"UID FETCH": backwards, "FETCH": backwards}),
    "rows twice": (CAPABILITIES, {"UID FETCH": doubled, "FETCH": doubled}),
    "rows missing now and then": (CAPABILITIES, {"UID FETCH": sometimes(half, 3), "FETCH": sometimes(half)}),
    "rows of no message": (CAPABILITIES, {"UID FETCH": foreign_rows, "FETCH": foreign_rows}),
    "expunge in every answer": (CAPABILITIES, dict.fromkeys(NEWS, adding(b"* 1 EXPUNGE", b"* 99 EXPUNGE"))),
    "exists shrinks in every answer": (CAPABILITIES, dict.fromkeys(NEWS[:-1], adding(b"* 1 EXISTS"))),
    "vanished of unknown messages": (QRESYNC, dict.fromkeys(NEWS, adding(b"* VANISHED 500:900,77"))),
    "vanished earlier of unknown messages": (
        QRESYNC, dict.fromkeys(NEWS, adding(b"* VANISHED (EARLIER) 500:4294967295")),
    ),
    "vanished of everything": (QRESYNC, {"NOOP": sometimes(adding(b"* VANISHED 1:12"))}),
    "vanished to the end while idle": (QRESYNC, {
        "NOOP": sometimes(adding(b"* VANISHED 1:*")), "IDLE": sometimes(adding(b"* VANISHED 12:*"), 40),
    }),
    "vanished of everything earlier": (QRESYNC, {"SELECT": sometimes(adding(b"* VANISHED (EARLIER) 1:*"))}),
    "vanished to the end": (QRESYNC, {"UID FETCH": sometimes(adding(b"* VANISHED (EARLIER) 4:*"))}),
    "vanished is nonsense": (QRESYNC, dict.fromkeys(NEWS, adding(*BROKEN))),
    "vanished is left out": (QRESYNC, dict.fromkeys(NEWS, without(b"VANISHED"))),
    "empty list after the first": (CAPABILITIES, {"LIST": after_the_first(lambda said: said[-1:])}),
    "empty list now and then": (CAPABILITIES, {"LIST": sometimes(lambda said: said[-1:])}),
    "list without inbox": (CAPABILITIES, {"LIST": without(b"INBOX")}),
    "half of the list now and then": (CAPABILITIES, {"LIST": sometimes(only_inbox, 3)}),
    "list is refused now and then": (CAPABILITIES, {"LIST": sometimes(refusing())}),
    "bye in the middle": (CAPABILITIES, {"UID FETCH": by_chance(cut_off, 0.1)}),
    "copyuid of another folder": (
        CAPABILITIES, {"UID MOVE": replacing(rb"COPYUID \d+ (\S+) \d+", rb"COPYUID 77 \1 1")},
    ),
    "copyuid names a message that is there": (
        CAPABILITIES, {"UID MOVE": replacing(rb"(COPYUID \d+ \S+) \d+", rb"\1 1")},
    ),
    "copyuid names no message": (CAPABILITIES, {"UID MOVE": replacing(rb"(COPYUID \d+ \S+) \d+", rb"\1 4")}),
    "copyuid is nonsense": (CAPABILITIES, {"UID MOVE": replacing(rb"COPYUID .*\]", b"COPYUID 1 x y]")}),
    "copyuid of a copy lies": (
        CAPABILITIES.replace(" MOVE", ""), {"UID COPY": replacing(rb"(COPYUID \d+ \S+) \d+", rb"\1 1")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("oddity", ODDITIES)
def test_store_and_server_agree(odd: Callable[[str], Place], oddity: str) -> None:
    """Ours and another client's changes get through, nothing twice, nothing lost, each body under its own row."""
    capabilities, bends = ODDITIES[oddity]
    at = odd(capabilities)
    at.server.deliver(*(message(number) for number in range(1, 13)))
    at.server.deliver(message(101), message(102), message(103), folder="Archive")
    at.server.bend.update(bends)
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)
        with at.server.lock:
            inbox = at.server.box()
            inbox.set_flags({1}, b"+FLAGS", [b"\\Seen", b"\\Flagged"])
            inbox.remove({2})
            at.server.deliver(message(13))
            at.server.box("Archive").remove({2})
        agree(client, at.server)
        for act in (  # of what a server says has vanished nothing can be asked, until it is seen to be there
            lambda: client.archive([before["Number 3"]]),
            lambda: client.mark([before["Number 4"]], add=Flag.FLAGGED),
            lambda: client.delete([before["Number 5"]]),
            lambda: client.delete([before["Number 6"]]),
        ):
            soon(client, lambda act=act: act().result() is not None, "it is there")  # type: ignore[misc]
        soon(client, lambda: all(change.state is ChangeState.DONE for change in client.changes()), "all is told")
        agree(client, at.server)
        assert at.server.subjects("Archive") == ["Number 101", "Number 103", "Number 3"]
        assert sorted(at.server.subjects("Trash")) == ["Number 5", "Number 6"]
        assert at.server.subjects() == [f"Number {number}" for number in (1, 4, *range(7, 14))]
        moved = ("Number 3", "Number 5", "Number 6")
        stay = {s: i for s, i in before.items() if s not in (*moved, "Number 2", "Number 102")}
        soon(
            client,
            lambda: {s: i for s, i in ids(client).items() if s in before and s not in moved} == stay,
            "the same messages",
        )
    with at.client() as client:
        agree(client, at.server)
        assert [row.subject for row in shown(client, Role.INBOX) if Flag.FLAGGED in row.flags] == [
            "Number 4",
            "Number 1",
        ]
    assert not at.server.sent(b"EXPUNGE")  # it would remove what others have marked, as CLOSE does
    assert not at.server.sent(b"CLOSE")

"""The server's own names of messages: Gmail's X-GM-MSGID and labels, EMAILID of RFC 8474, and nonsense."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.servers.scripted import CAPABILITIES, Peer, Scripted
from tui_mail.model import Flag
from tui_mail.net.imap import HeaderRow, ImapSession

WHEN = b'INTERNALDATE "01-Jan-2026 00:00:00 +0000" RFC822.SIZE 10'
HEADER = b"BODY[HEADER.FIELDS (DATE)] {11}\r\nDate: x\r\n\r\n"
GMAIL, OBJECTS = CAPABILITIES + b" X-GM-EXT-1", CAPABILITIES + b" OBJECTID"


@contextmanager
def opened(script: Callable[[Peer], None], capabilities: bytes, modseq: int = 0) -> Iterator[ImapSession]:
    def whole(peer: Peer) -> None:
        peer.log_in(capabilities)
        peer.select(modseq=modseq)
        script(peer)
        peer.wait_for_end()

    with Scripted(whole) as server:
        session = ImapSession.open(server.server(), "secret")
        session.open_folder("INBOX")
        yield session
        session.shut()


def rows(capabilities: bytes, *answer: bytes) -> list[HeaderRow]:
    wanted = (
        b"X-GM-MSGID X-GM-THRID X-GM-LABELS"
        if capabilities is GMAIL
        else b"EMAILID"
        if capabilities is OBJECTS
        else b""
    )
    asked = b"UID FETCH 1:3 (UID FLAGS INTERNALDATE RFC822.SIZE " + wanted

    def script(peer: Peer) -> None:
        peer.answer(asked, *answer)

    with opened(script, capabilities) as session:
        return list(session.headers("1:3"))


def test_gmail_names_messages_and_labels() -> None:
    """In its own order; labels may be quoted, a literal, or UTF-7; the highest number fits."""
    found = rows(
        GMAIL,
        b'* 1 FETCH (X-GM-MSGID 18446744073709551615 X-GM-LABELS ("\\\\Inbox" Work "a b" "&ZeVnLIqe-") UID 1 FLAGS ()'
        b" %s %s)" % (WHEN, HEADER),
        b'* 2 FETCH (X-GM-MSGID 7 X-GM-LABELS ({3}\r\nx"y) UID 2 FLAGS (\\Seen) %s %s)' % (WHEN, HEADER),
        b"* 3 FETCH (X-GM-MSGID 8 X-GM-LABELS () UID 3 FLAGS () %s %s)" % (WHEN, HEADER),
    )
    assert [(row.uid, row.identity, row.labels) for row in found] == [
        (1, "gm:18446744073709551615", ("\\Inbox", "Work", "a b", "日本語")),
        (2, "gm:7", ('x"y',)),
        (3, "gm:8", ()),
    ]


@pytest.mark.parametrize(
    "told",
    [
        b"X-GM-MSGID NIL X-GM-LABELS NIL",
        b"X-GM-MSGID -1 X-GM-LABELS x",
        b"X-GM-MSGID 99999999999999999999 X-GM-LABELS (())",
        b"X-GM-MSGID (1 2) X-GM-LABELS (NIL (x))",
        b"X-GM-MSGID 0 X-GM-LABELS ()",
        b"",
    ],
)
def test_nonsense_from_gmail_names_nothing(told: bytes) -> None:
    """The message is there all the same."""
    [row] = rows(GMAIL, b"* 1 FETCH (%s UID 1 FLAGS () %s %s)" % (told, WHEN, HEADER))
    assert (row.uid, row.identity, row.labels) == (1, "", ())


def test_object_ids() -> None:
    """In the order that was asked for, which is read quickly, and in any other."""
    found = rows(
        OBJECTS,
        b"* 1 FETCH (UID 1 FLAGS () %s EMAILID (M6d99ac3275bb4e) %s)" % (WHEN, HEADER),
        b"* 2 FETCH (EMAILID (M-_2) UID 2 FLAGS () %s %s)" % (WHEN, HEADER),
        b"* 3 FETCH (UID 3 FLAGS () %s %s)" % (WHEN, HEADER),
    )
    assert [(row.uid, row.identity) for row in found] == [(1, "id:M6d99ac3275bb4e"), (2, "id:M-_2"), (3, "")]


@pytest.mark.parametrize(
    "told", [b"NIL", b"()", b"(NIL)", b"(a b)", b"(%s)" % (b"x" * 256), b'("a b")', b"((x))", b'("")']
)
def test_nonsense_as_an_object_id_names_nothing(told: bytes) -> None:
    """The message is there all the same."""
    [row] = rows(OBJECTS, b"* 1 FETCH (UID 1 FLAGS () %s EMAILID %s %s)" % (WHEN, told, HEADER))
    assert (row.uid, row.identity) == (1, "")


def test_nothing_is_asked_where_nothing_is_offered() -> None:
    """And what comes unasked is taken."""
    [row] = rows(CAPABILITIES, b"* 1 FETCH (UID 1 FLAGS () %s EMAILID (Mx) %s)" % (WHEN, HEADER))
    assert row.identity == "id:Mx"


def test_labels_come_with_changes() -> None:
    """CHANGEDSINCE tells them beside the flags; without it they are not asked for."""

    def script(peer: Peer) -> None:
        peer.answer(
            b"UID FETCH 1:3 (UID FLAGS MODSEQ X-GM-LABELS) (CHANGEDSINCE 4)",
            b"* 1 FETCH (X-GM-LABELS (Work) UID 1 MODSEQ (5) FLAGS (\\Seen))",
        )
        peer.answer(b"UID FETCH 1:3 (UID FLAGS MODSEQ)", b"* 1 FETCH (UID 1 MODSEQ (5) FLAGS (\\Seen))")

    with opened(script, GMAIL + b" CONDSTORE", modseq=9) as session:
        [update] = session.flags("1:3", changed_since=4)[0]
        assert (update.flags, update.labels) == (Flag.SEEN, ("Work",))
        [update] = session.flags("1:3")[0]
        assert update.labels is None

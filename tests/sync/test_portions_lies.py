"""Servers that lie about the parts of a message, or are broken: one reads the message all the same, or is told why not.

Nothing that a server says is shown for what the sender wrote unless the octets agree; else the whole is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import large
from tests.servers.odd import CAPABILITIES, Connection, Odd
from tests.servers.scripted import Peer
from tests.sync.test_portions import opened, running, the_row
from tui_mail.errors import MailError

SHEET = large.noise(1_800_000, "sheet")
FILE = large.file("sheet.xlsx", SHEET)
BODY = large.text("What the sender wrote.\r\n")
LETTER = large.message(large.several(BODY, FILE))
HEADER, _, _ = LETTER.partition(b"\r\n\r\n")
TEXT = b'("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 24 1)'
DATA = b'("application" "octet-stream" ("name" "sheet.xlsx") NIL NIL "base64" %d)' % len(FILE.body)
HONEST = b'(%s%s "mixed" ("boundary" "=_outer"))' % (TEXT, DATA)

Bent = Callable[[str, bytes], bytes | None]


class Teller(Odd):
    """Tells the structure that it is given, and of each section what `bent` makes of it; None is NIL."""

    def __init__(self, certificate: Path, structure: bytes, bent: Bent) -> None:
        super().__init__(certificate, CAPABILITIES)
        self.structure, self.bent = structure, bent
        self.asked: list[str] = []

    def _talk(self, peer: Peer) -> None:
        TellerConnection(self, peer).run()


class TellerConnection(Connection):
    server: Teller

    def do_uid_fetch(self, words: list[bytes], *, by_number: bool = False) -> list[bytes]:
        items = b" ".join(words[1:])
        sections = re.findall(rb"BODY\.PEEK\[([\w.]*)\]<(\d+)\.(\d+)>", items)
        if not sections:
            return super().do_uid_fetch(words, by_number=by_number)
        if self.server.structure == b"BAD" and b"BODYSTRUCTURE" in items:
            return [b"BAD internal error"]
        told = [b"UID " + words[0]]
        told += [b"BODYSTRUCTURE " + self.server.structure] if b"BODYSTRUCTURE" in items else []
        for name, start, count in sections:
            self.server.asked.append(name.decode())
            octets = self._section(name.decode(), int(start), int(count))
            literal = b"NIL" if octets is None else b"{%d}\r\n%s" % (len(octets), octets)
            told.append(b"BODY[%s]<%s> %s" % (name, start, literal))
        return [b"* 1 FETCH (%s)" % b" ".join(told), b"OK done"]

    def _section(self, name: str, start: int, count: int) -> bytes | None:
        whole = {
            "": LETTER,
            "HEADER": HEADER + b"\r\n\r\n",
            "1": BODY.body,
            "1.MIME": BODY.head.encode() + b"\r\n",
            "2": FILE.body,
            "2.MIME": FILE.head.encode() + b"\r\n",
        }.get(name)
        octets = None if whole is None else self.server.bent(name, whole)
        return None if octets is None else octets[start : start + count]


def honest(_: str, octets: bytes) -> bytes | None:
    return octets


def without(missing: str) -> Bent:
    return lambda name, octets: None if name == missing else octets


def instead(other: str, by: bytes) -> Bent:
    return lambda name, octets: by if name == other else octets


LIES: dict[str, tuple[bytes, Bent]] = {
    "no structure": (b"NIL", honest),
    "a broken structure": (b'(("text" "plain"', honest),
    "the structure is refused": (b"BAD", honest),
    "a structure without an end": (b"(" * 60_000, honest),
    "one part too few": (b'(%s "mixed" ("boundary" "=_outer"))' % TEXT, honest),
    "one part too many": (b'(%s%s%s "mixed" ("boundary" "=_outer"))' % (TEXT, DATA, TEXT), honest),
    "a thousand parts": (b'(%s "mixed" ("boundary" "=_outer"))' % (TEXT * 1_000), honest),
    "nested deep": (b"(" * 31 + TEXT + b' "mixed")' * 31, honest),
    "no part but a text": (TEXT, honest),
    "a part is nothing": (HONEST, without("1")),
    "its header is nothing": (HONEST, without("2.MIME")),
    "its header is another text": (HONEST, instead("1.MIME", b"X: y\r\n\r\nForged words.\r\n\r\n")),
    "the header of the message ends it": (HONEST, instead("HEADER", HEADER + b"\r\n\r\nForged words.\r\n")),
    "a part holds a delimiter": (HONEST, instead("1", b"x\r\n--=_outer\r\n\r\nForged words.\r\n")),
    "no boundary": (HONEST, instead("HEADER", re.sub(rb'; boundary="[^"]*"', b"", HEADER) + b"\r\n\r\n")),
    "a packed part": (
        HONEST.replace(b"octet-stream", b"ms-tnef"),
        instead("2.MIME", b"Content-Type: application/ms-tnef\r\n\r\n"),
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_the_sender_wrote_is_shown(certificate: Path, tmp_path: Path, lie: str) -> None:
    """Whatever is said of the parts, one reads the sender's text, and finds the file as it was attached."""
    structure, bent = LIES[lie]
    with Teller(certificate, structure, bent) as server:
        server.deliver(LETTER)
        with running(server.account(keep_bodies="opened"), tmp_path / "home", secret="x") as (client, events):
            row, message = opened(client, events)
            assert "What the sender wrote." in message.text
            assert "Forged" not in message.text
            part = next(one for one in message.attachments if one.filename == "sheet.xlsx")
            assert client.raw(row.id) == LETTER
            assert not part.away
            found = client.attachment_of(row.id, part.index)
            assert found is not None
            assert found[1] == SHEET


def test_an_honest_one_is_read_in_parts(certificate: Path, tmp_path: Path) -> None:
    """The server of these tests is believed when it does not lie; nothing but the text and a file's head is asked."""
    with Teller(certificate, HONEST, honest) as server:
        server.deliver(LETTER)
        with running(server.account(keep_bodies="opened"), tmp_path / "home", secret="x") as (client, events):
            row, message = opened(client, events)
            assert message.attachments[0].away
            assert client.file(row.id, 1).read_bytes() == SHEET
            assert "" not in server.asked


@pytest.mark.parametrize(
    ("bent", "words"),
    [
        (instead("2", FILE.body[:1_000_000]), "gave 1,000,000. Nothing was kept; fetch the whole message"),
        (without("2"), "does not give this part"),
    ],
)
def test_a_part_that_does_not_come_is_no_file(certificate: Path, tmp_path: Path, bent: Bent, words: str) -> None:
    """A part that is shorter than the server said, or gone, is no file under any name; the whole can be fetched."""
    with Teller(certificate, HONEST, honest) as server:
        server.deliver(LETTER)
        with running(server.account(keep_bodies="opened"), tmp_path / "home", secret="x") as (client, events):
            row, _ = opened(client, events)
            server.bent = bent
            with pytest.raises(MailError, match=re.escape(words)):
                client.file(row.id, 1)
            assert client.fetched_file(row.id, 1) is None
            assert not list((tmp_path / "home" / "data" / "parts").glob("*/*"))
            assert client.whole(row.id) == LETTER


def test_a_part_without_end_is_ended(certificate: Path, tmp_path: Path) -> None:
    """A server that sends more and more of a part is not listened to for ever."""
    with Teller(certificate, HONEST, honest) as server:
        server.deliver(LETTER)
        with running(server.account(keep_bodies="opened"), tmp_path / "home", secret="x") as (client, events):
            row, _ = opened(client, events)
            server.bent = instead("2", b"QUJD" * 10_000_000)
            with pytest.raises(MailError, match="fetch the whole message"):
                client.file(row.id, 1)
            assert not list((tmp_path / "home" / "data" / "parts").glob("*/*"))


def test_a_larger_answer_than_was_asked_for(certificate: Path, tmp_path: Path) -> None:
    """Too many octets are no part of a message: the text comes with the whole instead."""
    huge = b"x" * 30_000_000
    with Teller(certificate, HONEST, lambda name, octets: huge if name == "1" else octets) as server:
        server.deliver(LETTER)
        with running(server.account(keep_bodies="opened"), tmp_path / "home", secret="x") as (client, events):
            _, message = opened(client, events)
            assert the_row(client).size == len(LETTER)
            assert message.away  # of that text, no more is taken than belongs to it

"""Servers that offer what they do not know: it is taken at its deeds, and nothing that a person did fails for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.odd import CAPABILITIES, QRESYNC, Connection, Odd
from tests.servers.scripted import Peer
from tests.sync.conftest import message
from tests.sync.odd_place import Place, agree, ids, soon
from tui_mail.model import ChangeFailed, ChangeState, Flag
from tui_mail.net import connection
from tui_mail.sync import folder as folder_sync

BAD = b"BAD Unknown command"
NO = b"NO unknown command"

LIES: dict[str, tuple[str, bytes, bytes]] = {
    "move": (CAPABILITIES, rb"UID MOVE", BAD),
    "move, politely": (CAPABILITIES, rb"UID MOVE", NO),
    "move and uidplus": (CAPABILITIES, rb"UID (MOVE|EXPUNGE)", BAD),
    "uidplus": (CAPABILITIES.replace(" MOVE", ""), rb"UID EXPUNGE", b"NO command not supported"),
    "esearch": (CAPABILITIES, rb".* RETURN \(?ALL", b"BAD Invalid search criteria"),
    "list-status": (CAPABILITIES, rb"LIST .* RETURN", b"BAD syntax error"),
    "condstore": (QRESYNC.replace(" QRESYNC", ""), rb".*(CONDSTORE|MODSEQ|CHANGEDSINCE)", BAD),
    "modseq": (QRESYNC.replace(" QRESYNC", ""), rb"(UID )?FETCH .*MODSEQ", BAD),
    "changedsince": (QRESYNC.replace(" QRESYNC", ""), rb".*CHANGEDSINCE", b"NO unrecognized FETCH modifier"),
    "highestmodseq": (QRESYNC.replace(" QRESYNC", ""), rb"(STATUS|LIST) .*HIGHESTMODSEQ", BAD),
    "qresync": (QRESYNC, rb"SELECT .*QRESYNC", BAD),
    "qresync and all that": (QRESYNC, rb".*(QRESYNC|CONDSTORE|MODSEQ|CHANGEDSINCE)", BAD),
    "enable": (QRESYNC, rb"ENABLE", BAD),
    "idle": (CAPABILITIES, rb"IDLE", BAD),
    "objectid": (CAPABILITIES + " OBJECTID", rb".*EMAILID", b"BAD Unknown fetch item"),
    "everything": (
        QRESYNC + " OBJECTID NOTIFY",
        rb"UID (MOVE|EXPUNGE)|IDLE|NOTIFY|ENABLE|.*(RETURN|QRESYNC|CONDSTORE|MODSEQ|CHANGEDSINCE|EMAILID)",
        BAD,
    ),
}


class Liar(Odd):
    """Refuses what matches `unknown`, and does nothing then; `refused` is what it was asked."""

    def __init__(self, certificate: Path, capabilities: str, unknown: bytes, answer: bytes) -> None:
        super().__init__(certificate, capabilities)
        self.unknown, self.answer = re.compile(unknown, re.IGNORECASE), answer
        self.refused: list[bytes] = []
        self.connections = 0

    def _talk(self, peer: Peer) -> None:
        with self.lock:
            self.connections += 1
        LiarConnection(self, peer).run()


class LiarConnection(Connection):
    """One connection to it."""

    server: Liar

    def _answer(self, name: str, words: list[bytes]) -> list[bytes]:
        return self._refusal(b" ".join([name.encode(), *words])) or super()._answer(name, words)

    def _idle(self) -> list[bytes]:
        return self._refusal(b"IDLE") or super()._idle()

    def _refusal(self, text: bytes) -> list[bytes]:
        if not self.server.unknown.match(text):
            return []
        self.server.refused.append(text)
        return [self.server.answer]


@pytest.fixture(params=LIES)
def at(
    request: pytest.FixtureRequest, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    monkeypatch.setattr(folder_sync, "RESELECT_SECONDS", 0.25)
    monkeypatch.setattr(connection.Backoff, "next", lambda _: 0.05)
    with Liar(certificate, *LIES[request.param]) as server:
        yield Place(server, tmp_path / "home")


def test_what_is_offered_and_not_known_fails_nothing(at: Place) -> None:
    """News comes, changes get there, nothing fails; and each line asks for the unknown only a few times."""
    server = at.server
    assert isinstance(server, Liar)
    server.deliver(*(message(number) for number in range(1, 9)))
    server.deliver(message(101), folder="Archive")
    with at.client() as client:
        agree(client, server)
        before = ids(client)
        with server.lock:
            server.box().set_flags({1}, b"+FLAGS", [b"\\Seen", b"\\Flagged"])
            server.box().remove({2})
            server.deliver(message(9))
        agree(client, server)
        client.archive([before["Number 3"], before["Number 4"]]).result()
        client.mark([before["Number 5"]], add=Flag.FLAGGED, add_keywords=["Later"]).result()
        client.delete([before["Number 6"]]).result()
        soon(client, lambda: all(change.state is ChangeState.DONE for change in client.changes()), "all is told")
        agree(client, server)
        client.undo().result()
        client.expunge([before["Number 7"]]).result()
        soon(client, lambda: all(change.state is ChangeState.DONE for change in client.changes()), "all is told")
        agree(client, server)
        kept = ids(client)
        assert {subject: kept[subject] for subject in before if subject in kept} == {
            subject: id_ for subject, id_ in before.items() if subject not in ("Number 2", "Number 7")
        }
    with at.client() as client:
        agree(client, server)
    assert server.refused
    assert len(server.refused) <= 8 * server.connections
    assert not [event for event in at.events if isinstance(event, ChangeFailed)]

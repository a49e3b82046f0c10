"""mail.db is lost while a draft or a Sent copy waits for the server: it gets there, once."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.servers.odd import CAPABILITIES, MODSEQS, QRESYNC, Odd
from tests.sync.conftest import message, wait_for
from tests.sync.odd_place import Place, agree, ids, soon
from tests.sync.test_lost_answers import places
from tests.sync.test_pop_lost import lose
from tests.sync.writer import Writer, finished
from tui_mail.client import MailClient
from tui_mail.model import ChangeState, Flag, Role
from tui_mail.paths import paths

At = Callable[[str], Place]
EVERY = pytest.mark.parametrize("capabilities", [CAPABILITIES, MODSEQS, QRESYNC])


def away(server: Odd, *, arrives: bool) -> None:
    """From the next APPEND on the server is out of reach, whether or not it was carried out."""

    def gone(_: list[bytes]) -> list[bytes]:
        raise ConnectionResetError

    def cut(_: list[bytes]) -> list[bytes]:
        if not arrives:
            drafts = server.box("Drafts")
            drafts.remove([drafts.mails[-1].uid])
        for command in ("CAPABILITY", "LOGIN", "AUTHENTICATE"):
            server.bend[command] = gone
        raise ConnectionResetError

    server.bend["APPEND"] = cut


@EVERY
@pytest.mark.parametrize("arrives", [True, False])
def test_a_draft(odd: At, capabilities: str, arrives: bool) -> None:
    """Also where the server has it, and only its answer is lost; also with others like it from before."""
    at = odd(capabilities)
    at.server.make("Drafts", b"\\Drafts")
    at.server.deliver(message(1), message(2))
    at.server.deliver(message(3), folder="Drafts")
    with at.client() as client:
        agree(client, at.server)
        away(at.server, arrives=arrives)
        account = client.accounts[0].name
        assert client.draft_raw(message(7), account).result(10) is not None
        wait_for(lambda: "LOGIN" in at.server.bend, "the server is gone")
    at.server.bend.clear()
    lose(at.home)
    with at.client() as client:
        soon(client, lambda: places(at.server, "Number 7") == ["Drafts"], "it is there")
        agree(client, at.server)
        [row] = [row for row in client.first_rows(client.find_folder("Drafts").id) if row.subject == "Number 7"]
        assert client.raw(row.id) == message(7)
        assert Flag.DRAFT in row.flags
        wait_for(lambda: not waiting(client), "nothing waits")
        assert len(ids(client)) == 4
    assert places(at.server, "Number 7") == ["Drafts"]
    with at.client() as client:
        agree(client, at.server)


def test_what_was_stored_is_not_stored_again(odd: At) -> None:
    """Not even for the moment: nothing is kept for a loss of what the server has said it has."""
    at = odd(QRESYNC)
    at.server.make("Drafts", b"\\Drafts")
    with at.client() as client:
        agree(client, at.server)
        change = client.draft_raw(message(7), client.accounts[0].name).result(10)
        assert change is not None
        wait_for(lambda: client.state_of(change) is ChangeState.DONE, "it is stored")
        agree(client, at.server)
    at.server.box("Drafts").remove([1])
    lose(at.home)
    with at.client() as client:
        agree(client, at.server)
    assert places(at.server, "Number 7") == []


def test_a_sent_copy(writer: Writer) -> None:
    """It was sent while IMAP could not be reached; the copy gets there, nothing is sent again."""
    receiver = writer.server.new_user()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        unreachable = replace(writer.account.incoming, port=nobody.getsockname()[1])
        client = MailClient(paths(writer.home), [replace(writer.account, incoming=unreachable)])
        client.start()
        try:
            finished(client, client.send(writer.draft(client, writer.server.address(receiver))).result(10))
            wait_for(lambda: shown(client) == ["Hello"], "the copy is shown")
        finally:
            client.stop()
    lose(writer.home)
    with writer.client() as client:
        wait_for(lambda: not waiting(client), "it is uploaded")
        assert shown(client) == ["Hello"]
        assert client.outbox() == []
    lose(writer.home)
    with writer.client() as client:
        wait_for(lambda: shown(client) == ["Hello"], "the server has it")
    assert len(writer.server.arrived(receiver)) == 1


def waiting(client: MailClient) -> int:
    """How many changes the server is still to be told of."""
    return sum(status.pending + status.failed for status in client.statuses())


def shown(client: MailClient) -> list[str]:
    """The subjects in the folder for sent mail."""
    found = [folder for folder in client.folders() if folder.role is Role.SENT]
    return [row.subject for folder in found for row in client.first_rows(folder.id)]

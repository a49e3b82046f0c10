"""Large messages on real servers: the text first, a file when it is asked for, the whole when it is needed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests import large
from tests.servers.dovecot import Dovecot
from tests.servers.faults import FaultyLine
from tests.sync.conftest import shown, wait_for
from tui_mail.client import MailClient
from tui_mail.client.portions import Withdrawn
from tui_mail.errors import MailError, NotFound
from tui_mail.model import Account, BodyArrived, Event, Message, Row
from tui_mail.paths import paths
from tui_mail.store import excerpts, parts

SHEET, FILM = large.noise(900_000, "sheet"), large.noise(3_000_000, "film")
WORDS = "The plan is below.\r\n" + "One line of it.\r\n" * 300
LETTER = large.message(
    large.several(
        large.several(
            large.text(WORDS),
            large.text(f"<p>The <b>plan</b> is below.</p><p>{'One line of it. ' * 300}</p>", "html"),
            kind="alternative",
            boundary="=_inner",
        ),
        large.file("sheet.xlsx", SHEET),
        large.file("film.mp4", FILM, "video/mp4"),
        large.file("small.txt", b"all of this is small\r\n", "text/plain"),
    )
)


@contextmanager
def running(account: Account, home: Path, *, secret: str = "") -> Iterator[tuple[MailClient, list[Event]]]:
    """The client, and what it tells."""
    client, events = MailClient(paths(home), [account], secret=(lambda _: secret) if secret else None), list[Event]()
    client.subscribe(events.append)
    client.start()
    try:
        yield client, events
    finally:
        client.stop()


@pytest.fixture(params=["dovecot", "cyrus", "courier"])
def account(request: pytest.FixtureRequest) -> Account:
    """A person of each server, who has one large letter, and keeps what was opened."""
    server = request.getfixturevalue(request.param)
    user = server.new_user()
    server.deliver(user, LETTER)
    return replace(server.account(user), name="work", keep_bodies="opened")


@pytest.fixture
def quick(dovecot: Dovecot) -> Account:
    """The same on one server."""
    user = dovecot.new_user()
    dovecot.deliver(user, LETTER)
    return replace(dovecot.account(user), name="work", keep_bodies="opened")


def the_row(client: MailClient) -> Row:
    wait_for(lambda: shown(client), "the row is here", 30)
    return shown(client)[0]


def opened(client: MailClient, events: list[Event]) -> tuple[Row, Message]:
    """What a person sees who opens the letter."""
    row = the_row(client)
    client.request_text(row.id)
    wait_for(lambda: [one for one in events if isinstance(one, BodyArrived)], "something came", 30)
    arrived = next(one for one in events if isinstance(one, BodyArrived))
    assert arrived.problem == ""
    message = client.message(row.id)
    assert message is not None
    return row, message


def test_the_text_is_here_and_the_files_are_on_the_server(account: Account, tmp_path: Path) -> None:
    """One sees all of the text and every file with its name; nothing says that the message is here."""
    with running(account, tmp_path / "home") as (client, events):
        row, message = opened(client, events)
        assert message.subject == "A large one"
        assert "The plan is below." in message.text
        assert [(part.filename, part.away) for part in message.attachments] == [
            ("sheet.xlsx", True),
            ("film.mp4", True),
            ("small.txt", False),
        ]
        assert all(
            abs(part.size - len(real)) < 20 for part, real in zip(message.attachments, (SHEET, FILM), strict=False)
        )
        assert "2 files" in message.away
        assert client.raw(row.id) is None
        assert not the_row(client).has_body


def test_a_file_is_what_the_sender_attached(account: Account, tmp_path: Path) -> None:
    """A file that is asked for has the octets of the sender's, and is there for this person only."""
    with running(account, tmp_path / "home") as (client, events):
        row, message = opened(client, events)
        seen = list[int]()
        path = client.file(row.id, message.attachments[1].index, seen.append)
        assert path.read_bytes() == FILM
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert client.file(row.id, message.attachments[0].index).read_bytes() == SHEET
        assert client.fetched_file(row.id, message.attachments[1].index) == path
        with pytest.raises(NotFound):
            client.file(row.id, message.attachments[2].index)  # it is here
        assert client.raw(row.id) is None


def test_the_whole_is_the_whole(account: Account, tmp_path: Path) -> None:
    """Whoever needs the message as it is gets it octet for octet; from then on nothing of it is on the server only."""
    with running(account, tmp_path / "home") as (client, events):
        row, before = opened(client, events)
        raw = client.whole(row.id)
        assert raw.endswith(LETTER[-1000:].rstrip()) or raw.rstrip().endswith(LETTER.rstrip()[-1000:])
        assert len(raw) >= len(LETTER) - 10
        after = client.message(row.id)
        assert after is not None
        assert after.away == ""
        assert [part.filename for part in after.attachments] == [part.filename for part in before.attachments]
        assert [part.index for part in after.attachments] == [part.index for part in before.attachments]
        assert not any(part.away for part in after.attachments)
        assert after.text == before.text
        assert client.excerpt(row.id) is None


def test_offline_what_is_here_is_shown(quick: Account, tmp_path: Path) -> None:
    """Without a line the text still opens, and a file says where it is."""
    with running(quick, tmp_path / "home") as (client, events):
        opened(client, events)
    nowhere = replace(quick, incoming=replace(quick.incoming, port=1))
    with running(nowhere, tmp_path / "home") as (client, _):
        row = the_row(client)
        message = client.message(row.id)
        assert message is not None
        assert "The plan is below." in message.text
        with pytest.raises(MailError, match="cannot be reached"):
            client.file(row.id, 1)
        assert not excerpts.wishes(client._db.read_bodies(), "work")


def test_a_file_that_is_withdrawn_leaves_nothing(quick: Account, dovecot: Dovecot, tmp_path: Path) -> None:
    """One stops it half way; nothing of it stays, and the next time it comes as a whole."""
    with FaultyLine(dovecot) as line:
        slow = replace(quick, incoming=replace(quick.incoming, port=line.port))
        with running(slow, tmp_path / "home") as (client, events):
            row, message = opened(client, events)
            came = list[int]()
            with pytest.raises(Withdrawn):
                client.file(row.id, 2, came.append, lambda: bool(came and came[-1] > 0))
            folder = parts.place(client._db, row.id, "3").parent
            wait_for(lambda: not os.listdir(folder), "nothing is left")
            assert client.file(row.id, 2).read_bytes() == FILM
            assert message.attachments[1].away


def test_a_line_that_breaks_goes_on_where_it_broke(quick: Account, dovecot: Dovecot, tmp_path: Path) -> None:
    """The line is cut in the middle of a part, more than once: the file is the sender's all the same."""
    with FaultyLine(dovecot) as line:
        faulty = replace(quick, incoming=replace(quick.incoming, port=line.port))
        with running(faulty, tmp_path / "home") as (client, events):
            row, _ = opened(client, events)
            line.cut_soon("server", 1_500_000)
            assert client.file(row.id, 2).read_bytes() == FILM
            assert line.cuts == 1


def test_another_process_can_have_a_file(quick: Account, tmp_path: Path) -> None:
    """A program that is not the engine gets text and file through the one that is."""
    with running(quick, tmp_path / "home") as (engine, _):
        row = the_row(engine)
        wait_for(lambda: engine.is_engine, "it is the engine")
        with running(quick, tmp_path / "home") as (other, events):
            wait_for(lambda: other.is_settled, "it knows that it is not")
            assert not other.is_engine
            opened(other, events)
            assert other.file(row.id, 2).read_bytes() == FILM


def test_all_means_all(quick: Account, tmp_path: Path) -> None:
    """Who keeps all mail gets large messages, too: last, and without opening them."""
    with running(replace(quick, keep_bodies="all"), tmp_path / "home") as (client, _):
        row = the_row(client)
        wait_for(lambda: client.raw(row.id) is not None, "it is here")


_FETCH = """
import sys
from pathlib import Path
from tests.sync.test_portions import running, the_row
from tui_mail.client.saving import save_copy
from tui_mail.model import Account, Protocol, Security, Server
home, host, port, security, user, ca, word = sys.argv[1:]
command = ("printf", "%s", word)
server = Server(host, int(port), Security(security), user, password_command=command, ca_file=ca)
account = Account("work", "Anna", "anna@example.org", Protocol.IMAP, server, keep_bodies="opened")
with running(account, Path(home)) as (client, _):
    save_copy(Path(home).parent, "film.mp4", client.file(the_row(client).id, 2))
"""


def test_killed_in_the_middle_of_a_file(quick: Account, dovecot: Dovecot, tmp_path: Path) -> None:
    """kill -9 while a file comes: there is no file under its name, then or later, until all of it is there."""
    home, saved = tmp_path / "home", tmp_path / "film.mp4"
    with running(quick, home) as (client, events):
        opened(client, events)
    with FaultyLine(dovecot) as line:
        line.slow = 0.02
        server = quick.incoming
        word = server.password_command[-1]
        words = [str(home), server.host, str(line.port), str(server.security), server.user, server.ca_file, word]
        process = subprocess.Popen([sys.executable, "-c", _FETCH, *words])
        parts_here = home / "data" / "parts"
        wait_for(lambda: [one for one in parts_here.glob("*/*.part") if one.stat().st_size], "it has begun", 60)
        process.kill()
        process.wait()
    assert not saved.exists()
    assert not [one for one in parts_here.glob("*/*") if one.suffix != ".part"]
    with running(quick, home) as (client, _):
        wait_for(lambda: client.statuses()[0].state == "live", "the account is live", 30)
        assert not list(parts_here.glob("*/*"))  # nothing is fetched for nobody
        assert client.file(the_row(client).id, 2).read_bytes() == FILM

"""The demo's server, as a client and a shell see it."""

from __future__ import annotations

import imaplib
import json
import os
import signal
import smtplib
import ssl
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import wait_until
from tui_mail.demo.home import Ports
from tui_mail.demo.server import Demo

FIELDS = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT MESSAGE-ID)])"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """A running demo with 300 messages and no new mail."""
    with Demo(messages=300, every=0) as running:
        yield running


@pytest.fixture
def client(demo: Demo) -> Iterator[imaplib.IMAP4_SSL]:
    """Logged in, the inbox selected."""
    with logged_in(demo.ports) as connected:
        connected.select("INBOX")
        yield connected


def logged_in(ports: Ports) -> imaplib.IMAP4_SSL:
    """An IMAP connection to the demo."""
    context = ssl.create_default_context(cafile=ports.ca)
    connection = imaplib.IMAP4_SSL("localhost", ports.imap, ssl_context=context, timeout=20)
    connection.login(ports.user, ports.password)
    return connection


def test_all_folders_have_well_known_names(client: imaplib.IMAP4_SSL) -> None:
    """There is no SPECIAL-USE, so the names have to say it."""
    listed = b"\n".join(line for line in client.list()[1] if isinstance(line, bytes))
    for name in (b"INBOX", b"Drafts", b"Sent", b"Archive", b"Junk", b"Trash", b"Projects/Harbour", b"Projects/Museum"):
        assert b'"/" ' + name in listed


def test_rows_and_bodies_agree(client: imaplib.IMAP4_SSL) -> None:
    """The size, the header fields and the body of the newest messages are those of the same bytes."""
    answer = client.fetch("281:300", FIELDS)[1]
    rows = [item for item in answer if isinstance(item, tuple)]
    assert len(rows) == 20
    bodies = [item for item in client.fetch("281:300", "(BODY.PEEK[])")[1] if isinstance(item, tuple)]
    for (said, fields), (_, body) in zip(rows, bodies, strict=True):
        assert f"RFC822.SIZE {len(body)} ".encode() in said
        assert fields.count(b"\r\nSubject:") + fields.startswith(b"Subject:") == 1
        assert all(line in body for line in fields.split(b"\r\n") if line)


def test_the_home_has_an_account_that_works(demo: Demo) -> None:
    """config.toml and `account` say the same, and its password command prints the password."""
    settings = tomllib.loads((demo.home / "config.toml").read_text("utf-8"))["accounts"]["tidewater"]
    account = demo.account
    assert (settings["email"], settings["incoming"]["port"]) == (account.email, account.incoming.port)
    assert settings["outgoing"]["port"] == demo.ports.smtp
    printed = subprocess.run(settings["incoming"]["password_command"], capture_output=True, text=True, check=True)
    assert printed.stdout == demo.ports.password
    assert demo.home.stat().st_mode & 0o077 == 0


def test_flags_moves_and_uploads_are_kept(demo: Demo) -> None:
    """What one connection does another one sees."""
    with logged_in(demo.ports) as one, logged_in(demo.ports) as other:
        one.select("INBOX")
        one.uid("STORE", "1001", "+FLAGS", r"(\Flagged \Seen)")
        assert one.uid("MOVE", "1002", "Archive")[0] == "OK"
        assert b"APPENDUID" in whole(one.append("Drafts", r"(\Draft)", "", b"Subject: draft\r\n\r\nhm\r\n"))
        other.select("INBOX")
        assert b"Flagged" in whole(other.uid("FETCH", "1001", "(FLAGS)"))
        assert other.uid("FETCH", "1002", "(FLAGS)")[1] == [None]
        other.select("Drafts")
        newest = other.uid("FETCH", "*", "(BODY.PEEK[])")[1][0]
        assert newest[1] == b"Subject: draft\r\n\r\nhm\r\n"


def test_search_and_structure_work_on_mail_that_was_never_asked_for(client: imaplib.IMAP4_SSL) -> None:
    """They need the parsed message; it is made in the moment."""
    assert client.uid("SEARCH", "UID", "1300", "SUBJECT", '"Winter timetable"')[1] == [b"1300"]
    assert b"BODYSTRUCTURE" in whole(client.uid("FETCH", "1300", "(BODYSTRUCTURE)"))


def test_idle_announces_new_mail_to_everybody() -> None:
    """Two clients wait; both hear of a message soon after it came, without asking."""
    with Demo(messages=20, every=0.2) as demo, ExitStack() as stack:
        clients = [logged_in(demo.ports), logged_in(demo.ports)]
        for waiting in clients:
            stack.callback(waiting.shutdown)
            waiting.select("INBOX")
            waiting.send(b"A1 IDLE\r\n")
        for waiting in clients:
            assert any(b" EXISTS" in waiting.readline() for _ in range(10))


def test_sent_mail_is_taken_and_comes_back_to_oneself(demo: Demo) -> None:
    """The sink asks for the password, keeps a copy in the home, and delivers what is for Robin."""
    context = ssl.create_default_context(cafile=demo.ports.ca)
    with smtplib.SMTP_SSL("localhost", demo.ports.smtp, context=context, timeout=20) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login(demo.ports.user, "wrong")
        smtp.login(demo.ports.user, demo.ports.password)
        smtp.sendmail(demo.account.email, [demo.account.email, "x@post.example"], b"Subject: to me\r\n\r\nhello\r\n")
    kept = sorted((demo.home / "smtp").iterdir())
    assert kept[0].read_bytes() == b"Subject: to me\r\n\r\nhello\r\n"
    assert kept[1].read_text().split("\n") == [demo.account.email, demo.account.email, "x@post.example"]
    with logged_in(demo.ports) as client:
        client.select("INBOX")
        assert client.search(None, "SUBJECT", '"to me"')[1] != [b""]


def test_nothing_is_left_after_stop() -> None:
    """No process, no folder."""
    with Demo(messages=5) as demo:
        home, process = demo.home, demo._child
        assert home.is_dir()
    assert process is not None
    assert process.poll() is not None
    assert not home.exists()


def test_nothing_is_left_when_the_client_is_killed() -> None:
    """The server sees the end of the pipe, removes the home and ends."""
    program = (
        "import os, signal\nfrom tui_mail.demo.server import Demo\ndemo = Demo(messages=5).start()\n"
        "print(demo.ports.to_json(), demo._child.pid, sep='\\n', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    ports, pid = killed.stdout.splitlines()
    assert killed.returncode == -signal.SIGKILL
    assert wait_until(lambda: not Path(Ports.from_json(ports).home).exists(), 10)
    assert wait_until(gone(int(pid)), 10)


def test_it_runs_alone_with_a_port_file(tmp_path: Path) -> None:
    """A shell starts it, reads where it listens, and ends it with a signal."""
    port_file = tmp_path / "ports.json"
    argv = [sys.executable, "-m", "tui_mail.demo.server", "--messages=10", f"--port-file={port_file}"]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as server:
        try:
            assert wait_until(port_file.exists, 20)
            said = json.loads(port_file.read_text())
            assert {"imap", "smtp", "user", "password", "ca", "home"} <= set(said)
            with logged_in(Ports(**said)) as client:
                assert client.select("INBOX")[1] == [b"10"]
        finally:
            server.terminate()
        assert server.wait(10) == 0
    assert not Path(said["home"]).exists()


def whole(answer: tuple[str, Any]) -> bytes:
    """Everything an answer holds, in one piece."""
    assert answer[0] == "OK"
    return b" ".join(piece for item in answer[1] for piece in (item if isinstance(item, tuple) else (item,)))


def gone(pid: int) -> Callable[[], bool]:
    """A question that is true once the process has ended."""

    def answer() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"

    return answer

"""Every payload that a terminal obeys, wherever mail is shown, through the whole program to the last byte."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path

import pytest

from tests.hostile.mail import with_payload
from tests.hostile.payloads import EYE, TERMINAL
from tests.terminal.conftest import PROGRAM, ROOT
from tests.terminal.terminal import Terminal
from tests.terminal.test_program import CONTENT_OBEYED, OUR_SEQUENCE
from tests.ui.world import World
from tests.unit.test_mime_pictures import with_words
from tui_mail.mime.headers import parse_headers
from tui_mail.model import Flag, Role
from tui_mail.store import bodies, folders, messages
from tui_mail.store.database import Transaction
from tui_mail.store.folders import KnownFolder
from tui_mail.store.messages import Arrival

pytestmark = pytest.mark.terminal

PAYLOADS = TERMINAL | EYE
CONFIG = """
[accounts.work]
name = "Anna Berg"
email = "anna@example.org"

[accounts.work.incoming]
host = "127.0.0.1"
port = 9
security = "none"
user = "anna"
password_command = ["echo", "secret"]
"""
HYPERLINK = re.compile(rb"\x1b\]8;[^;]*;([^\x07\x1b]*)\x1b\\")


def fill(home: Path, raws: list[bytes]) -> None:
    """A store with these messages, and one folder for each payload; its server is not there."""
    made = World(home)
    try:
        home.mkdir(exist_ok=True)
        (home / "config.toml").write_text(CONFIG)
        (home / "config.toml").chmod(0o600)
        arrivals = [
            Arrival(number, Flag.NONE, (), 1_790_000_000 - number, len(raw), parse_headers(raw))
            for number, raw in enumerate(raws, start=1)
        ]
        inbox = made.folder().id

        def job(txn: Transaction) -> dict[int, int]:
            owner = folders.account_id(txn, "work")
            messages.insert(txn, owner, inbox, arrivals)
            folders.set_progress(txn, inbox, synced_min_uid=1, uidvalidity=1, on_server=len(raws))
            for number, payload in enumerate(PAYLOADS.values()):
                name = payload.encode("utf-8", "replace").decode()
                folders.add(txn, owner, KnownFolder(f"Box {number} {name}", "/", Role.NONE, True))
            return dict(txn.sql.execute("SELECT uid, id FROM message WHERE folder_id = ?", (inbox,)).fetchall())

        ids = made.db.run(job)
        bodies.save(made.db, [bodies.pack(ids[number], raw) for number, raw in enumerate(raws, start=1)])
    finally:
        made.client.stop()


def test_no_payload_reaches_the_terminal(tmp_path: Path) -> None:
    """In the list, the reader, its reasons, all headers, the source, the links, the folders and the search."""
    home = tmp_path / "home"
    fill(home, [with_payload(payload, f"mark {number}.") for number, payload in enumerate(PAYLOADS.values())])
    with Terminal([*PROGRAM, "--home", str(home)], columns=80, rows=60, cwd=ROOT) as screen:
        screen.wait_for("Payload")
        screen.press("enter")
        for number in range(len(PAYLOADS)):
            screen.wait_for(f"mark {number}.")
            screen.press("t", "h")
            screen.wait_for("X-Odd")
            screen.press("V")
            screen.wait_for("From: =?utf-8")
            screen.press("G")
            screen.wait_for(f"end of mark {number}.")
            screen.press("V", "h", "t")
            screen.wait_for(lambda terminal: "=?utf-8" not in terminal.text and "X-Odd" not in terminal.text)
            screen.press("J")
        screen.press("o")
        screen.seconds_until_quiet(time.perf_counter())
        for _ in range(5):  # out of what "o" opened, and out of the reader
            if "Enter open" not in screen.text:
                screen.press("escape")
                screen.seconds_until_quiet(time.perf_counter(), quiet=0.5)
        screen.wait_for("Enter open")
        screen.press("shift+tab")
        screen.wait_for("Box 1")
        screen.press("G")
        screen.wait_for(f"Box {len(PAYLOADS) - 1}")
        screen.press("enter")
        screen.seconds_until_quiet(time.perf_counter())
        screen.press("/")
        screen.wait_for("Enter to the list")
        screen.press("P", "l", "a", "i", "n")
        screen.wait_for("Payload")
        screen.press("escape")
        screen.wait_for("Enter open")
        screen.press("q")
        screen.wait_end()
        raw = screen.raw
    check(raw)


def check(raw: bytes) -> None:
    """All that was written is our own."""
    for name, payload in TERMINAL.items():
        octets = payload.encode()
        assert len(octets) < 3 or octets not in raw, name
    assert not CONTENT_OBEYED.search(raw.decode("utf-8"))
    assert all(b"pwned" not in link for link in HYPERLINK.findall(raw))
    left = OUR_SEQUENCE.sub(b"", raw)
    assert re.findall(rb".{0,20}[\x00-\x07\x0b\x0c\x0e-\x1f\x7f].{0,20}", left, re.DOTALL) == []


def test_no_octet_of_a_picture_reaches_the_terminal(tmp_path: Path) -> None:
    """Words for a terminal in its metadata and its name, a sixel that calls itself a picture."""
    home = tmp_path / "home"
    sixel = b"\x1bPq#0;2;0;0;0#0~~@@vv@@~~$-\x1b\\"
    files = (("\x1b]0;PWN\x07.png", with_words()), ("s.png", sixel), ("kitty.gif", b"\x1b_Gf=24;AAAA\x1b\\"))
    parts = b"".join(
        b'--b\r\nContent-Type: image/png; name="%s"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n'
        % (name.encode(), base64.encodebytes(content))
        for name, content in files
    )
    head = b"From: a@b.test\r\nSubject: Pictures\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    fill(home, [head + b"--b\r\n\r\nSee below.\r\n" + parts + b"--b--\r\n"])
    with Terminal([*PROGRAM, "--home", str(home)], columns=80, rows=40, cwd=ROOT) as screen:
        screen.wait_for("Pictures")
        screen.press("enter")
        screen.wait_for("See below.")
        screen.press("P")
        screen.wait_for("▀▀▀▀▀▀▀▀")
        screen.press("A")
        screen.wait_for("Enter look")
        screen.press("j")
        screen.wait_for("not shown here")
        screen.press("escape")
        screen.wait_for(lambda terminal: "Enter look" not in terminal.text)
        raw = screen.raw
    check(raw)
    assert b"\x1bP" not in raw
    assert b"\x1b_" not in raw

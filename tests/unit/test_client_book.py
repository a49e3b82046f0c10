"""Address books of other programs, and links that another process hands over."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from tui_mail.client.book import Book
from tui_mail.client.takeover import Takeover, hand_over
from tui_mail.mime.vcards import read_folder
from tui_mail.outgoing import ComposeSettings
from tui_mail.paths import paths

CARD = """BEGIN:VCARD
VERSION:3.0
FN:Ola Nordmann
N:Nordmann;Ola;;;
EMAIL;TYPE=INTERNET:ola@nordmann.example
EMAIL;TYPE=WORK:o.n@club.example
END:VCARD
"""


def test_cards_of_a_folder(tmp_path: Path) -> None:
    """Names and addresses, made safe; what is no card is left out."""
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "ola.vcf").write_text(CARD)
    (tmp_path / "evil.vcf").write_text(CARD.replace("Ola Nordmann", "Eve\x1b[31m\u202eliam").replace("ola@", "eve@"))
    (tmp_path / "noise.vcf").write_bytes(os.urandom(500))
    (tmp_path / "other.txt").write_text(CARD)
    found = read_folder(tmp_path)
    assert [str(one.email) for one in found] == [
        "ola@nordmann.example", "o.n@club.example", "eve@nordmann.example", "o.n@club.example",
    ]  # fmt: skip
    assert all("\x1b" not in one.name and "\u202e" not in one.name for one in found)


def test_what_a_command_answers() -> None:
    """Lines of address and name count, headings do not; what was typed is one word of it, whatever it holds."""
    command = ("printf", r"%s\nola@x.example\tOla; rm -rf\tx\nno address\tx\n")
    book = Book(ComposeSettings(address_book_command=command))
    assert [(one.email, one.name) for one in book.ask("ola; touch /tmp/x")] == [("ola@x.example", "Ola; rm -rf")]
    assert book.ask("-rf") == []
    assert Book(ComposeSettings(address_book_command=("/nowhere/at/all", "%s"))).ask("ola") == []
    assert Book(ComposeSettings(address_book_command=("sleep", "60"))).ask("0") == []


def test_running_screen_takes_a_link(tmp_path: Path) -> None:
    """It is told once, on a socket that nobody else can reach; afterwards nobody listens."""
    where, taken, told = paths(tmp_path), list[str](), threading.Event()
    where.prepare()
    assert not hand_over(where, "mailto:a@b.example")

    def take(link: str) -> None:
        taken.append(link)
        told.set()

    screen, second = Takeover(where, take), Takeover(where, take)
    screen.start()
    second.start()
    try:
        assert stat.S_IMODE((where.state / "screen.sock").stat().st_mode) == 0o600
        assert hand_over(where, "mailto:a@b.example?subject=x\nmailto:c@d.example")
        assert told.wait(5)
        assert taken == ["mailto:a@b.example?subject=x mailto:c@d.example"]
    finally:
        second.close()
        screen.close()
    assert not hand_over(where, "mailto:a@b.example")


def test_socket_of_a_screen_that_was_killed(tmp_path: Path) -> None:
    """What it left is in nobody's way."""
    where = paths(tmp_path)
    where.prepare()
    (where.state / "screen.sock").write_text("left behind")
    screen = Takeover(where, lambda _: None)
    screen.start()
    try:
        assert hand_over(where, "mailto:a@b.example")
    finally:
        screen.close()


@pytest.mark.parametrize("file", ["tui_mail/share/tui-mail.desktop"])
def test_desktop_file_names_the_command(file: str) -> None:
    """A desktop starts it in a terminal for mailto: links."""
    text = (Path(__file__).parents[2] / file).read_text("utf-8")
    for line in ("Exec=tui-mail mailto %u", "Terminal=true", "MimeType=x-scheme-handler/mailto;"):
        assert line in text.splitlines()

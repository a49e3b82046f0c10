"""The assistant with the whole program in a terminal: from an address to the first message, by typing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.postfix import Postfix
from tests.terminal.conftest import PROGRAM, letter
from tests.terminal.terminal import Terminal

pytestmark = [pytest.mark.server, pytest.mark.terminal]


@contextmanager
def newcomer(home: Path, *words: str, columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """Somebody who starts the program for the first time."""
    with Terminal([*PROGRAM, "--home", str(home), *words], columns=columns, rows=rows) as terminal:
        terminal.wait_for("Set up your mail", 30)
        terminal.wait_for("E-mail", 30)
        yield terminal


def over(terminal: Terminal, text: str) -> None:
    """Type instead of what the field holds."""
    terminal.send("\x1b[F" + "\x7f" * 60 + text)


def keeping_nothing(terminal: Terminal, last: str, subject: str) -> None:
    """From the page that asks where the secret is kept, which nobody does, over the `last` one to the first message."""
    terminal.wait_for("Not at all", 15)
    terminal.press("up")
    terminal.send(" ")
    terminal.wait_for("● Not at all", 10)
    terminal.press("tab", "enter")
    terminal.wait_for(last, 15)
    terminal.press("enter")
    terminal.wait_for(subject, 60)
    terminal.press("q")
    terminal.wait_end(15)


def test_from_an_address_to_the_first_message(postfix: Postfix, tmp_path: Path) -> None:
    """Nobody knows this provider: servers by hand, their certificate trusted by decision, then mail is read."""
    user = postfix.new_user()
    postfix.dovecot.deliver(user, letter("Welcome on board"))
    account = postfix.account(user)
    assert account.outgoing is not None
    with newcomer(tmp_path) as terminal:
        over(terminal, "Ola Nilsen")
        terminal.press("enter")
        terminal.send(postfix.address(user))
        terminal.press("enter")
        terminal.send("secret")
        terminal.press("enter", "enter")
        terminal.wait_for("2 of 5", 15)
        terminal.wait_for("are a guess", 30)
        for leg, server in (("incoming", account.incoming), ("outgoing", account.outgoing)):
            over(terminal, server.host)
            terminal.press("tab")
            over(terminal, str(server.port))
            terminal.press("tab", "tab")
            if leg == "incoming":
                over(terminal, user)
                terminal.press("tab", "tab", "tab")
        terminal.press("enter", "enter")
        terminal.wait_for("3 of 5", 15)
        for leg in ("Incoming", "Outgoing"):
            wanted = f"{leg}: Trust this certificate"
            terminal.wait_for(lambda shown, wanted=wanted: wanted in shown.text and "Use it anyway" in shown.text, 60)
            terminal.press("enter")
        terminal.wait_for("Continue", 60)
        terminal.press("enter")
        terminal.wait_for("4 of 5", 15)
        keeping_nothing(terminal, "5 of 5", "Welcome on board")
    assert "secret" not in (tmp_path / "config.toml").read_text()
    assert not (tmp_path / "state" / "setup.json").exists()


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """Nothing half-made is left; the next start has the answers, and Esc ends it."""
    with newcomer(tmp_path) as terminal:
        over(terminal, "Ola Nilsen")
        terminal.press("enter")
        terminal.send("ola@mail.invalid")
        terminal.press("enter")
        terminal.send("secret")
        terminal.press("enter", "enter")
        terminal.wait_for("2 of 5", 15)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait_end(10)
    assert not (tmp_path / "config.toml").exists()
    assert "secret" not in (tmp_path / "state" / "setup.json").read_text()
    with newcomer(tmp_path) as terminal:
        terminal.wait_for("ola@mail.invalid")
        terminal.press("escape")
        assert terminal.wait_end(15) == 1
    assert not (tmp_path / "config.toml").exists()
    assert not (tmp_path / "state" / "setup.json").exists()


def test_another_account_from_the_screen(postfix: Postfix, tmp_path: Path) -> None:
    """`g n` opens the assistant over the inbox; leaving it changes nothing."""
    from tests.terminal.writer import Writer

    writer = Writer(postfix, tmp_path)
    with writer.screen() as terminal:
        terminal.wait_for("live", 30)
        terminal.send("gn")
        terminal.wait_for("Password", 15)
        terminal.press("escape")
        terminal.wait_for(lambda shown: "Set up your mail" not in shown.text and "Nothing left" in shown.text, 15)
        terminal.press("q")
        terminal.wait_end(15)

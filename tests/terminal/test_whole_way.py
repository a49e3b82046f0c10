"""From an address to the first message: name, address and password are typed, everything else is found.

The program is the real one, on an internet of its own (tests/servers/island.py).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers import island as islands
from tests.servers.island import PASSWORD, PLACES, SUBJECT, Island
from tests.terminal.conftest import PROGRAM
from tests.terminal.terminal import Terminal
from tui_mail.config.accounts import load
from tui_mail.model import Account
from tui_mail.paths import paths

pytestmark = [pytest.mark.server, pytest.mark.terminal]

FOUND = {
    "own.example": ("in.own.example:993 tls", "out.own.example:465 tls", "anna@own.example"),
    "listed.example": ("mail.listed.example:993 tls", "mail.listed.example:587 starttls", "anna"),
    "company.example": ("imap.fastmail.com:993 tls", "smtp.fastmail.com:465 tls", "anna@company.example"),
    "records.example": ("post.records.example:993 tls", "send.records.example:465 tls", "anna@records.example"),
    "starttls.example": (
        "post.starttls.example:143 starttls",
        "post.starttls.example:587 starttls",
        "anna@starttls.example",
    ),
    "plain.example": ("imap.plain.example:993 tls", "smtp.plain.example:465 tls", "anna@plain.example"),
    "drop.example": ("pop.drop.example:995 tls", "smtp.drop.example:465 tls", "anna@drop.example"),
    "six.example": ("imap.six.example:993 tls", "smtp.six.example:465 tls", "anna@six.example"),
}
"""Servers and user name of each place."""


@pytest.fixture(scope="module")
def island() -> Iterator[Island]:
    need(islands.missing())
    with Island() as there:
        yield there


@contextmanager
def newcomer(island: Island, home: Path) -> Iterator[Terminal]:
    """Somebody who starts the program for the first time."""
    argv = [*island.inside, *PROGRAM, "--home", str(home)]
    with Terminal(argv, env=island.env, columns=80, rows=24) as terminal:
        terminal.wait_for("E-mail", 30)
        yield terminal


def introduce(terminal: Terminal, address: str, password: str = PASSWORD) -> None:
    """All that somebody knows about their mail."""
    for answer in ("Anna Berg", address, password, ""):
        terminal.send(answer)
        terminal.press("enter")
    terminal.wait_for("2 of 5", 15)


def go_on(terminal: Terminal, button: str, page: str) -> None:
    """Wait until the focus is seen to be on a button, which then has no brackets, and press it."""
    terminal.wait_for(f" {button} ", 60)
    terminal.press("enter")
    terminal.wait_for(page, 60)


def the_account(home: Path) -> Account:
    (account,) = load(paths(home)).accounts
    return account


@pytest.mark.parametrize("domain", PLACES)
def test_everything_else_is_found(island: Island, tmp_path: Path, domain: str) -> None:
    """Three answers, Enter, and the letter is on the screen; nothing had to be corrected."""
    with newcomer(island, tmp_path) as terminal:
        introduce(terminal, f"anna@{domain}")
        go_on(terminal, "Test these settings", "3 of 5")
        go_on(terminal, "Continue", "4 of 5")
        terminal.wait_for("Not at all", 15)
        terminal.press("up")
        terminal.send(" ")
        terminal.wait_for("● Not at all", 10)
        terminal.press("tab", "enter")
        go_on(terminal, "Open my mail", SUBJECT)
        terminal.press("q")
        terminal.wait_end(15)
    account = the_account(tmp_path)
    assert account.outgoing is not None
    servers = [f"{one.host}:{one.port} {one.security}" for one in (account.incoming, account.outgoing)]
    assert (*servers, account.incoming.user) == FOUND[domain]
    assert not account.incoming.fingerprint, "a certificate that is vouched for needs no decision"
    assert PASSWORD not in (tmp_path / "config.toml").read_text()


def test_an_ipv6_that_leads_nowhere_is_said(island: Island, tmp_path: Path) -> None:
    """IPv4 is used, and nobody has to wait for the other; that it is broken can be read at both servers."""
    with newcomer(island, tmp_path) as terminal:
        introduce(terminal, "anna@six.example")
        go_on(terminal, "Test these settings", "3 of 5")
        terminal.wait_for(lambda shown: shown.text.count("cannot be reached from here") == 2, 60)
        terminal.wait_for(" Continue ", 60)


def test_a_wrong_password(island: Island, tmp_path: Path) -> None:
    """The provider's card says which one it wants, and so does the refusal; the right one is typed, and all is well."""
    with newcomer(island, tmp_path) as terminal:
        introduce(terminal, "anna@company.example", "wrong")
        terminal.wait_for("make an app password", 30)
        go_on(terminal, "Test these settings", "3 of 5")
        terminal.wait_for("was not accepted", 60)
        assert "wrong" not in terminal.text
        assert not (tmp_path / "config.toml").exists()
        terminal.press("escape")
        terminal.wait_for("2 of 5", 15)
        terminal.press("escape")
        terminal.wait_for("1 of 5", 15)
        terminal.press("enter", "enter")
        terminal.send("\x1b[F" + "\x7f" * 10 + PASSWORD)
        terminal.press("enter", "enter")
        terminal.wait_for("2 of 5", 15)
        go_on(terminal, "Test these settings", "3 of 5")
        terminal.wait_for(" Continue ", 60)


def test_no_password_yet(island: Island, tmp_path: Path) -> None:
    """Once the settings are found, what is missing has the cursor."""
    with newcomer(island, tmp_path) as terminal:
        introduce(terminal, "anna@company.example", "")
        terminal.wait_for("sending ✓", 30)
        terminal.send(PASSWORD)
        terminal.wait_for("•" * len(PASSWORD), 15)
        terminal.press(*["enter"] * 5)
        go_on(terminal, "Test these settings", "3 of 5")
        terminal.wait_for(" Continue ", 60)


def test_killed_on_every_page_and_begun_anew(island: Island, tmp_path: Path) -> None:
    """The address need not be typed again, settings are found again, and in the end there is one of everything."""
    signs = ("2 of 5", " Test these settings ", " Continue ", "Not at all", " Open my mail ")
    for killed_at in (*signs, None):
        with newcomer(island, tmp_path) as terminal:
            if killed_at == signs[0]:
                introduce(terminal, "anna@records.example")
            else:
                terminal.wait_for("anna@records.example", 15)
                terminal.send(PASSWORD)
                terminal.wait_for("•" * len(PASSWORD), 15)
                terminal.press("enter", "enter")
            for sign in signs:
                terminal.wait_for(sign, 60)
                if sign == killed_at:
                    os.kill(terminal.pid, signal.SIGKILL)
                    terminal.wait_end(10)
                    break
                if sign == "Not at all":
                    terminal.press("up")
                    terminal.send(" ")
                    terminal.wait_for("● Not at all", 10)
                    terminal.press("tab")
                if sign != signs[0]:
                    terminal.press("enter")
            else:
                terminal.wait_for(SUBJECT, 60)
                terminal.press("q")
                terminal.wait_end(15)
        if killed_at is not None:
            assert not (tmp_path / "config.toml").exists()
            assert PASSWORD not in (tmp_path / "state" / "setup.json").read_text()
    assert the_account(tmp_path).incoming.host == "post.records.example"
    assert not (tmp_path / "state" / "setup.json").exists()


def test_who_is_quicker_than_the_search_is_asked_to_wait(island: Island, tmp_path: Path) -> None:
    """Enter on a page that is still empty loses nothing: the settings come, and go on."""
    with newcomer(island, tmp_path) as terminal:
        for answer in ("Anna Berg", "anna@plain.example", PASSWORD):
            terminal.send(answer)
            terminal.press("enter")
        terminal.press(*["enter"] * 12)
        terminal.wait_for("plain.example", 30)
        terminal.wait_for(lambda shown: "3 of 5" in shown.text or "Found: " in shown.text, 60)
        for _ in range(10):  # the last of those before may have come to a field, and one more to the button
            if "3 of 5" in terminal.text:
                break
            terminal.seconds_until_quiet(terminal.press("enter"), quiet=0.5, timeout=5)
        terminal.wait_for(" Continue ", 60)

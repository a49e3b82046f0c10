"""The whole program, where somebody else takes mail out of the mailbox that it reads by POP3."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot, wait_until
from tests.terminal.conftest import Person, letter
from tests.terminal.terminal import Terminal
from tui_mail.model import Protocol

pytestmark = [pytest.mark.server, pytest.mark.terminal]

SAID = "2 messages of work that tui-mail left"


def test_it_is_said_on_the_screen_once(dovecot: Dovecot, tmp_path: Path) -> None:
    """While the screen runs, another client deletes two letters: one sentence comes up, and not at the next start."""
    person = Person(dovecot, tmp_path)
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 5)))
    server = dovecot.account(person.user, Protocol.POP3).incoming
    assert person.add(protocol="pop3", host=server.host, port=server.port).code == 0
    assert all(person.run("sync").code == 0 for _ in range(2))
    with person.screen() as screen:
        screen.wait_for("live", 20)
        with person.elsewhere() as other:
            other.store("1:2", "+FLAGS", "\\Deleted")
            other.expunge()
        assert wait_until(lambda: said_after_asking(screen), 40), screen.text
        assert all(f"Letter {number}" in screen.text for number in range(1, 5))
    assert SAID in person.run("account", "list").words
    with person.screen() as screen:
        screen.wait_for("live", 20)
        assert SAID not in screen.text


def said_after_asking(screen: Terminal) -> bool:
    """Ask the server for news now, as a person would; True once the sentence is there."""
    asked = screen.send("\x12")
    return wait_until(lambda: SAID in screen.text or time.monotonic() > asked + 1.5, 3) and SAID in screen.text

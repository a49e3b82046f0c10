"""Writing and sending with the whole program in a terminal: typed, attached, sent, arrived, filed; cut and killed."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.dovecot import wait_until
from tests.terminal.conftest import letter
from tests.terminal.terminal import Terminal
from tests.terminal.writer import Writer

pytestmark = [pytest.mark.server, pytest.mark.terminal]


@pytest.fixture
def quick(writer: Writer) -> Writer:
    """A person whose undo window is a second, and whose Sent copies need no look at the server first."""
    config = writer.home / "config.toml"
    text = config.read_text("utf-8")
    text = text.replace("[accounts.work.incoming]", 'save_sent = "copy"\n\n[accounts.work.incoming]', 1)
    config.write_text(f"{text}\n[compose]\nundo_send = 1\n", "utf-8")
    return writer


def line_with(*texts: str) -> Callable[[Terminal], bool]:
    """One line of the screen has all of these."""

    def question(terminal: Terminal) -> bool:
        return any(all(text in line for text in texts) for line in terminal.lines)

    question.__doc__ = f"a line with {texts}"
    return question


def begun(terminal: Terminal) -> None:
    """A new message is open."""
    terminal.wait_for("live", 30)
    terminal.press("c")
    terminal.wait_for(line_with("Subject"))
    terminal.wait_for("New message")


def test_write_attach_send(quick: Writer, tmp_path: Path) -> None:
    """Typed with the keyboard alone: it arrives with its file, is in Sent here and there, and no draft is left."""
    receiver = quick.post.new_user()
    (tmp_path / "notes.txt").write_text("what was said")
    with quick.screen() as terminal:
        begun(terminal)
        terminal.send(quick.post.address(receiver))
        terminal.press("tab", "tab", "tab")
        terminal.send("Minutes of today")
        terminal.press("tab")
        terminal.send("Hello,\rthe minutes are below.\r")
        terminal.wait_for("the minutes are below")
        terminal.press("ctrl+t")
        terminal.wait_for("Attach a file")
        terminal.send(str(tmp_path / "notes.txt"))
        terminal.wait_for(line_with("notes.txt", "13 B"))
        terminal.press("enter")
        terminal.wait_for(line_with("⎘ 1 notes.txt"))
        terminal.press("ctrl+s")
        terminal.wait_for("sending")
        [raw] = quick.post.arrived(receiver)
        assert b"Subject: Minutes of today" in raw
        assert b"filename=notes.txt" in raw.replace(b'"', b"")
        assert b"the minutes are below." in raw
        terminal.press("g", "s")
        terminal.wait_for(line_with("To: ", "Minutes of today"), 30)
        terminal.press("g", "o")
        terminal.wait_for(line_with("sent", "stored in Sent"), 30)
        terminal.press("escape")
    assert wait_until(lambda: quick.subjects("Sent") == ["Minutes of today"], 20)
    assert quick.subjects("Drafts") == []


def test_reply_marks_what_was_answered(quick: Writer) -> None:
    """The answer goes to who wrote, in the thread; the flag is on the server once it was accepted."""
    receiver = quick.post.new_user()
    quick.deliver(letter("How are you", sender=f"Bea <{quick.post.address(receiver)}>"))
    with quick.screen() as terminal:
        terminal.wait_for(line_with("Bea", "How are you"), 30)
        terminal.press("r")
        terminal.wait_for(line_with("To", quick.post.address(receiver)))
        terminal.wait_for(line_with("Re: How are you"))
        terminal.send("Fine!")
        terminal.wait_for("Fine!")
        terminal.press("ctrl+s")
        [raw] = quick.post.arrived(receiver)
        assert re.search(rb"In-Reply-To: *\r?\n? *<", raw)
        assert b"> What How are you says." in raw
        assert wait_until(lambda: r"\Answered" in quick.flags()[0], 20)
        terminal.wait_for(line_with("↩", "How are you"))


def test_killed_while_typing(quick: Writer) -> None:
    """After kill -9 at most the last two seconds are gone; the next start says that a draft was recovered."""
    with quick.screen() as terminal:
        begun(terminal)
        terminal.send("someone@test.example")
        terminal.press("tab", "tab", "tab")
        terminal.send("Unfinished")
        terminal.press("tab")
        for word in ("one ", "two ", "three "):
            terminal.send(word)
            terminal.wait_for(word.strip())
        typed = time.monotonic()
        assert wait_until(lambda: time.monotonic() - typed > 2.0, 5)
        terminal.send("lost")
        os.kill(terminal.pid, signal.SIGKILL)
    with quick.screen() as terminal:
        terminal.wait_for("1 draft recovered", 30)
        terminal.press("g", "d")
        terminal.wait_for(line_with("Unfinished"), 20)
        terminal.press("enter")
        terminal.wait_for("one two three", 20)
    assert wait_until(lambda: quick.subjects("Drafts") == ["Unfinished"], 20)


def test_killed_while_an_editor_is_open(quick: Writer, tmp_path: Path) -> None:
    """What was saved in the editor outlives kill -9: the next start takes it over into the draft."""
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "Saved there" >> "$1"\necho "it is saved"\nexec sleep 60\n')
    editor.chmod(0o700)
    config = quick.home / "config.toml"
    config.write_text(config.read_text("utf-8") + f'editor = "{editor}"\n', "utf-8")
    with quick.screen() as terminal:
        begun(terminal)
        terminal.send("someone@test.example")
        terminal.press("tab", "tab", "tab")
        terminal.send("Unfinished")
        terminal.press("ctrl+e")
        terminal.wait_for("it is saved")
        os.kill(terminal.pid, signal.SIGKILL)
    with quick.screen() as terminal:
        terminal.wait_for("1 draft recovered", 30)
        terminal.press("g", "d")
        terminal.wait_for(line_with("Unfinished"), 20)
        terminal.press("enter")
        terminal.wait_for("Saved there", 20)


def test_server_for_sending_is_away(quick: Writer) -> None:
    """The screen says that it waits and why; when the server is back it is sent, once."""
    receiver = quick.post.new_user()
    quick.post.kill()
    with quick.screen() as terminal:
        begun(terminal)
        terminal.send(quick.post.address(receiver))
        terminal.press("tab", "tab", "tab")
        terminal.send("Patience")
        terminal.press("tab")
        terminal.send("text")
        terminal.wait_for("text")
        terminal.press("ctrl+s")
        terminal.wait_for("1 sending")
        terminal.press("g", "o")
        terminal.wait_for("does not accept connections", 20)
        quick.post.start()
        terminal.press("r")
        terminal.wait_for(line_with("Patience", "sent"), 30)
    assert len(quick.post.arrived(receiver)) == 1


def test_links_of_other_programs(quick: Writer) -> None:
    """The running screen takes a mailto: link over, with the safe fields only; without one, a screen opens with it."""
    link = "mailto:bea@test.example?subject=From%20a%20page&body=Hello&attach=/etc/passwd"
    with quick.screen() as terminal:
        terminal.wait_for("live", 30)
        assert wait_until((quick.home / "state" / "screen.sock").exists, 10)
        given = quick.run(link)
        assert given.code == 0, given.words
        terminal.wait_for(line_with("To", "bea@test.example"))
        terminal.wait_for(line_with("Subject", "From a page"))
        assert "passwd" not in terminal.text.replace("attach=/etc/passwd", "")
    with quick.screen(link.replace("bea", "cleo")) as terminal:
        terminal.wait_for(line_with("To", "cleo@test.example"), 30)
        terminal.wait_for(line_with("Subject", "From a page"))


def test_address_book_of_another_program(quick: Writer, tmp_path: Path) -> None:
    """What it answers is offered below what is known here, and taken with Enter."""
    book = tmp_path / "book"
    book.write_text('#!/bin/sh\nprintf "found\\nolga@test.example\\tOlga Lund\\n"\n')
    book.chmod(0o755)
    config = quick.home / "config.toml"
    text = config.read_text("utf-8")
    config.write_text(text.replace("[compose]", f'[compose]\naddress_book_command = ["{book}"]', 1), "utf-8")
    with quick.screen() as terminal:
        begun(terminal)
        terminal.send("olg")
        terminal.wait_for(line_with("Olga Lund"))
        terminal.press("enter")
        terminal.wait_for(line_with("To", "Olga Lund <olga@test.example>,"))

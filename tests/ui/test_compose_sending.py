"""From the composer to the outbox and back: checks, taking back, spelling, the person's own editor."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.ui.test_compose_screen import SMALL, WIDE, WORK, composer, drafts, opened
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.outgoing import OutboxEntry, SendState
from tui_mail.store import blobs, contacts
from tui_mail.ui.editor import editor_command
from tui_mail.ui.screens.compose import Composer
from tui_mail.ui.screens.picker import Picker
from tui_mail.ui.spelling import spell_command


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Three messages; long enough to take sending back."""
    letters = [Letter(f"Subject {n}", body=f"Body {n}\n", age=60 + n * 60) for n in range(3)]
    with world(tmp_path, letters, [WORK]) as made:
        made.client.compose = replace(made.client.compose, undo_send=60)
        yield made


def outbox(mail: World) -> list[OutboxEntry]:
    return mail.client.outbox()


async def test_sending_and_taking_it_back(mail: World) -> None:
    """The composer closes, the inbox says what goes on, z brings everything back as it was."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot, app, "r")
        await pilot.press(*"Thanks", "ctrl+s")
        await wait_for(pilot, lambda: app.screen is app.triage)
        await wait_for(pilot, lambda: len(outbox(mail)) == 1)
        assert outbox(mail)[0].state is SendState.QUEUED
        await wait_for(pilot, lambda: "z undo" in screen_text(app).splitlines()[0])
        await wait_for(pilot, lambda: "✉ 1 sending" in screen_text(app).splitlines()[0])
        assert not app.triage.writing.open
        await pilot.press("z")
        await wait_for(pilot, lambda: app.screen is screen)
        await wait_for(pilot, lambda: "Taken back: nobody has got it." in screen_text(app))
        assert screen.body.text.startswith("Thanks")
        assert screen.body.cursor_location == (0, 6)
        assert not outbox(mail)
        await pilot.press("!", "ctrl+z")
        assert not screen.body.text.startswith("Thanks!")
        await pilot.press("x")
        await wait_for(pilot, lambda: drafts(mail) and "x" in drafts(mail)[0].body[:12])
        assert len(drafts(mail)) == 1


async def test_undo_takes_what_was_done_last(mail: World) -> None:
    """Archived after sending: z undoes that first, then sending."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, "r")
        await pilot.press("x", "ctrl+s")
        await wait_for(pilot, lambda: app.screen is app.triage and outbox(mail))
        await pilot.press("e")
        await wait_for(pilot, lambda: len(mail.client.changes()) == 1)
        await pilot.press("z")
        await wait_for(pilot, lambda: mail.client.next_undo() == 0)
        assert outbox(mail)
        await pilot.press("z")
        await wait_for(pilot, lambda: not outbox(mail) and isinstance(app.screen, Composer))


async def test_what_may_have_been_overlooked_is_asked_once(mail: World) -> None:
    """A panel lists it; Esc goes back, typing puts it away, the same key sends anyway."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: "To whom? Nothing was sent." in screen_text(app))
        await pilot.press(*"kirsten@dahl.example", "enter", "ctrl+s")
        await wait_for(pilot, lambda: "Ctrl+S sends it anyway" in screen_text(app))
        assert "subject" in screen_text(app).split("sends it anyway")[0].rsplit("───", 1)[1]
        await pilot.press("escape")
        await wait_for(pilot, lambda: "sends it anyway" not in screen_text(app))
        assert app.screen is screen
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: "sends it anyway" in screen_text(app))
        screen.subject.focus()
        await pilot.press("x")
        await wait_for(pilot, lambda: "sends it anyway" not in screen_text(app))
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: "sends it anyway" in screen_text(app))
        assert not outbox(mail)
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: len(outbox(mail)) == 1)
        await wait_for(pilot, lambda: app.screen is app.triage)


async def test_two_presses_send_once(mail: World) -> None:
    """Whoever is impatient sends one message."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot, app, "r")
        await pilot.press("x")
        for _ in range(4):
            app.simulate_key("ctrl+s")
        await wait_for(pilot, lambda: app.screen is app.triage and outbox(mail))
        assert len(outbox(mail)) == 1


async def test_what_cannot_be_sent_stays(mail: World) -> None:
    """No address: a sentence, the cursor in its field, and the draft goes on."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        await pilot.press(*"zzz", "enter", "enter", "enter", *"Subject", "ctrl+s")
        await wait_for(pilot, lambda: '"zzz" is no address; nothing was sent.' in screen_text(app))
        assert screen.focused is not None
        assert screen.focused.id == "to"
        await pilot.press(*"@x.example")
        await wait_for(pilot, lambda: drafts(mail) and drafts(mail)[0].to == "zzz@x.example")


async def test_sending_later(mail: World) -> None:
    """An hour from the list or a typed one; the status line says when."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, "r")
        await pilot.press("x", "ctrl+l")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"tomorrow mor", "enter")
        await wait_for(pilot, lambda: app.screen is app.triage and outbox(mail))
        moment = datetime.fromtimestamp(outbox(mail)[0].not_before).astimezone()
        assert (moment.hour, moment.minute) == (8, 0)
        await wait_for(pilot, lambda: "✉ 1 tomorrow 08:00" in screen_text(app).splitlines()[0])
        await opened(pilot, app, "r")
        await pilot.press("x", "ctrl+l")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"another", "enter")
        await wait_for(pilot, lambda: "Send at:" in screen_text(app))
        await pilot.press(*"nonsense", "enter")
        await wait_for(pilot, lambda: "for example" in screen_text(app))
        await pilot.press("ctrl+u", *"in 2 days", "enter")
        await wait_for(pilot, lambda: len(outbox(mail)) == 2)
        assert outbox(mail)[0].not_before - time.time() > 47 * 3600
        await opened(pilot, app, "r")
        await pilot.press("x", "ctrl+l")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"in 5 hours")
        await wait_for(pilot, lambda: " At " in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(outbox(mail)) == 3)
        assert 4 * 3600 < outbox(mail)[0].not_before - time.time() < 6 * 3600


async def test_notes_are_shown_until_they_are_understood(mail: World) -> None:
    """Replies that go elsewhere are said above the fields."""
    mail.put([Letter("Elsewhere", age=1, body="Hi\n", to="anna@example.org\nReply-To: other@far.example")])
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await wait_for(pilot, lambda: app.triage.messages.current is not None)
        screen = await opened(pilot, app, "r")
        assert "other@far.example" in screen.written().to
        if screen.notes:
            await wait_for(pilot, lambda: "F9 understood" in screen_text(app))
            await pilot.press("f9")
            await wait_for(pilot, lambda: "F9 understood" not in screen_text(app))


async def test_leaving_while_something_waits_is_said(mail: World) -> None:
    """q says that a message is not sent yet, and leaves the second time."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, "r")
        await pilot.press("x", "ctrl+s")
        await wait_for(pilot, lambda: app.screen is app.triage and app.triage.writing.sendings.open)
        await pilot.press("q")
        await wait_for(pilot, lambda: "1 message is not sent yet · q again leaves" in screen_text(app))
        assert app.is_running
        await pilot.press("q")
        await wait_for(pilot, lambda: app._exit)


async def test_protection_is_that_of_the_last_time(mail: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who got signed and encrypted mail gets it again, unless it is switched off."""
    monkeypatch.setattr(mail.client, "can_protect", lambda account, kind: True)
    people = [("Ola", "ola@x.example")]
    mail.db.run(lambda txn: contacts.written_to(txn, people, 1_000, "pgp sign encrypt"))
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, "c")
        await pilot.press(*"ola@x.example", "enter")
        await wait_for(pilot, lambda: "signed and encrypted (OpenPGP)" in screen_text(app))
        await pilot.press("ctrl+o")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"encrypt with open", "enter")
        await wait_for(pilot, lambda: "signed (OpenPGP)" in screen_text(app))
        await pilot.press("up", "end", *", kirsten@dahl.example", "enter")
        await pilot.pause()
        assert composer(app).written().sign
        assert not composer(app).written().encrypt


SPELLER = """#!/usr/bin/env python3
import sys
print("@(#) International Ispell Version 3.2.06 (but really a test)")
for line in sys.stdin:
    line = line.rstrip("\\n")
    if line[:1] in "!*#":
        continue
    for word in line[1:].split():
        if word == "Helo":
            print(f"& Helo 2 {line.index(word)}: Hello, Help")
        if word == "xqzt":
            print(f"# xqzt {line.index(word)}")
    print()
"""


async def test_spelling(mail: World, tmp_path: Path) -> None:
    """F7 goes from word to word; what is picked takes its place."""
    program = tmp_path / "speller"
    program.write_text(SPELLER)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    mail.client.compose = replace(mail.client.compose, spell_command=(str(program), "-a"))
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot, app, "r")
        await pilot.press(*"Helo", "space", *"xqzt")
        await pilot.press("f7")
        await wait_for(pilot, lambda: "“Helo” · 2 left" in screen_text(app))
        assert screen.body.selected_text == "Helo"
        await pilot.press("enter")
        await wait_for(pilot, lambda: screen.body.text.startswith("Hello xqzt"))
        await wait_for(pilot, lambda: "“xqzt” · 1 left" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Spelling: 1 word put right." in screen_text(app))
        await pilot.press("f7")
        await wait_for(pilot, lambda: "“xqzt”" in screen_text(app))
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer))
        await pilot.press("f7")
        await wait_for(pilot, lambda: "Spelling: nothing is misspelt." in screen_text(app))


async def test_no_spelling_program_is_said(mail: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""
    monkeypatch.setenv("PATH", "/nowhere")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, "r")
        await pilot.press("f7")
        await wait_for(pilot, lambda: "install hunspell or aspell" in screen_text(app))
    with pytest.raises(Exception, match="hunspell"):
        spell_command(())


EDITOR = """#!/bin/sh
sed -i -e 's/^Subject: .*/Subject: From the editor/' -e 's/^Cc:.*/Cc: boss@x.example/' "$1"
printf 'A last line\\n' >> "$1"
"""


async def test_the_persons_own_editor(mail: World, tmp_path: Path) -> None:
    """Headers and text come back as they were changed there; the file is gone."""
    program = tmp_path / "my editor"
    program.write_text(EDITOR)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    mail.client.compose = replace(mail.client.compose, editor=f"'{program}'")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot, app, "r")
        _suspendable(app)
        await pilot.press("x", "ctrl+e")
        await wait_for(pilot, lambda: screen.subject.value == "From the editor")
        assert screen.written().cc == "boss@x.example"
        assert screen.body.text.startswith("x")
        assert "A last line" in screen.body.text
        assert not list(mail.client.paths.state.glob("tui-mail-*"))
        await wait_for(pilot, lambda: drafts(mail) and drafts(mail)[0].subject == "From the editor")
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: outbox(mail) or "anyway" in screen_text(app))


async def test_an_editor_that_fails_changes_nothing(mail: World) -> None:
    """Not there, or ended with an error: said, and the draft is as it was."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot, app, "r")
        _suspendable(app)
        before = screen.body.text
        for command, words in (("/no/such/editor", "cannot be started"), ("false", "false ended with 1")):
            mail.client.compose = replace(mail.client.compose, editor=command)
            await pilot.press("ctrl+e")
            await wait_for(pilot, lambda words=words: words in screen_text(app))
            assert composer(app) is screen
        assert screen.body.text == before


BROKEN_OFF = """#!/bin/sh
printf 'Saved before it fell\\n' >> "$1"
exit 129
"""


async def test_what_an_editor_saved_before_it_fell_is_taken_over(mail: World, tmp_path: Path) -> None:
    """Whatever it ended with: the text is in the draft, that is said, and the file goes once it is on the disk."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot, app, "r")
        _suspendable(app)
        mail.client.compose = replace(mail.client.compose, editor=_program(tmp_path, BROKEN_OFF))
        await pilot.press("ctrl+e")
        await wait_for(pilot, lambda: "ended with 129; what it had saved is in the draft." in screen_text(app))
        assert screen.body.text.endswith("Saved before it fell")
        await wait_for(pilot, lambda: not list(mail.client.paths.state.glob("tui-mail-*.eml")))
        assert "Saved before it fell" in drafts(mail)[0].body


async def test_what_is_in_an_editor_when_the_program_ends_is_kept(mail: World, tmp_path: Path) -> None:
    """Killed or hung up on: the file outlives it, and the next start takes it over into its draft."""
    await asyncio.sleep(1.1)  # drafts are dated by the second, and this one is not from before the program began
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, "r")
        _suspendable(app)
        program = _program(tmp_path, f"#!/bin/sh\n{EDITOR}\ntouch {tmp_path}/saved\nexec sleep 60\n")
        mail.client.compose = replace(mail.client.compose, editor=program)
        await pilot.press("x", "ctrl+e")
        await wait_for(pilot, (tmp_path / "saved").exists)
        assert not mail.client.recover_drafts().result()  # it is at work
        assert len(list(mail.client.paths.state.glob("tui-mail-*.eml"))) == 1
    (before,) = drafts(mail)
    assert "A last line" not in before.body
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "1 draft recovered · g d shows it" in screen_text(app))
        (draft,) = drafts(mail)
        assert (draft.id, draft.subject, draft.in_reply_to) == (before.id, "From the editor", before.in_reply_to)
        assert "A last line" in draft.body
        assert not list(mail.client.paths.state.glob("tui-mail-*"))


def _program(folder: Path, text: str) -> str:
    program = folder / "my editor"
    program.write_text(text)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"'{program}'"


def _suspendable(app: object) -> None:
    """The driver of tests has no terminal to give away."""
    import contextlib

    app.suspend = contextlib.nullcontext  # type: ignore[attr-defined]


def test_which_editor() -> None:
    """config.toml, then VISUAL, EDITOR, vi; with arguments."""
    assert editor_command("", {}) == ["vi"]
    assert editor_command("", {"EDITOR": "nano"}) == ["nano"]
    assert editor_command("", {"EDITOR": "nano", "VISUAL": "code --wait"}) == ["code", "--wait"]
    assert editor_command("'my editor' -x", {"EDITOR": "nano"}) == ["my editor", "-x"]


async def test_a_file_that_changed_since_it_was_attached_is_asked_about(mail: World, tmp_path: Path) -> None:
    """What was attached is what goes, and a second press sends it; touched, or gone, it is no question."""
    same, other, gone = (tmp_path / f"{name}.txt" for name in ("same", "report", "gone"))
    for file in (same, other, gone):
        file.write_text("first")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot, app, "r")
        await pilot.press("x")
        screen.commands.attach([same, other, gone])
        await wait_for(pilot, lambda: len(screen.attachments) == 3)
        os.utime(same, (1, 1))
        other.write_text("later")
        gone.unlink()
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: "report.txt has changed since it was attached" in screen_text(app))
        assert "same.txt has changed" not in screen_text(app)
        assert "gone.txt has changed" not in screen_text(app)
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: len(outbox(mail)) == 1)
        kept = drafts(mail)
        blobs_of = [one.blob for draft in kept for one in draft.attachments if one.filename == "report.txt"]
        assert all(blobs.load(mail.db.read_bodies(), blob) == b"first" for blob in blobs_of)

"""Writing a message on a real store: fields, saving, several drafts, leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Key
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from tests.ui.world import NOWHERE, Letter, World, account, screen_text, wait_for, world
from tui_mail.errors import NotFound
from tui_mail.outgoing import Begun, Draft
from tui_mail.store import contacts
from tui_mail.text import SafeText
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.compose import Composer
from tui_mail.ui.screens.picker import ChoiceList, Picker
from tui_mail.ui.screens.secret_prompt import SecretPrompt

WIDE = (160, 48)
SMALL = (80, 24)
NARROW = (60, 20)
WORK = replace(
    account("work"), outgoing=NOWHERE, signature="Anna\nHouse of mail",
    aliases=("Club <club@other.example>", "*@berg.example"), signatures=(("club@other.example", "The club"),),
)  # fmt: skip


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Three messages; an account with an alias, a pattern and signatures."""
    letters = [Letter(f"Subject {n}", body=f"Body {n}\n", age=60 + n * 60) for n in range(3)]
    with world(tmp_path, letters, [WORK]) as made:
        known = [("Ola Nordmann", "ola@nordmann.example"), ("Ola Hansen", "ola.h@club.example")]
        made.db.run(lambda txn: contacts.written_to(txn, known, 1_000, ""))
        yield made


def composer(app: TuiMailApp) -> Composer:
    """The one in front."""
    assert isinstance(app.screen, Composer)
    return app.screen


async def opened(pilot: Pilot[None], app: TuiMailApp, key: str) -> Composer:
    """Press a key that begins a message, and wait for it."""
    before = app.screen
    await pilot.press(key)
    await wait_for(pilot, lambda: isinstance(app.screen, Composer) and app.screen is not before and app.screen.focused)
    return composer(app)


def drafts(mail: World) -> list[Draft]:
    return mail.client.drafts()


def in_folder(mail: World, name: str = "Drafts") -> list[str]:
    return [row.subject for row in mail.client.first_rows(mail.folder(name).id, 50)]


@pytest.mark.parametrize("size", [WIDE, SMALL, NARROW])
async def test_a_new_message(mail: World, size: tuple[int, int]) -> None:
    """Every field is there, the cursor in the first that is empty, the keys at the bottom."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot, app, "c")
        assert screen.focused is not None
        assert screen.focused.id == "to"
        await wait_for(pilot, lambda: "Ctrl+S send" in screen_text(app))
        lines = screen_text(app).splitlines()
        assert lines[0].startswith(" Inbox │ ✎ New message")
        for line, label in zip(lines[2:7], ("From", "To", "Cc", "Bcc", "Subject"), strict=True):
            assert line.startswith(f" {label}")
        assert "Anna Berg <anna@example.org> ▾" in lines[2]
        assert "-- " in screen.body.text
        assert "House of mail" in screen_text(app)
        assert all(len(line) <= size[0] for line in lines)


async def test_what_is_typed_is_on_the_disk_a_moment_later(mail: World) -> None:
    """A pause saves, typing on and on saves too, and never twice at once."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        await pilot.press(*"ola@x.example", "enter", "enter", "enter", *"Keys", "enter", *"Hello")
        await wait_for(pilot, lambda: drafts(mail) and drafts(mail)[0].body.startswith("Hello"))
        (draft,) = drafts(mail)
        assert (draft.to, draft.subject) == ("ola@x.example", "Keys")
        assert draft.message_id
        await wait_for(pilot, lambda: "draft saved" in screen_text(app))
        start = asyncio.get_running_loop().time()
        while drafts(mail)[0].body.startswith("Hello\n"):  # never a pause of 0.7 s
            await pilot.press("x")
            assert asyncio.get_running_loop().time() - start < 4
        assert len(drafts(mail)) == 1
        await wait_for(pilot, lambda: drafts(mail)[0].body == screen.body.text)
        assert not in_folder(mail)


async def test_escape_keeps_it_in_the_drafts_folder(mail: World) -> None:
    """Esc goes back at once; the draft is among the drafts, and Enter there goes on with it."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot, app, "c")
        await pilot.press(*"ola@x.example", "enter", "enter", "enter", *"Keys", "escape")
        await wait_for(pilot, lambda: app.screen is app.triage)
        await wait_for(pilot, lambda: in_folder(mail) == ["Keys"])
        await wait_for(pilot, lambda: "Kept as a draft · g d shows it" in screen_text(app))
        assert not app.triage.writing.open
        await pilot.press("g", "d")
        await wait_for(pilot, lambda: app.triage.messages.current is not None)
        screen = await opened(pilot, app, "enter")
        assert screen.subject.value == "Keys"
        assert screen.begun.id == drafts(mail)[0].id
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.triage)
        await wait_for(pilot, lambda: not app.triage.writing.open)
        assert in_folder(mail) == ["Keys"]


async def test_a_message_that_nobody_touched_leaves_nothing(mail: World) -> None:
    """Opened and left: no draft anywhere; emptied again: likewise."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "r")
        for _ in range(5):
            await pilot.pause()
        assert not screen.drafting.changed
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.triage and not app.triage.writing.open)
        assert not drafts(mail)
        await opened(pilot, app, "c")
        await pilot.press("x")
        await wait_for(pilot, lambda: drafts(mail))
        await pilot.press("backspace", "escape")
        await wait_for(pilot, lambda: app.screen is app.triage and not app.triage.writing.open)
        await wait_for(pilot, lambda: not drafts(mail))
        assert not in_folder(mail)


async def test_several_drafts_beside_the_inbox(mail: World) -> None:
    """Each is a tab; keys go round, the inbox among them; news come in behind; the status line counts them."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        first = await opened(pilot, app, "r")
        await pilot.press("ctrl+pagedown")
        assert app.screen is app.triage
        await wait_for(pilot, lambda: "✎ 1 draft open" in screen_text(app))
        second = await opened(pilot, app, "c")
        await wait_for(pilot, lambda: "Inbox │ ✎ Re: Subject 0 │ ✎ New message" in screen_text(app))
        await pilot.press(*"abc", "ctrl+pageup")
        assert app.screen is first
        mail.put([Letter("Late news", age=1)])
        mail.client._emit(_changed(mail))
        await wait_for(pilot, lambda: app.triage.messages.listing.ids[0] > 3)
        assert app.screen is first
        await pilot.press("f6")
        assert app.screen is second
        assert second.written().to == "abc"
        await pilot.press("f6")
        assert app.screen is app.triage
        await wait_for(pilot, lambda: "✎ 2 drafts open" in screen_text(app))
        await wait_for(pilot, lambda: "Late news" in screen_text(app))
        await pilot.press("g", "c")
        assert app.screen is second
        await pilot.press("shift+f6", "shift+f6")
        assert app.screen is app.triage


def _changed(mail: World) -> object:
    from tui_mail.model import FoldersChanged

    return FoldersChanged(frozenset({mail.folder().id}))


async def test_discarding_asks_by_a_second_press(mail: World) -> None:
    """Ctrl+D twice, and it is gone from the disk and from the Drafts folder."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "r")
        await pilot.press("x")
        await wait_for(pilot, lambda: drafts(mail))
        await pilot.press("ctrl+d")
        await wait_for(pilot, lambda: "Ctrl+D again throws this draft away" in screen_text(app))
        assert app.screen is screen
        await pilot.press("ctrl+d")
        await wait_for(pilot, lambda: app.screen is app.triage and not drafts(mail))
        await wait_for(pilot, lambda: "Draft discarded." in screen_text(app))


async def test_another_sender_brings_another_signature(mail: World) -> None:
    """Chosen from a list; a pattern asks for the address."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        await pilot.press("f2")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: "The club" in screen.body.text)
        assert "House of mail" not in screen.body.text
        assert (screen.written().from_name, screen.written().from_email) == ("Club", "club@other.example")
        await pilot.press("f2")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("down", "down", "enter")
        await wait_for(pilot, lambda: "Send from:" in screen_text(app))
        await pilot.press("home", *"shop", "enter")
        await wait_for(pilot, lambda: screen.written().from_email == "shop@berg.example")
        assert "House of mail" in screen.body.text


async def test_keys_in_one_piece_keep_their_order(mail: World) -> None:
    """Over a slow line many keys come at once: a Backspace deletes what was before it."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "r")
        for key in ("a", "b", "backspace", "c", "enter", "d", "left", "e", "home", "f", "ctrl+z", "delete", "end", "g"):
            app.simulate_key(key)
        await wait_for(pilot, lambda: screen.body.text.startswith("ac\n") and "g\n" in screen.body.text)
        screen.subject.focus()
        await pilot.pause()
        for key in ("home", "x", "y", "backspace", "z", "end", "backspace", "9"):
            app.simulate_key(key)
        await wait_for(pilot, lambda: screen.subject.value == "xzRe: Subject 9")


async def test_up_and_down_go_from_field_to_field(mail: World) -> None:
    """From the text up through the headers, and down again."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "r")
        seen = []
        for _ in range(7):
            await pilot.press("up")
            await pilot.pause()
            seen.append(screen.focused.id if screen.focused else "")
        assert seen == ["subject", "bcc", "cc", "to", "from", "from", "from"]
        await pilot.press("down", "down", "down", "down", "down")
        await pilot.pause()
        assert screen.focused is screen.body


async def test_files(mail: World, tmp_path: Path) -> None:
    """Dragged in, picked by their path, taken out again."""
    one = tmp_path / "house plan.txt"
    one.write_text("x" * 2_000)
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "r")
        before = screen.body.text
        await _paste(app, str(one).replace(" ", "\\ "))
        await wait_for(pilot, lambda: "⎘ 1 house plan.txt 2 kB" in screen_text(app))
        assert screen.body.text == before
        await pilot.press("ctrl+t")
        await wait_for(pilot, lambda: "Attach a file" in screen_text(app))
        await pilot.press("ctrl+u")
        await _paste(app, f"{tmp_path}/hou")
        picker = app.screen.query_one(ChoiceList)
        await wait_for(pilot, lambda: [choice.label for choice in picker.shown] == ["house plan.txt"])
        await pilot.press("enter")
        await wait_for(pilot, lambda: "and 1 more" in screen_text(app))
        assert "4 kB" in screen_text(app)
        await wait_for(pilot, lambda: len(drafts(mail)) == 1 and len(drafts(mail)[0].attachments) == 2)
        await pilot.press("f4")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(screen.attachments) == 1)
        await _paste(app, "/etc is a folder")
        await wait_for(pilot, lambda: "/etc is a folder" in screen.body.text)


async def test_a_file_that_cannot_be_read_is_said(mail: World, tmp_path: Path) -> None:
    """Typing goes on, with a sentence in the title."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        screen.commands.attach([tmp_path / "gone.txt"])
        screen.commands.attach([Path("/x/gone.txt")])
        await wait_for(pilot, lambda: "/x/gone.txt is no file; nothing was attached." in screen_text(app))


async def test_options(mail: World) -> None:
    """Markdown, priority and receipts are said below the text, and saved."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot, app, "r")
        for words in ("markdown", "high", "receipt"):
            await pilot.press("ctrl+o")
            await wait_for(pilot, lambda: isinstance(app.screen, Picker))
            await pilot.press(*words, "enter")
            await wait_for(pilot, lambda: isinstance(app.screen, Composer))
        await wait_for(pilot, lambda: "reply · Markdown · high priority · receipt" in screen_text(app))
        await wait_for(pilot, lambda: drafts(mail) and drafts(mail)[0].want_receipt)
        (draft,) = drafts(mail)
        assert draft.markdown
        assert draft.priority == "high"


async def test_a_template(tmp_path: Path, mail: World) -> None:
    """Its fields fill empty ones, its text comes first."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "thanks.txt").write_text("Subject: Thank you\nCc: boss@x.example\n\nThank you for everything.\n")
    mail.client.compose = replace(mail.client.compose, template_folder=str(folder))
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        await pilot.press("f3")
        await wait_for(pilot, lambda: "thanks" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: screen.subject.value == "Thank you")
        assert screen.written().cc == "boss@x.example"
        assert screen.body.text.startswith("Thank you for everything.\n")
        assert "House of mail" in screen.body.text


async def test_the_other_answers(mail: World) -> None:
    """Forward, forward whole, redirect and edit as new each begin what they say."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        for key, title, check in _BEGINNINGS:
            screen = await opened(pilot, app, key)
            await wait_for(pilot, lambda title=title: title in screen_text(app).splitlines()[1])
            assert check(screen), key
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.screen is app.triage and not app.triage.writing.open)


_BEGINNINGS: tuple[tuple[str, str, Callable[[Composer], bool]], ...] = (
    ("f", " Forward", lambda screen: "Body 0" in screen.body.text),
    ("F", " Forward", lambda screen: screen.attachments[0].content_type == "message/rfc822"),
    ("B", " Redirect", lambda screen: screen.body.read_only),
    ("E", " New message", lambda screen: screen.subject.value == "Subject 0"),
    ("m", " New message", lambda screen: screen.written().to == ""),
    ("a", " Reply", lambda screen: "kirsten@dahl.example" in screen.written().to),
)


async def test_only_what_is_selected_is_quoted(mail: World) -> None:
    """Selected with the mouse in the message that is read; another message forgets it."""
    mail.put([Letter("Long", age=1, body="First line\n\nSecond line\n\nThird line\n")])
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: app.triage.reading.message is not None and app.triage.reading.message.text)
        lines = ["".join(text for text, _ in runs) for runs in app.triage.reader.document.lines]
        at = next(number for number, line in enumerate(lines) if "Second" in line)
        chosen = Selection(Offset(0, at), Offset(len("Second line"), at))
        app.triage.selections = {app.triage.reader: chosen}
        screen = await opened(pilot, app, "r")
        assert "> Second line" in screen.body.text
        assert "First" not in screen.body.text
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.triage and not app.triage.writing.open)
        app.triage.selections = {app.triage.reader: chosen}
        await pilot.press("j")
        await wait_for(pilot, lambda: not app.triage.selections)


async def test_text_of_others_is_never_markup(mail: World) -> None:
    """Neither an escape nor a tag of a message or an address does anything."""
    (hostile,) = mail.put([Letter("[red]Hi[/red] \u202e[@click=app.quit]x", sender='"[b]X\x1b[2J" <x@[1.2.3.4]>',
                                  body="\x1b]52;c;aGk=\x07 [/nope]\x9b31m\n", age=1)])  # fmt: skip
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: app.triage.messages.current_id == hostile)
        screen = await opened(pilot, app, "r")
        await pilot.press("x")
        await wait_for(pilot, lambda: drafts(mail))
        text = screen_text(app)
        assert "[red]Hi[/red]" in text
        assert "[/nope]" in screen.body.text
        guard = [strip.text for strip in screen._compositor.render_strips()]
        filtered = [line for line in guard if "\x1b" in line]
        assert not filtered or app.get_line_filters()


async def test_leaving_keeps_every_open_draft(mail: World) -> None:
    """q with drafts open keeps them all before the program ends; so does the end by a signal, on this disk."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot, app, "c")
        await pilot.press(*"one", "f6")
        await opened(pilot, app, "c")
        await pilot.press(*"two", "f6")
        await pilot.press("q")
        await wait_for(pilot, lambda: not app.is_running or app._exit)
    assert sorted(draft.to for draft in drafts(mail)) == ["one", "two"]
    assert len(in_folder(mail)) == 2
    other = mail.app()
    async with other.run_test(size=SMALL) as pilot:
        await opened(pilot, other, "c")
        await pilot.press(*"three")
        other.exit()
    assert "three" in {draft.to for draft in drafts(mail)}


async def test_what_an_ended_program_left_is_recovered(mail: World) -> None:
    """A draft that was only on this disk is in the Drafts folder after the next start, and that is said."""
    blank = mail.client.blank_draft().result().draft
    mail.client.save_draft(replace(blank, subject="Half a letter", body="Dear")).result()
    mail.client._began += 60  # it begins later than that
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "1 draft recovered · g d shows it" in screen_text(app))
        assert in_folder(mail) == ["Half a letter"]


async def test_a_save_that_fails_is_said_and_tried_again(mail: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full: the title says so, typing goes on."""
    from tui_mail.errors import StoreFull
    from tui_mail.ui import drafting

    monkeypatch.setattr(drafting, "AGAIN", 0.2)
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        real = mail.client.save_draft
        full = True

        def save(draft: Draft) -> object:
            return _failed(StoreFull("The disk is full; nothing was lost.")) if full else real(draft)

        monkeypatch.setattr(screen.drafting._shelf, "save_draft", save)
        await pilot.press(*"abc")
        await wait_for(pilot, lambda: "not saved: The disk is full" in screen_text(app))
        await pilot.press("d")
        full = False
        await wait_for(pilot, lambda: drafts(mail) and drafts(mail)[0].to == "abcd")
        await wait_for(pilot, lambda: "draft saved" in screen_text(app))


def _failed(error: Exception) -> object:
    from concurrent.futures import Future

    future: Future[Draft] = Future()
    future.set_exception(error)
    return future


async def _paste(app: TuiMailApp, text: str) -> None:
    from textual import events

    app.post_message(events.Paste(text))


async def test_a_selection_is_forwarded_whole_or_said_to_be_left_out(mail: World) -> None:
    """F attaches every selected message; an answer, and f, say that they are about the one under the cursor."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("x", "j", "j", "x")
        await wait_for(pilot, lambda: "2 selected" in screen_text(app))
        screen = await opened(pilot, app, "F")
        assert [one.filename for one in screen.attachments] == ["Subject 0.eml", "Subject 2.eml"]
        assert {one.content_type for one in screen.attachments} == {"message/rfc822"}
        await wait_for(pilot, lambda: "Subject 2.eml" in screen_text(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.triage and not app.triage.writing.open)
        await pilot.press("k")
        for key, subject in (("f", "Fwd: Subject 1"), ("r", "Re: Subject 1")):
            screen = await opened(pilot, app, key)
            assert screen.subject.value == subject
            await wait_for(
                pilot, lambda: "2 selected, but this is about the message under the cursor alone." in screen_text(app)
            )
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.screen is app.triage and not app.triage.writing.open)
        await pilot.press("escape", "x")
        await wait_for(pilot, lambda: "1 selected" in screen_text(app))
        await opened(pilot, app, "r")
        await wait_for(pilot, lambda: "Reply" in screen_text(app))
        assert "under the cursor alone" not in screen_text(app)


def slowly(mail: World, monkeypatch: pytest.MonkeyPatch) -> tuple[Future[Begun], Future[Begun]]:
    """Forwarding begins when the second future is told what the first gave."""
    found, told = Future[Begun](), Future[Begun]()
    begin = mail.client.forward

    def forward(id_: int, **options: bool | bytes) -> Future[Begun]:
        begin(id_, **options).add_done_callback(lambda done: found.set_result(done.result()))  # type: ignore[arg-type]
        return told

    monkeypatch.setattr(mail.client, "forward", forward)
    return found, told


async def is_awaited(pilot: Pilot[None], app: TuiMailApp) -> None:
    """Forward is pressed, and takes so long that a way out is offered."""
    await wait_for(pilot, lambda: app.triage.messages.current is not None)
    await pilot.press("f")
    await wait_for(pilot, lambda: "Esc gives up" in screen_text(app))


async def test_a_question_is_answered_before_the_composer_that_waits_for_it(
    mail: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A passphrase reaches its prompt and no letter; what was typed before it is in the letter."""
    found, told = slowly(mail, monkeypatch)
    app = mail.app()
    answers = list[str | None]()
    async with app.run_test(size=WIDE) as pilot:
        await is_awaited(pilot, app)
        for key in "eve":
            app.post_message(Key(key, key))
        app.push_screen(SecretPrompt(SafeText("Passphrase:"), SafeText("")), answers.append)
        await wait_for(pilot, lambda: isinstance(app.screen, SecretPrompt) and app.screen.focused is not None)
        for key in "secret":
            app.post_message(Key(key, key))
        app.post_message(Key("enter", "\r"))
        await wait_for(pilot, lambda: answers == ["secret"])
        assert app.screen is app.triage
        told.set_result(found.result(10))
        await wait_for(pilot, lambda: isinstance(app.screen, Composer) and "eve" in composer(app)._fields["to"].value)
        assert "secret" not in composer(app)._fields["to"].value + composer(app).body.text


async def test_what_is_typed_waits_for_a_composer_that_is_slow(mail: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long its message has to be fetched: no letter of it archives anything, and none is lost."""
    monkeypatch.setattr("tui_mail.ui.bridge.OPENING", 0.0)
    found, told = slowly(mail, monkeypatch)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await is_awaited(pilot, app)
        for key in "eve":
            app.post_message(Key(key, key))
        told.set_result(found.result(10))
        await wait_for(pilot, lambda: isinstance(app.screen, Composer))
        await wait_for(pilot, lambda: "eve" in composer(app)._fields["to"].value)
        assert mail.client.next_undo() == 0


async def test_escape_gives_up_a_composer_that_is_slow(mail: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was typed for it is forgotten, the list has its keys again, and it does not come up later."""
    found, told = slowly(mail, monkeypatch)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await is_awaited(pilot, app)
        for key in ("e", "escape", "j"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await wait_for(pilot, lambda: app.triage.messages.cursor == 1)
        assert "Nothing was begun." in screen_text(app)
        told.set_result(found.result(10))
        await pilot.press("k")
        await wait_for(pilot, lambda: app.triage.messages.cursor == 0)
        assert app.screen is app.triage
        assert not app.triage.writing.open
        assert mail.client.next_undo() == 0


async def test_keys_for_a_composer_that_does_not_open_are_done_to_nothing(
    mail: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message could not be fetched after all."""
    _, told = slowly(mail, monkeypatch)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await is_awaited(pilot, app)
        for key in ("e", "tab", "e"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        told.set_exception(NotFound("That message is no longer here."))
        await wait_for(pilot, lambda: any("no longer here" in one.message for one in app._notifications))
        await pilot.press("down")
        await wait_for(pilot, lambda: app.triage.messages.cursor == 1)
        assert mail.client.next_undo() == 0


async def test_a_link_shows_its_hidden_recipient_and_is_kept_by_escape(mail: World) -> None:
    """Bcc is filled and said; what it wants to say is a draft as if it had been typed."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: app.triage.messages.current is not None)
        app.triage.beginning.write_to("mailto:ola@x.example?bcc=hid@x.example&subject=Keys&body=one&body=two")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer) and app.screen.focused)
        screen = composer(app)
        assert screen.written().bcc == "hid@x.example"
        assert screen.body.text.startswith("one\ntwo\n")
        await wait_for(pilot, lambda: "hidden copy (Bcc) to go to hid@x.example" in screen_text(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: in_folder(mail) == ["Keys"])
        assert drafts(mail)[0].bcc == "hid@x.example"


async def test_a_link_that_only_addresses_somebody_leaves_nothing(mail: World) -> None:
    """There is nothing in it that would be lost."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: app.triage.messages.current is not None)
        app.triage.beginning.write_to("mailto:ola@x.example")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer) and app.screen.focused)
        await pilot.press("escape")
        await wait_for(pilot, lambda: not app.triage.writing.open)
        assert not drafts(mail)
        assert not in_folder(mail)


async def test_a_file_that_is_passed_on_has_a_name_that_is_no_path(mail: World) -> None:
    """Whatever its sender called it."""
    body = (
        '--b\nContent-Type: text/plain\n\nSee below.\n--b\nContent-Type: application/pdf; name="x"\n'
        'Content-Disposition: attachment; filename="../../evil.pdf"\n\nPDF\n--b--\n'
    )
    mail.put([Letter("Files", age=1, body=body, content_type='multipart/mixed; boundary="b"')])
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: app.triage.messages.current is not None)
        screen = await opened(pilot, app, "f")
        assert [one.filename for one in screen.attachments] == ["evil.pdf"]

"""The outbox on a real store: what it says of every message, and what can be done about it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui.test_compose_screen import NARROW, SMALL, WIDE, WORK, drafts, in_folder
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.outgoing import Draft, OutboxEntry, Recipient, RecipientState, SendState
from tui_mail.store import delivery
from tui_mail.store.delivery import Said
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.compose import Composer
from tui_mail.ui.screens.outbox import EntryList, Outbox
from tui_mail.ui.widgets.key_bar import KeyBar
from tui_mail.ui.widgets.outbox_text import (
    UNDO_LONGEST,
    counted,
    entry_details,
    sending_runs,
    serving,
    state_run,
    way_problem,
)

NOW = 1_800_000_000.0
KEYS = {f"outbox.{name}": name for name in ("edit", "cancel", "retry", "again", "sent", "remove")}


def entry(state: SendState, *recipients: Recipient, **given: object) -> OutboxEntry:
    """One message of the outbox."""
    plain = OutboxEntry(
        1, "work", "id@x", SafeText("Contract"), recipients or (Recipient(SafeText("ola@x.example")),), state, 0,
        int(NOW), int(NOW), int(NOW) - 60, 2_000,
    )  # fmt: skip
    return replace(plain, **given)  # type: ignore[arg-type]


def person(state: RecipientState, code: int = 0, reply: str = "") -> Recipient:
    return Recipient(SafeText("jun@x.example"), state, code, safe_line(reply))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (entry(SendState.QUEUED, not_before=int(NOW) + 6, created=int(NOW) - 2), "sending in 6 s"),
        (entry(SendState.QUEUED), "waiting for a connection"),
        (entry(SendState.QUEUED, attempts=2, next_try=int(NOW) + 600), "(try 3)"),
        (entry(SendState.SENDING), "sending…"),
        (entry(SendState.UNKNOWN, error=SafeText("The line broke.")), "perhaps sent"),
        (entry(SendState.UNKNOWN), "has yet to say"),
        (entry(SendState.FAILED, error=SafeText("No such user.")), "not sent: No such user."),
        (
            entry(SendState.FAILED, person(RecipientState.ACCEPTED), person(RecipientState.ACCEPTED),
                  person(RecipientState.REFUSED)),
            "2 accepted, 1 refused",
        ),
        (entry(SendState.ACCEPTED), "sent"),
        (entry(SendState.DONE, copy=SafeText("stored")), "sent · copy stored"),
        (entry(SendState.CANCELLED), "taken back"),
    ],
)  # fmt: skip
def test_states_in_words(given: OutboxEntry, words: str) -> None:
    """Each state has words that say what happens next."""
    assert words in state_run(given, NOW)[0]


def test_every_recipient_is_said_with_the_words_of_the_server() -> None:
    """Who has it, who has not, and why; and each try."""
    given = entry(
        SendState.FAILED, person(RecipientState.ACCEPTED, 250, "ok"),
        person(RecipientState.REFUSED, 550, "5.1.1 no such [b]user[/b]"),
        attempts=1, attempt_notes=(SafeText("25 Nov 14:00 refused"),), error=SafeText("One was refused."),
    )  # fmt: skip
    document = entry_details(given, NOW, KEYS)
    document.lay_out(120)
    document.ensure(100)
    text = "\n".join("".join(run for run, _ in line) for line in document.lines)
    for words in (
        "Contract",
        "550 5.1.1 no such [b]user[/b]",
        "✓ jun",
        "✗ jun",
        "25 Nov 14:00",
        "1 try",
        "edit writes to the others",
    ):
        assert words in text, words


def test_whom_no_server_was_asked_about_is_not_refused() -> None:
    """Too large, or MAIL refused: nobody was named to the server; one who was put off before keeps its words."""
    given = entry(
        SendState.FAILED, person(RecipientState.WAITING), person(RecipientState.WAITING, 250, "ok"),
        error=SafeText("The message is too large."),
    )  # fmt: skip
    document = entry_details(given, NOW, KEYS)
    document.lay_out(120)
    document.ensure(100)
    text = "\n".join("".join(run for run, _ in line) for line in document.lines)
    assert "not tried" in text
    assert "not sent  250 ok" in text
    assert "refused" not in text
    partly = entry(SendState.FAILED, person(RecipientState.ACCEPTED), person(RecipientState.WAITING))
    assert state_run(partly, NOW)[0] == "1 accepted, 1 not tried"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (None, set()),
        (entry(SendState.QUEUED), {"edit", "cancel", "retry"}),
        (entry(SendState.SENDING), set()),
        (entry(SendState.UNKNOWN), set()),
        (entry(SendState.UNKNOWN, error=SafeText("The line broke.")), {"again", "sent"}),
        (entry(SendState.FAILED), {"edit", "cancel", "retry", "remove"}),
        (entry(SendState.ACCEPTED), set()),
        (entry(SendState.DONE), {"remove"}),
        (entry(SendState.CANCELLED), {"remove"}),
    ],
)  # fmt: skip
def test_what_serves_a_message(given: OutboxEntry | None, named: set[str]) -> None:
    """The footer offers nothing that does nothing."""
    assert set(serving(given)) == {f"outbox.{name}" for name in named}


def test_the_status_line_says_what_matters() -> None:
    """Seconds to undo, what waits, what was not sent; nothing when nothing is."""

    def said(*entries: OutboxEntry, undo: str = "", drafts: int = 0) -> str:
        return "".join(text for text, _ in sending_runs(entries, drafts, undo, NOW, "g o")[0])

    assert said() == ""
    soon = entry(SendState.QUEUED, not_before=int(NOW) + 6)
    assert said(soon, undo="z") == "✉ 1 sending 6 s  z undo"
    assert said(drafts=2) == "✎ 2 drafts open"
    assert said(entry(SendState.FAILED)) == "✗ 1 not sent"
    assert said(entry(SendState.UNKNOWN, error=SafeText("x"))) == "? 1 perhaps sent"
    assert said(entry(SendState.QUEUED, attempts=1, next_try=int(NOW) + 60)) == "✉ 1 waits"
    held = {"next_try": int(NOW) + 60, "error": SafeText("There is no way to the server.")}
    assert said(entry(SendState.QUEUED, **held)) == "✉ 1 waits"
    assert said(entry(SendState.QUEUED, **held, needs_person=True)) == "✗ 1 needs you · g o"
    assert said(entry(SendState.QUEUED, needs_person=True, next_try=int(NOW))) == "✉ 1 sending"
    later = entry(SendState.QUEUED, not_before=int(NOW) + UNDO_LONGEST + 3_600)
    assert said(later).startswith("✉ 1 ")
    assert said(entry(SendState.DONE)) == ""
    short = "".join(text for text, _ in sending_runs([soon, entry(SendState.FAILED)], 1, "z", NOW)[1])
    assert short == "✎ 1  ✉ 1 6 s z  ✗ 1"


def test_the_composer_is_told_what_keeps_mail_from_going_out() -> None:
    """Of its own account, and not of one message that a server has put off."""
    held = {"next_try": int(NOW) + 60, "error": SafeText("There is no way to the server.")}
    waits = entry(SendState.QUEUED, **held)
    assert way_problem([waits], waits.account, NOW) == "no way to its server: it waits in the outbox"
    assert way_problem([waits], "another", NOW) == way_problem([waits], waits.account, NOW + 61) == ""
    assert way_problem([entry(SendState.QUEUED, **held, attempts=1)], waits.account, NOW) == ""
    mine = entry(SendState.QUEUED, **held, needs_person=True)
    assert way_problem([mine], mine.account, NOW).startswith("sending needs you first")


def test_counting() -> None:
    """Only when not all are alike."""
    assert counted([person(RecipientState.WAITING)]) == ""
    assert counted([person(RecipientState.WAITING), person(RecipientState.DEFERRED)]) == "1 put off, 1 to come"


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """One letter, and a minute to take back."""
    with world(tmp_path, [Letter()], [WORK]) as made:
        made.client.compose = replace(made.client.compose, undo_send=60)
        yield made


def queued(mail: World, subject: str, to: str = "ola@x.example") -> OutboxEntry:
    """Send a message."""
    draft = Draft("work", "Anna Berg", "anna@example.org", to=to, subject=subject, body="Hello")
    return mail.client.send(draft).result()


def set_state(mail: World, entry_: OutboxEntry, **columns: object) -> None:
    """As the engine would."""
    names = ", ".join(f"{name} = ?" for name in columns)

    def job(txn: object) -> None:
        txn.sql.execute(f"UPDATE outbox SET {names} WHERE id = ?", (*columns.values(), entry_.id))  # type: ignore[attr-defined]
        txn.outgoing = True  # type: ignore[attr-defined]

    mail.db.run(job)


def lines(app: TuiMailApp) -> list[str]:
    view = app.screen.query_one(EntryList)
    return [view.render_line(y).text for y in range(min(view.count, view.size.height))]


async def test_nothing_on_its_way(mail: World) -> None:
    """An empty outbox says so, and every key of it survives that."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: "Nothing is on its way" in screen_text(app))
        await pilot.press("j", "k", "G", "g", "g", "enter", "u", "z", "r", "s", "m", "x", "pagedown", "?", "escape")
        assert isinstance(app.screen, Outbox)
        await pilot.press("q")
        await wait_for(pilot, lambda: app.screen is app.triage)


@pytest.mark.parametrize("size", [WIDE, SMALL, NARROW])
async def test_every_message_with_its_state(mail: World, size: tuple[int, int]) -> None:
    """What is on its way first, what was sent today below; it follows what the engine does."""
    soon, failed, unknown, done = (queued(mail, name) for name in ("Soon", "Failed", "Unknown", "Done"))
    set_state(mail, failed, state="failed", error="No such user [/b] here.")
    set_state(mail, unknown, state="unknown", error="The line broke after the last byte.")
    set_state(mail, done, state="done", copy_state="done", copy_note="stored")
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: len(lines(app)) == 4)
        assert "perhaps" in lines(app)[0]
        assert "not sent" in lines(app)[1]
        assert "sending in" in lines(app)[2]
        assert "✓" in lines(app)[3]
        assert "1 sent today" in screen_text(app)
        assert "ola@x.e" in screen_text(app)
        set_state(mail, soon, state="done", copy_state="done")
        app.triage.writing.sendings.ask()
        await wait_for(pilot, lambda: "2 sent today" in screen_text(app))


async def test_taking_back_and_editing(mail: World) -> None:
    """u makes it a draft again; Enter goes on writing it at once."""
    queued(mail, "First")
    queued(mail, "Second")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: len(lines(app)) == 2)
        await pilot.press("u")
        await wait_for(pilot, lambda: "Taken back; it is a draft again." in screen_text(app))
        await wait_for(pilot, lambda: [draft.subject for draft in drafts(mail)] == ["Second"])
        await wait_for(pilot, lambda: app.screen.query_one(EntryList).items[0].subject == "First")
        await pilot.press("g", "g", "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer))
        assert app.screen.subject.value == "First"
        assert not mail.client.outbox()


async def test_what_may_have_been_sent(mail: World) -> None:
    """s asks by a second press; m believes it."""
    first, second = queued(mail, "First"), queued(mail, "Second")
    for one in (first, second):
        set_state(mail, one, state="unknown", error="The line broke.")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "? 2 perhaps sent" in screen_text(app).splitlines()[0])
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: len(lines(app)) == 2)
        await pilot.press("s")
        await wait_for(pilot, lambda: "It may arrive twice. s again sends it once more" in screen_text(app))
        assert mail.client.outbox_entry(second.id).state is SendState.UNKNOWN  # type: ignore[union-attr]
        await pilot.press("s")
        await wait_for(pilot, lambda: mail.client.outbox_entry(second.id).state is SendState.QUEUED)  # type: ignore[union-attr]
        await pilot.press("j", "m")
        await wait_for(pilot, lambda: mail.client.outbox_entry(first.id).state is not SendState.UNKNOWN)  # type: ignore[union-attr]


async def test_trying_again_and_removing(mail: World) -> None:
    """r queues what was refused; x gives up what is over, and not what is on its way."""
    failed = queued(mail, "Failed")
    set_state(mail, failed, state="failed", error="No such user.")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "✗ 1 not sent" in screen_text(app).splitlines()[0])
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: len(lines(app)) == 1)
        await pilot.press("r")
        await wait_for(pilot, lambda: mail.client.outbox()[0].state is SendState.QUEUED)
        await wait_for(pilot, lambda: app.triage.writing.sendings.entries[0].state is SendState.QUEUED)
        await pilot.press("x")
        await wait_for(pilot, lambda: "It is still on its way; u takes it back." in screen_text(app))
        set_state(mail, failed, state="failed", error="No such user.")
        app.triage.writing.sendings.ask()
        await wait_for(pilot, lambda: "not sent" in lines(app)[0])
        await pilot.press("x")
        await wait_for(pilot, lambda: "Nothing is on its way" in screen_text(app))
        assert not mail.client.outbox(done_since=int(time.time()) - 1000)


async def test_the_footer_names_what_serves_the_line(mail: World) -> None:
    """What is over can be removed and nothing else; what was not sent has every way."""
    failed, done = queued(mail, "Failed"), queued(mail, "Done")
    set_state(mail, failed, state="failed", error="No such user.")
    set_state(mail, done, state="done", copy_state="done", copy_note="stored")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: len(lines(app)) == 2)
        await wait_for(pilot, lambda: "Enter edit" in keys_of(app))
        assert "u take back" in keys_of(app)
        assert "send again" not in keys_of(app)
        await pilot.press("j")
        await wait_for(pilot, lambda: "Enter edit" not in keys_of(app))
        assert "remove" in keys_of(app)
        assert "take back" not in keys_of(app)


def keys_of(app: TuiMailApp) -> str:
    return app.screen.query_one("#outbox-keys", KeyBar).render_line(0).text


async def test_giving_up_what_was_refused_keeps_the_text(mail: World) -> None:
    """x takes it out of the list; it is a draft again, in the Drafts folder too, and the words say so."""
    failed = queued(mail, "Precious")
    set_state(mail, failed, state="failed", error="No such user.")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: len(lines(app)) == 1)
        await pilot.press("d")
        await wait_for(pilot, lambda: "Given up; it is a draft again (g d shows it)." in screen_text(app))
        await wait_for(pilot, lambda: "Nothing is on its way" in screen_text(app))
        assert [draft.body for draft in drafts(mail)] == ["Hello"]
        assert in_folder(mail) == ["Precious"]
        assert mail.client.outbox_entry(failed.id) is None


def partly_refused(mail: World, subject: str = "Minutes") -> OutboxEntry:
    """One of two has it, as the engine would note it."""
    made = queued(mail, subject, "Bea <bea@x.example>, zed@nowhere.example")
    said = {
        "bea@x.example": Said(RecipientState.ACCEPTED, 250, "ok"),
        "zed@nowhere.example": Said(RecipientState.REFUSED, 550, "no such user"),
    }
    mail.db.run(lambda txn: delivery.settled(txn, made.id, said, "550 no such user"))
    mail.db.run(lambda txn: delivery.copy_seen_to(txn, made.id, "stored"))
    return made


async def test_partly_refused_is_written_to_the_others_only(mail: World) -> None:
    """Enter opens a draft to whom it was refused, and says that the others have it; it is in Drafts from then on."""
    made = partly_refused(mail)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: len(lines(app)) == 1)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer))
        await wait_for(pilot, lambda: "the others keep theirs" in screen_text(app))
        assert app.screen.drafting.snapshot().to == "zed@nowhere.example"
        assert app.screen.subject.value == "Minutes"
        assert app.screen.body.text == "Hello"
        assert mail.client.outbox_entry(made.id).state is SendState.DONE  # type: ignore[union-attr]
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.triage)
        assert in_folder(mail) == ["Minutes"]


@pytest.mark.parametrize("key", ["u", "x"])
async def test_partly_refused_taken_back_or_given_up(mail: World, key: str) -> None:
    """A draft for the others is left, and the words say for whom."""
    partly_refused(mail)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: len(lines(app)) == 1)
        await pilot.press(key)
        await wait_for(pilot, lambda: "it is a draft again for those who have not got it" in screen_text(app).lower())
        assert [(draft.to, draft.cc, draft.bcc) for draft in drafts(mail)] == [("zed@nowhere.example", "", "")]


async def test_a_finished_message_that_was_refused_can_be_put_right(mail: World) -> None:
    """What another program wrote had no draft: it is made of its octets, files and all, and to nobody else."""
    raw = (
        b"From: Anna Berg <anna@example.org>\nTo: Ola <ola@x.example>, other@x.example\nSubject: Report\n"
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nSee below.\n'
        b'--b\nContent-Type: text/csv\nContent-Disposition: attachment; filename="a.csv"\n\n1,2\n--b--\n'
    )
    made = mail.client.send_raw(raw, "work", ["ola@x.example", "list@x.example"]).result()
    set_state(mail, made, state="failed", error="No such user.")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: len(lines(app)) == 1)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer))
        draft = app.screen.drafting.snapshot()
        assert (draft.to, draft.bcc, draft.subject) == ("Ola <ola@x.example>", "list@x.example", "Report")
        assert draft.body.strip() == "See below."
        assert [file.filename for file in draft.attachments] == ["a.csv"]
        assert in_folder(mail) == ["Report"]


SEALED = (
    b"From: Anna Berg <anna@example.org>\nTo: ola@x.example\nSubject: Sealed\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\n\n'
    b"--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n--b\nContent-Type: "
    b"application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n\n--b--\n"
)
"""Encrypted by another program, without a key here."""


async def test_what_cannot_be_opened_is_stopped_all_the_same(mail: World) -> None:
    """While it waits, taking it back keeps it from going out; it is whole in Drafts."""
    made = mail.client.send_raw(SEALED, "work", []).result()
    assert mail.client.cancel_sending(made.id, keep=True).result() is None
    now = mail.client.outbox_entry(made.id)
    assert now is not None
    assert now.state is SendState.CANCELLED
    assert in_folder(mail) == ["Sealed"]


async def test_what_cannot_be_opened_is_given_up_as_it_is(mail: World) -> None:
    """Enter says why it is no draft; x leaves it whole in Drafts."""
    made = mail.client.send_raw(SEALED, "work", []).result()
    set_state(mail, made, state="failed", error="No such user.")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "o")
        await wait_for(pilot, lambda: len(lines(app)) == 1)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "gpg did not open this" in screen_text(app) or "gpg is not" in screen_text(app))
        assert isinstance(app.screen, Outbox)
        assert mail.client.outbox()[0].state is SendState.FAILED
        assert in_folder(mail) == []
        await pilot.press("x")
        await wait_for(pilot, lambda: "Nothing is on its way" in screen_text(app))
        assert in_folder(mail) == ["Sealed"]


async def test_it_can_be_looked_at_while_writing(mail: World) -> None:
    """From the palette of the composer, over it; back again."""
    queued(mail, "First")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("c")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer) and app.screen.focused)
        screen = app.screen
        await pilot.press("ctrl+p")
        await pilot.press(*"being sent", "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Outbox) and "First" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer) and app.screen is not screen)
        assert app.screen.subject.value == "First"
        assert len(app.triage.writing.open) == 2

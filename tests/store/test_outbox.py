"""The outbox's arrows: which may follow which, and what happens in the same commit."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.store.conftest import Shelf, arrival
from tui_mail.errors import NotFound, UsageError
from tui_mail.model import Flag, Role
from tui_mail.outgoing import Draft, Envelope, Purpose, RecipientState, SendState
from tui_mail.store import blobs, delivery, drafts, messages, outbox, rows
from tui_mail.store.delivery import Said
from tui_mail.store.outbox import Parcel

OLA, JUN = "ola@example.org", "jun@example.org"
TAKEN, LATER, NEVER = (
    Said(RecipientState.ACCEPTED, 250, "ok"),
    Said(RecipientState.DEFERRED, 452, "4.2.2 mailbox full"),
    Said(RecipientState.REFUSED, 550, "5.1.1 unknown"),
)


def queued(shelf: Shelf, *, to: tuple[str, ...] = (OLA, JUN), draft: int = 0, source: int = 0, at: int = 0) -> int:
    blob = blobs.save(shelf.db, b"From: a@b.example\r\n\r\nx\r\n")
    parcel = Parcel(
        "work", Envelope("anna@example.org", to), "id@x", "Hello", 10, blob, blob, draft, source, Purpose.REPLY
    )
    return shelf.db.run(lambda txn: outbox.queue(txn, parcel, 0, at))


def state(shelf: Shelf, number: int) -> SendState:
    found = outbox.entry(shelf.db.read(), number)
    assert found is not None
    return found.state


def claimed(shelf: Shelf, number: int) -> delivery.Job:
    job = shelf.db.run(lambda txn: delivery.claim(txn, number))
    assert job is not None
    return job


def test_all_have_it(shelf: Shelf) -> None:
    """Queued, sending, unknown while the answer is awaited, accepted, and done with its copy."""
    number = queued(shelf)
    assert claimed(shelf, number).envelope.recipients == (OLA, JUN)
    assert state(shelf, number) is SendState.SENDING
    unknown = {email: Said(RecipientState.UNKNOWN, 250, "ok") for email in (OLA, JUN)}
    shelf.db.run(lambda txn: delivery.dot_goes_out(txn, number, unknown))
    assert state(shelf, number) is SendState.UNKNOWN
    assert outbox.entry(shelf.db.read(), number).is_moving  # type: ignore[union-attr]
    shelf.db.run(lambda txn: delivery.settled(txn, number, {OLA: TAKEN, JUN: TAKEN}, "250 ok"))
    assert state(shelf, number) is SendState.ACCEPTED
    assert [copy.id for copy in delivery.copies_wanted(shelf.db.read(), shelf.account)] == [number]
    assert shelf.db.run(lambda txn: delivery.copy_seen_to(txn, number, "stored in Sent"))
    assert not shelf.db.run(lambda txn: delivery.copy_seen_to(txn, number, "stored in Sent")), "only once"
    assert state(shelf, number) is SendState.DONE
    assert outbox.entries(shelf.db.read()) == []


def test_part_of_them_have_it(shelf: Shelf) -> None:
    """Who has it is never told again; who is refused for now is; the copy is wanted from the first acceptance on."""
    number = queued(shelf)
    claimed(shelf, number)
    again = int(time.time()) + 60
    shelf.db.run(lambda txn: delivery.settled(txn, number, {OLA: TAKEN, JUN: LATER}, "250 ok", again))
    found = outbox.entry(shelf.db.read(), number)
    assert found is not None
    assert (found.state, found.next_try) == (SendState.QUEUED, again)
    assert delivery.copies_wanted(shelf.db.read(), shelf.account)
    assert delivery.next_due(shelf.db.read(), shelf.account, again - 1) is None
    assert delivery.next_due(shelf.db.read(), shelf.account, again) == number
    assert claimed(shelf, number).envelope.recipients == (JUN,)
    shelf.db.run(lambda txn: delivery.settled(txn, number, {JUN: NEVER, OLA: NEVER}, "550"))
    found = outbox.entry(shelf.db.read(), number)
    assert found is not None
    assert [one.state for one in found.recipients] == [RecipientState.ACCEPTED, RecipientState.REFUSED]
    assert found.state is SendState.FAILED
    with pytest.raises(UsageError, match="known"):
        shelf.db.run(lambda txn: outbox.send_again(txn, number))
    shelf.db.run(lambda txn: outbox.retry(txn, number))
    assert claimed(shelf, number).envelope.recipients == (JUN,)


def test_crash_before_the_dot_is_safe_and_after_it_a_question(shelf: Shelf) -> None:
    """The next engine sends the one and asks about the other."""
    before, after = queued(shelf), queued(shelf)
    for number in (before, after):
        claimed(shelf, number)
    taken = {email: Said(RecipientState.UNKNOWN, 250, "ok") for email in (OLA, JUN)}
    shelf.db.run(lambda txn: delivery.dot_goes_out(txn, after, taken))
    shelf.db.run(lambda txn: delivery.recover(txn, shelf.account))
    assert (state(shelf, before), state(shelf, after)) == (SendState.QUEUED, SendState.UNKNOWN)
    asked = outbox.entry(shelf.db.read(), after)
    assert asked is not None
    assert "nobody knows" in asked.error
    assert not asked.is_moving
    with pytest.raises(UsageError, match="may have been sent"):
        shelf.db.run(lambda txn: outbox.cancel(txn, after))
    with pytest.raises(UsageError, match="waits or was refused"):
        shelf.db.run(lambda txn: outbox.retry(txn, after))
    shelf.db.run(lambda txn: delivery.found_in_sent(txn, after))
    assert state(shelf, after) is SendState.DONE


def test_dot_of_a_message_that_was_taken_back(shelf: Shelf) -> None:
    """Whoever was about to send it must not."""
    number = queued(shelf)
    shelf.db.run(lambda txn: outbox.cancel(txn, number))
    assert shelf.db.run(lambda txn: delivery.claim(txn, number)) is None
    with pytest.raises(UsageError):
        shelf.db.run(lambda txn: delivery.dot_goes_out(txn, number, {}))


def test_draft_comes_back_or_goes_for_good(shelf: Shelf) -> None:
    """Taking back opens it again as it was; acceptance takes it away; it cannot be sent twice."""
    draft = shelf.db.run(lambda txn: drafts.save(txn, Draft("work", to=OLA, subject="Hello", body="x"), "id@x"))
    number = queued(shelf, draft=draft.id)
    assert drafts.all_open(shelf.db.read()) == []
    with pytest.raises(NotFound):
        queued(shelf, draft=draft.id)
    with pytest.raises(NotFound):
        shelf.db.run(lambda txn: drafts.save(txn, replace(draft, body="y"), ""))
    assert shelf.db.run(lambda txn: outbox.cancel(txn, number)) == draft.id
    assert drafts.load(shelf.db.read(), draft.id) == draft
    number = queued(shelf, draft=draft.id)
    claimed(shelf, number)
    shelf.db.run(lambda txn: delivery.settled(txn, number, {OLA: TAKEN, JUN: TAKEN}, "250"))
    assert shelf.db.read().execute("SELECT COUNT(*) FROM draft").fetchone()[0] == 0


def test_taken_back_from_those_who_have_not_got_it(shelf: Shelf) -> None:
    """The draft is gone with the first acceptance; another one is made, in the same commit, for the others."""
    draft = shelf.db.run(lambda txn: drafts.save(txn, Draft("work", to=OLA, subject="Hello", body="x"), "id@x"))
    number = queued(shelf, draft=draft.id)
    claimed(shelf, number)
    assert outbox.frozen_of(shelf.db.read(), number) is None, "it has its draft"
    shelf.db.run(lambda txn: delivery.settled(txn, number, {OLA: TAKEN, JUN: NEVER}, "550"))
    assert outbox.frozen_of(shelf.db.read(), number) is not None
    with pytest.raises(UsageError, match="look again"):
        shelf.db.run(lambda txn: outbox.cancel(txn, number))
    assert state(shelf, number) is SendState.FAILED
    shelf.db.run(lambda txn: outbox.forget(txn, number))
    assert state(shelf, number) is SendState.FAILED, "nothing but a draft lets go of it"
    shelf.db.run(lambda txn: outbox.cancel(txn, number, lambda to: Draft("work", to=", ".join(to), message_id="n@x")))
    assert [one.to for one in drafts.all_open(shelf.db.read())] == [JUN]
    assert state(shelf, number) is SendState.ACCEPTED
    shelf.db.run(lambda txn: outbox.forget(txn, number))
    assert delivery.copies_wanted(shelf.db.read(), shelf.account), "its copy for Sent is still to be filed"


def test_nobody_is_refused_who_was_not_asked_about(shelf: Shelf) -> None:
    """What a server put off is refused; the rest still waits, and all of them are tried again."""
    number = queued(shelf)
    claimed(shelf, number)
    shelf.db.run(lambda txn: delivery.refuse(txn, number, "It is too large.", {OLA: LATER}))
    found = outbox.entry(shelf.db.read(), number)
    assert found is not None
    assert [one.state for one in found.recipients] == [RecipientState.REFUSED, RecipientState.WAITING]
    shelf.db.run(lambda txn: outbox.retry(txn, number))
    assert claimed(shelf, number).envelope.recipients == (OLA, JUN)


def test_answered_message_is_marked_with_acceptance(shelf: Shelf) -> None:
    """In the same commit, and not before."""
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, [arrival(1)]))
    source = rows.first_rows(shelf.db.read(), shelf.inbox, 1)[0].id
    number = queued(shelf, source=source)
    claimed(shelf, number)
    assert not rows.first_rows(shelf.db.read(), shelf.inbox, 1)[0].flags & Flag.ANSWERED
    shelf.db.run(lambda txn: delivery.settled(txn, number, {OLA: NEVER, JUN: NEVER}, "550"))
    assert not rows.first_rows(shelf.db.read(), shelf.inbox, 1)[0].flags & Flag.ANSWERED
    shelf.db.run(lambda txn: outbox.retry(txn, number))
    claimed(shelf, number)
    shelf.db.run(lambda txn: delivery.settled(txn, number, {OLA: TAKEN, JUN: NEVER}, "250"))
    assert rows.first_rows(shelf.db.read(), shelf.inbox, 1)[0].flags & Flag.ANSWERED


def test_no_connection_is_no_try(shelf: Shelf) -> None:
    """All that is due waits, with the reason; what has its hour keeps it."""
    due, later = queued(shelf), queued(shelf, at=int(time.time()) + 5_000)
    claimed(shelf, due)
    until = int(time.time()) + 30
    shelf.db.run(lambda txn: delivery.hold(txn, shelf.account, until, "There is no way to the server."))
    held, other = outbox.entry(shelf.db.read(), due), outbox.entry(shelf.db.read(), later)
    assert held is not None
    assert other is not None
    assert (held.state, held.attempts, held.next_try, held.error) == (
        SendState.QUEUED,
        0,
        until,
        "There is no way to the server.",
    )
    assert other.error == ""
    shelf.db.run(lambda txn: outbox.retry_all(txn, "work"))
    assert delivery.next_due(shelf.db.read(), shelf.account, time.time()) == due
    assert outbox.entry(shelf.db.read(), later).next_try == other.next_try  # type: ignore[union-attr]


def test_what_is_held_is_let_go(shelf: Shelf) -> None:
    """All of it waits for one moment; what only a person can mend is let go for one, or at a start."""
    first, later = queued(shelf), queued(shelf, at=int(time.time()) + 5_000)
    soon = int(time.time()) + 30
    shelf.db.run(lambda txn: delivery.hold(txn, shelf.account, soon, "No way."))
    second, until = queued(shelf), int(time.time()) + 3_600
    shelf.db.run(lambda txn: delivery.hold(txn, shelf.account, until, "A wrong password.", for_person=True))
    by_id = {one.id: one for one in outbox.entries(shelf.db.read())}
    assert [by_id[one].next_try for one in (first, second)] == [until, until]
    assert [by_id[one].needs_person for one in (first, second, later)] == [True, True, False]
    shelf.db.run(lambda txn: delivery.release(txn, shelf.account, for_person=False))
    assert delivery.next_due(shelf.db.read(), shelf.account, time.time()) is None
    shelf.db.run(lambda txn: delivery.release(txn, shelf.account, for_person=True))
    assert delivery.next_due(shelf.db.read(), shelf.account, time.time()) == first
    now = {one.id: one for one in outbox.entries(shelf.db.read())}
    assert now[later].next_try == by_id[later].next_try
    assert not any(one.needs_person for one in now.values())


def test_octets_that_nobody_names_are_swept(shelf: Shelf) -> None:
    """After an hour; those of drafts and of the outbox stay."""
    number, left = queued(shelf), blobs.save(shelf.db, b"left behind" * 100)
    shelf.db.bodies_sql.execute("UPDATE blob SET made = made - 7200")
    assert blobs.sweep(shelf.db) == 1
    with pytest.raises(Exception, match="not readable"):
        blobs.load(shelf.db.read_bodies(), left)
    assert blobs.load(shelf.db.read_bodies(), claimed(shelf, number).blob).startswith(b"From:")


def test_newer_version_of_a_draft_goes_out_before_the_older_is_deleted(shelf: Shelf) -> None:
    """The deletion waits for the upload, also when that is refused: then the older version stays."""
    from tui_mail.store import due
    from tui_mail.store.making import make

    shelf.add("Drafts", Role.DRAFTS)
    draft = shelf.db.run(lambda txn: drafts.save(txn, Draft("work", subject="one"), "id@x"))
    first = make(shelf.db, "work", b"Subject: one\r\n\r\n", Flag.DRAFT, 1)
    shelf.db.run(lambda txn: drafts.keep(txn, draft.id, 1, first))
    upload = due.next_due(shelf.db.read(), shelf.account, time.time())
    assert upload is not None
    shelf.db.run(lambda txn: due.begin(txn, upload.id))
    items = due.due_items(shelf.db.read(), upload.id)
    target = drafts_folder(shelf)
    shelf.db.run(lambda txn: (due.moved(txn, target, [(items[0], 7)]), due.finish(txn, upload.id)))
    draft = shelf.db.run(lambda txn: drafts.save(txn, replace(draft, subject="two"), ""))
    second = make(shelf.db, "work", b"Subject: two\r\n\r\n", Flag.DRAFT, 1)
    shelf.db.run(lambda txn: drafts.keep(txn, draft.id, 2, second))
    assert [row.subject for row in rows.first_rows(shelf.db.read(), target, 9)] == ["two"]
    upload = due.next_due(shelf.db.read(), shelf.account, time.time())
    assert upload is not None
    assert upload.effect.kind == "append"
    shelf.db.run(lambda txn: due.begin(txn, upload.id, int(time.time()) + 60))
    assert due.next_due(shelf.db.read(), shelf.account, time.time()) is None, "the deletion waits"
    shelf.db.run(lambda txn: due.fail(txn, upload.id, "over quota"))
    assert due.next_due(shelf.db.read(), shelf.account, time.time()) is None
    assert [row.subject for row in rows.first_rows(shelf.db.read(), target, 9)] == ["one"], "the older one is there"
    shelf.db.run(lambda txn: due.retry_failed(txn))
    assert due.next_due(shelf.db.read(), shelf.account, time.time()).id == upload.id  # type: ignore[union-attr]
    shelf.db.run(lambda txn: due.finish(txn, upload.id))
    last = due.next_due(shelf.db.read(), shelf.account, time.time())
    assert last is not None
    assert last.effect.kind == "expunge"


def drafts_folder(shelf: Shelf) -> int:
    from tui_mail.store import folders

    found = folders.by_role(shelf.db.read(), shelf.account, Role.DRAFTS)
    assert found is not None
    return found.id

"""Where rules and sleeping messages go on servers that keep all folders below the inbox, and what counts as new."""

from __future__ import annotations

from tests.store.conftest import Shelf, arrival
from tui_mail.arriving import Rule
from tui_mail.dated import SNOOZED, moment_of, stamp
from tui_mail.model import ChangeKind, Role
from tui_mail.store import folders, journal, messages, ruling, snoozing
from tui_mail.store.database import Transaction
from tui_mail.store.folders import KnownFolder

NOW = 1_800_000_000


def below_inbox(txn: Transaction) -> tuple[int, int]:
    """An account and its inbox, with all other folders below that."""
    account = folders.account_id(txn, "courier")
    inbox = folders.add(txn, account, KnownFolder("INBOX", ".", Role.INBOX, selectable=True))
    folders.add(txn, account, KnownFolder("INBOX.Work", ".", Role.NONE, selectable=True))
    return account, inbox


def names(shelf: Shelf) -> dict[str, int]:
    return {folder.name: folder.total for folder in folders.all_folders(shelf.db.read(), "courier")}


def test_folders_below_the_inbox(shelf: Shelf) -> None:
    """New ones are made there, known ones are found by their last name, and what sleeps wakes."""
    account, inbox = shelf.db.run(below_inbox)
    shelf.db.run(lambda txn: messages.insert(txn, account, inbox, [arrival(1), arrival(2), arrival(3)]))
    first, second, third = messages.displayed_in(shelf.db.read(), inbox)
    rules = [
        Rule("a", "subject:1", move="Bills"),
        Rule("b", "subject:2", move="work", place=1),
        Rule("c", "in:work", keywords=("there",), place=2),
    ]
    made = ruling.plans(shelf.db.read(), rules, [first, second, third], NOW)
    assert [len(plan.found) for plan in made] == [1, 1, 1]
    shelf.db.run(lambda txn: ruling.carry_out(txn, made, asked=True))
    assert names(shelf) == {"INBOX": 1, "INBOX.Work": 1, "INBOX.Bills": 1}
    shelf.db.run(lambda txn: snoozing.snooze(txn, [first], NOW))
    assert names(shelf) == {"INBOX": 0, "INBOX.Work": 1, "INBOX.Bills": 1, "INBOX.Snoozed": 1}
    assert snoozing.next_moment(shelf.db.read()) == NOW
    assert shelf.db.run(lambda txn: snoozing.wake(txn, NOW - 1)) == 0
    assert shelf.db.run(lambda txn: snoozing.wake(txn, NOW)) == 1
    assert names(shelf) == {"INBOX": 1, "INBOX.Work": 1, "INBOX.Bills": 1, "INBOX.Snoozed": 0}


def test_what_a_server_refused_to_wake_waits_for_a_person(shelf: Shelf) -> None:
    """It is not tried again every few seconds, and is when the person says so."""
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, [arrival(1)]))
    [id_] = messages.displayed_in(shelf.db.read(), shelf.inbox)
    shelf.db.run(lambda txn: snoozing.snooze(txn, [id_], NOW))
    shelf.db.run(lambda txn: txn.sql.execute("UPDATE journal SET state = 'done'"))
    shelf.db.run(lambda txn: snoozing.wake(txn, NOW))
    shelf.db.run(lambda txn: txn.sql.execute("UPDATE journal SET state = 'failed' WHERE verb = ?", (snoozing.WOKE,)))
    shelf.db.run(lambda txn: messages.refresh_view(txn, [id_]))
    assert shelf.db.run(lambda txn: snoozing.wake(txn, NOW)) == 0


def test_every_moment_can_be_read_again(shelf: Shelf) -> None:
    """Whole quarters, never too early, in any case of letters."""
    for moment in range(NOW, NOW + 90_000, 777):
        word = stamp(SNOOZED, moment)
        read = moment_of(SNOOZED, ["other", word.upper()])
        assert read is not None
        assert 0 <= read - moment < 900
        assert read % 900 == 0
    wrong = ["snoozed-", "snoozed-soon", "snoozed-20269901T0000Z", "snoozed-20260101"]
    assert moment_of(SNOOZED, wrong) is None


def test_marks_and_what_is_new(shelf: Shelf) -> None:
    """The first look notes what is there; later ones bring what came since, once, and not what a change brought."""

    def look() -> list[int]:
        came = ruling.arrivals(shelf.db.read(), shelf.account)
        shelf.db.run(lambda txn: ruling.note(txn, came.marks))
        return list(came.ids)

    def progress(folder: int, validity: int = 1) -> None:
        shelf.db.run(lambda txn: folders.set_progress(txn, folder, uidvalidity=validity, synced_min_uid=1))

    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, [arrival(1)]))
    assert look() == []
    progress(shelf.inbox)
    assert look() == []
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, [arrival(2), arrival(3)]))
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.trash, [arrival(4)]))
    new = [id_ for id_ in messages.displayed_in(shelf.db.read(), shelf.inbox) if id_ > 1]
    assert sorted(look()) == sorted(new)
    assert look() == []
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, [arrival(5)]))
    effect = journal.Effect(ChangeKind.MOVE, shelf.archive)
    shelf.db.run(lambda txn: journal.record(txn, effect, [max(messages.displayed_in(txn.sql, shelf.inbox))], "moved"))
    assert look() == []
    progress(shelf.inbox, validity=2)
    assert look() == []
